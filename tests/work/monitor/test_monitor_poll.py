"""A poll: every failure that EnOS shows is told, once."""

import pytest
from monitor_world import MAYA, World

from bot.core.flow.status import Status
from bot.core.incident.model import Phase


@pytest.fixture
async def world():
    return await World().begin()


async def test_a_failure_is_told_with_task_error_line_and_owner(world):
    world.enos.put("3377-2026112108", name="daily-energy-report", log="starting\nERROR: password=hunter2 refused\n")
    await world.poll()
    (card,) = world.store.cards()
    assert card["text"] == "FAILED · daily-energy-report · task transform"
    assert "<@U0MAYA00001>" in str(card["blocks"])
    assert "ERROR: password=••• refused" in str(card["attachments"])


async def test_idle_costs_exactly_three_requests(world):
    for day in range(1, 21):
        world.enos.put(f"33{day}-2026112108")
    await world.poll()
    for _ in range(5):
        world.enos.calls.clear()
        assert await world.poll() == []
        assert len(world.enos.calls) == 3


async def test_a_restart_repeats_nothing(world):
    world.enos.put("3377-2026112108")
    await world.poll()
    world.start()
    assert await world.poll() == []
    assert len(world.told()) == 1


async def test_an_instance_triggered_two_days_ago_that_fails_now_is_told(world):
    world.enos.put("3377-2026111910", Status.RUNNING, end="")
    await world.poll()
    assert world.lines() == []
    world.enos.put("3377-2026111910", name="slow", end="2026-11-21 09:01:00")
    await world.poll()
    assert world.lines() == ["FAILED · slow · task transform"]


async def test_a_console_rerun_that_fails_again_is_told_again_in_the_same_thread(world):
    world.enos.put("3377-2026112108", end="2026-11-21 09:00:00")
    await world.poll()
    world.enos.put("3377-2026112108", end="2026-11-21 09:10:00")
    await world.poll()
    (incident,) = world.store.kept.values()
    (reply,) = world.store.replies(incident.home.post)
    assert reply["text"] == "FAILED AGAIN · flow-3377 · task transform"
    assert len(incident.occurrences) == 2


async def test_an_end_time_that_arrives_late_completes_the_failure_silently(world):
    world.enos.put("3377-2026112108", end="")
    await world.poll()
    world.enos.put("3377-2026112108", end="2026-11-21 09:00:40")
    await world.poll()
    assert world.told() == [("3377-2026112108", "2026-11-21 09:00:40")]
    (incident,) = world.store.kept.values()
    assert world.store.replies(incident.home.post) == []


async def test_fail_that_becomes_timeout_with_the_same_end_changes_the_card_only(world):
    world.enos.put("3377-2026112108")
    await world.poll()
    world.enos.put("3377-2026112108", Status.TIMEOUT)
    await world.poll()
    assert world.lines() == ["TIMED OUT · flow-3377 · task transform"]
    assert len(world.told()) == 1


async def test_an_unknown_status_is_tolerated_and_not_told(world):
    world.enos.put("3377-2026112108", 42)
    world.enos.put("3378-2026112108")
    await world.poll()
    assert [instance for instance, _ in world.told()] == ["3378-2026112108"]


async def test_down_for_an_hour_covers_the_hour(world):
    for hour in ("08", "09"):
        world.enos.put(f"3377-20261121{hour}", end=f"2026-11-21 {hour}:30:00", cycle="H")
    await world.poll(after=3600)
    (incident,) = world.store.kept.values()
    assert [each.instance for each in incident.occurrences] == ["3377-2026112108", "3377-2026112109"]


async def test_down_for_a_week_reads_back_to_the_last_sweep(world):
    world.enos.put("3377-2026112200", end="2026-11-22 01:00:00")
    await world.poll(after=7 * 86400)
    assert len(world.told()) == 1


async def test_each_type_is_searched(world):
    for kind in (0, 1, 2):
        world.enos.put(f"33{kind}-2026112108", kind=kind)
    await world.poll()
    assert len(world.told()) == 3


async def test_grouped_by_instance_each_has_its_thread():
    world = await World(group_by="instance").begin()
    for hour in ("07", "08"):
        world.enos.put(f"3377-20261121{hour}")
    await world.poll()
    assert len(world.lines()) == 2


async def test_a_failure_after_a_close_opens_a_new_incident(world):
    world.enos.put("3377-2026112107")
    await world.poll()
    (first,) = world.store.kept
    await world.incident_actions.close(first, MAYA, world.now, "known")
    world.enos.put("3377-2026112108", end="2026-11-21 09:05:00")
    await world.poll()
    phases = [incident.phase for incident in world.store.kept.values()]
    assert phases == [Phase.CLOSED, Phase.OPEN]
