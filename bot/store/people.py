"""People: who they are in EnOS (one EnOS user, one person), what they asked for, and what was attempted for them.

What a person wrote is kept from its arrival until it is answered, or noted in the audit, and is then deleted: it may
hold a secret, and the address for ephemeral answers is one. The audit is only added to; the database refuses all else.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Row

from bot.core.errors import Refusal
from bot.core.flow.model import UserId, UserName
from bot.core.incident.model import OfferId
from bot.core.people.model import (
    FREEING,
    Attempt,
    AttemptResult,
    Entry,
    IncomingMessage,
    Link,
    Origin,
    Outcome,
    Person,
    Surface,
    part_key,
)
from bot.core.text.escape import mention
from bot.core.text.message import msg
from bot.store import offer_rows
from bot.store.database import Database
from bot.store.transactions import Transactional, from_timestamp, from_timestamp_or_none, read, timestamp, transaction
from bot.store.transactions import person as person_of

_LEFT_OVER = "NOT IN (SELECT id FROM replicas)"

# A row keeps the key that its person had then; it is read with the one that they have now.
_READ = (
    "SELECT a.*, coalesce(f.person, a.person) AS whose FROM attempts a LEFT JOIN former_people f ON f.former = a.person"
)


class People(Transactional):
    """Reading links, and marking one as proven. ``LinkChanges`` adds and removes them."""

    @read
    def link(self, db: Database, person: Person) -> Link | None:
        """A person's link."""
        return link_of(db, person)

    @read
    def links(self, db: Database) -> tuple[Link, ...]:
        """All links, by user name."""
        return tuple(_link(row) for row in db.execute("SELECT * FROM links ORDER BY user_name"))

    @transaction
    def mark_proven(self, db: Database, link: Link) -> bool:
        """Mark this very link as proven; False where it is gone, or the person has another one now."""
        done = db.execute(
            "UPDATE links SET proven = 1 WHERE person = ? AND user_id = ? AND user_name = ?",
            [str(link.person), link.user_id, link.user_name],
        )
        return done.rowcount == 1

    @transaction
    def set_language(self, db: Database, user: str, language: str, *, greets: bool = False) -> bool:
        """Note the language of what a person alone reads. ``greets``: whether they are to be welcomed, each once."""
        db.execute("INSERT OR REPLACE INTO languages VALUES (?, ?)", [user, language])
        return greets and db.execute("INSERT OR IGNORE INTO greeted VALUES (?)", [user]).rowcount == 1


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
            "INSERT INTO deliveries (key, at, said, replica) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            [key, timestamp(now), words, db.me],
        )
        return done.rowcount == 1

    @read
    def was_delivered(self, db: Database, key: str) -> bool:
        """Whether a delivery was recorded."""
        return db.execute("SELECT 1 FROM deliveries WHERE key = ?", [key]).fetchone() is not None

    @read
    def unanswered(self, db: Database) -> tuple[IncomingMessage, ...]:
        """What was said and neither answered nor noted in the audit, oldest first; not what a replica has in hand."""
        holder = "ltrim(replica, '>')"  # which stands before who was asked to answer it (``replicas.py``)
        rows = db.execute(
            f"SELECT key, at, said FROM deliveries WHERE said <> '' AND {holder} {_LEFT_OVER} ORDER BY at, key"  # noqa: S608  constants only
        )
        return tuple(incoming_message(row) for row in rows)


class AuditLog(Transactional):
    """Attempts, written before an act, and their ends."""

    @transaction
    def begin_attempt(
        self, db: Database, attempt: Attempt, *, delivery: str = "", offer: OfferId | None = None
    ) -> int | None:
        """Write an attempt and return its id; None if one with its key is open or has acted (``FREEING``).

        What was said in the delivery is then forgotten. With ``offer`` it runs the command that is asked for there:
        Refusal where somebody else was faster, or the offer has ended.
        """
        number = insert_attempt(db, attempt)
        if number is not None:
            if offer is not None:
                offer_rows.begin(db, offer, attempt.by, number, attempt.at)
            mark_answered(db, delivery)
        return number

    @read
    def attempt(self, db: Database, number: int) -> Entry | None:
        """One attempt."""
        row = db.execute(f"{_READ} WHERE a.id = ?", [number]).fetchone()
        return None if row is None else _entry(row)

    @read
    def attempt_by_key(self, db: Database, key: str) -> Entry | None:
        """The attempt that is open or has acted under a key."""
        row = db.execute(f"{_READ} WHERE a.key = ? AND a.freed = 0", [key]).fetchone()
        return None if row is None else _entry(row)

    @transaction
    def set_attempt_detail(self, db: Database, attempt: int, detail: str, *, linked: Link | None = None) -> None:
        """Write, before the call, what is needed to look it up should its answer be lost.

        Raises Refusal("link_changed") where ``linked`` has changed.
        """
        require_link(db, linked)
        db.execute("UPDATE attempts SET detail = ? WHERE id = ? AND ended_at IS NULL", [detail, attempt])

    @read
    def unfinished_attempts(self, db: Database) -> tuple[Entry, ...]:
        """Attempts without an end, oldest first; not those that a replica has in hand."""
        rows = db.execute(f"{_READ} WHERE a.ended_at IS NULL AND a.replica {_LEFT_OVER} ORDER BY a.id LIMIT 500")
        return tuple(_entry(row) for row in rows)

    @read
    def is_in_hand(self, db: Database, attempt: int) -> bool:
        """Whether a replica that lives has this attempt in hand."""
        begun = "SELECT replica FROM attempts WHERE id = ? AND ended_at IS NULL"
        return db.execute(f"SELECT 1 FROM replicas WHERE id IN ({begun})", [attempt]).fetchone() is not None  # noqa: S608  constants only

    @read
    def bulk_entries(self, db: Database, attempt: int) -> tuple[Entry, ...]:
        """The parts (``part_key``) of an attempt that have acted, or are open."""
        begin, end = part_key(attempt, ""), part_key(attempt, "\x7f")
        rows = db.execute(f"{_READ} WHERE a.key > ? AND a.key < ? AND a.freed = 0 ORDER BY a.id", [begin, end])
        return tuple(_entry(row) for row in rows)

    @read
    def audit_entries(
        self, db: Database, since: datetime, until: datetime, person: Person | None = None, limit: int = 500
    ) -> tuple[Entry, ...]:
        """Entries attempted in ``[since, until)``, newest first: what was attempted by a person, or for them."""
        keys = "(SELECT ? UNION SELECT former FROM former_people WHERE person = ?)"
        whose = f"AND (a.person IN {keys} OR a.asker IN {keys})"
        which, values = ("", []) if person is None else (whose, 4 * [str(person)])
        rows = db.execute(
            f"{_READ} WHERE a.at >= ? AND a.at < ? {which} ORDER BY a.at DESC, a.id DESC LIMIT ?",
            [timestamp(since), timestamp(until), *values, limit],
        )
        return tuple(_entry(row) for row in rows)


