"""When to remind of an incident: nobody has acknowledged it, or the acknowledgement expires.

    open          the first reminder after 30 minutes (FLOWBOT_REMIND_MINUTES), then after twice as long each time
    acknowledged  15 minutes before it expires, the person who acknowledged it is asked; then it is open again

After the last reminder it stays quiet: people stop reading a channel that reminds them every hour. An incident of a
group has no thread for reminders: a storm has reminders as a whole, at the same intervals. There, too, acknowledgements
expire.

Where EnOS does not show the flow any more, nobody is reminded: no run can end the incident, and its thread has said so.
Nor is anybody while it is snoozed: an acknowledgement does not expire in that time either (``snoozes.py``).

A reminder that still waits in the outbox is withdrawn when the incident's acknowledgement changes, and when a newer
reminder follows it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.lifecycle import Step, Transition
from bot.core.incident.model import Incident, Phase
from bot.core.people.model import Person

MAX_REMINDERS = 6  # with 30 minutes: after 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 hours
EXPIRY_NOTICE = timedelta(minutes=15)


def next_reminder(incident: Incident, every: timedelta) -> datetime | None:
    """When the next reminder is due; None where there is none."""
    if incident.gone or incident.snooze is not None:
        return None
    if incident.phase is Phase.OPEN and incident.reminder_count < MAX_REMINDERS and incident.threads:
        told_at = min((card.told_at for card in incident.threads if card.told_at), default=incident.opened_at)
        return (incident.reminded_at or told_at) + every * (1 << incident.reminder_count)
    if incident.phase is Phase.ACKNOWLEDGED and incident.ack_until and incident.acked_at:
        long_enough = incident.ack_until - incident.acked_at >= 2 * EXPIRY_NOTICE
        return incident.ack_until - EXPIRY_NOTICE if long_enough and not incident.reminder_count else incident.ack_until
    return None


def storm_reminders_due(storm: IncidentGroup, every: timedelta, now: datetime) -> int:
    """The number of the newest reminder of a storm that is due, from 1 on; 0 where none is."""
    if storm.occasion is not Occasion.STORM:
        return 0
    return sum(storm.began_at + every * ((1 << number) - 1) <= now for number in range(1, MAX_REMINDERS + 1))


def unacknowledged(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Those without a thread of their own that nobody has acknowledged: a storm's reminders are about them."""
    return tuple(
        each
        for each in incidents
        if not each.threads and each.phase is Phase.OPEN and not each.gone and each.snooze is None
    )


def step(incident: Incident, every: timedelta, now: datetime) -> Step:
    """The incident after what is due at ``now``. Reminders missed while flowbot was down become one."""
    due = next_reminder(incident, every)
    if due is None or now < due:
        return incident, Transition.NOTHING
    if incident.phase is Phase.OPEN:
        return replace(incident, reminded_at=now, reminder_count=incident.reminder_count + 1), Transition.REMINDED
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

    None is while it is snoozed.
    """
    return _held(old) == _held(new)


def _held(incident: Incident) -> tuple[Phase, Person | None, datetime | None, bool]:
    return incident.phase, incident.acked_by, incident.ack_until, incident.snooze is not None


def reminders_restarted(old: Incident, new: Incident, now: datetime) -> Incident:
    """``new``, with reminders counted from 0 where its acknowledgement has changed."""
    if same_acknowledgement(old, new):
        return new
    return replace(new, reminded_at=now, reminder_count=0)
