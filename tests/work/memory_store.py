"""A store with memory: what the watcher asks of it, each method whole or not at all, as the database would."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.flow.status import is_finished
from bot.core.incident.facts import ChangeSet, StoredState
from bot.core.incident.model import Phase
from bot.core.outbox.posts import Post, PostKind, PostState

LIVE = {Phase.OPEN, Phase.ACKNOWLEDGED}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process dies here."""


class MemoryStore:
    """Keeps what is written. ``die_after`` lets the process die before so many more writes."""

    def __init__(self):
        self.seen = {}
        self.read = {}
        self.named = {}
        self.kept = {}
        self.under = {}
        self.posts = {}
        self.attempt_results = []
        self.writes = 0
        self.die_after = None
        self.biggest = 0

    async def _write(self):
        await asyncio.sleep(0)
        self._written()

    def _written(self):
        """A transaction ends here, or the process does. Between reading and writing nobody else comes in."""
        if self.die_after is not None:
            if self.die_after == 0:
                raise Killed
            self.die_after -= 1
        self.writes += 1

    # what the watcher knows

    async def observe(self, instances, flows, decide, *, since=None):
        await asyncio.sleep(0)
        newest = {}
        for incident in self.kept.values():
            if (incident.flow_id in flows and not incident.group) or incident.group in instances:
                newest[incident.flow_id, incident.group] = incident
        goes_on = {each.post for each in self.under.values() if each.ended_at is None}
        recent = tuple(
            each
            for each in self.kept.values()
            if since and each.told_at and each.told_at > since and each.listed_in not in goes_on
        )
        seen = {id_: self.seen[id_] for id_ in instances if id_ in self.seen}
        known = StoredState(seen, tuple(newest.values()), tuple(self.under.values()), recent)
        changes = decide(known)
        if changes.seen or changes.incidents or changes.posts or changes.forget or changes.incident_groups:
            self._written()
            self._apply(changes)
        return changes

    def are_unchanged(self, rows):
        told = {id_: (seen.status, seen.end_time) for id_, seen in self.seen.items()}
        return all(told.get(row.id) == (row.status, row.end_time) for row in rows)

    def _apply(self, changes):
        self.biggest = max(self.biggest, len(changes.seen) + len(changes.posts) + len(changes.incidents))
        for seen in changes.seen:
            old = self.seen.get(seen.instance)
            if old is None or replace(old, seen_at=seen.seen_at) != seen:
                self.seen[seen.instance] = seen
        for incident in changes.incidents:
            self.kept[incident.id] = incident
        for group in changes.incident_groups:
            self.under[group.post] = group
        for id_ in changes.forget:
            self.seen.pop(id_, None)
        self._put(changes.posts)

    async def readings(self):
        return dict(self.read)

    async def set_reading(self, reading, *, posts=()):
        await self._write()
        self._put(posts)
        self.read[reading.kind] = reading

    async def unfinished(self, before, limit=500):
        rows = (each for each in self.seen.values() if not is_finished(each.status))
        return tuple(each.instance for each in rows if (each.trigger_at or each.seen_at) < before)[:limit]

    async def searched_flows(self, since):
        return frozenset(each.flow_id for each in self.seen.values() if each.seen_at >= since)

    async def is_new(self):
        return all(reading.read_at is None for reading in self.read.values())

    async def set_note(self, name, value):
        await self._write()
        self.named.pop(name, None)
        if value:
            self.named[name] = value

    async def notes(self):
        return dict(self.named)

    async def update_note(self, name, decide):
        await asyncio.sleep(0)
        told = decide(self.named.get(name, ""))
        if told is None:
            return False
        self._written()
        self.named.pop(name, None)
        if told.note:
            self.named[name] = told.note
        self._put(told.posts)
        return bool(told.posts)

    # incidents

    async def incidents(self, *, live=True, flow=None, since=None, limit=500):
        found = [
            incident
            for incident in self.kept.values()
            if (not live or incident.phase in LIVE)
            and (flow is None or incident.flow_id == flow)
            and (since is None or incident.ended_at is None or incident.ended_at >= since)
        ]
        return tuple(sorted(found, key=lambda incident: incident.opened_at, reverse=True)[:limit])

    async def incident_groups(self):
        return tuple(self.under.values())

    async def grouped(self, post):
        found = [incident for incident in self.kept.values() if incident.listed_in == post]
        return tuple(sorted(found, key=lambda incident: incident.opened_at, reverse=True))

    async def incident(self, id):
        return self.kept.get(id)

    async def change(self, id, decide, *, attempt_result=None):
        await asyncio.sleep(0)
        changes = decide(self.kept[id])
        if changes != ChangeSet() or attempt_result is not None:
            self._written()
            self._apply(changes)
            self.attempt_results += [] if attempt_result is None else [attempt_result]
        return changes

    # the outbox

    async def queue(self, posts, *, attempt_result=None):
        await self._write()
        self._put(posts)

    async def post(self, id):
        return self.posts.get(id)

    def _put(self, posts):
        for new in posts:
            if new.id not in self.posts:
                self.posts[new.id] = Post(new, PostState.QUEUED)
                if new.kind is PostKind.EDIT:
                    self._merge(new)

    def _merge(self, new):
        target = self.posts[new.target]
        for id_, post in self.posts.items():
            if post.new.target == new.target and post.state is PostState.QUEUED and id_ != new.id:
                self.posts[id_] = replace(post, state=PostState.GIVEN_UP)
        if target.state is PostState.QUEUED:
            self.posts[new.target] = replace(target, new=replace(target.new, body=new.body))
            self.posts[new.id] = replace(self.posts[new.id], state=PostState.GIVEN_UP)

    # what tests look at

    def deliver(self, now):
        """Send what is due; return it, edits included."""
        due = [
            post
            for post in self.posts.values()
            if post.state is PostState.QUEUED
            and post.new.due <= now
            and (post.new.thread_of is None or self._stands(post.new.thread_of) or True)
        ]
        for post in due:
            self.posts[post.new.id] = replace(post, state=PostState.SENT, ts=f"{len(self.posts)}.{post.new.id}")
        return [post.new for post in due]

    def _stands(self, id_):
        return id_ in self.posts and self.posts[id_].state is PostState.SENT

    def cards(self):
        """Return the messages that stand in the channel, oldest first, as they are shown after all edits."""
        return [self.shown(post.new.id) for post in self.posts.values() if self._is_top(post.new)]

    def replies(self, card):
        """Return the replies under a message, as they are shown after all edits."""
        return [
            self.shown(post.new.id)
            for post in self.posts.values()
            if post.new.kind is PostKind.MESSAGE and post.new.thread_of == card
        ]

    def shown(self, id_):
        body = self.posts[id_].new.body
        for post in self.posts.values():
            if post.new.kind is PostKind.EDIT and post.new.target == id_:
                body = post.new.body
        return body

    @staticmethod
    def _is_top(new):
        return new.kind is PostKind.MESSAGE and new.thread_of is None and not new.thread
