"""What the poster sends, and what it makes of Slack's answers."""

import socket

import aiohttp
import pytest
from fake_slack import BOT, TEAM, Fault, refusal

from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.text.escape import legible
from bot.slack.directory import Identity
from bot.slack.poster import Poster

BODY = {
    "text": "FAIL daily-energy-report, transform",
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*FAIL* daily-energy-report", "verbatim": True}}],
}
ME = Identity(TEAM, "U0FLOWBOT1", BOT, url="https://demo.slack.com/")

OUTCOMES = {
    "429": (Fault(status=429, json={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "7"}), SlackLimited),
    "ratelimited with 200": (refusal("ratelimited"), SlackLimited),
    "429 as HTML": (Fault(status=429, text="slow down"), SlackLimited),
    "archived": (refusal("is_archived"), SlackRefused),
    "refused with 400": (Fault(status=400, json={"ok": False, "error": "invalid_arguments"}), SlackRefused),
    "fatal_error": (refusal("fatal_error"), SlackUnclear),
    "internal_error": (refusal("internal_error"), SlackUnclear),
    "service_unavailable": (refusal("service_unavailable"), SlackUnclear),
    "refused with 500": (Fault(status=500, json={"ok": False, "error": "x"}), SlackUnclear),
    "500": (Fault(status=500, text="oops"), SlackUnclear),
    "503": (Fault(status=503, text="oops"), SlackUnclear),
    "HTML": (Fault(text="<html>sign in to the wifi</html>"), SlackUnclear),
    "text": (Fault(text="hello", content_type="text/plain"), SlackUnclear),
    "broken JSON": (Fault(text="{", content_type="application/json"), SlackUnclear),
    "a list": (Fault(json=[1]), SlackUnclear),
    "compressed bytes": (Fault(text="\x1f", content_type="application/gzip"), SlackUnclear),
    "no error word": (Fault(json={"ok": False}), SlackUnclear),
    "cut": (Fault(cut=True), SlackUnclear),
    "cut after it took effect": (Fault(cut=True, after=True), SlackUnclear),
    "no answer": (Fault(hang=True, after=True), SlackUnclear),
    "ok without a ts": (Fault(json={"ok": True, "channel": "C1"}), SlackUnclear),
}


@pytest.mark.parametrize(("fault", "failure"), OUTCOMES.values(), ids=OUTCOMES)
async def test_every_outcome_of_a_post_has_one_name_and_is_sent_once(poster, slack, fault, failure):
    slack.fail("chat.postMessage", fault)
    with pytest.raises(failure):
        await poster.post("C1", BODY, id="p1")
    assert len(slack.called("chat.postMessage")) == 1


async def test_a_limit_says_how_long_to_wait(poster, slack):
    for header, seconds in (("7", 7), ("soon", 10), ("-1", 0)):
        slack.fail("chat.postMessage", Fault(status=429, json={"ok": False}, headers={"Retry-After": header}))
        with pytest.raises(SlackLimited) as limited:
            await poster.post("C1", BODY, id="p1")
        assert limited.value.seconds == seconds


async def test_a_refusal_keeps_slacks_details(poster, slack):
    slack.fail(
        "chat.postMessage", refusal("missing_scope", needed="chat:write", response_metadata={"messages": ["[x]"]})
    )
    with pytest.raises(SlackRefused) as refused:
        await poster.post("C1", BODY, id="p1")
    assert (refused.value.error, refused.value.detail) == ("missing_scope", "needed: chat:write; [x]")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(text='{"ok": false, "error": "half \\ud83d"}', content_type="application/json"),
        refusal("no\x00text"),
        refusal("x" * 1_000_000),
        refusal({"code": ["is_archived"]}),
        refusal("is_new", response_metadata="none"),
        refusal("is_new", response_metadata={"messages": 7}),
        refusal("is_new", errors=5),
        refusal("is_new", errors={"a": "\x00"}),
        refusal("missing_scope", needed=["chat:write"] * 100_000),
    ],
    ids=range(9),
)
async def test_a_refusal_of_an_unknown_shape_is_a_refusal_and_can_be_stored(poster, slack, fault):
    slack.fail("chat.postMessage", fault)
    with pytest.raises(SlackRefused) as refused:
        await poster.post("C1", BODY, id="p1")
    assert legible(str(refused.value)) == str(refused.value)
    assert refused.value.error
    assert len(str(refused.value)) < 1200


async def test_a_call_that_was_never_sent_is_unreachable(time):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        async with aiohttp.ClientSession() as session:
            for address in (f"http://127.0.0.1:{port}/api/", "http://no-such-host.invalid/api/"):
                poster = Poster("xoxb-demo", api_url=address, session=session, environment={}, clock=time)
                with pytest.raises(SlackUnreachable):
                    await poster.post("C1", BODY, id="p1")


