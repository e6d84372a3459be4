import pytest

from bot.store.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flowbot.db"


@pytest.fixture
async def store(path):
    async with Store.open(path) as store:
        yield store
