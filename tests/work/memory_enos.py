"""A batch platform with memory: rows, pages of 50, sorting by change, and a fault for any call."""

import asyncio
import itertools
from dataclasses import dataclass, replace

from bot.core.errors import TemporaryFailure
from bot.core.flow.ids import instance_moment
from bot.core.flow.model import (
    FlowId,
    FlowName,
    Graph,
    Instance,
    InstanceId,
    Page,
    Reference,
    Task,
    TaskId,
)
from bot.core.flow.status import Status
from bot.core.text.message import verbatim


@dataclass
class Row:
    """An instance and when it last changed."""

    instance: Instance
    kind: int
    updated: int
    log: str = ""


class MemoryEnos:
    """``fail`` holds, by the name of a call, what the next calls raise; None lets one pass."""

    page = 50

    def __init__(self):
        self.rows = {}
        self.flows = {}
        self.seen_by_watcher = None
        self.sorted_by = "update_time"
        self.calls = []
        self.fail = {}
        self.on_page = None
        self.flow_owners = ("jonas.weber",)
        self.schedules = {}  # of flows, as Get Flow shows them
        self.off = set()  # flows whose schedule is off
        self._ticks = itertools.count(1)

    # what happens on the platform

    def put(
        self,
        id_,
        status=Status.FAIL,
        *,
        end="2026-11-21 09:00:00",
        kind=1,
        name="",
        log="",
        failed=("transform",),
        cycle="D",
        owners=("maya.chen",),
        quiet=False,
        start="",
        freq="",
        waits_for=(),
    ):
        """An instance is, or becomes, this. ``quiet`` leaves its update time as it was."""
        flow = FlowId(int(id_.split("-")[0]))
        digits = id_.split("-")[1]
        tasks = []
        for number, task in enumerate(("extract", "transform", "load"), 101):
            broken = status in {Status.FAIL, Status.TIMEOUT} and task in failed
            state = status if broken else Status.SUCCESS
            tasks.append(Task(TaskId(number), task, f"t_{number}", f"{number}-{digits}", state))
        at = instance_moment(InstanceId(id_))
        instance = Instance(
            id=InstanceId(id_),
            flow_id=flow,
            flow_name=name or f"flow-{flow}",
            status=status,
            trigger_time=f"{at:%Y-%m-%d %H:%M:%S}" if at else "",
            start_time=start,
            end_time=end,
            cycle=cycle,
            owners=owners,
            kind=kind,
            graph=Graph(tuple(tasks), tuple(Reference(FlowId(each), f"flow-{each}") for each in waits_for)),
            freq=freq,
        )
        old = self.rows.get(id_)
        updated = old.updated if quiet and old else 0 if quiet else next(self._ticks)
        self.rows[id_] = Row(instance, kind, updated, log)
        self.flows[flow] = FlowName(flow, instance.flow_name, editable=True)
        return instance

    # what the watcher asks

    def searches(self, status=Status.FAIL):
        return [call for call in self.calls if call[0] == "search" and int(status) in call[1].statuses]

    async def search(self, terms, *, newest="update_time", as_user=None):
        assert newest == "update_time"
        shown = set()
        for first in itertools.count(0, self.page):
            await self._call("search", terms)
            rows = [row for row in self.rows.values() if self._matches(row, terms)]
            if self.sorted_by:
                rows.sort(key=lambda row: -row.updated)
            page = [_listed(row.instance) for row in rows[first : first + self.page]]
            fresh = tuple(row for row in page if row.id not in shown)
            shown.update(row.id for row in fresh)
            last = first + self.page >= len(rows)
            if self.on_page is not None:
                self.on_page(first // self.page)  # what changes now moves the rows of the pages to come
            yield Page(fresh, last=last, sorted_by=self.sorted_by)
            if last:
                return

    async def instance(self, instance, *, as_user=None):
        await self._call("instance", instance)
        row = self.rows.get(instance)
        return None if row is None else replace(row.instance, kind=None)

    async def log(self, task_instance, *, as_user=None):
        await self._call("log", task_instance)
        digits = task_instance.split("-")[1]
        return next((row.log for id_, row in self.rows.items() if id_.endswith(digits)), None)

    async def flow(self, flow, *, as_user=None):
        await self._call("flow", flow)
        from bot.core.flow.model import Flow

        name = self.flows[flow].name if flow in self.flows else "flow"
        return Flow(flow, name, active=flow not in self.off, freq=self.schedules.get(flow, ""), owners=self.flow_owners)

    async def all_flows(self, expression="", *, as_user=None):
        await self._call("all_flows", expression)
        return tuple(self.flows.values())

    async def my_flows(self, expression="", *, as_user=None):
        await self._call("my_flows", expression)
        mine = self.seen_by_watcher
        return tuple(flow for flow in self.flows.values() if mine is None or flow.id in mine)

    async def _call(self, name, about):
        await asyncio.sleep(0)
        self.calls.append((name, about))
        faults = self.fail.get(name)
        if faults:
            fault = faults.pop(0)
            if fault is not None:
                raise fault

    @staticmethod
    def _matches(row, terms):
        at = instance_moment(row.instance.id)
        milliseconds = int(at.timestamp() * 1000) if at else terms.since
        return (
            row.kind == terms.kind
            and terms.since <= milliseconds < terms.until
            and (not terms.statuses or int(row.instance.status) in terms.statuses)
            and (not terms.expression or terms.expression in row.instance.id)
        )


def _listed(instance):
    return replace(instance, graph=Graph(), read_graph=lambda: instance.graph)


class Down(TemporaryFailure):
    """The platform does not answer."""

    def __init__(self):
        super().__init__(verbatim("EnOS did not answer within 10 s."))
