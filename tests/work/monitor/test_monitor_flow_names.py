"""A flow that is renamed is shown by its new name from then on, and that is no news by itself."""

import contextlib
from datetime import timedelta

import pytest
from memory_enos import Down, MemoryEnos
from monitor_world import World
from new_database import new_store

from bot.core.flow.model import Flow, FlowName
from bot.core.flow.status import Status
from bot.core.incident.model import Phase
from bot.core.outbox.posts import PostKind
from bot.work.monitor.flow_names import FlowNames, ListedNames, NameTrackingEnos
from bot.work.monitor.owners import OwnerResolver

RUN, LATER = "3377-2026112108", "3377-2026112109"


@pytest.fixture
async def world():
    return await World().begin()


def names(world):
    return {each.flow_name for each in world.store.kept.values()}


async def test_a_known_row_with_a_new_name_redraws_the_card_and_says_nothing(world):
    world.enos.put(RUN, name="old")
    await world.poll()
    for number in range(5):
        world.enos.put(f"40{number}0-2026112108")
    await world.poll()
    world.enos.put(RUN, name="new", quiet=True)
    sent = await world.poll()
    assert [post.kind for post in sent] == [PostKind.EDIT]
    assert world.lines()[0] == "FAILED · new · task transform"
    world.enos.calls.clear()
    for _ in range(3):
        assert await world.poll() == []
    assert len(world.enos.calls) == 9  # three for each idle poll
    world.enos.put(LATER, name="new", end="2026-11-21 10:00:00")
    await world.poll()
    (incident,) = [each for each in world.store.kept.values() if each.flow_id == 3377]
    assert [reply["text"] for reply in world.store.replies(incident.home.post)] == [
        "FAILED AGAIN · new · task transform"
    ]


async def test_a_rename_is_neither_disorder_nor_news_to_a_sweep(world):
    for number in range(120):
        world.enos.put(f"{4000 + number}-2026112108")
    await world.poll()
    for number in range(120):
        world.enos.put(f"{4000 + number}-2026112108", name=f"new {number}", quiet=True)
    await world.poll(after=700)  # a sweep
    assert names(world) == {f"new {number}" for number in range(120)}
    assert not [line for line in world.lines() if "order" in line]
    assert world.monitor.health(world.now).read_to_the_end == ()


async def test_a_new_failure_brings_the_new_name_to_the_card(world):
    world.enos.put(RUN, name="old")
    await world.poll()
    del world.enos.rows[RUN]
    world.enos.put(LATER, name="new", end="2026-11-21 10:00:00")
    await world.poll()
    (card,) = world.lines()
    assert "new" in card


async def test_the_name_that_an_older_run_was_listed_with_is_left_in_the_past(world):
    world.enos.put(LATER, name="new")
    await world.poll()
    world.enos.put(RUN, name="old")
    await world.poll()
    assert names(world) == {"new"}
    for _ in range(3):
        assert await world.poll(after=700) == []  # and the two do not take turns


async def test_an_old_run_that_is_listed_with_another_name_than_before_tells_the_new_one(world):
    for run in (RUN, LATER):
        world.enos.put(run, name="old")
    await world.poll()
    del world.enos.rows[LATER]
    world.enos.put(RUN, name="new", quiet=True)
    await world.poll()
    assert names(world) == {"new"}


async def test_a_row_without_a_name_unnames_nothing(world):
    world.enos.put(RUN, name="old")
    await world.poll()
    row = world.enos.rows[RUN]
    row.instance = type(row.instance)(**{**_fields(row.instance), "flow_name": ""})
    assert await world.poll() == []
    assert names(world) == {"old"}


def _fields(value):
    return {name: getattr(value, name) for name in value.__slots__}


async def test_renamed_while_flowbot_was_down(world):
    world.enos.put(RUN, name="old")
    await world.poll()
    world.enos.put(RUN, name="new", quiet=True)
    world.start()
    await world.follow(after=120)  # reads the run of each open incident
    assert names(world) == {"new"}


async def test_each_instance_has_its_own_incident_and_all_take_the_name():
    world = await World(group_by="instance").begin()
    for run in (RUN, LATER):
        world.enos.put(run, name="old")
    await world.poll()
    for run in (RUN, LATER):
        world.enos.put(run, name="new", quiet=True)
    sent = await world.poll()
    assert names(world) == {"new"}
    assert [post.kind for post in sent] == [PostKind.EDIT, PostKind.EDIT]


