"""The flow cache: never waits, is read again behind the answer, and does not grow without end."""

import asyncio
from datetime import timedelta

import pytest

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.model import FlowName
from bot.core.history.runs import PastRun
from bot.core.people.model import Link, Person
from bot.core.text.message import msg, plain
from bot.work.commands import flow_list
from bot.work.commands.flow_list import READ_AGAIN, FlowLists


def link(user="u15432100000000011", name="maya.chen", *, verified=True):
    return Link(Person("T0DEMO0001", "U" + user[1:]), user, name, verified)


class Listing:
    """EnOS's list of a person's flows: held back until ``go`` is set."""

    def __init__(self, flows):
        self.flows, self.asked, self.go, self.fails = flows, [], asyncio.Event(), None

    async def my_flows(self, _expression="", *, as_user=None):
        self.asked.append(as_user)
        await self.go.wait()
        if self.fails is not None:
            raise self.fails
        return self.flows


@pytest.fixture
async def listing(world):
    """EnOS with three flows, two of which this person may change."""
    names = (
        FlowName(2809, "turbine-10min", editable=True, cycle="mi"),
        FlowName(3377, "daily-energy-report", editable=True, cycle="D"),
        FlowName(3318, "reduce_entity", editable=False),
    )
    world.enos = Listing(names)
    world.restart()
    yield world.enos
    await world.services.flow_lists.close()


async def read(world, who):
    """The list of a person once what is being read was read."""
    return await world.services.flow_lists.read(world.services, who, 5)


def now(world, who):
    return world.services.flow_lists.flows(world.services, who)


async def test_nobody_waits_and_the_list_is_there_a_moment_later(world, listing):
    first = now(world, link())
    assert (first.flows, first.age, first.reading) == ((), None, True)
    assert now(world, link()).reading
    listing.go.set()
    then = await read(world, link())
    assert [each.name for each in then.flows] == ["daily-energy-report", "reduce_entity", "turbine-10min"]
    assert (then.age, then.reading, then.trouble) == (timedelta(), False, None)
    assert listing.asked == [link().user_id]  # once


async def test_it_says_its_age_and_is_read_again_behind_the_answer(world, listing):
    listing.go.set()
    await read(world, link())
    world.later(seconds=59)
    assert not now(world, link()).reading
    world.later(minutes=2)
    listing.go.clear()
    listing.flows = listing.flows[:1]
    old = now(world, link())
    assert (old.age, old.reading, len(old.flows)) == (timedelta(seconds=179), True, 3)
    listing.go.set()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, return_when=asyncio.FIRST_COMPLETED)
    assert len(now(world, link()).flows) == 1


async def test_what_is_remembered_of_a_flow_is_said(world, listing):
    await world.breaks(flow=2809, instance="2809-20261121020000", name="turbine-10min", owners=("jonas.weber",))
    at = world.now - timedelta(hours=4)
    run = PastRun("3377-2026112110", 3377, at.replace(hour=10, minute=0, second=0, microsecond=0), 1)
    ahead = PastRun("3377-2026112210", 3377, run.triggered_at + timedelta(days=1), 0)
    await world.store.add_past_runs([run, ahead])
    listing.go.set()
    report, reduce, turbine = (await read(world, link())).flows
    assert (report.status, report.at, report.owners, report.editable) == (1, run.triggered_at, ("maya.chen",), True)
    assert (reduce.status, reduce.at, reduce.owners, reduce.editable) == (None, None, (), False)
    assert turbine.owners == ("jonas.weber", "maya.chen")


async def test_a_link_that_is_not_verified_makes_nobody_an_owner(world, listing):
    listing.go.set()
    assert {each.owners for each in (await read(world, link(verified=False))).flows} == {()}


async def test_a_search_never_waits(world, listing):
    lists = world.services.flow_lists
    assert lists.search(world.services, link(), "turb", 5).flows == ()
    listing.go.set()
    await read(world, link())
    found = lists.search(world.services, link(), "turb", 5)
    assert ([each.id for each in found.flows], found.age) == ([2809], timedelta())


