"""What becomes of an acknowledgement: its holder is asked before it expires; then the incident is open again.

15 minutes before it expires, the person who acknowledged it is asked. Whom an open incident calls, and when, is in
``escalation.py``: a step taken is counted here, so that it is taken once.

Where EnOS does not show the flow any more, nobody is reminded: no run can end the incident, and its thread has said so.
Nor is anybody while it is snoozed: an acknowledgement does not expire in that time either (``snoozes.py``). While
somebody has acknowledged its cause, nobody is called about it (``core/history/causes.py``).

A reminder that still waits in the outbox is withdrawn when the incident's acknowledgement changes, and when a newer
reminder follows it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incident.lifecycle import Step, Transition
from bot.core.incident.model import Incident, Phase
from bot.core.people.model import Person

EXPIRY_NOTICE = timedelta(minutes=15)


def next_reminder(incident: Incident) -> datetime | None:
    """When its holder is asked, or it expires; None where nobody has acknowledged it, and while it is snoozed."""
    if incident.gone or incident.snooze is not None or incident.phase is not Phase.ACKNOWLEDGED:
        return None
    if not (incident.ack_until and incident.acked_at):
        return None
    long_enough = incident.ack_until - incident.acked_at >= 2 * EXPIRY_NOTICE
    return incident.ack_until - EXPIRY_NOTICE if long_enough and not incident.reminder_count else incident.ack_until


def unacknowledged(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Those without a thread of their own that nobody has acknowledged: a storm's reminders are about them."""
    return tuple(
        each
        for each in incidents
        if not each.threads
        and each.phase is Phase.OPEN
        and not (each.gone or each.snooze is not None or each.is_cause_acknowledged)
    )


def called(incident: Incident, now: datetime) -> Step:
    """The incident after a step of its escalation."""
    return replace(incident, reminded_at=now, reminder_count=incident.reminder_count + 1), Transition.REMINDED


def step(incident: Incident, now: datetime) -> Step:
    """The incident after what its acknowledgement makes due at ``now``."""
    due = next_reminder(incident)
    if due is None or now < due:
        return incident, Transition.NOTHING
    if incident.ack_until is not None and now < incident.ack_until:
        return replace(incident, reminded_at=now, reminder_count=1), Transition.ACK_EXPIRING
    return (
        replace(
            incident,
            phase=Phase.OPEN,
            acked_by=None,
            acked_at=None,
            ack_until=None,
            note="",
            reminded_at=now,
            reminder_count=0,
        ),
        Transition.ACK_EXPIRED,
    )


def same_acknowledgement(old: Incident, new: Incident) -> bool:
    """Whether the same person has acknowledged it, for as long: then a reminder that waits is still true.

    None is while it is snoozed, or while somebody is on its cause.
    """
    return _held(old) == _held(new)


def _held(incident: Incident) -> tuple[Phase, Person | None, datetime | None, bool]:
    is_quiet = incident.snooze is not None or incident.is_cause_acknowledged
    return incident.phase, incident.acked_by, incident.ack_until, is_quiet


def reminders_restarted(old: Incident, new: Incident, now: datetime) -> Incident:
    """``new``, with reminders counted from 0 where its acknowledgement has changed."""
    if same_acknowledgement(old, new):
        return new
    return replace(new, reminded_at=now, reminder_count=0)
