"""The watcher over the real database: what the fakes promise, it keeps."""

from datetime import timedelta

import pytest
from monitor_world import MAYA, World
from new_database import new_store

from bot.core.flow.status import Status
from bot.core.incident.model import Phase
from bot.core.outbox.posts import PostKind, PostState


class Kept:
    """The real store, with deliveries that always succeed."""

    def __init__(self, store):
        self._store = store
        self.messages = {}
        self.order = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def deliver(self, now):
        return now

    async def send(self, now):
        """Send what is due until nothing is; return the texts."""
        texts = []
        while due := await self._store.due(now):
            for post in due:
                sending = await self._store.start_sending(post.new.id, now)
                if sending is None:
                    continue
                if sending.new.kind is PostKind.EDIT:
                    self.messages[sending.new.target] = sending.new.body
                else:
                    self.messages[post.new.id] = sending.new.body
                    self.order.append((post.new.id, sending.new.thread))
                await self._store.mark_sent(post.new.id, post.new.channel, f"ts-{post.new.id}", now)
                texts.append(sending.new.body["text"])
        return texts


@pytest.fixture
async def world(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        world = World(store=Kept(store), storm=0)
        await world.poll()
        await world.store.send(world.now + timedelta(seconds=5))
        world.store.order.clear()
        yield world


async def told(world, seconds=5):
    return await world.store.send(world.now + timedelta(seconds=seconds))


async def test_from_failure_to_recovery(world):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00", log="ERROR no rows")
    await world.poll()
    assert await told(world) == ["FAILED · report · task transform"]
    (incident,) = await world.store.incidents()
    await world.incident_actions.acknowledge(incident.id, MAYA, world.now)
    assert [text.split(" until")[0] for text in await told(world)] == [
        "ACKNOWLEDGED · report",
        "ACKNOWLEDGED · report · task transform",
    ]
    world.enos.put("3377-2026112200", Status.SUCCESS, name="report", end="2026-11-22 02:00:00")
    await world.follow(after=30)
    assert (await told(world))[-1] == "RECOVERED · report · no successful run for 2026-11-21 00:00 UTC"
    assert (await world.store.incident(incident.id)).phase is Phase.RECOVERED
    (top, *replies) = world.store.order
    assert top == (incident.home.post, "")
    assert {thread for _, thread in replies} == {f"ts-{incident.home.post}"}


async def test_polls_and_restarts_repeat_nothing(world):
    for number in range(120):
        world.enos.put(f"{5000 + number}-2026112108")
    await world.poll()
    assert len(await told(world, 600)) == 120
    for _ in range(3):
        world.start()
        await world.poll()
        await world.follow()
        assert await told(world, 600) == []
    counts = await world.store.post_counts()
    assert counts.get(PostState.QUEUED.value, 0) == 0


async def test_a_new_database_is_announced_once(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        world = World(store=Kept(store))
        world.enos.put("3377-2026112108", name="report")
        await world.poll()
        assert await told(world) == ["flowbot is watching · 1 flow is broken now"]
        world.start()
        await world.poll()
        await world.follow()
        assert await told(world) == []
        (incident,) = await store.incidents()
        await world.incident_actions.acknowledge(incident.id, MAYA, world.now)
        await world.follow()
        assert len(await told(world)) == 2
        assert "ACKNOWLEDGED" in str(world.store.messages[incident.home.post])


async def test_trouble_with_the_database_is_not_called_an_outage_of_enos(world):
    from bot.core.errors import TemporaryFailure

    class Full(TemporaryFailure):
        pass

    async def full(*_args):
        raise Full

    world.enos.put("3377-2026112108")
    world.store.observe = full
    with pytest.raises(Full):
        await world.poll()
    del world.store.observe
    await world.poll()
    assert await told(world) == ["FAILED · flow-3377 · task transform"]
