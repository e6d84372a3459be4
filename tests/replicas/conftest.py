"""A database of its own for each test, and a short folder: a socket's path has 107 bytes."""

import tempfile
from pathlib import Path

import postgres
import pytest


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="flowbot-") as name:
        yield Path(name)


@pytest.fixture
def url():
    made = postgres.new_address()
    yield made
    postgres.drop(made)
