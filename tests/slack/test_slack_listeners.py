"""What happens between Slack's request and the message: acked first, received once, never lost silently."""

import asyncio
import json
import logging

import pytest
from fake_slack import BOT, BOT_USER, TEAM, event_of, mention, pressed, refusal, slash
from languages import PSEUDO, speak_all
from slack_bolt.response import BoltResponse

from bot.core.errors import DatabaseUnavailable
from bot.core.people.model import Origin, Person, Surface
from bot.core.text.message import rendered
from bot.slack.form_listeners import BUSY
from bot.slack.listeners import Capacity, KeptTasks


async def test_a_command_is_acked_and_received(stage, slack):
    await stage.connected()
    ack = await slack.deliver("slash_commands", slash("trigger 3377"))
    assert "payload" not in ack
    await slack.until(lambda: stage.receiver.words == ["trigger 3377"])
    assert stage.receiver.said[0].origin.surface is Surface.COMMAND


async def test_commands_are_acked_while_those_before_them_hang(stage, slack):
    stage.receiver.hold.clear()
    gateway = await stage.connected()
    for number in range(50):
        assert "payload" not in await slack.deliver("slash_commands", slash(f"runs {number}"))
    load = gateway.listeners.workers.load()
    assert (load.running, load.waiting) == (40, 10)
    stage.receiver.hold.set()
    await slack.until(lambda: len(stage.receiver.said) == 50)


async def test_a_command_that_fails_right_after_the_ack_is_acked_and_its_person_is_notified(stage, slack, caplog):
    stage.receiver.failure = RuntimeError("boom")
    gateway = await stage.connected()
    ack = await slack.deliver("slash_commands", slash("runs", response_url=slack.response_url))
    assert "payload" not in ack
    await slack.until(lambda: slack.ephemerals)
    told = slack.ephemerals[0]["text"]
    assert told.startswith("Something broke on my side. Check the state before you try again")
    reference = told.split("`")[1]
    assert any(reference in record.getMessage() and record.exc_info for record in caplog.records)
    assert gateway.listeners.counts.failed == 1


async def test_a_command_that_cannot_be_stored_is_not_done_and_its_person_is_notified(stage, slack, caplog):
    stage.receiver.record_failure = DatabaseUnavailable("database or disk is full")
    gateway = await stage.connected()
    await slack.deliver("slash_commands", slash("trigger 3377", response_url=slack.response_url))
    await slack.until(lambda: slack.ephemerals)
    assert "not available right now (database or disk is full). Nothing was changed" in slack.ephemerals[0]["text"]
    assert stage.receiver.said == []
    assert not any(record.exc_info for record in caplog.records)
    assert gateway.listeners.counts.failed == 1


async def test_a_command_of_another_name_is_received_as_unsupported(stage, slack):
    gateway = await stage.connected()
    assert set(await slack.deliver("slash_commands", slash("trigger 3377", command="/other"))) == {"envelope_id"}
    await slack.until(lambda: stage.receiver.words == ["command"])
    assert stage.receiver.said[0].origin.surface is Surface.UNSUPPORTED
    assert gateway.listeners.counts.unknown == 1


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "user": "U1", "item": {}},
        {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1.1", "message": {}},
        {"type": "message", "subtype": "channel_join", "channel": "C1", "user": "U1", "ts": "1.1", "text": "joined"},
        {"type": "message", "channel": "C1", "user": BOT_USER, "bot_id": BOT, "ts": "1.1", "text": "mine"},
        {"type": "message", "channel": "C1", "user": "U1", "ts": "1.1", "text": "a message in a channel"},
        {"type": "something_of_next_year"},
    ],
    ids=lambda event: f"{event['type']} {event.get('subtype', '')}",
)
async def test_every_event_is_acked_once_and_only_messages_are_received(stage, slack, event):
    await stage.connected()
    assert set(await slack.deliver("events_api", event_of(event))) == {"envelope_id"}
    assert len(slack.acks) == 1
    assert stage.receiver.said == []


async def test_a_mention_and_a_direct_message_are_received(stage, slack):
    await stage.connected()
    await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> status")))
    direct = {"type": "message", "channel_type": "im", "channel": "D0MAYA00001", "ts": "2.2"}
    await slack.deliver("events_api", event_of(mention("help") | direct))
    await slack.until(lambda: stage.receiver.words == ["status", "help"])
    assert [said.origin.surface for said in stage.receiver.said] == [Surface.MENTION, Surface.DIRECT]


