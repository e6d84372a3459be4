"""A new database as flowbot makes it, and ready much sooner: it is migrated once, and then copied."""

import tempfile
from functools import cache
from pathlib import Path

from bot.store.store import Store


@cache
def _migrated():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flowbot.db"
        Store.open(path).close()
        return path.read_bytes()


def new_database(path):
    """Write one; return its path."""
    path.write_bytes(_migrated())
    return path


def new_store(path, **options):
    """Open a new database that does not wait for the disk: what dies in tests is a process, not the machine."""
    store = Store.open(new_database(path), **options)
    store._database_thread.submit(lambda: store._db.execute("PRAGMA synchronous = off")).result()
    return store
