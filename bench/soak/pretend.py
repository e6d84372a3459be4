"""A platform and a Slack in memory: fast enough for a day in minutes, as strict as the real ones where it counts."""
# ruff: noqa: ARG002  they take whatever the protocols hand them

import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.core.flow.model import (
    Flow,
    FlowId,
    FlowName,
    Graph,
    Instance,
    InstanceId,
    Page,
    Task,
    TaskId,
)
from bot.core.flow.status import Status, is_finished
from bot.core.outbox.conversations import Channel, SearchResult, SlackLimited, SlackRefused

CHANNEL = "C0DATAOPS1"
PAGE = 50
START = datetime(2026, 11, 21, tzinfo=UTC)


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Enos:
    """Rows by type and status, those changed last first."""

    def __init__(self) -> None:
        self.rows: dict[InstanceId, Instance] = {}
        self.bare: dict[InstanceId, Instance] = {}
        self.listed: dict[tuple[int, int], dict[InstanceId, int]] = {}  # oldest change first, with the trigger time
        self.names: dict[FlowId, FlowName] = {}

    def put(self, flow: int, at: datetime, status: Status = Status.FAIL, *, ended: datetime | None = None) -> None:
        """An instance of a flow is, or becomes, this."""
        id_ = InstanceId(f"{flow}-{at:%Y%m%d%H%M%S}")
        task = Task(TaskId(10 * flow), "load", f"t_{flow}", f"{10 * flow}-{at:%Y%m%d%H%M%S}", status)
        end = ended or at + timedelta(minutes=1)
        row = Instance(
            id=id_,
            flow_id=FlowId(flow),
            flow_name=f"flow-{flow}",
            status=status,
            trigger_time=f"{at:%Y-%m-%d %H:%M:%S}",
            end_time=f"{end:%Y-%m-%d %H:%M:%S}" if is_finished(int(status)) else "",
            cycle="H",
            owners=(f"owner.{flow % 300}",),
            kind=flow % 3,
            graph=Graph((task,)),
        )
        old = self.rows.get(id_)
        if old is not None:
            del self.listed[flow % 3, int(old.status)][id_]
        self.rows[id_], self.bare[id_] = row, replace(row, graph=Graph())  # lists show no tasks
        self.listed.setdefault((flow % 3, int(status)), {})[id_] = int(at.timestamp() * 1000)
        self.names[row.flow_id] = FlowName(row.flow_id, row.flow_name, editable=True)

    async def search(self, terms, *, newest="update_time", as_user=None) -> AsyncIterator[Page]:
        found = itertools.chain.from_iterable(
            reversed(self.listed.get((terms.kind, status), {}).items()) for status in terms.statuses
        )
        rows = (
            self.bare[id_]
            for id_, start in found
            if terms.since <= start < terms.until and (not terms.expression or terms.expression in id_)
        )
        page = list(itertools.islice(rows, PAGE))
        while True:
            more = list(itertools.islice(rows, PAGE))
            yield Page(tuple(page), last=not more, sorted_by=newest)
            if not more:
                return
            page = more

    async def instance(self, instance, *, as_user=None):
        return self.rows.get(instance)

    async def log(self, task_instance, *, as_user=None):
        return "ERROR disk quota exceeded"

    async def flow(self, flow, *, as_user=None):
        return Flow(flow, f"flow-{flow}", active=True)

    async def all_flows(self, expression="", *, as_user=None):
        return tuple(self.names.values())

    my_flows = all_flows


@dataclass
class Message:
    channel: str
    ts: str
    id: str
    thread: str
    body: Mapping
    at: float


@dataclass
class Slack:
    """Takes one message a second and channel and asks to wait otherwise; ``bad`` decides what else goes wrong."""

    clock: object
    messages: dict[str, Message] = field(default_factory=dict)  # by ts
    limited: int = 0  # how often it had to ask to wait
    calls: list[tuple[float, str]] = field(default_factory=list)
    posted: dict[str, list[float]] = field(default_factory=dict)  # by channel: when something was
    bad: object = None  # (method) -> None, or raises; returns True where the answer is lost after the effect
    last: dict[str, float] = field(default_factory=dict)
    numbers: object = field(default_factory=lambda: itertools.count(1))

    async def post(self, channel, body, *, id, thread="", broadcast=False):
        lost = self._called("post")
        now = self.clock().timestamp()
        if now - self.last.get(channel, 0.0) < 0.95:
            self.limited += 1
            raise SlackLimited(1.0)
        self.last[channel] = now
        self.posted.setdefault(channel, []).append(now)
        ts = f"{next(self.numbers)}.0"
        self.messages[ts] = Message(channel, ts, id, thread, body, now)
        if lost:
            raise lost
        return channel, ts

    async def channel(self, channel):
        return Channel(channel, member=True)

    async def edit(self, channel, ts, body, *, id):
        lost = self._called("edit")
        if ts not in self.messages:
            raise SlackRefused("message_not_found")
        self.messages[ts].body = body
        if lost:
            raise lost

    async def find(self, channel, ids, *, thread="", since=0, until=0, rest=""):
        self._called("find")
        found: dict[str, list[str]] = {}
        for each in self.messages.values():
            if each.id in ids and each.thread == thread and each.at >= since - 1:
                found.setdefault(each.id, []).append(each.ts)
        return SearchResult({id_: tuple(ts) for id_, ts in found.items()})

    async def delete(self, channel, ts):
        self._called("delete")
        self.messages.pop(ts, None)

    def _called(self, method):
        self.calls.append((self.clock().timestamp(), method))
        return self.bad(method) if self.bad else None


class Nobody:
    """No owner is linked to a person."""

    async def people_of(self, _owners):
        return {}
