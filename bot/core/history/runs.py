"""Runs as history keeps them: when each was triggered, started and ended, and how."""

from datetime import datetime, timedelta

from bot.core.flow.model import FlowId, InstanceId, TaskId
from bot.core.history.background import FlowRef
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class SlowRun:
    """A flow's run that took longer than its runs usually do."""

    flow_id: FlowId
    flow_name: str
    took: timedelta
    usual: timedelta  # on average


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that failed in a flow, alone or first of several."""

    flow: FlowRef
    name: str
    ids: tuple[TaskId, ...]


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of a flow, ended or not, as it was last read. All times are UTC."""

    instance: InstanceId
    flow_id: FlowId
    triggered_at: datetime  # by the digits of its id
    status: int
    started_at: datetime | None = None  # None: not started, or printed in a zone that is not certain
    ended_at: datetime | None = None
    kind: int = 1  # the scheduling type: MANUAL, PERIODIC or TEMPORARY of ``core/flow/model.py``
    freq: str = ""  # the schedule that it ran under, in Quartz's seven fields
    flow_name: str = ""  # as it was last listed


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a flow waits for, by the graph of a run that was triggered at ``graph_at``."""

    flow: FlowRef
    upstream: tuple[FlowRef, ...]
    graph_at: datetime
