"""What a killed bot left open is looked up at the next start, and answered with what is known."""

import json
from dataclasses import replace

import pytest
from answer_world import FAILED, OPS

from bot.core.errors import DatabaseUnavailable
from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.people.model import Attempt, Link
from bot.enos.errors import NoResponse
from bot.work.runs import crash_recovery


async def attempted(world, words, verb, *, surface="command", who=None, detail=""):
    who = who or world.maya
    number = await world.store.begin_attempt(Attempt("key", who.person, OPS, "", surface, words, verb, world.now))
    if detail:
        await world.store.set_attempt_detail(number, detail)
    world.restart()
    return number


async def close_left_open(world):
    await crash_recovery.close_attempts(world.services, await crash_recovery.open_attempts(world.services))


async def test_killed_after_the_call_the_run_is_found_and_shown(world):
    class Killed(BaseException):
        pass

    class Dies(type(world.enos)):
        async def trigger(self, *args, **more):
            await super().trigger(*args, **more)
            raise Killed

    world.enos.__class__ = Dies
    with pytest.raises(Killed):
        await world.maya.says("trigger 3377")
    assert await world.tick(seconds=10) == []  # the command might still be waiting for EnOS
    world.restart()
    assert await crash_recovery.open_attempts(world.services) == ()  # left to the run tracker
    (message,) = await world.tick(seconds=1)
    assert message.place == "#data-ops"
    assert "EnOS shows the run. EnOS does not say who started it. Status now: ready." in message.text
    assert [row[2] for row in await world.audited()] == ["done"]
    assert len(world.enos.done()) == 1


async def test_killed_after_a_rerun_from_a_card_the_run_is_shown_in_its_thread(world):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    world.enos.before["triggerFromTask"] = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        await world.maya.starts(card, "Rerun")
    world.restart()
    await world.tick(seconds=91)
    (message,) = await world.tick(seconds=61)
    assert message.place == "thread in #data-ops"
    assert "was not started" in message.text


async def two_attempts(world):
    for key, who, words in (("first", world.maya, "x"), ("second", world.jonas, "enable 3318")):
        await world.store.begin_attempt(Attempt(key, who.person, OPS, "", "command", words, "enable", world.now))
    return await crash_recovery.open_attempts(world.services)


async def test_an_attempt_that_meets_a_bug_is_answered_with_a_reference_that_is_in_the_log(world, caplog):
    first, other = await two_attempts(world)
    await crash_recovery.close_attempts(world.services, [replace(first, detail="no JSON"), other])
    told, _ = await world.delivered()
    assert told.place == "dm maya"
    assert "Something broke on my side. Check the state before you try again" in told.text
    ((_, _, outcome, *_), _) = await world.audited()
    reference = outcome.removeprefix("bug:")
    assert f"`{reference}`" in told.text
    assert any(f"reference {reference}" in record.getMessage() and record.exc_info for record in caplog.records)
    assert await crash_recovery.open_attempts(world.services) == ()


async def test_an_attempt_that_cannot_be_answered_stays_open_and_blocks_no_other(world, caplog, monkeypatch):
    first, other = await two_attempts(world)
    queue = world.services.store.queue

    async def refuses(posts, *, attempt_result):
        if attempt_result.attempt == first.id:
            raise DatabaseUnavailable("database or disk is full")
        await queue(posts, attempt_result=attempt_result)

    monkeypatch.setattr(world.services.store, "queue", refuses)
    await crash_recovery.close_attempts(world.services, [first, other])
    assert "stays open until the next start" in caplog.text
    assert [message.place for message in await world.delivered()] == ["dm jonas"]
    assert [entry.id for entry in await world.store.unfinished_attempts()] == [first.id]


async def test_killed_before_the_call_the_person_reads_that_nothing_was_done(world):
    await attempted(world, "trigger 3377", "trigger")
    await close_left_open(world)
    (message,) = await world.delivered()
    assert message.place == "dm maya"
    assert "I was restarted while I worked on this. Nothing was done. Try again if you still want it." in message.text
    assert "↳ `trigger 3377`" in message.text
    assert [row[2] for row in await world.audited()] == ["outage:interrupted"]
    assert await crash_recovery.open_attempts(world.services) == ()


