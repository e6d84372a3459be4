"""Trouble with one host, one method, one place or one post holds that, and nothing else."""

import asyncio

import pytest
from delivery_fakes import (
    DEFAULT,
    START,
    Always,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    edit,
    ephemeral,
    file,
    message,
    until,
)

from bot.core.outbox.posts import Lane, Post, PostKind, PostState
from bot.work.delivery.circuit_breaker import EVERYTHING, CircuitBreaker, Scope

HOOK = "https://hooks.example/1"


def answers(count, **more):
    return [ephemeral(f"w{n}", f"U{n}", response_url=HOOK, **more) for n in range(count)]


def failure(kind, method, host=""):
    made = kind(1) if kind is SlackLimited else kind("refused")
    made.method, made.host = method, host
    return made


def standing(world):
    told = {alarm.name: alarm for alarm in world.alarms}
    return {name: str(alarm.sentence) for name, alarm in told.items() if not alarm.over}


# ── response_urls ──


@pytest.mark.parametrize("named", ["response_url", ""])
async def test_private_answers_whose_address_cannot_be_reached_go_another_way_within_seconds(world, named):
    world.slack.faults["response_url"] = Always(lambda: failure(SlackUnreachable, named, "hooks.example"))
    await world.queue(*answers(6), message("alert"), message("other", "C2"))
    await world.tick()
    assert world.slack.standing() == ["alert", "other"]
    await world.pass_time(2)
    assert sorted(world.slack.ephemerals) == [("C1", f"U{n}", f"w{n}") for n in range(6)]
    before = world.slack.calls.count("response_url C1")
    for n in range(60):
        await world.queue(ephemeral(f"more{n}", "U9", response_url=HOOK, due=world.clock()))
        await world.pass_time(10, step=5)
    assert len(world.slack.ephemerals) == 66
    assert world.slack.calls.count("response_url C1") - before <= 10, "600 seconds, and the host is let alone"
    assert standing(world)["slack response_url"] == (
        "hooks.example can't be reached (refused). Private answers are sent through Slack's API until then. "
        "Let flowbot's machine reach https://hooks.example."
    )
    world.slack.faults.clear()
    await world.pass_time(310, step=10)
    await world.queue(ephemeral("last", "U9", response_url=HOOK, due=world.clock()))
    await world.tick()
    assert standing(world) == {}


async def test_where_the_channel_shows_nothing_either_a_direct_message_tells_it_once(world):
    world.slack.faults["response_url"] = Always(lambda: SlackUnreachable("no route"))
    world.slack.faults["ephemeral"] = Always(lambda: SlackRefused("not_in_channel"))
    await world.queue(*answers(3))
    await world.pass_time(3)
    assert sorted((each.channel, each.id) for each in world.slack.messages) == [(f"D{n}", f"w{n}") for n in range(3)]


@pytest.mark.parametrize("trouble", [SlackUnclear("time-out"), SlackUnclear("HTTP 500"), SlackUnclear("a web page")])
async def test_an_address_that_does_not_answer_is_left_alone_too(world, trouble):
    world.slack.faults["response_url"] = Always(lambda: trouble)
    await world.queue(*answers(1))
    await world.tick()
    await world.queue(ephemeral("next", "U7", response_url=HOOK))
    await world.tick()
    assert world.slack.ephemerals == [("C1", "U7", "next")]
    await world.pass_time(5)
    assert ("C1", "U0", "w0") in world.slack.ephemerals
    assert world.slack.calls.count("response_url C1") == 1


async def test_addresses_that_hang_take_no_room_from_alerts_nor_from_other_answers(world):
    world.slack.faults["response_url"] = []
    for n in range(30):
        world.slack.gates[f"response_url C{n + 10}"] = asyncio.Event()
        await world.queue(ephemeral(f"w{n}", f"U{n}", channel=f"C{n + 10}", response_url=HOOK))
    running = asyncio.create_task(world.delivery.run())
    await until(lambda: len(world.slack.calls) >= 12)
    await world.queue(message("alert"), message("answer", "C2", lane=Lane.ANSWER), ephemeral("w", channel="C3"))
    world.delivery.wake()
    await until(lambda: world.slack.standing() == ["alert", "answer"] and world.slack.ephemerals == [("C3", "U1", "w")])
    running.cancel()
    await world.delivery.close(0)


