"""Looking up messages of ours: only what was read to its end says that something is not there."""

import pytest
from fake_slack import Fault, refusal

from bot.core.outbox.conversations import SearchResult, SlackLimited, SlackOutsideThread, SlackRefused, SlackUnclear
from bot.slack import lookup

BODY = {"text": "FAIL daily-energy-report"}
AGES_AGO = 1_799_999_000.0


def chatter(slack, count, *, first=1_800_001_000, thread=""):
    for number in range(count):
        more = {"thread_ts": thread} if thread else {}
        slack.messages["C1"].append({"ts": f"{first + number}.000000", "text": "chatter", **more})
    slack.messages["C1"].sort(key=lambda each: float(each["ts"]))


async def test_a_search_with_too_many_pages_says_so_and_can_be_continued(poster, slack):
    _, ts = await poster.post("C1", BODY, id="p1")
    chatter(slack, lookup.PAGES * lookup.PAGE + 50)
    first = await poster.find("C1", ["p1"], since=AGES_AGO)
    assert (first.stamps, first.whole) == ({}, False)
    assert first.rest == "1800001050.000000"
    assert await poster.find("C1", ["p1"], since=AGES_AGO, rest=first.rest) == SearchResult({"p1": (ts,)})
    assert slack.called("conversations.history")[-1]["latest"] == first.rest


async def test_messages_later_than_the_post_can_have_been_sent_are_not_read(poster, slack):
    _, ts = await poster.post("C1", BODY, id="p1")
    chatter(slack, 2500)
    found = await poster.find("C1", ["p1"], since=float(ts), until=float(ts) + 120)
    assert found == SearchResult({"p1": (ts,)})
    (asked,) = slack.called("conversations.history")
    assert (asked["oldest"], asked["latest"]) == (f"{float(ts) - 60:.6f}", f"{float(ts) + 180:.6f}")


async def test_pages_of_15_and_one_call_a_minute_are_read_to_the_end(poster, slack):
    _, ts = await poster.post("C1", BODY, id="p1")
    chatter(slack, 40)
    slack.page = 15
    limited = Fault(status=429, text="", headers={"Retry-After": "60"})
    rest, looks = "", 0
    while True:
        slack.faults["conversations.history"].clear()
        slack.answers.pop("conversations.history", None)
        once = slack._conversations_history

        def answer(arguments, once=once):
            slack.fail("conversations.history", limited)
            return once(arguments)

        slack.answers["conversations.history"] = answer
        found = await poster.find("C1", ["p1"], since=AGES_AGO, rest=rest)
        looks += 1
        if found.whole:
            break
        assert (found.stamps, found.wait) == ({}, 60.0)
        rest = found.rest
    assert (looks, found.stamps) == (3, {"p1": (ts,)})


@pytest.mark.parametrize("fault", [Fault(status=503, text="oops"), Fault(cut=True), refusal("fatal_error")])
async def test_a_page_that_fails_ends_a_search_with_what_was_read(poster, slack, fault):
    _, ts = await poster.post("C1", BODY, id="p1")
    chatter(slack, 150, first=1_799_990_000)
    slack.page = 100
    whole = slack._conversations_history

    def answer(arguments):
        if not arguments.get("cursor"):
            slack.fail("conversations.history", *[fault] * 20)
        return whole(arguments)

    slack.answers["conversations.history"] = answer
    found = await poster.find("C1", ["p1"], since=1_799_980_000)
    assert (found.stamps, found.whole, found.wait) == ({"p1": (ts,)}, False, 0.0)


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault(status=429, text="", headers={"Retry-After": "60"}), SlackLimited),
        (Fault(status=503, text="oops"), SlackUnclear),
        (refusal("missing_scope"), SlackRefused),
    ],
)
async def test_a_search_whose_first_page_fails_fails(poster, slack, fault, failure):
    slack.fail("conversations.history", fault, fault, fault)
    with pytest.raises(failure):
        await poster.find("C1", ["p1"], since=AGES_AGO)


async def test_more_without_a_cursor_is_not_the_end(poster, slack):
    _, ts = await poster.post("C1", BODY, id="p1")
    slack.answers["conversations.history"] = {"messages": [{"ts": "1800001000.000000"}], "has_more": True}
    found = await poster.find("C1", ["p1"], since=AGES_AGO)
    assert (found.whole, found.rest) == (False, "1800001000.000000")
    del slack.answers["conversations.history"]
    assert await poster.find("C1", ["p1"], since=AGES_AGO, rest=found.rest) == SearchResult({"p1": (ts,)})


async def test_a_thread_is_read_on_from_its_newest_reply_and_says_whether_its_first_message_is_there(poster, slack):
    _, parent = await poster.post("C1", BODY, id="p1")
    chatter(slack, lookup.PAGES * 15, thread=parent)
    _, ts = await poster.post("C1", BODY, id="p2", thread=parent)
    slack.messages["C1"][-1]["ts"] = ts = "1800009000.000000"
    slack.page = 15
    found = await poster.find("C1", ["p2"], thread=parent, since=AGES_AGO)
    assert (found.stamps, found.whole, found.parent) == ({}, False, True)
    assert await poster.find("C1", ["p2"], thread=parent, since=AGES_AGO, rest=found.rest) == SearchResult(
        {"p2": (ts,)}
    )
    slack.messages["C1"][0] |= {"subtype": "tombstone", "metadata": {}}
    assert not (await poster.find("C1", ["p2"], thread=parent, since=AGES_AGO)).parent
    del slack.messages["C1"][0]
    assert not (await poster.find("C1", ["p2"], thread=parent, since=AGES_AGO)).parent


# ── replies that Slack puts elsewhere ──


@pytest.mark.parametrize("more", [{}, {"thread_ts": ""}, {"thread_ts": "1700000000.000000"}])
async def test_a_reply_outside_of_its_thread_is_reported(poster, slack, more):
    message = {"ts": "1800000001.000100", "text": "x", **more}
    slack.answers["chat.postMessage"] = {"channel": "C1", "ts": message["ts"], "message": message}
    with pytest.raises(SlackOutsideThread) as astray:
        await poster.post("C1", BODY, id="p1", thread="1800000000.000000")
    assert (astray.value.channel, astray.value.ts) == ("C1", message["ts"])


@pytest.mark.parametrize("more", [{}, {"message": None}, {"message": {"thread_ts": "1800000000.000000"}}])
async def test_a_reply_in_its_thread_or_undescribed_is_accepted(poster, slack, more):
    slack.answers["chat.postMessage"] = {"channel": "C1", "ts": "1800000001.000100", **more}
    assert await poster.post("C1", BODY, id="p1", thread="1800000000.000000") == ("C1", "1800000001.000100")


# ── members ──


async def test_all_members_are_read_or_the_list_fails(poster, slack):
    pages = [[f"U{number}x{each}" for each in range(400)] for number in range(30)]

    def answer(arguments):
        number = int(arguments.get("cursor") or 0)
        more = str(number + 1) if number + 1 < len(pages) else ""
        return {"members": pages[number], "response_metadata": {"next_cursor": more}}

    slack.answers["conversations.members"] = answer
    assert len(await poster.members("C1")) == 30 * 400
    slack.answers["conversations.members"] = {"members": ["U1"], "response_metadata": {"next_cursor": "for ever"}}
    with pytest.raises(SlackUnclear, match="does not end"):
        await poster.members("C2")
