"""What replicas tell each other: two whole bots, with a real PostgreSQL between them."""

import asyncio

import pytest
from app_kit import ALEX, DATA_OPS, MAYA, served
from replica_apps import two_bots

from bot.core.command import buttons
from bot.core.forms.model import HomeOpened
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.messages.cards import doctor as cards
from bot.ops.clocks import wall as now

TEAM = "T0DEMO0001"


@pytest.fixture
async def bots(tmp_path):
    async with served() as running, two_bots(running, tmp_path, FLOWBOT_ADMINS=ALEX) as both:
        both.world = running.world
        yield both


def pressed(words, post="p1", key="press:1"):
    return IncomingMessage(key, words, Person(TEAM, MAYA), Origin(Surface.BUTTON, DATA_OPS, message="1.2"), now(), post)


async def test_a_press_is_answered_by_the_one_that_keeps_the_secret(bots):
    leader, follower = bots.leader, bots.follower
    answered = asyncio.Event()
    answer = follower.dispatcher.answer

    async def noted(incoming):
        found = await answer(incoming)
        answered.set()
        return found

    follower.dispatcher.answer = noted
    secret = follower.services.secret_commands.keep("status", lambda: "s1", follower.store.replica)
    press = pressed(buttons.reference("stash", secret))
    assert await leader.dispatcher.record_arrival(press)
    await leader.received(press)
    async with asyncio.timeout(20):
        await answered.wait()
    assert await leader.store.unanswered() == ()
    assert await follower.store.take_handed_over() == ()


async def test_a_press_that_the_doctor_waits_for_may_arrive_anywhere(bots):
    waiting = bots.follower.running_bot_probe.awaited["press-7"] = asyncio.get_running_loop().create_future()
    await bots.leader.received(pressed("status", post="press-7"))
    async with asyncio.timeout(20):
        assert await waiting == MAYA


async def test_a_run_that_was_started_at_one_lets_the_leader_read_soon(bots):
    soon, told = asyncio.Event(), []
    bots.leader.monitor.nudge = lambda _at: soon.set()
    tell = bots.follower.store.tell

    async def noted(name):
        told.append(name)
        await tell(name)

    bots.follower.store.tell = noted
    bots.follower.services.poll_soon(bots.follower.steady())
    async with asyncio.timeout(20):
        await soon.wait()
    heard = asyncio.Event()
    bots.follower.leading.pressed = lambda *_who: heard.set()
    await bots.leader.store.tell("pressed a b")
    async with asyncio.timeout(20):
        await heard.wait()  # all that was told before has been heard by now
    assert told == ["poll"]


async def test_an_open_home_is_drawn_again_when_the_leader_has_said_something(bots):
    changed = asyncio.Event()
    await bots.follower.homes.opened(HomeOpened(Person(TEAM, MAYA), now()))
    bots.follower.homes.changed = changed.set
    post = NewPost(PostId("p9"), PostKind.MESSAGE, Lane.ANSWER, DATA_OPS, cards.unpressed(), now())
    await bots.leader.store.queue([post])
    async with asyncio.timeout(20):
        await changed.wait()
