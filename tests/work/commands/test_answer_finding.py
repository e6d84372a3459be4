"""Finding flows and listing one's own: what EnOS hides stays hidden, and EnOS is asked for little."""

import asyncio

import pytest
from answer_world import FAILED

from bot.core.flow.model import FlowName
from bot.core.flow.status import Status
from bot.enos.errors import Unreachable
from bot.work.commands import finding, flow_list

JONAS = "u15432100000000012"


def asked(world, call):
    return [what for name, _, *what in world.enos.calls if name == call]


@pytest.mark.parametrize("words", ["find 3377", "find transform", "find energy", "find maya.chen", "查找 maya"])
async def test_what_is_hidden_is_not_found(world, jonas, maya, words):
    await world.breaks()
    world.enos.run(FAILED)
    world.enos.hidden[3377] = {JONAS}
    (seen,) = await jonas.says(words)
    assert "daily-energy-report" not in seen.text
    (theirs,) = await maya.says(words)
    assert "daily-energy-report" in theirs.text


async def test_what_could_not_be_checked_is_counted(world, jonas):
    await world.breaks()
    world.enos.faults["flow"] = [Unreachable("EnOS")]
    (seen,) = await jonas.says("find transform")
    assert "I found no flow that I could check." in seen.text
    assert "1 more is left out" in seen.text


async def test_where_something_is_found_enos_is_not_asked_for_all_flows(world, jonas):
    await jonas.says("find forecast wide")
    assert asked(world, "all_flows") == [["forecast"]]
    assert asked(world, "search") == []
    assert asked(world, "flow") == []


@pytest.mark.parametrize(("words", "asks"), [("find maya", 3), ("find chen", 3), ("find ma", 0), ("find hen", 0)])
async def test_an_owner_is_meant_by_the_beginning_of_their_name(world, jonas, words, asks):
    world.enos.add(9001, f"{words.removeprefix('find ')}-flow", "jonas.weber")
    await jonas.says(words)
    assert len(asked(world, "search")) == asks


async def test_a_flow_of_ones_own_list_needs_no_check(world, maya):
    await world.breaks()
    await maya.says("mine")
    await maya.says("find transform")
    assert asked(world, "flow") == []


async def test_of_an_owner_with_many_runs_one_page_more_than_enough_is_read(world, jonas, monkeypatch):
    monkeypatch.setattr(finding, "_ROWS", 50)
    for hour in range(24):
        for minute in range(0, 60, 10):
            world.enos.run(f"2809-20261120{hour:02}{minute:02}")
    pages = []
    search = world.enos.search

    async def counted(*terms, **more):
        async for page in search(*terms, **more):
            pages.append(len(page.rows))
            yield page

    world.enos.search = counted
    (seen,) = await jonas.says("find <@U0JONAS0001>")
    assert "Flows found: 1" in seen.text
    assert sum(pages) <= 60


async def test_what_is_found_is_triggered_from_its_row(world, maya):
    (seen,) = await maya.says("find turbine")
    options = seen.body["blocks"][1]["accessory"]["options"]
    assert [option["value"].rpartition("|")[2] for option in options] == ["show 2809", "trigger 2809"]


async def test_a_list_that_enos_does_not_send_in_time_is_promised(world, maya, monkeypatch):
    monkeypatch.setattr(finding, "PATIENCE", 0.01)
    go = asyncio.Event()
    my_flows = world.enos.my_flows

    async def late(*terms, **more):
        await go.wait()
        return await my_flows(*terms, **more)

    world.enos.my_flows = late
    (seen,) = await maya.says("mine")
    assert "I'm still reading your flows" in seen.text
    go.set()
    (seen,) = await maya.presses(seen, "My flows")
    assert "Your flows: 6" in seen.text


async def test_of_very_many_flows_it_is_said_how_many_are_left_out(world, maya, monkeypatch):
    monkeypatch.setattr(flow_list, "MOST_FLOWS", 2)
    (seen,) = await maya.says("mine")
    assert "Your flows: 2" in seen.text
    assert "4 more flows are left out." in seen.text


async def test_a_flow_that_is_not_mine_to_change_is_last_and_says_so(world, maya):
    async def my_flows(*_terms, **_more):
        return FlowName(9, "a-first", editable=False), FlowName(3377, "daily-energy-report", editable=True)

    world.enos.my_flows = my_flows
    (seen,) = await maya.says("mine")
    assert seen.text.index("daily-energy-report") < seen.text.index("a-first")
    assert seen.text.count("read-only for you") == 1


async def test_an_acknowledged_flow_is_broken_still_and_says_who_is_on_it(world, maya):
    await world.breaks()
    await maya.says("ack 3377 for 2h")
    world.enos.run("3377-20261121142000", Status.RUNNING)
    (seen,) = await maya.says("mine")
    first = seen.text.splitlines()[1]
    assert "daily-energy-report" in first
    assert "acknowledged by <@U0MAYA00001> until" in first
