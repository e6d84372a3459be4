"""How the journeys are told: each story in a world of its own, and several side by side."""

import asyncio

import pytest
from journey_kit import running_world

AT_ONCE = 6  # worlds that live side by side: the stories mostly wait


def story(*, first=False, **settings):
    """Mark a story: an ``async def`` with a world. All stories of a run are told side by side; a test awaits its own.

    ``settings`` are the bot's, ``first`` begins a long one before the others.
    """

    def made(telling):
        async def test(stage):
            await stage.told(test)

        test.__name__, test.__qualname__, test.__module__ = telling.__name__, telling.__qualname__, telling.__module__
        test.__doc__ = telling.__doc__
        test.telling, test.settings, test.first = telling, settings, first
        return pytest.mark.asyncio(loop_scope="session")(test)

    return made


class Stage:
    """Tells the stories, some at a time."""

    def __init__(self, stories):
        free = asyncio.Semaphore(AT_ONCE)
        ordered = sorted(stories, key=lambda each: not each.first)
        self._tellings = {each: asyncio.create_task(self._tell(each, free)) for each in ordered}

    async def told(self, which):
        await self._tellings[which]

    async def close(self):
        for telling in self._tellings.values():
            telling.cancel()
        await asyncio.gather(*self._tellings.values(), return_exceptions=True)

    @staticmethod
    async def _tell(which, free):
        async with free, running_world(**which.settings) as place:
            await which.telling(place)
