"""A fake EnOS with memory: flows with owners, runs that start and end, and a fault for any call."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from bot.core.errors import Refusal
from bot.core.flow.graph import downstream
from bot.core.flow.ids import expected_instance, instance_moment
from bot.core.flow.model import (
    Flow,
    FlowId,
    FlowName,
    Graph,
    Instance,
    InstanceId,
    Page,
    Parameter,
    Reference,
    Relation,
    Task,
    TaskId,
    UserName,
)
from bot.core.flow.status import Status
from bot.core.text.message import msg, sentences
from bot.enos.codes import MEANINGS
from bot.enos.errors import AnswerLost, EnosRefused, quote

EXTRACT, TRANSFORM, LOAD = 108579, 108580, 108581
PARAMETERS = (Parameter("path", "/data/energy"), Parameter("overwrite", "true"))


def chain(*tasks, edges=None):
    """A graph of (id, name), one after the other, or with the edges given."""
    nodes = tuple(Task(TaskId(id_), name, f"t_{id_}") for id_, name in tasks)
    pairs = edges if edges is not None else [(a[0], b[0]) for a, b in itertools.pairwise(tasks)]
    return Graph(nodes, (), tuple(Relation(f"t_{a}", f"t_{b}") for a, b in pairs))


ENERGY = chain((EXTRACT, "extract"), (TRANSFORM, "transform"), (LOAD, "load"))


def refusal(reason, message):
    """The refusal of EnOS for this reason, as people read it."""
    row = next(row for row in MEANINGS if row.reason == reason)
    return EnosRefused(row.reason, sentences(row.sentence, quote(message)), row.way_out, row.code, message)


class Lost:
    """The answer is lost; the call took effect, or not."""

    def __init__(self, *, effect):
        self.effect = effect


class AnswerEnos:
    """``faults`` holds, by the name of a call, what the next calls raise; None lets one pass."""

    def __init__(self):
        self.flows = {}
        self.names = {}  # user id to user name
        self.hidden = {}  # flow id to the user ids that do not see it
        self.rows = {}
        self.logs = {}
        self.calls = []
        self.faults = {}
        self.before = {}  # what happens in EnOS just before a call, by its name

    # ── what there is ──

    def add(self, id_, name, *owners, graph=ENERGY, parameters=PARAMETERS, cycle="D", **more):
        self.flows[id_] = Flow(
            FlowId(id_),
            name,
            active=more.pop("active", True),
            cycle=cycle,
            freq="0 0 2 * * ? *",
            owners=tuple(UserName(owner) for owner in owners),
            parameters=tuple(parameters),
            graph=graph,
            **more,
        )

    def run(self, id_, status=Status.FAIL, *, tasks=None, kind=1, start="", end="", log="", **more):
        """Add a run; ``tasks`` are its tasks' statuses by id."""
        flow = self.flows[int(id_.split("-")[0])]
        digits = id_.split("-")[1]
        default = {Status.FAIL: [Status.SUCCESS, Status.FAIL, Status.INIT], Status.SUCCESS: [Status.SUCCESS] * 3}
        states = default.get(status, [None] * 3)
        named = [
            replace(
                task,
                instance_id=f"{task.id}-{digits}",
                status=(tasks or {}).get(task.id, states[min(place, 2)]),
            )
            for place, task in enumerate(flow.graph.tasks)
        ]
        at = instance_moment(InstanceId(id_))
        self.rows[id_] = Instance(
            id=InstanceId(id_),
            flow_id=flow.id,
            flow_name=flow.name,
            status=status,
            trigger_time=more.pop("trigger_time", f"{at:%Y-%m-%d %H:%M:%S}" if at else ""),
            start_time=start,
            end_time=end,
            cycle=flow.cycle,
            owners=flow.owners,
            parameters=more.pop("parameters", flow.parameters),
            kind=kind,
            graph=replace(flow.graph, tasks=tuple(named)),
            **more,
        )
        if log:
            for task in named:
                self.logs[task.instance_id] = log
        return self.rows[id_]

    def becomes(self, id_, status, tasks, *, start="", end=""):
        """Change a run's status; ``tasks`` are its tasks' statuses in order."""
        old = self.rows[id_]
        named = tuple(replace(task, status=state) for task, state in zip(old.graph.tasks, tasks, strict=True))
        self.rows[id_] = replace(
            old, status=status, start_time=start, end_time=end, graph=replace(old.graph, tasks=named)
        )

    def change(self, id_, **fields):
        self.flows[id_] = replace(self.flows[id_], **fields)

    def done(self):
        """The calls that change something, as (name, as whom, what …)."""
        reads = {"search", "instance", "flow", "my_flows", "all_flows", "log"}
        return [call for call in self.calls if call[0] not in reads]

    # ── the protocol ──

    async def search(self, terms, *, newest="update_time", as_user=None):
        self._met("search", as_user, terms)
        rows = [row for row in self.rows.values() if self._matches(row, terms) and self._sees(row.flow_id, as_user)]
        rows.sort(key=lambda row: row.id, reverse=True)
        for first in range(0, max(len(rows), 1), 50):
            page = tuple(replace(row, graph=Graph()) for row in rows[first : first + 50])
            yield Page(page, last=first + 50 >= len(rows), sorted_by=newest)

    async def instance(self, instance, *, as_user=None):
        self._met("instance", as_user, instance)
        row = self.rows.get(instance)
        return row if row is not None and self._sees(row.flow_id, as_user) else None

    async def flow(self, flow, *, as_user=None):
        self._met("flow", as_user, flow)
        found = self.flows.get(flow)
        if found is None or not self._sees(flow, as_user):
            way_out = msg("Check the ID, or find the flow by its name with `show NAME`.")
            raise Refusal("unknown_flow", msg("EnOS has no flow {id}.", id=str(flow)), way_out)
        return found

    async def my_flows(self, expression="", *, as_user=None):
        self._met("my_flows", as_user, expression)
        mine = [each for each in self.flows.values() if self.names.get(as_user) in each.owners]
        return tuple(FlowName(each.id, each.name, editable=True) for each in mine if expression in str(each.id))

    async def all_flows(self, expression="", *, as_user=None):
        self._met("all_flows", as_user, expression)
        found = [each for each in self.flows.values() if self._sees(each.id, as_user)]
        return tuple(
            FlowName(each.id, each.name)
            for each in found
            if expression.casefold() in each.name.casefold() or expression in str(each.id)
        )

    async def log(self, task_instance, *, as_user=None):
        self._met("log", as_user, task_instance)
        return self.logs.get(task_instance)

    async def cancel(self, instance, *, as_user):
        fault = self._met("cancel", as_user, instance)
        if fault is None or fault.effect:
            self.rows[instance] = replace(self.rows[instance], status=Status.CANCEL)
        self._lost(fault)

    async def enable(self, flow, *, as_user):
        self._switch("enable", flow, as_user, active=True)

    async def disable(self, flow, *, as_user):
        self._switch("disable", flow, as_user, active=False)

    async def trigger(self, flow, at_ms, *, as_user):
        fault = self._met("trigger", as_user, flow, at_ms)
        return self._started(fault, flow, at_ms, as_user)

    async def trigger_from_task(self, flow, task, at_ms, *, as_user):
        fault = self._met("triggerFromTask", as_user, flow, task, at_ms)
        return self._started(fault, flow, at_ms, as_user, task=task)

    async def trigger_with(self, flow, at_ms, parameters: Sequence[Parameter], *, as_user):
        sent = tuple((each.key, each.value) for each in parameters)
        fault = self._met("updateAndTrigger", as_user, flow, at_ms, sent)
        return self._started(fault, flow, at_ms, as_user, parameters=tuple(parameters))

    # ── shared ──

    def _met(self, name, as_user, *what):
        self.calls.append((name, as_user, *what))
        happens = self.before.pop(name, None)
        if happens:
            happens()
        faults = self.faults.get(name)
        fault = faults.pop(0) if faults else None
        if isinstance(fault, BaseException):
            raise fault
        return fault

    def _sees(self, flow, as_user):
        return as_user not in self.hidden.get(flow, ())

    def _may(self, flow, as_user):
        if self.names.get(as_user) not in self.flows[flow].owners:
            raise refusal("no_right", "no right")

    def _switch(self, name, flow, as_user, *, active):
        fault = self._met(name, as_user, flow)
        self._may(flow, as_user)
        if fault is None or fault.effect:
            self.change(flow, active=active)
        self._lost(fault)

    def _started(self, fault, flow, at_ms, as_user, *, task=None, parameters=None):
        self._may(flow, as_user)
        about = self.flows[flow]
        if not about.graph.tasks:
            raise refusal("no_task", "This workflow has no task. You cannot trigger it.")
        instance = expected_instance(flow, at_ms)
        if instance in self.rows:
            raise refusal("not_created", "do not trigger the same workflow repeatedly in 1 minute")
        if fault is None or fault.effect:
            ran = downstream(about.graph, task) if task else frozenset(each.id for each in about.graph.tasks)
            states = {each.id: Status.INIT if each.id in ran else Status.SKIP for each in about.graph.tasks}
            self.run(instance, Status.READY, tasks=states, kind=2, parameters=parameters or about.parameters)
        self._lost(fault)
        return instance

    @staticmethod
    def _lost(fault):
        if fault is not None:
            raise AnswerLost(msg("no answer within {n} s", n="60"))

    @staticmethod
    def _matches(row, terms):
        at = instance_moment(row.id)
        milliseconds = int(at.timestamp() * 1000) if at else terms.since
        return (
            row.kind == terms.kind
            and terms.since <= milliseconds < terms.until
            and (not terms.statuses or int(row.status) in terms.statuses)
            and (not terms.owner or terms.owner in row.owners)
            and (not terms.expression or terms.expression in row.id or terms.expression in row.flow_name)
        )


REFERENCED = Reference(FlowId(2809), "turbine-10min", "f_2809")
