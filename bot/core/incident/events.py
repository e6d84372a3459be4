"""The steps of an incident, as other programs are told them: named by comparing it before and after a change."""

from enum import Enum

from bot.core.incident.lifecycle import failures, is_live
from bot.core.incident.model import Incident, Phase


class IncidentStep(Enum):
    """What happened to an incident. Receivers see these names: none is ever renamed."""

    OPENED = "opened"
    FAILED = "failed"  # for the first time: it was late, or ran too long
    FAILED_AGAIN = "failed_again"
    UPDATED = "updated"  # the same failure, known more exactly: task, error line, status, owners, the flow's name
    ACKNOWLEDGED = "acknowledged"  # also where the same person extends it
    HANDED_OVER = "handed_over"  # another person has it now
    HANDED_BACK = "handed_back"
    EXPIRED = "expired"
    SNOOZED = "snoozed"  # also where it is snoozed in another way
    SNOOZE_ENDED = "snooze_ended"  # while it is live: the end of the incident ends a snooze, too
    RECOVERED = "recovered"
    CLOSED = "closed"
    REOPENED = "reopened"


def events(old: Incident | None, new: Incident, *, expired: bool = False) -> tuple[IncidentStep, ...]:
    """The steps from ``old`` to ``new``, in the order in which they happened.

    ``expired``: whether the acknowledgement that ``old`` may hold was over at the time of the change.
    """
    if old is None:
        return (IncidentStep.OPENED, *_of_snooze(None, new))
    steps = (*_of_failures(old, new), *_of_snooze(old, new), *_of_phase(old, new, expired=expired))
    if not steps and _known(old) != _known(new):
        return (IncidentStep.UPDATED,)
    return steps


def _of_failures(old: Incident, new: Incident) -> tuple[IncidentStep, ...]:
    if len(new.occurrences) <= len(old.occurrences):
        return ()
    return (IncidentStep.FAILED_AGAIN if failures(old) else IncidentStep.FAILED,)


def _of_snooze(old: Incident | None, new: Incident) -> tuple[IncidentStep, ...]:
    before = old.snooze if old else None
    if new.snooze is None:
        return (IncidentStep.SNOOZE_ENDED,) if before and is_live(new) else ()
    return () if before and before.id == new.snooze.id else (IncidentStep.SNOOZED,)


def _of_phase(old: Incident, new: Incident, *, expired: bool) -> tuple[IncidentStep, ...]:
    if new.phase is Phase.ACKNOWLEDGED:
        return _of_acknowledgement(old, new)
    if new.phase is old.phase:
        return ()
    match new.phase, old.phase:
        case _, Phase.CLOSED:
            return (IncidentStep.REOPENED,)
        case Phase.OPEN, Phase.ACKNOWLEDGED:
            return (IncidentStep.EXPIRED if expired else IncidentStep.HANDED_BACK,)
        case Phase.OPEN, _:
            return (IncidentStep.REOPENED,)
        case Phase.RECOVERED, _:
            return (IncidentStep.RECOVERED,)
        case _:
            return (IncidentStep.CLOSED,)


def _of_acknowledgement(old: Incident, new: Incident) -> tuple[IncidentStep, ...]:
    reopened = () if old.phase in {Phase.OPEN, Phase.ACKNOWLEDGED} else (IncidentStep.REOPENED,)
    if old.phase is Phase.ACKNOWLEDGED:
        if old.acked_by != new.acked_by:
            return (IncidentStep.HANDED_OVER,)
        if (old.ack_until, old.note) == (new.ack_until, new.note):
            return ()
    return (*reopened, IncidentStep.ACKNOWLEDGED)


def _known(incident: Incident) -> tuple[object, ...]:
    """What is known of the failure; more is learned of it within seconds."""
    newest = incident.occurrences[-1] if incident.occurrences else None
    failure = newest and (newest.status, newest.failed_tasks, newest.failed_task_name, newest.error_line)
    return incident.flow_name, incident.owners, failure, incident.background.late
