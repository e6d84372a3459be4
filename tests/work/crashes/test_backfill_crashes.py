"""Killed between any two steps: a backfill begins once, starts no run twice and forgets none, and has one message."""

import contextlib
from dataclasses import replace

import pytest
from backfill_kit import AT
from crash_chat import lives
from crash_injection import CrashingProxy, ProcessDied, StatementBudget, in_transaction

from bot.core.flow.backfill import BackfillState, StartState
from bot.core.flow.status import Status
from bot.core.outbox.posts import PostId
from bot.core.people.model import is_part
from bot.work.runs import crash_recovery
from bot.work.runs.backfiller import Backfiller

WORDS = "backfill 3377 from 2026-11-18 to 2026-11-19"  # two runs
OVER = {"succeeded", "not started"}
STEP = 6  # statements between two deaths


async def says(world, words):
    """Maya says something in this world."""
    return await replace(world.actors["maya"], world=world).says(words)


async def dying(path, budget, earlier):
    """A world that may die before or after each call to EnOS, too."""
    world = await lives(path, budget, earlier)
    world.services = replace(world.services, enos=CrashingProxy(world.enos, budget))
    return world


@pytest.fixture
async def asked(databases):
    """A plan that Maya was shown: its database, and its world."""
    path = databases.new()
    world = await lives(path)
    await says(world, WORDS)
    world.later(minutes=1)
    world.store.close()
    return path, world


async def each_death(begun, databases, step, check, *, least):
    """Every death within a step, from its first statement to its last; ``check`` what the next process makes of it."""
    path, earlier = begun
    left, died = 0, True
    rows, calls, now = dict(earlier.enos.rows), list(earlier.enos.calls), earlier.now
    while died:
        copy = databases.copy(path)
        earlier.enos.rows, earlier.enos.calls, earlier.now = dict(rows), list(calls), now
        budget = StatementBudget(left)
        world = await dying(copy, budget, earlier)
        with contextlib.suppress(ProcessDied):
            await step(world)
        died = budget.is_spent
        world.store.close()
        after = await lives(copy, earlier=world)
        left_open = await crash_recovery.open_attempts(after.services)
        await crash_recovery.close_attempts(after.services, left_open)
        await check(after)
        after.store.close()
        left += databases.stride(STEP)
    assert left > least


async def goes_on(world):
    """The next process works until the backfill has ended; each run that is started succeeds at once."""
    backfiller = Backfiller(world.services)
    for _ in range(40):
        world.later(seconds=35)
        await backfiller.tick(world.now)
        for run in [each.id for each in world.enos.rows.values() if each.status is Status.READY]:
            world.enos.becomes(run, Status.SUCCESS, [Status.SUCCESS] * 3)
        await world.run_tracker.tick(world.now)
        if not await world.store.open_backfills():
            return
    raise AssertionError("it never ends")


def last_words(db, post):
    """What each message of a backfill shows at last: there is one."""
    messages = [row["id"] for row in db.execute("SELECT id FROM posts WHERE kind = 'message' AND body LIKE '%as <@U%'")]
    assert messages == [post]
    edits = db.execute("SELECT body FROM posts WHERE target = ? AND body <> '{}' ORDER BY seq DESC LIMIT 1", messages)
    whole = db.execute("SELECT body FROM posts WHERE id = ?", messages)
    return [row["body"] for row in (*edits.fetchall(), *whole.fetchall())][:1]


async def is_whole(world):
    """No run was started twice, none is lost, the one message says how it ended, and the audit is complete."""
    found, starts = await world.store.backfill(1)
    assert found.state is BackfillState.ENDED
    assert {each.state.value for each in starts} <= OVER
    called = [call[-1] for call in world.enos.done()]
    assert len(called) == len(set(called)), "the same minute twice"
    assert [each.id for each in world.enos.rows.values()] == [
        run for run, each in zip(AT, starts, strict=False) if each.state is StartState.SUCCEEDED
    ]
    assert await world.store.unfinished_attempts() == ()
    succeeded = sum(each.state is StartState.SUCCEEDED for each in starts)
    (last,) = await in_transaction(world.store, lambda db: last_words(db, found.post))
    assert f"2 of 2 done. {succeeded} succeeded." in last
    return len(starts) - succeeded


async def test_it_begins_once_or_not_at_all(asked, databases):
    begun = set()

    async def check(world):
        found = await world.store.open_backfills()
        begun.add(len(found))
        entries = await world.store.audit_entries(world.now.replace(hour=0), world.now.replace(hour=23))
        assert all(each.outcome is not None for each in entries)
        for each in found:
            assert len((await world.store.backfill(each.number))[1]) == 2
            assert await world.store.post(PostId(each.post)) is not None
            await goes_on(world)
            await is_whole(world)
        assert world.enos.done() == [] or found

    async def presses(world):
        await says(world, f"{WORDS} confirmed")

    await each_death(asked, databases, presses, check, least=20)
    assert begun == {0, 1}


@pytest.fixture
async def running(asked):
    """A backfill that has begun and has called nothing."""
    path, world = asked
    world = await lives(path, earlier=world)
    await says(world, f"{WORDS} confirmed")
    world.store.close()
    return path, world


async def test_the_first_run_is_started_once(running, databases):
    not_started = set()

    async def check(world):
        await goes_on(world)
        not_started.add(await is_whole(world))

    async def ticks(world):
        await Backfiller(world.services).tick(world.now)

    await each_death(running, databases, ticks, check, least=20)
    assert not_started <= {0, 1}  # one, where it was killed right before the call: it may have been sent


async def test_the_next_run_is_started_once(running, databases):
    path, world = running
    world = await lives(path, earlier=world)
    await Backfiller(world.services).tick(world.now)
    world.enos.becomes(AT[0], Status.SUCCESS, [Status.SUCCESS] * 3)
    world.later(minutes=2)
    await world.run_tracker.tick(world.now)
    world.store.close()
    not_started = set()

    async def check(after):
        await goes_on(after)
        not_started.add(await is_whole(after))
        parts = [
            each
            for each in await after.store.audit_entries(after.now.replace(hour=0), after.now.replace(hour=23))
            if is_part(each.attempt) and each.answer
        ]
        assert len({each.answer for each in parts}) == len(parts), "one row for each run"

    async def ticks(dying_world):
        backfiller = Backfiller(dying_world.services)
        for _ in range(3):
            dying_world.later(seconds=4)
            await backfiller.tick(dying_world.now)

    await each_death((path, world), databases, ticks, check, least=40)
    assert not_started <= {0, 1}