async def test_edits_are_acked_and_received_as_hints_under_one_key(stage, slack):
    await stage.connected()
    for text, before in (("show 3377", "show 337"), ("show 3378", "show 3377")):
        message = {"type": "message", "user": "U0MAYA00001", "text": text, "ts": "1.1", "edited": {"ts": "2.2"}}
        changed = {"type": "message", "subtype": "message_changed", "channel": "D0MAYA00001", "channel_type": "im"}
        more = {"message": message, "previous_message": message | {"text": before}, "ts": "2.2", "hidden": True}
        assert set(await slack.deliver("events_api", event_of(changed | more))) == {"envelope_id"}
    late = mention(f"<@{BOT_USER}> trigger 3377", ts="3.3", edited={"user": "U0MAYA00001", "ts": "4.4"})
    await slack.deliver("events_api", event_of(late))
    await slack.until(lambda: len(stage.receiver.said) == 3)
    assert [(said.hint, said.key) for said in stage.receiver.said] == [
        ("edited", "hint:D0MAYA00001:1.1"),
        ("edited", "hint:D0MAYA00001:1.1"),
        ("edited", f"hint:{stage.receiver.said[2].origin.channel}:3.3"),
    ]


async def test_a_message_without_a_team_is_of_the_bots_own(stage, slack):
    await stage.connected()
    await slack.deliver("slash_commands", slash("status", team_id=None))
    bare = {name: value for name, value in event_of(mention(f"<@{BOT_USER}> status")).items() if name != "team_id"}
    await slack.deliver("events_api", bare | {"authorizations": []})
    await slack.deliver("interactive", pressed("1|p|status", team=None, user={"id": "U0MAYA00001"}))
    await slack.until(lambda: len(stage.receiver.said) == 3)
    assert {str(said.by) for said in stage.receiver.said} == {f"{TEAM}:U0MAYA00001"}


async def test_repeats_of_a_delivery_carry_the_same_key(stage, slack):
    await stage.connected()
    for _ in range(2):
        await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> status")), "envelope-a")
        await slack.deliver("slash_commands", slash("status"), "envelope-b")
        await slack.deliver("interactive", pressed("1|p|status"), "envelope-c")
    await slack.until(lambda: len(stage.receiver.said) == 6)
    assert len({said.key for said in stage.receiver.said}) == 3


async def test_without_a_trigger_id_the_envelope_tells_repeats_apart(stage, slack):
    await stage.connected()
    for envelope in ("envelope-a", "envelope-a", "envelope-b"):
        await slack.deliver("slash_commands", slash("status", trigger_id=None), envelope)
    await slack.until(lambda: len(stage.receiver.said) == 3)
    assert [said.key for said in stage.receiver.said] == [
        "command:envelope-a",
        "command:envelope-a",
        "command:envelope-b",
    ]


async def test_a_press_is_acked_and_received(stage, slack):
    await stage.connected()
    assert set(await slack.deliver("interactive", pressed("1|p3f9|ack 2809"))) == {"envelope_id"}
    await slack.until(lambda: stage.receiver.said)
    assert (stage.receiver.said[0].text, stage.receiver.said[0].post) == ("ack 2809", "p3f9")


async def test_a_link_button_is_acked_and_ignored(stage, slack):
    gateway = await stage.connected()
    await slack.deliver("interactive", pressed(None, actions=[{"type": "button", "action_id": "open:0"}]))
    assert (stage.receiver.said, gateway.listeners.counts.ignored) == ([], 1)


INTERACTIVE = {
    "a closed view": {"type": "view_closed", "view": {"type": "modal", "callback_id": "v"}},
    "a view without a type": {"type": "view_submission", "view": {"callback_id": "v"}},
    "a legacy button": {"type": "interactive_message", "callback_id": "x", "actions": [{"name": "a"}]},
    "a kind of next year": {"type": "hologram"},
    "nothing at all": {},
}


@pytest.mark.parametrize("payload", INTERACTIVE.values(), ids=INTERACTIVE)
async def test_every_other_interaction_is_acked_empty(stage, slack, payload):
    await stage.connected()
    common = {"user": {"id": "U1", "team_id": "T0DEMO0001"}, "team": {"id": "T0DEMO0001"}} if payload else {}
    assert set(await slack.deliver("interactive", payload | common)) == {"envelope_id"}
    assert stage.receiver.said == []


