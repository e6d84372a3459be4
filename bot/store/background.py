"""What is stored around incidents: which flows wait for which, errors met before, and what follows from what."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from sqlite3 import Row

from bot.core.flow.model import FlowId, TaskId, UserName
from bot.core.history import fingerprint
from bot.core.history.background import Consequence, FlowRef
from bot.core.history.runs import FailedTask
from bot.core.incident.model import Incident, IncidentId
from bot.store import incidents
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.transactions import Transactional, from_timestamp, read

_MOST = 2000  # flows upstream of all that is broken, or downstream of one flow
_FARTHEST = 20  # flows on the way from one flow to another

_UPSTREAM = """
    WITH RECURSIVE up (flow) AS (
      SELECT CAST(value AS BIGINT) FROM json_each(:flows)
      UNION SELECT d.upstream FROM dependencies d JOIN up ON d.flow_id = up.flow)
    SELECT up.flow, d.upstream, u.name FROM (SELECT flow FROM up LIMIT :most) up
    JOIN past_flows f ON f.flow_id = up.flow AND f.graph_at IS NOT NULL
    LEFT JOIN dependencies d ON d.flow_id = up.flow LEFT JOIN past_flows u ON u.flow_id = d.upstream
    ORDER BY up.flow, d.upstream
"""
_DOWNSTREAM = """
    WITH RECURSIVE down (flow, far) AS (
      SELECT :flow, 0
      UNION SELECT d.flow_id, far + 1 FROM dependencies d JOIN down ON d.upstream = down.flow
      WHERE far < :farthest)
    SELECT f.flow_id, f.name, min(down.far) AS far
    FROM (SELECT flow, far FROM down LIMIT :most) down JOIN past_flows f ON f.flow_id = down.flow
    WHERE f.flow_id <> :flow GROUP BY f.flow_id ORDER BY far, f.flow_id
"""
# The id of a run begins with that of its flow and a hyphen; "." is the next character after "-".
_SAME_ERROR = """
    SELECT DISTINCT i.id, i.opened_at FROM occurrences o JOIN incidents i ON i.id = o.incident
    WHERE o.error_key = :error AND o.error_key <> '' AND o.instance >= :flow || '-' AND o.instance < :flow || '.'
      AND i.id <> :not_this AND i.phase NOT IN ('open', 'acknowledged')
    ORDER BY i.opened_at DESC LIMIT 100
"""
_RECOVERED = """
    SELECT flow_id, max(ended_at) AS at FROM incidents
    WHERE flow_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND phase = 'recovered' AND ended_at IS NOT NULL
    GROUP BY flow_id
"""
_OWNERS = """
    SELECT flow_id, owners FROM incidents
    WHERE flow_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND owners <> '[]'
    ORDER BY opened_at, rowid
"""
_FAILED_TASKS = """
    SELECT i.flow_id, max(i.flow_name) AS name, o.failed_task_name, o.failed_tasks
    FROM occurrences o JOIN incidents i ON i.id = o.incident
    WHERE o.failed_task_name <> '' GROUP BY i.flow_id, o.failed_task_name, o.failed_tasks
    ORDER BY i.flow_id, o.failed_task_name, o.failed_tasks LIMIT 10000
"""
_CONSEQUENCES = """
    SELECT id, flow_id, flow_name, phase, cause FROM incidents
    WHERE cause IN (SELECT value FROM json_each(?)) AND cause <> '' ORDER BY opened_at DESC, rowid DESC
"""


class Surroundings(Transactional):
    """Reading what is around incidents."""

    _incident_cache: IncidentCache

    @read
    def upstream(self, db: Database, flows: Collection[FlowId]) -> Mapping[FlowId, tuple[FlowRef, ...]]:
        """What these flows wait for, and what that waits for, and so on: the next ones of each flow.

        Flows whose graph was not read are left out.
        """
        found = defaultdict[FlowId, tuple[FlowRef, ...]](tuple)
        for row in db.execute(_UPSTREAM, {"flows": json.dumps(sorted(flows)), "most": _MOST}):
            next_ones = () if row["upstream"] is None else (FlowRef(FlowId(row["upstream"]), row["name"] or ""),)
            found[FlowId(row["flow"])] += next_ones
        return dict(found)

    @read
    def downstream(self, db: Database, flow: FlowId) -> tuple[FlowRef, ...]:
        """The flows that wait for this one, and for those, and so on, nearest first; at most 2,000."""
        values = {"flow": flow, "farthest": _FARTHEST, "most": _MOST}
        return tuple(FlowRef(FlowId(row["flow_id"]), row["name"]) for row in db.execute(_DOWNSTREAM, values))

    @read
    def same_error(self, db: Database, incident: Incident) -> tuple[Incident | None, int]:
        """The last incident that ended, of the same flow and with the error of its newest failure; and how many are."""
        error = fingerprint.key(incident.occurrences[-1].error_line)
        values = {"error": error, "flow": str(incident.flow_id), "not_this": incident.id}
        rows = db.execute(_SAME_ERROR, values).fetchall() if error else []
        found = incidents.load(db, self._incident_cache, [IncidentId(row["id"]) for row in rows[:1]])
        return (found[0] if found else None), len(rows)

    @read
    def recovered(self, db: Database, flows: Collection[FlowId]) -> Mapping[FlowId, datetime]:
        """When the last incident of each of these flows recovered; those without one are left out."""
        rows = db.execute(_RECOVERED, [json.dumps(sorted(flows))])
        return {FlowId(row["flow_id"]): from_timestamp(row["at"]) for row in rows}

    @read
    def remembered_owners(self, db: Database, flows: Collection[FlowId]) -> Mapping[FlowId, tuple[UserName, ...]]:
        """The owners of these flows when they last broke. Flows that never did are left out."""
        rows = db.execute(_OWNERS, [json.dumps(sorted(flows))])
        return {FlowId(row["flow_id"]): tuple(map(UserName, json.loads(row["owners"]))) for row in rows}

    @read
    def failed_tasks(self, db: Database) -> tuple[FailedTask, ...]:
        """The tasks that have failed, each once, or first with others, in each flow."""
        return tuple(
            FailedTask(
                FlowRef(FlowId(row["flow_id"]), row["name"]),
                row["failed_task_name"],
                tuple(map(TaskId, json.loads(row["failed_tasks"]))),
            )
            for row in db.execute(_FAILED_TASKS)
        )

    @read
    def consequences(
        self, db: Database, causes: Collection[IncidentId]
    ) -> Mapping[IncidentId, tuple[Consequence, ...]]:
        """The incidents that each of these incidents is the cause of, newest first."""
        found = defaultdict[IncidentId, tuple[Consequence, ...]](tuple)
        for row in db.execute(_CONSEQUENCES, [json.dumps(sorted(causes))]):
            found[IncidentId(row["cause"])] += (_consequence(row),)
        return found


def _consequence(row: Row) -> Consequence:
    return Consequence(FlowRef(FlowId(row["flow_id"]), row["flow_name"]), row["id"], row["phase"])
