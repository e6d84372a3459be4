"""Backfills and trouble: no answer, lost answers, bugs, a full disk, restarts; and nothing is started twice."""

from dataclasses import replace

import pytest
from answer_world import Lost
from backfill_kit import AT, MINUTE, Filling
from retrier_kit import Instead, raising

from bot.core.errors import DatabaseUnavailable, TemporaryFailure
from bot.core.flow.backfill import BackfillChange, PauseReason
from bot.core.flow.status import Status
from bot.core.outbox.conversations import SlackUnclear
from bot.core.text.message import msg

SILENCE = TemporaryFailure(msg("EnOS does not answer."))


@pytest.fixture
def filling(world):
    return Filling(world)


async def test_where_enos_does_not_answer_it_waits(world, filling):
    message = await filling.begins()
    world.enos.faults["flow"] = [SILENCE]
    await filling.passes(10)
    assert await filling.states() == ["planned"] * 3
    world.enos.faults["trigger"] = [SILENCE]
    await filling.passes(30)
    assert await filling.states() == ["planned"] * 3
    assert "0 of 3 done." in message.text
    await filling.passes(MINUTE)
    assert (await filling.states())[0] == "started"
    assert [row[2] for row in await world.audited()][2:] == ["outage:TemporaryFailure", "done"]


async def test_a_lost_answer_is_looked_up_and_never_sent_again(world, filling):
    message = await filling.begins()
    world.enos.faults["trigger"] = [Lost(effect=True)]
    await filling.passes(4)
    assert await filling.states() == ["starting", "planned", "planned"]
    await filling.passes(100)
    assert (await filling.states())[0] == "started"
    await filling.ends(AT[0])
    assert len([call for call in filling.started if call[-1] == filling.started[0][-1]]) == 1
    assert "1 succeeded." in message.text


async def test_a_start_that_enos_never_took_is_told_and_not_repeated(world, filling):
    message = await filling.begins()
    world.enos.faults["trigger"] = [Lost(effect=False)]
    await filling.passes(200)
    assert (await filling.states())[:2] == ["not started", "started"]
    assert "1 was not started." in message.text
    await filling.all_end()
    assert "not started: EnOS did not confirm it" in message.text
    assert len(filling.started) == 3


async def test_a_run_that_is_lost_sight_of_pauses_it(world, filling):
    message = await filling.begins()
    await filling.passes(4)
    del world.enos.rows[AT[0]]
    world.later(hours=25)
    await filling.passes(20)
    assert (await filling.row())[0].reason is PauseReason.LOST
    assert "I lost sight of its last run." in message.text
    await world.maya.presses(message, "Stop")
    await filling.passes(6)
    assert "lost sight of it" in message.text


async def test_a_run_that_is_lost_sight_of_while_it_is_paused_leaves_it_paused(world, filling):
    message = await filling.begins()
    await filling.passes(4)
    await world.maya.presses(message, "Pause")
    del world.enos.rows[AT[0]]
    world.later(hours=25)
    await filling.passes(20)
    assert (await filling.row())[0].reason is PauseReason.PERSON
    assert (await filling.states())[0] == "lost"


async def test_a_bug_pauses_it_with_its_reference(world, filling, caplog):
    message = await filling.begins()
    world.enos.faults["trigger"] = [ZeroDivisionError("a bug")]
    await filling.passes(100)
    found, _ = await filling.row()
    assert found.reason is PauseReason.BUG
    assert f"Give a flowbot admin this reference: `{found.detail}`" in message.text
    assert found.detail in caplog.text
    assert len(filling.started) == 1


async def test_a_bug_before_anything_was_called_plans_it_again(world, filling):
    await filling.begins()
    world.enos.before["instance"] = lambda: 1 / 0
    await filling.passes(6)
    assert (await filling.states(), (await filling.row())[0].reason) == (["planned"] * 3, PauseReason.BUG)


