"""A replica's second connection: it keeps the lease, holds the lock of the leader, and hears what others tell.

The lock is PostgreSQL's own and goes with the connection: when a leader's process dies, it is free at once. A leader
that hangs keeps its connection; the others end that once its lease has run out. The lock is re-entrant, so it is asked
for once, and it does not work through a pooler that hands connections on after each transaction.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg

from bot.core.errors import DatabaseUnreachable, NewerDatabase
from bot.core.values import dataclass
from bot.store.postgres.database import CHANNEL, CONNECT, FAILED, words
from bot.store.schema import STEPS

LOCK = 0x666C7764  # of PostgreSQL's advisory locks: who leads

_RENEW = """
    UPDATE replicas SET renewed_at = now_ms(), backend = pg_backend_pid(), ready = %s WHERE id = %s
    RETURNING (SELECT leader FROM replication), (SELECT version FROM replication),
      (SELECT count(*) FROM replicas WHERE id = %s OR renewed_at > now_ms() - %s),
      EXISTS (SELECT 1 FROM replicas r JOIN replication p ON p.leader = r.id WHERE r.renewed_at > now_ms() - %s),
      NOT EXISTS (SELECT 1 FROM replicas r, replication p
                  WHERE r.id < %s AND r.id <> p.leader AND r.renewed_at > now_ms() - %s),
      EXISTS (SELECT 1 FROM replicas WHERE id <> %s AND ready = 1 AND renewed_at > now_ms() - %s)
"""
_CUT_OFF = f"""
    SELECT pg_terminate_backend(l.pid) FROM pg_locks l LEFT JOIN replicas r ON r.backend = l.pid
    WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = {LOCK} AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (r.id IS NULL OR r.renewed_at < now_ms() - %s)
"""  # noqa: S608  a number


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of a replica."""

    lives: bool
    leader: str = ""  # the id of the leader, or of the last one
    living: int = 1  # replicas
    is_led: bool = True  # the leader lives
    is_first: bool = True  # of those that follow: it speaks for them where nobody leads
    is_replaceable: bool = False  # another one is ready to lead


class Session:
    """The connection of one replica. Every method raises ``DatabaseUnavailable``, and connects again afterwards."""

    def __init__(self, url: str, me: str) -> None:
        self._url, self._me = url, me
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._holds = False

    async def renew(self, lease: float, *, is_ready: bool) -> Standing:
        """Renew the lease; a replica lives for so many seconds after it has renewed its own.

        ``is_ready``: whether this one could lead.
        """
        me, span = self._me, int(1000 * lease)
        rows = await self._rows(_RENEW, [int(is_ready), me, me, span, span, me, span, me, span])
        if not rows:
            return Standing(lives=False)
        leader, version, *facts = rows[0]
        if version > len(STEPS):
            raise NewerDatabase(str(version))
        return Standing(True, leader, *facts)

    async def lock(self) -> bool:
        """Whether this connection holds the leader's lock; it is taken where nobody has it."""
        if not self._holds:
            rows = await self._rows("SELECT pg_try_advisory_lock(%s)", [LOCK])
            self._holds = bool(rows[0][0])
        return self._holds

    async def cut_off(self, lease: float) -> bool:
        """End the connection that holds the lock, where its lease of so many seconds has run out."""
        return bool(await self._rows(_CUT_OFF, [int(1000 * lease)]))

    async def hear(self, seconds: float, heard: Callable[[str], None]) -> None:
        """Hear what is told within so many seconds."""
        connection = await self._open()
        try:
            async for notice in connection.notifies(timeout=seconds):
                heard(notice.payload)
        except FAILED as error:
            await self.close()
            raise DatabaseUnreachable(words(error)) from error

    async def close(self) -> None:
        """Close the connection; the lock is free."""
        connection, self._connection, self._holds = self._connection, None, False
        if connection is not None:
            connection.pgconn.finish()  # without a word to a server that may not answer

    async def _rows(self, sql: str, values: list[Any]) -> list[Any]:
        connection = await self._open()
        try:
            cursor = await connection.execute(sql, values)
            return await cursor.fetchall()
        except FAILED as error:
            await self.close()
            raise DatabaseUnreachable(words(error)) from error
        except asyncio.CancelledError:  # a query that is cut off leaves a connection that says nothing any more
            await self.close()
            raise

    async def _open(self) -> "psycopg.AsyncConnection[Any]":
        if self._connection is None or self._connection.closed:
            await self.close()
            try:
                options = {name: value for name, value in CONNECT.items() if f"{name}=" not in self._url}
                connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, **options)  # type: ignore[arg-type]
                self._connection = connection
                await connection.execute(f"LISTEN {CHANNEL}")
            except FAILED as error:
                await self.close()
                raise DatabaseUnreachable(words(error)) from error
        return self._connection
