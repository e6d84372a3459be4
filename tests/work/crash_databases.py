"""The databases of worlds that die, of either kind: a new one, a copy of one as it is, and its opening by a process."""

import itertools
import os
from functools import cache
from pathlib import Path
from shutil import copyfile

import postgres
from new_database import Server, new_database

from bot.store.store import Store

HISTORIES = int(os.environ.get("FLOWBOT_HISTORIES", "0"))  # set where there is time: for all that could happen
WIDER = 8  # how much farther apart deaths are on PostgreSQL at the gate


class Files:
    """SQLite's, in a folder. ``stride``: how far one death is from the next; all are tried where there is time."""

    is_shared = False

    def __init__(self, folder):
        self._paths = (folder / f"{number}.db" for number in itertools.count())
        self._last = None

    def new(self):
        return new_database(next(self._paths))

    def copy(self, address):
        """A copy; the one before it is gone."""
        if self._last is not None:
            self._last.unlink()
        self._last = Path(copyfile(address, next(self._paths)))
        return self._last

    def stride(self, step):
        return 1 if HISTORIES else step

    def deaths(self, first, step, sample):
        """After how many statements a story has a death, from a first one on; ``sample`` where few are tried."""
        return itertools.count(first, step)

    def close(self):
        """The folder goes with the test."""


class Servers:
    """PostgreSQL's: one database after the other."""

    is_shared = True

    def __init__(self):
        self._made, self._last = [], None

    def new(self):
        """A new one; those before it are gone."""
        self.close()
        return self._from(_migrated())

    def copy(self, address):
        if self._last is not None:
            postgres.drop(self._last.url)
            self._made.remove(self._last)
        self._last = self._from(address)
        return self._last

    def stride(self, step):
        return 1 if HISTORIES else step * WIDER

    def deaths(self, first, step, sample):
        return itertools.count(first, step) if HISTORIES else [sample]

    def close(self):
        while self._made:
            postgres.drop(self._made.pop().url)
        self._last = None

    def _from(self, address):
        self._made.append(Server(postgres.new_address(postgres.name(address.url))))
        return self._made[-1]


@cache
def _migrated():
    address = Server(postgres.new_address())
    Store.open(address).close()
    return address


async def opened(address):
    """The database, opened by a process that is alone: on PostgreSQL it leads, and whoever was there before is dead."""
    store = Store.open(address)
    if store._db.is_shared:
        await store.join("a test", "1")
        await leads(store)
    return store


async def leads(store):
    """A replica becomes the leader, and all others are dead."""
    await store.lead()
    await store.forget_dead(-1)


async def follows(address):
    """One more replica, which has looked at everything and does nothing."""
    store = Store.open(address)
    await store.join("another", "1")
    await store.incidents(live=False)
    await store.routing_rules()
    return store
