"""The digest: once a day in each channel that wants one, whatever happens to the bot, EnOS or the clock."""

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from digest_kit import DAY, MINUTE, NINE, at, started
from memory_enos import Down
from monitor_world import MAYA, START, World
from watched_store import Killed

from bot.core.flow.status import Status
from bot.core.outbox.posts import Lane
from bot.core.text.message import msg, slack_date


@pytest.fixture
async def world():
    return await started(World(timezone=ZoneInfo("Asia/Shanghai")))  # 17:00 there at the start


async def test_it_comes_once_a_day_at_nine(world):
    await at(world, START + 5 * MINUTE)
    await at(world, NINE - MINUTE)
    assert world.digest_lines() == [], "the first day had its announcement"
    for later in (0 * MINUTE, MINUTE, 14 * 60 * MINUTE):
        await at(world, NINE + later)
    assert world.digest_lines() == ["All quiet · failures: 0 · open incidents: 0"]
    for day in (1, 2, 3):
        await at(world, NINE + day * DAY)
    assert len(world.digest_lines()) == 4
    (lane,) = {post.new.lane for post in world.store.posts.values()}
    assert lane is Lane.HOUSEKEEPING


async def test_a_restart_repeats_none(world):
    await at(world, NINE)
    for _ in range(3):
        world.start()
        await at(world, world.now + 10 * MINUTE)
    assert len(world.digest_lines()) == 1


async def test_what_nine_o_clock_missed_comes_once_when_the_bot_is_back(world):
    world.start()
    await at(world, NINE + 3 * DAY + timedelta(hours=5))
    assert len(world.digest_lines()) == 1
    await at(world, NINE + 4 * DAY)
    assert len(world.digest_lines()) == 2


async def test_a_bot_that_begins_in_the_morning_tells_at_nine():
    world = World(timezone=ZoneInfo("Asia/Shanghai"))
    world.now = NINE - timedelta(hours=2)
    await started(world)
    await at(world, NINE)
    assert len(world.digest_lines()) == 1


@pytest.mark.parametrize("writes", range(4))
async def test_a_death_at_any_write_repeats_none_and_loses_none(world, writes):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    world.now = NINE
    await world.monitor.poll(world.now)
    world.store.die_after = writes
    with contextlib.suppress(Killed):
        await world.follow()
    world.store.die_after = None
    world.start()
    await at(world, NINE + MINUTE)
    world.start()
    await at(world, NINE + 2 * MINUTE)
    assert world.digest_lines() == ["Digest · failures: 1 · open incidents: 1"]
    await at(world, NINE + DAY)
    assert world.digest_lines()[1:] == ["Digest · failures: 0 · open incidents: 1"]


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
    assert world.digest_lines() == ["Digest · failures: 4 · open incidents: 2"]
    shown = str(world.digests()[-1])
    assert "4 failures in 3 flows. Open: 2, acknowledged: 1." in shown
    assert "*turbine* · since" in shown
    assert "<@U0MAYA00001> is on it until" in shown
    assert "*green* · recovered by itself after" in shown
    midnight = slack_date(datetime(2026, 11, 21, tzinfo=UTC))
    assert f"*green*: {midnight} · Rerun: `/flow rerun 4102-2026112100`" in shown


async def test_each_failure_is_in_exactly_one(world):
    for number in range(6):
        world.enos.put(f"33{number}0-2026112100", name=f"flow {number}", end="2026-11-21 02:00:00")
        await at(world, NINE + (number - 2) * DAY / 4)
    await at(world, NINE + DAY)
    counts = [int(sign.split("failures: ")[1].split(" ")[0]) for sign in world.digest_lines()]
    assert sum(counts) == 6
    assert counts == [2, 4]


async def test_what_a_poll_is_still_writing_down_is_left_to_the_next_one(world):
    world.now = NINE - MINUTE / 2
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    observe, followed = world.store.observe, []

    async def slowly(*args, **more):
        if not followed:
            followed.append(True)
            world.now = NINE
            await world.monitor.follow(NINE)
        return await observe(*args, **more)

    world.store.observe = slowly
    await world.poll(after=0)
    assert followed
    assert world.digest_lines() == ["All quiet · failures: 0 · open incidents: 0"]
    await at(world, NINE + DAY)
    assert world.digest_lines()[1:] == ["Digest · failures: 1 · open incidents: 1"]


async def test_it_does_not_call_itself_well_while_something_is_wrong(world):
    world.now = NINE
    world.troubles = (msg("The last complete poll of EnOS was 9 min ago."),)
    await world.follow()
    (line,) = world.digest_lines()
    assert line.startswith("Something needs attention")
    assert "The last complete poll of EnOS was 9 min ago." in str(world.digests()[-1])


async def test_it_goes_while_enos_is_out_of_reach_and_says_so(world):
    world.enos.fail["search"] = [Down() for _ in range(30)]
    await at(world, NINE)
    (line,) = world.digest_lines()
    assert line.startswith("Something needs attention")
    assert "I can't reach EnOS now." in str(world.digests()[-1])


async def test_flows_that_nobody_watches_are_no_quiet_day():
    world = World(timezone=ZoneInfo("Asia/Shanghai"))
    for number in range(240):
        world.enos.flows[number] = type("", (), {"id": number, "name": f"flow {number}"})
    world.enos.seen_by_watcher = set(range(212))
    await started(world)
    await at(world, NINE)
    (line,) = world.digest_lines()
    assert line.startswith("Something needs attention")
    assert "Watching 212 of 240 flows." in str(world.digests()[-1])


# ── the clock ──


async def test_a_clock_that_steps_back_repeats_none_and_loses_no_failure(world):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await at(world, NINE - MINUTE)
    await at(world, NINE)
    back = NINE - timedelta(hours=1)
    await world.store.correct_future_times(back)
    world.enos.put("2809-2026112100", name="turbine", end="2026-11-21 02:00:00")
    await at(world, back + MINUTE)
    await at(world, NINE)
    assert len(world.digest_lines()) == 1
    await at(world, NINE + DAY)
    assert world.digest_lines() == [f"Digest · failures: 1 · open incidents: {n}" for n in (1, 2)]


async def test_a_clock_that_was_a_month_ahead_delays_no_digest_for_a_month(world):
    await at(world, NINE + 30 * DAY)
    await world.store.correct_future_times(NINE - MINUTE)
    for day in range(3):
        await at(world, NINE + day * DAY)
    assert len(world.digest_lines()) == 3
