from shutil import copyfile

import pytest
from delivery_fakes import World

from bot.store.store import Store


@pytest.fixture
async def world(tmp_path, empty_database):
    async with Store.open(copyfile(empty_database, tmp_path / "flowbot.db")) as store:
        yield World(store)
