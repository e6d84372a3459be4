"""What past runs and the schedule tell about a failure: how long this run took, and the next run. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.flow import schedule as schedules
from bot.core.flow.model import InstanceId
from bot.core.history.runs import PastRun
from bot.core.history.trigger_times import times

_JUST_NOW = timedelta(minutes=10)  # runs triggered since then may not have been read yet


def took(runs: Sequence[PastRun], instance: InstanceId) -> timedelta | None:
    """How long a run took, where it has ended and that is known."""
    run = next((each for each in runs if each.instance == instance), None)
    return run.ended_at - run.started_at if run and run.started_at and run.ended_at else None


def next_run(runs: Sequence[PastRun], zone: timedelta | None, now: datetime) -> datetime | None:
    """When the schedule starts the flow again (UTC); None where that is not certain.

    ``runs`` are the last ones, newest first. ``zone``: that of the times EnOS prints. A flow that did not run when its
    schedule fired the last time has been disabled, or its schedule was changed: then nothing is said.
    """
    known = times(runs, zone, now)
    if known is None:
        return None
    newest = known.exact(known.newest)  # an id may hold the hour alone
    missed = next(schedules.fires(known.schedule, newest, now - _JUST_NOW, known.offset), None)
    return None if missed else schedules.next_fire(known.schedule, now, known.offset)