async def test_the_board_of_a_storm_shows_the_new_name():
    world = await World(storm=3).begin()
    for number in range(8):
        world.enos.put(f"{4000 + number}-2026112108")
    await world.poll()
    world.enos.put("4003-2026112108", name="renamed", quiet=True)
    await world.poll()
    await world.monitor.refresh_groups()
    world.store.deliver(world.now)
    (board,) = world.store.cards()
    assert "renamed" in str(board)
    assert "flow-4003" not in str(board)


@pytest.mark.parametrize("error", [Down(), OverflowError()])
async def test_a_name_that_is_not_stored_yet_is_not_forgotten(world, error):
    world.enos.put(RUN, name="old")
    await world.poll()
    world.enos.put(RUN, name="new", quiet=True)
    observe = world.store.observe

    async def dies(instances, *args, **more):
        if instances:
            raise error
        return await observe(instances, *args, **more)

    world.store.observe = dies
    with contextlib.suppress(Down):
        await world.monitor.poll(world.now)
    world.store.observe = observe
    await world.poll()
    assert names(world) == {"new"}


class Renaming(MemoryEnos):
    """Names its flows as it is told."""

    name = "new"

    async def flow(self, flow, *, as_user=None):
        return Flow(flow, self.name, active=True)


@pytest.mark.parametrize("ask", ["flow", "all_flows", "my_flows", "instance"])
async def test_whoever_asks_enos_hears_the_name(ask):
    world = await World(enos=Renaming()).begin()
    world.enos.put(RUN, name="old")
    await world.poll()
    world.enos.put(RUN, name="new", quiet=True)
    world.enos.flows[3377] = FlowName(3377, "new")
    woken = []
    naming = FlowNames(world.store, OwnerResolver(_Nobody()), world.new_id, lambda: woken.append(1))
    enos = NameTrackingEnos(world.enos, naming, lambda: world.now)
    for _ in range(2):
        await getattr(enos, ask)(*{"flow": [3377], "instance": [RUN]}.get(ask, []))
    assert names(world) == {"new"}
    assert len(woken) == 1


class _Nobody:
    async def people_of(self, _owners):
        return {}


async def test_all_other_calls_are_passed_on():
    class Recorder:
        def __getattr__(self, name):
            return lambda *args, **more: (name, args, more)

    enos = NameTrackingEnos(Recorder(), None, None)
    for name in ("search", "log", "trigger", "trigger_from_task", "trigger_with", "cancel", "enable", "disable"):
        assert getattr(enos, name)(1, as_user="u") == (name, (1,), {"as_user": "u"})


async def test_ended_incidents_and_runs_take_the_name_in_the_database(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        world = World(store=store)
        await world.monitor.poll(world.now)
        world.enos.put(RUN, name="old")
        await _polled(world)
        (first,) = await store.incidents()
        world.enos.put(RUN, Status.SUCCESS, name="old", end="2026-11-21 09:30:00")
        await world.monitor.follow(world.now)
        await world.monitor.wait_until_idle()
        world.enos.put(LATER, name="new", end="2026-11-21 10:00:00")
        await _polled(world)
        world.enos.put(LATER, name="newest", quiet=True)
        await _polled(world)
        found = await store.incidents(live=False)
        assert {each.flow_name for each in found} == {"newest"}
        assert {each.phase for each in found} <= {Phase.OPEN, Phase.RECOVERED}
        assert (await store.incident(first.id)).flow_name == "newest"
        await world.monitor.stop()


async def _polled(world):
    world.now += timedelta(seconds=30)
    await world.monitor.poll(world.now)
    await world.monitor.wait_until_idle()


def test_only_a_number_of_names_is_remembered():
    enos, printed = MemoryEnos(), ListedNames(limit=2)
    rows = [enos.put(f"{3000 + number}-2026112108", name="old") for number in range(2)]
    printed.remember(rows)
    renamed = enos.put("3000-2026112108", name="new")
    assert printed.renamed([renamed]) == {renamed.id}
    printed.remember([enos.put("3002-2026112108")])
    assert printed.renamed([renamed]) == frozenset()  # forgotten is no news
