from shutil import copyfile

import pytest
from answer_world import World
from watched_store import close_all

from bot.store.store import Store


@pytest.fixture(autouse=True)
def watched_stores_are_closed():
    yield
    close_all()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A database as flowbot makes it: a copy is ready much sooner."""
    path = tmp_path_factory.mktemp("empty") / "flowbot.db"
    Store.open(path).close()
    return path


@pytest.fixture
async def world(tmp_path, empty_database):
    async with Store.open(copyfile(empty_database, tmp_path / "flowbot.db")) as store:
        yield await World.begun(store)


@pytest.fixture
def maya(world):
    return world.maya


@pytest.fixture
def jonas(world):
    return world.jonas
