"""Escalation of incidents that nobody has acknowledged, and the end of acknowledgements that expire."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import Failure
from bot.core.flow.model import UserName
from bot.core.incident import escalation, reminders
from bot.core.incident import groups as storms
from bot.core.incident.escalation import (
    CallReason,
    Course,
    Decision,
    EscalationStep,
    Plan,
)
from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentCard
from bot.core.outbox.blocks import Card
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import NewPost, PostId, is_direct
from bot.core.people import on_call
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.mentions import Permit
from bot.core.routing.rules import NO_RULES
from bot.core.values import dataclass
from bot.messages import escalation_posts, incident_posts
from bot.messages.cards import incident_replies as replies
from bot.messages.escalation_posts import Call
from bot.work.mentioned_in import mentioned_in
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import NewId, OwnerLookup

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

_MOST = 5000  # live incidents read in one tick
_ASKED_AT_MOST = 20  # flows of one storm of which EnOS is asked whether they are gone
_PATIENCE = 5.0  # seconds to wait for EnOS's answer

History = Sequence[EscalationStep]
Permits = Sequence[tuple[IncidentCard, Permit]]


async def _never(_incident: Incident, _now: datetime) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ReminderChecks:
    """What is asked before somebody is called."""

    groups: Callable[[], Awaitable[Sequence[OnCallGroup]]]  # of ``FLOWBOT_ONCALL``, in their order
    members: Callable[[str], Awaitable[frozenset[str]]]  # of a channel
    is_gone: Callable[[Incident, datetime], Awaitable[bool]] = _never  # reports it where EnOS no longer shows the flow
    pagerduty: bool = False  # whether PagerDuty can be called


class Reminders:
    """Posts what is due about live incidents: the fact and its posts in one transaction.

    The posts are held for a moment: a success that is just being read withdraws them.
    """

    def __init__(  # noqa: PLR0913  its collaborators and its settings, by name
        self,
        store: "Store",
        names: OwnerLookup,
        new_id: NewId,
        every: timedelta,
        checks: ReminderChecks,
        *,
        console_url: str = "",
        zone: Callable[[], timedelta | None] = lambda: None,
        command: str = "/flow",
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._owner_resolver = OwnerResolver(names, console_url, zone)
        self._new_id = new_id
        self._every = every
        self._checks = checks
        self._enos_is_silent = False  # EnOS did not answer in this tick: it is not asked again
        self._command = command
        self._wake = wake
        self._plan: Plan | None = None  # with the groups as they were read last
        self._is_read = False  # they were read in this tick
        self._rules = NO_RULES  # as they were read last
        self._waits: dict[str, CallReason] = {}  # what was decided last, so that it is logged once

    async def tick(self, now: datetime) -> None:
        """Do what is due at ``now``. For a flow that is gone, that is posted instead."""
        self._enos_is_silent = False
        live = await self._store.incidents(live=True, limit=_MOST)
        for incident in live:
            due = reminders.next_reminder(incident)
            if due is not None and now >= due and not await self._gone(incident, now):
                await self._end_acknowledgement(incident, now)
        self._is_read = False
        open_ones = []
        if live:
            plan = await self._plan_of_last_time()
            open_ones = [each for each in live if escalation.may_be_due(each, plan, now)]
        shown = [each for each in await self._store.incident_groups() if storms.is_shown(each, now)]
        ids = [*(each.id for each in open_ones), *(each.post for each in shown)]
        history = await self._store.escalation_steps(ids) if ids else {}
        self._rules = await self._store.routing_rules()
        for incident in open_ones:
            await self._escalate(incident, history.get(incident.id, ()), now)
        for storm in shown:
            await self._escalate_storm(storm, history.get(storm.post, ()), now)
        self._waits = {each: reason for each, reason in self._waits.items() if each in ids}

    async def _gone(self, incident: Incident, now: datetime) -> bool:
        """Whether EnOS no longer shows its flow; False where it does not answer in time: somebody is called."""
        if self._enos_is_silent:
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._checks.is_gone(incident, now)
        except (Failure, TimeoutError):
            self._enos_is_silent = True
            return False

    # ── escalation ──

    async def _plan_of_last_time(self) -> Plan:
        """Whom to call, with an older reading of the groups: when a step is due does not depend on who is in them."""
        return self._plan or await self._plan_of_now()

    async def _plan_of_now(self) -> Plan:
        """Whom to call; the groups are read once in a tick, and only in one in which a step is due."""
        if self._plan is None or not self._is_read:
            self._plan = Plan(self._every, tuple(await self._checks.groups()), self._checks.pagerduty)
            self._is_read = True
        return self._plan

    async def _escalate(self, incident: Incident, history: History, now: datetime) -> None:
        """Take the step of an incident that is due, if one is."""
        course = escalation.course_of(incident, history)
        permits = [(card, self._rules.permit(incident, card.channel, now)) for card in incident.threads]
        if not self._is_due(incident.id, escalation.decide(course, await self._plan_of_last_time(), permits, now)):
            return
        if await self._gone(incident, now):
            return
        call = await self._call(course, permits, incident.owners, len(history), now)

        def decide(old: Incident) -> ChangeSet:
            if escalation.course_of(old, history) != course or old.cards != incident.cards:
                return ChangeSet()  # the next tick looks again
            new, _ = reminders.called(old, now)
            return _taken(call, escalation_posts.of_incident(new, call), page=new, incidents=(new,))

        await self._write(incident, call, decide)

    async def _escalate_storm(self, storm: IncidentGroup, history: History, now: datetime) -> None:
        """Take the step of a storm as a whole that is due, if one is."""
        plan = await self._plan_of_last_time()
        card = IncidentCard(storm.channel, storm.post)
        permits = [(card, self._rules.permit(None, storm.channel, now))]
        if not escalation.decide(escalation.course_of_storm(storm, history), plan, permits, now).is_due:
            return
        incidents = await self._store.grouped(storm.post)
        waiting = self._of_storm(storm, reminders.unacknowledged(incidents), now)
        course = escalation.course_of_storm(storm, history, waiting)
        permits = [(card, escalation.most_of([self._rules.permit(each, storm.channel, now) for each in waiting]))]
        if not waiting or not self._is_due(storm.post, escalation.decide(course, plan, permits, now)):
            return
        if len(waiting) <= _ASKED_AT_MOST:
            waiting = tuple([each for each in waiting if not await self._gone(each, now)])
        if not waiting:
            return
        owners = storms.owners(waiting)
        call = await self._call(course, permits, owners, len(history), now, incidents)
        posts = escalation_posts.of_storm(storm, waiting, call, self._command)
        oldest = waiting[-1]

        def decide(one: Incident) -> ChangeSet:
            # Where it was acknowledged meanwhile, the next tick counts again.
            return _taken(call, posts, page=one) if reminders.unacknowledged([one]) else ChangeSet()

        await self._write(oldest, call, decide)

    def _of_storm(self, storm: IncidentGroup, waiting: Sequence[Incident], now: datetime) -> tuple[Incident, ...]:
        """Those of the incidents that this storm calls about: where several list one, the first that may mention."""

        def is_due_here(incident: Incident) -> bool:
            permits = [(card, self._rules.permit(incident, card.channel, now)) for card in incident.cards]
            return escalation.calling(permits).post == storm.post

        return tuple(filter(is_due_here, waiting))

    def _is_due(self, of: str, decision: Decision) -> bool:
        """Whether a step is due; that it waits for its channels is logged once."""
        waits = not decision.is_due and decision.reason is not CallReason.NOT_DUE
        if waits and decision.reason is not self._waits.get(of):
            log.info("Nobody is called about %s until %s: %s", of, decision.until, decision.reason.value)
        self._waits[of] = decision.reason
        return decision.is_due

    async def _call(
        self,
        course: Course,
        permits: Permits,
        owners: Sequence[UserName],
        place: int,
        now: datetime,
        storm: Sequence[Incident] = (),
    ) -> Call:
        """The step that is due, with the owners that it calls, and who hears of it by direct message.

        Owners who have acknowledged something in the ``storm`` are not called.
        """
        people = storms.to_be_asked(storm, (await self._owner_resolver.resolve(owners, now)).people)
        users = dict.fromkeys(person.user for person in people.values())
        plan = replace(await self._plan_of_now(), owners=tuple(users)[: storms.MAX_MENTIONED])
        decision = escalation.decide(course, plan, permits, now)
        step = decision.step
        assert step is not None  # noqa: S101  it is due
        directly = await self._directly(decision, step, plan)
        return Call(decision, step, place, directly, people, now, on_call.names(plan.groups))

    async def _directly(self, decision: Decision, step: EscalationStep, plan: Plan) -> Sequence[str]:
        """Who hears of a step by direct message: whom it calls, but not the members of the channel it mentions in.

        Nor those who have a card in their direct messages: its thread shows the step.
        """
        watching = {card.channel for card in decision.shown_in if is_direct(card.channel)}
        if not (step.group or step.owners) or decision.mentions_in is None:
            return escalation.told_directly(step, plan, watching)
        channel = decision.mentions_in.channel
        try:
            readers = await self._checks.members(channel)
        except SLACK_FAILURES as failure:
            log.warning(
                "Slack did not list the members of %s, so step %d about %s sends no direct messages: %s",
                *(channel, step.number, step.of, failure),
            )
            return ()
        return escalation.told_directly(step, plan, watching.union(readers))

    async def _write(self, incident: Incident, call: Call, decide: Callable[[Incident], ChangeSet]) -> None:
        if not (await self._store.change(incident.id, decide)).escalated:
            return
        step = call.step
        log.info(
            "Step %d about %s: %s %s %s, and %d by direct message; passed over: %s",
            *(step.number, step.of, step.reason.value, step.group, " ".join(step.owners), len(call.directly)),
            " ".join(f"{group} ({word})" for group, word in step.passed_over) or "none",
        )
        self._wake()

    # ── acknowledgements ──

    async def _end_acknowledgement(self, incident: Incident, now: datetime) -> None:
        """Ask its holder, or end it."""
        render_context = await self._owner_resolver.resolve(incident.owners, now)
        user = incident.acked_by.user if incident.acked_by else ""
        mentions_in = await mentioned_in(self._checks.members, incident, user)
        terms = incident_posts.Terms(
            now,
            frozenset(),
            self._new_id,
            render_context=render_context,
            rules=await self._store.routing_rules(),
        )

        def decide(old: Incident) -> ChangeSet:
            new, reason = reminders.step(old, now)
            if reason is Transition.NOTHING:
                return ChangeSet()
            body = replies.ack_expiring if reason is Transition.ACK_EXPIRING else replies.ack_expired

            def told_in(card: IncidentCard) -> NewPost:
                def said(post: PostId) -> Card:
                    return body(old, post, mentions=card.channel == mentions_in)

                return incident_posts.in_thread(new, card, said, terms, due=terms.held_until, reminds_of=incident.id)

            told = map(told_in, new.cards)
            return ChangeSet(incidents=(new,), posts=(*told, *incident_posts.redrawn(old, new, terms)))

        changes = await self._store.change(incident.id, decide)
        if changes.posts:
            self._wake()


def _taken(call: Call, posts: Sequence[NewPost], *, page: Incident, incidents: tuple[Incident, ...] = ()) -> ChangeSet:
    """The step with its posts. PagerDuty gets one page, also about a storm."""
    pages = (page.id,) if call.step.reason is CallReason.PAGERDUTY else ()
    return ChangeSet(incidents=incidents, posts=tuple(posts), pages=pages, escalated=(call.step,))
