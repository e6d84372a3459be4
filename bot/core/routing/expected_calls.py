"""Expected calls: who would be called about a failure that nobody acknowledges, when, and why nobody would be. Pure.

They are what ``escalation.decide`` says at each moment at which its answer may change, with what the channels allow
then.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incident.escalation import CallReason, Course, Decision, EscalationStep, Plan, decide
from bot.core.incident.model import IncidentCard, Snooze
from bot.core.incident.snoozes import snooze_of
from bot.core.outbox.posts import PostId
from bot.core.routing.mentions import Permission, Permit
from bot.core.routing.routes import routes
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Failure
from bot.core.values import dataclass

Permits = Callable[[datetime], Sequence[tuple[IncidentCard, Permit]]]  # of an incident's cards, at a time


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """One step: how long after the failure was told, and whom it calls."""

    number: int  # from 1 on
    after: timedelta
    owners: tuple[str, ...] = ()  # as the plan names them
    group: str = ""  # the id of an on-call group
    pagerduty: bool = False
    calls_owners: bool = False  # also where nobody is known to own the flow
    quiet_until: datetime | None = None  # when it comes, where it waits for the end of quiet hours
    unshown: Permission | None = None  # why it is not shown in the channel that is asked about


@dataclass(frozen=True, slots=True)
class ExpectedCalls:
    """The steps of an escalation that begins now."""

    calls: tuple[ExpectedCall, ...]
    nobody: CallReason | None = None  # why nobody is called after them
    snoozed_until: datetime | None = None  # before which nobody is called
    watches: tuple[int, ...] = ()  # for whose failures they are


def expected_in(
    channel: str,
    samples: Iterable[Failure],
    rules: RoutingRules,
    alert_channel: str,
    lost: Collection[str],
    snoozes: Collection[Snooze],
    plan: Plan,
    now: datetime,
) -> tuple[ExpectedCalls, ...]:
    """Who would be called about failures that go to a channel: once for all of them that have the same steps."""
    found: dict[ExpectedCalls, tuple[int, ...]] = {}
    for sample in samples:
        told = routes(sample, rules.watches, alert_channel, lost=lost)
        here = next((route for route in told if route.channel == channel), None)
        if here is None:
            continue
        cards = [IncidentCard(route.channel, PostId("")) for route in told]
        snooze = snooze_of(sample.flow_id, now, snoozes)
        until = None if snooze is None else snooze.until
        calls = expected_calls(plan, now, rules.permits(sample, cards), channel, until)
        found[calls] = tuple(sorted({*found.get(calls, ()), *here.watches}))
    return tuple(replace(calls, watches=watches) for calls, watches in found.items())


def expected_calls(
    plan: Plan, now: datetime, permits: Permits, channel: str = "", snoozed_until: datetime | None = None
) -> ExpectedCalls:
    """All steps of an escalation that begins now, or when a snooze ends; ``channel`` is the one that is asked about."""
    at = snoozed_until or now
    course, found, waits = Course("", at), list[ExpectedCall](), False
    while (decision := decide(course, plan, permits(at), at)).step and decision.until:
        if decision.is_due:
            found.append(_call(decision, decision.step, permits(at), channel, at - now, at if waits else None))
            course = replace(course, since=at, taken=course.taken + 1, steps=(*course.steps, decision.step))
            waits = False
        else:
            at, waits = decision.until, decision.reason is CallReason.QUIET_HOURS
    nobody = None if decision.reason is CallReason.ALL_CALLED else decision.reason
    return ExpectedCalls(tuple(found), nobody, snoozed_until)


def _call(
    decision: Decision,
    step: EscalationStep,
    permits: Sequence[tuple[IncidentCard, Permit]],
    channel: str,
    after: timedelta,
    quiet_until: datetime | None,
) -> ExpectedCall:
    calls_owners = step.number == 1 or step.reason is CallReason.OWNERS
    here = next((permit for card, permit in permits if card.channel == channel), Permit())
    return ExpectedCall(
        step.number,
        after,
        step.owners,
        step.group,
        decision.reason is CallReason.PAGERDUTY,
        calls_owners,
        quiet_until,
        None if here.permission.reminds else here.permission,
    )
