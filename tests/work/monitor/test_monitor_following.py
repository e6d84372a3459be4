"""Following: recoveries, good runs for what failed, and at most so many requests."""

import asyncio
import gc
import itertools
from collections import Counter
from datetime import timedelta

import pytest
from delivery_fakes import until
from memory_enos import Down
from monitor_world import MAYA, World

from bot.core.flow.status import Status
from bot.core.incident.model import Phase
from bot.core.outbox.blocks import rendered
from bot.messages.cards import incident_replies as replies


@pytest.fixture
async def world():
    return await World().begin_with_a_failure()


async def test_a_later_success_ends_the_alarm_and_turns_the_card_green(world):
    world.enos.put("3377-2026112200", Status.SUCCESS, name="report", end="2026-11-22 02:00:00")
    await world.follow(after=30)
    (card,) = world.store.cards()
    assert card["text"] == "RECOVERED · report · no successful run for 2026-11-21 00:00 UTC"
    assert card["attachments"][0]["color"] == "#1a7f37"
    (reply,) = world.store.replies(world.only().home.post)
    assert "RECOVERED · report" in reply["text"]
    assert "no successful run for 2026-11-21 00:00 UTC" in reply["text"]


async def test_an_earlier_success_does_not(world):
    world.enos.put("3377-2026112000", Status.SUCCESS, end="2026-11-20 02:00:00")
    await world.follow(after=30)
    assert world.only().phase is Phase.OPEN


async def test_a_success_that_had_ended_before_does_not(world):
    """A rerun of an old day fails today, though today's run was good."""
    world.enos.put("3400-2026112100", Status.SUCCESS, end="2026-11-21 02:00:00")
    world.enos.put("3400-2026111900", end="2026-11-21 09:20:00")
    await world.poll()
    await world.follow(after=30)
    assert [incident.phase for incident in world.store.kept.values()] == [Phase.OPEN, Phase.OPEN]


async def test_a_console_rerun_of_the_instance_that_succeeds_heals(world):
    world.enos.put("3377-2026112100", Status.SUCCESS, name="report", end="2026-11-21 09:20:00")
    await world.follow(after=30)
    assert world.lines() == ["RECOVERED · report"]
    assert world.only().occurrences[-1].backfilled


async def test_the_same_instance_failing_after_that_is_a_new_incident(world):
    world.enos.put("3377-2026112100", Status.SUCCESS, end="2026-11-21 09:20:00")
    await world.follow(after=30)
    world.enos.put("3377-2026112100", end="2026-11-21 09:40:00")
    await world.poll()
    assert [incident.phase for incident in world.store.kept.values()] == [Phase.RECOVERED, Phase.OPEN]


async def test_a_triggered_run_for_the_same_day_heals_if_it_ran_every_failed_task(world):
    world.enos.put("3377-20261121000100", Status.SUCCESS, name="report", end="2026-11-21 09:30:00", kind=0)
    await world.follow(after=30)
    assert world.lines() == ["RECOVERED · report"]
    assert len(world.store.replies(world.only().home.post)) == 1


async def test_a_good_run_whose_tasks_cannot_be_read_ends_the_alarm_and_heals_later(world):
    world.enos.put("3377-20261121000100", Status.SUCCESS, name="report", end="2026-11-21 09:30:00", kind=0)
    world.enos.fail["instance"] = [Down()]
    await world.follow(after=30)
    assert world.lines() == ["RECOVERED · report · no successful run for 2026-11-21 00:00 UTC"]
    await world.follow(after=301)
    assert world.lines() == ["RECOVERED · report"]
    assert world.store.replies(world.only().home.post)[-1] == rendered(
        replies.backfilled(world.only(), ["3377-2026112100"])
    )


async def test_a_run_for_another_day_does_not_heal(world):
    world.enos.put("3377-20261122000100", Status.SUCCESS, name="report", end="2026-11-22 09:30:00")
    for _ in range(5):
        await world.follow(after=301)
    assert world.lines() == ["RECOVERED · report · no successful run for 2026-11-21 00:00 UTC"]


