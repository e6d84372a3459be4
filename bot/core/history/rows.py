"""From runs as EnOS lists them to what history keeps."""

import re
from datetime import datetime, timedelta

from bot.core.flow.ids import instance_moment
from bot.core.flow.model import MANUAL, Instance
from bot.core.flow.status import Status
from bot.core.flow.times import printed_moment
from bot.core.history.background import FlowRef
from bot.core.history.runs import Dependencies, PastRun

_GRAPH_EVERY = timedelta(hours=12)  # of trigger times, between two graphs of a flow that are read
_TASK_OF_ANOTHER = re.compile(r"[0-9]+\(.*\)", re.DOTALL)  # how EnOS names a single task that a graph refers to


def past_run(row: Instance, zone: timedelta | None) -> PastRun | None:
    """A run to keep; None where its ID tells no time, or its status is not documented.

    ``zone``: of the times that EnOS prints. Times whose zone is not certain are None.
    """
    moment = instance_moment(row.id)
    if moment is None or not isinstance(row.status, Status):
        return None
    return PastRun(
        instance=row.id,
        flow_id=row.flow_id,
        triggered_at=moment,
        status=int(row.status),
        started_at=printed_moment(row, row.start_time, zone),
        ended_at=printed_moment(row, row.end_time, zone),
        kind=MANUAL if row.kind is None else row.kind,
        freq=row.freq,
        flow_name=row.flow_name,
    )


def dependencies(row: Instance, known: datetime | None) -> Dependencies | None:
    """What the flow of a run in a list waits for; None where its graph cannot be read, or is not newer than ``known``.

    ``known``: when the run was triggered whose graph was read last. A node for a single task of another flow is left
    out: it does not say of which.
    """
    moment = instance_moment(row.id)
    if moment is None or (known is not None and moment < known + _GRAPH_EVERY):
        return None
    graph = row.read_graph()
    if not graph.tasks and not graph.references:
        return None
    upstream = {
        each.flow_id: FlowRef(each.flow_id, each.name)
        for each in graph.references
        if each.flow_id != row.flow_id and not _TASK_OF_ANOTHER.fullmatch(each.name)
    }
    return Dependencies(FlowRef(row.flow_id, row.flow_name), tuple(upstream.values()), moment)
