"""flowbot's own delivery against the pretend Slack: tables in an older workspace, and replies to a whole channel."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from workspace_kit import slack

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.sim.slack.seed import DATA_ALERTS, FLOWBOT, MAYA, SAM
from bot.slack.directory import Identity
from bot.slack.poster import Poster
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery

LIST = Card(
    "Two flows",
    [blocks.section("Two flows"), blocks.table(["Flow"], [["north"], ["south"]])],
    fallback=[blocks.section("north, south")],
)


class Sender:
    """A delivery to the pretend Slack, and the clock that both follow."""

    def __init__(self, world, store):
        self.world, self.store, self.alarms = world, store, []
        self.poster = Poster(
            "xoxb-demo", api_url=f"{world.url}/api/", session=world.session, environment={}, clock=world.clock
        )
        self.poster.me = Identity("T0DEMO0001", FLOWBOT, "B0FLOWBOT1")
        self.delivery = Delivery(
            store, self.poster, self.now, default_channel=DATA_ALERTS, on_alarm=self.alarms.append, jitter=lambda: 0.0
        )

    def now(self):
        return datetime.fromtimestamp(self.world.clock.now, UTC)

    async def send(self, id_, body, **more):
        new = NewPost(PostId(id_), PostKind.MESSAGE, Lane.ALERT, DATA_ALERTS, body, self.now(), **more)
        await self.store.queue([new])
        for _ in range(12):
            await self.delivery.tick(self.now())
            self.world.clock.now += 1
        return await self.store.post(PostId(id_))

    @property
    def shown(self):
        return self.world.workspace.visible(MAYA, DATA_ALERTS)


@pytest.fixture
async def sender(tmp_path):
    @asynccontextmanager
    async def made():
        async with slack() as world, Store.open(tmp_path / "flowbot.db") as store:
            yield Sender(world, store)

    async with made() as each:
        yield each


async def test_a_table_is_taken_by_a_new_workspace_and_said_as_text_in_an_older_one(sender):
    await sender.send("a", LIST)
    assert sender.shown == ["flowbot: Two flows\nFlow\nnorth\nsouth"]
    sender.world.workspace.state.takes_tables = False
    await sender.send("b", LIST)
    await sender.send("c", LIST)
    assert sender.shown[1:] == ["flowbot: north, south"] * 2
    posts = [call for call in sender.world.workspace.calls if call.method == "chat.postMessage"]
    assert [call.answer.get("error") for call in posts] == [None, "invalid_blocks", None, None]
    assert not sender.alarms


@pytest.mark.parametrize("fault", ["lost", "reset"])
async def test_a_reply_to_the_whole_channel_whose_answer_is_lost_stands_once_in_both_places(sender, fault):
    card = await sender.send("card", {"text": "card"})
    await sender.world.workspace.fault(fault, method="chat.postMessage", times=1)
    reply = await sender.send("help", {"text": "help"}, thread_of=PostId("card"), broadcast=True)
    assert (reply.state.value, reply.new.thread) == ("sent", card.ts)
    assert sender.shown == ["flowbot: card", "↳ flowbot: help", "flowbot: help"]


async def test_presence_is_asked_of_slack(sender):
    sender.world.workspace.state.set_active(SAM, active=False)
    assert [await sender.poster.presence(who) for who in (MAYA, SAM)] == [True, False]
