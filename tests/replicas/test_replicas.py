"""Several processes on one PostgreSQL database: whatever happens to one, nothing is lost and nothing doubled."""

import asyncio
import time

from replica_kit import told_once, two

from bench.soak.replica_world import ALEX, CHANNEL, ELSEWHERE, JONAS, MAYA, PATIENCE, STARTS_OVER, replica_world

HANGS = 60.0  # seconds: longer than any test


NEWER = """
from bot.store import schema
schema.STEPS = (*schema.STEPS, ("CREATE TABLE newer (id INTEGER PRIMARY KEY)",))
from bot.__main__ import main
main()
"""


async def test_two_that_start_together_share_the_work_until_a_newer_version_replaces_them(folder, url):
    async with replica_world(folder, url) as world:
        older = await asyncio.gather(world.start(wait=False), world.start(wait=False))
        await world.runs(*older)
        await world.watches()
        world.link_people()
        world.breaks()
        while len(world.rows("SELECT DISTINCT replica FROM deliveries")) < 2:
            await world.asks().answer
            await world.taken()
        await world.settled()
        assert world.rows("SELECT term FROM replication") == [(1,)], "one has led"

        (folder / "newer.py").write_text(NEWER)
        newer = await world.start(program=[str(folder / "newer.py")])
        async with asyncio.timeout(PATIENCE):
            assert [await each.process.wait() for each in older] == [0, 0]
        assert await world.leads(*older) is newer
        world.breaks()
        world.asks()
        await world.settled()
        told_once(world)
        assert [each.says("This flowbot is older and stops") for each in (*older, newer)] == [1, 1, 0]
        assert [each.complaints() for each in (*older, newer)] == [[], [], []]


async def test_a_stopped_leader_wakes_and_starts_over_and_one_that_is_asked_to_end_hands_over(folder, url):
    async with replica_world(folder, url) as world:
        first, second = await two(world)
        world.takes(second)
        for _ in range(4):
            world.breaks()
        await world.until(lambda: len(world.cards()) > 1)
        first.freeze()
        world.asks()
        assert await world.leads(first) is second
        first.wake()
        await world.until(lambda: first.says(STARTS_OVER))
        await world.runs(first, times=2)
        world.takes(first, second)
        world.asks()
        await world.settled()
        assert world.leader() is second

        for _ in range(3):
            world.breaks()
            world.asks()
        await world.until(lambda: not world.untold() or len(world.cards()) > 4)
        ending = asyncio.create_task(second.stop())
        assert await world.leads(second) is first
        assert await ending == 0
        world.takes(first)
        world.asks(ALEX)
        await world.settled()
        told_once(world)
        assert second.complaints() == []


async def test_the_leader_is_killed_in_a_burst(folder, url):
    async with replica_world(folder, url) as world:
        leader, follower = await two(world)
        world.takes(leader, follower)
        world.enos.faults.arm("slow", action="flows/get", seconds=0.5)  # it dies while people wait
        for _ in range(4):
            world.breaks()
            world.asks()
        await world.until(lambda: len(world.cards()) > 1)
        await world.taken()
        killed = time.time()
        await leader.kill()
        world.takes(follower)
        world.breaks()
        world.asks()
        assert await world.leads(leader) is follower
        await world.settled()
        told_once(world)
        print(f"the first message {world.first_after(killed):.1f} s after the leader was killed")  # noqa: T201
        assert follower.complaints() == []


async def test_one_trigger_pressed_on_both_starts_once(folder, url):
    async with replica_world(folder, url) as world:
        leader, follower = await two(world)
        world.takes(leader, follower)
        for number in (6001, 6002):
            world.flow(number, owners=["maya.chen", "jonas.weber"])
        world.enos.faults.arm("slow", action="trigger", seconds=1.0)  # each is on its way while the other comes
        await world.until(lambda: time.time() % 60 < 50)  # all within one minute
        both = [world.slack.say(who, CHANNEL, "/flow trigger 6001") for who in (MAYA, JONAS)]
        assert all([(await each).acked for each in both])
        await world.slack.fault("duplicate", times=1)
        world.slack.say(MAYA, ELSEWHERE, "/flow trigger 6002")
        await world.until(lambda: world.ended(6001) and world.ended(6002))
        await world.settled()
        assert len(world.enos.called("trigger")) == 2
        assert [len(world.enos.instances(number)) for number in (6001, 6002)] == [1, 1]
        ends = world.rows("SELECT outcome FROM attempts ORDER BY outcome")
        assert ends == [("done",), ("done",), ("refused:second_start",)], "each person is answered, each delivery once"
        assert len(world.rows("SELECT DISTINCT replica FROM attempts")) == 2
        assert not world.doubles()


async def test_what_a_killed_follower_had_in_hand_is_answered_by_the_leader(folder, url):
    async with replica_world(folder, url) as world:
        leader, follower = await two(world)
        world.takes(follower)
        world.flow(6001, active=True)
        begun = world.enos.faults.arm("slow", action="disable", seconds=HANGS, when="after")
        world.slack.say(MAYA, CHANNEL, "/flow disable 6001 confirmed")
        await world.until(lambda: begun.struck)
        received = world.enos.faults.arm("slow", action="flows/get", seconds=HANGS)
        world.asks()
        await world.until(lambda: received.struck)
        await follower.kill()
        world.enos.faults.clear()
        world.takes(leader)
        await world.until(lambda: world.hears(CHANNEL, "is off now"))
        await world.settled()
        told_once(world)
        assert world.rows("SELECT count(*) FROM attempts WHERE ended_at IS NULL") == [(0,)]
