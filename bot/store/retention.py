"""How long things are kept, and deleting what is older, a few hundred rows at a time.

The audit is kept for ever. What a live incident or a queued post still needs is kept whatever its age.
"""

from datetime import datetime, timedelta

from bot.core.history.progress import KEPT
from bot.core.incident.groups import SHOWN_FOR
from bot.core.incident.model import IncidentId
from bot.core.values import dataclass
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.monitor_state import SeenCache
from bot.store.transactions import ROWS, Transactional, read, timestamp, transaction


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """How long after its last use each kind of row is kept."""

    seen: timedelta = timedelta(days=14)  # after it fell out of every window that a search can ask for
    bodies: timedelta = timedelta(days=2)  # what a settled post said; a card may have to be said again
    posts: timedelta = timedelta(days=90)  # a button on an older message answers "no longer known"
    incidents: timedelta = timedelta(days=400)
    runs: timedelta = timedelta(days=90)
    stashes: timedelta = timedelta(days=90)
    offers: timedelta = timedelta(days=90)  # as the posts that have their buttons
    snoozes: timedelta = timedelta(days=90)  # after its end
    retries: timedelta = timedelta(days=90)
    retry_rules: timedelta = timedelta(days=90)  # after its end
    backfills: timedelta = timedelta(days=90)  # after its end
    gatherings: timedelta = SHOWN_FOR
    bridge_events: timedelta = timedelta(days=14)
    history: timedelta = KEPT  # after its trigger time
    deliveries: timedelta = timedelta(hours=48)  # Slack delivers again within hours, at the latest


RETENTION = RetentionPeriods()

_LIVE = "SELECT id FROM incidents WHERE phase IN ('open', 'acknowledged')"

# Each statement handles at most :rows rows and is repeated until it finds none. "+" keeps SQLite from
# looking through all posts of a state for the old ones.
_SEEN = """
    DELETE FROM seen WHERE instance IN (
      SELECT instance FROM seen
      WHERE finished = 1 AND seen_at < :seen AND coalesce(trigger_at, seen_at) < :seen LIMIT :rows)
"""
_BODIES = f"""
    UPDATE posts SET body = '{{}}' WHERE seq IN (
      SELECT seq FROM posts
      WHERE +state IN ('sent', 'given up', 'replaced') AND settled_at < :bodies AND body <> '{{}}'
        AND NOT EXISTS (SELECT 1 FROM cards c WHERE c.post = posts.id AND c.incident IN ({_LIVE}))
        AND NOT EXISTS (SELECT 1 FROM gatherings g WHERE g.post = posts.id)
      LIMIT :rows)
"""  # noqa: S608  constants only
_POSTS = f"""
    DELETE FROM posts WHERE seq IN (
      SELECT seq FROM posts p
      WHERE +state IN ('sent', 'given up', 'replaced') AND settled_at < :posts
        AND incident NOT IN ({_LIVE})
        AND NOT EXISTS (SELECT 1 FROM cards c WHERE c.post = p.id AND c.incident IN ({_LIVE}))
        AND NOT EXISTS (SELECT 1 FROM posts q WHERE q.thread_of = p.id AND q.state = 'queued')
        AND NOT EXISTS (SELECT 1 FROM posts q WHERE q.target = p.id AND q.state = 'queued')
      LIMIT :rows)
"""  # noqa: S608  constants only
_LOST = """
    DELETE FROM lost_messages WHERE (post, generation) IN (
      SELECT post, generation FROM lost_messages l
      WHERE at < :posts AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.id = l.post) LIMIT :rows)
"""
_RUNS = """
    DELETE FROM runs WHERE instance IN (
      SELECT instance FROM runs WHERE started_at < :runs AND state NOT IN ('asked', 'running') LIMIT :rows)
"""
_STASHES = "DELETE FROM stashes WHERE id IN (SELECT id FROM stashes WHERE at < :stashes LIMIT :rows)"
_OFFERS = (
    "DELETE FROM offers WHERE id IN ("
    "SELECT id FROM offers WHERE asked_at < :offers AND state NOT IN ('open', 'running') LIMIT :rows)"
)
_SNOOZES = """
    DELETE FROM snoozes WHERE id IN (
      SELECT id FROM snoozes s
      WHERE ended_at < :snoozes
        AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.snooze = s.id AND i.snooze <> '')
      LIMIT :rows)
"""
_RETRIES = """
    DELETE FROM retries WHERE id IN (
      SELECT id FROM retries WHERE made_at < :retries AND state NOT IN ('waiting', 'starting') LIMIT :rows)
"""
_RETRY_RULES = """
    DELETE FROM retry_rules WHERE id IN (SELECT id FROM retry_rules WHERE ended_at < :retry_rules LIMIT :rows)
"""
# What was never begun has no end.
_OLD_BACKFILLS = "coalesce(ended_at, at) < :backfills AND state NOT IN ('running', 'paused', 'stopping')"
_BACKFILL_STARTS = f"""
    DELETE FROM backfill_starts WHERE (backfill, place) IN (
      SELECT s.backfill, s.place FROM backfill_starts s
      JOIN (SELECT number FROM backfills WHERE {_OLD_BACKFILLS}) b ON b.number = s.backfill LIMIT :rows)
"""  # noqa: S608  constants only
_BACKFILLS = f"""
    DELETE FROM backfills WHERE number IN (SELECT number FROM backfills WHERE {_OLD_BACKFILLS} LIMIT :rows)
"""  # noqa: S608  constants only
_DELIVERIES = "DELETE FROM deliveries WHERE key IN (SELECT key FROM deliveries WHERE at < :deliveries LIMIT :rows)"

