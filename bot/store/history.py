"""What flowbot remembers of runs, for 90 days: a small row for each; and which flows wait for which.

A run's ID is its flow's, and the digits of its trigger time. So a row holds the time and how many digits there are.
Times are kept to the second. What has another ID is not kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from json import dumps
from sqlite3 import Row

from bot.core.flow.ids import digits_of, flow_of, instance_at, instance_moment
from bot.core.flow.model import FlowId, InstanceId
from bot.core.history.background import FlowRef
from bot.core.history.runs import Dependencies, PastRun, SlowRun
from bot.store.database import Database
from bot.store.transactions import ROWS, Transactional, read, replace, transaction
from bot.store.transactions import Row as Values

MOST_RUNS = 2400  # kept of one flow: what starts every hour has 2,160 in 90 days
MOST_UPSTREAM = 100  # flows that one flow waits for
_AT_ONCE = 150  # runs in a transaction, so that it touches at most 500 rows: run, flow, schedule
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)

_RUNS = """
    SELECT r.*, f.name, s.freq FROM past_runs r
    JOIN past_flows f ON f.flow_id = r.flow_id JOIN schedules s ON s.id = r.schedule
"""

# The key of a run, out of a list of numbers.
_KEY = ", ".join(f"CAST(json_extract(k.value, '$[{place}]') AS BIGINT)" for place in range(3))

_LAST = f"""
    {_RUNS} JOIN json_each(:flows) k ON CAST(k.value AS BIGINT) = r.flow_id
    WHERE r.triggered_at = (
      SELECT max(triggered_at) FROM past_runs WHERE flow_id = CAST(k.value AS BIGINT) AND triggered_at <= :now)
    ORDER BY r.digits
"""  # noqa: S608  constants only

_SLOW = """
    WITH spans AS (
      SELECT flow_id, ended - started AS took,
        triggered_at + ended >= :since AND triggered_at + ended < :until AS is_new
      FROM past_runs WHERE status = 1 AND kind = 1 AND digits < 14 AND started IS NOT NULL AND ended IS NOT NULL),
    flows AS (
      SELECT flow_id, max(took) FILTER (WHERE is_new) AS took, avg(took) FILTER (WHERE NOT is_new) AS usual,
        count(*) FILTER (WHERE NOT is_new) AS others
      FROM spans GROUP BY flow_id)
    SELECT f.*, p.name FROM flows f JOIN past_flows p ON p.flow_id = f.flow_id
    WHERE others >= 10 AND took > usual * 2 AND took > usual + 600
    ORDER BY took / CASE WHEN usual > 1 THEN usual ELSE 1 END DESC, f.flow_id LIMIT :limit
