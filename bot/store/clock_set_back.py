"""Times that lie in the future though they have happened: the wall clock was set back. They become now.

A post that waits until an hour from now, a reminder counted from then, a sweep that "ended" then: each would wait for
as long as the clock was set back. Times that are meant to lie ahead (how long an acknowledgement lasts), and what the
audit says, are kept.
"""

from datetime import datetime, timedelta

from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.transactions import ROWS, Transactional, read, timestamp, transaction

_WAITING = "state IN ('queued', 'sending', 'unclear')"
_LIVE = "phase IN ('open', 'acknowledged')"


def _posts(column: str, which: str) -> str:
    return (
        f"UPDATE posts SET {column} = :now WHERE seq IN"  # noqa: S608  constants only
        f" (SELECT seq FROM posts WHERE {which} AND {column} > :edge LIMIT :rows)"
    )


def _incidents(column: str) -> str:
    return (
        f"UPDATE incidents SET {column} = :now WHERE id IN"  # noqa: S608  constants only
        f" (SELECT id FROM incidents WHERE {_LIVE} AND {column} > :edge LIMIT :rows)"
    )


# When a message was handed to Slack bounds the lookup: where that is not known, all is read up to now.
_TRIED = """
    UPDATE posts SET tried_at = NULL WHERE seq IN (
      SELECT seq FROM posts
      WHERE (state IN ('queued', 'sending', 'unclear') OR look_again > 0) AND tried_at > :edge LIMIT :rows)
"""
_LOSSES = """
    UPDATE lost_messages SET at = :now WHERE (post, generation) IN (
      SELECT post, generation FROM lost_messages WHERE at > :edge LIMIT :rows)
"""

_EVENTS = """
    UPDATE bridge_events SET at = min(at, :now), retry_at = min(retry_at, :now) WHERE seq IN (
      SELECT seq FROM bridge_events WHERE state IN ('queued', 'sending') AND max(at, retry_at) > :edge LIMIT :rows)
"""

_CARDS = f"""
    UPDATE cards SET told_at = :now WHERE (incident, place) IN (
      SELECT c.incident, c.place FROM cards c JOIN incidents i ON i.id = c.incident
      WHERE {_LIVE} AND c.told_at > :edge LIMIT :rows)
"""  # noqa: S608  constants only

_ESCALATION = """
    UPDATE escalation_steps SET at = :now WHERE (incident, place) IN (
      SELECT incident, place FROM escalation_steps WHERE at > :edge LIMIT :rows)
"""

# A failure stays on its side of the end of what the last digest covered: it is told in one of them.
_UNTIL = "CASE WHEN name LIKE 'digest %' THEN CAST(json_extract(value, '$.until') AS BIGINT) END"
_FAILURES = f"""
    UPDATE occurrences SET seen_at = :now - CASE WHEN seen_at < coalesce(
      (SELECT max({_UNTIL}) FROM notes), 0) THEN 1 ELSE 0 END
    WHERE (incident, place) IN (SELECT incident, place FROM occurrences WHERE seen_at > :edge LIMIT :rows)
"""  # noqa: S608  constants only
_DIGESTS = f"UPDATE notes SET value = json_set(value, '$.until', :now) WHERE {_UNTIL} > :edge"  # noqa: S608  constants only

# Each statement changes at most :rows rows and is repeated until it finds none.
STEPS = (
    *(_posts(column, _WAITING) for column in ("due", "retry_at", "first_tried", "settled_at")),
    *(_posts(column, "look_again > 0") for column in ("settled_at", "look_again")),
    _TRIED,
    _LOSSES,
    _EVENTS,
    *(_incidents(column) for column in ("opened_at", "called_at", "acked_at")),
    _CARDS,
    _ESCALATION,
    _FAILURES,
    _DIGESTS,
    """
    UPDATE gatherings SET began_at = min(began_at, :now), last_at = min(last_at, :now)
    WHERE ended_at IS NULL AND max(began_at, last_at) > :edge
    """,
    """
    UPDATE offers SET until = until - (asked_at - :now), asked_at = :now WHERE id IN (
      SELECT id FROM offers WHERE state IN ('open', 'running') AND asked_at > :edge LIMIT :rows)
    """,
    """
    UPDATE retries SET due = due - (made_at - :now), made_at = :now WHERE id IN (
      SELECT id FROM retries WHERE state IN ('waiting', 'starting') AND made_at > :edge LIMIT :rows)
    """,
    """
    UPDATE retry_rules SET at = :now - 1000 WHERE id IN (
      SELECT id FROM retry_rules WHERE ended_at IS NULL AND at > :edge LIMIT :rows)
    """,
    """
    UPDATE expectations SET at = :now WHERE flow_id IN (SELECT flow_id FROM expectations WHERE at > :edge LIMIT :rows)
    """,
    """
    UPDATE backfills SET at = :now WHERE state IN ('running', 'paused', 'stopping') AND at > :edge
    """,
    """
    UPDATE backfill_starts SET started_at = min(started_at, :now), ended_at = min(ended_at, :now)
    WHERE (backfill, place) IN (
      SELECT backfill, place FROM backfill_starts WHERE max(coalesce(started_at, 0), coalesce(ended_at, 0)) > :edge
      LIMIT :rows)
    """,
    "UPDATE runs SET started_at = :now WHERE state IN ('asked', 'running') AND started_at > :edge",
    """
    UPDATE readings SET swept_at = min(swept_at, :now), read_at = min(read_at, :now)
    WHERE max(coalesce(swept_at, 0), coalesce(read_at, 0)) > :edge
    """,
)


# Times of what flowbot has done. One of them lies ahead only where the clock was set back since.
_HAPPENED = """
    SELECT 1 FROM posts WHERE state IN ('queued', 'sending', 'unclear') AND max(
        coalesce(first_tried, 0), coalesce(tried_at, 0), CASE state WHEN 'unclear' THEN settled_at ELSE 0 END) > :edge
    UNION ALL
    SELECT 1 FROM readings WHERE max(coalesce(swept_at, 0), coalesce(read_at, 0)) > :edge
    LIMIT 1
"""


class ClockCorrection(Transactional):
    """For a wall clock that was set back."""

    _incident_cache: IncidentCache

    async def correct_future_times(self, now: datetime, *, margin: timedelta = timedelta()) -> int:
        """Replace times more than ``margin`` ahead by ``now``, at most 500 rows in a transaction; return how many rows.

        The margin is for where it is not certain that the clock was set back: there is none where something has
        happened after ``now``.
        """
        total = 0
        margin = timedelta() if await self._has_happened_after(now) else margin
        for statement in STEPS:
            while corrected := await self._correct(statement, now, margin):
                total += corrected
        if total:
            await self._run(self._incident_cache.clear)
        return total

    @read
    def _has_happened_after(self, db: Database, now: datetime) -> bool:
        """Whether something happened after ``now``: then nothing that lies ahead is meant to."""
        return db.execute(_HAPPENED, {"edge": timestamp(now)}).fetchone() is not None

    @transaction
    def _correct(self, db: Database, statement: str, now: datetime, margin: timedelta) -> int:
        """Correct at most 500 rows; return how many."""
        values = {"now": timestamp(now), "edge": timestamp(now + margin), "rows": ROWS}
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        return db.execute(statement, used).rowcount
