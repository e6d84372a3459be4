"""The retrier: reruns failures that match a retry rule, each once, in the name of who made the rule.

    plan     a failure matches: its row, what its thread says and its card, in one transaction
    decide   each tick asks again whether it may; the answer no ends it, the answer yes moves it to ``starting``
    start    the same code as a command's: audit row, rights as EnOS has them now, the run's row, the call

After a crash a row in ``starting`` has a run, which is followed like any other, or it has none: then nothing was
called, and it is decided again. A call whose answer was lost is looked up (``progress.py``), and never repeated.
"""

import logging
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

from bot.core.command import requests
from bot.core.command.parse import say
from bot.core.command.rights import Caller
from bot.core.command.table import BY_REQUEST
from bot.core.errors import Failure, Refusal, TemporaryFailure, Unclear, internal_error
from bot.core.flow.graph import BROKEN
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import MANUAL, Search
from bot.core.flow.run import RunState, StartDetails
from bot.core.incident import retries
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident
from bot.core.incident.retries import Retry, RetryId, RetryReason, RetryRule, RetryState, RuleEnd, RuleId
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import (
    Attempt,
    AttemptResult,
    Ending,
    IncomingMessage,
    Link,
    Origin,
    Outcome,
    Profile,
    Surface,
)
from bot.core.text.message import Text
from bot.core.values import dataclass
from bot.messages import incident_posts
from bot.messages.cards import retry as cards
from bot.work.commands import starting
from bot.work.commands.context import CommandContext, Services, outcome_of

log = logging.getLogger(__name__)

