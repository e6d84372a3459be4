"""The lifecycle of an incident: pure steps from an incident and an event to the next incident and a named reason.

    (none) ──opened──► open ──acknowledge──► acknowledged ──recovered──► recovered
                        ▲  ◄────unack────────    │                           │ (a failure without a successful run)
                        └──────reopen──── closed ◄┴──────────close───────────┘

What cannot be done raises ``Refusal``. Who may do it is decided elsewhere (``rights.py``).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.command.parse import in_words
from bot.core.errors import Offer, Refusal
from bot.core.flow.ids import digits_of, instance_moment, is_instance
from bot.core.flow.model import Instance, InstanceId, TaskId, UserName
from bot.core.flow.status import OWN
from bot.core.history.background import Background
from bot.core.incident.model import Incident, IncidentCard, Occurrence, Phase
from bot.core.incident.resolution import Resolution
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.core.text.escape import mention
from bot.core.text.message import Text, msg, sentences

_USER_ID = re.compile(r"[A-Z0-9]{1,30}")
ACK_DURATION = timedelta(hours=4)  # how long an acknowledgement lasts where no duration is given


class Transition(Enum):
    """What a step did."""

    FAILED_AGAIN = "failed again"
    CORRECTED = "corrected"  # the same failure, known more exactly
    ENRICHED = "learned"  # task, error line, owners
    RENAMED = "renamed"  # the flow has another name
    ACKNOWLEDGED = "acknowledged"
    RENEWED = "renewed"
    HANDED_BACK = "handed back"
    TAKEN_OVER = "taken over"
    ASKED = "asked"  # somebody, to take it
    ASK_ENDED = "ask ended"  # and it stays where it was
    CLOSED = "closed"
    RESOLVED = "resolved"  # it was closed, and now it is said as what
    REOPENED = "reopened"
    RECOVERED = "recovered"
    THREADED = "thread opened"
    GONE = "gone"  # EnOS does not show its flow any more
    SHOWN_AGAIN = "shown again"
    BACKFILLED = "backfilled"  # a failure has its successful run, after the alarm had ended
    SNOOZED = "snoozed"
    SNOOZE_ENDED = "snooze ended"
    REMINDED = "reminded"  # nobody has acknowledged it
    ACK_EXPIRING = "acknowledgement expires soon"
    ACK_EXPIRED = "acknowledgement expired"
    NOTHING = "nothing"


Step = tuple[Incident, Transition]


def is_live(incident: Incident) -> bool:
    """Whether it is open or acknowledged."""
    return incident.phase is Phase.OPEN or incident.phase is Phase.ACKNOWLEDGED


def failures(incident: Incident) -> tuple[Occurrence, ...]:
    """What really failed: not what flowbot reported as late, or as running too long."""
    return tuple(each for each in incident.occurrences if each.status not in OWN)


def is_missing(incident: Incident, occurrence: Occurrence) -> bool:
    """Whether there is no run yet: it should have started, and flowbot reported that."""
    late = incident.background.late
    return late is not None and late.is_missing and occurrence.status in OWN


def not_backfilled(incident: Incident) -> tuple[Occurrence, ...]:
    """The failures without a successful run yet, the newest of each instance, by trigger time."""
    newest = {each.instance: each for each in incident.occurrences if not each.backfilled}
    return tuple(sorted(newest.values(), key=_triggered))


def occurrence_of(row: Instance, now: datetime) -> Occurrence:
    """A row as a failure seen now."""
    return Occurrence(
        instance=row.id,
        status=int(row.status),
        trigger_time=row.trigger_time,
        end_time=row.end_time,
        seen_at=now,
    )


def failed(incident: Incident, occurrence: Occurrence, owners: Sequence[UserName]) -> Step:
    """Add another failure. One that is known already, with the same end time, is not added again.

    The newest stays last: a read brings newer ones first, page by page. The others are not sorted, since
    moving thousands for each page would be too much for one transaction.
    """
    for each in incident.occurrences:
        if each.instance == occurrence.instance and each.end_time == occurrence.end_time != "":
            return incident, Transition.NOTHING
    *before, last = incident.occurrences
    older = last.seen_at == occurrence.seen_at and _order(occurrence) < _order(last)
    newest = (occurrence, last) if older else (last, occurrence)
    return (
        replace(incident, occurrences=(*before, *newest), owners=tuple(owners) or incident.owners, gone=False),
        Transition.FAILED_AGAIN,
    )


def corrected(incident: Incident, row: Instance) -> Step:
    """The incident with the newest failure of this instance as this row shows it."""
    return _changed(
        incident,
        row.id,
        lambda each: replace(each, status=int(row.status), end_time=row.end_time or each.end_time),
        Transition.CORRECTED,
    )


def enriched(
    incident: Incident,
    instance: InstanceId,
    *,
    tasks: Sequence[TaskId] = (),
    task_name: str = "",
    error_line: str = "",
) -> Step:
    """Add what a closer look at a failure showed; what is known already stays."""
    return _changed(
        incident,
        instance,
        lambda each: replace(
            each,
            failed_tasks=tuple(tasks) or each.failed_tasks,
            failed_task_name=task_name or each.failed_task_name,
            error_line=error_line or each.error_line,
        ),
        Transition.ENRICHED,
    )


def renamed(incident: Incident, name: str, run: InstanceId | None = None) -> Step:
    """Show the flow's new name. Where ``run`` is older than a failure, the name that it prints may be an old one."""
    if not name or name == incident.flow_name or (run is not None and _is_older(run, incident)):
        return incident, Transition.NOTHING
    return replace(incident, flow_name=name), Transition.RENAMED


