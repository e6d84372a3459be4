"""What the doctor asks a PostgreSQL: its version and clock, who uses it, and whether a pooler is in between."""

import time
from typing import Any

import psycopg

from bot.core.checks.on_replicas import ServerFacts
from bot.core.errors import DatabaseUnreachable
from bot.store.postgres.database import CONNECT, FAILED, words

_REPLICAS = """
    SELECT r.name, r.version, r.id = p.leader FROM replicas r, replication p ORDER BY r.began_at, r.id
"""


def examine(url: str) -> ServerFacts:
    """Ask, without changing anything. Raises ``DatabaseUnreachable``."""
    options = {name: value for name, value in CONNECT.items() if f"{name}=" not in url}
    try:
        with (
            psycopg.connect(url, autocommit=True, prepare_threshold=None, **options) as one,  # type: ignore[arg-type]
            psycopg.connect(url, autocommit=True, prepare_threshold=None, **options) as other,  # type: ignore[arg-type]
        ):
            asked = time.time()
            version, at = _row(one, "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())")
            ahead = float(at) - (asked + time.time()) / 2
            is_there = _row(
                one, "SELECT to_regclass('replicas') IS NOT NULL AND to_regclass('replication') IS NOT NULL"
            )
            found = one.execute(_REPLICAS).fetchall() if is_there[0] else []
            return ServerFacts(
                version=str(version).partition(" ")[0],
                ahead=ahead,
                is_pooled=_is_pooled(one, other),
                replicas=[(name, version) for name, version, _ in found],
                leader=next((name for name, _, leads in found if leads), ""),
            )
    except FAILED as error:
        raise DatabaseUnreachable(words(error)) from error


def _is_pooled(one: "psycopg.Connection[Any]", other: "psycopg.Connection[Any]") -> bool:
    """Whether a pooler gives each transaction a session: while the other has one, the first gets another."""
    before = _session(one)
    with other.transaction():
        theirs = _session(other)
        return theirs == before or _session(one) != before


def _session(connection: "psycopg.Connection[Any]") -> int:
    return int(_row(connection, "SELECT pg_backend_pid()")[0])


def _row(connection: "psycopg.Connection[Any]", sql: str) -> Any:
    return connection.execute(sql).fetchone()
