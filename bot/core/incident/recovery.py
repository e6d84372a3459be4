"""When an alarm ends and when a failure is backfilled: two questions, answered from one success.

The alarm ends with a later success of the flow: of a later trigger time, and ended after the failures it ends.
A failure is backfilled only by a success for the same trigger time that ran every task that had failed: that the next
night's report exists does not mean that this night's does.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.flow.ids import instance_moment, is_triggered, resolution
from bot.core.flow.model import Instance, InstanceId, TaskId
from bot.core.flow.status import OWN, OwnStatus, Status
from bot.core.incident.lifecycle import Step, Transition, is_live, not_backfilled, recovered
from bot.core.incident.model import Incident, Occurrence

_PRINTED = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def same_time(failed: InstanceId, success: InstanceId, cycle: str) -> bool:
    """Whether a success is for the trigger time of a failure.

    That is: for the same minute; or a triggered run later in the same cycle period, where that minute was taken.
    ``cycle`` is M, W, D, H or mi; where it is unknown, the digits that the failed id leaves out decide.
    """
    if failed == success:
        return True
    then, at = instance_moment(failed), instance_moment(success)
    if then is None or at is None or failed.partition("-")[0] != success.partition("-")[0]:
        return False
    if not is_triggered(success):
        return then == at
    return then <= at < _period_end(then, cycle, resolution(failed))


def covers(success: Instance, tasks: Iterable[TaskId]) -> bool:
    """Whether all of these tasks succeeded in a run. A run whose graph was not read covers nothing."""
    good = {task.id for task in success.graph.tasks if task.status == Status.SUCCESS}
    wanted = frozenset(tasks)
    return bool(wanted) and wanted <= good


def backfills(success: Instance, failure: Occurrence) -> bool:
    """Whether this success backfills this failure."""
    if success.status != Status.SUCCESS or _ended_before(success, failure):
        return False
    if success.id == failure.instance:
        return True
    is_covered = failure.status in OWN or covers(success, failure.failed_tasks)
    return is_covered and same_time(failure.instance, success.id, success.cycle)


def might_backfill(success: Instance, incident: Incident) -> bool:
    """Whether reading this success's graph could show that it backfills a failure of the incident."""
    return any(
        success.id != failure.instance
        and same_time(failure.instance, success.id, success.cycle)
        and not _ended_before(success, failure)
        and failure.status not in OWN
        for failure in not_backfilled(incident)
    )


def after_success(incident: Incident, success: Instance, now: datetime) -> Step:
    """The incident after a success of its flow: backfilled failures are marked, and the alarm ends where it may."""
    if success.flow_id != incident.flow_id or success.status != Status.SUCCESS:
        return incident, Transition.NOTHING
    marked = tuple(
        each if each.backfilled or not backfills(success, each) else replace(each, backfilled=True)
        for each in incident.occurrences
    )
    backfilled = marked != incident.occurrences
    new = replace(incident, occurrences=marked) if backfilled else incident
    if is_live(new) and _ends(success, new):
        return recovered(new, success.id, now)
    return (new, Transition.BACKFILLED) if backfilled else (new, Transition.NOTHING)


def _ends(success: Instance, incident: Incident) -> bool:
    """Whether no failure lacks a successful run, or the success is later than every failure that does."""
    return all(_later(success, failure) for failure in not_backfilled(incident))


def _later(success: Instance, failure: Occurrence) -> bool:
    """Whether it was triggered for the same or a later time, and ended after the failure.

    Where an end is unknown, only what was triggered after the failure was seen is certainly later.
    """
    if _ended_before(success, failure):
        return False
    then, at = instance_moment(failure.instance), instance_moment(success.id)
    if then is None or at is None:
        return _printed(success.trigger_time) > _printed(failure.trigger_time)
    if failure.status != OwnStatus.LATE and not (_printed(success.end_time) and _printed(failure.end_time)):
        return at >= failure.seen_at
    return at >= then


def _ended_before(success: Instance, failure: Occurrence) -> bool:
    """Compares end times as printed, since one service prints them all alike."""
    ended, broke = _printed(success.end_time), _printed(failure.end_time)
    return bool(ended and broke) and ended < broke


def _printed(text: str) -> str:
    found = _PRINTED.match(text)
    return found.group() if found else ""


def _period_end(at: datetime, cycle: str, left_open: timedelta | None) -> datetime:
    """The end of the data period that holds ``at``; an id leaves open the minute, the hour or the day."""
    if cycle in {"D", "W", "M"} or left_open == _DAY:
        return at.replace(hour=0, minute=0, second=0) + _DAY
    if cycle == "H" or left_open == _HOUR:
        return at.replace(minute=0, second=0) + _HOUR
    return at.replace(second=0) + timedelta(minutes=1)
