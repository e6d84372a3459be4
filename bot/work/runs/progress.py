"""Following: the one message of a run started from chat shows its progress and ends with the result.

    asked ──► running ──► ended
      │          └──────► lost       (not seen to its end for a day)
      ├──► lost                      (another run holds the minute)
      └──► not started               (the platform shows no such run for a minute)

``asked`` means that the call was, or may have been, sent and its answer is not known: it is looked up, and never
sent again by itself.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.errors import Failure, Refusal
from bot.core.flow.graph import BROKEN, downstream, ended
from bot.core.flow.model import Flow, FlowId, Instance, TaskId, UserId
from bot.core.flow.status import Status
from bot.core.flow.times import read_time
from bot.core.incident.facts import Run
from bot.core.outbox.posts import (
    Body,
    Kind,
    Lane,
    NewPost,
    PostId,
    State,
)
from bot.core.people.model import Person
from bot.core.text.sealed import Seal
from bot.messages.cards import runs as cards
from bot.work.commands import visibility
from bot.work.commands.context import Rooms
from bot.work.commands.reply import SLACK_FAILURES
from bot.work.ports_store import Settlement

log = logging.getLogger(__name__)

IN_FLIGHT = timedelta(seconds=90)  # the journey that asked may still be waiting for its answer
GIVEN = timedelta(seconds=60)  # what does not appear for so long was not started
INCIDENT = timedelta(seconds=90)  # how long the result waits for the incident it links to
TOO_LONG = timedelta(hours=24)

NOT_STARTED = "outage:not_started"  # the outcome that lets the button be pressed again


@dataclass(slots=True)
class _Looking:
    """When a run is looked at next, what was said of it last, and what it waits for since when; by the steady clock."""

    due: datetime
    said: Body | None = None
    missing_since: datetime | None = None
    failed_at: datetime | None = None


class Follow:
    """Follows the runs that people started."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._looking: dict[str, _Looking] = {}
        self._began = rooms.clock()  # what was asked for before is a former process's: nobody waits for it

    async def tick(self, now: datetime) -> None:
        """Look at every run whose time has come. What goes wrong with one does not hold up the others."""
        live = await self._rooms.store.runs(live=True)
        for gone in self._looking.keys() - {run.instance for run in live}:
            del self._looking[gone]
        at = self._rooms.steady()
        for run in live:
            looking = self._looking.setdefault(run.instance, _Looking(at + _first(run, now)))
            if looking.due > at:
                continue
            looking.due = at + pause(now - run.started_at)
            try:
                await (self._look_up if run.state == "asked" else self._look)(run, looking, now)
            except Refusal:  # what is gone, or is not shown to this user any more, does not come back by asking
                if now - run.started_at > TOO_LONG:
                    await self._over(run, "lost", cards.lost_sight(run), now, "unclear:lost")
            except (Failure, *SLACK_FAILURES):
                continue  # EnOS does not answer: the watcher says so, once; this run is looked at again
            except Exception:
                log.exception("following %s failed; it is looked at again", run.instance)

    async def _look_up(self, run: Run, looking: _Looking, now: datetime) -> None:
        """Settle a lost answer: is it there, is it another's, or was it never started."""
        in_flight = run.started_at >= self._began and now - run.started_at < IN_FLIGHT
        if in_flight and not await self._is_told(run):
            return
        user, zone = UserId(run.user_id), self._rooms.platform_zone()
        instance = await self._rooms.enos.instance(run.instance, as_user=user)
        if instance is None:
            at = self._rooms.steady()
            looking.missing_since = looking.missing_since or at
            if at - looking.missing_since >= GIVEN:
                await self._over(run, "not started", cards.not_started(run, zone=zone), now, NOT_STARTED)
            return
        flow = await self._rooms.enos.flow(FlowId(run.flow_id), as_user=user)
        found = as_asked(run, instance, flow, self._rooms.seal)
        if found is None:
            await self._over(run, "lost", cards.found_unchecked(run, instance, zone=zone), now, "unclear:parameters")
            return
        if not found:
            await self._over(run, "lost", cards.taken_by_another(run, zone=zone), now, "outage:taken_by_another")
            return
        running = replace(_named(run, instance), state="running")
        await self._put(running, cards.found(running, instance, zone=zone), now, _settled(run, "done", now))
        self._rooms.nudge()

    async def _look(self, run: Run, looking: _Looking, now: datetime) -> None:
        zone = self._rooms.platform_zone()
        instance = await self._rooms.enos.instance(run.instance, as_user=UserId(run.user_id))
        run = run if instance is None else _named(run, instance)
        if instance is not None and ended(instance):
            await self._result(run, instance, looking, now)
        elif now - run.started_at > TOO_LONG:
            await self._over(run, "lost", cards.lost_sight(run, zone=zone), now)
        elif instance is not None:
            await self._say(run, cards.progress(run, instance, zone=zone), looking, now)

    async def _result(self, run: Run, instance: Instance, looking: _Looking, now: datetime) -> None:
        """Tell the result; a failure waits a little for its incident, to link to it."""
        link, zone = "", self._rooms.platform_zone()
        if instance.status in BROKEN:
            at = self._rooms.steady()
            looking.failed_at = looking.failed_at or at
            link = await self._incident_link(run)
            if not link and at - looking.failed_at < INCIDENT:
                await self._say(run, cards.ended(run, instance, took(instance), zone=zone), looking, now)
                return
        await self._over(run, "ended", cards.ended(run, instance, took(instance), link, zone=zone), now)
        self._rooms.nudge()

    async def _incident_link(self, run: Run) -> str:
        for incident in await self._rooms.store.incidents(live=True, flow=run.flow_id):
            if any(each.instance == run.instance for each in incident.occurrences):
                first = await self._rooms.store.post(incident.post)
                if first is not None and first.state is State.SENT:
                    return await self._rooms.slack.permalink(first.channel, first.ts)
        return ""

    async def _say(self, run: Run, body: Body, looking: _Looking, now: datetime) -> None:
        """Edit the message where there is something new to say."""
        if body != looking.said:
            await self._put(run, body, now)
            looking.said = body

    async def _over(self, run: Run, state: str, body: Body, now: datetime, outcome: str = "done") -> None:
        await self._put(replace(run, state=state), body, now, _settled(run, outcome, now))

    async def _is_told(self, run: Run) -> bool:
        return await self._rooms.store.post(PostId(run.post)) is not None

    async def _put(self, run: Run, body: Body, now: datetime, settled: Settlement | None = None) -> None:
        """Write the run and the edit of its message; a message that was never queued is queued now."""
        post = self._edit(run, body, now) if await self._is_told(run) else await self._message(run, body, now)
        await self._rooms.store.put_run(run, posts=[post], settle=settled)
        self._rooms.wake()

    def _edit(self, run: Run, body: Body, now: datetime) -> NewPost:
        return NewPost(
            id=PostId(self._rooms.new_id()),
            kind=Kind.EDIT,
            lane=Lane.ANSWER,
            channel=run.channel,
            body=body,
            due=now,
            target=PostId(run.post),
        )

    async def _message(self, run: Run, body: Body, now: datetime) -> NewPost:
        """Return the message where it was asked for; where that takes none, it goes to the person."""
        user = Person(*run.by.split(":", 1)).user
        incident = await self._rooms.store.incident(run.incident) if run.incident else None
        if incident is not None:
            return visibility.in_thread(incident, PostId(run.post), body, now, user)
        return NewPost(
            id=PostId(run.post),
            kind=Kind.MESSAGE,
            lane=Lane.ANSWER,
            channel=run.channel,
            body=body,
            due=now,
            thread=run.thread,
            user=user,
        )


