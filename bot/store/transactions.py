"""Transactions: what is done to the database together, or not at all, on the one thread that owns the connection.

    class People(Transactional):
        @read
        def link(self, db: Database, person: Person) -> Link | None: ...

    link = await store.link(person)

A connection shared between threads loses rows, and an ``await`` inside a transaction lets other work into it. So the
jobs queue up for one thread, and the event loop never waits for a disk.

How values stand in rows: times are integers, milliseconds since 1970 in UTC; a person is the text ``str(person)``.

Many rows are written with one statement. ``executemany`` steps once for each row and lets go of the interpreter each
time; while a long answer is being read, another thread holds it for milliseconds. One statement steps once.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from functools import wraps
from queue import Empty, SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.core.errors import DatabaseUnavailable
from bot.core.people.model import Person
from bot.store.database import Database

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Subject = TypeVar("Subject", bound="Transactional")
_Job = tuple[Callable[[], Any], "Future[Any]"]
Row = tuple[str | int | None, ...]
Transact = Callable[[Callable[[Database], Any]], Any]  # runs what it is given in a transaction of its own

ROWS = 500  # no transaction should touch more

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_AT_ONCE = 250  # rows; SQLite takes 32,766 values in one statement

_READ = "BEGIN"
_WRITE = "BEGIN IMMEDIATE"
_log = logging.getLogger(__name__)


class DatabaseThread:
    """The thread. A job that was submitted is done whole, even where its caller has stopped waiting."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Result]) -> "Future[Result]":
        """Queue a job. Raises RuntimeError after ``stop``."""
        if self._closed:
            raise RuntimeError("the store is closed")
        future: Future[Result] = Future()
        self._jobs.put((job, future))
        return future

    def run_waiting_jobs(self) -> None:
        """Do what was submitted meanwhile: called by a long job between two of its steps."""
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is None:  # stop: not before the long job ends
                self._jobs.put(None)
                return
            _do(job)

    def stop(self) -> None:
        """Do what was submitted, then end the thread. Blocks until it has ended."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            _do(job)


def _do(job: _Job) -> None:
    act, future = job
    try:
        result = act()
    except BaseException as error:  # noqa: BLE001  it belongs to the caller, whatever it is
        future.set_exception(error)
    else:
        future.set_result(result)


class Transactional:
    """What the store's classes build on: the connection, its thread, and transactions on it.

    ``on_queued`` is called on the event loop after each transaction that queued posts, ``on_bridge_events`` after each
    one that queued events, ``on_unavailable`` after each one that failed because of the disk or another program.
    """

    def __init__(self, open_database: Callable[[], Database]) -> None:
        self.on_queued: Callable[[], None] = lambda: None
        self.on_bridge_events: Callable[[], None] = lambda: None
        self.on_unavailable: Callable[[DatabaseUnavailable], None] = lambda _unavailable: None
        self.out_of_reach: DatabaseUnavailable | None = None  # known to be: nobody waits for another attempt
        self._loop: asyncio.AbstractEventLoop | None = None
        self._database_thread = DatabaseThread("store")
        try:
            self._db = self._database_thread.submit(open_database).result()
            self._database_thread.submit(self._opened).result()
        except BaseException:
            self._database_thread.stop()
            raise

    def _opened(self) -> None:
        """Called on the database thread, before anything else is done there."""

    def _rolled_back(self) -> None:
        """Called on the database thread after a transaction was undone."""

    def _stop(self) -> None:
        """Finish what was submitted and close the database."""
        self._database_thread.submit(self._db.conn.close)
        self._database_thread.stop()

    async def _run(self, job: Callable[[], Result]) -> Result:
        """Do a job, of one transaction or several, on the database thread. Raises ``DatabaseUnavailable``."""
        self._loop = asyncio.get_running_loop()
        try:
            if self.out_of_reach is not None:
                raise self.out_of_reach
            return await asyncio.shield(asyncio.wrap_future(self._database_thread.submit(job)))
        except DatabaseUnavailable as unavailable:
            self.on_unavailable(unavailable)
            raise

    def _transact(self, act: Callable[[Database], Result], begin: str = _WRITE, *, is_large: bool = False) -> Result:
        """Do something in a transaction; on the database thread only. ``is_large``: it may touch any number of rows."""
        connection = self._db.conn
        self._db.has_queued_posts = self._db.has_bridge_events = False
        try:
            connection.execute(begin)
            before = connection.total_changes
            result = act(self._db)
            touched = connection.total_changes - before
            connection.execute("COMMIT")
        except BaseException as error:
            connection.rollback()
            self._rolled_back()
            # A file that is damaged raises the class itself; those below it blame what was to be written.
            if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
                raise DatabaseUnavailable(str(error)) from error
            raise
        if touched > ROWS and not is_large:
            # What belongs together is written together, even then; the caller should hand in less.
            _log.warning("A transaction touched %d rows, more than %d", touched, ROWS)
        if self._db.has_queued_posts and self._loop is not None:  # even where our caller has stopped waiting
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self.on_queued)
        if self._db.has_bridge_events and self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.on_bridge_events)
        return result


def transaction(
    method: Callable[Concatenate[Subject, Database, Arguments], Result],
) -> Callable[Concatenate[Subject, Arguments], Coroutine[Any, Any, Result]]:
    """Turn a method that is handed the database into one that is awaited, and runs as one transaction."""
    return _awaited(method, _WRITE)


def read(
    method: Callable[Concatenate[Subject, Database, Arguments], Result],
) -> Callable[Concatenate[Subject, Arguments], Coroutine[Any, Any, Result]]:
    """As ``transaction``, for a method that only reads. It returns plain values, no rows that are still to be read."""
    return _awaited(method, _READ)


def _awaited(
    method: Callable[Concatenate[Subject, Database, Arguments], Result], begin: str
) -> Callable[Concatenate[Subject, Arguments], Coroutine[Any, Any, Result]]:
    @wraps(method)
    async def run(self: Subject, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return await self._run(lambda: self._transact(lambda db: method(self, db, *args, **kwargs), begin))

    return run


# ── values in rows ──


def timestamp(at: datetime) -> int:
    """Epoch milliseconds, rounded down. Raises TypeError for a time without a zone."""
    return (at - _EPOCH) // _MILLISECOND


def from_timestamp(timestamp: int) -> datetime:
    """The time in UTC."""
    return _EPOCH + timestamp * _MILLISECOND


def timestamp_or_none(at: datetime | None) -> int | None:
    """Epoch milliseconds where there is a time."""
    return None if at is None else timestamp(at)


def from_timestamp_or_none(timestamp: int | None) -> datetime | None:
    """The time where there is one."""
    return None if timestamp is None else from_timestamp(timestamp)


def person(text: str) -> Person:
    """The person that ``str(person)`` was."""
    team, _, user = text.partition(":")
    return Person(team, user)


# ── many rows ──


def replace(db: Database, table: str, rows: Sequence[Row], *, key: int = 1) -> None:
    """Insert whole rows, or replace those with the same key: their first ``key`` values. Of equals the last counts."""
    for some in _in_parts(list({row[:key]: row for row in rows}.values())):
        db.insert_rows(f"INSERT OR REPLACE INTO {table}", some)


def upsert(db: Database, table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows, or change those with the same ``id``, the first value, which others may refer to."""
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
    head, tail = f"INSERT INTO {table} ({', '.join(columns)})", f" ON CONFLICT (id) DO UPDATE SET {changes}"
    for some in _in_parts(list({row[0]: row for row in rows}.values())):
        db.insert_rows(head, some, tail)


def _in_parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