async def test_a_post_carries_its_id_and_unfurls_nothing(poster, slack):
    place, ts = await poster.post("C1", BODY, id="p1", thread="1.1")
    assert slack.called("chat.postMessage") == [
        {
            **BODY,
            "channel": "C1",
            "thread_ts": "1.1",
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": "flowbot_post", "event_payload": {"id": "p1"}},
        }
    ]
    assert (place, ts) == ("C1", slack.messages["C1"][0]["ts"])
    assert slack.calls[0].token == "xoxb-demo"


async def test_a_reply_that_the_channel_shows_too_says_so_and_a_message_outside_of_threads_does_not(poster, slack):
    await poster.post("C1", BODY, id="p1", thread="1.1", broadcast=True)
    await poster.post("C1", BODY, id="p2", broadcast=True)
    await poster.post("C1", BODY, id="p3", thread="1.1")
    assert [call.get("reply_broadcast") for call in slack.called("chat.postMessage")] == [True, None, None]


async def test_a_direct_message_is_found_edited_and_deleted_by_the_persons_id(poster, slack):
    place, ts = await poster.post("U0MAYA00001", BODY, id="p1")
    assert place == "D0MAYA00001"
    assert (await poster.find("U0MAYA00001", ["p1"])).stamps == {"p1": (ts,)}
    await poster.edit("U0MAYA00001", ts, {"text": "done"}, id="p2")
    assert slack.called("chat.update")[0]["channel"] == "D0MAYA00001"
    assert slack.called("conversations.open") == []  # the post's answer named it
    await poster.delete("U0MAYA00001", ts)
    assert (await poster.find("U0MAYA00001", ["p1"])).stamps == {}


async def test_a_person_never_written_to_is_looked_up_in_their_direct_messages(poster, slack):
    assert (await poster.find("U0JONAS0001", ["p1"])).stamps == {}
    assert slack.called("conversations.history")[0]["channel"] == "D0JONAS0001"


async def test_an_edit_replaces_everything_and_keeps_the_message_findable(poster, slack):
    attachments = [{"color": "#ff0000", "blocks": BODY["blocks"]}]
    place, ts = await poster.post("C1", {"text": "FAIL", "attachments": attachments}, id="p1")
    await poster.edit(place, ts, BODY, id="p2")
    shown = slack.messages["C1"][0]
    assert (shown["text"], shown["blocks"], shown["attachments"]) == (BODY["text"], BODY["blocks"], [])
    assert (await poster.find("C1", ["p1", "p2"])).stamps == {"p1": (ts,)}


async def test_a_body_that_breaks_a_limit_goes_as_text(poster, slack, caplog):
    await poster.post("C1", {"text": "FAIL x", "blocks": [*BODY["blocks"] * 51]}, id="p1")
    sent = slack.called("chat.postMessage")[0]
    assert sent["text"] == "FAIL x\n*FAIL* daily-energy-report"
    assert "blocks" not in sent
    assert sent["metadata"]["event_payload"] == {"id": "p1"}
    assert "/blocks: 51 of them, 50 fit" in caplog.text


async def test_blocks_that_slack_refuses_go_as_text(poster, slack, caplog):
    slack.fail("chat.postMessage", refusal("invalid_blocks", errors=["no more than 50 items"]))
    assert await poster.post("C1", BODY, id="p1")
    assert [("blocks" in call) for call in slack.called("chat.postMessage")] == [True, False]
    assert "invalid_blocks" in caplog.text


async def test_text_that_slack_refuses_stays_refused(poster, slack):
    slack.fail("chat.postMessage", refusal("msg_too_long"))
    with pytest.raises(SlackRefused, match="msg_too_long"):
        await poster.post("C1", {"text": "x"}, id="p1")
    assert len(slack.calls) == 1


async def test_an_edit_is_cut_where_slack_would_refuse_it(poster, slack):
    place, ts = await poster.post("C1", {"text": "x" * 5000}, id="p1")
    await poster.edit(place, ts, {"text": "x" * 5000}, id="p1")
    assert len(slack.called("chat.postMessage")[0]["text"]) == 5000
    assert slack.called("chat.update")[0]["text"] == "x" * 3999 + "…"


async def test_deleting_what_is_gone_is_no_failure_and_other_refusals_are(poster, slack):
    slack.fail("chat.delete", refusal("message_not_found"), refusal("cant_delete_message"))
    await poster.delete("C1", "1.1")
    with pytest.raises(SlackRefused, match="cant_delete_message"):
        await poster.delete("C1", "1.1")