def _is_older(run: InstanceId, incident: Incident) -> bool:
    at = instance_moment(run)
    moments = (instance_moment(each.instance) for each in incident.occurrences)
    return at is not None and any(moment is not None and at < moment for moment in moments)


def acknowledge(incident: Incident, by: Person, now: datetime, until: datetime | None = None, note: str = "") -> Step:
    """Acknowledge it until a time. Raises Refusal where it has ended or somebody else has acknowledged it."""
    refuse_ended(incident, msg("There is nothing to acknowledge."))
    expires = expiry(incident, "ack", now, until)
    if incident.phase is Phase.ACKNOWLEDGED and incident.acked_by not in {None, by}:
        raise Refusal("already_acknowledged", _held(incident), offers=[take_over(incident)])
    renewed = incident.phase is Phase.ACKNOWLEDGED
    acknowledged = replace(
        incident,
        phase=Phase.ACKNOWLEDGED,
        acked_by=by,
        acked_at=incident.acked_at if renewed else now,
        ack_until=expires,
        note=note or (incident.note if renewed else ""),
        ask=incident.ask if renewed else None,
        taken_from=incident.taken_from if renewed else None,
        background=acknowledged_at(incident, now),
    )
    return acknowledged, Transition.RENEWED if renewed else Transition.ACKNOWLEDGED


def acknowledged_at(incident: Incident, now: datetime) -> Background:
    """What is known of an incident that is acknowledged now: the first time counts."""
    known = incident.background
    return known if known.first_acknowledged else replace(known, first_acknowledged=incident.acked_at or now)


def expiry(incident: Incident, verb: str, now: datetime, until: datetime | None) -> datetime:
    """When an acknowledgement expires. Raises Refusal where that has passed."""
    expires = until or now + ACK_DURATION
    if expires > now:
        return expires
    example = in_words(f"{verb} {reference(incident)} for 2h")
    raise Refusal(
        "promise_past",
        msg("{time} has already passed. Name a later time, for example {command}.", time=expires, command=example),
    )


def unack(incident: Incident) -> Step:
    """Hand it back. Raises Refusal where nobody has acknowledged it."""
    refuse_ended(incident, msg("There is nothing to hand back."))
    if incident.phase is not Phase.ACKNOWLEDGED:
        raise Refusal(
            "not_acknowledged",
            msg(
                "Nobody has acknowledged this incident. Acknowledge it with {command}.",
                command=in_words(f"ack {reference(incident)}"),
            ),
        )
    return (
        replace(incident, phase=Phase.OPEN, acked_by=None, acked_at=None, ack_until=None, note=""),
        Transition.HANDED_BACK,
    )


def close(
    incident: Incident, by: Person, now: datetime, because: str = "", resolution: Resolution | None = None
) -> Step:
    """End it without a recovery, or accept that a failure stays without a successful run.

    Where it is closed already, say as what. Raises Refusal where it has ended and no failure lacks a successful run.
    """
    if incident.phase is Phase.CLOSED and resolution not in {None, incident.resolution}:
        return replace(incident, resolution=resolution, note=because or incident.note), Transition.RESOLVED
    if incident.phase is Phase.CLOSED or (incident.phase is Phase.RECOVERED and not not_backfilled(incident)):
        refuse_ended(incident, msg("There is nothing to close."))
    closed = replace(
        incident,
        phase=Phase.CLOSED,
        ended_at=now,
        ended_by=by,
        note=because,
        ack_until=None,
        ask=None,
        snooze=None,
        resolution=resolution,
    )
    return closed, Transition.CLOSED


def reopen(incident: Incident) -> Step:
    """Undo a close. Raises Refusal where it was not closed."""
    if incident.phase is not Phase.CLOSED:
        see = msg("See its state with {command}.", command=in_words(f"incidents of {incident.flow_id}"))
        if incident.phase is Phase.RECOVERED:
            raise Refusal("not_closed", sentences(msg("This incident has recovered. There is nothing to reopen."), see))
        raise Refusal("not_closed", sentences(msg("This incident is already open."), see))
    back = replace(
        incident,
        phase=Phase.RECOVERED if incident.recovered_by else Phase.OPEN,
        ended_at=incident.ended_at if incident.recovered_by else None,
        ended_by=None,
        note="",
        acked_by=None,
        acked_at=None,
        resolution=None,
    )
    return back, Transition.REOPENED


