"""EnOS out of reach: one notice, a growing back-off, one all-clear with what was caught up."""

import itertools
from datetime import timedelta

import pytest
from memory_enos import Down
from monitor_world import World
from watched_store import Killed

from bot.core.errors import Refusal
from bot.core.text.message import verbatim


@pytest.fixture
async def world():
    return await World().begin()


def down(world, times=3):
    world.enos.fail["search"] = [Down() for _ in range(times)]


async def test_one_notice_then_one_all_clear_with_what_was_caught_up(world):
    for _ in range(6):
        down(world)
        await world.poll(after=700)
    assert world.lines() == ["Can't reach EnOS · failures are not seen now"]
    assert "EnOS did not answer within 10 s." in str(world.store.cards())
    assert not world.monitor.health(world.now).reachable
    world.enos.put("3377-2026112108")
    await world.poll(after=700)
    notice, failure, clear = world.store.cards()
    assert notice["text"].startswith("EnOS answers again after 1 h 10 min")
    assert failure["text"] == "FAILED · flow-3377 · task transform"
    assert "1 failure in that time" in clear["blocks"][0]["text"]["text"]
    assert world.monitor.health(world.now).reachable


async def test_nothing_caught_up_is_said_too(world):
    down(world)
    await world.poll()
    await world.poll(after=700)
    assert "No failures in that time." in str(world.store.cards()[-1])


async def test_the_back_off_grows_to_two_minutes(world):
    tries = []
    for second in range(600):
        world.now += timedelta(seconds=1)
        world.enos.calls.clear()
        down(world)
        await world.monitor.poll(world.now)
        if world.enos.calls:
            tries.append(second)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert pauses == [45, 68, 102, 120, 120, 120]


async def test_a_blip_of_one_type_is_not_an_outage_but_three_in_a_row_are(world):
    world.enos.put("3377-2026112108", kind=2)
    for _ in range(2):
        down(world, 1)
        await world.poll()
    assert world.lines() == ["FAILED · flow-3377 · task transform"]
    down(world, 1)
    await world.poll()
    assert world.lines()[1:] == ["Can't reach EnOS · failures are not seen now"]
    await world.poll()
    assert "EnOS answers again" in world.lines()[-1]


async def test_a_final_answer_is_told_as_well(world):
    refusal = Refusal("forbidden", verbatim("The user may not see this organization."))
    world.enos.fail["search"] = [refusal for _ in range(3)]
    await world.poll()
    assert "The user may not see this organization." in str(world.store.cards())


async def test_a_restart_during_an_outage_repeats_no_notice(world):
    down(world)
    await world.poll()
    world.start()
    down(world)
    await world.poll()
    assert len(world.lines()) == 1
    world.start()
    await world.poll()
    assert len(world.lines()) == 2
    assert "EnOS answers again after 1 min" in world.lines()[-1]


@pytest.mark.parametrize("writes", range(8))
async def test_a_death_anywhere_gives_one_notice_and_one_all_clear(world, writes):
    world.store.die_after = writes
    try:
        down(world)
        await world.poll()
        await world.poll(after=700)
    except Killed:
        world.start()
    world.store.die_after = None
    world.enos.fail.clear()
    await world.poll(after=700)
    await world.poll(after=700)
    starts = [line.split(" after")[0].split(",")[0] for line in world.lines()]
    noted = writes > 0  # died before it was noted, the outage is not known of: EnOS answers by then
    assert starts == ["EnOS answers again"] * 2 * noted, "the notice, edited, and the all-clear"


async def test_following_waits_while_enos_is_out_of_reach(world):
    world.enos.put("3377-2026112108")
    await world.poll()
    down(world)
    await world.poll()
    world.enos.calls.clear()
    await world.follow(after=120)
    assert world.enos.calls == []


async def test_poll_lag_is_known_and_becomes_an_alarm(world):
    assert world.monitor.health(world.now).lag is None
    await world.poll()
    assert world.monitor.health(world.now).lag == timedelta()
    assert not world.monitor.health(world.now + timedelta(seconds=200)).late
    late = world.monitor.health(world.now + timedelta(seconds=400))
    assert (late.lag, late.late) == (timedelta(seconds=400), True)


async def test_a_poll_that_is_still_at_work_is_not_joined_by_another(world):
    inner = []

    def again(_page):
        inner.append(world.monitor.poll(world.now))

    world.enos.on_page = again
    await world.poll()
    world.enos.on_page = None
    calls = len(world.enos.calls)
    for waiting in inner:
        waiting.close()
    assert calls == 3
