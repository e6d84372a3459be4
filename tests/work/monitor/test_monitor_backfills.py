"""Failures of runs that a backfill has started: its message tells them, and nobody is called about each."""

import pytest
from monitor_world import MAYA, World

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run
from bot.core.flow.status import Status

OURS, NEXT, NIGHTLY = "3377-20261119160000", "3377-20261120160000", "3377-2026112100"


@pytest.fixture
async def world():
    world = await World().begin()
    for run in (OURS, NEXT):
        await world.store.put_run(
            Run(InstanceId(run), FlowId(3377), "report", str(MAYA), "", world.now, "C0DATAOPS1", verb="backfill")
        )
    return world


async def test_they_open_no_incident(world):
    world.enos.put(OURS, kind=2, name="report")
    await world.poll()
    world.enos.put(NEXT, kind=2, name="report")
    await world.poll()
    assert (world.store.kept, world.lines()) == ({}, [])


async def test_in_an_open_incident_of_the_flow_they_count_as_ever(world):
    world.enos.put(NIGHTLY, name="report")
    await world.poll()
    world.enos.put(OURS, kind=2, name="report")
    await world.poll()
    assert [each.instance for each in world.only().occurrences] == [NIGHTLY, OURS]


async def test_what_the_schedule_starts_opens_one_as_ever(world):
    world.enos.put(OURS, kind=2, name="report")
    await world.poll()
    world.enos.put(NIGHTLY, name="report")
    await world.poll()
    assert [each.instance for each in world.only().occurrences] == [NIGHTLY]


async def test_one_that_fails_again_in_the_console_is_told(world):
    world.enos.put(OURS, kind=2, name="report")
    await world.poll()
    world.enos.put(OURS, Status.FAIL, kind=2, name="report", end="2026-11-21 11:00:00")
    await world.poll()
    assert [each.instance for each in world.only().occurrences] == [OURS]
