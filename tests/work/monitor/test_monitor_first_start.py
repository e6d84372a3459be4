"""The first start with a new database: one message, each broken flow an incident under it."""

from memory_enos import Down
from monitor_world import MAYA, World
from watched_store import Killed, WatchedStore

from bot.core.flow.status import Status
from bot.core.incident.model import Phase
from bot.core.outbox.posts import PostKind


def broken(world, count=3):
    for number in range(count):
        world.enos.put(f"{4000 + number}-2026112108", name=f"flow {number}", kind=number % 3)


async def test_a_new_database_is_announced_with_the_flows_broken_now_under_one_message():
    world = World()
    broken(world)
    await world.poll()
    (card,) = world.store.cards()
    assert card["text"] == "flowbot is watching · 3 flows are broken now"
    assert [f"FAILED · flow {n} · task transform" in str(card) for n in range(3)] == [True] * 3
    assert all(incident.home.grouped for incident in world.store.kept.values())
    assert len(world.store.kept) == 3


async def test_nothing_broken_is_said_too():
    world = World()
    await world.poll()
    assert world.lines() == ["flowbot is watching · no flow is broken now"]


async def test_what_has_recovered_within_the_window_is_not_told_as_broken():
    world = World()
    broken(world, 3)
    world.enos.put("4001-2026112109", Status.SUCCESS, name="flow 1", end="2026-11-21 10:00:00")
    await world.poll()
    (card,) = world.store.cards()
    assert card["text"] == "flowbot is watching · 2 flows are broken now"
    assert "RECOVERED · flow 1" in str(card)


async def test_where_good_runs_cannot_be_read_the_first_start_tells_all_that_failed():
    world = World()
    broken(world, 2)
    world.enos.put("4001-2026112109", Status.SUCCESS, name="flow 1", end="2026-11-21 10:00:00")
    world.enos.fail["search"] = [None, None, None, Down(), Down(), Down()]
    await world.poll()
    assert world.lines() == ["flowbot is watching · 2 flows are broken now"]
    await world.follow(after=30)
    assert world.store.cards()[0]["text"] == "flowbot is watching · 1 flow is broken now"


async def test_a_second_poll_says_nothing_more():
    world = World()
    broken(world)
    await world.poll()
    assert await world.poll() == []


async def test_several_failures_of_one_flow_are_one_row():
    world = World()
    for hour in ("06", "07", "08"):
        world.enos.put(f"3377-20261121{hour}", end=f"2026-11-21 {hour}:30:00")
    await world.poll()
    (incident,) = world.store.kept.values()
    assert [each.instance[-2:] for each in incident.occurrences] == ["06", "07", "08"]


async def test_the_message_shows_the_present_state_of_each():
    world = World()
    broken(world, 2)
    await world.poll()
    first = next(iter(world.store.kept))
    await world.incident_actions.acknowledge(first, MAYA, world.now)
    await world.follow()
    (card,) = world.store.cards()
    assert "ACKNOWLEDGED · flow" in str(card)
    assert card["text"] == "flowbot is watching · 2 flows are broken now"
    (reply,) = world.store.replies(world.store.kept[first].home.post)
    assert reply["text"].startswith("ACKNOWLEDGED · flow")


async def test_a_further_failure_gives_a_gathered_incident_a_thread_of_its_own():
    world = World()
    broken(world, 2)
    await world.poll()
    world.enos.put("4000-2026112109", name="flow 0", end="2026-11-21 09:30:00", kind=0)
    await world.poll()
    assert world.lines()[1:] == ["FAILED · flow 0 · task transform"]
    assert sorted(incident.home.grouped for incident in world.store.kept.values()) == [False, True]


async def test_a_recovery_is_told_under_the_message_and_shown_on_it():
    world = World()
    broken(world, 2)
    await world.poll()
    world.enos.put("4001-2026112108", Status.SUCCESS, name="flow 1", end="2026-11-21 10:00:00")
    await world.follow(after=120)
    await world.follow(after=30)
    (card,) = world.store.cards()
    assert "RECOVERED · flow 1" in str(card)
    assert card["text"] == "flowbot is watching · 1 flow is broken now"


async def test_a_hundred_broken_flows_stay_readable():
    world = World()
    broken(world, 100)
    await world.poll()
    (card,) = world.store.cards()
    assert "100 flows are broken now" in card["text"]
    assert "and 70 more" in str(card)
    assert len(card["blocks"]) <= 50
    assert len(world.store.kept) == 100


async def test_a_death_anywhere_during_the_first_reading_still_gives_one_message():
    for writes in range(14):
        world = World()
        broken(world)
        world.store.die_after = writes
        try:
            await world.poll()
        except Killed:
            await world.monitor.stop()
        world.store.die_after = None
        world.start()
        await world.poll()
        await world.follow()
        messages = [post.new for post in world.store.posts.values() if post.new.kind is PostKind.MESSAGE]
        assert len(messages) == 1, f"died after {writes} writes"
        assert len(world.store.kept) == 3
        assert {incident.home.post for incident in world.store.kept.values()} == {messages[0].id}


async def test_a_first_reading_that_fails_in_part_continues_the_group():
    world = World()
    broken(world)
    world.enos.fail["search"] = [None, Down()]
    await world.poll()
    assert world.lines() == []
    await world.poll()
    assert world.lines() == ["flowbot is watching · 3 flows are broken now"]


async def test_after_a_week_the_message_is_left_as_it_is():
    world = World(store=WatchedStore())
    broken(world, 1)
    await world.poll()
    await world.follow(after=8 * 86400)
    assert "announcement" not in world.store.named
    world.start()
    first = next(iter(world.store.kept))
    await world.incident_actions.close(first, MAYA, world.now)
    await world.follow()
    assert world.store.kept[first].phase is Phase.CLOSED