"""


class History(Transactional):
    """Past runs, and dependencies between flows."""

    async def add_past_runs(self, runs: Sequence[PastRun]) -> tuple[InstanceId, ...]:
        """Keep runs as they were read now; those that are new or have changed. The last ones of a flow are kept.

        Takes several transactions where there are many, the first runs first.
        """
        changed: list[InstanceId] = []
        kept = [run for run in runs if can_keep(run)]
        for start in range(0, len(kept), _AT_ONCE):
            changed += await self._add_past_runs(kept[start : start + _AT_ONCE])
        return tuple(changed)

    @transaction
    def _add_past_runs(self, db: Database, runs: Sequence[PastRun]) -> list[InstanceId]:
        newest = {run.instance: run for run in runs}
        known = _known(db, newest.values())
        changed = [run for run in newest.values() if run != known.get(run.instance)]
        _name(db, [FlowRef(run.flow_id, run.flow_name) for run in changed])
        schedules = _schedules(db, {run.freq for run in changed})
        replace(db, "past_runs", [_values(run, schedules[run.freq]) for run in changed], key=3)
        for flow in {run.flow_id for run in changed if run.instance not in known}:
            db.execute(
                "DELETE FROM past_runs WHERE flow_id = :flow AND triggered_at <= ("
                " SELECT triggered_at FROM past_runs WHERE flow_id = :flow"
                " ORDER BY triggered_at DESC LIMIT 1 OFFSET :most)",
                {"flow": flow, "most": MOST_RUNS},
            )
        return [run.instance for run in changed]

    async def forget_past_runs(self, instances: Collection[InstanceId]) -> None:
        """Forget runs that EnOS does not have any more."""
        gone = sorted(instances)
        for start in range(0, len(gone), ROWS):
            await self._forget_past_runs(gone[start : start + ROWS])

    @transaction
    def _forget_past_runs(self, db: Database, instances: Sequence[InstanceId]) -> None:
        keys = [
            (flow_of(instance), _seconds(moment), len(digits_of(instance)))
            for instance in instances
            if (moment := instance_moment(instance)) is not None
        ]
        db.execute(
            f"DELETE FROM past_runs WHERE (flow_id, triggered_at, digits) IN (SELECT {_KEY} FROM json_each(?) k)",  # noqa: S608  constants only
            [dumps(keys)],
        )

    @read
    def past_runs(self, db: Database, flow: FlowId, limit: int = 400) -> tuple[PastRun, ...]:
        """The last runs of a flow, newest trigger time first."""
        return _past_runs(db, flow, limit)

    @read
    def past_runs_of(
        self, db: Database, flows: Collection[FlowId], limit: int = 400
    ) -> Mapping[FlowId, tuple[PastRun, ...]]:
        """The last runs of each of these flows, newest trigger time first. Flows without one are left out."""
        return {flow: runs for flow in flows if (runs := _past_runs(db, flow, limit))}

    @read
    def last_runs(self, db: Database, flows: Collection[FlowId], now: datetime) -> Mapping[FlowId, PastRun]:
        """The run of each of these flows that was triggered last, and not after now. Flows without one are left out."""
        rows = db.execute(_LAST, {"flows": dumps(list(flows)), "now": _seconds(now)})
        return {run.flow_id: run for run in map(_run, rows)}

    @read
    def running(self, db: Database) -> tuple[PastRun, ...]:
        """The runs that had not ended when last read, newest trigger time first; some may not have begun."""
        return _built(db, f"{_RUNS} WHERE r.status NOT IN (-1, 1, 4, 7, 8, 10) ORDER BY r.triggered_at DESC", [])

    @read
    def slow_runs(self, db: Database, since: datetime, until: datetime, limit: int = 10) -> tuple[SlowRun, ...]:
        """Flows of which a successful run of the schedule that ended in [``since``, ``until``) was slow, worst first.

        Slow is twice the average of at least ten others, and ten minutes more.
        """
        rows = db.execute(_SLOW, {"since": _seconds(since), "until": _seconds(until), "limit": limit})
        return tuple(
            SlowRun(FlowId(row["flow_id"]), row["name"], row["took"] * _SECOND, round(row["usual"]) * _SECOND)
            for row in rows
        )

    @read
    def past_flows(self, db: Database) -> tuple[FlowRef, ...]:
        """The flows that have runs, by ID."""
        rows = db.execute(
            "SELECT flow_id, name FROM past_flows f"
            " WHERE EXISTS (SELECT 1 FROM past_runs r WHERE r.flow_id = f.flow_id) ORDER BY flow_id"
        )
        return tuple(FlowRef(FlowId(row["flow_id"]), row["name"]) for row in rows)

    @read
    def flows_to_learn_from(self, db: Database, least: int) -> tuple[int, int]:
        """How many flows have so many successful runs under one schedule, and how many have runs at all."""
        known = db.execute(
            "SELECT count(DISTINCT flow_id) FROM (SELECT flow_id FROM past_runs"
            " WHERE status = 1 AND kind = 1 AND digits < 14 AND ended IS NOT NULL"
            " GROUP BY flow_id, schedule HAVING count(*) >= ?) AS known",
            [least],
        )
        every = db.execute("SELECT count(DISTINCT flow_id) FROM past_runs")
        return int(known.fetchone()[0]), int(every.fetchone()[0])

    @read
    def dependencies(self, db: Database, flows: Collection[FlowId]) -> Mapping[FlowId, tuple[FlowRef, ...]]:
        """The flows that each of these flows waits for. Flows whose graph was not read are left out."""
        found: dict[FlowId, tuple[FlowRef, ...]] = {}
        rows = db.execute(
            "SELECT f.flow_id, d.upstream, u.name FROM past_flows f"
            " LEFT JOIN dependencies d ON d.flow_id = f.flow_id LEFT JOIN past_flows u ON u.flow_id = d.upstream"
            " WHERE f.graph_at IS NOT NULL AND f.flow_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))"
            " ORDER BY f.flow_id, d.upstream",
            [dumps(list(flows))],
        )
        for row in rows:
            upstream = () if row["upstream"] is None else (FlowRef(FlowId(row["upstream"]), row["name"]),)
            found[FlowId(row["flow_id"])] = found.get(FlowId(row["flow_id"]), ()) + upstream
        return found

    async def put_dependencies(self, found: Sequence[Dependencies]) -> None:
        """Remember what flows wait for, in several transactions where they are many."""
        some: list[Dependencies] = []
        rows = 0
        for each in found:
            rows += 3 + 3 * min(len(each.upstream), MOST_UPSTREAM)
            if some and rows > ROWS:
                await self._put_dependencies(some)
                some, rows = [], 3 + 3 * min(len(each.upstream), MOST_UPSTREAM)
            some.append(each)
        if some:
            await self._put_dependencies(some)

    @transaction
    def _put_dependencies(self, db: Database, found: Sequence[Dependencies]) -> None:
        _name(db, [ref for each in found for ref in (each.flow, *each.upstream[:MOST_UPSTREAM])])
        for each in found:
            newer = db.execute(
                "UPDATE past_flows SET graph_at = :at WHERE flow_id = :flow AND coalesce(graph_at, :at) <= :at",
                {"at": _seconds(each.graph_at), "flow": each.flow.id},
            ).rowcount
            if newer:
                db.execute("DELETE FROM dependencies WHERE flow_id = ?", [each.flow.id])
                upstream = {ref.id: None for ref in each.upstream[:MOST_UPSTREAM] if ref.id != each.flow.id}
                replace(db, "dependencies", [(each.flow.id, id_) for id_ in upstream], key=2)

    @read
    def graphs_read(self, db: Database) -> Mapping[FlowId, datetime]:
        """When the run was triggered whose graph was read last, for each flow that has one."""
        rows = db.execute("SELECT flow_id, graph_at FROM past_flows WHERE graph_at IS NOT NULL")
        return {FlowId(row["flow_id"]): _time(row["graph_at"]) for row in rows}


def can_keep(run: PastRun) -> bool:
    """Whether a run's ID can be rebuilt from what is kept."""
    moment = instance_moment(run.instance)
    return moment == run.triggered_at and _instance(run.flow_id, _seconds(moment), _digits(run)) == run.instance