def recovered(incident: Incident, by: InstanceId, now: datetime) -> Step:
    """End the alarm: a later success was seen."""
    if not is_live(incident):
        return incident, Transition.NOTHING
    over = replace(
        incident, phase=Phase.RECOVERED, ended_at=now, recovered_by=by, ack_until=None, ask=None, snooze=None
    )
    return over, Transition.RECOVERED


def gone(incident: Incident) -> Step:
    """EnOS does not show its flow any more: that is reported once, and then only people can end it."""
    if incident.gone or not is_live(incident):
        return incident, Transition.NOTHING
    return replace(incident, gone=True), Transition.GONE


def shown_again(incident: Incident) -> Step:
    """EnOS shows its flow again."""
    return (replace(incident, gone=False), Transition.SHOWN_AGAIN) if incident.gone else (incident, Transition.NOTHING)


def with_thread(card: IncidentCard, post: PostId, told_at: datetime | None = None) -> IncidentCard:
    """A grouped card as a message of its own; ``told_at`` where a failure opens its thread, not a person."""
    return replace(card, post=post, grouped=False, told_at=told_at or card.told_at)


def open_thread(incident: Incident, post: PostId) -> Step:
    """Open a thread for a grouped incident, in its first channel. Raises Refusal where it has one."""
    if incident.threads:
        raise Refusal(
            "has_thread",
            msg(
                "This incident already has a thread. Find it with {command}.",
                command=in_words(f"incidents of {incident.flow_id}"),
            ),
        )
    return incident.with_card(with_thread(incident.home, post)), Transition.THREADED


def reference(incident: Incident) -> str:
    """What a command calls it: the flow, or the instance where each has its own thread.

    Where a command cannot name the instance's id, it is the flow as well.
    """
    return incident.group if is_instance(incident.group) else str(incident.flow_id)


def _order(occurrence: Occurrence) -> tuple[bool, str, str]:
    """The order of failures that one read brought: by end time; those without one come last."""
    return not occurrence.end_time, occurrence.end_time, _triggered(occurrence)


def _triggered(occurrence: Occurrence) -> str:
    """The digits of the id: they are a time, and sort as one, however many there are."""
    return digits_of(occurrence.instance).ljust(14, "0")


def _changed(
    incident: Incident, instance: InstanceId, change: Callable[[Occurrence], Occurrence], reason: Transition
) -> Step:
    """Change the newest failure of an instance."""
    for place in range(len(incident.occurrences) - 1, -1, -1):
        old = incident.occurrences[place]
        if old.instance == instance:
            new = change(old)
            if new == old:
                break
            occurrences = (*incident.occurrences[:place], new, *incident.occurrences[place + 1 :])
            return replace(incident, occurrences=occurrences), reason
    return incident, Transition.NOTHING


def refuse_ended(incident: Incident, nothing: Text) -> None:
    """Raise Refusal where it has ended; ``nothing`` says what cannot be done with it any more."""
    if incident.phase is Phase.RECOVERED:
        see = msg("See the flow's state with {command}.", command=in_words(f"show {incident.flow_id}"))
        raise Refusal("recovered", sentences(ended(incident), nothing, see))
    if incident.phase is Phase.CLOSED:
        reopen = msg("If it is not over, reopen it with {command}.", command=in_words(f"reopen {reference(incident)}"))
        raise Refusal("closed", sentences(ended(incident), nothing, reopen))


def ended(incident: Incident) -> Text:
    """How it ended, and when, where that is known."""
    at = incident.ended_at
    if incident.phase is Phase.RECOVERED:
        return msg("This incident recovered {time}.", time=at) if at else msg("This incident has recovered.")
    person = _who(incident.ended_by)
    if at is None:
        return msg("{person} closed this incident.", person=person)
    return msg("{person} closed this incident {time}.", person=person, time=at)


def _held(incident: Incident) -> Text:
    """Who has acknowledged it, and what another person can do."""
    person, take = _who(incident.acked_by), in_words(f"take {reference(incident)}")
    ask = msg("Take it over with {command}.", command=take)
    if incident.ack_until is None:
        return sentences(msg("{person} is already on it.", person=person), ask)
    return sentences(msg("{person} is already on it until {time}.", person=person, time=incident.ack_until), ask)


def take_over(incident: Incident) -> Offer:
    """The button that takes it over from the person who has it now, and from nobody else."""
    user = incident.acked_by.user if incident.acked_by else ""
    holder = f" from <@{user}>" if _USER_ID.fullmatch(user) else ""
    return msg("Take over"), f"take {reference(incident)}{holder}"


def _who(person: Person | None) -> Text:
    return mention(person.user) if person else msg("Somebody")
