"""The inbox: which deliveries of Slack were seen, and what was said in those that are not answered yet.

The words stand here from their arrival until they are answered, or noted in the audit, and then go: they may hold
a secret, and the address for private answers is one.
"""

import json
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.store.timestamps import from_timestamp, timestamp


def record_delivery(db: Database, key: str, now: datetime, said: IncomingMessage | None) -> bool:
    """Whether this delivery was not seen before; it is remembered, with what was said."""
    words = "" if said is None else _words(said)
    done = db.execute(
        "INSERT INTO deliveries (key, at, said) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
        [key, timestamp(now), words],
    )
    return done.rowcount == 1


def mark_answered(db: Database, key: str) -> None:
    """Forget what was said in a delivery: it is answered, or the audit knows of it."""
    if key:
        db.execute("UPDATE deliveries SET said = '' WHERE key = ?", [key])


def unanswered(db: Database) -> tuple[IncomingMessage, ...]:
    """Return what was said and never answered, oldest first."""
    rows = db.execute("SELECT key, at, said FROM deliveries WHERE said <> '' ORDER BY at, key")
    return tuple(_said(row) for row in rows)


def _words(said: IncomingMessage) -> str:
    origin = said.origin
    return json.dumps(
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


def _said(row: Row) -> IncomingMessage:
    words = json.loads(row["said"])
    origin = Origin(
        Surface(words["surface"]), words["channel"], words["thread"], words["message"], words["response_url"]
    )
    by, hint = Person(words["team"], words["user"]), words.get("hint", "")  # a former version wrote none
    return IncomingMessage(row["key"], words["text"], by, origin, from_timestamp(row["at"]), words["post"], hint)
