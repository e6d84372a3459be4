"""Units of work: what is done to the database together, or not at all."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from bot.store import imports
from bot.store.database import PATIENCE, Trouble, open_database
from bot.store.database_thread import Worker
from bot.store.incidents import Shelf
from bot.store.watching import Familiar

Result = TypeVar("Result")
_log = logging.getLogger(__name__)

Queues = Callable[[Result], object]  # true where a unit with this result has queued posts

ROWS = 500  # no transaction should touch more


def nothing(_result: object) -> bool:
    """Whether a unit that queues nothing has queued posts."""
    return False


class Units:
    """The connection, its thread, and transactions on it.

    ``on_queued`` is called on the loop after each transaction that may have queued posts, ``on_trouble`` after each
    one that was not taken.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self.shelf = Shelf()
        self.familiar = Familiar()
        self.on_queued: Callable[[], None] = lambda: None
        self.on_trouble: Callable[[Trouble], None] = lambda _trouble: None
        self._worker = Worker("store")
        try:
            self._db = self._worker.submit(lambda: open_database(path, patience=patience)).result()
            self._worker.submit(lambda: imports.resume(self._transact)).result()
        except BaseException:
            self._worker.stop()
            raise

    def close(self) -> None:
        """Finish what was handed in and close the database."""
        self._worker.submit(self._db.conn.close)
        self._worker.stop()

    async def read(self, unit: Callable[[Database], Result]) -> Result:
        """Return what the unit returns, which must be plain values. Raises ``Trouble``."""
        return await self._done(self._worker.submit(lambda: self._within("BEGIN", unit)))

    async def write(self, unit: Callable[[Database], Result], queues: Queues[Result] = nothing) -> Result:
        """Do the unit in a transaction; where its result ``queues`` posts, say so once they stand.

        Raises ``Trouble``.
        """
        return await self.several(lambda transact: transact(unit), queues)

    async def several(self, unit: Callable[[Callable[..., Any]], Result], queues: Queues[Result] = nothing) -> Result:
        """Do a unit of several transactions, which nobody else comes between. Raises ``Trouble``."""
        loop = asyncio.get_running_loop()

        def told(done: "Future[Result]") -> None:  # even where our caller stopped waiting
            if done.exception() is None and queues(done.result()) and not loop.is_closed():
                loop.call_soon_threadsafe(self._queued)

        future = self._worker.submit(lambda: unit(self._transact))
        future.add_done_callback(told)
        return await self._done(future)

    async def stepwise(self, unit: Callable[[sqlite3.Connection, Callable[[], None]], None]) -> None:
        """Do a long unit outside of any transaction, which lets others have their turn between its steps."""
        await self._worker.run(lambda: unit(self._db.conn, self._worker.take_turns))

    async def _done(self, future: "Future[Result]") -> Result:
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except Trouble as trouble:
            self.on_trouble(trouble)
            raise

    def _queued(self) -> None:
        self.on_queued()

    def _transact(self, unit: Callable[[Database], Result]) -> Result:
        return self._within("BEGIN IMMEDIATE", unit)

    def _within(self, begin: str, unit: Callable[[Database], Result]) -> Result:
        connection = self._db.conn
        try:
            connection.execute(begin)
            before = connection.total_changes
            result = unit(self._db)
            touched = connection.total_changes - before
            connection.execute("COMMIT")
        except BaseException as error:
            connection.rollback()
            self.shelf.clear()
            self.familiar.clear()
            # A file that is damaged raises the class itself; those below it blame what was to be written.
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise Trouble(str(error)) from error
            raise
        if touched > ROWS:
            # What belongs together is written together, even then; whoever handed it in should hand in less.
            _log.warning("a transaction touched %d rows, more than %d", touched, ROWS)
        return result
