"""The replicas of one flowbot on PostgreSQL: who lives, who leads, and how one tells the others something.

A replica is one opening of the database. It lives as long as its row is there, and keeps the row by renewing its lease
(``postgres/session.py``). Each write asks whether the row is still there, and of the leader, whether it still leads; so
who was declared dead, or replaced, writes nothing more.
"""

from typing import TYPE_CHECKING

from bot.store.database import Database
from bot.store.transactions import Transactional, read, transaction

if TYPE_CHECKING:
    from bot.store.postgres.database import PostgresDatabase

_JOIN = """
    INSERT INTO replicas (id, name, version, backend, began_at, renewed_at) VALUES (?, ?, ?, 0, now_ms(), now_ms())
"""


class Replicas(Transactional):
    """Joining, leading and leaving; on PostgreSQL only."""

    id: str
    _db: "PostgresDatabase"

    async def join(self, name: str, version: str) -> None:
        """Live from now on, as far as the others know; ``name`` says where, for people."""
        await self._join(name, version)
        await self._run(self._joined)

    @transaction
    def _join(self, db: Database, name: str, version: str) -> None:
        db.execute(_JOIN, [self.id, name, version])

    def _joined(self) -> None:
        self._db.me = self.id

    async def lead(self) -> int:
        """Become the leader; return the number of the term. Whoever led before writes nothing from here on."""
        term = await self._lead()
        await self._run(self._leading)
        return term

    @transaction
    def _lead(self, db: Database) -> int:
        row = db.execute("UPDATE replication SET leader = ?, term = term + 1 RETURNING term", [self.id]).fetchone()
        return int(row["term"])

    def _leading(self) -> None:
        self._db.leads = True

    @transaction
    def forget_dead(self, db: Database, lease: float) -> tuple[str, ...]:
        """Declare those replicas dead that have not renewed their lease for so many seconds; return their names."""
        rows = db.execute(
            "DELETE FROM replicas WHERE id <> ? AND renewed_at < now_ms() - ? RETURNING name",
            [self.id, int(1000 * lease)],
        )
        return tuple(row["name"] for row in rows)

    async def leave(self) -> None:
        """Live no longer: what this replica still has in hand is taken up by the leader at once."""
        await self._leave()

    @transaction
    def _leave(self, db: Database) -> None:
        db.execute("DELETE FROM replicas WHERE id = ?", [self.id])
        self._db.notify("left")

    @read
    def size(self, db: Database) -> int:
        """How much room the database takes, in bytes."""
        return int(db.execute("SELECT pg_database_size(current_database())").fetchone()[0])

    async def tell(self, name: str) -> None:
        """Tell all replicas something (``postgres/database.py``, ``notify``). Raises ``DatabaseUnavailable``."""
        await self._run(lambda: self._db.tell(name))
