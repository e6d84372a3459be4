import pytest
from new_database import DATABASES, new_address, new_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flowbot.db"


@pytest.fixture(params=DATABASES)
def address(request, path):
    """Where a database may be, SQLite's or PostgreSQL's; that of ``path`` is made when it is opened."""
    return path if request.param == "sqlite" else new_address()


@pytest.fixture
async def sqlite_store(path):
    """For what only a file has."""
    async with new_store(path) as store:
        yield store


@pytest.fixture
async def store(address):
    async with new_store(address) as store:
        yield store