async def test_a_failure_keeps_the_list_and_is_tried_again_later(world, listing):
    listing.go.set()
    await read(world, link())
    listing.fails = TemporaryFailure(msg("EnOS did not answer within {n} s. Try again in a minute.", n=20))
    world.later(minutes=2)
    await settled(world)
    known = now(world, link())
    assert (len(known.flows), known.age, known.trouble) == (3, timedelta(minutes=2), listing.fails)
    assert not known.reading
    world.later(seconds=61)
    listing.fails = None
    await settled(world)
    assert (now(world, link()).trouble, now(world, link()).age) == (None, timedelta())


async def test_a_user_that_enos_refuses_sees_nothing_from_memory(world, listing):
    listing.go.set()
    await read(world, link())
    listing.fails = Refusal("no_right", msg("EnOS has no such user."))
    world.later(minutes=2)
    await settled(world)
    assert (now(world, link()).flows, now(world, link()).trouble) == ((), listing.fails)


async def test_a_bug_is_logged_and_does_not_stop_the_next_read(world, listing, caplog):
    listing.fails = ValueError("a bug")
    listing.go.set()
    await settled(world)
    assert "could not be read" in caplog.text
    # Whoever asks is not told for ever that the list is being read.
    assert "Something broke on my side" in plain(now(world, link()).trouble.message)
    listing.fails = None
    world.later(minutes=2)
    await settled(world)
    assert len(now(world, link()).flows) == 3


async def settled(world, who=None):
    """Ask, and let the read behind the answer end."""
    now(world, who or link())
    while now(world, who or link()).reading:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, return_when=asyncio.FIRST_COMPLETED)


async def test_enos_is_asked_for_two_people_at_a_time(world, listing):
    people = [link(f"u{n}", f"person.{n}") for n in range(5)]
    read_one = asyncio.Event()
    world.services.flow_lists.on_read = lambda _user: read_one.set()
    for each in people:
        now(world, each)
    await asyncio.sleep(0)
    assert len(listing.asked) == 2
    listing.go.set()
    await read_one.wait()
    for each in people:
        await settled(world, each)
    assert len(listing.asked) == 5


async def test_those_who_asked_least_recently_are_forgotten(world, listing, monkeypatch):
    monkeypatch.setattr(flow_list, "MOST_ROWS", 7)
    listing.go.set()
    for n in (1, 2, 1, 3):
        await settled(world, link(f"u{n}"))
    lists = world.services.flow_lists
    assert {n: len(lists._known[f"u{n}"].flows) for n in (1, 2, 3) if f"u{n}" in lists._known} == {1: 3, 3: 3}


async def test_of_very_many_flows_those_that_may_be_changed_are_kept(world, listing, monkeypatch):
    monkeypatch.setattr(flow_list, "MOST_FLOWS", 2)
    listing.go.set()
    await settled(world)
    known = now(world, link())
    assert ([each.id for each in known.flows], known.left_out) == ([3377, 2809], 1)


@pytest.mark.usefixtures("listing")
async def test_a_first_read_starts_at_once_and_a_later_one_gives_way(world):
    waited = []

    async def pause(seconds):
        waited.append(seconds)
        world.later(seconds=4)

    lists = FlowLists(is_busy=lambda: True, pause=pause)
    object.__setattr__(world.services, "flow_lists", lists)
    world.enos.go.set()
    await settled(world)
    assert waited == []
    world.later(seconds=READ_AGAIN.total_seconds() + 1)
    await settled(world)
    assert len(waited) == 3  # for ten seconds at most
    await lists.close()


async def test_closing_stops_what_is_being_read(world, listing):
    now(world, link())
    await asyncio.sleep(0)
    await world.services.flow_lists.close()
    assert not now(world, link()).reading
    assert listing.asked == [link().user_id]
