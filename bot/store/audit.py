"""What people asked for: deliveries from Slack, and the audit of what was attempted for them.

What a person wrote is kept from its arrival until it is answered, or noted in the audit, and is then deleted: it may
hold a secret, and the address for private answers is one. The audit is only added to; the database refuses all else.
"""

import json
from datetime import datetime
from sqlite3 import Row

from bot.core.audit import Attempt, AttemptResult, Entry, Outcome
from bot.core.people.model import IncomingMessage, Link, Origin, Person, Surface
from bot.store.database import Database
from bot.store.people import require_link
from bot.store.rows import from_timestamp, from_timestamp_or_none, timestamp
from bot.store.rows import person as person_of
from bot.store.transactions import Transactional, read, transaction

# A row keeps the key that its person had then; it is read with the one that they have now.
_READ = (
    "SELECT a.*, coalesce(f.person, a.person) AS whose FROM attempts a LEFT JOIN former_people f ON f.former = a.person"
)


class Inbox(Transactional):
    """Deliveries from Slack."""

    @transaction
    def record_delivery(self, db: Database, key: str, now: datetime, said: IncomingMessage | None = None) -> bool:
        """Whether this delivery was not seen before.

        It is remembered for 48 hours, and what was said until ``queue`` or ``begin_attempt`` names the delivery.
        """
        words = ""
        if said is not None:
            origin = said.origin
            words = json.dumps(
                {
                    "text": said.text,
                    "team": said.by.team,
                    "user": said.by.user,
                    "surface": origin.surface.value,
                    "channel": origin.channel,
                    "thread": origin.thread,
                    "message": origin.message,
                    "response_url": origin.response_url,
                    "post": said.post,
                    "hint": said.hint,
                }
            )
        done = db.execute(
            "INSERT INTO deliveries (key, at, said) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
            [key, timestamp(now), words],
        )
        return done.rowcount == 1

    @read
    def unanswered(self, db: Database) -> tuple[IncomingMessage, ...]:
        """What was said and neither answered nor noted in the audit, oldest first."""
        rows = db.execute("SELECT key, at, said FROM deliveries WHERE said <> '' ORDER BY at, key")
        return tuple(_incoming_message(row) for row in rows)


class AuditLog(Transactional):
    """Attempts, written before an act, and their ends."""

    @transaction
    def begin_attempt(self, db: Database, attempt: Attempt, *, delivery: str = "") -> int | None:
        """Write an attempt and return its id; None if one with its key is open or has acted (``Outcome.frees``).

        What was said in the delivery is then forgotten.
        """
        number = insert_attempt(db, attempt)
        if number is not None:
            mark_answered(db, delivery)
        return number

    @read
    def attempt_by_key(self, db: Database, key: str) -> Entry | None:
        """The attempt that is open or has acted under a key."""
        row = db.execute(f"{_READ} WHERE a.key = ? AND a.freed = 0", [key]).fetchone()
        return None if row is None else _entry(row)

    @transaction
    def set_attempt_detail(self, db: Database, attempt: int, detail: str, *, linked: Link | None = None) -> None:
        """Write, before the call, what is needed to look it up should its answer be lost.

        Raises Refused("link_changed") where ``linked`` has changed.
        """
        require_link(db, linked)
        db.execute("UPDATE attempts SET detail = ? WHERE id = ? AND ended_at IS NULL", [detail, attempt])

    @read
    def unfinished_attempts(self, db: Database) -> tuple[Entry, ...]:
        """Attempts without an end, oldest first."""
        rows = db.execute(f"{_READ} WHERE a.ended_at IS NULL ORDER BY a.id LIMIT 500")
        return tuple(_entry(row) for row in rows)

    @read
    def audit_entries(
        self, db: Database, since: datetime, until: datetime, person: Person | None = None, limit: int = 500
    ) -> tuple[Entry, ...]:
        """Entries attempted in ``[since, until)``, newest first."""
        keys = "(SELECT ? UNION SELECT former FROM former_people WHERE person = ?)"
        which, values = ("", []) if person is None else (f"AND a.person IN {keys}", [str(person), str(person)])
        rows = db.execute(
            f"{_READ} WHERE a.at >= ? AND a.at < ? {which} ORDER BY a.at DESC, a.id DESC LIMIT ?",
            [timestamp(since), timestamp(until), *values, limit],
        )
        return tuple(_entry(row) for row in rows)


def insert_attempt(db: Database, new: Attempt) -> int | None:
    """Write an attempt and return its id; None if one with its key is open or has acted."""
    row = db.execute(
        "INSERT INTO attempts (key, person, channel, thread, surface, words, verb, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) WHERE freed = 0 DO NOTHING RETURNING id",
        [new.key, str(new.by), new.channel, new.thread, new.surface, new.words, new.verb, timestamp(new.at)],
    ).fetchone()
    return None if row is None else int(row["id"])


def end_attempt(db: Database, result: AttemptResult | None) -> None:
    """End an attempt. One that has ended is not changed: the first end is the true one."""
    if result is not None:
        db.execute(
            "UPDATE attempts SET outcome = ?, request = ?, user_id = ?, answer = ?, ended_at = ?, freed = ?"
            " WHERE id = ? AND ended_at IS NULL",
            [
                str(result.outcome),
                result.request,
                result.user_id,
                result.answer,
                timestamp(result.at),
                int(result.outcome.frees),
                result.attempt,
            ],
        )


def mark_answered(db: Database, delivery: str) -> None:
    """Forget what was said in a delivery: it is answered, or in the audit."""
    if delivery:
        db.execute("UPDATE deliveries SET said = '' WHERE key = ?", [delivery])


def _incoming_message(row: Row) -> IncomingMessage:
    words = json.loads(row["said"])
    origin = Origin(
        Surface(words["surface"]), words["channel"], words["thread"], words["message"], words["response_url"]
    )
    by, hint = Person(words["team"], words["user"]), words.get("hint", "")  # a former version wrote none
    return IncomingMessage(row["key"], words["text"], by, origin, from_timestamp(row["at"]), words["post"], hint)


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        attempt=Attempt(
            key=row["key"],
            by=person_of(row["whose"]),
            channel=row["channel"],
            thread=row["thread"],
            surface=row["surface"],
            words=row["words"],
            verb=row["verb"],
            at=from_timestamp(row["at"]),
        ),
        outcome=Outcome.read(row["outcome"]) if row["outcome"] else None,
        request=row["request"] or "",
        user_id=row["user_id"] or "",
        answer=row["answer"] or "",
        ended_at=from_timestamp_or_none(row["ended_at"]),
        detail=row["detail"] or "",
    )