async def test_a_menu_that_loads_options_gets_none(stage, slack):
    await stage.connected()
    asked = {"type": "block_suggestion", "action_id": "a", "block_id": "b", "value": "x", "user": {"id": "U1"}}
    ack = await slack.deliver("interactive", {**asked, "team": {"id": "T0DEMO0001"}})
    assert ack["payload"] == {"options": []}


RETIRED = {
    "a shortcut": ("shortcut", "U1", {"type": "shortcut", "callback_id": "old"}),
    "a message's shortcut": (
        "shortcut",
        "C1",
        {"type": "message_action", "callback_id": "old", "channel": {"id": "C1"}, "message": {"ts": "1.1"}},
    ),
    "a submitted view": (
        "form",
        "U1",
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "v", "state": {"values": {}}}},
    ),
}


@pytest.mark.parametrize(("kind", "place", "payload"), RETIRED.values(), ids=RETIRED)
async def test_an_unsupported_interaction_is_acked_and_received_once(stage, slack, kind, place, payload):
    gateway = await stage.connected()
    whose = {"user": {"id": "U1", "team_id": "T9"}, "team": {"id": "T9"}, "trigger_id": "t1"}
    for _ in range(2):
        assert set(await slack.deliver("interactive", payload | whose)) == {"envelope_id"}
    await slack.until(lambda: len(stage.receiver.said) == 2)
    assert {said.key for said in stage.receiver.said} == {f"{kind}:t1"}, "a redelivery is known by its key"
    received = stage.receiver.said[0]
    assert (received.text, received.by, received.origin) == (
        kind,
        Person("T9", "U1"),
        Origin(Surface.UNSUPPORTED, place),
    )
    assert gateway.listeners.counts.unknown == 2


@pytest.mark.parametrize(("kind", "place", "payload"), RETIRED.values(), ids=RETIRED)
async def test_an_unsupported_interaction_beyond_the_capacity_is_refused_like_a_command(
    stage, slack, kind, place, payload
):
    stage.receiver.hold.clear()
    await stage.connected(capacity=Capacity(running=1, waiting=1))
    for words in ("one", "two"):
        await slack.deliver("slash_commands", slash(words))
    await slack.deliver("interactive", payload | {"user": {"id": "U1"}, "response_url": slack.response_url})
    await slack.until(lambda: slack.ephemerals)
    assert "did not take this. Nothing was changed." in slack.ephemerals[0]["text"]


async def test_a_request_beyond_the_capacity_is_refused_with_one_sentence(stage, slack):
    stage.receiver.hold.clear()
    gateway = await stage.connected(capacity=Capacity(running=1, waiting=1))
    await slack.deliver("slash_commands", slash("one"))
    await slack.deliver("slash_commands", slash("two"))
    ack = await slack.deliver("slash_commands", slash("three"))
    assert "did not take this. Nothing was changed." in ack["payload"]["text"]
    await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> four", thread_ts="1.1")))
    await slack.until(lambda: slack.ephemerals)
    assert slack.ephemerals[0]["user"] == "U0MAYA00001"
    assert slack.ephemerals[0]["thread_ts"] == "1.1"
    await slack.deliver("interactive", pressed("1|p|five", response_url=slack.response_url))
    await slack.until(lambda: slack.called("response_url"))
    assert gateway.listeners.counts.refused == 3
    stage.receiver.hold.set()
    await slack.until(lambda: stage.receiver.words == ["one", "two"])


async def test_what_is_refused_is_refused_in_the_readers_language(stage, slack, monkeypatch):
    speak_all(monkeypatch)
    stage.receiver.hold.clear()
    await stage.connected(capacity=Capacity(running=1, waiting=0), language=PSEUDO)
    await slack.deliver("slash_commands", slash("one"))
    ack = await slack.deliver("slash_commands", slash("two"))
    assert ack["payload"]["text"] == rendered(BUSY, PSEUDO) != BUSY.text
    await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> three")))
    await slack.until(lambda: slack.ephemerals)
    assert slack.ephemerals[0]["text"] == rendered(BUSY, PSEUDO)
    stage.receiver.hold.set()