# looking up
async def test_a_lost_answer_is_found_in_the_channel_and_in_a_thread(poster, slack):
    poster.me = ME
    slack.fail("chat.postMessage", Fault(cut=True, after=True))
    with pytest.raises(SlackUnclear):
        await poster.post("C1", BODY, id="p1")
    slack.fail("chat.postMessage", Fault(cut=True, after=True))
    with pytest.raises(SlackUnclear):
        await poster.post("C1", BODY, id="p2", thread=slack.messages["C1"][0]["ts"])
    first, second = (message["ts"] for message in slack.messages["C1"])
    assert (await poster.find("C1", ["p1", "p2", "p3"])).stamps == {"p1": (first,)}
    in_thread = (await poster.find("C1", ["p1", "p2"], thread=first)).stamps  # its first message is part of a thread
    assert in_thread == {"p1": (first,), "p2": (second,)}


async def test_doubles_are_listed_oldest_first(poster, slack):
    stamps = [(await poster.post("C1", BODY, id="p1"))[1] for _ in range(3)]
    assert (await poster.find("C1", ["p1"], since=1_800_000_000)).stamps == {"p1": tuple(stamps)}


async def test_others_metadata_is_not_ours(poster, slack):
    poster.me = ME
    await poster.post("C1", BODY, id="p1")
    slack.messages["C1"][0]["bot_id"] = "B0STRANGER"
    assert (await poster.find("C1", ["p1"])).stamps == {}
    slack.messages["C1"][0] |= {"bot_id": BOT, "metadata": {"event_type": "other", "event_payload": {"id": "p1"}}}
    assert (await poster.find("C1", ["p1"])).stamps == {}


async def test_a_search_goes_back_to_when_the_post_was_first_tried(poster, slack):
    _, ts = await poster.post("C1", BODY, id="p1")
    for number in range(450):
        slack.messages["C1"].append({"ts": f"{1_800_001_000 + number}.0", "text": "chatter"})
    assert (await poster.find("C1", ["p1"])).stamps == {}  # without a time, one page
    assert len(slack.called("conversations.history")) == 1
    assert (await poster.find("C1", ["p1"], since=float(ts))).stamps == {"p1": (ts,)}
    assert slack.called("conversations.history")[-1]["oldest"] == f"{float(ts) - 60:.6f}"
    assert len(slack.called("conversations.history")) == 4


# ephemeral messages
async def test_an_answer_by_response_url_is_ephemeral_and_replaces_nothing(poster, slack):
    await poster.post_ephemeral("C1", "U1", BODY, thread="1.1", response_url=slack.response_url)
    assert slack.ephemerals == [{**BODY, "response_type": "ephemeral", "replace_original": False, "thread_ts": "1.1"}]
    assert len(slack.calls) == 1


async def test_an_ephemeral_message_in_a_thread_is_seen_in_the_thread(poster, slack):
    await poster.post_ephemeral("C1", "U1", BODY, thread="1.1")
    assert slack.ephemerals == [{**BODY, "channel": "C1", "user": "U1", "thread_ts": "1.1"}]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404, text="expired_url", content_type="text/plain"),
        Fault(status=404, json={"ok": False, "error": "used_url"}),
        refusal("used_url"),
        Fault(status=404, text="", content_type="text/plain"),
    ],
    ids=["text", "404", "ok false", "nothing"],
)
async def test_a_spent_response_url_gives_way_to_an_ephemeral_message(poster, slack, fault):
    slack.fail("response_url", fault)
    await poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)
    assert slack.ephemerals == [{**BODY, "channel": "C1", "user": "U1"}]


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "user_not_in_channel", "is_archived"])
async def test_who_cannot_be_reached_in_the_channel_is_left_to_the_outbox(poster, slack, error):
    """A message that stays needs an id to be found by: the poster sends no direct message instead."""
    slack.fail("chat.postEphemeral", refusal(error))
    with pytest.raises(SlackRefused, match=error):
        await poster.post_ephemeral("C1", "U0MAYA00001", BODY, thread="1.1")
    assert len(slack.calls) == 1


async def test_a_notification_is_a_direct_message_where_it_cannot_be_ephemeral(poster, slack):
    slack.fail("chat.postEphemeral", refusal("not_in_channel"))
    await poster.notify("C1", "U0MAYA00001", BODY, thread="1.1")
    (message,) = slack.messages["D0MAYA00001"]
    assert message["text"] == BODY["text"]
    assert "thread_ts" not in message


async def test_an_ephemeral_message_refused_for_what_it_says_goes_nowhere_else(poster, slack):
    slack.fail("chat.postEphemeral", refusal("invalid_auth"))
    with pytest.raises(SlackRefused, match="invalid_auth"):
        await poster.notify("C1", "U1", BODY)
    assert len(slack.calls) == 1


