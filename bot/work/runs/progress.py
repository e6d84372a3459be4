"""Progress: the one message of a run started from chat shows its progress, and at the end its result.

    asked ──► running ──► ended
      │          └──────► lost       (not seen to its end for a day)
      ├──► lost                      (another run holds the minute)
      └──► not started               (the platform shows no such run for a minute)

A run that flowbot cannot follow because of a bug is lost, too: its message says so once, with a reference.

``asked`` means that the call was, or may have been, sent and its answer is not known: it is looked up, and never
repeated automatically.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.core.errors import Failure, Refusal
from bot.core.flow import backfill
from bot.core.flow.graph import BROKEN, downstream, ended
from bot.core.flow.model import Flow, FlowId, Instance, TaskId, UserId
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.flow.times import read_time
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, PostState
from bot.core.people.model import DONE, AttemptResult, Ending, Outcome, Person
from bot.core.text.mask import Seal
from bot.core.values import dataclass
from bot.messages.cards import runs as cards
from bot.messages.run_posts import ended_elsewhere, line_in, started_elsewhere
from bot.work.commands.context import Services, in_thread
from bot.work.commands.starting import attempt_result

log = logging.getLogger(__name__)

IN_FLIGHT = timedelta(seconds=90)  # the command that sent the call may still be waiting for its answer
NOT_STARTED_AFTER = timedelta(seconds=60)  # a run that EnOS does not show within this time was not started
WAIT_FOR_INCIDENT = timedelta(seconds=90)  # how long the result of a failed run waits for its incident, to link to it
TOO_LONG = timedelta(hours=24)
BUGS = 10  # in a row, with one run, until it is not followed any more

_NEVER = datetime.max.replace(tzinfo=UTC)
NOT_STARTED = Outcome(Ending.OUTAGE, "not_started")  # the button may be pressed again


@dataclass(slots=True)
class _Tracked:
    """When a run is checked next, and what is known of it between two checks; times by the steady clock."""

    due: datetime
    last_body: Card | None = None
    missing_since: datetime | None = None
    failed_at: datetime | None = None
    bugs: int = 0  # in a row
    reference: str = ""  # of these bugs, in the log


class RunTracker:
    """Follows the runs that people started."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tracked: dict[str, _Tracked] = {}
        self._process_started = services.clock()  # nobody waits for an answer to a call that was sent before

    async def tick(self, now: datetime) -> None:
        """Check every run that is due. An error with one does not stop the others."""
        live = await self._services.store.runs(live=True)
        for gone in self._tracked.keys() - {run.instance for run in live}:
            del self._tracked[gone]
        at = self._services.steady()
        for run in live:
            tracked = self._tracked.setdefault(run.instance, _Tracked(at + _first_wait(run, now)))
            if tracked.due > at:
                continue
            tracked.due = at + wait_until_next(now - run.started_at)
            try:
                await (self._resolve_lost_answer if run.state is RunState.ASKED else self._check)(run, tracked, now)
            except Refusal:  # the run is gone, or EnOS does not show it to this user any more
                if now - run.started_at > TOO_LONG:
                    last = partial(cards.no_longer_shown, zone=self._services.platform_zone())
                    await self._finish(run, RunState.LOST, last, now, Outcome(Ending.UNCLEAR, "lost"))
            except (Failure, *SLACK_FAILURES):
                continue  # the monitor reports that EnOS does not answer; this run is checked again
            except Exception as bug:  # noqa: BLE001  logged there
                await self._hit_a_bug(run, tracked, bug, now)
            else:
                tracked.bugs = 0

    async def _hit_a_bug(self, run: Run, tracked: _Tracked, bug: Exception, now: datetime) -> None:
        """Log it. After so many in a row the run is not followed any more, and its message says so."""
        tracked.bugs += 1
        tracked.reference = tracked.reference or self._services.new_id()[:8]
        again = "flowbot tries again." if tracked.bugs < BUGS else "flowbot does not follow it any more."
        log.error("Following run %s hit a bug, reference %s. %s", run.instance, tracked.reference, again, exc_info=bug)
        if tracked.bugs < BUGS:
            return
        outcome = Outcome(Ending.UNCLEAR, tracked.reference) if run.state is RunState.ASKED else DONE
        try:
            zone = self._services.platform_zone()
            last = partial(cards.cannot_be_followed, reference=tracked.reference, zone=zone)
            await self._finish(run, RunState.LOST, last, now, outcome)
        except Failure:
            return  # the next check tries to say it again
        except Exception:
            log.exception("Run %s could not be given up. flowbot tries again after its next start.", run.instance)
            tracked.due = _NEVER

    async def _is_waited_for(self, run: Run) -> bool:
        """Whether whoever sent the call may still wait for its answer: this process, or another replica."""
        store = self._services.store
        if store.replica:
            return await store.is_in_hand(run.attempt)
        return run.started_at >= self._process_started

    async def _resolve_lost_answer(self, run: Run, tracked: _Tracked, now: datetime) -> None:
        """Find out after a lost answer whether the run exists, is somebody else's, or was not started."""
        in_flight = now - run.started_at < IN_FLIGHT and await self._is_waited_for(run)
        if in_flight and not await self._is_posted(run):
            return
        user, zone = UserId(run.user_id), self._services.platform_zone()
        instance = await self._services.enos.instance(run.instance, as_user=user)
        if instance is None:
            at = self._services.steady()
            tracked.missing_since = tracked.missing_since or at
            if at - tracked.missing_since >= NOT_STARTED_AFTER:
                await self._finish(run, RunState.NOT_STARTED, partial(cards.not_started, zone=zone), now, NOT_STARTED)
            return
        flow = await self._services.enos.flow(FlowId(run.flow_id), as_user=user)
        found = is_as_requested(run, instance, flow, self._services.seal)
        if found is None:
            await self._finish(
                run,
                RunState.LOST,
                partial(cards.found_unverified, instance=instance, zone=zone),
                now,
                Outcome(Ending.UNCLEAR, "parameters"),
            )
            return
        if not found:
            await self._finish(
                run,
                RunState.LOST,
                partial(cards.minute_taken, zone=zone),
                now,
                Outcome(Ending.OUTAGE, "taken_by_another"),
            )
            return
        running = replace(_named(run, instance), state=RunState.RUNNING)
        lines = started_elsewhere(running, await self._incident(running), "", now, zone)
        found_card = cards.found(running, instance, zone=zone)
        await self._save(running, found_card, now, attempt_result(run, DONE, now), lines)
        self._services.incident_actions.changed()
        self._services.poll_soon(self._services.steady())

    async def _check(self, run: Run, tracked: _Tracked, now: datetime) -> None:
        zone = self._services.platform_zone()
        instance = await self._services.enos.instance(run.instance, as_user=UserId(run.user_id))
        run = run if instance is None else _named(run, instance)
        if instance is not None and ended(instance):
            await self._finish_with_result(run, instance, tracked, now)
        elif now - run.started_at > TOO_LONG:
            if instance is None:
                last = partial(cards.no_longer_shown, zone=zone)
            else:
                last = partial(cards.stopped_following, instance=instance, zone=zone)
            await self._finish(run, RunState.LOST, last, now)
        elif instance is not None:
            await self._show(run, cards.progress(run, instance, zone=zone), tracked, now)

    async def _finish_with_result(self, run: Run, instance: Instance, tracked: _Tracked, now: datetime) -> None:
        """Show the result; a failure waits a little for its incident, to link to it."""
        link, zone = "", self._services.platform_zone()
        if instance.status in BROKEN and run.verb != backfill.VERB:  # whose failures open no incident
            at = self._services.steady()
            tracked.failed_at = tracked.failed_at or at
            link = await self._incident_link(run)
            if not link and at - tracked.failed_at < WAIT_FOR_INCIDENT:
                await self._show(run, cards.ended(run, instance, time_taken(instance), zone=zone), tracked, now)
                return
        run = replace(run, result=int(instance.status))
        last = partial(cards.ended, instance=instance, took=time_taken(instance), incident_link=link, zone=zone)
        await self._finish(run, RunState.ENDED, last, now)
        self._services.poll_soon(self._services.steady())

    async def _incident_link(self, run: Run) -> str:
        for incident in await self._services.store.incidents(live=True, flow=run.flow_id):
            if any(each.instance == run.instance for each in incident.occurrences):
                first = await self._services.store.post(incident.home.post)
                if first is not None and first.state is PostState.SENT:
                    return await self._services.slack.permalink(first.channel, first.ts)
        return ""

    async def _show(self, run: Run, body: Card, tracked: _Tracked, now: datetime) -> None:
        """Edit the message where it changes."""
        if body != tracked.last_body:
            await self._save(run, body, now)
            tracked.last_body = body

    async def _finish(
        self, run: Run, state: RunState, body: Callable[[Run], Card], now: datetime, outcome: Outcome = DONE
    ) -> None:
        """The last words about a run, also in the other threads of its incident that were told of it."""
        told = [
            ended_elsewhere(line, body(replace(run, post=line.id)), PostId(self._services.new_id()), now)
            for line in await self._lines(run)
        ]
        result = attempt_result(run, outcome, now)
        await self._save(replace(run, state=state), body(run), now, result, told)
        self._services.incident_actions.changed()

    async def _incident(self, run: Run) -> Incident | None:
        """The incident in whose thread the run was asked for."""
        return await self._services.store.incident(run.incident) if run.incident else None

    async def _lines(self, run: Run) -> list[NewPost]:
        """The lines about a run in the other threads of its incident."""
        incident = await self._incident(run)
        if incident is None or not run.post:
            return []
        found = [await self._services.store.post(line_in(run, card)) for card in incident.threads]
        return [line.new for line in found if line is not None]

    async def _is_posted(self, run: Run) -> bool:
        return await self._services.store.post(PostId(run.post)) is not None

    async def _save(
        self,
        run: Run,
        body: Card,
        now: datetime,
        attempt_result: AttemptResult | None = None,
        others: Sequence[NewPost] = (),
    ) -> None:
        """Write the run and the edit of its message; where the message was never queued, it is queued now."""
        posts = [*others]
        if run.post:
            is_posted = await self._is_posted(run)
            posts.append(self._edit(run, body, now) if is_posted else await self._message(run, body, now))
        await self._services.store.put_run(run, posts=posts, attempt_result=attempt_result)
        self._services.wake()

    def _edit(self, run: Run, body: Card, now: datetime) -> NewPost:
        return NewPost(
            id=PostId(self._services.new_id()),
            kind=PostKind.EDIT,
            lane=Lane.ANSWER,
            channel=run.channel,
            body=body,
            due=now,
            target=PostId(run.post),
        )

    async def _message(self, run: Run, body: Card, now: datetime) -> NewPost:
        """The message, where the run was asked for; if that channel cannot be posted to, it goes to the person."""
        user = Person(*run.by.split(":", 1)).user
        incident = await self._incident(run)
        if incident is not None:
            return in_thread(incident, run.channel, PostId(run.post), body, now, user)
        return NewPost(
            id=PostId(run.post),
            kind=PostKind.MESSAGE,
            lane=Lane.ANSWER,
            channel=run.channel,
            body=body,
            due=now,
            thread=run.thread,
            user=user,
        )