async def test_a_long_wait_for_an_address_is_not_waited_out(world):
    world.slack.faults["response_url"] = [SlackLimited(1800), SlackLimited(2)]
    await world.queue(*answers(1))
    await world.pass_time(1)
    assert world.slack.ephemerals == [("C1", "U0", "w0")]
    await world.queue(ephemeral("other", "U7", response_url="https://hooks.other/1"))
    await world.pass_time(1)
    assert len(world.slack.ephemerals) == 1
    await world.pass_time(2)
    assert len(world.slack.ephemerals) == 2
    assert standing(world) == {}


async def test_while_slack_cannot_be_reached_answers_by_their_address_go_all_the_same(world):
    world.slack.faults["post"] = Always(lambda: failure(SlackUnreachable, "chat.postMessage", "slack.com"))
    await world.queue(message("alert"))
    await world.tick()
    await world.queue(*answers(3), message("held", "C2"))
    await world.tick()
    assert len(world.slack.ephemerals) == 3
    assert world.slack.calls.count("post C2") == 0


async def test_an_invalid_response_url_breaks_nothing(world):
    world.slack.faults["response_url"] = Always(lambda: SlackUnreachable("InvalidURL"))
    await world.queue(ephemeral("w", response_url="http://[broken"), message("alert"))
    await world.pass_time(2)
    assert (world.slack.standing(), world.slack.ephemerals) == (["alert"], [("C1", "U1", "w")])


# ── files ──


@pytest.mark.parametrize(
    ("method", "host", "way_out"),
    [
        ("files.getUploadURLExternal", "", "If this lasts, check https://slack-status.com."),
        ("files.getUploadURLExternal", "slack.com", "Let flowbot's machine reach https://slack.com."),
        ("upload", "files.slack.com", "Let flowbot's machine reach https://files.slack.com."),
        ("", "", "If this lasts, check https://slack-status.com."),
    ],
)
async def test_a_file_that_cannot_be_stored_holds_files_only_and_is_told_in_the_end(world, method, host, way_out):
    world.slack.faults["upload"] = Always(lambda: failure(SlackUnreachable, method, host))
    await world.queue(*(file(f"f{n}", f"U{n}") for n in range(5)))
    for n in range(30):
        await world.queue(message(f"alert{n}", due=world.clock()))
        await world.tick()
        assert f"alert{n}" in world.slack.standing()
        await world.pass_time(60, step=30)
    assert standing(world)["slack file"] == f"Files can't be uploaded (refused). Long logs wait. {way_out}"
    assert sum(call.startswith("upload") for call in world.slack.calls) < 25
    await world.pass_time(360, step=30)
    for n in range(5):
        assert world.slack.texts(f"D{n}") == [
            "I couldn't upload `task.log`. Slack accepted no file for 30 min. Ask for it again later."
        ]


async def test_files_go_as_soon_as_one_was_taken(world):
    world.slack.faults["upload"] = [SlackUnreachable("HTTP 500")] * 6
    await world.queue(file("f1"), file("f2", "U2"))
    await world.pass_time(120, step=1)
    assert len(world.slack.files) == 2
    assert [alarm.over for alarm in world.alarms] in ([False, True], [])


async def test_a_limit_on_files_or_edits_holds_no_message(world):
    await world.queue(message("m", "C9"))
    await world.tick()
    world.slack.faults |= {"upload": [SlackLimited(3600)], "edit": [SlackLimited(3600)]}
    await world.queue(file("f1"), file("f2", "U2"), edit("e", "m"))
    await world.tick()
    await world.queue(message("alert"), ephemeral("w", channel="C3"), file("f3", "U3"))
    await world.pass_time(2)
    assert world.slack.standing() == ["alert", "m"]
    assert len(world.slack.ephemerals) == 1
    assert sum(call.startswith("upload") for call in world.slack.calls) == 2


# ── places ──