_MOST = 5000  # live incidents read in one tick
_RUNS = 20  # newest runs of a flow that are looked at
_PAUSE = timedelta(minutes=5)  # after EnOS did not answer
_MAKERS_EVERY = timedelta(minutes=15)  # between two questions to Slack about a rule's maker


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a transaction has decided about a retry."""

    reason: RetryReason
    incident: Incident | None = None


class _ChangedError(Exception):
    """What EnOS shows now is not what the retry waited for."""

    def __init__(self, reason: RetryReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Retrier:
    """Plans, starts and ends retries."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._paused: dict[RetryId, datetime] = {}  # until when, by the steady clock
        self._makers: dict[RuleId, datetime] = {}  # when Slack is asked next

    async def tick(self, now: datetime) -> None:
        """Do what is due at ``now``."""
        store = self._services.store
        for retry in await store.open_retries():
            await self._quietly(self._move_on(retry, now))
        rules = await store.retry_rules()
        if rules:
            await self._find(rules, now)
            linked = {(link.person, link.user_name) for link in await store.links()}
            for rule in rules:
                is_linked = (rule.by, rule.user_name) in linked
                await self._quietly(self._check_maker(rule, now, is_linked=is_linked))

    async def _quietly(self, work: Awaitable[None]) -> None:
        """Do it. A failure with one does not stop the others; the next tick tries again."""
        try:
            await work
        except (Failure, *SLACK_FAILURES) as trouble:
            log.info("A retry could not be looked after: %s", trouble)
        except Exception:
            log.exception("A retry hit a bug. flowbot tries again.")

    # ── plan ──

    async def _find(self, rules: Sequence[RetryRule], now: datetime) -> None:
        of_flow = {rule.flow_id: rule for rule in rules}
        for incident in await self._services.store.incidents(live=True, limit=_MOST):
            rule = of_flow.get(incident.flow_id)
            if rule is not None and retries.matches(rule, incident.occurrences[-1]):
                await self._quietly(self._plan(incident, now))

    async def _plan(self, incident: Incident, now: datetime) -> None:
        store, failed = self._services.store, incident.occurrences[-1].instance
        if any(each.instance == failed for each in await store.retries_of(incident.flow_id)):
            return
        run, terms = await store.run(failed), await self._terms(incident)
        id_ = RetryId(self._services.new_id())

        def decide(rules: Sequence[RetryRule], known: Sequence[Retry], found: Sequence[Incident]) -> ChangeSet:
            if not rules or not found or found[0].occurrences[-1].instance != failed:
                return ChangeSet()
            reason = retries.at_failure(rules[0], found[0], [each.instance for each in known], run, now)
            if reason in {RetryReason.NO_MATCH, RetryReason.KNOWN, RetryReason.ENDED}:
                return ChangeSet()
            return _told(found[0], retries.planned(rules[0], found[0], id_, reason, now), terms)

        changes = await store.change_retries(incident.flow_id, decide, incident=incident.id)
        for row in changes.retries:
            log.info("Retry of run %s: %s", row.instance, row.reason.value)
            self._services.incident_actions.changed()

    # ── decide ──

    async def _move_on(self, retry: Retry, now: datetime) -> None:
        store = self._services.store
        if retry.state is RetryState.STARTING and await self._started(retry):  # a crash came between
            return
        link = await store.link(retry.by)
        if now >= retry.due and link is not None and not await self._is_active(link):
            link = None
        decided = await self._decide(retry, link, now)
        if decided.reason is RetryReason.RETRY and decided.incident is not None and link is not None:
            await self._start(retry, decided.incident, link, now)

    async def _is_active(self, link: Link) -> bool:
        profile = await self._services.slack.profile(link.person.user, team=link.person.team)
        return not profile.deleted

    async def _decide(self, retry: Retry, link: Link | None, now: datetime) -> _Decided:
        """Ask at this moment, as the database has it; a yes moves the row to ``starting``, a no ends it."""
        store = self._services.store
        incident = await store.incident(retry.incident)
        runs = await store.runs(live=False, flow=retry.flow_id, limit=_RUNS)
        paused = self._paused.get(retry.id)
        waits = paused is not None and self._services.steady() < paused
        terms = None if incident is None else await self._terms(incident)
        open_attempt = await self._open_attempt(retry)
        decided = list[_Decided]()

        def decide(rules: Sequence[RetryRule], known: Sequence[Retry], found: Sequence[Incident]) -> ChangeSet:
            row = next((each for each in known if each.id == retry.id and each.state in retries.OPEN), None)
            if row is None:
                return ChangeSet()
            old = found[0] if found else None
            reason = retries.at_its_time(row, old, rules, link, runs, now)
            if reason is RetryReason.NOT_YET or (reason is RetryReason.RETRY and waits):
                return _redrawn(old, row, terms)
            decided.append(_Decided(reason, old))
            if reason is RetryReason.RETRY:
                return ChangeSet(retries=(row.ended(RetryState.STARTING),))
            return _told(old, row.ended(RetryState.REFUSED, reason), terms)

        changes = await store.change_retries(
            retry.flow_id,
            decide,
            incident=retry.incident,
        )
        if not decided:
            return _Decided(RetryReason.NOT_YET)
        log.info("Retry of run %s: %s", retry.instance, decided[0].reason.value)
        if decided[0].reason is not RetryReason.RETRY:
            if open_attempt is not None:  # of an earlier process
                outcome = Outcome(Ending.REFUSED, _name(decided[0].reason))
                await store.queue([], attempt_result=AttemptResult(open_attempt, outcome, now))
            self._forget(retry, changes)
        return decided[0]

    async def _terms(self, incident: Incident) -> incident_posts.Terms:
        return await self._services.incident_actions.terms(incident.owners, self._services.clock())

    async def _open_attempt(self, retry: Retry) -> int | None:
        entry = await self._services.store.attempt_by_key(retries.attempt_key(retry))
        return entry.id if entry is not None and entry.outcome is None else None

    async def _end(
        self,
        retry: Retry,
        state: RetryState,
        reason: RetryReason = RetryReason.RETRY,
        *,
        started: str = "",
        why: Text | None = None,
        attempt_result: AttemptResult | None = None,
    ) -> None:
        """Write what became of a retry that was being started, and show it."""
        incident = await self._services.store.incident(retry.incident)
        terms = None if incident is None else await self._terms(incident)
        row = retry.ended(state, reason, started)

        def decide(_: object, known: Sequence[Retry], found: Sequence[Incident]) -> ChangeSet:
            if all(each.id != retry.id or each.state not in retries.OPEN for each in known):
                return ChangeSet()
            return _told(found[0] if found else None, row, terms, why)

        changes = await self._services.store.change_retries(
            retry.flow_id, decide, incident=retry.incident, attempt_result=attempt_result
        )
        log.info("Retry of run %s: %s (%s)", retry.instance, state.value, reason.value)
        self._forget(retry, changes)

    def _forget(self, retry: Retry, changes: ChangeSet) -> None:
        self._paused.pop(retry.id, None)
        if changes.incidents:
            self._services.incident_actions.changed()
        self._services.wake()

    # ── start ──

    async def _start(self, retry: Retry, incident: Incident, link: Link, now: datetime) -> None:
        services = self._services
        request = requests.Rerun(retry.instance)
        origin = Origin(Surface.RULE, incident.home.channel)
        attempt = Attempt(
            key=retries.attempt_key(retry),
            by=retry.by,
            channel=origin.channel,
            thread="",
            surface=origin.surface.value,
            words=say(request),
            verb=retries.VERB,
            at=now,
        )
        number = await services.store.begin_attempt(attempt) or await self._open_attempt(retry)
        if number is None:  # it has ended with a run: nothing is started a second time
            await self._started(retry)
            return
        context = CommandContext(
            incoming=IncomingMessage(attempt.key, attempt.words, retry.by, origin, now),
            request=request,
            row=BY_REQUEST[requests.Retry],
            words="",  # nobody said them
            caller=Caller(Profile(retry.by), link),
            zone=services.answer_settings.timezone,
            now=now,
            post=PostId(services.new_id()),
            changes=True,
            attempt=number,
            incident=incident,
        )
        details = StartDetails(rule_of=retry.user_name, rule_text=retry.text)
        try:
            await self._check(retry, link, now)
            await starting.rerun(services, context, request, details)
        except _ChangedError as changed:
            await self._refused(retry, number, Outcome(Ending.REFUSED, _name(changed.reason)), changed.reason)
        except Refusal as refusal:
            reason = retries.refused(refusal.reason)
            await self._refused(retry, number, outcome_of(refusal), reason, refusal.sentence)
        except Unclear:  # it was called, and the database did not take what follows: the next tick finds its run
            return
        except TemporaryFailure as failure:
            await self._wait_on(retry, AttemptResult(number, outcome_of(failure), services.clock()))
            raise
        except Exception:
            reference = services.new_id()[:8]
            log.exception("The retry of run %s hit a bug, reference %s", retry.instance, reference)
            if not await self._started(retry):
                outcome = Outcome(Ending.BUG, reference)
                await self._refused(retry, number, outcome, RetryReason.BUG, internal_error(reference))
        else:
            await self._started(retry)

    async def _started(self, retry: Retry) -> bool:
        """End a retry whose run was, or may have been, started; whether there is such a run."""
        own = retries.own_run(retry, await self._services.store.runs(live=False, flow=retry.flow_id, limit=_RUNS))
        if own is None:
            return False
        if own.state is RunState.NOT_STARTED:
            number = await self._open_attempt(retry)
            outcome = Outcome(Ending.OUTAGE, _name(RetryReason.NOT_STARTED))
            result = None if number is None else AttemptResult(number, outcome, self._services.clock())
            await self._end(retry, RetryState.REFUSED, RetryReason.NOT_STARTED, attempt_result=result)
        else:
            await self._end(retry, RetryState.STARTED, started=own.instance)
        return True

    async def _refused(
        self, retry: Retry, attempt: int, outcome: Outcome, reason: RetryReason, why: Text | None = None
    ) -> None:
        result = AttemptResult(attempt, outcome, self._services.clock())
        await self._end(retry, RetryState.REFUSED, reason, why=why, attempt_result=result)

    async def _check(self, retry: Retry, link: Link, now: datetime) -> None:
        """Raise where the run is not failed any more, or somebody has started another in EnOS itself."""
        enos = self._services.enos
        failed = await enos.instance(retry.instance, as_user=link.user_id)
        alerting = {*self._services.answer_settings.alert_statuses, *BROKEN}
        if failed is not None and failed.status not in alerting:
            raise _ChangedError(RetryReason.NOT_FAILED)
        terms = Search(
            kind=MANUAL,
            since=milliseconds(retry.made_at),
            until=milliseconds(now + timedelta(minutes=1)),
            expression=str(retry.flow_id),
        )
        async for page in enos.search(terms, newest="trigger_time", as_user=link.user_id):
            if any(row.flow_id == retry.flow_id and row.id != retry.instance for row in page.rows):
                raise _ChangedError(RetryReason.STARTED)
            break

    async def _wait_on(self, retry: Retry, attempt_result: AttemptResult) -> None:
        """EnOS did not answer and nothing was started: wait again, for an hour beyond its time at most."""
        self._paused[retry.id] = self._services.steady() + _PAUSE
        row = retry.ended(RetryState.WAITING)
        await self._services.store.change_retries(
            retry.flow_id,
            lambda *_: ChangeSet(retries=(row,)),
            incident=retry.incident,
            attempt_result=attempt_result,
        )

    # ── rules ──

    async def _check_maker(self, rule: RetryRule, now: datetime, *, is_linked: bool) -> None:
        """End the rule of a person who is not linked any more, or not active in Slack; told once."""
        end = None if is_linked else RuleEnd.UNLINKED
        at = self._services.steady()
        if is_linked and self._makers.get(rule.id, at) <= at:
            self._makers[rule.id] = at + _MAKERS_EVERY
            profile = await self._services.slack.profile(rule.by.user, team=rule.by.team)
            end = RuleEnd.DEACTIVATED if profile.deleted else None
        if end is None:
            return
        channel = self._services.answer_settings.channel
        body = cards.rule_over(rule, end)
        post = NewPost(PostId(f"{rule.id}-over"), PostKind.MESSAGE, Lane.HOUSEKEEPING, channel, body, now)

        def decide(rules: Sequence[RetryRule], _: object, __: object) -> ChangeSet:
            if all(each.id != rule.id for each in rules):
                return ChangeSet()
            return ChangeSet(retry_rules=(retries.ended_rule(rule, end, now),), posts=(post,))

        await self._services.store.change_retries(rule.flow_id, decide)
        self._makers.pop(rule.id, None)
        self._services.wake()


