"""Killed between any two steps: a retry is planned once, started once at most, and never forgotten."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED
from crash_chat import lives
from crash_injection import CrashingProxy, ProcessDied, StatementBudget, in_transaction

from bot.core.errors import TemporaryFailure
from bot.core.incident.facts import ChangeSet
from bot.core.incident.retries import RetryState
from bot.core.people.model import Ending, Outcome
from bot.core.text.message import msg
from bot.work.runs import crash_recovery
from bot.work.runs.retrier import Retrier

STRIDE = 6
ERROR = "java.net.SocketException: Connection reset by peer"


async def dying(path, budget, earlier):
    """A world that may die before or after each call to EnOS, too."""
    world = await lives(path, budget, earlier)
    world.services = replace(world.services, enos=CrashingProxy(world.enos, budget))
    return world


@pytest.fixture
async def night(databases):
    """A failure with a rule about it: its database, and its world."""
    path = databases.new()
    world = await lives(path)
    await world.maya.says('retry 3377 on "connection reset"')
    world.later(minutes=1)
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    await world.breaks()
    incident = await world.incident()
    failure = replace(incident.occurrences[0], error_line=ERROR)
    await world.store.change(incident.id, lambda old: ChangeSet(incidents=(replace(old, occurrences=(failure,)),)))
    world.store.close()
    return path, world


async def each_death(night, databases, check, *, faults=(), closes=False):
    """A death at every few statements of a tick, in the soak at every one; ``check`` what the next process does."""
    path, earlier = night
    left, died = 0, True
    rows, calls = dict(earlier.enos.rows), list(earlier.enos.calls)
    while died:
        copy = databases.copy(path)
        earlier.enos.rows, earlier.enos.calls = dict(rows), list(calls)
        earlier.enos.faults = {"triggerFromTask": list(faults)}
        budget = StatementBudget(left)
        world = await dying(copy, budget, earlier)
        with contextlib.suppress(ProcessDied):
            await Retrier(world.services).tick(world.now)
        died = budget.is_spent
        world.store.close()
        after = await lives(copy, earlier=world)
        left_open = await crash_recovery.open_attempts(after.services)
        assert closes or left_open == ()
        await crash_recovery.close_attempts(after.services, left_open)
        await check(after)
        after.store.close()
        left += min(3, databases.stride(1)) if closes else databases.stride(STRIDE)  # that one has few
    assert left > (10 if closes else 20)


async def goes_on(world, minutes=3):
    """The next process works for some minutes; what was said is queued."""
    retrier, now = Retrier(world.services), world.now
    for second in range(0, minutes * 60, 10):
        world.now = now + timedelta(seconds=second)
        await retrier.tick(world.now)
        await world.run_tracker.tick(world.now)
    world.now = now


def replies(db):
    return [row[0] for row in db.execute("SELECT body FROM posts WHERE kind = 'message' AND thread_of IS NOT NULL")]


async def test_it_is_planned_once(night, databases):
    async def check(world):
        await Retrier(world.services).tick(world.now)
        (row,) = await world.store.retries_of(3377)
        assert row.state is RetryState.WAITING
        said = await in_transaction(world.store, replies)
        assert sum("Retries at" in body for body in said) == 1
        assert (await world.incident()).background.retry is not None

    await each_death(night, databases, check)


async def waiting(night):
    path, world = night
    world = await lives(path, earlier=world)
    await Retrier(world.services).tick(world.now)
    world.later(minutes=1)
    world.store.close()
    return path, world


async def test_it_is_started_once(night, databases):
    started = set()

    async def check(world):
        await goes_on(world)
        (row,) = await world.store.retries_of(3377)
        assert row.state is RetryState.STARTED
        assert (await world.incident()).background.retry is None
        started.add(len(world.enos.done()))
        assert await world.store.unfinished_attempts() == ()
        said = await in_transaction(world.store, replies)
        assert sum("retry rule of" in body for body in said) == 1

    await each_death(await waiting(night), databases, check)
    assert started <= {0, 1}  # none, where it was killed right before the call: it may have been sent
    assert 1 in started


async def test_where_enos_does_not_answer_it_is_started_once_at_most(night, databases):
    async def check(world):
        await goes_on(world, minutes=8)
        (row,) = await world.store.retries_of(3377)
        assert row.state in {RetryState.STARTED, RetryState.REFUSED}
        assert len(world.enos.rows) <= 2  # the failed run and one rerun
        assert await world.store.unfinished_attempts() == ()

    failure = TemporaryFailure(msg("EnOS does not answer."))
    await each_death(await waiting(night), databases, check, faults=[failure])


async def test_an_attempt_whose_retry_was_refused_after_a_crash_is_ended(night, databases):
    """It died before its call; then somebody acknowledged the failure, and it died again at any statement."""
    path, world = await waiting(night)
    world = await lives(path, earlier=world)
    world.services = replace(world.services, enos=CrashingProxy(world.enos, StatementBudget(0)))
    with contextlib.suppress(ProcessDied):
        await Retrier(world.services).tick(world.now)
    world.store.close()
    world = await lives(path, earlier=world)
    (entry,) = await world.store.unfinished_attempts()
    assert await crash_recovery.open_attempts(world.services) == (), "its retry is open: it is decided again"
    incident = await world.incident()
    await world.services.incident_actions.acknowledge(incident.id, entry.attempt.by, world.now, words="ack 3377")
    world.store.close()
    ended = set()

    async def check(after):
        await goes_on(after)
        (row,) = await after.store.retries_of(3377)
        assert row.state is RetryState.REFUSED
        assert after.enos.done() == []
        assert await after.store.unfinished_attempts() == ()
        kept = await after.store.audit_entries(entry.attempt.at - timedelta(minutes=1), after.now + timedelta(hours=1))
        ended.update(each.outcome for each in kept if each.id == entry.id)

    await each_death((path, world), databases, check, closes=True)
    assert ended == {crash_recovery.NOTHING_DONE, Outcome(Ending.REFUSED, "acknowledged")}