@pytest.mark.parametrize("word", ["access_denied", "ekm_access_denied", "team_access_not_granted", "token_revoked"])
async def test_what_one_channel_denies_holds_that_channel_and_its_failures_are_told_in_the_default_one(world, word):
    world.slack.closed["C1"] = word
    await world.queue(message("a"), message("b", "C2"))
    await world.tick()
    for n in range(20):
        await world.queue(message(f"c{n}", f"CX{n}", due=world.clock()))
        await world.tick()
        assert f"c{n}" in world.slack.standing()
        await world.pass_time(1)
    await world.pass_time(15)
    (told,) = [text for text in world.slack.texts(DEFAULT) if text != "a"]
    assert told.startswith("⚠️ I can't post in <#C1>. ")
    assert "a" in world.slack.texts(DEFAULT)
    assert standing(world) == {}


@pytest.mark.parametrize("word", ["no_permission", "missing_scope"])
async def test_a_call_that_one_channel_does_not_permit_is_permitted_elsewhere(world, word):
    world.slack.closed["C1"] = word
    await world.queue(message("a"), message("b", "C2"), message("c", "C3", due=START))
    await world.pass_time(40)
    assert {"b", "c"} <= set(world.slack.standing())
    assert "a" in world.slack.texts(DEFAULT)


async def test_a_default_channel_that_alone_denies_is_told_to_the_admins(world):
    world.delivery = world.new_delivery(admins=["UADMIN1"])
    world.slack.closed[DEFAULT] = "access_denied"
    await world.queue(message("a", DEFAULT), message("b", "C2"))
    await world.pass_time(60)
    (told,) = world.slack.texts("DADMIN1")
    assert f"I can't post in the alert channel <#{DEFAULT}>. The app's access was denied." in told
    assert list(standing(world)) == ["default channel"]
    world.slack.closed.clear()
    await world.pass_time(400, step=5)
    assert "a" in world.slack.texts(DEFAULT)
    assert standing(world) == {}


async def test_what_two_places_deny_is_denied_everywhere_until_one_takes_something(world):
    world.slack.faults["post"] = [SlackRefused("access_denied")] * 2
    await world.queue(message("a"), message("b", "C2"), message("later", "C3", due=world.clock.after(1)))
    await world.pass_time(15)
    assert len(world.slack.calls) == 2
    await world.pass_time(60)
    assert world.slack.standing() == ["a", "b", "later"]
    assert standing(world) == {}


async def test_two_channels_that_deny_hold_up_the_others_once_and_for_seconds(world):
    world.slack.closed |= {"C1": "access_denied", "C2": "ekm_access_denied"}
    await world.queue(message("a"), message("b", "C2"))
    await world.tick()
    for n in range(8):
        await world.queue(message(f"a{n}", due=world.clock()), message(f"b{n}", "C2", due=world.clock()))
        await world.queue(message(f"good{n}", f"CX{n}", due=world.clock()))
        await world.pass_time(20 if n == 0 else 2)
        assert f"good{n}" in world.slack.standing()
    await world.pass_time(30)
    assert {"a", "b", "a7", "b7"} <= set(world.slack.texts(DEFAULT))


async def test_as_soon_as_another_channel_takes_something_the_denied_failure_is_told_elsewhere(world):
    world.slack.closed["C1"] = "access_denied"
    await world.queue(message("a"), message("b", "C2", due=world.clock.after(1)))
    await world.pass_time(4)
    assert "a" in world.slack.texts(DEFAULT)


async def test_what_was_denied_long_ago_says_nothing_of_a_place_any_more(world):
    world.slack.faults["post"] = [SlackRefused("access_denied")]
    await world.queue(message("a", lane=Lane.ANSWER))
    await world.tick()
    await world.store.give_up("a", "withdrawn", world.clock())
    await world.pass_time(3700, step=100)
    world.slack.faults["post"] = [SlackRefused("access_denied")]
    await world.queue(message("b", "C2", due=world.clock()), message("c", "C3", due=world.clock.after(1)))
    await world.pass_time(1)
    assert "c" in world.slack.standing(), "one refusal is not two"


# ── one post ──