_GATHERINGS = (
    "DELETE FROM gatherings WHERE post IN (SELECT post FROM gatherings WHERE ended_at < :gatherings LIMIT :rows)"
)

# The last event of a live incident for PagerDuty says whether it is paged.
_BRIDGE_EVENTS = f"""
    DELETE FROM bridge_events WHERE seq IN (
      SELECT seq FROM bridge_events
      WHERE settled_at < :bridge_events AND (bridge <> 'pagerduty' OR incident NOT IN ({_LIVE})) LIMIT :rows)
"""  # noqa: S608  constants only

# The steps of what is not kept any more.
_ESCALATION = """
    DELETE FROM escalation_steps WHERE (incident, place) IN (
      SELECT incident, place FROM escalation_steps e
      WHERE NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = e.incident)
        AND NOT EXISTS (SELECT 1 FROM gatherings g WHERE g.post = e.incident) LIMIT :rows)
"""

# Past runs have seconds. Flow by flow: there is no index by time, which would be half as large as the table.
_PAST_RUNS = """
    DELETE FROM past_runs WHERE (flow_id, triggered_at, digits) IN (
      SELECT r.flow_id, r.triggered_at, r.digits
      FROM past_flows f CROSS JOIN past_runs r WHERE r.flow_id = f.flow_id AND r.triggered_at < :history / 1000
      LIMIT :rows)
"""
_NO_RUNS = "NOT EXISTS (SELECT 1 FROM past_runs r WHERE r.flow_id = f.flow_id)"
_DEPENDENCIES = f"""
    DELETE FROM dependencies WHERE (flow_id, upstream) IN (
      SELECT d.flow_id, d.upstream FROM dependencies d JOIN past_flows f ON f.flow_id = d.flow_id
      WHERE f.graph_at < :history / 1000 AND {_NO_RUNS} LIMIT :rows)
"""  # noqa: S608  constants only
_PAST_FLOWS = f"""
    DELETE FROM past_flows WHERE flow_id IN (
      SELECT flow_id FROM past_flows f
      WHERE coalesce(f.graph_at, 0) < :history / 1000 AND {_NO_RUNS}
        AND NOT EXISTS (SELECT 1 FROM dependencies d WHERE d.flow_id = f.flow_id OR d.upstream = f.flow_id)
      LIMIT :rows)
"""  # noqa: S608  constants only
# To find those in use, all runs are read; so it waits until there are many. The few that differ fit into memory.
_SCHEDULES = """
    DELETE FROM schedules WHERE id IN (
      SELECT id FROM schedules
      WHERE (SELECT count(*) FROM schedules) > 1000 AND id NOT IN (SELECT DISTINCT schedule FROM past_runs)
      LIMIT :rows)
"""

