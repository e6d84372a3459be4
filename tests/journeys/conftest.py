"""One stage for all stories of a run."""

import os
from itertools import groupby

import pytest_asyncio
from journey_stage import Stage

EVERY = int(os.environ.get("FLOWBOT_STORIES", "1"))  # at the gate not every story of a file is told


def pytest_collection_modifyitems(config, items):
    """Leave out stories where that is asked for: of each second file its first is told, and every so many after it."""
    stories = sorted((item for item in items if is_story(item)), key=place)
    files = [list(some) for _, some in groupby(stories, lambda each: each.path)]
    told = [each for some in files[:: 1 if EVERY == 1 else 2] for each in some[::EVERY]]
    left_out = set(stories) - set(told)
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def place(story):
    return story.path, story.function.telling.__code__.co_firstlineno


def is_story(item):
    return hasattr(getattr(item, "function", None), "telling")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(request):
    built = Stage([item.function for item in request.session.items if is_story(item)])
    yield built
    await built.close()