def _past_runs(db: Database, flow: FlowId, limit: int) -> tuple[PastRun, ...]:
    return _built(db, f"{_RUNS} WHERE r.flow_id = ? ORDER BY r.triggered_at DESC, r.digits DESC LIMIT ?", [flow, limit])


def _built(db: Database, statement: str, values: list[int]) -> tuple[PastRun, ...]:
    return tuple(map(_run, db.execute(statement, values)))


def _known(db: Database, runs: Iterable[PastRun]) -> dict[InstanceId, PastRun]:
    """Those of the runs that are kept, as they are."""
    keys = [(run.flow_id, _seconds(run.triggered_at), _digits(run)) for run in runs]
    rows = db.execute(
        "SELECT r.*, f.name, s.freq FROM json_each(?) k"  # noqa: S608  constants only
        " CROSS JOIN past_runs r JOIN past_flows f ON f.flow_id = r.flow_id JOIN schedules s ON s.id = r.schedule"
        f" WHERE (r.flow_id, r.triggered_at, r.digits) = ({_KEY})",
        [dumps(keys)],
    )
    return {run.instance: run for run in map(_run, rows)}


def _name(db: Database, flows: Sequence[FlowRef]) -> None:
    """Keep what flows are called; a name that is empty changes nothing."""
    rows = {flow.id: flow.name for flow in flows}
    db.execute(
        "INSERT INTO past_flows (flow_id, name)"
        " SELECT CAST(json_extract(value, '$[0]') AS BIGINT), json_extract(value, '$[1]') FROM json_each(?) WHERE true"
        " ON CONFLICT (flow_id) DO UPDATE SET name = excluded.name WHERE excluded.name NOT IN ('', past_flows.name)",
        [dumps(list(rows.items()))],
    )


def _schedules(db: Database, freqs: Collection[str]) -> Mapping[str, int]:
    """The number of each schedule."""
    texts = dumps(sorted(freqs))
    db.execute("INSERT OR IGNORE INTO schedules (freq) SELECT value FROM json_each(?)", [texts])
    rows = db.execute("SELECT freq, id FROM schedules WHERE freq IN (SELECT value FROM json_each(?))", [texts])
    return {row["freq"]: row["id"] for row in rows}


# ── rows ──


def _values(run: PastRun, schedule: int) -> Values:
    return (
        run.flow_id,
        _seconds(run.triggered_at),
        _digits(run),
        run.status,
        run.kind,
        schedule,
        _after(run, run.started_at),
        _after(run, run.ended_at),
    )


def _run(row: Row) -> PastRun:
    at = row["triggered_at"]
    return PastRun(
        instance=_instance(row["flow_id"], at, row["digits"]),
        flow_id=FlowId(row["flow_id"]),
        triggered_at=_time(at),
        status=row["status"],
        started_at=None if row["started"] is None else _time(at + row["started"]),
        ended_at=None if row["ended"] is None else _time(at + row["ended"]),
        kind=row["kind"],
        freq=row["freq"],
        flow_name=row["name"],
    )


def _instance(flow: int, at: int, digits: int) -> InstanceId:
    return instance_at(FlowId(flow), _time(at), digits)


def _digits(run: PastRun) -> int:
    return len(digits_of(run.instance))


def _after(run: PastRun, at: datetime | None) -> int | None:
    return None if at is None else _seconds(at) - _seconds(run.triggered_at)


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // _SECOND


def _time(seconds: int) -> datetime:
    return _EPOCH + seconds * _SECOND
