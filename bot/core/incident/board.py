"""What the message of an alert storm shows of each incident besides its own state: the state of its rerun."""

from collections.abc import Mapping
from enum import Enum
from typing import assert_never

from bot.core.flow.model import FlowId
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.incident.model import Incident


class Rerun(Enum):
    """The state of the newest run that somebody started from chat since the flow broke."""

    QUEUED = "queued"  # EnOS has not confirmed it yet
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # nobody saw how it ended


def rerun_of(incident: Incident, runs: Mapping[FlowId, Run]) -> Rerun | None:
    """The state of an incident's rerun; None where nobody started one. ``runs`` are the newest ones of flows."""
    run = runs.get(incident.flow_id)
    if run is None or run.started_at < incident.opened_at:
        return None
    match run.state:
        case RunState.ASKED:
            return Rerun.QUEUED
        case RunState.RUNNING:
            return Rerun.RUNNING
        case RunState.NOT_STARTED:
            return None
        case RunState.LOST:
            return Rerun.UNKNOWN
        case RunState.ENDED:
            return _ended(run.result)
        case _:
            assert_never(run.state)


def _ended(result: int | None) -> Rerun:
    if result is None:
        return Rerun.UNKNOWN
    return Rerun.SUCCEEDED if result == Status.SUCCESS else Rerun.FAILED
