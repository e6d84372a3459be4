"""The sign of life: one line a day, at nine where the bot lives."""

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from monitor_world import MAYA, START, World
from watched_store import Killed

from bot.core.flow.status import Status
from bot.core.outbox.posts import Lane
from bot.core.text.message import msg, slack_date


@pytest.fixture
async def world():
    world = World(timezone=ZoneInfo("Asia/Shanghai"))  # 17:00 there at the start
    await world.begin()
    return world


async def at(world, when):
    world.now = when
    await world.monitor.poll(world.now)
    await world.follow()


NINE = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # in Shanghai


async def test_it_comes_once_a_day_at_nine(world):
    await at(world, START + timedelta(minutes=5))
    await at(world, NINE - timedelta(minutes=1))
    assert world.signs() == [], "the first day had its announcement"
    await at(world, NINE)
    await at(world, NINE + timedelta(minutes=1))
    await at(world, NINE + timedelta(hours=14))
    assert len(world.signs()) == 1
    for day in (1, 2, 3):
        await at(world, NINE + timedelta(days=day))
    assert len(world.signs()) == 4
    (lane,) = {post.new.lane for post in world.store.posts.values()}
    assert lane is Lane.HOUSEKEEPING


async def test_a_restart_repeats_none(world):
    await world.follow()
    await at(world, NINE)
    for _ in range(3):
        world.start()
        await at(world, world.now + timedelta(minutes=10))
    assert len(world.signs()) == 1


async def test_what_nine_o_clock_missed_comes_when_the_bot_is_back(world):
    await world.follow()
    world.start()
    await at(world, NINE + timedelta(hours=5))
    assert len(world.signs()) == 1
    await at(world, NINE + timedelta(days=1))
    assert len(world.signs()) == 2


async def test_a_bot_that_begins_in_the_morning_tells_at_nine(world):
    world.now = NINE - timedelta(hours=2)
    await at(world, world.now)
    await at(world, NINE)
    assert len(world.signs()) == 1


@pytest.mark.parametrize("writes", range(4))
async def test_a_death_at_any_write_repeats_none(world, writes):
    await world.follow()
    world.now = NINE
    await world.monitor.poll(world.now)
    world.store.die_after = writes
    with contextlib.suppress(Killed):
        await world.follow()
    world.store.die_after = None
    world.start()
    await at(world, NINE + timedelta(minutes=1))
    assert len(world.signs()) == 1


async def test_it_tells_how_the_day_was_and_how_things_stand(world):
    for hour in ("00", "06"):
        world.enos.put(f"3377-20261121{hour}", name="report", end=f"2026-11-21 {hour}:30:00")
    world.enos.put("2809-2026112100", name="turbine")
    world.enos.put("4102-2026112100", name="green", end="2026-11-21 02:00:00")
    await world.follow()
    await world.poll()
    world.enos.put("4102-2026112200", Status.SUCCESS, name="green", end="2026-11-22 00:30:00")
    turbine = next(each for each in world.store.kept.values() if each.flow_name == "turbine")
    await world.incident_actions.acknowledge(turbine.id, MAYA, world.now)
    await world.follow(after=90)
    await at(world, NINE)
    (line,) = world.signs()
    assert line == "All good · failures in 24 h: 4 · open incidents: 2"
    shown = str(world.store.cards()[-1])
    assert "Watching 3 of 3 flows. Last 24 h: 4 failures in 3 flows. Open: 2, acknowledged: 1." in shown
    assert "No successful run yet:" in shown
    midnight, six = (slack_date(datetime(2026, 11, 21, hour, tzinfo=UTC)) for hour in (0, 6))
    assert f"*report*: {midnight}, {six}" in shown
    assert f"*green*: {midnight}" in shown


async def test_it_does_not_call_itself_well_while_something_is_wrong(world):
    await world.follow()
    world.now = NINE
    world.troubles = (msg("The last complete poll of EnOS was 9 min ago."),)
    await world.follow()
    (line,) = world.signs()
    assert line.startswith("Something needs attention")
    assert "The last complete poll of EnOS was 9 min ago." in str(world.store.cards()[-1])
