import pytest
from delivery_fakes import World
from new_database import new_store


@pytest.fixture
async def world(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        yield World(store)
