"""Following: the one message of a run started from chat shows its progress and ends with the result.

    asked ──► running ──► ended
      │          └──────► lost       (not seen to its end for a day)
      ├──► lost                      (another run holds the minute)
      └──► not started               (the platform shows no such run for a minute)

``asked`` means that the call was, or may have been, sent and its answer is not known: it is looked up, and never
sent again by itself.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.cards import runs as cards
from bot.core.errors import Failure
from bot.core.facts import Run
from bot.core.flows import Flow, FlowId, Instance, TaskId, UserId
from bot.core.graphs import downstream
from bot.core.posts import Body, Kind, Lane, NewPost, PostId, State
from bot.core.status import Status, is_finished
from bot.core.times import read_time
from bot.work.asking import Rooms
from bot.work.ports import Settlement

_IN_FLIGHT = timedelta(seconds=30)  # the journey that asked may still be waiting for its answer
_GIVEN = timedelta(seconds=60)  # what does not appear for so long was not started
_INCIDENT = timedelta(seconds=90)  # how long the result waits for the incident it links to
_TOO_LONG = timedelta(hours=24)
_FAILED = frozenset({Status.FAIL, Status.TIMEOUT, Status.INTERNAL_ERROR})


@dataclass(slots=True)
class _Looking:
    """When a run is looked at next, and what was said of it last."""

    due: datetime
    said: str = ""
    failed_at: datetime | None = None


class Follow:
    """Follows the runs that people started."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._looking: dict[str, _Looking] = {}

    async def tick(self, now: datetime) -> None:
        """Look at every run whose time has come. An outage of one does not hold up the others."""
        live = await self._rooms.store.runs(live=True)
        for gone in self._looking.keys() - {run.instance for run in live}:
            del self._looking[gone]
        for run in live:
            looking = self._looking.setdefault(run.instance, _Looking(now))
            if looking.due > now:
                continue
            looking.due = now + _pause(now - run.started_at)
            try:
                await (self._look_up if run.state == "asked" else self._look)(run, looking, now)
            except Failure:
                continue  # EnOS does not answer: the watcher says so, once; this run is looked at again

    async def _look_up(self, run: Run, looking: _Looking, now: datetime) -> None:
        """Settle a lost answer: is it there, is it another's, or was it never started."""
        age = now - run.started_at
        if await self._rooms.store.post(PostId(run.post)) is None and age < _IN_FLIGHT:
            return
        instance = await self._rooms.enos.instance(run.instance, as_user=UserId(run.user_id))
        if instance is None:
            if age >= _GIVEN:
                await self._ended(run, "not started", cards.not_started(run), now)
            return
        flow = await self._rooms.enos.flow(FlowId(run.flow_id), as_user=UserId(run.user_id))
        if not as_asked(run, instance, flow):
            await self._ended(run, "lost", cards.taken_by_another(run), now)
            return
        running = replace(run, state="running")
        await self._put(
            running, cards.progress(running, instance, cards.found(running)), now, _settled(run, "found", now)
        )
        looking.due = now

    async def _look(self, run: Run, looking: _Looking, now: datetime) -> None:
        instance = await self._rooms.enos.instance(run.instance, as_user=UserId(run.user_id))
        if instance is None:
            if now - run.started_at > _TOO_LONG:
                await self._ended(run, "lost", cards.lost_sight(run), now)
            return
        if ended(instance):
            await self._result(run, instance, looking, now)
            return
        if now - run.started_at > _TOO_LONG:
            await self._ended(run, "lost", cards.lost_sight(run), now)
            return
        body = cards.progress(run, instance)
        text = json.dumps(body, sort_keys=True)
        if text != looking.said:
            looking.said = text
            await self._put(run, body, now)

    async def _result(self, run: Run, instance: Instance, looking: _Looking, now: datetime) -> None:
        """Tell the result; a failure waits a little for its incident, to link to it."""
        link = ""
        if instance.status in _FAILED:
            looking.failed_at = looking.failed_at or now
            link = await self._incident_link(run)
            if not link and now - looking.failed_at < _INCIDENT:
                await self._put(run, cards.ended(run, instance, took(instance)), now)
                return
        await self._ended(run, "ended", cards.ended(run, instance, took(instance), link), now)

    async def _incident_link(self, run: Run) -> str:
        for incident in await self._rooms.store.incidents(live=True, flow=run.flow_id):
            if any(each.instance == run.instance for each in incident.occurrences):
                first = await self._rooms.store.post(incident.post)
                if first is not None and first.state is State.SENT:
                    return await self._rooms.slack.permalink(first.channel, first.ts)
        return ""

    async def _ended(self, run: Run, state: str, body: Body, now: datetime) -> None:
        await self._put(replace(run, state=state), body, now, _settled(run, state, now))

    async def _put(self, run: Run, body: Body, now: datetime, settled: Settlement | None = None) -> None:
        """Write the run and the edit of its message; a message that was never queued is queued now."""
        exists = await self._rooms.store.post(PostId(run.post)) is not None
        new = NewPost(
            id=PostId(self._rooms.new_id() if exists else run.post),
            kind=Kind.EDIT if exists else Kind.MESSAGE,
            lane=Lane.ANSWER,
            channel=run.channel,
            body=body,
            due=now,
            thread="" if exists else run.thread,
            target=PostId(run.post) if exists else None,
        )
        await self._rooms.store.put_run(run, posts=[new], settle=settled)
        self._rooms.wake()


def as_asked(run: Run, instance: Instance, flow: Flow) -> bool:
    """Whether this instance is the one that was asked for: its tasks and its parameters."""
    asked: list[tuple[str, str]] = json.loads(run.parameters) if run.parameters else []
    if asked:
        wanted = dict(asked)
        if {each.key: each.value for each in instance.parameters} != wanted:
            return False
    elif sorted((p.key, p.value) for p in instance.parameters) != sorted((p.key, p.value) for p in flow.parameters):
        return False
    everything = frozenset(task.id for task in instance.graph.tasks)
    ran = frozenset(task.id for task in instance.graph.tasks if task.status != Status.SKIP)
    return ran == (downstream(flow.graph, TaskId(run.task)) if run.task else everything)


def ended(instance: Instance) -> bool:
    """Whether a run is over. FAIL is final only when no task runs any more (Monitoring Workflow Instances)."""
    running = any(task.status in {Status.RUNNING, Status.RERUN} for task in instance.graph.tasks)
    return is_finished(instance.status) and not running


def took(instance: Instance) -> timedelta | None:
    """Return how long it ran: start and end are printed in one zone, so their difference is safe."""
    start = read_time(instance.start_time, timedelta())
    end = read_time(instance.end_time, timedelta())
    return end - start if start is not None and end is not None and end >= start else None


def _settled(run: Run, outcome: str, now: datetime) -> Settlement | None:
    """Return the end of an attempt that the lost answer left open; one that has ended stays as it ended."""
    if not run.attempt:
        return None
    action = "triggerFromTask" if run.task else "updateAndTrigger" if run.parameters not in {"", "[]"} else "trigger"
    return Settlement(run.attempt, outcome, now, action, run.user_id, run.instance)


def _pause(age: timedelta) -> timedelta:
    """Return how long to wait until the next look: often at first, rarely later."""
    if age < timedelta(minutes=2):
        return timedelta(seconds=3)
    if age < timedelta(minutes=10):
        return timedelta(seconds=10)
    return timedelta(seconds=30 if age < timedelta(hours=1) else 60)
