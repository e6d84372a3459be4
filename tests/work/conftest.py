import pytest
from answer_world import World
from new_database import new_store
from watched_store import close_all


@pytest.fixture(autouse=True)
def watched_stores_are_closed():
    yield
    close_all()


@pytest.fixture
async def world(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        yield await World.begun(store)


@pytest.fixture
def maya(world):
    return world.maya


@pytest.fixture
def jonas(world):
    return world.jonas