def _name(reason: RetryReason) -> str:
    return reason.value.replace(" ", "_")


def _redrawn(old: Incident | None, row: Retry, terms: incident_posts.Terms | None) -> ChangeSet:
    """The cards with when it is retried, where that has moved with the clock."""
    if old is None or terms is None or row.state is not RetryState.WAITING:
        return ChangeSet()
    new = retries.shown(old, row)
    return ChangeSet() if new == old else ChangeSet(incidents=(new,), posts=incident_posts.redrawn(old, new, terms))


def _told(old: Incident | None, row: Retry, terms: incident_posts.Terms | None, why: Text | None = None) -> ChangeSet:
    """The row, and what the incident's threads and cards say of it. A run that was started has its own message."""
    if old is None or terms is None:
        return ChangeSet(retries=(row,))
    new = retries.shown(old, row)
    said = tuple[NewPost, ...]()
    if row.state is RetryState.WAITING:
        said = incident_posts.in_threads(new, lambda _: cards.waits(new, row), terms, lane=Lane.ANSWER)
    elif row.state is RetryState.REFUSED:
        said = incident_posts.in_threads(new, lambda _: cards.not_retried(new, row, why), terms, lane=Lane.ANSWER)
    return ChangeSet(incidents=(new,), retries=(row,), posts=(*said, *incident_posts.redrawn(old, new, terms)))
