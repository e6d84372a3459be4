"""Closer looks: task, error line, owners and the last good run of a failure, on its card or in its reply."""

import asyncio
from dataclasses import replace

import pytest
from memory_enos import Down
from monitor_world import World

from bot.core.flow.status import Status


@pytest.fixture
async def world():
    return await World().begin_with_a_failure()


async def hang(_instance):
    await asyncio.Event().wait()


async def test_what_the_first_look_missed_is_looked_up_again():
    world = await World().begin()
    world.enos.put("3377-2026112100", name="report", log="FATAL no space left", owners=())
    world.enos.fail["instance"] = [Down()]
    await world.poll()
    assert world.lines() == ["FAILED · report"]
    await world.follow(after=61)
    assert world.lines() == ["FAILED · report · task transform"]
    assert "FATAL no space left" in str(world.store.cards())


async def test_owners_come_from_the_flow_where_the_row_has_none():
    world = await World().begin()
    world.enos.put("3377-2026112100", owners=())
    await world.poll()
    assert "jonas.weber" in str(world.store.cards())


async def test_the_last_good_run_is_on_the_card():
    world = await World().begin()
    world.enos.put("3377-2026112000", Status.SUCCESS, end="2026-11-20 02:00:00")
    world.enos.put("3377-2026111900", Status.SUCCESS, end="2026-11-19 02:00:00")
    world.enos.put("3377-2026112100", end="2026-11-21 02:00:00")
    await world.poll()
    assert world.only().last_success == "3377-2026112000"
    assert "`3377-2026112000`" in str(world.store.cards())


async def test_a_log_that_appears_late_is_tried_three_times(world):
    world.enos.calls.clear()
    for _ in range(10):
        await world.follow(after=601)
    assert len([1 for name, _ in world.enos.calls if name == "log"]) == 2


async def test_more_tasks_that_fail_later_are_added(world):
    world.enos.put("3377-2026112100", end="2026-11-21 02:00:00", failed=("transform", "load"), quiet=True)
    await world.follow(after=61)
    assert world.only().occurrences[-1].failed_tasks == (102, 103)


async def test_many_failures_of_one_reading_are_counted_and_not_told_one_by_one(world):
    for day in range(20):
        world.enos.put(f"3377-202610{day + 10}00", end=f"2026-11-21 10:{day:02}:00")
    world.settings = replace(world.settings, lookback_hours=24 * 90)
    world.start()
    await world.poll()
    assert len(world.only().occurrences) == 21
    replies = world.store.replies(world.only().home.post)
    assert len(replies) == 6
    assert replies[-1]["text"].startswith("MORE FAILURES · ")


async def test_a_flow_without_owners_is_asked_three_times_at_most(world):
    world.enos.put("3500-2026112100", owners=())
    world.enos.flow_owners = ()
    await world.poll()
    for _ in range(6):
        await world.follow(after=601)
    assert len([1 for name, _ in world.enos.calls if name == "flow"]) == 3


async def test_the_reply_to_a_further_failure_tells_its_task_and_error_line(world):
    world.enos.put("3377-2026112200", name="report", end="2026-11-22 02:00:00", log="ERROR no rows")
    await world.poll()
    (reply,) = world.store.replies(world.only().home.post)
    assert reply["text"] == "FAILED AGAIN · report · task transform"
    assert "ERROR no rows" in str(reply)


async def test_an_unreadable_log_leaves_the_rest(world):
    world.enos.put("3500-2026112100", name="other", log="ERROR x")
    world.enos.fail["log"] = [Down()]
    await world.poll()
    assert world.lines()[1] == "FAILED · other · task transform"


async def test_a_bug_in_a_closer_look_is_logged_and_holds_nothing_up(world, caplog):
    world.enos.put("3500-2026112100", name="other")
    world.enos.fail["instance"] = [RuntimeError("poison")]
    await world.poll()
    assert world.lines()[1] == "FAILED · other"
    assert "Reading the details of a failure hit a bug" in caplog.text


async def test_of_a_flow_that_a_reading_brings_on_many_pages_each_failure_that_is_told_is_looked_at_once():
    world = await World().begin()
    world.enos.page = 2
    for hour in range(9):
        world.enos.put(f"3377-202611210{hour}", end=f"2026-11-21 0{hour}:30:00")
    await world.monitor.poll(world.now)
    await world.monitor.wait_until_idle()
    looked_at = [about for name, about in world.enos.calls if name == "instance"]
    told = {f"3377-202611210{hour}" for hour in (8, 7, 6, 5, 4, 3)}  # the newest on the card, five in replies
    assert (len(looked_at), set(looked_at)) == (6, told)
    assert world.only().occurrences[-1].failed_task_name == "transform"
    assert {each.instance for each in world.only().occurrences if each.failed_task_name} == told


async def test_a_look_that_is_cut_off_is_taken_up_by_following():
    world = await World().begin()
    world.enos.put("3377-2026112100", name="report")
    real, world.enos.instance = world.enos.instance, hang
    await world.monitor.poll(world.now)
    await world.monitor.stop()
    world.enos.instance = real
    world.start()
    assert world.lines() == ["FAILED · report"]
    await world.follow(after=61)
    assert world.lines() == ["FAILED · report · task transform"]
