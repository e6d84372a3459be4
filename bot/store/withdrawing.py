"""Withdrawing reminders that have not gone: they would say what is true no more.

What is queued is given up. What is being sent, or unclear, may stand already: it is marked, and given up should it
turn out not to be there. A reply never hangs on a reminder, so that none is lost with it.
"""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.core.incident.model import Incident
from bot.core.outbox.posts import NewPost, PostId, PostState
from bot.store.posts import WITHDRAWN, give_up
from bot.store.timestamps import from_timestamp

_REMINDERS = """
    SELECT id, state, due FROM posts
    WHERE reminds_of = ? AND reminds_of <> '' AND state IN ('queued', 'sending', 'unclear')
"""
_UNTAKEN = "SELECT 1 FROM incidents WHERE listed_in = ? AND gathered = 1 AND phase = 'open' LIMIT 1"


def withdraw_for(db: Database, passed_on: Iterable[Incident]) -> None:
    """Withdraw the reminders of incidents that are in other hands now, and of storms that wait for nobody any more."""
    storms = set[str]()
    for incident in passed_on:
        _withdraw(db, incident.id)
        storms.add(incident.listed_in)
    for storm in storms - {""}:
        if db.execute(_UNTAKEN, [storm]).fetchone() is None:
            _withdraw(db, storm)


def withdraw_earlier(db: Database, new: NewPost) -> None:
    """Withdraw the earlier reminders of what a new one reminds of."""
    if new.reminds_of:
        _withdraw(db, new.reminds_of)


def _withdraw(db: Database, thing: str) -> None:
    for row in db.execute(_REMINDERS, [thing]).fetchall():
        if row["state"] == PostState.QUEUED.value:
            give_up(db, PostId(row["id"]), WITHDRAWN, from_timestamp(row["due"]))
        else:
            db.execute("UPDATE posts SET withdrawn = 1 WHERE id = ?", [row["id"]])
