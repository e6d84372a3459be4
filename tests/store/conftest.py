import postgres
import pytest
from copying_kit import Address
from everything import fill
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


# ── what copies are tried on ──


@pytest.fixture
def server():
    """A new database on PostgreSQL."""
    address = postgres.new_address()
    yield Address(address)
    postgres.drop(address)


@pytest.fixture
def other(server):
    address = postgres.new_address()
    yield Address(address)
    postgres.drop(address)


_full = []


@pytest.fixture
async def full(tmp_path):
    """A file with something in every table; it is filled once."""
    path = tmp_path / "full.db"
    if not _full:
        async with new_store(path) as store:
            await fill(store)
        _full.append(path.read_bytes())
    path.write_bytes(_full[0])
    return path
