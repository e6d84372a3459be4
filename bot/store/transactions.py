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
from bot.store.database import LOCK_TIMEOUT, DatabaseUnavailable, open_database
from bot.store.database_thread import DatabaseThread
from bot.store.incidents import IncidentCache
from bot.store.monitor_state import SeenCache

Result = TypeVar("Result")
_log = logging.getLogger(__name__)

Queues = Callable[[Result], object]  # true where a unit with this result has queued posts

ROWS = 500  # no transaction should touch more


def nothing(_result: object) -> bool:
    """Whether a unit that queues nothing has queued posts."""
    return False


class Transactions:
    """The connection, its thread, and transactions on it.

    ``on_queued`` is called on the loop after each transaction that may have queued posts, ``on_unavailable`` after each
    one that was not taken.
    """

    def __init__(self, path: Path, *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self.incident_cache = IncidentCache()
        self.seen_cache = SeenCache()
        self.on_queued: Callable[[], None] = lambda: None
        self.on_unavailable: Callable[[DatabaseUnavailable], None] = lambda _unavailable: None
        self._database_thread = DatabaseThread("store")
        try:
            self._db = self._database_thread.submit(lambda: open_database(path, lock_timeout=lock_timeout)).result()
            self._database_thread.submit(lambda: imports.resume(self._transact)).result()
        except BaseException:
            self._database_thread.stop()
            raise

    def close(self) -> None:
        """Finish what was handed in and close the database."""
        self._database_thread.submit(self._db.conn.close)
        self._database_thread.stop()

    async def read(self, unit: Callable[[Database], Result]) -> Result:
        """Return what the unit returns, which must be plain values. Raises ``DatabaseUnavailable``."""
        return await self._done(self._database_thread.submit(lambda: self._in_transaction("BEGIN", unit)))

    async def write(self, unit: Callable[[Database], Result], queues: Queues[Result] = nothing) -> Result:
        """Do the unit in a transaction; where its result ``queues`` posts, say so once they stand.

        Raises ``DatabaseUnavailable``.
        """
        return await self.run_transactions(lambda transact: transact(unit), queues)

    async def run_transactions(
        self, unit: Callable[[Callable[..., Any]], Result], queues: Queues[Result] = nothing
    ) -> Result:
        """Do a unit of several transactions, which nobody else comes between. Raises ``DatabaseUnavailable``."""
        loop = asyncio.get_running_loop()

        def notify(done: "Future[Result]") -> None:  # even where our caller stopped waiting
            if done.exception() is None and queues(done.result()) and not loop.is_closed():
                loop.call_soon_threadsafe(self._queued)

        future = self._database_thread.submit(lambda: unit(self._transact))
        future.add_done_callback(notify)
        return await self._done(future)

    async def run_in_steps(self, unit: Callable[[sqlite3.Connection, Callable[[], None]], None]) -> None:
        """Do a long unit outside of any transaction, which lets others have their turn between its steps."""
        await self._database_thread.run(lambda: unit(self._db.conn, self._database_thread.run_waiting_jobs))

    async def _done(self, future: "Future[Result]") -> Result:
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except DatabaseUnavailable as unavailable:
            self.on_unavailable(unavailable)
            raise

    def _queued(self) -> None:
        self.on_queued()

    def _transact(self, unit: Callable[[Database], Result]) -> Result:
        return self._in_transaction("BEGIN IMMEDIATE", unit)

    def _in_transaction(self, begin: str, unit: Callable[[Database], Result]) -> Result:
        connection = self._db.conn
        try:
            connection.execute(begin)
            before = connection.total_changes
            result = unit(self._db)
            touched = connection.total_changes - before
            connection.execute("COMMIT")
        except BaseException as error:
            connection.rollback()
            self.incident_cache.clear()
            self.seen_cache.clear()
            # A file that is damaged raises the class itself; those below it blame what was to be written.
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise DatabaseUnavailable(str(error)) from error
            raise
        if touched > ROWS:
            # What belongs together is written together, even then; whoever handed it in should hand in less.
            _log.warning("a transaction touched %d rows, more than %d", touched, ROWS)
        return result
