"""Reads that break off after any page: what stood behind the break is told by the next poll."""

from collections import Counter

import pytest
from crash_databases import HISTORIES
from memory_enos import Down, MemoryEnos
from monitor_world import World

from bot.core.flow.model import KINDS
from bot.core.flow.status import Status

ROWS, PAGE = 9, 2  # of each type; five pages each
PAGES = 5 * len(KINDS)
STRIDE = 1 if HISTORIES else 7  # seven does not divide the pages of a type: in turn each of its five is reached


def fail_all(enos, start, count=ROWS):
    """So many flows of each type fail; return what is to be told."""
    ids = [f"{1000 * (kind + 1) + start + number}-2026112108" for kind in KINDS for number in range(count)]
    for id_ in ids:
        enos.put(id_, kind=int(id_[0]) - 1)
    return ids


def platform(order):
    enos = MemoryEnos()
    enos.page, enos.sorted_by = PAGE, order
    return enos


def assert_each_told_once(world, wanted):
    told = Counter(instance for instance, _ in world.told())
    assert [id_ for id_ in wanted if id_ not in told] == [], "hidden by the break"
    assert [id_ for id_, count in told.items() if count > 1] == [], "told twice"


@pytest.mark.parametrize(("order", "first"), [("update_time", 0), ("trigger_time", 1), ("", 2)])
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_poll_that_breaks_off_after_any_page_hides_nothing(order, first, restarts):
    for page in range((first + restarts) % STRIDE, PAGES, STRIDE):
        world = await World(enos=platform(order), storm=1000).begin()
        before = fail_all(world.enos, 0)
        await world.poll()
        news = fail_all(world.enos, 100)
        world.enos.fail["search"] = [None] * page + [Down()]
        await world.poll()
        world.enos.fail.clear()
        if restarts:
            world.start()
        await world.poll()
        assert_each_told_once(world, before + news)


async def test_a_first_reading_that_breaks_off_after_any_page_hides_nothing():
    for page in range(3 % STRIDE, PAGES, STRIDE):
        world = World(enos=platform("update_time"))
        broken = fail_all(world.enos, 0)
        world.enos.fail["search"] = [None] * page + [Down()]
        await world.poll()
        world.enos.fail.clear()
        world.start()
        await world.poll()
        assert_each_told_once(world, broken)
        assert len([line for line in world.lines() if "is watching" in line]) == 1


async def test_one_break_after_another_hides_nothing_in_the_end():
    world = await World(enos=platform("update_time"), storm=1000).begin()
    wanted = []
    for page in range(PAGES):
        wanted += fail_all(world.enos, 10 * page, count=3)
        world.enos.fail["search"] = [None] * page + [Down()]
        await world.poll()
    world.enos.fail.clear()
    await world.poll()
    assert_each_told_once(world, wanted)


async def test_what_fails_while_pages_are_turned_is_told_by_the_next_poll():
    """Rows move while they are read: what changes goes to the front, and pushes others onto the next page."""
    for page in range(2 % STRIDE, PAGES, STRIDE):
        world = await World(enos=platform("update_time"), storm=1000).begin()
        wanted = fail_all(world.enos, 0)
        turned = []

        def happens(_page, world=world, page=page, turned=turned, wanted=wanted):
            if len(turned) == page:
                wanted += fail_all(world.enos, 200, count=2)
                world.enos.put(wanted[0], Status.FAIL, kind=0, end="2026-11-21 09:30:00")
            turned.append(1)

        world.enos.on_page = happens
        await world.poll()
        world.enos.on_page = None
        await world.poll()
        told = {instance for instance, _ in world.told()}
        assert set(wanted) <= told, f"hidden, as page {page} was turned"