async def test_the_incident_stays_open_while_a_newer_failure_is_left(world):
    world.enos.put("3377-2026112200", name="report", end="2026-11-22 02:00:00")
    await world.poll()
    world.enos.put("3377-2026112100", Status.SUCCESS, name="report", end="2026-11-22 03:00:00")
    await world.follow(after=30)
    assert world.only().phase is Phase.OPEN
    assert [each.backfilled for each in world.only().occurrences] == [True, False]


async def test_an_acknowledged_incident_recovers_too(world):
    await world.incident_actions.acknowledge(world.only().id, MAYA, world.now)
    world.enos.put("3377-2026112200", Status.SUCCESS, end="2026-11-22 02:00:00")
    await world.follow(after=30)
    assert world.only().phase is Phase.RECOVERED


async def test_nothing_open_costs_nothing():
    world = await World().begin()
    await world.follow()
    world.enos.calls.clear()
    for _ in range(20):
        await world.follow(after=30)
    assert world.enos.calls == []


async def test_one_search_per_type_and_tick_and_one_read_per_incident_growing_to_ten_minutes(world):
    await world.follow(after=1)
    world.enos.calls.clear()
    reads = []
    for tick in range(120):
        await world.follow(after=30)
        counted = Counter(name for name, _ in world.enos.calls)
        assert counted["search"] == 3
        reads += [tick * 30] * counted["instance"]
        world.enos.calls.clear()
    pauses = [later - earlier for earlier, later in itertools.pairwise(reads)]
    assert pauses[:4] == [60, 120, 240, 480]
    assert set(pauses[4:]) == {600}


async def test_a_window_full_of_good_runs_is_read_once(world):
    world.enos.put("3500-2026112100")
    for number in range(300):
        world.enos.put(f"{6000 + number}-2026112107", Status.SUCCESS)
    await world.poll()
    await world.follow(after=1)
    world.enos.calls.clear()
    await world.follow(after=30)
    assert len(world.enos.searches(Status.SUCCESS)) == 3


async def test_a_rerun_in_progress_is_seen_so_that_its_failure_is_told_though_its_end_is_not_printed(world):
    world.enos.put("3377-2026112100", Status.RERUN, end="")
    await world.follow(after=61)
    world.enos.put("3377-2026112100", end="")
    await world.poll()
    assert len(world.only().occurrences) == 2


async def test_a_stale_read_does_not_undo_what_a_poll_has_written_meanwhile(world):
    real = world.enos.instance

    async def slow(instance, *, as_user=None):
        found = await real(instance)
        world.enos.put("3377-2026112100", end="2026-11-21 09:40:00")
        await world.monitor.poll(world.now)
        return found

    world.enos.put("3377-2026112100", Status.RERUN, end="")
    world.enos.instance = slow
    await world.follow(after=61)
    world.enos.instance = real
    assert len(world.only().occurrences) == 2
    await world.poll()
    assert len(world.only().occurrences) == 2, "told twice"


async def test_an_outage_of_one_read_does_not_hold_up_the_others(world):
    world.enos.put("3500-2026112100", name="other")
    await world.poll()
    world.enos.put("3500-2026112200", Status.SUCCESS, name="other", end="2026-11-22 02:00:00", kind=2)
    world.enos.fail["search"] = [Down()]
    await world.follow(after=61)
    assert [incident.phase for incident in world.store.kept.values()] == [Phase.OPEN, Phase.RECOVERED]


async def test_a_nudge_looks_soon(world):
    for _ in range(10):
        await world.follow(after=301)
    world.enos.calls.clear()
    world.monitor.nudge(world.now)
    await world.follow(after=61)
    assert ("instance", "3377-2026112100") in world.enos.calls


async def test_an_instance_that_is_gone_is_tolerated(world):
    world.enos.rows.clear()
    await world.follow(after=61)
    assert world.only().phase is Phase.OPEN


async def test_a_long_run_beyond_the_window_that_fails_again_is_told_once():
    world = World(lookback_hours=2)
    world.enos.put("3377-2026112108", Status.RUNNING, end="")
    await world.begin()
    world.enos.put("3377-2026112108", end="2026-11-21 13:00:00")
    await world.follow(after=4 * 3600)
    assert len(world.only().occurrences) == 1
    for _ in range(5):
        await world.follow(after=600)
    assert len(world.only().occurrences) == 1


