"""What cannot be seen is said."""

from memory_enos import Down
from watch_world import World

from bot.work.watch_coverage import Watched


async def platform(seen=None):
    world = World()
    for number in range(240):
        world.enos.flows[number] = type("", (), {"id": number, "name": f"flow {number}"})
    world.enos.seen_by_watcher = seen
    return await world.begin()


async def test_a_gap_is_an_alarm_that_names_the_flows_and_the_way_to_mend_it():
    world = await platform(seen=set(range(212)))
    await world.follow()
    (line,) = world.lines()
    assert line == "I watch 212 of 240 flows: failures of the others are not seen"
    card = str(world.store.cards())
    assert "flow 212" in card
    assert "ENOS_USER_ID" in card
    assert world.watch.health(world.now).watched == Watched(212, 240)


async def test_all_seen_says_nothing():
    world = await platform()
    await world.follow()
    assert world.lines() == []
    assert world.watch.health(world.now).watched == Watched(240, 240)


async def test_it_is_compared_daily_and_told_once():
    world = await platform(seen=set(range(212)))
    await world.follow()
    world.enos.calls.clear()
    await world.follow(after=3600)
    assert world.enos.calls == []
    await world.follow(after=86400)
    assert [name for name, _ in world.enos.calls] == ["all_flows", "my_flows"]
    world.start()
    await world.follow()
    assert len(world.lines()) == 1


async def test_a_gap_that_closes_is_told():
    world = await platform(seen=set(range(212)))
    await world.follow()
    world.enos.seen_by_watcher = None
    await world.follow(after=86400)
    assert world.lines()[1:] == ["I watch all 240 flows of the organization now."]


async def test_an_outage_is_tried_again_in_ten_minutes():
    world = await platform(seen=set(range(212)))
    world.enos.fail["all_flows"] = [Down()]
    await world.follow()
    assert world.lines() == []
    await world.follow(after=601)
    assert len(world.lines()) == 1