def _named(run: Run, instance: Instance) -> Run:
    """The run with its flow's name as EnOS has it now."""
    return replace(run, flow_name=instance.flow_name or run.flow_name)


def is_as_requested(run: Run, instance: Instance, flow: Flow, seal: Seal) -> bool | None:
    """Whether this instance is the one that was asked for, by its tasks and its parameters.

    None where its parameters can't be compared: only a fingerprint of the ones asked for is kept, made by another key.
    """
    tasks = instance.graph.tasks
    ran = frozenset(task.id for task in tasks if task.status != Status.SKIP)
    if ran != (downstream(flow.graph, TaskId(run.task)) if run.task else frozenset(task.id for task in tasks)):
        return False
    if run.parameters:
        return seal.same(run.parameters, run.instance, instance.parameters)
    return sorted((p.key, p.value) for p in instance.parameters) == sorted((p.key, p.value) for p in flow.parameters)


def time_taken(instance: Instance) -> timedelta | None:
    """How long it ran. Start and end are printed in the same zone, so their difference does not depend on it."""
    start = read_time(instance.start_time, timedelta())
    end = read_time(instance.end_time, timedelta())
    return end - start if start is not None and end is not None and end >= start else None


def _first_wait(run: Run, now: datetime) -> timedelta:
    """The wait before the first check: none where the answer was lost, else as after any update of the message."""
    if run.state is RunState.ASKED:
        return timedelta()
    return max(timedelta(), wait_until_next(timedelta()) - max(timedelta(), now - run.started_at))


def wait_until_next(age: timedelta) -> timedelta:
    """The wait until the next check: short at first, longer for an older run."""
    if age < timedelta(minutes=2):
        return timedelta(seconds=3)
    if age < timedelta(minutes=10):
        return timedelta(seconds=10)
    return timedelta(seconds=30 if age < timedelta(hours=1) else 60)
