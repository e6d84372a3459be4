"""The store: each async method is one transaction on the one thread that owns the connection.

    async with Store.open(Path("flowbot.db")) as store:
        await store.queue([…])

What the methods do stands in the modules named after their subjects. ``retention.py`` and ``backup.py`` are
the two that take their time, in steps.
"""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from bot.core.audit import Attempt, Entry
from bot.core.errors import Refused
from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.flow.run import Run
from bot.core.incident.facts import ChangeSet, ReadState, StoredState
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.lost_messages import LossOutcome
from bot.core.outbox.notices import NoticeUpdate
from bot.core.outbox.posts import NewPost, Post, PostId
from bot.core.people.model import IncomingMessage, Link, Person
from bot.store import (
    audit,
    backup,
    clock_set_back,
    imports,
    inbox,
    incident_groups,
    incidents,
    lost_messages,
    monitor_state,
    people,
    queueing,
    retention,
    runs,
    workspace_keys,
)
from bot.store import posts as outbox
from bot.store.audit import AttemptResultFields
from bot.store.database import LOCK_TIMEOUT, DatabaseUnavailable, probe
from bot.store.imports import Transact
from bot.store.lock import Lock, real_path, take
from bot.store.retention import RETENTION, RetentionPeriods
from bot.store.transactions import ROWS, Transactions
from bot.store.waiting import Waiting, waiting


