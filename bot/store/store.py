"""The store: each async method is one transaction on the one thread that owns the connection.

    async with Store.open(Path("flowbot.db")) as store:
        await store.queue([…])

Each method is written once, in the class of its subject. ``put_links``, ``change_person_keys``, ``prune``,
``correct_future_times`` and ``backup`` take several transactions.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.text.language import EN
from bot.store.background import Surroundings
from bot.store.backup import Backup
from bot.store.bridge_events import BridgeEvents
from bot.store.change_sets import ChangeSets
from bot.store.clock_set_back import ClockCorrection
from bot.store.database import LOCK_TIMEOUT, Database, probe
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
from bot.store.retention import Retention
from bot.store.retries import Retries
from bot.store.routing import Routing
from bot.store.runbooks import Runbooks
from bot.store.snoozes import Snoozes
from bot.store.transactions import transaction
from bot.store.waiting import WaitTimes
from bot.store.workspace_keys import WorkspaceKeys


class Store(
    ChangeSets, MonitorState, Incidents, IncidentGroups, Escalations, Offers, Snoozes, Runbooks, Retries, Surroundings,
    Queueing, Outbox, LostMessages, WaitTimes,
    Inbox, AuditLog, Runs, People, LinkChanges, WorkspaceKeys, Routing,
    BridgeEvents, History, Expectations, Backfills, Retention, ClockCorrection, Backup,
):  # fmt: skip
    """The database of one flowbot. Built by ``Store.open``; all methods may be called from one event loop.

    Every method raises ``DatabaseUnavailable`` (a TemporaryFailure) where the disk or another program is in the way;
    what it was about to write is then not written.
    """

    def __init__(self, path: Path, lock: Lock, *, lock_timeout: float = LOCK_TIMEOUT, language: str = EN) -> None:
        self._lock = lock
        self._incident_cache = IncidentCache()
        self._seen_cache = SeenCache()
        super().__init__(path, lock_timeout=lock_timeout)
        self._db.language = language

    @classmethod
    def open(cls, path: Path | str, *, lock_timeout: float = LOCK_TIMEOUT, language: str = EN) -> Self:
        """Open the database, made where there is none, brought to the newest version, locked.

        ``lock_timeout``: how many seconds a transaction waits for another program that holds the file. ``language``:
        that of messages which a channel reads. Raises
        ``DatabaseUnavailable``, and ``Refusal``: "locked" naming the holder, "unwritable", "not_a_lock", "linked",
        "not_a_database", "foreign_database", "newer_database".
        """
        path = real_path(Path(path))
        lock = take(path)
        try:
            return cls(path, lock, lock_timeout=lock_timeout, language=language)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Finish what was submitted, close the database, release the lock. May be called twice."""
        if self._lock.held:
            self._stop()
            self._lock.release()

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
        probe(db, self.path.parent)

    def _rolled_back(self) -> None:
        self._incident_cache.clear()
        self._seen_cache.clear()
        self._rules = None
