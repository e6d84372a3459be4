"""The pretend platform: its users, flows and instances, and what a test or a visitor may do to them.

Time comes from the clock that it is given. Nothing runs by itself: call ``tick`` before reading.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from bot.sim.enos.faults import PlatformFaults
from bot.sim.enos.gateway import Gateway
from bot.sim.enos.model import (
    Denied,
    Flow,
    Instance,
    Relation,
    Shape,
    Status,
    Task,
    User,
    cycle_suffix,
    minute_suffix,
)
from bot.sim.enos.runs import RunEngine, StepSeconds, end_in_past, failure_plan
from bot.sim.enos.schedule import AHEAD, Schedule, free_slot
from bot.sim.enos.search import Finder, SearchTerms
from bot.sim.enos.switches import Switches

ACCESS_KEY = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
SECRET_KEY = "f0e1d2c3-b4a5-4968-8776-655443322110"  # noqa: S105  the pretend application's pretend secret
ORG = "o15000000000001"

Moment = float | datetime
Tasks = Iterable[Task | tuple[int, str]]

_CALLS_KEPT = 20_000


@dataclass(slots=True)
class RecordedRequest:
    """One request as it arrived, and how it was answered."""

    at: float
    resource: str  # flows, flowInstances, …; token for the token service
    action: str
    method: str
    user_id: str
    org_id: str
    query: Mapping[str, str]
    body: Any  # as parsed; None where there was none or it was not JSON
    status: int = 0  # HTTP status of the answer; 0 while or where there was none
    outcome: str = ""  # OK, the code of a refusal, or the name of the fault that hit it


@dataclass(slots=True)
class Directory:
    """A folder of the workflow tree."""

    id: str
    title: str
    parent: str = ""


@dataclass(slots=True)
class Application:
    """The registered application and its organization."""

    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    org: str = ORG
    ahead: float = field(default=AHEAD)  # seconds before its trigger time that a scheduled instance appears


class Platform:
    """One organization's batch service: state, time, faults, switches and a record of the calls.

    ``clock`` gives epoch seconds; at speed 2 every run takes half as long.
    """

    def __init__(
        self, clock: Callable[[], float], speed: float = 1.0, *, application: Application | None = None
    ) -> None:
        self.application = application or Application()
        self.clock = clock
        self.users: dict[str, User] = {}
        self.flows: dict[int, Flow] = {}
        self.directories: dict[str, Directory] = {}
        self.runs = RunEngine(StepSeconds(speed=speed))
        self.schedule = Schedule(self.runs, self.application.ahead)
        self.finder = Finder(self.runs)
        self.switches = Switches()
        self.faults = PlatformFaults()
        self.gateway = Gateway({self.application.access_key: self.application.secret_key})
        self.calls: list[RecordedRequest] = []
        self._changes = 0

    # ── time ────────────────────────────────────────────────────────────────
    def tick(self) -> float:
        """Let everything happen that is due by now; return now in epoch seconds."""
        now = self.clock()
        self.runs.advance(now)
        return now

    @property
    def version(self) -> int:
        """A number that grows with every change that can be seen. Call ``tick`` first for the present one."""
        return self.runs.version + self._changes + self.faults.changes

    def changed(self) -> None:
        """Note a change of something that is not an instance."""
        self._changes += 1

    def next_change(self) -> float | None:
        """Tell when the next step of some run is due, epoch seconds; None where nothing is planned."""
        return self.runs.next_event()

    # ── who and what there is ───────────────────────────────────────────────
    def add_user(self, user_id: str, name: str, *, org: str = "", locked: bool = False, sees_all: bool = False) -> User:
        """Add a user; without ``org``, of the application's organization."""
        user = User(user_id, name, org or self.application.org, locked=locked, sees_all=sees_all)
        self.users[user_id] = user
        self.changed()
        return user

    def add_flow(
        self,
        flow_id: int,
        name: str,
        *,
        owners: Sequence[str],
        tasks: Tasks = (),
        edges: Iterable[tuple[int, int]] | None = None,
        seconds: float | None = None,
        **fields: Any,
    ) -> Flow:
        """Add a flow. ``fields`` are those of ``Flow``.

        Tasks are ``Task`` values or (id, name); without ``edges`` they run one after another. ``links`` are the flows
        that it waits for: its first task does. ``seconds`` is what a run of each task takes. Raises ValueError for a
        graph with a circle or an id that exists.
        """
        if flow_id in self.flows:
            raise ValueError(f"there is a flow {flow_id} already")
        nodes = tuple(task if isinstance(task, Task) else Task(*task) for task in tasks)
        if seconds is not None:
            nodes = tuple(replace(task, seconds=seconds) for task in nodes)
        ids = [task.id for task in nodes]
        pairs = pairwise(ids) if edges is None else edges
        links = tuple(fields.pop("links", ()))
        relations = tuple(Relation(f"t_{source}", f"t_{target}") for source, target in pairs)
        relations += tuple(Relation(link.node, f"t_{ids[0]}") for link in links if ids)
        now = self.tick()
        defaults: dict[str, Any] = {"org": self.application.org, "created": now, "updated": now}
        shape = Shape(nodes, links, relations)
        flow = Flow(flow_id, name, tuple(owners), shape=shape, **(defaults | fields))
        self.put_flow(flow)
        return flow

    def put_flow(self, flow: Flow) -> None:
        """Add a flow that is already built, and start its schedule."""
        _ = flow.shape.order
        self.flows[flow.id] = flow
        self.schedule.start(flow, self.tick())
        self.changed()

    def edit(self, flow_id: int, **fields: Any) -> Flow:
        """Change fields of a flow (owners, private, active, freq, …) so that everything printed follows."""
        now = self.tick()
        flow = self.flows[flow_id]
        for name, value in fields.items():
            setattr(flow, name, value)
        for instance in self.runs.of_flow(flow_id):
            self.runs.mark_changed(instance)
        if {"active", "freq", "cycle", "kind", "start_date", "shape"} & set(fields):
            self.schedule.start(flow, now)
        self.changed()
        return flow

    def remove_flow(self, flow_id: int) -> None:
        """Delete a flow, and its runs with it, as a person does in the console."""
        flow = self.flows.pop(flow_id)
        self.schedule.stop(flow, self.tick())
        for instance in self.runs.of_flow(flow_id):
            self.runs.remove(instance)
        self.changed()

    def instance(self, instance_id: str) -> Instance:
        """Find an instance as it is now. Raises KeyError where there is none."""
        self.tick()
        return self.runs.all[instance_id]

    def instances(self, flow_id: int) -> list[Instance]:
        """List a flow's instances in the order of their creation."""
        self.tick()
        return self.runs.of_flow(flow_id)

    def called(self, action: str) -> list[RecordedRequest]:
        """List the recorded calls of an action, e.g. ``trigger`` or ``flowInstances/search``."""
        return [call for call in self.calls if action in {call.action, f"{call.resource}/{call.action}"}]

    def record(self, call: RecordedRequest) -> None:
        """Record a call; beyond 20 000 the older half is dropped."""
        self.calls.append(call)
        if len(self.calls) > _CALLS_KEPT:
            del self.calls[: _CALLS_KEPT // 2]

    # ── what a test or a visitor does ───────────────────────────────────────
    def fail(
        self,
        flow_id: int,
        task: int | Iterable[int] | None = None,
        kind: str | Status = Status.FAIL,
        *,
        lines: Iterable[str] = (),
        seconds: float | None = None,
    ) -> None:
        """Make every run of the flow fail at a task (or several) until ``recover``.

        ``kind`` is FAIL, TIMEOUT or INTERNAL_ERROR; ``lines`` end the log; ``seconds`` is how long the task
        runs until it fails. Without a task it is the middle one. Raises ValueError for an unknown task.
        """
        self.tick()
        flow = self.flows[flow_id]
        chosen = () if task is None else (task,) if isinstance(task, int) else tuple(task)
        status = kind if isinstance(kind, Status) else Status[kind]
        flow.failure_plan = failure_plan(flow, chosen, status, lines, seconds)
        self.changed()

    def recover(self, flow_id: int) -> None:
        """Let the flow's runs succeed again."""
        self.tick()
        self.flows[flow_id].failure_plan = None
        self.changed()

    def start_scheduled(self, flow_id: int, at: Moment | None = None) -> Instance:
        """Create an instance as the schedule would, for ``at`` (now, if not given)."""
        now = self.tick()
        flow = self.flows[flow_id]
        suffix, trigger = free_slot(self.runs, flow, now if at is None else _seconds(at))
        instance = Instance(flow, suffix, kind=flow.kind, trigger=trigger, now=now)
        self.runs.begin(instance, now)
        return instance

    def start(self, flow: Flow, trigger: float, *, task: int | None = None) -> Instance:
        """Create an instance as a call of Trigger Flow does, without checking rights. Raises Denied."""
        now = self.tick()
        if not flow.shape.tasks:
            raise Denied(62104, "no_task")
        suffix = minute_suffix(trigger)
        if f"{flow.id}-{suffix}" in self.runs.all or self._too_soon(flow, now):
            raise Denied(62102, "not_created")
        kind = {"flow": flow.kind, "manual": 0, "temporary": 2}[self.switches.triggered_type]
        instance = Instance(flow, suffix, kind=kind, trigger=trigger, now=now)
        instance.triggered = True
        if task is not None:
            reached = flow.shape.descendants([task])
            for other, run in instance.tasks.items():
                run.status = run.status if other in reached else Status.SKIP
        self.runs.begin(instance, now)
        return instance

    def _too_soon(self, flow: Flow, now: float) -> bool:
        """Whether the strict reading of the one-minute rule forbids another trigger now."""
        if self.switches.minute_rule == "id":
            return False
        return any(each.triggered and now - each.created < 60 for each in self.runs.of_flow(flow.id))

    def rerun(self, instance_id: str, from_task: int | None = None) -> Instance:
        """Rerun an ended instance in the console: the id stays. Raises ValueError while it still runs.

        Without a task, what did not succeed runs again, or everything if all did.
        """
        instance = self.instance(instance_id)
        if instance.end is None:
            raise ValueError(f"{instance_id} has not ended yet")
        broken = [task for task, run in instance.tasks.items() if run.status not in {Status.SUCCESS, Status.SKIP}]
        roots = [from_task] if from_task is not None else broken or list(instance.tasks)
        reached = instance.shape.descendants(roots, rerun_only=True)
        self.runs.rerun(instance, [task for task in instance.tasks if task in reached], self.clock())
        return instance

    def cancel(self, instance_id: str) -> None:
        """Stop an instance in the console."""
        self.runs.cancel(self.instance(instance_id), self.clock())

    def add_past(
        self,
        flow_id: int,
        at: Moment,
        status: str | Status = Status.SUCCESS,
        *,
        took: float = 60.0,
        failed: Sequence[int] = (),
        triggered: bool = False,
    ) -> Instance:
        """Add an instance that ran at ``at`` and ended ``took`` seconds later. Raises ValueError if it exists."""
        flow = self.flows[flow_id]
        trigger = _seconds(at)
        suffix = minute_suffix(trigger) if triggered else cycle_suffix(flow.cycle, trigger)
        instance = Instance(flow, suffix, kind=flow.kind, trigger=trigger, now=trigger)
        if instance.id in self.runs.all:
            raise ValueError(f"there is an instance {instance.id} already")
        instance.triggered = triggered
        status = status if isinstance(status, Status) else Status[status]
        end_in_past(flow, instance, status=status, took=took, failed=tuple(failed))
        self.runs.add(instance)
        return instance

    def restate(self, instance_id: str, status: str | Status, *, end: Moment | None = None) -> None:
        """Change the status of an instance afterwards, and its end if given, as the real platform sometimes does."""
        instance = self.instance(instance_id)
        instance.end = instance.end if end is None else _seconds(end)
        self.runs.set_status(instance, status if isinstance(status, Status) else Status[status], self.clock())

    def switch(self, name: str, value: object) -> None:
        """Change one of the switches. Raises ValueError for a name or value there is not."""
        self.switches = self.switches.with_(name, value)
        self.changed()

    # ── finding ─────────────────────────────────────────────────────────────
    def related(self, user: User, flow: Flow) -> bool:
        """Whether a flow is related to a user: owned, visited, or seen because the user sees all."""
        if flow.org != user.org:
            return False
        return user.name in flow.owners or user.name in flow.visitors or (user.sees_all and not flow.private)

    def search(self, user: User, terms: SearchTerms) -> list[Instance]:
        """Find the instances related to the user that fit, in the order asked for."""
        return self.finder.find(terms, lambda flow: self.related(user, flow), self._changes)


def _seconds(at: Moment) -> float:
    return at.timestamp() if isinstance(at, datetime) else float(at)