@pytest.mark.parametrize(
    ("active", "place", "text", "outcome"),
    [
        (False, "#data-ops", "The schedule of `3377` *daily-energy-report* is off now.", "done"),
        (True, "dm maya", "Nothing was done.", "outage:interrupted"),
    ],
)
async def test_killed_around_a_switch_the_flow_shows_what_happened(world, active, place, text, outcome):
    world.enos.change(3377, active=active)
    await attempted(world, "disable 3377", "disable", detail='{"act": "switch", "flow": 3377, "active": false}')
    await close_left_open(world)
    (message,) = await world.delivered()
    assert (message.place, text in message.text) == (place, True)
    assert [row[2] for row in await world.audited()] == [outcome]


async def test_killed_around_a_cancel_the_run_shows_what_happened(world):
    world.enos.run(FAILED, Status.CANCEL)
    await attempted(world, f"cancel {FAILED}", "cancel", detail=f'{{"act": "cancel", "instance": "{FAILED}"}}')
    await close_left_open(world)
    (message,) = await world.delivered()
    assert f"EnOS may have been asked to cancel run `{FAILED}`. Its status now: canceled." in message.text
    assert await world.audited() == [
        ("maya", f"cancel {FAILED}", "unclear:interrupted", "cancel", "u15432100000000011", FAILED)
    ]


async def test_killed_around_the_cancel_of_a_run_that_is_not_shown(world):
    detail = '{"act": "cancel", "instance": "3377-2026112103"}'
    await attempted(world, "cancel 3377-2026112103", "cancel", detail=detail, surface="direct")
    await close_left_open(world)
    (message,) = await world.delivered()
    assert message.place == "dm maya"
    assert "EnOS does not show that run now." in message.text


@pytest.mark.parametrize("user", ["", "u15432100000000011"])
@pytest.mark.parametrize("relinked", [True, False])
async def test_a_person_whose_link_changed_is_not_shown_what_the_old_user_sees(world, user, relinked):
    world.enos.run(FAILED, Status.CANCEL)
    told = {"act": "cancel", "instance": FAILED} | ({"user": user} if user else {})
    await attempted(world, f"cancel {FAILED}", "cancel", detail=json.dumps(told))
    await world.store.remove_link(world.maya.person)
    if relinked and user:
        await world.store.put_links([Link(world.maya.person, UserId("u15432100000000077"), UserName("m.chen"))])
    await close_left_open(world)
    (message,) = await world.delivered()
    assert message.place == "dm maya"
    assert "your link to EnOS has changed since" in message.text
    assert "canceled" not in message.text
    assert world.enos.calls == []
    assert [row[2:5] for row in await world.audited()] == [("unclear:link_changed", "", "")]


async def test_while_enos_is_down_the_answer_is_that_it_is_not_known(world):
    world.enos.faults["flow"] = [NoResponse(60)]
    await attempted(world, "enable 3377", "enable", detail='{"act": "switch", "flow": 3377, "active": true}')
    await close_left_open(world)
    (message,) = await world.delivered()
    assert "I could not find out whether it was done. EnOS did not answer" in message.text
    assert [row[2] for row in await world.audited()] == ["unclear:NoResponse"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("link <@U0JONAS0001> u15432100000000012 jonas.weber", "The link exists."),
        ("link <@U0JONAS0001> u15432100000000099 jonas.weber", "Nothing was done."),
        ("link <@U0PRIYA0001> u15432100000000013 priya.nair", "Nothing was done."),
        ("unlink <@U0PRIYA0001>", "The link is removed."),
        ("unlink <@U0JONAS0001>", "Nothing was done."),
        ('link <@U0JONAS0001> "cut off', "Nothing was done."),
    ],
)
async def test_killed_around_a_link_the_store_shows_what_happened(world, words, text):
    await attempted(world, words, words.partition(" ")[0], who=world.alex)
    await close_left_open(world)
    (message,) = await world.delivered()
    assert message.place == "dm alex"
    assert text in message.text
