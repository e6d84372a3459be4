"""Expected calls: who would be called about a failure that nobody acknowledges, and when. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.incident.escalation import CallReason, Course, Plan, decide
from bot.core.incident.model import IncidentCard
from bot.core.outbox.posts import PostId
from bot.core.routing.mentions import Permit

_CARD = IncidentCard("", PostId(""))


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """One step: how long after the failure was told, and whom it calls."""

    number: int  # from 1 on
    after: timedelta
    owners: tuple[str, ...] = ()  # as the plan names them
    group: str = ""  # the id of an on-call group
    pagerduty: bool = False
    calls_owners: bool = False  # also where nobody is known to own the flow


def expected_calls(plan: Plan, now: datetime) -> tuple[ExpectedCall, ...]:
    """All steps of an escalation that begins now, where the channels allow reminders all the time."""
    course, found = Course("", now), list[ExpectedCall]()
    while (decision := decide(course, plan, [(_CARD, Permit())], course.since)).step and decision.until:
        step, at = decision.step, decision.until
        calls_owners = step.number == 1 or step.reason is CallReason.OWNERS
        is_page = step.reason is CallReason.PAGERDUTY
        found.append(ExpectedCall(step.number, at - now, step.owners, step.group, is_page, calls_owners))
        course = replace(course, since=at, taken=course.taken + 1, steps=(*course.steps, step))
    return tuple(found)
