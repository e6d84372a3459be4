"""The lifecycle of an incident: pure steps from an incident and an event to the next incident and a named reason.

    (none) ──opened──► open ──acknowledge──► acknowledged ──recovered──► recovered
                        ▲  ◄────unack────────    │                           │ (a failure without a good run)
                        └──────reopen──── closed ◄┴──────────close───────────┘

What cannot be done raises ``Refused`` with its sentence; ``StateConflict`` where the sentence names somebody.
Who may do it is decided elsewhere (``rights.py``).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.errors import Refused
from bot.core.flow.ids import instance_moment, is_instance
from bot.core.flow.model import Instance, InstanceId, TaskId, UserName
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.core.text.escape import Markup, mention
from bot.core.text.shown_times import slack_date

ACK_DURATION = timedelta(hours=4)  # how long an acknowledgement lasts where no duration is given


class Transition(Enum):
    """What a step did."""

    FAILED_AGAIN = "failed again"
    CORRECTED = "corrected"  # the same failure, known more exactly
    ENRICHED = "learned"  # task, error line, owners
    RENAMED = "renamed"  # the flow has another name
    ACKNOWLEDGED = "acknowledged"
    RENEWED = "promise renewed"
    HANDED_BACK = "given back"
    CLOSED = "closed"
    REOPENED = "reopened"
    RECOVERED = "recovered"
    THREADED = "thread opened"
    GONE = "gone"  # EnOS does not show its flow any more
    SHOWN_AGAIN = "shown again"
    BACKFILLED = "healed"  # a failure has its successful run, after the alarm had ended
    REMINDED = "called to mind"  # nobody has acknowledged it
    ACK_EXPIRING = "promise ends soon"
    ACK_EXPIRED = "promise lapsed"
    NOTHING = "nothing"


Step = tuple[Incident, Transition]


def is_live(incident: Incident) -> bool:
    """Whether it is open or acknowledged."""
    return incident.phase is Phase.OPEN or incident.phase is Phase.ACKNOWLEDGED


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
    """Acknowledge it until a time. Raises Refused where it has ended or somebody else has acknowledged it."""
    _refuse_ended(incident, "there is nothing to acknowledge")
    expires = until or now + ACK_DURATION
    if expires <= now:
        raise _state_conflict(
            "promise_past", "{at} has passed, so it is no promise.", "Name a time to come: `ack … for 2h`.", at=expires
        )
    if incident.phase is Phase.ACKNOWLEDGED and incident.acked_by not in {None, by}:
        since, until = incident.acked_at, incident.ack_until
        held = "{who} has acknowledged this" + (" since {since}" if since else "") + (" until {until}" if until else "")
        raise _state_conflict(
            "already_acknowledged",
            held + ".",
            f"Ask them, or give it back first: `unack {reference(incident)}`.",
            incident.acked_by,
            since=since,
            until=until,
        )
    renewed = incident.phase is Phase.ACKNOWLEDGED
    acknowledged = replace(
        incident,
        phase=Phase.ACKNOWLEDGED,
        acked_by=by,
        acked_at=incident.acked_at if renewed else now,
        ack_until=expires,
        note=note or (incident.note if renewed else ""),
    )
    return acknowledged, Transition.RENEWED if renewed else Transition.ACKNOWLEDGED


def unack(incident: Incident) -> Step:
    """Hand it back. Raises Refused where nobody has acknowledged it."""
    _refuse_ended(incident, "there is nothing to give back")
    if incident.phase is not Phase.ACKNOWLEDGED:
        raise Refused(
            "not_acknowledged",
            "Nobody has acknowledged this, so there is nothing to give back.",
            f"Take it: `ack {reference(incident)}`.",
        )
    return (
        replace(incident, phase=Phase.OPEN, acked_by=None, acked_at=None, ack_until=None, note=""),
        Transition.HANDED_BACK,
    )


def close(incident: Incident, by: Person, now: datetime, because: str = "") -> Step:
    """End it without a recovery, or accept that a failure stays without a successful run.

    Raises Refused where it has ended and no failure lacks a successful run.
    """
    if incident.phase is Phase.CLOSED or (incident.phase is Phase.RECOVERED and not not_backfilled(incident)):
        _refuse_ended(incident, "there is nothing to close")
    closed = replace(incident, phase=Phase.CLOSED, ended_at=now, ended_by=by, note=because, ack_until=None)
    return closed, Transition.CLOSED


def reopen(incident: Incident) -> Step:
    """Undo a close. Raises Refused where it was not closed."""
    if incident.phase is not Phase.CLOSED:
        state = "has recovered by itself" if incident.phase is Phase.RECOVERED else "is open already"
        raise Refused(
            "not_closed",
            f"This incident {state}, so there is nothing to reopen.",
            f"See where it stands: `incidents of {incident.flow_id}`.",
        )
    back = replace(
        incident,
        phase=Phase.RECOVERED if incident.recovered_by else Phase.OPEN,
        ended_at=incident.ended_at if incident.recovered_by else None,
        ended_by=None,
        note="",
        acked_by=None,
        acked_at=None,
    )
    return back, Transition.REOPENED


def recovered(incident: Incident, by: InstanceId, now: datetime) -> Step:
    """End the alarm: a later success was seen."""
    if not is_live(incident):
        return incident, Transition.NOTHING
    return replace(incident, phase=Phase.RECOVERED, ended_at=now, recovered_by=by, ack_until=None), Transition.RECOVERED


def gone(incident: Incident) -> Step:
    """EnOS does not show its flow any more: that is reported once, and then only people can end it."""
    if incident.gone or not is_live(incident):
        return incident, Transition.NOTHING
    return replace(incident, gone=True), Transition.GONE


def shown_again(incident: Incident) -> Step:
    """EnOS shows its flow again."""
    return (replace(incident, gone=False), Transition.SHOWN_AGAIN) if incident.gone else (incident, Transition.NOTHING)


def moved(incident: Incident, post: PostId, told_at: datetime | None = None) -> Incident:
    """A grouped incident with a thread of its own; ``told_at`` where a failure opens it, not a person."""
    return replace(incident, post=post, grouped=False, told_at=told_at or incident.told_at)


def open_thread(incident: Incident, post: PostId) -> Step:
    """Open a thread for a grouped incident. Raises Refused where it has one."""
    if not incident.grouped:
        raise Refused(
            "has_thread",
            "This incident has a thread already.",
            f"Find it: `incidents of {incident.flow_id}` links to it.",
        )
    return moved(incident, post), Transition.THREADED


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
    return occurrence.instance.partition("-")[2].ljust(14, "0")


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


def _refuse_ended(incident: Incident, so: str) -> None:
    at = " at {at}" if incident.ended_at else ""
    if incident.phase is Phase.RECOVERED:
        raise _state_conflict(
            "recovered",
            f"This incident recovered{at}, so {so}.",
            f"See where the flow stands: `show {incident.flow_id}`.",
            at=incident.ended_at,
        )
    if incident.phase is Phase.CLOSED:
        raise _state_conflict(
            "closed",
            f"{{who}} closed this incident{at}, so {so}.",
            f"If it is not over: `reopen {reference(incident)}`.",
            incident.ended_by,
            at=incident.ended_at,
        )


def _state_conflict(
    reason: str, sentence: str, way_out: str, who: Person | None = None, **times: datetime | None
) -> Refused:
    """The refusal; ``sentence`` holds {who} and the names of ``times``, and nothing from outside."""
    known = {name: slack_date(at) for name, at in times.items() if at is not None}
    return Refused(reason, Markup(sentence.format(who=mention(who.user) if who else "Somebody", **known)), way_out)
