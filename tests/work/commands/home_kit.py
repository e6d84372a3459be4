"""People who open their homes in the world of the answers."""

import asyncio

from answer_views import text_of

from bot.core.command import buttons
from bot.core.forms.model import HomeOpened
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.core.text.message import msg, plain
from bot.work.home import Homes


class HomeWorld:
    """A world with homes; ``paused`` holds how long was waited, and nothing waits."""

    def __init__(self, world):
        self.world, self.paused = world, []
        self.homes = Homes(world.services, world.dispatcher, self._pause)
        world.forms.on_home_opened = self.homes.opened

    async def _pause(self, seconds):
        self.paused.append(seconds)
        await asyncio.sleep(0)

    async def opens(self, actor):
        """Somebody opens their home; returns what they see."""
        await self.world.forms.home_opened(HomeOpened(actor.person, self.world.now))
        return self.seen(actor)

    def seen(self, actor):
        """What somebody's home shows, as text; empty where they have none."""
        home = self.world.views.homes.get(actor.person.user)
        return "" if home is None else text_of(home.content)

    def drawn(self, actor):
        """How often somebody's home was drawn."""
        home = self.world.views.homes.get(actor.person.user)
        return 0 if home is None else len(home.history)

    def values(self, actor):
        """The values of the buttons and choices of a home, by label; of several with one label the first."""
        found = {}
        for block in self.world.views.homes[actor.person.user].content["blocks"]:
            for element in [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ())]:
                for each in element.get("options", (element,)):
                    if "value" in each:
                        found.setdefault(each["text"]["text"], each["value"])
        return found

    async def presses(self, actor, label):
        """A button of a home, by its label in English; returns what people see then, their homes apart."""
        label = plain(msg(label), self.world.slack.spoken)
        return await self.carries(actor, self.values(actor)[label])

    async def carries(self, actor, value):
        """Any value on a button of a home."""
        _, post, words = value.split("|", 2)
        origin = Origin(Surface.HOME, actor.person.user)
        if buttons.asked_form(words) is not None:
            return await actor.asks(actor.asked_by(words, origin, post))
        said = IncomingMessage(f"say:{self.world.new_ts()}", words, actor.person, origin, self.world.now, post)
        self.homes.pressed(said.by)
        await self.world.receive(said)
        seen = await self.world.delivered()
        await self.changed()
        return seen

    async def changed(self):
        """What happened is seen in the homes that are open, as far as it changes them."""
        while self.homes._changed.is_set():
            await self.homes.redraw()
