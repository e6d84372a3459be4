"""The replicas of one flowbot on PostgreSQL: who lives, who leads, and how one tells the others something.

A replica is one opening of the database. It lives as long as its row is there, and keeps the row by renewing its lease
(``postgres/session.py``). Each write asks whether the row is still there, and of the leader, whether it still leads; so
who was declared dead, or replaced, writes nothing more.
"""

from typing import TYPE_CHECKING

from bot.core.health import shared
from bot.core.health.shared import Member, Shared
from bot.core.people.model import IncomingMessage
from bot.store.database import Database
from bot.store.monitor_state import write_note
from bot.store.people import incoming_message
from bot.store.transactions import Transactional, from_timestamp, read, transaction

if TYPE_CHECKING:
    from bot.store.postgres.database import PostgresDatabase

_JOIN = """
    INSERT INTO replicas (id, name, version, backend, began_at, renewed_at) VALUES (?, ?, ?, 0, now_ms(), now_ms())
"""
_LEAD = "UPDATE replication SET leader = ?, term = term + 1, led_at = now_ms() RETURNING term"
_SHARED = "shared"  # the note that holds what the leader tells
_TO = ">"  # before the id of a replica that something was handed to and that has not taken it yet


class Replicas(Transactional):
    """Joining, leading and leaving; on PostgreSQL only, as all that follows but ``replica``."""

    id: str
    _db: "PostgresDatabase"

    @property
    def replica(self) -> str:
        """The id of this replica; empty where there is but one."""
        return self._db.me

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
        row = db.execute(_LEAD, [self.id]).fetchone()
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

    # ── what the leader tells ──

    @read
    def members(self, db: Database) -> tuple[Member, ...]:
        """The replicas that were not declared dead, in the order in which they began."""
        rows = db.execute(
            "SELECT r.*, p.leader, p.led_at FROM replicas r JOIN replication p ON true ORDER BY r.began_at, r.id"
        )
        return tuple(
            Member(
                row["id"],
                row["name"],
                row["version"],
                from_timestamp(row["began_at"]),
                from_timestamp(row["led_at"]) if row["id"] == row["leader"] else None,
            )
            for row in rows
        )

    @transaction
    def share(self, db: Database, told: Shared) -> None:
        """Tell the others what only the leader knows."""
        write_note(db, _SHARED, shared.written(told))

    @read
    def shared(self, db: Database) -> Shared:
        """What the leader, or the last one, has told."""
        row = db.execute("SELECT value FROM notes WHERE name = ?", [_SHARED]).fetchone()
        return shared.read(row["value"]) if row else Shared()

    # ── what only another replica can answer ──

    @transaction
    def hand_over(self, db: Database, delivery: str, to: str) -> bool:
        """Let another replica answer what was said in a delivery; False where that one is gone."""
        if db.execute("SELECT 1 FROM replicas WHERE id = ?", [to]).fetchone() is None:
            return False
        db.execute(
            "UPDATE deliveries SET replica = ? WHERE key = ? AND said <> '' AND replica <> ?",
            [f"{_TO}{to}", delivery, to],
        )
        self._db.notify(f"handed {to}")
        return True

    @transaction
    def take_handed_over(self, db: Database) -> tuple[IncomingMessage, ...]:
        """Take what others have handed to this replica, oldest first; each is returned once."""
        rows = db.execute(
            "UPDATE deliveries SET replica = ? WHERE replica = ? AND said <> '' RETURNING key, at, said",
            [self.id, f"{_TO}{self.id}"],
        ).fetchall()
        return tuple(sorted(map(incoming_message, rows), key=lambda each: each.at))