# ── inside a transaction: links ──


def link_of(db: Database, whose: Person) -> Link | None:
    """A person's link."""
    row = db.execute("SELECT * FROM links WHERE person = ?", [str(whose)]).fetchone()
    return None if row is None else _link(row)


def check(db: Database, new: Sequence[Link]) -> None:
    """Raise Refusal("taken") where, with these links, an EnOS user would have two persons, or a person two users."""
    persons = {each.person for each in new}
    holders: dict[str, Link] = {}
    existing = map(_link, db.execute("SELECT * FROM links ORDER BY user_name"))
    for each in (*(old for old in existing if old.person not in persons), *new):
        for key in (f"person {each.person}", f"id {each.user_id}", f"name {each.user_name}"):
            if key in holders:
                raise _taken(each, holders[key])
            holders[key] = each


def delete_links(db: Database, persons: Sequence[Person]) -> None:
    """Remove the links of some people. All are removed before others are added: two people may swap their users."""
    db.conn.executemany("DELETE FROM links WHERE person = ?", [[str(each)] for each in persons])


def insert_links(db: Database, new: Sequence[Link]) -> None:
    """Add links that were checked."""
    rows = [[str(each.person), each.user_id, each.user_name, int(each.verified)] for each in new]
    db.conn.executemany("INSERT INTO links VALUES (?, ?, ?, ?)", rows)


def require_link(db: Database, needed: Link | None) -> None:
    """Raise Refusal("link_changed") unless the person still has this link, proven where it was."""
    if needed is None:
        return
    now = link_of(db, needed.person)
    same = now is not None and (now.user_id, now.user_name) == (needed.user_id, needed.user_name)
    if now is None or not same or (needed.verified and not now.verified):
        raise Refusal(
            "link_changed",
            msg("Your link to EnOS changed while I worked on this. Nothing was changed."),
            msg("`whoami` shows your link. Then try again."),
        )


def _taken(new: Link, holder: Link) -> Refusal:
    if holder.person == new.person:
        return Refusal(
            "taken",
            msg(
                "{person} is named twice, as {first} and as {second}.",
                person=mention(new.person.user),
                first=holder.user_name,
                second=new.user_name,
            ),
            msg("Nothing was changed. Name each person once."),
        )
    return Refusal(
        "taken",
        msg(
            "The EnOS user {user} ({user_id}) is already linked to {holder}, so I can't link it to {person} too.",
            user=holder.user_name,
            user_id=holder.user_id,
            holder=mention(holder.person.user),
            person=mention(new.person.user),
        ),
        msg("Nothing was changed. If that link is wrong, unlink {holder} first.", holder=mention(holder.person.user)),
    )


def _link(row: Row) -> Link:
    return Link(
        person=person_of(row["person"]),
        user_id=UserId(row["user_id"]),
        user_name=UserName(row["user_name"]),
        verified=bool(row["proven"]),
    )


# ── inside a transaction: attempts ──


def insert_attempt(db: Database, new: Attempt) -> int | None:
    """Write an attempt and return its id; None if one with its key is open or has acted."""
    row = db.execute(
        "INSERT INTO attempts (key, person, channel, thread, surface, words, verb, at, asker, replica)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) WHERE freed = 0 DO NOTHING RETURNING id",
        [
            *(new.key, str(new.by), new.channel, new.thread, new.surface, new.words, new.verb, timestamp(new.at)),
            *("" if new.asker is None else str(new.asker), db.me),
        ],
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
                int(result.outcome.ending in FREEING),
                result.attempt,
            ],
        )


def mark_answered(db: Database, delivery: str) -> None:
    """Forget what was said in a delivery: it is answered, or in the audit."""
    if delivery:
        db.execute("UPDATE deliveries SET said = '' WHERE key = ?", [delivery])


def incoming_message(row: Row) -> IncomingMessage:
    """What was said in a delivery."""
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
            asker=person_of(row["asker"]) if row["asker"] else None,
        ),
        outcome=Outcome.read(row["outcome"]) if row["outcome"] else None,
        request=row["request"] or "",
        user_id=row["user_id"] or "",
        answer=row["answer"] or "",
        ended_at=from_timestamp_or_none(row["ended_at"]),
        detail=row["detail"] or "",
    )
