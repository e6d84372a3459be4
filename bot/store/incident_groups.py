"""Gatherings: the messages under which many incidents stand."""

import json
from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from bot.core.flow.model import UserName
from bot.core.incident.groups import Gathering, Occasion
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.posts import PostId
from bot.store.incidents import Shelf, load
from bot.store.timestamps import moment, moment_or_none, stamp, stamp_or_none

_MOST = 1001  # incidents told of late: more than any limit that may be set

_RECENT = """
    SELECT id FROM incidents
    WHERE told_at > ? AND listed_in NOT IN (SELECT post FROM gatherings WHERE ended_at IS NULL)
    ORDER BY told_at DESC LIMIT ?
"""


def listed(db: Database) -> tuple[Gathering, ...]:
    """Return all gatherings that are still shown, oldest first."""
    return tuple(_gathering(row) for row in db.execute("SELECT * FROM gatherings ORDER BY began_at, rowid"))


def recent(db: Database, shelf: Shelf, since: datetime | None) -> tuple[Incident, ...]:
    """Return the incidents told after a time, newest first, outside of a gathering that goes on."""
    if since is None:
        return ()
    rows = db.execute(_RECENT, [stamp(since), _MOST])
    return load(db, shelf, [IncidentId(row["id"]) for row in rows])


def under(db: Database, shelf: Shelf, post: PostId) -> tuple[Incident, ...]:
    """Return the incidents that a gathering lists, newest first."""
    rows = db.execute("SELECT id FROM incidents WHERE listed_in = ? ORDER BY opened_at DESC, rowid DESC", [post])
    return load(db, shelf, [IncidentId(row["id"]) for row in rows])


def put(db: Database, gatherings: Iterable[Gathering]) -> None:
    """Insert or replace gatherings."""
    for each in gatherings:
        db.table("gatherings", pk="post").upsert(
            {
                "post": each.post,
                "channel": each.channel,
                "occasion": each.occasion.value,
                "began_at": stamp(each.began_at),
                "last_at": stamp(each.last_at),
                "ended_at": stamp_or_none(each.ended_at),
                "mentioned": json.dumps(each.mentioned),
                "shown": each.shown,
                "joined": each.joined,
            }
        )


def _gathering(row: Row) -> Gathering:
    return Gathering(
        post=PostId(row["post"]),
        channel=row["channel"],
        occasion=Occasion(row["occasion"]),
        began_at=moment(row["began_at"]),
        last_at=moment(row["last_at"]),
        ended_at=moment_or_none(row["ended_at"]),
        mentioned=tuple(UserName(name) for name in json.loads(row["mentioned"])),
        shown=row["shown"],
        joined=row["joined"],
    )
