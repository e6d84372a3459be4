import pytest
from new_database import new_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flowbot.db"


@pytest.fixture
async def store(path):
    async with new_store(path) as store:
        yield store