def _named(run: Run, instance: Instance) -> Run:
    """Return the run with its flow's name as EnOS tells it now."""
    return replace(run, flow_name=instance.flow_name or run.flow_name)


def as_asked(run: Run, instance: Instance, flow: Flow, seal: Seal) -> bool | None:
    """Whether this instance is the one that was asked for: its tasks and its parameters.

    None where its parameters cannot be compared: of those that were asked for only a fingerprint is kept.
    """
    tasks = instance.graph.tasks
    ran = frozenset(task.id for task in tasks if task.status != Status.SKIP)
    if ran != (downstream(flow.graph, TaskId(run.task)) if run.task else frozenset(task.id for task in tasks)):
        return False
    if run.parameters:
        return seal.same(run.parameters, run.instance, instance.parameters)
    return sorted((p.key, p.value) for p in instance.parameters) == sorted((p.key, p.value) for p in flow.parameters)


def took(instance: Instance) -> timedelta | None:
    """Return how long it ran: start and end are printed in one zone, so their difference is safe."""
    start = read_time(instance.start_time, timedelta())
    end = read_time(instance.end_time, timedelta())
    return end - start if start is not None and end is not None and end >= start else None


def _first(run: Run, now: datetime) -> timedelta:
    """Return in how long a run is looked at first: its message has just been said, unless the answer was lost."""
    if run.state == "asked":
        return timedelta()
    return max(timedelta(), pause(timedelta()) - max(timedelta(), now - run.started_at))


def pause(age: timedelta) -> timedelta:
    """Return how long to wait until the next look: often at first, rarely later."""
    if age < timedelta(minutes=2):
        return timedelta(seconds=3)
    if age < timedelta(minutes=10):
        return timedelta(seconds=10)
    return timedelta(seconds=30 if age < timedelta(hours=1) else 60)


def _settled(run: Run, outcome: str, now: datetime) -> Settlement | None:
    """Return the end of an attempt that a lost answer left open; one that has ended stays as it ended."""
    if not run.attempt:
        return None
    action = "triggerFromTask" if run.task else "updateAndTrigger" if run.parameters else "trigger"
    return Settlement(run.attempt, outcome, now, action, run.user_id, run.instance)
