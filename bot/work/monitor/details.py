"""Details of a failure, read in parallel to the alert search: failed task, error line, owners, last good run.

The decision card waits 1.5 s for them. Each detail is written at once and drawn onto the card: before the card is
sent this changes the card itself, afterwards it is an edit.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.errors import Failure
from bot.core.flow import graph as graphs
from bot.core.flow.ids import instance_moment, milliseconds
from bot.core.flow.model import (
    Instance,
    InstanceId,
    Search,
    Task,
    TaskId,
    UserName,
)
from bot.core.flow.status import OWN, Status
from bot.core.flow.times import printed_moment
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.text.log_text import error_line
from bot.messages import incident_posts
from bot.messages.cards import incident_replies
from bot.work.commands.long_texts import without_blocking
from bot.work.monitor import page_facts
from bot.work.monitor.background import BackgroundMonitor
from bot.work.monitor.reader import closing
from bot.work.monitor.settings import MonitorContext

log = logging.getLogger(__name__)

_GOOD_WITHIN = timedelta(days=14)  # how far back the last good run is looked for
_TRIES = 3  # a log may appear a little after the failure
_REMEMBERED = 10_000


class Enricher:
    """Reads details, a few at a time, in the background."""

    def __init__(self, context: MonitorContext, background: BackgroundMonitor) -> None:
        self._context = context
        self._background = background
        self._turn = asyncio.Semaphore(context.settings.lane_width)
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: set[tuple[IncidentId, InstanceId]] = set()  # one poll may bring a flow on many pages
        self._tries: dict[str, int] = {}

    def begin(
        self,
        incident: Incident,
        kind: int | None,
        *,
        instance: InstanceId | None = None,
        replies: Sequence[PostId] = (),
    ) -> None:
        """Begin to read the details of a failure that a page has just brought: the newest where none is named.

        ``kind`` is the scheduling type in which to search the last good run; None where it is known or not wanted.
        """
        instance = instance or incident.occurrences[-1].instance
        if (incident.id, instance) not in self._under_way:
            self._under_way.add((incident.id, instance))
            self._start(self._enrich(incident, instance, kind, replies))

    async def wait_until_idle(self) -> None:
        """Wait until all reads that were begun have ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """Give up what is under way: the incident follower reads it after the next start."""
        for task in self._tasks:
            task.cancel()
        await self.wait_until_idle()

    async def learn(self, incident: Incident, found: Instance, *, replies: Sequence[PostId] = ()) -> None:
        """Write and show the details in a single read of a failed instance."""
        broken = graphs.broken(found.graph)
        failure = next((each for each in reversed(incident.occurrences) if each.instance == found.id), None)
        if failure is None or failure.status in OWN:  # that it has failed, too, is still to be reported
            return
        if {task.id for task in broken} - set(failure.failed_tasks):
            await self._tell(incident, found.id, replies, tasks=broken)
            await self._background.fill(incident.id, self._context.clock(), took=await self._took(found))
        if broken and not failure.error_line:
            line = await self._error_line(found.id, broken[0])
            if line:
                await self._tell(incident, found.id, replies, line=line)
                await self._background.fill(incident.id, self._context.clock(), took=await self._took(found))
        await self._find_owners(incident)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("Reading the details of a failure hit a bug", exc_info=task.exception())

    async def _enrich(
        self, incident: Incident, instance: InstanceId, kind: int | None, replies: Sequence[PostId]
    ) -> None:
        try:
            # Before EnOS is asked: it may show that nobody is to be mentioned, while the card is not sent yet.
            await self._background.fill(incident.id, self._context.clock())
            async with self._turn:
                found = await self._context.enos.instance(instance)
                if found is not None:
                    await self.learn(incident, found, replies=replies)
                if kind is not None:
                    await self._find_last_success(incident, kind)
        except Failure as trouble:
            log.info("The details of run %s could not be read: %s", instance, trouble)
        finally:
            self._under_way.discard((incident.id, instance))

    async def _find_owners(self, incident: Incident) -> None:
        """Read the owners from the flow, where the rows name none."""
        if incident.owners or not self._may_try(incident.id):
            return
        flow = await self._context.enos.flow(incident.flow_id)
        if flow.owners:
            await self._change(incident, lambda old: _with_owners(old, flow.owners), owners=flow.owners)

    async def _took(self, found: Instance) -> timedelta | None:
        """How long a run took, where the zone of its times is certain."""
        zone = (await self._context.owner_resolver.resolve((), self._context.clock())).zone
        start, end = (printed_moment(found, time, zone) for time in (found.start_time, found.end_time))
        return end - start if start is not None and end is not None else None

    async def _error_line(self, instance: InstanceId, task: Task) -> str:
        if not task.instance_id or not self._may_try(instance):
            return ""
        try:
            text = await self._context.enos.log(task.instance_id)
        except Failure as trouble:
            log.info("The log of task %s could not be read: %s", task.instance_id, trouble)
            return ""
        return await without_blocking(lambda log: error_line(log, self._context.mask), text or "")

    def _may_try(self, what: str) -> bool:
        """Whether to ask once more: three times at most."""
        tries = self._tries.get(what, 0)
        if len(self._tries) > _REMEMBERED:
            self._tries.clear()
        self._tries[what] = tries + 1
        return tries < _TRIES

    async def _find_last_success(self, incident: Incident, kind: int) -> None:
        """Read the newest page of the flow's good runs: one request."""
        now = self._context.clock()
        terms = Search(
            kind=kind,
            since=milliseconds(now - _GOOD_WITHIN),
            until=milliseconds(now),
            statuses=(int(Status.SUCCESS),),
            expression=str(incident.flow_id),
        )
        good: tuple[Instance, ...] = ()
        async with closing(self._context.enos.search(terms)) as found:
            async for page in found:
                good = tuple(
                    row for row in page.rows if row.flow_id == incident.flow_id and row.status == Status.SUCCESS
                )
                break
        newest = max(good, key=lambda row: (_moment(row), row.id), default=None)
        if newest is not None:
            await self._change(incident, lambda old: _with_last_success(old, newest.id))

    async def _tell(
        self,
        incident: Incident,
        instance: InstanceId,
        replies: Sequence[PostId],
        *,
        tasks: tuple[Task, ...] = (),
        line: str = "",
    ) -> None:
        def step(old: Incident) -> lifecycle.Step:
            return lifecycle.enriched(
                old,
                instance,
                tasks=_with_earlier(old, instance, tasks),
                task_name=tasks[0].name if tasks else "",
                error_line=line,
            )

        await self._change(incident, step, replies=replies, instance=instance)

    async def _change(
        self,
        incident: Incident,
        step: Callable[[Incident], lifecycle.Step],
        *,
        owners: tuple[UserName, ...] = (),
        replies: Sequence[PostId] = (),
        instance: InstanceId | None = None,
    ) -> None:
        now = self._context.clock()
        terms = await self._context.terms(
            now, await self._context.owner_resolver.resolve((*incident.owners, *owners), now)
        )

        def decide(old: Incident) -> ChangeSet:
            new, reason = step(old)
            changes = incident_posts.changed(old, new, reason, terms)
            if reason is Transition.NOTHING:
                return changes
            return replace(changes, posts=(*changes.posts, *_edited_replies(new, replies, instance, terms)))

        await self._context.store.change(incident.id, decide)
        self._context.wake()