async def test_a_sentence_that_cannot_be_sent_is_only_logged(stage, slack, caplog):
    stage.receiver.failure = RuntimeError("boom")
    slack.fail("chat.postEphemeral", refusal("invalid_auth"))
    await stage.connected()
    await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> status")))
    await slack.until(lambda: slack.called("chat.postEphemeral"))
    stage.receiver.failure = None
    await slack.deliver("slash_commands", slash("status"))
    await slack.until(lambda: len(stage.receiver.said) == 2)


async def test_a_sentence_that_meets_a_bug_is_logged_with_its_traceback_and_without_a_secret(stage, slack, caplog):
    stage.receiver.failure = RuntimeError("boom")
    gateway = await stage.connected()
    notified = asyncio.Event()

    async def breaks(received, _sentence):
        notified.set()
        raise RuntimeError(received.origin.response_url)

    gateway.listeners.notify = breaks
    await slack.deliver("slash_commands", slash("status", response_url="https://hooks.slack.com/commands/T/hush"))
    await notified.wait()
    await slack.until(lambda: "An answer could not be delivered" in caplog.text)
    logged = caplog.text.partition("An answer could not be delivered")[2]
    assert "Traceback" in logged
    assert "RuntimeError: (secret)" in logged


async def test_a_listener_that_breaks_still_acks(stage, slack, caplog):
    gateway = await stage.connected()

    def broken():
        raise RuntimeError("a bug of ours")

    gateway.listeners.now = broken
    assert set(await slack.deliver("slash_commands", slash("status"))) == {"envelope_id"}
    assert set(await slack.deliver("events_api", event_of(mention("x")))) == {"envelope_id"}
    assert set(await slack.deliver("interactive", pressed("1|p|x"))) == {"envelope_id"}
    assert caplog.text.count("a bug of ours") >= 3
    assert gateway.listeners.counts.failed == 3


async def test_the_error_handler_answers_only_what_is_not_acked(stage):
    gateway = stage.gateway()
    response = BoltResponse(status=404)
    assert (await gateway.listeners._error(RuntimeError(), response)).status == 200
    assert await gateway.listeners._error(RuntimeError(), None) is None


async def test_tasks_are_kept_from_the_start(stage):
    await stage.connected()
    assert isinstance(asyncio.get_running_loop().get_task_factory(), KeptTasks)


async def test_bolt_never_asks_who_it_is(stage, slack):
    await stage.connected()
    for number in range(3):
        await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> {number}", ts=f"{number + 1}.1")))
    await slack.until(lambda: len(stage.receiver.said) == 3)
    assert len(slack.called("auth.test")) == 1  # the preflight's


async def test_no_secret_is_logged_at_any_level(stage, slack, caplog):
    caplog.set_level(logging.DEBUG)
    slack.fail("response_url", refusal("expired_url"))
    stage.receiver.failure = RuntimeError("boom")
    await stage.connected()
    await slack.deliver("slash_commands", slash("status", response_url=f"{slack.root}/commands/the-secret-path"))
    await slack.deliver("interactive", {"type": "hologram", "response_url": "https://hooks.slack.com/actions/T/hush"})
    await slack.until(lambda: slack.ephemerals)
    logged = json.dumps([record.getMessage() for record in caplog.records]) + caplog.text
    for secret in ("xoxb-demo", "xapp-demo", "the-secret-path", "hush", "ticket1"):
        assert secret not in logged


async def test_a_message_that_was_stored_before_is_not_answered_again(stage, slack):
    stage.receiver.known.add("status")
    await stage.connected()
    await slack.deliver("slash_commands", slash("status"))
    await slack.deliver("slash_commands", slash("whoami"))
    await slack.until(lambda: stage.receiver.words == ["whoami"])
    assert stage.receiver.recorded == ["status", "whoami"]


async def test_a_message_that_cannot_be_stored_is_acked_and_its_person_is_notified(stage, slack):
    stage.receiver.record_failure = OSError("the disk is full")
    gateway = await stage.connected()
    ack = await slack.deliver("slash_commands", slash("trigger 3377", response_url=slack.response_url))
    assert set(ack) == {"envelope_id"}
    await slack.until(lambda: slack.called("response_url"))
    assert gateway.listeners.counts.failed == 1
    assert stage.receiver.words == []
