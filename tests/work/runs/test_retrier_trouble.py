"""Retries while something else goes wrong: lost answers, crashes, bugs, clocks, and rules whose maker has left."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED, OPS, Lost
from retrier_kit import RULE, Instead, fails, leaves, raising, row, texts, ticks

from bot.core.errors import DatabaseUnavailable, TemporaryFailure
from bot.core.flow.run import RunState
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Phase
from bot.core.incident.retries import RetryReason, RetryState
from bot.core.outbox.conversations import SlackUnreachable
from bot.core.people.model import Person
from bot.core.text.message import msg
from bot.work.runs import crash_recovery
from bot.work.runs.retrier import Retrier


@pytest.fixture
def retrier(world):
    return Retrier(world.services)


async def test_a_lost_answer_is_looked_up_and_never_sent_again(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [Lost(effect=True)]
    said = await ticks(world, retrier, minutes=1)
    assert "I will not start it a second time." in texts(said)
    said = [*await ticks(world, retrier, seconds=5), *await world.tick(seconds=1)]
    assert "and EnOS shows the run" in texts(said)
    assert len(world.enos.done()) == 1
    assert (await world.audited())[-1][2] == "done"


async def test_a_call_that_did_not_arrive_is_not_sent_again_either(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [Lost(effect=False)]
    await ticks(world, retrier, minutes=1)
    for _ in range(4):
        await world.tick(seconds=31)
        await ticks(world, retrier, seconds=1)
    assert len(world.enos.done()) == 1
    assert (await row(world)).state is RetryState.STARTED


async def test_while_enos_does_not_answer_it_waits_on(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["flow"] = [TemporaryFailure(msg("EnOS does not answer."))]
    assert await ticks(world, retrier, minutes=1) == []
    assert (await row(world)).state is RetryState.WAITING
    assert await ticks(world, retrier, minutes=4) == []  # it is not asked again at once
    await ticks(world, retrier, minutes=1)
    assert (await row(world)).state is RetryState.STARTED
    assert [each[2] for each in await world.audited()][1:] == ["outage:TemporaryFailure", "done"]


async def test_an_hour_after_its_time_it_is_too_late(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.restart()
    said = await ticks(world, Retrier(world.services), hours=1, minutes=2)
    assert "because its time passed more than an hour ago." in texts(said)
    assert world.enos.done() == []


async def test_a_restart_in_the_middle_of_the_wait_goes_on(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.restart()
    await ticks(world, Retrier(world.services), minutes=1)
    assert len(world.enos.done()) == 1


async def test_a_clock_that_is_set_back_starts_nothing_early_and_nothing_twice(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.later(hours=-5)
    await world.store.correct_future_times(world.now)
    await ticks(world, retrier, seconds=50)
    assert world.enos.done() == []
    await ticks(world, retrier, seconds=10)
    assert len(world.enos.done()) == 1
    world.later(minutes=-30)
    await world.store.correct_future_times(world.now)
    for _ in range(5):
        await ticks(world, retrier, minutes=1)
    assert len(world.enos.done()) == 1


async def test_after_the_clock_was_set_back_the_card_shows_the_new_time(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.later(hours=-5)
    await world.store.correct_future_times(world.now)
    await ticks(world, retrier)
    assert (await world.incident()).background.retry.due == (await row(world)).due


async def test_while_slack_does_not_say_who_is_active_it_waits(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    silent = Instead(world.slack, profile=raising(SlackUnreachable("profile")))
    assert await ticks(world, Retrier(replace(world.services, slack=silent)), minutes=1) == []
    await ticks(world, retrier)
    assert len(world.enos.done()) == 1


async def test_a_bug_is_told_with_a_reference_and_ends_it(world, retrier, caplog):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [ValueError("a bug")]
    said = await ticks(world, retrier, minutes=1)
    assert (await row(world)).state in {RetryState.STARTED, RetryState.REFUSED}
    assert any("hit a bug, reference" in record.getMessage() for record in caplog.records)
    assert said is not None
    assert await ticks(world, retrier, minutes=1) == []
    assert len(world.enos.done()) == 1


async def test_a_bug_before_the_call_is_told_and_ends_it(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["flow"] = [ValueError("a bug")]
    said = await ticks(world, retrier, minutes=1)
    assert "Something broke on my side." in texts(said)
    assert (await row(world)).reason is RetryReason.BUG
    assert world.enos.done() == []


async def test_a_bug_before_it_is_decided_is_logged_and_it_waits(world, retrier, caplog):
    await fails(world)
    await ticks(world, retrier)
    broken = Instead(world.store, link=raising(ValueError("a bug")))
    assert await ticks(world, Retrier(replace(world.services, store=broken)), minutes=1) == []
    assert any("A retry hit a bug" in record.getMessage() for record in caplog.records)
    await ticks(world, retrier)
    assert len(world.enos.done()) == 1


async def test_where_the_database_fails_after_the_call_the_run_is_found_at_the_next_tick(world, retrier):
    await fails(world)
    await ticks(world, retrier)

    async def put_run(run, **more):
        if run.state is RunState.RUNNING:
            raise DatabaseUnavailable("disk is full")
        await world.store.put_run(run, **more)

    full = Instead(world.store, put_run=put_run)
    await ticks(world, Retrier(replace(world.services, store=full)), minutes=1)
    assert (await row(world)).state is RetryState.STARTING
    await ticks(world, retrier, seconds=2)
    assert (await row(world)).state is RetryState.STARTED
    assert len(world.enos.done()) == 1


async def dies_before_the_call(world, retrier):
    """The process is killed while EnOS is asked whether the run is still failed."""
    world.enos.before["instance"] = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        await ticks(world, retrier, minutes=1)
    world.restart()
    assert await crash_recovery.open_attempts(world.services) == ()  # left to the retrier


async def test_an_open_attempt_of_an_earlier_process_ends_with_the_no(world, retrier):
    card = await fails(world)
    await ticks(world, retrier)
    await dies_before_the_call(world, retrier)
    await world.sam.presses(card, "Acknowledge")
    await ticks(world, Retrier(world.services), seconds=2)
    assert ("maya", f"rerun {FAILED}", "refused:acknowledged") in [each[:3] for each in await world.audited()]
    assert world.enos.done() == []


async def test_an_attempt_that_was_begun_before_a_crash_is_used_again(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    await dies_before_the_call(world, retrier)
    await ticks(world, Retrier(world.services), seconds=2)
    assert [each[2] for each in await world.audited()][1:] == ["done"]
    assert len(world.enos.done()) == 1


async def test_killed_after_the_call_the_run_is_found_and_followed(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await ticks(world, retrier, minutes=1)
    world.restart()
    await ticks(world, Retrier(world.services), seconds=2)
    assert (await row(world)).state is RetryState.STARTED  # it may have been: it is looked up, and not sent again
    assert len(world.enos.done()) == 1


# ── rules whose maker is not there any more ──


async def test_the_rule_of_a_person_who_is_unlinked_ends_and_is_told_once(world, retrier):
    await world.maya.says(RULE)
    await world.alex.says("unlink <@U0MAYA00001>")
    (told,) = await ticks(world, retrier)
    assert told.place == "#data-ops"
    assert "The retry rule of `3377` *daily-energy-report* has ended" in told.text
    assert "the person who set it is no longer linked to `maya.chen`" in told.text
    assert await ticks(world, retrier, minutes=20) == []
    assert await world.store.retry_rules() == ()


async def test_the_rule_of_a_person_who_is_deactivated_ends_and_is_told_once(world, retrier):
    await world.maya.says(RULE)
    assert await ticks(world, retrier) == []
    await leaves(world, None)
    assert await ticks(world, retrier, minutes=14) == []  # Slack is asked now and then
    (told,) = await ticks(world, retrier, minutes=1)
    assert "`maya.chen` is no longer active in Slack." in told.text
    assert await ticks(world, retrier, minutes=20) == []


async def test_an_incident_that_is_not_kept_any_more_ends_its_retry(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    incident = await world.incident()
    ended = replace(incident, phase=Phase.CLOSED, ended_at=world.now, ended_by=Person("T", "U"))
    assert not is_live(ended)
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(ended,)))
    await world.store.prune(world.now + timedelta(days=500))
    assert await ticks(world, retrier, seconds=5) == []
    assert (await row(world)).reason is RetryReason.ENDED
    assert OPS == "C0DATAOPS1"