async def test_a_reply_that_meets_a_bug_each_time_gives_way_in_the_end(world):
    poisoned = Poisoned(world.slack, {"bad"})
    world.delivery = world.new_delivery(slack=poisoned)
    await world.queue(message("bad", thread="9.0"), message("next", thread="9.0"), message("alert"))
    await world.pass_time(3)
    assert world.slack.standing() == ["alert"]
    await world.pass_time(900, step=3)
    assert world.slack.standing() == ["alert", "next"]
    assert await world.state("bad") == "given up"


async def test_a_body_that_meets_a_bug_goes_as_words_alone(world):
    poisoned = Poisoned(world.slack, {"bad"}, only_blocks=True)
    world.delivery = world.new_delivery(slack=poisoned)
    await world.queue(message("bad", body={"text": "FAIL 3377", "blocks": [{}]}))
    await world.pass_time(30)
    assert world.slack.texts() == ["FAIL 3377"]


async def test_a_first_message_that_meets_a_bug_each_time_holds_no_other_and_is_kept(world):
    poisoned = Poisoned(world.slack, {"bad"})
    world.delivery = world.new_delivery(slack=poisoned)
    await world.queue(message("bad"), message("next"))
    await world.pass_time(2)
    assert world.slack.standing() == ["next"]
    await world.pass_time(7200, step=30)
    poisoned.ids.clear()
    await world.pass_time(310, step=30)
    assert world.slack.standing() == ["bad", "next"]


class Poisoned:
    """A Slack that meets a bug of ours with some posts."""

    def __init__(self, slack, ids, *, only_blocks=False):
        self._slack, self.ids, self._only_blocks = slack, ids, only_blocks

    def __getattr__(self, name):
        return getattr(self._slack, name)

    async def post(self, channel, body, *, id, **more):
        if id in self.ids and (body.get("blocks") or not self._only_blocks):
            raise ZeroDivisionError
        return await self._slack.post(channel, body, id=id, **more)


# ── who tries after a hold ──


def post(id_, *, attempts=0, due=0, **more):
    new = message(id_, due=START.replace(second=due), **more)
    return Post(new, PostState.QUEUED, attempts, new.channel)


@pytest.mark.parametrize(
    ("waiting", "probe"),
    [
        ([post("old"), post("new", due=5), post("reply", due=9, thread="1.0")], "new"),
        ([post("reply", thread="1.0"), post("newer", due=5, thread="1.0")], "newer"),
        ([post("same"), post("last")], "last"),
        ([post("tried", attempts=3, due=9), post("fresh")], "fresh"),
        ([post("tried", attempts=3, due=9), post("answer", lane=Lane.ANSWER)], "answer"),
        ([post("tried", attempts=2, due=9), post("answer", lane=Lane.ANSWER)], "tried"),
        ([post("not ready", due=9), post("ready")], "ready"),
        ([post("held", channel="CHELD", due=9), post("a")], "a"),
    ],
)
def test_who_finds_out_whether_slack_takes_anything_again(waiting, probe):
    now = START
    circuit_breaker = CircuitBreaker(lambda: now, lambda: 0.0)
    circuit_breaker.failed(EVERYTHING)
    circuit_breaker.failed(Scope(place="CHELD"), extra_steps=8)
    now = START.replace(minute=31)

    def free(busy=()):
        found = circuit_breaker.admitted(
            waiting, {each.new.id: each for each in busy}, now, lambda each: each.new.id != "not ready"
        )
        return [each.new.id for each in found]

    assert free() == [probe]
    busy = [each for each in waiting if each.new.id == probe]
    assert free(busy) == [], "one at a time"
    circuit_breaker.failed(EVERYTHING)
    assert free() == []


def test_a_hold_on_a_kind_lets_the_other_kinds_go():
    circuit_breaker = CircuitBreaker(lambda: START, lambda: 0.0)
    circuit_breaker.failed(Scope(PostKind.FILE))
    files = [post(f"f{n}", kind=PostKind.FILE) for n in range(3)]
    assert circuit_breaker.admitted([*files, post("m")], {}, START, lambda _: True) == [post("m")]
    assert not circuit_breaker.succeeded(post("m"))
    assert circuit_breaker.succeeded(files[0])
    assert circuit_breaker.admitted(files, {}, START, lambda _: True) == files
