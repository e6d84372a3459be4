"""A clock that is moved by hand, and a Slack with a memory that can lose, delay, refuse and be slow."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from delivery_faults import Always, Late, Lost, Short, Untold, Vanished

from bot.core.outbox.conversations import (
    Channel,
    SearchResult,
    SlackLimited,
    SlackOutsideThread,
    SlackRefused,
    SlackRefusedTable,
    SlackUnclear,
    SlackUnreachable,
)
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.work.delivery.alarms import DeliveryMetrics
from bot.work.delivery.delivery import Delivery

START = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
DEFAULT = "CDEFAULT"


def said_in(body):
    """The first paragraph of a message; its phone line where it has no blocks."""
    first = (body.get("blocks") or [{}])[0].get("text") or {}
    return first.get("text") or body["text"]


class HandClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def after(self, seconds) -> datetime:
        return self.now + timedelta(seconds=seconds)


@dataclass
class Message:
    channel: str
    ts: str
    id: str
    text: str
    thread: str
    at: float
    texts: list = field(default_factory=list)
    broadcast: bool = False
    body: dict = field(default_factory=dict)

    @property
    def headline(self):
        """What a phone shows of it."""
        return self.body["text"]


def place_of(channel):
    """Return where the direct messages of a person stand."""
    return f"D{channel[1:]}" if channel.startswith("U") else channel


class FakeSlack:
    """Remembers what was posted where. ``faults`` holds, per method, what the next calls meet (None: nothing).

    Those of a method and a channel, such as ``find C1``, come first.

    A private answer with a response_url meets those of ``response_url`` where there are any.
    """

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.messages: list[Message] = []
        self.ephemerals: list[tuple[str, str, str]] = []
        self.ephemeral_bodies: list[dict] = []  # their bodies
        self.files: dict[str, tuple[str, str, bool]] = {}  # id: channel, content, shown
        self.faults: dict[str, list] = {}
        self.closed: dict[str, str] = {}  # channel: the word it refuses with
        self.foreign: set[str] = set()  # channels in which another organization reads
        self.gates: dict[str, asyncio.Event] = {}  # channel, or method and channel: calls hang until set
        self.late: list[tuple[datetime, Message]] = []
        self.gone: dict[str, Message] = {}  # what people have deleted, by its ts
        self.fixed: dict[str, str] = {}  # ts: the word with which an edit is refused
        self.page = 100  # messages that one look reads
        self.tables_refused_with = ""  # the word with which a message with a table is refused
        self.calls: list[str] = []
        self.channel_lookups: list[str] = []  # channels that were asked about
        self.posted: dict[str, list[float]] = {}
        self._count = 0

    # ── what a person sees ──

    def texts(self, channel="C1", thread=""):
        self.arrive()
        return [
            each.text
            for each in sorted(self.messages, key=lambda m: float(m.ts))
            if (each.channel, each.thread) == (channel, thread)
        ]

    def standing(self):
        self.arrive()
        return sorted(each.id for each in self.messages)

    def arrive(self):
        for at, message in list(self.late):
            if at <= self.clock():
                self.late.remove((at, message))
                self.messages.append(message)

    # ── the protocol ──

    async def post(self, channel, body, *, id, thread="", broadcast=False):
        fault = await self._met("post", channel)
        self.posted.setdefault(channel, []).append(self.clock().timestamp())
        if not body.get("text"):
            raise SlackRefused("no_text")
        self._check_table(body)
        place = place_of(channel)
        stands = thread if self._has(place, thread) else ""
        message = Message(place, self._ts(), id, said_in(body), stands, self.clock().timestamp(), body=body)
        message.broadcast = broadcast and bool(stands)
        if isinstance(fault, Late):
            self.late.append((self.clock.after(fault.seconds), message))
        elif not isinstance(fault, Vanished):
            self.messages.append(message)
        self._lost(fault)
        if stands != thread:
            raise SlackOutsideThread(place, message.ts)
        return place, message.ts

    async def edit(self, channel, ts, body, *, id):
        fault = await self._met("edit", channel)
        self._check_table(body)
        found = [each for each in self.messages if (each.channel, each.ts) == (place_of(channel), ts)]
        if not found:
            raise SlackRefused("message_not_found")
        if ts in self.fixed:
            raise SlackRefused(self.fixed[ts])
        if not isinstance(fault, Vanished):
            found[0].text, found[0].body = said_in(body), body
            found[0].texts.append(said_in(body))
        self._lost(fault)

    async def post_ephemeral(self, channel, user, body, *, thread="", response_url=""):
        by_url = bool(response_url) and "response_url" in self.faults
        fault = await self._met("response_url" if by_url else "ephemeral", channel)
        self._check_table(body)
        if not isinstance(fault, Vanished):
            self.ephemerals.append((channel, user, said_in(body)))
            self.ephemeral_bodies.append(body)
        self._lost(fault)

    def _check_table(self, body):
        if self.tables_refused_with and "fallback" in body:
            raise SlackRefusedTable(self.tables_refused_with)

    async def upload(self, channel, body, *, thread="", reserved=None):
        fault = await self._met("upload", channel)
        self._count += 1
        file = f"F{self._count}"
        await reserved(file)
        shown = not isinstance(fault, Vanished)
        self.files[file] = (channel, body["content"], shown)
        self._lost(fault)
        return file

    async def shared(self, file):
        await self._met("shared", "")
        return self.files[file][2]

    async def find(self, channel, ids, *, thread="", since=0, until=0, rest=""):
        fault = await self._met("find", channel)
        self.arrive()
        place = place_of(channel)
        if thread and not self._has(place, thread) and thread not in {each.thread for each in self.messages}:
            raise SlackRefused("thread_not_found")
        read, left = self._read(place, thread, since, until, rest)
        found: dict = {}
        for each in read:
            if each.id in ids:
                found.setdefault(each.id, []).append(each.ts)
        stamps = {id_: tuple(ts) for id_, ts in found.items()}
        parent = not thread or self._has(place, thread)
        if isinstance(fault, Short):
            return SearchResult(whole=False, wait=fault.wait, parent=parent)
        return SearchResult(stamps, not left, left, parent=parent)

    def _read(self, place, thread, since, until, rest):
        """Return the messages that one look reads, the oldest first, and where to read on."""
        within = [
            each
            for each in sorted(self.messages, key=lambda m: float(m.ts), reverse=not thread)
            if each.channel == place
            and (each.thread == thread or (each.broadcast and not thread))
            and since - 60 <= each.at <= (until or each.at) + 60
            and (not rest or (float(each.ts) > float(rest) if thread else float(each.ts) < float(rest)))
        ]
        read, left = within[: self.page], within[self.page :]
        return sorted(read, key=lambda m: float(m.ts)), read[-1].ts if left else ""

    def _has(self, place, ts):
        return not ts or any((each.channel, each.ts) == (place, ts) for each in self.messages)

    def person_deletes(self, ts):
        """A person deletes a message: its replies stay, and new ones stand in the channel."""
        self.gone |= {each.ts: each for each in self.messages if each.ts == ts}
        self.messages = [each for each in self.messages if each.ts != ts]

    async def channel(self, channel):
        self.channel_lookups.append(channel)
        if f"channel {channel}" in self.gates:
            await self.gates[f"channel {channel}"].wait()
        fault = (self.faults.get("channel") or [None]).pop(0)
        if isinstance(fault, Exception):
            raise fault
        return Channel(channel, member=True, shared=None if isinstance(fault, Untold) else channel in self.foreign)

    async def delete(self, channel, ts):
        await self._met("delete", channel)
        self.messages = [each for each in self.messages if (each.channel, each.ts) != (place_of(channel), ts)]

    # ── faults ──

    async def _met(self, method, channel):
        self.calls.append(f"{method} {channel}".strip())
        for gate in (channel, f"{method} {channel}"):
            if gate in self.gates:
                await self.gates[gate].wait()
        waiting = self.faults.get(f"{method} {channel}") or self.faults.get(method) or [None]
        fault = waiting.pop(0)
        if isinstance(fault, Exception):
            raise fault
        if channel in self.closed:
            raise SlackRefused(self.closed[channel])
        return fault

    def _lost(self, fault):
        if fault is not None:
            raise SlackUnclear("time-out")

    def _ts(self):
        self._count += 1
        return f"{1000 + self._count}.000"


class World:
    """A store, a Slack, a delivery and a clock."""

    def __init__(self, store) -> None:
        self.clock = HandClock()
        self.steady = self.clock
        self.slack = FakeSlack(self.clock)
        self.store = store
        self.alarms: list = []
        self.outcomes: list = []
        self.late: list = []
        self.duplicates = 0
        self.delivery = self.new_delivery()

    def new_delivery(self, store=None, slack=None, **more):
        return Delivery(
            store or self.store,
            slack or self.slack,
            self.clock,
            on_alarm=self.alarms.append,
            metrics=DeliveryMetrics(
                lambda kind, outcome: self.outcomes.append((kind.value, outcome)),
                lambda lane, seconds: self.late.append((lane.value, seconds)),
                self._count_duplicate,
            ),
            jitter=lambda: 0.0,
            steady=self.steady,
            **{"default_channel": DEFAULT} | more,
        )

    def restart(self, **settings):
        """Let another process go on."""
        self.alarms.clear()
        self.delivery = self.new_delivery(**settings)

    def active_alarms(self):
        """Return the newest alarm of each name, unless it says that the trouble is over."""
        return [alarm for alarm in {alarm.name: alarm for alarm in self.alarms}.values() if not alarm.over]

    def _count_duplicate(self):
        self.duplicates += 1

    async def knows(self, channel):
        """Let it be known whether the channel is shared, so that no post waits for a look."""
        await self.delivery._shared_channels._check(channel, self.clock())

    async def tick(self):
        await self.delivery.tick(self.clock())

    async def pass_time(self, seconds, step=0.5, until=lambda: False):
        await self.tick()
        for _ in range(int(seconds / step)):
            if until():
                return
            self.clock.now = self.clock.after(step)
            if self.steady is not self.clock:
                self.steady.now = self.steady.after(step)
            await self.tick()

    async def queue(self, *posts):
        await self.store.queue(posts)

    async def state(self, id_):
        return (await self.store.post(PostId(id_))).state.value

    async def stands(self, id_="card"):
        """Post a card and return its ts."""
        await self.queue(message(id_))
        await self.pass_time(2)
        return await self.ts_of(id_)

    async def ts_of(self, id_="card"):
        return (await self.store.post(PostId(id_))).ts


def message(id_="p1", channel="C1", text=None, *, due=START, lane=Lane.ALERT, kind=PostKind.MESSAGE, **more) -> NewPost:
    body = more.pop("body", {"text": text or id_})
    return NewPost(PostId(id_), kind, lane, channel, body, due, **more)


def edit(id_, target, text="changed", **more) -> NewPost:
    return message(id_, text=text, kind=PostKind.EDIT, target=PostId(target), **more)


def ephemeral(id_, user="U1", **more) -> NewPost:
    return message(id_, kind=PostKind.EPHEMERAL, user=user, **{"lane": Lane.ANSWER} | more)


def file(id_, channel="U1", **more) -> NewPost:
    body = {"filename": "task.log", "content": "line", "title": "log", "comment": ""}
    return message(id_, channel, kind=PostKind.FILE, lane=Lane.ANSWER, body=body, **more)


__all__ = [
    "DEFAULT",
    "START",
    "Always",
    "FakeSlack",
    "HandClock",
    "Late",
    "Lost",
    "Message",
    "Short",
    "SlackLimited",
    "SlackRefused",
    "SlackUnclear",
    "SlackUnreachable",
    "Untold",
    "Vanished",
    "World",
    "edit",
    "ephemeral",
    "file",
    "message",
]


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  the fakes have no events
            await asyncio.sleep(0)
