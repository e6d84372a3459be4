"""A world in which daily flows have a history, and flowbot looks for what is late."""

from dataclasses import replace
from datetime import timedelta

from monitor_world import START, World

from bot.core.flow.model import FlowId, FlowName, InstanceId
from bot.core.flow.status import Status
from bot.core.history.background import FlowRef
from bot.core.history.lateness import Reason
from bot.core.history.runs import Dependencies, PastRun
from bot.work.monitor.lateness import AUTO, LatenessMonitor

DAILY = "0 0 8 * * ? *"
FIRE = START - timedelta(hours=1)  # today's trigger time, 08:00; usually done by 08:35, told from 09:02 on
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def run_id(flow, at):
    return InstanceId(f"{flow}-{at:%Y%m%d%H}")


def past(flow, at, minutes=30, status=Status.SUCCESS, *, lag=MINUTE, name="report", freq=DAILY):
    begun = None if status in {Status.INIT, Status.WAIT} else at + lag
    ended = at + lag + minutes * MINUTE if minutes is not None else None
    return PastRun(run_id(flow, at), FlowId(flow), at, int(status), begun, ended, freq=freq, flow_name=name)


class LateWorld(World):
    """``read_since`` is when history was last read: now, unless a test says otherwise."""

    def __init__(self, *, mode=AUTO, **more):
        self.mode, self.read_since, self.is_reachable = mode, None, True
        super().__init__(**more)

    def start(self):
        monitor = super().start()
        self.lateness = LatenessMonitor(
            monitor.context,
            mode=self.mode,
            read_since=lambda now: self.read_since or now,
            zone=timedelta,
            is_reachable=lambda: self.is_reachable,
            fill=monitor.background.fill,
            show_storms=monitor.refresh_groups,
        )
        return monitor

    async def with_history(self, *flows, days=40, name="report", freq=DAILY, fire=FIRE, minutes=30):
        """Each of the flows has run each day until yesterday."""
        await self.begin()
        for flow in flows:
            await self.add(
                flow, *(past(flow, fire - DAY * n, minutes, name=name, freq=freq) for n in range(1, days + 1))
            )
            self.enos.schedules[flow] = freq
            self.enos.flows[flow] = FlowName(FlowId(flow), name, editable=True)
        return self

    async def add(self, flow, *runs):
        """Runs are in history."""
        await self.store.add_past_runs(runs)

    async def runs(self, flow, status, *, at=FIRE, minutes=None, lag=MINUTE, end=""):
        """EnOS shows a run, and history has read it."""
        name = self.enos.flows[flow].name
        self.enos.put(run_id(flow, at), status, end=end, name=name)
        await self.add(flow, past(flow, at, minutes, status, lag=lag, name=name, freq=self.enos.schedules[flow]))

    async def wait_for(self, flow, *upstream):
        own, *refs = (FlowRef(FlowId(each), self.enos.flows[each].name) for each in (flow, *upstream))
        await self.store.put_dependencies([Dependencies(own, tuple(refs), START)])

    async def look(self, after=0):
        """A tick ``after`` seconds later; then the posts go. What a phone shows of each message in the channel."""
        self.now += timedelta(seconds=after)
        await self.lateness.tick(self.now)
        self.store.deliver(self.now + timedelta(seconds=3))
        return self.lines()

    def replies_to(self, incident):
        return [each["text"] for each in self.store.replies(incident.home.post)]

    @property
    def reasons(self):
        return {flow: Reason(reason) for flow, (reason, *_) in self.lateness.said.items()}


__all__ = ["AUTO", "DAY", "FIRE", "MINUTE", "START", "LateWorld", "past", "replace", "run_id"]
