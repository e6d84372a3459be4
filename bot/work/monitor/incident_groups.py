"""Messages of incident groups: those of the first start and of storms show the present state of their incidents.

    first start   all failures of the first complete poll in one message; after a crash the poll adds to the same group
    storm         begun by a page of rows (``work/monitor/page_facts.py``), ended here after ten quiet minutes;
                  whom it mentions is decided here: nobody because of an incident whose cause somebody is on

What a message shows is a function of the database, and a digest of it is kept: after a crash the next refresh draws
what is missing. Edits of a message are merged, and sent every few seconds at most.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.flow.model import FlowId, UserName
from bot.core.flow.run import Run
from bot.core.history import causes
from bot.core.incident import groups
from bot.core.incident.facts import ChangeSet, StoredState
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card, rendered
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Person
from bot.core.routing.mentions import Permission
from bot.core.values import dataclass
from bot.messages.cards import board
from bot.messages.cards import incident_groups as cards
from bot.messages.cards.incident import RenderContext
from bot.messages.incident_posts import HOLD, MERGE_EDITS_FOR
from bot.work.monitor.background import LIVE, read_flows
from bot.work.monitor.owners import OwnerResolver
from bot.work.monitor.settings import MonitorSettings
from bot.work.ports import Clock, NewId

if TYPE_CHECKING:
    from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class _Rendering:
    """A group with what its message is to show."""

    group: IncidentGroup
    incidents: tuple[Incident, ...]
    render_context: RenderContext
    runs: Mapping[FlowId, Run]  # the newest ones that people started


class IncidentGroupMessages:
    """Keeps the messages of incident groups up to date."""

    def __init__(
        self, store: "Store", owner_resolver: OwnerResolver, clock: Clock, new_id: NewId, settings: MonitorSettings
    ) -> None:
        self._store = store
        self._owner_resolver = owner_resolver
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self.is_stale = True  # an incident may have changed since all messages were drawn
        self._rendering = asyncio.Lock()  # an older state must not be drawn over a newer one

    # ── the first start ──

    async def first_start(self, now: datetime) -> PostId | None:
        """The message of the group that takes failures until the first complete poll has ended; else None."""
        begun = _first_start(await self._store.incident_groups())
        if begun is None and await self._store.is_new():
            first = IncidentGroup(PostId(self._new_id()), self._settings.channel, Occasion.FIRST_START, now, now)
            begun = _first_start((await self._write(lambda known: _begin(first, known))).incident_groups)
        return begun.post if begun is not None else None

    async def announce(self, now: datetime) -> None:
        """Queue the first start's message: every type was read to its end."""
        first = _first_start(await self._store.incident_groups())
        if first is None:
            return
        told = replace(first, last_at=now, ended_at=now)
        incidents = await self._store.grouped(first.post)
        rendering = _Rendering(told, incidents, RenderContext(), {})
        message = NewPost(
            first.post,
            PostKind.MESSAGE,
            Lane.ALERT,
            first.channel or self._settings.channel,
            self._body(rendering, first.post),
            due=now + HOLD,
        )
        shown = replace(told, shown=self._digest(rendering))
        await self._write(lambda _: ChangeSet(incident_groups=(shown,), posts=(message,)))

    # ── showing the present state ──

    async def refresh(self) -> None:
        """End the storms that are over, and edit each message that does not show the present state."""
        async with self._rendering:
            self.is_stale = False
            for each in await self._store.incident_groups():
                if groups.is_shown(each, self._clock()):
                    await self._show(each)

    async def _show(self, group: IncidentGroup) -> None:
        post = group.post
        incidents = await self._store.grouped(post)
        render_context = await self._owner_resolver.resolve(groups.owners(incidents), self._clock())
        oldest = min((each.opened_at for each in incidents), default=self._clock())
        runs = await self._store.newest_runs(oldest)
        rules = await self._store.routing_rules()
        explained = await self._with_causes(group, incidents, render_context.people)

        def decide(known: StoredState) -> ChangeSet:
            now = self._clock()
            found = next((each for each in known.incident_groups if each.post == post), None)
            if found is None:
                return ChangeSet()
            awake = [each for each in explained if rules.mention(each, found.channel, now) is Permission.MENTIONED]
            rendering = _Rendering(found, incidents, render_context, runs)
            return self._shown(rendering, groups.owners(awake), known.incident_groups, now)

        await self._write(decide)

    async def _with_causes(
        self, group: IncidentGroup, incidents: Sequence[Incident], people: Mapping[UserName, Person]
    ) -> Sequence[Incident]:
        """The incidents with their causes as they are now, where that may change whom their storm mentions.

        A new incident in a storm gets its cause a moment later (``background.py``).
        """
        unmentioned = set(groups.owners(incidents)) & people.keys() - set(group.mentioned)
        if group.occasion is not Occasion.STORM or not unmentioned:
            return incidents
        live = await self._store.incidents(live=True, limit=LIVE)
        ids, now = {each.id for each in live}, self._clock()
        flows = await read_flows(self._store, live, {each.flow_id for each in incidents})
        return [causes.compared(each, causes.cause_of(each, flows).cause, ids, now)[0] for each in incidents]

    def _shown(
        self, rendering: _Rendering, owners: tuple[UserName, ...], known: Sequence[IncidentGroup], now: datetime
    ) -> ChangeSet:
        """The end of a storm that is over, and the edit of a message that shows an older state.

        ``owners`` are those who may be mentioned now, ``known`` all groups.
        """
        found, incidents, people = rendering.group, rendering.incidents, rendering.render_context.people
        storm = found.occasion is Occasion.STORM
        new = groups.ended_storm(found) if storm and found.ended_at is None and groups.is_quiet(found, now) else found
        asked = groups.to_be_asked(incidents, people)
        names = groups.owners_to_mention(new, owners, asked, known) if storm else ()
        new = replace(new, mentioned=(*new.mentioned, *names))
        rendering = replace(rendering, group=new)
        new = replace(new, shown=self._digest(rendering))
        if new == found:
            return ChangeSet()
        edit = PostId(self._new_id())
        posts = [self._post(rendering, PostKind.EDIT, edit, self._body(rendering, edit), now + MERGE_EDITS_FOR)]
        if names and now - found.began_at > HOLD:  # an edit notifies nobody, so those owners are named in a reply
            reply = PostId(self._new_id())
            posts.append(
                self._post(
                    rendering,
                    PostKind.MESSAGE,
                    reply,
                    cards.more_owners(names, people, command=self._settings.command),
                    now,
                )
            )
        return ChangeSet(incident_groups=(new,), posts=tuple(posts))

    def _post(self, rendering: _Rendering, kind: PostKind, id_: PostId, body: Card, due: datetime) -> NewPost:
        post, channel = rendering.group.post, rendering.group.channel or self._settings.channel
        if kind is PostKind.EDIT:
            return NewPost(id_, kind, Lane.ALERT, channel, body, due, target=post)
        return NewPost(id_, kind, Lane.ALERT, channel, body, due, thread_of=post)

    def _body(self, rendering: _Rendering, post: str) -> Card:
        group, command = rendering.group, self._settings.command
        if group.occasion is Occasion.STORM:
            return board.storm(
                group,
                rendering.incidents,
                rendering.render_context.people,
                post,
                command=command,
                zone=rendering.render_context.zone,
                runs=rendering.runs,
            )
        since = group.last_at - self._settings.lookback
        return cards.first_start(
            rendering.incidents, post, command=command, since=since, zone=rendering.render_context.zone
        )

    def _digest(self, rendering: _Rendering) -> str:
        """A digest of what the message shows, independent of the id in its buttons."""
        return hashlib.sha256(json.dumps(rendered(self._body(rendering, "")), sort_keys=True).encode()).hexdigest()[:16]

    async def _write(self, decide: Callable[[StoredState], ChangeSet]) -> ChangeSet:
        return await self._store.observe((), (), decide)


def _first_start(incident_groups: tuple[IncidentGroup, ...]) -> IncidentGroup | None:
    return next(
        (each for each in incident_groups if each.occasion is Occasion.FIRST_START and each.ended_at is None), None
    )


def _begin(first: IncidentGroup, known: StoredState) -> ChangeSet:
    """Begin the first start, unless it has begun."""
    return ChangeSet(incident_groups=(_first_start(known.incident_groups) or first,))
