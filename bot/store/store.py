"""The store: each async method is one transaction on the one thread that owns the connection.

    async with Store.open(Path("flowbot.db")) as store:
        await store.queue([…])

Each method is written once, in the class of its subject. ``put_links``, ``change_person_keys``, ``prune``,
``correct_future_times`` and ``backup`` take several transactions.
"""

import secrets
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from bot.core.text.language import EN
from bot.store.background import Surroundings
from bot.store.backup import Backup
from bot.store.bridge_events import BridgeEvents
from bot.store.change_sets import ChangeSets
from bot.store.clock_set_back import ClockCorrection
from bot.store.database import CACHES, Database
from bot.store.escalation import Escalations
from bot.store.expectations import Expectations
from bot.store.history import History
from bot.store.imports import LinkChanges
from bot.store.incident_cache import IncidentCache
from bot.store.incident_groups import IncidentGroups
from bot.store.incidents import Incidents
from bot.store.lock import Lock, real_path, take
from bot.store.lost_messages import LostMessages
from bot.store.monitor_state import MonitorState, SeenCache
from bot.store.offers import Offers
from bot.store.outbox import Outbox
from bot.store.people import AuditLog, Inbox, People
from bot.store.planned_starts import Backfills
from bot.store.queueing import Queueing, Runs
from bot.store.replicas import Replicas
from bot.store.retention import Retention
from bot.store.retries import Retries
from bot.store.routing import Routing
from bot.store.runbooks import Runbooks
from bot.store.snoozes import Snoozes
from bot.store.sqlite import LOCK_TIMEOUT, open_database
from bot.store.transactions import transaction
from bot.store.waiting import WaitTimes
from bot.store.workspace_keys import WorkspaceKeys

if TYPE_CHECKING:
    from bot.store.postgres.session import Session


class ServerAddress(Protocol):
    """Where a PostgreSQL is: ``url`` holds its password, ``str()`` does not."""

    @property
    def url(self) -> str: ...  # noqa: D102


Address = Path | str | ServerAddress


class Store(
    ChangeSets, MonitorState, Incidents, IncidentGroups, Escalations, Offers, Snoozes, Runbooks, Retries, Surroundings,
    Queueing, Outbox, LostMessages, WaitTimes,
    Inbox, AuditLog, Runs, People, LinkChanges, WorkspaceKeys, Routing,
    BridgeEvents, History, Expectations, Backfills, Retention, ClockCorrection, Backup, Replicas,
):  # fmt: skip
    """The database of one flowbot. Built by ``Store.open``; all methods may be called from one event loop.

    Every method raises ``DatabaseUnavailable`` (a TemporaryFailure) where the disk, the server or another program is in
    the way; what it was about to write is then not written. ``id`` names this opening of the database.
    """

    def __init__(self, id_: str, open_: Callable[[], Database], lock: Lock | None, *, language: str = EN) -> None:
        self.id, self._lock, self._is_open = id_, lock, True
        self._incident_cache = IncidentCache()
        self._seen_cache = SeenCache()
        super().__init__(open_)
        self._db.language = language

    @classmethod
    def open(cls, address: Address, *, lock_timeout: float = LOCK_TIMEOUT, language: str = EN) -> Self:
        """Open the database, made where there is none, brought to the newest version.

        A file is locked as long as it is open; of a database on PostgreSQL there may be many openings.
        ``lock_timeout``: how many seconds a transaction waits for others. ``language``: that of messages which a
        channel reads. Raises ``DatabaseUnavailable``, and ``Refusal``: "locked" naming the holder, "unwritable",
        "not_a_lock", "linked", "not_a_database", "foreign_database", "newer_database".
        """
        if isinstance(address, Path | str):
            return cls._open_file(real_path(Path(address)), lock_timeout, language)
        from bot.store.postgres.database import PostgresDatabase

        id_ = secrets.token_hex(8)
        open_ = partial(PostgresDatabase, address.url, lock_timeout=lock_timeout)
        return cls(id_, open_, None, language=language)

    @classmethod
    def _open_file(cls, path: Path, lock_timeout: float, language: str) -> Self:
        lock = take(path)
        try:
            return cls(
                secrets.token_hex(8), partial(open_database, path, lock_timeout=lock_timeout), lock, language=language
            )
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Finish what was submitted, close the database, release the lock. May be called twice."""
        if self._is_open:
            self._is_open = False
            self._stop()
            if self._lock is not None:
                self._lock.release()

    def session(self) -> "Session | None":
        """A connection of its own for a replica among others; None where nobody else can be."""
        if not (url := getattr(self._db, "url", "")):
            return None
        from bot.store.postgres.session import Session

        return Session(url, self.id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def language(self) -> str:
        """The language of channels that have none of their own."""
        return self._db.language

    @transaction
    def probe(self, db: Database) -> None:
        """Write something, and to the disk next to it what a full one does not take. Raises ``DatabaseUnavailable``."""
        db.probe()

    def _opened(self) -> None:
        self._db.forget = self._forget
        super()._opened()

    def _rolled_back(self) -> None:
        self._forget(CACHES)

    def _forget(self, names: Iterable[str]) -> None:
        """Forget what was cached, by the names of ``CACHES``; on the database thread."""
        if "incidents" in names:
            self._incident_cache.clear()
        if "seen" in names:
            self._seen_cache.clear()
        if "rules" in names:
            self._rules = None