def enrich_all(enricher: Enricher, changes: ChangeSet, kind: int, now: datetime) -> None:
    """Begin to read the details of each failure that these facts of a page report, on a card or in a reply.

    Those in an incident group are left to the incident follower: hundreds of reads at once would not help an EnOS in
    trouble, and would delay a first start. The last good run is searched until it is known.
    """
    tells = changes.tells if isinstance(changes, page_facts.PageFacts) else {}
    told = [(post.incident, tells[post.id], post.id) for post in changes.posts if post.id in tells]
    for incident in changes.incidents:
        if not incident.threads:
            continue
        newest = incident.occurrences[-1]
        replies_of = defaultdict[InstanceId, list[PostId]](list)
        for of, instance, post in told:
            if of == incident.id:
                replies_of[instance].append(post)
        if newest.seen_at == now and not newest.failed_tasks and not newest.backfilled:
            kind_of_good = None if incident.last_success else kind
            enricher.begin(incident, kind_of_good, replies=replies_of.pop(newest.instance, ()))
        for instance, posts in replies_of.items():
            enricher.begin(incident, None, instance=instance, replies=posts)


def _edited_replies(
    incident: Incident, told: Sequence[PostId], instance: InstanceId | None, terms: incident_posts.Terms
) -> tuple[NewPost, ...]:
    """The edits of the replies that reported this failure."""
    failure = next((each for each in reversed(incident.occurrences) if each.instance == instance), None)
    if failure is None:
        return ()
    edits = [PostId(terms.new_id()) for _ in told]
    return tuple(
        NewPost(
            id=edit,
            kind=PostKind.EDIT,
            lane=Lane.ALERT,
            channel=incident.home.channel,  # the outbox knows that of each reply
            body=incident_replies.failed_again(incident, failure, edit),
            due=terms.now + incident_posts.MERGE_EDITS_FOR,
            target=reply,
            incident=incident.id,
        )
        for edit, reply in zip(edits, told, strict=True)
    )


def _with_earlier(incident: Incident, instance: InstanceId, tasks: tuple[Task, ...]) -> tuple[TaskId, ...]:
    """All tasks that failed: a run counts as failed while other tasks still run, and may fail too."""
    earlier = next((each.failed_tasks for each in reversed(incident.occurrences) if each.instance == instance), ())
    return tuple(dict.fromkeys((*(task.id for task in tasks), *earlier)))


def _with_owners(incident: Incident, owners: tuple[UserName, ...]) -> lifecycle.Step:
    if incident.owners:
        return incident, Transition.NOTHING
    return replace(incident, owners=owners), Transition.ENRICHED


def _with_last_success(incident: Incident, instance: InstanceId) -> lifecycle.Step:
    if incident.last_success == instance or incident.recovered_by:
        return incident, Transition.NOTHING
    return replace(incident, last_success=instance), Transition.ENRICHED


def _moment(row: Instance) -> float:
    at = instance_moment(row.id)
    return at.timestamp() if at else 0.0
