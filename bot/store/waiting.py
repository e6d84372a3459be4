"""What waits: failures that were seen and not told yet, and people whose message was not answered yet."""

from collections.abc import Mapping
from datetime import datetime

from bot.core.values import dataclass
from bot.store.database import Database
from bot.store.transactions import Transactional, from_timestamp, read

_MOST = 200  # of the oldest: their ages are followed from one check to the next
_WAITS = "('queued', 'sending', 'unclear')"

_UNTOLD = f"""
    SELECT p.id AS id, p.due AS since FROM posts p
    WHERE p.state IN {_WAITS} AND p.kind = 'message' AND EXISTS (SELECT 1 FROM cards c WHERE c.post = p.id)
    UNION
    SELECT i.id, i.opened_at FROM incidents i
    WHERE i.phase IN ('open', 'acknowledged')
      AND NOT EXISTS (
        SELECT 1 FROM cards c JOIN posts p ON p.id = c.post
        WHERE c.incident = i.id AND p.state IN ('sent', 'queued', 'sending', 'unclear'))
    ORDER BY 2 LIMIT {_MOST}
"""  # noqa: S608  constants only

# An attempt that has a run is told in the run's message, and looked up there.
_UNANSWERED = f"""
    SELECT 'said ' || key AS id, at AS since FROM deliveries WHERE said <> ''
    UNION ALL
    SELECT 'post ' || id, due FROM posts WHERE state IN {_WAITS} AND lane = 'answer' AND kind <> 'edit'
    UNION ALL
    SELECT 'attempt ' || id, at FROM attempts a
    WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.attempt = a.id)
    ORDER BY 2 LIMIT {_MOST}
"""  # noqa: S608  constants only


# That EnOS cannot be read is a notice (core/outbox/notices.py), whose note names the message that tells it.
_OUTAGE = """
    SELECT 1 FROM notes n JOIN posts p ON p.id = json_extract(n.value, '$.post') AND p.state = 'sent'
    WHERE n.name = 'outage' AND n.value <> ''
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest of what waits, each with its name and since when by the wall clock."""

    untold: dict[str, datetime]
    unanswered: dict[str, datetime]
    outage_told: bool = False  # the channel has been told that EnOS cannot be read


class WaitTimes(Transactional):
    """Whether the promise is kept."""

    @read
    def waiting(self, db: Database) -> Waiting:
        """The failures that wait to be told, and the people who wait for an answer, the oldest of each."""
        outage_told = db.execute(_OUTAGE).fetchone() is not None
        untold, unanswered = (
            {row["id"]: from_timestamp(row["since"]) for row in db.execute(query)} for query in (_UNTOLD, _UNANSWERED)
        )
        return Waiting(untold, unanswered, outage_told)

    @read
    def post_counts(self, db: Database) -> Mapping[str, int]:
        """The number of posts by state; edits whose words others have taken over are counted as ``replaced``."""
        return dict(tuple(row) for row in db.execute("SELECT state, count(*) FROM posts GROUP BY state"))

    @read
    def oldest_posts(self, db: Database) -> Mapping[str, datetime]:
        """Since when the oldest post that is queued, sending or unclear has been due, by state."""
        rows = db.execute(
            "SELECT state, min(due) FROM posts WHERE state IN ('queued', 'sending', 'unclear') GROUP BY state"
        )
        return {state: from_timestamp(due) for state, due in rows}
