"""Incident groups: the messages that list many incidents."""

import json
from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Row

from bot.core.flow.model import UserName
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.posts import PostId
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.incidents import load
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    read,
    timestamp,
    timestamp_or_none,
)

_MOST = 1001  # incidents told recently: more than any limit that may be set

_RECENT = """
    SELECT incident AS id FROM cards
    WHERE told_at > ? AND listed_in NOT IN (SELECT post FROM gatherings WHERE ended_at IS NULL)
    GROUP BY incident ORDER BY max(told_at) DESC LIMIT ?
"""

_LISTED = """
    SELECT i.id FROM cards c JOIN incidents i ON i.id = c.incident
    WHERE c.listed_in = ? ORDER BY i.opened_at DESC, i.rowid DESC
"""


class IncidentGroups(Transactional):
    """Reading groups; they are written by ``observe`` and ``change`` (``change_sets.py``)."""

    _incident_cache: IncidentCache

    @read
    def incident_groups(self, db: Database) -> tuple[IncidentGroup, ...]:
        """All groups that are still shown, oldest first."""
        return shown(db)

    @read
    def grouped(self, db: Database, post: PostId) -> tuple[Incident, ...]:
        """The incidents that a group's message lists, newest first."""
        rows = db.execute(_LISTED, [post])
        return load(db, self._incident_cache, [IncidentId(row["id"]) for row in rows])


def shown(db: Database) -> tuple[IncidentGroup, ...]:
    """All groups that are still shown, oldest first."""
    return tuple(_group(row) for row in db.execute("SELECT * FROM gatherings ORDER BY began_at, rowid"))


def recent(db: Database, incident_cache: IncidentCache, since: datetime | None) -> tuple[Incident, ...]:
    """The incidents told after a time, newest first, without those of a group that has not ended."""
    if since is None:
        return ()
    rows = db.execute(_RECENT, [timestamp(since), _MOST])
    return load(db, incident_cache, [IncidentId(row["id"]) for row in rows])


def put(db: Database, incident_groups: Iterable[IncidentGroup]) -> None:
    """Insert or replace groups."""
    for each in incident_groups:
        db.table("gatherings", pk="post").upsert(
            {
                "post": each.post,
                "channel": each.channel,
                "occasion": each.occasion.value,
                "began_at": timestamp(each.began_at),
                "last_at": timestamp(each.last_at),
                "ended_at": timestamp_or_none(each.ended_at),
                "mentioned": json.dumps(each.mentioned),
                "shown": each.shown,
                "joined": each.joined,
            }
        )


def _group(row: Row) -> IncidentGroup:
    return IncidentGroup(
        post=PostId(row["post"]),
        channel=row["channel"],
        occasion=Occasion(row["occasion"]),
        began_at=from_timestamp(row["began_at"]),
        last_at=from_timestamp(row["last_at"]),
        ended_at=from_timestamp_or_none(row["ended_at"]),
        mentioned=tuple(UserName(name) for name in json.loads(row["mentioned"])),
        shown=row["shown"],
        joined=row["joined"],
    )
