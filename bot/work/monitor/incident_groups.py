"""Gatherings kept: the first start's message and those of storms show their incidents as they stand.

    first start   the first complete reading is gathered, then told in one message; a crash goes on where it was
    storm         begun by a page of rows (``work/monitor/page_facts.py``), ended here after ten quiet minutes

What a message shows is a function of what the database holds, and a digest of it is kept: whatever dies, the next
look draws what is missing. Edits of a message collapse, and go every few seconds at most.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.flow.model import UserName
from bot.core.incident import groups
from bot.core.incident.facts import Facts, Known
from bot.core.incident.groups import Gathering, Occasion
from bot.core.incident.model import Incident
from bot.core.outbox.posts import Body, Kind, Lane, NewPost, PostId
from bot.messages.cards import incident_groups as cards
from bot.messages.cards.incident import Look
from bot.messages.incident_posts import GATHER_EDITS, HOLD
from bot.work.monitor.owners import Looks
from bot.work.monitor.settings import WatchSettings
from bot.work.ports import Clock, NewId
from bot.work.ports_store import Store


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A gathering with what its message is to show."""

    gathering: Gathering
    incidents: tuple[Incident, ...]
    look: Look
    mention: tuple[UserName, ...]  # owners it has not mentioned yet


class Gatherings:
    """Keeps the messages under which many incidents stand."""

    def __init__(self, store: Store, looks: Looks, clock: Clock, new_id: NewId, settings: WatchSettings) -> None:
        self._store = store
        self._looks = looks
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self._is_stale = True
        self._drawing = asyncio.Lock()  # what was read earlier must not be drawn over what was read later

    # ── the first start ──

    async def first_start(self, now: datetime) -> PostId | None:
        """Return the message to gather failures under, while the first complete reading goes on; else None."""
        begun = _first_start(await self._store.gatherings())
        if begun is None and await self._store.is_new():
            first = Gathering(PostId(self._new_id()), self._settings.channel, Occasion.FIRST_START, now, now)
            begun = _first_start((await self._write(lambda known: _begin(first, known))).gatherings)
        return begun.post if begun is not None else None

    async def announce(self, now: datetime) -> None:
        """Queue the first start's message: every type was read to its end."""
        first = _first_start(await self._store.gatherings())
        if first is None:
            return
        told = replace(first, last_at=now, ended_at=now)
        incidents = await self._store.gathered(first.post)
        drawing = _Drawing(told, incidents, Look(), ())
        message = NewPost(
            first.post,
            Kind.MESSAGE,
            Lane.ALERT,
            first.channel or self._settings.channel,
            self._body(drawing, first.post),
            due=now + HOLD,
        )
        shown = replace(told, shown=self._digest(drawing))
        await self._write(lambda _: Facts(gatherings=(shown,), posts=(message,)))

    # ── showing what stands ──

    def touched(self) -> None:
        """Say that an incident may have changed."""
        self._is_stale = True

    async def tick(self) -> None:
        """Draw anew what may have changed since the last look."""
        if self._is_stale:
            await self.refresh()

    async def refresh(self) -> None:
        """End the storms that are over, and show each gathering as it stands, if that is not what it shows."""
        async with self._drawing:
            self._is_stale = False
            for each in await self._store.gatherings():
                if groups.is_shown(each, self._clock()):
                    await self._show(each.post)

    async def _show(self, post: PostId) -> None:
        incidents = await self._store.gathered(post)
        look = await self._looks.of(groups.owners(incidents), self._clock())

        def decide(known: Known) -> Facts:
            now = self._clock()
            found = next((each for each in known.gatherings if each.post == post), None)
            if found is None:
                return Facts()
            return self._shown(found, incidents, look, now)

        await self._write(decide)

    def _shown(self, found: Gathering, incidents: tuple[Incident, ...], look: Look, now: datetime) -> Facts:
        """Return the end of a storm that is over, and the edit of a message that shows something else."""
        storm = found.occasion is Occasion.STORM
        new = groups.over(found) if storm and found.ended_at is None and groups.is_quiet(found, now) else found
        names = groups.to_mention(new, groups.owners(incidents), look.people) if storm else ()
        new = replace(new, mentioned=(*new.mentioned, *names))
        drawing = _Drawing(new, incidents, look, names)
        new = replace(new, shown=self._digest(drawing))
        if new == found:
            return Facts()
        edit = PostId(self._new_id())
        posts = [self._post(drawing, Kind.EDIT, edit, self._body(drawing, edit), now + GATHER_EDITS)]
        if names and now - found.began_at > HOLD:  # an edit notifies nobody, so that those are named in a reply
            reply = PostId(self._new_id())
            posts.append(
                self._post(
                    drawing,
                    Kind.MESSAGE,
                    reply,
                    cards.also_concerned(names, look.people, command=self._settings.command),
                    now,
                )
            )
        return Facts(gatherings=(new,), posts=tuple(posts))

    def _post(self, drawing: _Drawing, kind: Kind, id_: PostId, body: Body, due: datetime) -> NewPost:
        post, channel = drawing.gathering.post, drawing.gathering.channel or self._settings.channel
        if kind is Kind.EDIT:
            return NewPost(id_, kind, Lane.ALERT, channel, body, due, target=post)
        return NewPost(id_, kind, Lane.ALERT, channel, body, due, thread_of=post)

    def _body(self, drawing: _Drawing, post: str) -> Body:
        gathering, command = drawing.gathering, self._settings.command
        if gathering.occasion is Occasion.STORM:
            return cards.storm(
                gathering, drawing.incidents, drawing.look.people, post, command=command, zone=drawing.look.zone
            )
        since = gathering.last_at - self._settings.lookback
        return cards.first_start(drawing.incidents, post, command=command, since=since, zone=drawing.look.zone)

    def _digest(self, drawing: _Drawing) -> str:
        """Return a digest of what the message shows, whatever id its buttons carry."""
        return hashlib.sha256(json.dumps(self._body(drawing, ""), sort_keys=True).encode()).hexdigest()[:16]

    async def _write(self, decide: Callable[[Known], Facts]) -> Facts:
        return await self._store.observe((), (), decide)


def _first_start(gatherings: tuple[Gathering, ...]) -> Gathering | None:
    return next((each for each in gatherings if each.occasion is Occasion.FIRST_START and each.ended_at is None), None)


def _begin(first: Gathering, known: Known) -> Facts:
    """Begin the first start, unless it has begun."""
    return Facts(gatherings=(_first_start(known.gatherings) or first,))