STEPS = (
    *(_SEEN, _BODIES, _POSTS, _LOST, _RUNS, _STASHES, _OFFERS, _SNOOZES),
    *(_RETRIES, _RETRY_RULES, _BACKFILL_STARTS, _BACKFILLS, _DELIVERIES, _GATHERINGS, _BRIDGE_EVENTS, _ESCALATION),
    *(_PAST_RUNS, _DEPENDENCIES, _PAST_FLOWS, _SCHEDULES),
)


class Retention(Transactional):
    """Deleting what is old."""

    _incident_cache: IncidentCache
    _seen_cache: SeenCache

    async def prune(self, now: datetime, keep: RetentionPeriods = RETENTION) -> int:
        """Delete what is old, at most 500 rows in a transaction; return how many rows that were."""
        cutoffs = await self._cutoffs(now, keep)
        total = 0
        for statement in STEPS:
            while gone := await self._prune(statement, cutoffs):
                total += gone
        if total:
            self._seen_cache.clear()
        while gone := await self._prune_incident(cutoffs):
            total += gone
        return total

    @read
    def _cutoffs(self, db: Database, now: datetime, keep: RetentionPeriods) -> dict[str, int]:
        """The times before which rows may go, and how many rows at once.

        Instances are kept for ``keep.seen`` before the oldest complete sweep: after a long stop the next sweep
        reaches back that far, and an instance that was forgotten would be told again.
        """
        swept = db.execute("SELECT min(swept_at) FROM readings").fetchone()[0]
        cutoffs = {
            name: timestamp(now - getattr(keep, name))
            for name in (
                *("bodies", "posts", "incidents", "runs", "stashes", "offers", "snoozes"),
                *("retries", "retry_rules", "backfills", "deliveries", "gatherings", "bridge_events", "history"),
            )
        }
        oldest = timestamp(now) if swept is None else min(timestamp(now), swept)
        return {**cutoffs, "seen": oldest - keep.seen // timedelta(milliseconds=1), "rows": ROWS}

    @transaction
    def _prune(self, db: Database, statement: str, cutoffs: dict[str, int]) -> int:
        """Delete at most 500 rows of one kind; return how many."""
        values = {name: value for name, value in cutoffs.items() if f":{name}" in statement}
        return db.execute(statement, values).rowcount

    @transaction
    def _prune_incident(self, db: Database, cutoffs: dict[str, int]) -> int:
        """Delete at most 500 rows of an ended incident, occurrences first; return how many."""
        old = db.execute(
            "SELECT id FROM incidents WHERE ended_at < ? AND phase NOT IN ('open', 'acknowledged') LIMIT 1",
            [cutoffs["incidents"]],
        ).fetchone()
        if old is None:
            return 0
        self._incident_cache.drop(IncidentId(old["id"]))
        gone = db.execute(
            "DELETE FROM occurrences WHERE incident = :id AND place IN ("
            " SELECT place FROM occurrences WHERE incident = :id ORDER BY place DESC LIMIT :rows)",
            {"id": old["id"], "rows": ROWS - 1},
        ).rowcount
        left = db.execute("SELECT 1 FROM occurrences WHERE incident = ?", [old["id"]]).fetchone()
        if left is None:
            db.execute("DELETE FROM incidents WHERE id = ?", [old["id"]])
            gone += 1
        return gone