async def test_one_that_has_trouble_does_not_stop_the_others(world, filling, caplog):
    await filling.begins()
    await filling.begins("backfill 4501 from 2026-11-18 to 2026-11-20")
    read = world.store.backfill
    world.store.backfill = lambda number: raising(ZeroDivisionError())() if number == 1 else read(number)
    await filling.passes(4)
    world.store.backfill = read
    assert [call[2] for call in filling.started] == [4501]
    assert "Backfill 1 hit a bug" in caplog.text


async def test_where_slack_does_not_answer_it_waits(world, filling):
    await filling.begins()
    world.services = filling.backfiller._services
    filling.backfiller._services = replace(world.services, slack=Instead(world.slack, profile=raising(SlackUnclear())))
    await filling.passes(6)
    assert await filling.states() == ["planned"] * 3
    filling.backfiller._services = world.services
    await filling.passes(4)
    assert (await filling.states())[0] == "started"


async def test_where_the_database_fails_after_the_call_the_run_is_followed(world, filling):
    await filling.begins()
    put, times = world.store.put_run, []

    async def put_run(run, **more):
        times.append(run.state)
        if len(times) == 2:
            raise DatabaseUnavailable("disk full")
        await put(run, **more)

    world.store.put_run = put_run
    await filling.passes(4)
    assert (await filling.states())[0] == "starting"
    world.store.put_run = put
    await filling.passes(100)
    assert (await filling.states())[0] == "started"
    assert len(filling.started) == 1


async def test_who_pauses_right_before_a_start_is_heard(world, filling):
    message = await filling.begins()
    begin = world.store.begin_attempt

    async def slowly(attempt, **more):
        if attempt.key.startswith("part:"):
            world.store.begin_attempt = begin
            await world.maya.presses(message, "Pause")
        return await begin(attempt, **more)

    world.store.begin_attempt = slowly
    await filling.passes(4)
    assert filling.started == []
    assert [row[2] for row in await world.audited()][-1] == "refused:backfill_halted"


async def test_it_goes_on_after_a_restart(world, filling):
    message = await filling.begins()
    await filling.passes(4)
    world.enos.becomes(AT[0], Status.SUCCESS, [Status.SUCCESS] * 3)
    filling.restart()
    await filling.passes(2 * MINUTE)
    assert await filling.states() == ["succeeded", "started", "planned"]
    assert f"Running now: `{AT[1]}`" in message.text


async def test_an_attempt_that_a_process_left_open_is_ended_and_begun_again(world, filling):
    await filling.begins()
    change = world.store.change_backfill
    world.store.change_backfill = raising(DatabaseUnavailable("disk full"))
    await filling.passes(2)
    world.store.change_backfill = change
    await filling.passes(4)
    assert (await filling.states())[0] == "started"
    assert [row[2] for row in await world.audited()][2:] == ["outage:interrupted", "done"]


async def test_an_attempt_that_has_acted_is_not_begun_again(world, filling):
    await filling.begins()
    await filling.passes(4)
    await filling.ends(AT[0], seconds=10)
    starts = (await filling.row())[1]
    del world.enos.rows[AT[0]]  # and its row is as if nothing had been done
    again = replace(starts[0], state=starts[1].state, attempt=0, instance="")
    await world.store.change_backfill(1, lambda *_: BackfillChange(starts=(again,)))
    await filling.passes(MINUTE)
    assert (await filling.row())[0].reason is PauseReason.LOST
    assert len(filling.started) == 1


async def test_a_claimed_start_without_a_run_is_planned_again(world, filling):
    await filling.begins()
    world.enos.before["instance"] = lambda: (_ for _ in ()).throw(DatabaseUnavailable("disk full"))
    change = world.store.change_backfill
    times = []

    async def once(*what, **more):
        times.append(what)
        if len(times) == 2:
            raise DatabaseUnavailable("disk full")
        return await change(*what, **more)

    world.store.change_backfill = once
    await filling.passes(2)
    world.store.change_backfill = change
    assert (await filling.states())[0] == "starting"
    await filling.passes(MINUTE)
    assert (await filling.states())[0] == "started"
    assert await world.store.unfinished_attempts() == ()
