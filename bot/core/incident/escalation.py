"""Escalation: who is called about an incident that nobody has acknowledged, and when. Pure.

    step 1       its owners and the first on-call group, FLOWBOT_REMIND_MINUTES after it was told
    step 2, …    the next group, as long after the step before
    then         PagerDuty, where it is configured
    then         the owners alone, after twice as long each time

Six steps in all, or more where it takes more to call each group and PagerDuty: the limit ends reminders only. Steps are
counted from one again when it was handed back, an acknowledgement expired or a snooze ended: nobody is called while it
is snoozed. Nor while somebody has acknowledged the incident that is its cause; when that ends, the next step waits once
more, and the steps go on. A group in which nobody is active, or that Slack refuses to show, is passed over: the
same step calls the next. Where no channel allows reminders now, the step waits. An alert storm has one escalation as a
whole, by the same rules.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import Enum

from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Incident, IncidentCard, Phase
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.mentions import Permission, Permit
from bot.core.values import dataclass

MAX_STEPS = 6  # after which the owners are not reminded again
MOST_MESSAGES = 20  # direct messages of one step


class CallReason(Enum):
    """Whom the step that is due calls, or why nobody is called now."""

    GROUP = "group"
    PAGERDUTY = "pagerduty"
    OWNERS = "owners"  # alone: all others have been called, or there are none
    NOT_DUE = "not due"
    QUIET_HOURS = "quiet hours"
    REMINDERS_OFF = "reminders off"
    SNOOZED = "snoozed"
    CAUSE_ACKNOWLEDGED = "cause acknowledged"
    ACKNOWLEDGED = "acknowledged"
    LISTED = "listed"  # in the message of a storm or of the first start
    ALL_CALLED = "all called"  # all steps were taken
    GONE = "gone"  # EnOS does not show the flow any more
    ENDED = "ended"


CALLS = frozenset({CallReason.GROUP, CallReason.PAGERDUTY, CallReason.OWNERS})


def most_of(permits: Sequence[Permit]) -> Permit:
    """What a channel allows about several incidents at once: what it allows about the one that it allows most."""
    mentioned = (each for each in permits if each.permission is Permission.MENTIONED)
    reminded = (each for each in permits if each.permission.reminds)
    return next(mentioned, None) or next(reminded, None) or next(iter(permits), Permit())


def calling(permits: Sequence[tuple[IncidentCard, Permit]]) -> IncidentCard:
    """Of an incident's cards the one whose storm calls about it, so that no other storm calls the same people too."""
    mentioned = (card for card, permit in permits if permit.permission is Permission.MENTIONED)
    reminded = (card for card, permit in permits if permit.permission.reminds)
    return next(mentioned, None) or next(reminded, None) or permits[0][0]


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step: whom it called."""

    of: str  # the incident, or the storm's message
    number: int  # from 1 on, since it was told, handed back, or its acknowledgement or snooze ended
    at: datetime
    reason: CallReason  # one of ``CALLS``
    owners: tuple[str, ...] = ()  # user ids
    group: str = ""
    passed_over: tuple[tuple[str, str], ...] = ()  # groups, each with the word for why


@dataclass(frozen=True, slots=True)
class Plan:
    """Who may be called one after the other, as it is now."""

    every: timedelta
    groups: tuple[OnCallGroup, ...] = ()
    pagerduty: bool = False
    owners: tuple[str, ...] = ()  # user ids of those who can be mentioned


@dataclass(frozen=True, slots=True)
class Course:
    """How far the escalation of an incident or of a storm has come."""

    of: str
    since: datetime  # its last step, else when it was told, handed back, or expired
    taken: int = 0  # steps
    steps: tuple[EscalationStep, ...] = ()  # these; older versions kept only their number
    halted: CallReason | None = None  # why nobody is called
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The step that is due, or why nobody is called."""

    reason: CallReason
    step: EscalationStep | None = None  # also the one that comes next, by what is known now
    until: datetime | None = None  # when it comes, or when the reason ends; None: not known
    shown_in: tuple[IncidentCard, ...] = ()  # the cards in whose threads it is shown
    mentions_in: IncidentCard | None = None  # the one of them that mentions whom it calls

    @property
    def is_due(self) -> bool:
        """Whether somebody is to be called now."""
        return self.reason in CALLS


def may_be_due(incident: Incident, plan: Plan, now: datetime) -> bool:
    """Whether a step may be due: False where no look at what was called can change that."""
    course = course_of(incident, ())
    return course.halted is None and course.taken < _most_steps(plan) and course.since + plan.every <= now


def course_of(incident: Incident, history: Sequence[EscalationStep]) -> Course:
    """The course of an incident; ``history`` are all of its steps, oldest first."""
    told_at = min((card.told_at for card in incident.threads if card.told_at), default=incident.opened_at)
    taken = incident.reminder_count if incident.phase is Phase.OPEN else 0
    return Course(
        of=incident.id,
        since=incident.reminded_at or told_at,
        taken=taken,
        steps=tuple(history[-taken:]) if taken else (),
        halted=_halted(incident),
        until=incident.snooze.until if incident.snooze else incident.ack_until,
    )