async def test_a_run_beyond_the_window_that_is_rerun_and_fails_later_is_told_again():
    world = World(lookback_hours=2)
    world.enos.put("3377-2026112108", Status.RUNNING, end="")
    await world.begin()
    world.enos.put("3377-2026112108", end="2026-11-21 13:00:00")
    await world.follow(after=4 * 3600)
    world.enos.put("3377-2026112108", Status.RERUN, end="")
    await world.follow(after=700)
    world.enos.put("3377-2026112108", end="2026-11-21 13:20:00")
    await world.follow(after=1300)
    assert len(world.only().occurrences) == 2


async def test_many_good_runs_are_told_one_by_one_up_to_five(world):
    for hour in range(8):
        world.enos.put(f"3377-20261121{hour + 10}", name="report", end=f"2026-11-21 {hour + 10}:30:00", cycle="H")
    await world.poll()
    for hour in range(8):
        world.enos.put(f"3377-20261121{hour + 10}", Status.SUCCESS, name="report", end=f"2026-11-22 {hour:02}:00:00")
    before = len(world.store.replies(world.only().home.post))
    await world.follow(after=30)
    assert sum(each.backfilled for each in world.only().occurrences) == 8
    told = [reply["text"] for reply in world.store.replies(world.only().home.post)[before:]]
    assert told[:-1] == ["RERUN SUCCEEDED · report"] * 5
    assert told[-1].startswith("RECOVERED · report")


async def test_two_followings_do_not_run_at_once(world):
    inner = []
    world.enos.on_page = lambda _page: inner.append(world.monitor.follow(world.now))
    await world.follow(after=30)
    world.enos.on_page = None
    world.enos.calls.clear()
    for waiting in inner:
        waiting.close()
    assert inner


async def test_an_open_failure_beyond_the_window_that_fails_again_unseen_is_told(world):
    await world.follow(after=4 * 86400)
    world.enos.put("3377-2026112100", end="2026-11-25 10:07:00")
    await world.follow(after=601)
    assert [each.end_time for each in world.only().occurrences] == [
        "2026-11-21 02:00:00",
        "2026-11-25 10:07:00",
    ]


@pytest.mark.parametrize("end", ["2026-11-21 10:00:00", "", "soon"])
async def test_beyond_the_window_the_same_end_in_another_zone_is_not_news(world, end):
    await world.follow(after=4 * 86400)
    world.enos.put("3377-2026112100", end=end)
    await world.follow(after=601)
    assert len(world.only().occurrences) == 1


async def test_a_good_run_for_a_recovered_incident_is_seen_while_another_is_open(world):
    """Searches for the open one must not pass over what the recovered one waits for."""
    world.enos.put("3377-2026112200", Status.SUCCESS, name="report", end="2026-11-22 02:00:00")
    await world.follow(after=30)
    world.enos.put("3500-2026112100", name="other")
    await world.poll()
    await world.follow(after=301)
    world.enos.put("3377-2026112100", Status.SUCCESS, name="report", end="2026-11-22 03:00:00")
    await world.follow(after=30)
    assert world.lines()[0] == "RECOVERED · report"


async def test_a_recovered_incident_without_a_good_run_costs_a_search_every_five_minutes(world):
    world.enos.put("3377-2026112200", Status.SUCCESS, name="report", end="2026-11-22 02:00:00")
    await world.follow(after=301)
    await world.follow(after=301)
    world.enos.calls.clear()
    for _ in range(9):
        await world.follow(after=30)
    assert world.enos.calls == []
    await world.follow(after=60)
    assert len(world.enos.searches(Status.SUCCESS)) == 3


async def hang(_instance):
    await asyncio.Event().wait()


async def test_a_following_that_is_cut_off_leaves_no_read_behind(world, recwarn):
    """More is due than is read at once: what waits for its turn was never begun."""
    for flow in range(3500, 3510):
        world.enos.put(f"{flow}-2026112100", name=f"flow-{flow}")
    await world.poll()
    begun = []
    world.enos.instance = lambda instance: begun.append(instance) or hang(instance)
    world.now += timedelta(seconds=61)
    following = asyncio.create_task(world.monitor.follow(world.now))
    await until(lambda: begun)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    gc.collect()
    assert [str(each.message) for each in recwarn] == []
    assert 0 < len(begun) < 11
