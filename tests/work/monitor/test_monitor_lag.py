"""Readings that do not end: one notice, one all-clear, and an alarm for the operator."""

import contextlib
from datetime import timedelta

import pytest
from memory_enos import Down
from monitor_world import World
from watched_store import Killed

from bot.work.delivery.alarms import Alarms


@pytest.fixture
async def world():
    world = World()
    world.alarms = []
    start(world)
    await world.begin()
    start(world)
    await world.poll()
    world.store.forget("posts")
    return world


def start(world):
    """Start the process again, with an operator who hears alarms."""
    world.start()
    world.monitor._lag._alarms = Alarms(world.alarms.append)


async def pass_time(world, seconds, *, polls=False):
    for _ in range(int(seconds / 30)):
        world.now += timedelta(seconds=30)
        if polls:
            await world.monitor.poll(world.now)
        await world.monitor.check_lag(world.now)


def heard(world):
    return [(alarm.name, alarm.over) for alarm in world.alarms]


async def test_readings_in_time_are_nothing_to_tell(world):
    await pass_time(world, 600, polls=True)
    assert world.lines() == []
    assert world.alarms == []


async def test_ten_polls_without_an_end_are_told_once_and_so_is_their_end(world):
    await pass_time(world, 300)
    assert world.lines() == []
    await pass_time(world, 600)
    assert world.lines() == ["Polling EnOS takes too long · alerts come late"]
    assert heard(world) == [("reading EnOS", False)]
    await pass_time(world, 30, polls=True)
    assert world.lines()[1:] == ["Polling EnOS is on time again after 15 min"]
    assert heard(world) == [("reading EnOS", False), ("reading EnOS", True)]
    await pass_time(world, 300, polls=True)
    assert len(world.lines()) == 2


async def test_an_outage_is_told_by_its_own_notice(world):
    for _ in range(30):
        world.enos.fail["search"] = [Down() for _ in range(3)]
        await pass_time(world, 30, polls=True)
    assert world.lines() == ["Can't reach EnOS · failures are not seen now"]
    assert heard(world) == [("reading EnOS", False)], "the operator hears of it all the same"


async def test_what_nobody_read_while_the_bot_was_down_is_not_a_lag(world):
    world.now += timedelta(hours=5)
    start(world)
    await world.monitor.check_lag(world.now)
    await pass_time(world, 300)
    assert world.lines() == []


async def test_a_bot_that_never_reads_to_the_end_is_late_too():
    world = World()
    world.alarms = []
    start(world)
    world.enos.fail["search"] = [Down()] * 500
    await world.monitor.poll(world.now)
    await pass_time(world, 600)
    assert heard(world) == [("reading EnOS", False)]


@pytest.mark.parametrize("writes", range(4))
async def test_a_death_at_any_write_repeats_and_forgets_nothing(world, writes):
    world.store.die_after = writes
    with contextlib.suppress(Killed):
        await pass_time(world, 600)
        await pass_time(world, 30, polls=True)
    world.store.die_after = None
    start(world)
    await world.monitor.poll(world.now)
    await world.monitor.check_lag(world.now)
    await pass_time(world, 900)
    await pass_time(world, 60, polls=True)
    late = [line for line in world.lines() if "too long" in line]
    clear = [line for line in world.lines() if "on time again" in line]
    assert len(late) in {1, 2}, "that of the second lag, and of the first where it was written"
    assert len(clear) == 2 if writes else len(clear) == 1, "one each, also where the notice itself was lost"