def _halted(incident: Incident) -> CallReason | None:
    if not is_live(incident):
        return CallReason.ENDED
    if incident.gone:
        return CallReason.GONE
    if incident.snooze is not None:
        return CallReason.SNOOZED
    if incident.phase is Phase.ACKNOWLEDGED:
        return CallReason.ACKNOWLEDGED
    if incident.is_cause_acknowledged:
        return CallReason.CAUSE_ACKNOWLEDGED
    return None if incident.threads else CallReason.LISTED


def course_of_storm(
    storm: IncidentGroup, history: Sequence[EscalationStep], waiting: Sequence[Incident] = ()
) -> Course:
    """The course of a storm as a whole; ``history`` are its steps, oldest first.

    ``waiting`` are its incidents that nobody has acknowledged: no step is due before one has waited long enough.
    """
    since = history[-1].at if history else storm.began_at
    first = min((each.reminded_at or storm.began_at for each in waiting), default=since)
    return Course(
        of=storm.post,
        since=max(since, first),
        taken=len(history),
        steps=tuple(history),
        halted=None if storm.occasion is Occasion.STORM else CallReason.LISTED,
    )


def decide(course: Course, plan: Plan, permits: Sequence[tuple[IncidentCard, Permit]], now: datetime) -> Decision:
    """The step that is due at ``now``; ``permits`` say what the channel of each card with a thread allows."""
    if course.halted is not None:
        return Decision(course.halted, until=course.until)
    if _all_called(course, plan):
        return Decision(CallReason.ALL_CALLED)
    step, due = _next_step(course, plan, now), course.since + _pause(course, plan)
    shown_in = tuple(card for card, permit in permits if permit.permission.reminds)
    if not shown_in:
        permit = _first_to_end([permit for _, permit in permits])
        if permit.until is None or permit.until > due:
            return Decision(CallReason(permit.permission.value), step, permit.until)
    if now < due:
        return Decision(CallReason.NOT_DUE, step, due)
    mentioning = [card for card, permit in permits if permit.permission is Permission.MENTIONED]
    return Decision(step.reason, step, due, shown_in, next(iter(mentioning), None))


def _most_steps(plan: Plan) -> int:
    return max(MAX_STEPS, len(plan.groups) + plan.pagerduty)


def _all_called(course: Course, plan: Plan) -> bool:
    """Whether nobody is left to call, and the owners were reminded often enough."""
    if course.taken < MAX_STEPS:
        return False
    return course.taken >= _most_steps(plan) or not (_uncalled(course, plan) or _calls_pagerduty(course, plan))


def _first_to_end(permits: Sequence[Permit]) -> Permit:
    ends = [permit.until for permit in permits if permit.until is not None]
    return next(permit for permit in permits if permit.until == min(ends, default=None))


def _pause(course: Course, plan: Plan) -> timedelta:
    """How long the next step waits: twice as long each time once only the owners are left."""
    if not course.taken or _uncalled(course, plan) or _calls_pagerduty(course, plan):
        return plan.every
    reminders = [step for step in course.steps if step.reason is CallReason.OWNERS and not step.passed_over]
    calls = len(course.steps) - sum(step.number > 1 for step in reminders)
    return plan.every * (1 << (course.taken - max(1, calls) + 1))


def _next_step(course: Course, plan: Plan, now: datetime) -> EscalationStep:
    number = course.taken + 1
    first = plan.owners if number == 1 else ()
    passed_over = list[tuple[str, str]]()
    for group in _uncalled(course, plan):
        if group.mentioned:
            return EscalationStep(course.of, number, now, CallReason.GROUP, first, group.id, tuple(passed_over))
        passed_over.append((group.id, group.word))
    if _calls_pagerduty(course, plan):
        return EscalationStep(course.of, number, now, CallReason.PAGERDUTY, first, passed_over=tuple(passed_over))
    return EscalationStep(course.of, number, now, CallReason.OWNERS, plan.owners, passed_over=tuple(passed_over))


def _uncalled(course: Course, plan: Plan) -> tuple[OnCallGroup, ...]:
    """The groups that were neither called nor passed over."""
    done = {step.group for step in course.steps} | {group for step in course.steps for group, _ in step.passed_over}
    return tuple(group for group in plan.groups if group.id not in done)


def _calls_pagerduty(course: Course, plan: Plan) -> bool:
    return plan.pagerduty and all(step.reason is not CallReason.PAGERDUTY for step in course.steps)


def told_directly(step: EscalationStep, plan: Plan, readers: Collection[str]) -> tuple[str, ...]:
    """Who hears of a step by direct message: whom it calls, but not those who read its mention; at most 20."""
    members = next((group.active for group in plan.groups if group.id == step.group), frozenset[str]())
    called = dict.fromkeys([*step.owners, *sorted(members)])
    return tuple(user for user in called if user not in readers)[:MOST_MESSAGES]
