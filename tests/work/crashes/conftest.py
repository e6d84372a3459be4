from contextlib import closing

import pytest
from crash_databases import Files, Servers
from new_database import DATABASES, new_database


@pytest.fixture(params=DATABASES)
def databases(request, tmp_path):
    """What makes databases of one kind."""
    with closing(Files(tmp_path) if request.param == "sqlite" else Servers()) as databases:
        yield databases


@pytest.fixture
def database(tmp_path):
    """A file, for what nobody dies in."""
    return new_database(tmp_path / "flowbot.db")
