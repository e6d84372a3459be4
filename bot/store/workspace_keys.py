"""People under new keys: their workspace has joined an organization, left it, or goes by other user ids there.

    former keys noted ──► links ──► incidents ──► runs ──► deliveries ──► audit row and the new home

Each step changes some hundred rows in a transaction of its own; all are one job of the database thread, so nobody
reads people half-way. Where other replicas read, too, all is one transaction. The new home is noted last: after a crash
before that, the next start goes through all of it again, and what has its new key already is left alone. The audit is
only added to: its rows keep their keys, and it is read with the help of the noted former ones.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from bot.core.people.model import DONE, Attempt, AttemptResult, Person
from bot.core.values import dataclass
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.monitor_state import write_note
from bot.store.people import end_attempt, insert_attempt
from bot.store.transactions import Transact, Transactional, person

CHUNK = 150  # rows; each may be two or three in the tables
NOTE = "home"

# Tables with a person's key, by what their rows are told apart, and the columns it stands in.
_TABLES = (
    ("incidents", "id", ("acked_by", "ended_by", "asked_by", "asked", "taken_from")),
    ("offers", "id", ("asked_by", "asked", "answered_by")),
    ("expectations", "flow_id", ("made_by",)),
    ("snoozes", "id", ("made_by",)),
    ("runbooks", "flow_id", ("made_by",)),
    ("retry_rules", "id", ("made_by",)),
    ("retries", "id", ("made_by",)),
    ("backfills", "number", ("made_by", "acted_by")),
    ("runs", "instance", ("person",)),
    ("watches", "id", ("made_by",)),
)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Which keys become which."""

    former: tuple[str, ...]  # teams or enterprises
    workspace_key: str
    users: Mapping[str, str]  # user ids that are others now
    by: Person  # flowbot, for the audit
    note: str  # what is noted of the home when all is done
    at: datetime

    def key(self, old: str) -> str:
        """Return the new key of a person."""
        user = person(old).user
        return str(Person(self.workspace_key, self.users.get(user, user)))

    def concerns(self, key: str) -> bool:
        """Whether a key is one to change."""
        whose = person(key)
        return whose.team in self.former or (whose.team == self.workspace_key and whose.user in self.users)


class WorkspaceKeys(Transactional):
    """By what keys people are known."""

    _incident_cache: IncidentCache

    async def change_person_keys(self, change: KeyChange) -> int:
        """Give people new keys: their workspace joined an organization or left it; return how many keys there were."""

        def job() -> int:
            if self._db.is_shared:
                count = self._transact(lambda db: change_person_keys(lambda act: act(db), change), is_large=True)
            else:
                count = change_person_keys(self._transact, change)
            self._incident_cache.clear()
            return count

        return await self._run(job)


def change_person_keys(transact: Transact, change: KeyChange) -> int:
    """As ``WorkspaceKeys.change_person_keys``."""
    keys = transact(lambda db: _keys(db, change))
    for first in range(0, len(keys), CHUNK):
        some = keys[first : first + CHUNK]
        transact(partial(_note_former, change=change, keys=some))
        transact(partial(_links, change=change, keys=some))
    for table, key, columns in _TABLES:
        for column in columns:
            while transact(partial(_column, change=change, table=table, key=key, column=column)):
                pass
    while transact(lambda db: _deliveries(db, change)):
        pass
    transact(lambda db: _done(db, change, len(keys)))
    return len(keys)


def _keys(db: Database, change: KeyChange) -> list[str]:
    """Return the keys of people that are to change, wherever they stand."""
    found = set[str]()
    places = [(table, column) for table, _, columns in _TABLES for column in columns]
    for table, column in (("links", "person"), ("attempts", "person"), ("former_people", "person"), *places):
        rows = db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608  constants only
        found.update(row[0] for row in rows if change.concerns(row[0]))
    return sorted(found)


def _note_former(db: Database, change: KeyChange, keys: Sequence[str]) -> None:
    for old in keys:
        new = change.key(old)
        db.execute("UPDATE former_people SET person = ? WHERE person = ?", [new, old])
        db.execute("INSERT OR REPLACE INTO former_people VALUES (?, ?)", [old, new])
        db.execute("DELETE FROM former_people WHERE former = person")  # who has come back


def _links(db: Database, change: KeyChange, keys: Sequence[str]) -> None:
    """Move links. Who has been linked under the new key already keeps that link: it is the newer one."""
    for old in keys:
        new = change.key(old)
        db.execute(
            "UPDATE links SET person = ? WHERE person = ? AND NOT EXISTS (SELECT 1 FROM links WHERE person = ?)",
            [new, old, new],
        )
        db.execute("DELETE FROM links WHERE person = ?", [old])


def _column(db: Database, change: KeyChange, table: str, key: str, column: str) -> int:
    """Change some rows; return how many."""
    rows = db.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608  constants only
    some = [(change.key(row[1]), row[0]) for row in rows if change.concerns(row[1])][:CHUNK]
    db.conn.executemany(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", some)  # noqa: S608  constants only
    return len(some)


def _deliveries(db: Database, change: KeyChange) -> int:
    """Change what was said and is not answered yet."""
    some = list[tuple[str, str]]()
    for row in db.execute("SELECT key, said FROM deliveries WHERE said <> ''"):
        said = json.loads(row["said"])
        old = str(Person(said["team"], said["user"]))
        if change.concerns(old):
            new = person(change.key(old))
            some.append((json.dumps(said | {"team": new.team, "user": new.user}), row["key"]))
    db.conn.executemany("UPDATE deliveries SET said = ? WHERE key = ?", some[:CHUNK])
    return len(some[:CHUNK])


def _done(db: Database, change: KeyChange, count: int) -> None:
    """Put it on record and note the new home, together."""
    write_note(db, NOTE, change.note)
    if not count:
        return
    was = " and ".join(change.former) or change.workspace_key
    number = insert_attempt(
        db,
        Attempt(
            key=f"home:{was}:{change.workspace_key}:{change.at.isoformat()}",
            by=change.by,
            channel="",
            thread="",
            surface="start",
            words=f"people of {was} are known by {change.workspace_key}",
            verb="home",
            at=change.at,
        ),
    )
    if number is not None:
        answer = f"{count} people, {len(change.users)} with another user id"
        end_attempt(db, AttemptResult(number, DONE, change.at, answer=answer))
