"""One button pressed twice at once: how the second press is answered, for the same person and for another."""

import asyncio

from bot.core.errors import Refusal
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.core.text.message import msg
from bot.store.store import Store


class EndsBeforeRead(Store):
    """A store in which the first press has ended just before the second one asks who pressed."""

    first = None  # the first press, still running
    may_end = None

    async def attempt_by_key(self, key):
        self.may_end.set()
        await self.first
        return await super().attempt_by_key(key)


async def pressed_twice(world, card, label, second):
    """Press a button twice: the second press comes while the first is still running, and reads its end."""
    store, may_end, waits = world.store, asyncio.Event(), asyncio.Event()

    class Slow(type(world.enos)):
        async def flow(self, flow, *, as_user=None):
            waits.set()
            await may_end.wait()
            return await super().flow(flow, as_user=as_user)

    world.enos.__class__ = Slow
    store.__class__ = EndsBeforeRead
    _, post, words = card.buttons[label].split("|", 2)
    origin = Origin(Surface.BUTTON, card.channel, card.thread, card.ts, response_url="https://hooks.slack.test/2")
    first, again = (
        IncomingMessage(f"press:{number}", words, actor.person, origin, world.now, post)
        for number, actor in enumerate((world.maya, second))
    )
    store.first, store.may_end = asyncio.create_task(world.receive(first)), may_end
    await waits.wait()
    await world.receive(again)
    (answer,) = [each for each in await world.delivered() if "just now" in each.text or "a moment ago" in each.text]
    return answer


async def test_a_double_press_on_a_question_says_that_nothing_is_done_yet(world, maya):
    (card,) = await maya.says("enable 3318")
    answer = await pressed_twice(world, card, "Disable schedule", maya)
    assert answer.place == "only maya sees"
    assert answer.text.startswith("You pressed this just now, and I asked you a question. Nothing was changed yet.")
    assert [call[0] for call in world.enos.done()] == ["enable"]


async def test_a_double_press_on_a_refusal_says_that_it_was_ones_own(world, maya):
    (card,) = await maya.says("enable 3318")
    world.enos.faults["flow"] = [Refusal("unknown_flow", msg("EnOS has no flow {id}.", id="3318"))]
    answer = await pressed_twice(world, card, "Disable schedule", maya)
    assert answer.text.startswith("You pressed this just now. Nothing was changed. My answer at that time says why.")


async def test_a_double_press_by_two_people_says_that_it_was_somebody_elses(world, maya, jonas):
    (card,) = await maya.says("enable 3318")
    answer = await pressed_twice(world, card, "Disable schedule", jonas)
    assert answer.place == "only jonas sees"
    assert answer.text.startswith("Somebody else pressed this a moment ago. If you still need it, press again.")