async def test_in_direct_messages_an_ephemeral_message_is_one_that_stays(poster, slack):
    with pytest.raises(SlackRefused, match="method_not_supported_for_channel_type"):
        await poster.post_ephemeral("D0MAYA00001", "U0MAYA00001", BODY)
    assert slack.calls == []
    await poster.notify("D0MAYA00001", "U0MAYA00001", BODY)
    assert slack.messages["D0MAYA00001"][0]["text"] == BODY["text"]
    assert slack.ephemerals == []


async def test_an_ephemeral_message_whose_blocks_are_refused_goes_as_text(poster, slack):
    slack.fail("response_url", Fault(status=400, text="invalid_blocks", content_type="text/plain"))
    await poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)
    assert slack.ephemerals[0]["text"] == "FAIL daily-energy-report, transform\n*FAIL* daily-energy-report"
    assert "blocks" not in slack.ephemerals[0]


async def test_an_ephemeral_message_that_breaks_a_limit_goes_as_text(poster, slack):
    await poster.post_ephemeral(
        "C1", "U1", {"text": "t", "blocks": [{"type": "header"}]}, response_url=slack.response_url
    )
    assert slack.ephemerals[0] == {"text": "t", "response_type": "ephemeral", "replace_original": False}


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault(status=429, text="slow", headers={"Retry-After": "3"}), SlackLimited),
        (refusal("ratelimited"), SlackLimited),
        (Fault(status=500, text="oops"), SlackUnclear),
        (Fault(text="<html>sign in</html>", content_type="text/html"), SlackUnclear),
        (Fault(cut=True, after=True), SlackUnclear),
        (Fault(hang=True), SlackUnclear),
    ],
    ids=["429", "ratelimited", "500", "web page", "cut", "hang"],
)
async def test_an_ephemeral_message_whose_outcome_is_unknown_is_not_sent_another_way(poster, slack, fault, failure):
    slack.fail("response_url", fault)
    with pytest.raises(failure):
        await poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)
    assert len(slack.calls) == 1


async def test_a_call_to_an_invalid_address_was_never_sent(poster):
    with pytest.raises(SlackUnreachable):
        await poster.post_ephemeral("C1", "U1", BODY, response_url="not an address")


async def test_a_failure_names_the_method_and_the_host_it_concerns(poster, slack):
    host = slack.root.removeprefix("http://")
    for method, call in (
        ("response_url", lambda: poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)),
        ("chat.postEphemeral", lambda: poster.post_ephemeral("C1", "U1", BODY)),
        ("chat.postMessage", lambda: poster.post("C1", BODY, id="p1")),
        ("conversations.history", lambda: poster.find("C1", ["p1"])),
    ):
        slack.fail(method, *[Fault(status=429, text="slow down", headers={"Retry-After": "9"})] * 3)
        with pytest.raises(SlackLimited) as failed:
            await call()
        assert (failed.value.method, failed.value.host) == (method, host)


@pytest.mark.parametrize(("header", "seconds"), [("1e300", 3600), ("inf", 3600), ("nan", 10), ("86400", 3600)])
async def test_whatever_a_limit_names_slack_is_asked_again_after_an_hour(poster, slack, header, seconds):
    slack.fail("chat.postMessage", Fault(status=429, json={"ok": False}, headers={"Retry-After": header}))
    with pytest.raises(SlackLimited) as limited:
        await poster.post("C1", BODY, id="p1")
    assert limited.value.seconds == seconds


async def test_a_file_that_was_not_stored_blames_the_step_and_no_host_that_answered(poster, slack):
    for step in ("conversations.open", "files.getUploadURLExternal", "upload"):
        slack.fail(step, Fault(status=500, text="oops"))
        with pytest.raises(SlackUnreachable) as failed:
            await poster.upload("U0MAYA00001", {"filename": "a.log", "content": "x"})
        assert (failed.value.method, failed.value.host) == (step, "")


async def test_a_host_that_refuses_connections_is_named(poster, slack):
    with pytest.raises(SlackUnreachable) as failed:
        await poster.post_ephemeral("C1", "U1", BODY, response_url="http://127.0.0.1:9/commands/1")
    assert (failed.value.method, failed.value.host) == ("response_url", "127.0.0.1:9")


async def test_a_notification_is_ephemeral_where_its_response_url_cannot_be_reached(poster, slack):
    await poster.notify("C1", "U1", BODY, thread="1.1", response_url="http://127.0.0.1:9/commands/1")
    assert slack.ephemerals == [{**BODY, "channel": "C1", "user": "U1", "thread_ts": "1.1"}]
    async with aiohttp.ClientSession() as session:
        nowhere = Poster("xoxb-demo", api_url="http://127.0.0.1:9/api/", session=session, environment={})
        with pytest.raises(SlackUnreachable):
            await nowhere.notify("C1", "U1", BODY)