class Store:
    """The database of one flowbot. Built by ``Store.open``; all methods may be called from one event loop.

    Every method raises ``DatabaseUnavailable`` (an Outage) where the disk or another program is in the way; what it was
    about to write is then not written.
    """

    def __init__(self, path: Path, transactions: Transactions, lock: Lock) -> None:
        self.path = path
        self._transactions = transactions
        self._lock = lock
        self._read, self._write = transactions.read, transactions.write
        self._incident_cache, self._seen_cache = transactions.incident_cache, transactions.seen_cache

    @classmethod
    def open(cls, path: Path | str, *, lock_timeout: float = LOCK_TIMEOUT) -> Self:
        """Open the database, made where there is none, brought to the newest version, locked.

        ``lock_timeout`` is for how many seconds a unit waits for another program that holds the file. Raises
        ``DatabaseUnavailable``, and ``Refused``: "locked" naming the holder, "unwritable", "not_a_lock", "linked",
        "not_a_database", "foreign_database", "newer_database".
        """
        path = real_path(Path(path))
        lock = take(path)
        try:
            return cls(path, Transactions(path, lock_timeout=lock_timeout), lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Finish what was handed in, close the database, give the lock back. May be called twice."""
        if self._lock.held:
            self._transactions.close()
            self._lock.release()

    @property
    def on_queued(self) -> Callable[[], None]:
        """What is called on the loop whenever posts were queued."""
        return self._transactions.on_queued

    @on_queued.setter
    def on_queued(self, call: Callable[[], None]) -> None:
        self._transactions.on_queued = call

    @property
    def on_unavailable(self) -> Callable[[DatabaseUnavailable], None]:
        """What is called on the loop whenever the database did not take something."""
        return self._transactions.on_unavailable

    @on_unavailable.setter
    def on_unavailable(self, call: Callable[[DatabaseUnavailable], None]) -> None:
        self._transactions.on_unavailable = call

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ── what the watcher knows ──

    async def observe(
        self,
        instances: Collection[InstanceId],
        flows: Collection[FlowId],
        decide: Callable[[StoredState], ChangeSet],
        *,
        since: datetime | None = None,
    ) -> ChangeSet:
        """Read what is known of these, ask ``decide``, and write its facts.

        Known are the newest incident of each flow and, of incidents that are of one instance alone, those of
        the instances asked for; with ``since`` those told after it too. ``decide`` runs on the store's thread.
        """

        def unit(db: Database) -> ChangeSet:
            seen = monitor_state.seen(db, instances)
            known = incidents.known(db, self._incident_cache, instances, flows)
            recent = incident_groups.recent(db, self._incident_cache, since)
            changes = decide(StoredState(seen, known, incident_groups.listed(db), recent))
            monitor_state.put_seen(db, changes.seen, seen)
            self._seen_cache.put(seen.values())
            self._put(db, changes)
            return changes

        return await self._write(unit, _posts_of)

    def are_unchanged(self, rows: Collection[Instance]) -> bool:
        """Whether all these rows say what the database says: then there is nothing to observe. Asks no disk.

        False where that is not at hand.
        """
        return self._seen_cache.has(rows)

    def _put(self, db: Database, changes: ChangeSet) -> None:
        incidents.put(db, self._incident_cache, changes.incidents)
        incident_groups.put(db, changes.incident_groups)
        queueing.put(db, changes.posts)
        monitor_state.forget(db, changes.forget)
        self._seen_cache.put(changes.seen)
        self._seen_cache.drop(changes.forget)

    async def readings(self) -> Mapping[int, ReadState]:
        """Return how reading each type went."""
        return await self._read(monitor_state.readings)

    async def set_reading(self, reading: ReadState, *, posts: Sequence[NewPost] = ()) -> None:
        """Remember how reading a type went, with what is said about it."""

        def unit(db: Database) -> None:
            monitor_state.set_reading(db, reading)
            queueing.put(db, posts)

        await self._write(unit, lambda _: posts)

    async def unfinished(self, before: datetime, limit: int = 500) -> tuple[InstanceId, ...]:
        """Return instances that had not ended when last seen, triggered before a time, newest first."""
        return await self._read(lambda db: monitor_state.unfinished(db, before, limit))

    async def searched_flows(self, since: datetime) -> frozenset[FlowId]:
        """Return the flows of which runs were seen since then."""
        return await self._read(lambda db: monitor_state.searched_flows(db, since))

    async def is_new(self) -> bool:
        """Whether the database has never completed a poll."""
        return await self._read(monitor_state.is_new)

    async def set_note(self, name: str, value: str, *, posts: Sequence[NewPost] = ()) -> None:
        """Remember a small named value, an empty one is forgotten, and queue what is said about it."""

        def unit(db: Database) -> None:
            monitor_state.set_note(db, name, value)
            queueing.put(db, posts)

        await self._write(unit, lambda _: posts)

    async def notes(self) -> Mapping[str, str]:
        """Return all small named values."""
        return await self._read(monitor_state.notes)

    async def update_note(self, name: str, decide: Callable[[str], NoticeUpdate | None]) -> bool:
        """Read a note, ask ``decide``, and write the note and the posts it returns; return whether it returned any.

        The note is empty where there is none. ``decide`` runs on the store's thread.
        """

        def unit(db: Database) -> NoticeUpdate | None:
            told = decide(monitor_state.note_value(db, name))
            if told is not None:
                monitor_state.set_note(db, name, told.note)
                queueing.put(db, told.posts)
            return told

        told = await self._write(unit, lambda told: told is not None and told.posts)
        return told is not None and bool(told.posts)

    # ── incidents ──

    async def incidents(
        self,
        *,
        live: bool = True,
        flow: FlowId | None = None,
        since: datetime | None = None,
        limit: int = 500,
    ) -> tuple[Incident, ...]:
        """Return incidents, newest first: the live ones or all, without those that ended before ``since``."""
        return await self._read(
            lambda db: incidents.listed(db, self._incident_cache, live=live, flow=flow, since=since, limit=limit)
        )

    async def incident_groups(self) -> tuple[IncidentGroup, ...]:
        """Return the messages under which many incidents stand, those still shown, oldest first."""
        return await self._read(incident_groups.listed)

    async def grouped(self, post: PostId) -> tuple[Incident, ...]:
        """Return the incidents that the message of a gathering lists, newest first."""
        return await self._read(lambda db: incident_groups.listed_in(db, self._incident_cache, post))

    async def incident(self, id: IncidentId) -> Incident | None:
        """Return one incident."""
        return await self._read(lambda db: incidents.incident(db, self._incident_cache, id))

    async def incident_of_thread(self, channel: str, thread: str) -> Incident | None:
        """Return the incident whose own first message this is; a gathered one has none of its own."""
        return await self._read(lambda db: incidents.of_thread(db, self._incident_cache, channel, thread))

    async def change(
        self,
        id: IncidentId,
        decide: Callable[[Incident], ChangeSet],
        *,
        attempt_result: AttemptResultFields | None = None,
    ) -> ChangeSet:
        """Read an incident, ask ``decide``, write its facts and end the attempt.

        What ``decide`` raises undoes all. Raises Refused: "unknown_incident" where there is none, "link_changed"
        where the link that the attempt depends on stands no more.
        """

        def unit(db: Database) -> ChangeSet:
            people.require_link(db, attempt_result.linked if attempt_result else None)
            found = incidents.incident(db, self._incident_cache, id)
            if found is None:
                raise Refused(
                    "unknown_incident",
                    "I no longer know this incident: it ended too long ago.",
                    "See `incidents` for what is open.",
                )
            changes = decide(found)
            seen = monitor_state.seen(db, [row.instance for row in changes.seen])
            monitor_state.put_seen(db, changes.seen, seen)
            self._put(db, changes)
            audit.end(db, attempt_result)
            return changes

        return await self._write(unit, _posts_of)

    # ── the outbox ──

    async def queue(
        self, posts: Sequence[NewPost], *, attempt_result: AttemptResultFields | None = None, delivery: str = ""
    ) -> None:
        """Queue posts, and end the attempt and the delivery they answer, in one transaction. An id is queued once."""

        def unit(db: Database) -> None:
            queueing.put(db, posts)
            audit.end(db, attempt_result)
            inbox.mark_answered(db, delivery)

        await self._write(unit, lambda _: posts)

    async def due(self, now: datetime, limit: int = 200) -> tuple[Post, ...]:
        """Return queued posts that may go now, in order; see ``posts.py``."""
        return await self._read(lambda db: outbox.due(db, now, limit))

    async def next_due(self) -> datetime | None:
        """Return when the next queued post may go, as far as its own times tell."""
        return await self._read(outbox.next_due)

    async def unclear(self) -> tuple[Post, ...]:
        """Return the unclear posts, oldest first."""
        return await self._read(outbox.unclear)

    async def start_sending(self, id: PostId, now: datetime) -> Post | None:
        """Mark a queued post as being sent and return it as it is now; None if it is no longer queued."""
        return await self._write(lambda db: outbox.start_sending(db, id, now))

    async def mark_sent(self, id: PostId, channel: str, ts: str, now: datetime) -> None:
        """Settle: it stands there."""
        await self._write(lambda db: outbox.mark_sent(db, id, channel, ts, now))

    async def mark_unclear(self, id: PostId, why: str, now: datetime) -> None:
        """Settle: nobody knows."""
        await self._write(lambda db: outbox.mark_unclear(db, id, why, now))

    async def retry_now(self, now: datetime, channel: str = "") -> None:
        """Let what waits for another try go now, in one channel or everywhere; not where Slack asked to wait."""
        await self._write(lambda db: outbox.retry_now(db, now, channel, ROWS))

    async def requeue(
        self,
        id: PostId,
        due: datetime,
        why: str,
        *,
        channel: str = "",
        instead: NewPost | None = None,
    ) -> None:
        """Back to queued, not to be tried before ``due``, perhaps elsewhere, perhaps in other words."""
        await self._write(lambda db: outbox.requeue(db, id, due, why, channel=channel, instead=instead))

    async def give_up(self, id: PostId, why: str, now: datetime) -> None:
        """Settle: it will not be sent, and neither will its edits. Its replies go to the channel."""
        await self._write(lambda db: outbox.give_up(db, id, why, now))

    async def mark_lost(
        self,
        edit: PostId,
        channel: str,
        ts: str,
        now: datetime,
        *,
        still_visible: bool,
        if_too_often: Sequence[NewPost] = (),
    ) -> LossOutcome | None:
        """Settle: Slack takes no edit of the message at ``ts``. It is queued once more, as the edit would show it.

        ``still_visible`` says that people still see it. None where that was known before. ``if_too_often`` is queued
        where it is lost too often to be said again.
        """

        def unit(db: Database) -> LossOutcome | None:
            step = lost_messages.mark_lost_by_edit(db, edit, channel, ts, now, still_visible=still_visible)
            queueing.put(db, if_too_often if step is LossOutcome.TOO_OFTEN else ())
            return step

        return await self._write(unit, lambda _: True)

    async def mark_outside_thread(
        self, reply: PostId, channel: str, ts: str, now: datetime, *, thread: str, if_too_often: Sequence[NewPost] = ()
    ) -> LossOutcome | None:
        """Settle: a reply to ``thread`` stands at ``ts``, outside of it. The thread's first message is queued again.

        The reply is unclear, and has a ``ts``, while it is to be deleted and said again.
        ``if_too_often`` as for ``mark_lost``.
        """

        def unit(db: Database) -> LossOutcome | None:
            step = lost_messages.mark_lost_by_reply(db, reply, channel, ts, thread, now)
            queueing.put(db, if_too_often if step is LossOutcome.TOO_OFTEN else ())
            return step

        return await self._write(unit, lambda _: True)

    async def lost_message(self, channel: str, ts: str) -> Post | None:
        """Return the message that stood at a place and was lost, as it is now."""

        def unit(db: Database) -> Post | None:
            found = lost_messages.at(db, channel, ts)
            return None if found is None else outbox.post(db, found)

        return await self._read(unit)

    async def set_file_id(self, id: PostId, file: str) -> None:
        """Remember the id of a file that is about to be shown."""
        await self._write(lambda db: outbox.set_file_id(db, id, file))

    async def maybe_duplicated(self, before: datetime) -> tuple[Post, ...]:
        """Return messages last looked at before a time, sent after an unclear try, that may stand twice."""
        return await self._read(lambda db: outbox.maybe_duplicated(db, before))

    async def mark_not_duplicated(self, id: PostId, *, again: datetime | None = None) -> None:
        """Settle: a look at ``again`` has shown that it stands once; None: it need not be looked at any more."""
        await self._write(lambda db: outbox.mark_not_duplicated(db, id, again))

    async def waiting(self) -> Waiting:
        """Return the failures that wait to be told, and the people who wait for an answer, the oldest of each."""
        return await self._read(waiting)

    async def probe(self) -> None:
        """Write something, and to the disk beside it what a full one does not take. Raises ``DatabaseUnavailable``."""
        await self._write(lambda db: probe(db, self.path.parent))

    async def mark_interrupted(self) -> int:
        """At start: posts left as sending become unclear. Return how many."""
        return await self._write(outbox.mark_interrupted)

    async def post(self, id: PostId) -> Post | None:
        """Return one post."""
        return await self._read(lambda db: outbox.post(db, id))

    async def post_counts(self) -> Mapping[str, int]:
        """Return the number of posts by state, and of edits that others took in as ``replaced``."""
        return await self._read(outbox.counts)

    async def oldest_posts(self) -> Mapping[str, datetime]:
        """Return since when the oldest post that is queued, sending or unclear has been due, by state."""
        return await self._read(outbox.oldest)

    # ── people ──

    async def link(self, person: Person) -> Link | None:
        """Return a person's link."""
        return await self._read(lambda db: people.link(db, person))

    async def links(self) -> tuple[Link, ...]:
        """Return all links, by user name."""
        return await self._read(people.links)

    async def put_links(self, links: Sequence[Link], *, posts: Sequence[NewPost] = ()) -> None:
        """Add or change links, all or nothing.

        Raises Refused("taken") where an EnOS user has another person.
        """
        await self._transactions.run_transactions(
            lambda transact: imports.put_links(transact, links, posts), lambda _: posts
        )

    async def remove_link(self, person: Person, *, posts: Sequence[NewPost] = ()) -> Link | None:
        """Remove a link and return what it was."""

        def unit(db: Database) -> Link | None:
            queueing.put(db, posts)
            return people.remove_link(db, person)

        return await self._write(unit, lambda _: posts)

    async def mark_proven(self, link: Link) -> bool:
        """Mark this very link as proven; False where it stands no more, or is another one now."""
        return await self._write(lambda db: people.mark_proven(db, link))

    async def change_person_keys(self, change: workspace_keys.KeyChange) -> int:
        """Give people new keys: their workspace joined an organization or left it; return how many keys there were."""

        def unit(transact: Transact) -> int:
            count = workspace_keys.change_person_keys(transact, change)
            self._incident_cache.clear()
            return count

        return await self._transactions.run_transactions(unit)

    # ── the audit ──

    async def begin_attempt(self, attempt: Attempt, *, delivery: str = "") -> int | None:
        """Write an attempt, and with it forget the delivery; None if one with its key is open or has acted."""

        def unit(db: Database) -> int | None:
            number = audit.begin_attempt(db, attempt)
            if number is not None:
                inbox.mark_answered(db, delivery)
            return number

        return await self._write(unit)

    async def attempt_by_key(self, key: str) -> Entry | None:
        """Return the attempt that is open or has acted under a key."""
        return await self._read(lambda db: audit.attempt_by_key(db, key))

    async def set_attempt_detail(self, attempt: int, detail: str, *, linked: Link | None = None) -> None:
        """Write, before the call, what is needed to look it up should its answer be lost.

        Raises Refused("link_changed") where ``linked`` stands no more.
        """

        def unit(db: Database) -> None:
            people.require_link(db, linked)
            audit.set_attempt_detail(db, attempt, detail)

        await self._write(unit)

    async def unfinished_attempts(self) -> tuple[Entry, ...]:
        """Return attempts without an end, oldest first."""
        return await self._read(audit.unfinished_attempts)

    async def audit_entries(
        self, since: datetime, until: datetime, person: Person | None = None, limit: int = 500
    ) -> tuple[Entry, ...]:
        """Return entries attempted in ``[since, until)``, newest first."""
        return await self._read(lambda db: audit.entries(db, since, until, person, limit))

    # ── deliveries, stashed words, followed runs ──

    async def record_delivery(self, key: str, now: datetime, said: IncomingMessage | None = None) -> bool:
        """Whether this delivery was not seen before; remembers it for 48 hours, and what was said until answered."""
        return await self._write(lambda db: inbox.record_delivery(db, key, now, said))

    async def unanswered(self) -> tuple[IncomingMessage, ...]:
        """Return what was said and neither answered nor noted in the audit, oldest first."""
        return await self._read(inbox.unanswered)

    async def stash(self, text: str, now: datetime) -> str:
        """Keep a text that is too long for a button's value; return a short id."""
        return await self._write(lambda db: runs.stash(db, text, now))

    async def stashed(self, id: str) -> str | None:
        """Return a stashed text."""
        return await self._read(lambda db: runs.stashed(db, id))

    async def put_run(
        self,
        run: Run,
        *,
        posts: Sequence[NewPost] = (),
        attempt_result: AttemptResultFields | None = None,
        linked: Link | None = None,
    ) -> None:
        """Add or change a followed run, with what is said about it.

        Raises Refused("link_changed") where ``linked`` stands no more.
        """

        def unit(db: Database) -> None:
            people.require_link(db, linked)
            runs.put_run(db, run)
            queueing.put(db, posts)
            audit.end(db, attempt_result)

        await self._write(unit, lambda _: posts)

    async def runs(self, *, live: bool = True, flow: FlowId | None = None, limit: int = 200) -> tuple[Run, ...]:
        """Return followed runs, newest first; ``live`` means asked or running."""
        return await self._read(lambda db: runs.runs(db, live=live, flow=flow, limit=limit))

    async def run(self, instance: InstanceId) -> Run | None:
        """Return one followed run."""
        return await self._read(lambda db: runs.run(db, instance))

    # ── keeping house ──

    async def prune(self, now: datetime, keep: RetentionPeriods = RETENTION) -> int:
        """Forget what is old, at most 500 rows in a transaction; return how many rows went."""
        cutoffs = await self._read(lambda db: retention.limits(db, now, keep))
        total = 0
        for statement in retention.STEPS:
            while gone := await self._write(partial(retention.prune_step, statement=statement, cutoffs=cutoffs)):
                total += gone
        if total:
            self._seen_cache.clear()
        while gone := await self._write(lambda db: retention.prune_incident(db, self._incident_cache, cutoffs)):
            total += gone
        return total

    async def correct_future_times(self, now: datetime, *, margin: timedelta = timedelta()) -> int:
        """Take what waits for a time more than ``margin`` ahead as of ``now``: the wall clock was put back.

        The margin is for where that is not certain: there is none where something has happened after ``now``. Return
        how many rows that were, at most 500 in a transaction.
        """
        total = 0
        certain = await self._read(lambda db: clock_set_back.is_certain(db, now))
        margin = timedelta() if certain else margin
        for statement in clock_set_back.STEPS:
            while took := await self._write(partial(clock_set_back.step, statement=statement, now=now, margin=margin)):
                total += took
        if total:
            await self._write(lambda _: self._incident_cache.clear())
        return total

    async def backup(self, path: Path) -> None:
        """Copy the database to a file while everything goes on. Raises ``Refused``: "backup", "backup_target"."""
        try:
            await self._transactions.run_in_steps(
                lambda connection, between: backup.backup(connection, self.path, path, between)
            )
        except (OSError, ValueError, sqlite3.Error) as error:  # ValueError: a name that no file can have
            why = error.strerror if isinstance(error, OSError) else None
            raise Refused(
                "backup",
                f"The backup {path} could not be written: {why or error}.",
                "Choose another path, or make room there. An older backup there stays as it was.",
            ) from error


def _posts_of(changes: ChangeSet) -> Sequence[NewPost]:
    return changes.posts
