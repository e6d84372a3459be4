"""One button pressed twice at once: what the second press hears, of oneself and of somebody else."""

import asyncio

from bot.core.errors import Refused
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.store.store import Store


class Late(Store):
    """A store in which the first press has ended just before the second one asks who pressed."""

    first = None  # the first press, at work
    go_on = None

    async def attempt_by_key(self, key):
        self.go_on.set()
        await self.first
        return await super().attempt_by_key(key)


async def pressed_twice(world, card, label, second):
    """Press a button twice: the second press comes while the first is read, and hears of it when it has ended."""
    store, go_on, waits = world.store, asyncio.Event(), asyncio.Event()

    class Slow(type(world.enos)):
        async def flow(self, flow, *, as_user=None):
            waits.set()
            await go_on.wait()
            return await super().flow(flow, as_user=as_user)

    world.enos.__class__ = Slow
    store.__class__ = Late
    _, post, words = card.buttons[label].split("|", 2)
    origin = Origin(Surface.BUTTON, card.channel, card.thread, card.ts, response_url="https://hooks.slack.test/2")
    first, again = (
        IncomingMessage(f"press:{number}", words, actor.person, origin, world.now, post)
        for number, actor in enumerate((world.maya, second))
    )
    store.first, store.go_on = asyncio.create_task(world.dispatcher.receive(first)), go_on
    await waits.wait()
    await world.dispatcher.receive(again)
    (heard,) = [each for each in await world.delivered() if "just now" in each.text or "a moment ago" in each.text]
    return heard


async def test_a_double_press_on_what_asks_first_is_ones_own_and_says_that_nothing_is_done_yet(world, maya):
    (card,) = await maya.says("enable 3318")
    heard = await pressed_twice(world, card, "Disable", maya)
    assert heard.place == "only maya sees"
    assert heard.text.startswith("You have pressed this already, just now. Nothing has been done yet: answer the")
    assert [call[0] for call in world.enos.done()] == ["enable"]


async def test_a_double_press_on_what_was_refused_is_ones_own(world, maya):
    (card,) = await maya.says("enable 3318")
    world.enos.faults["flow"] = [Refused("unknown_flow", "EnOS knows no flow 3318.", "Check the id.")]
    heard = await pressed_twice(world, card, "Disable", maya)
    assert heard.text.startswith("You have pressed this already, just now, and nothing was done: my answer to that")


async def test_somebody_elses_press_is_theirs(world, maya, jonas):
    (card,) = await maya.says("enable 3318")
    heard = await pressed_twice(world, card, "Disable", jonas)
    assert heard.place == "only jonas sees"
    assert heard.text.startswith("Somebody else pressed this a moment ago. Please press it again")
