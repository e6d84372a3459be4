"""How instances move: created, waiting, ready, running, ended, each step at its own moment.

    INIT ──► READY ──► RUNNING ──► SUCCESS
      │        ▲          ├──────► FAIL, TIMEOUT, INTERNAL_ERROR   (the end follows when the last task ends)
      └► WAIT ─┘          └──────► CANCEL
    an ended one ──► RERUN ──► RUNNING   (from the console: the id stays)

Nothing runs in the background. ``advance(now)`` plays what was due since it was last called, each event at
the moment it was due, so a run looks the same however rarely anybody looks.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from bot.sim.enos.model import (
    BROKEN,
    ENDED,
    Flow,
    Instance,
    Plan,
    Status,
    TaskRun,
)


@dataclass(slots=True)
class Pace:
    """Seconds that the steps of a run take, tasks aside."""

    settle: float = 0.2  # INIT, before it is WAIT or READY
    ready: float = 0.3  # READY, before it runs
    cancel: float = 1.0  # from asking a running instance to stop until it stands still
    speed: float = 1.0  # all of these, and the tasks, go this many times as fast


@dataclass(slots=True)
class _Lane:
    """One flow's road: one instance on it, the others behind it in the order in which they became due."""

    holder: Instance | None = None
    waiting: deque[Instance] = field(default_factory=deque)


class Runs:
    """All instances, and what will happen to them."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.all: dict[str, Instance] = {}
        self.version = 0  # grows whenever anything that can be seen changes
        self._shelves: dict[tuple[int, Status], dict[str, Instance]] = {}
        self._of_flow: dict[int, dict[str, Instance]] = {}
        self._lanes: dict[int, _Lane] = {}
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._serials = count(1)

    # ── the clock ───────────────────────────────────────────────────────────
    def later(self, at: float, act: Callable[[float], None]) -> None:
        """Have ``act`` called with its moment, once the clock reaches it."""
        heapq.heappush(self._events, (at, next(self._serials), act))

    def advance(self, now: float) -> None:
        """Play everything that is due by now."""
        while self._events and self._events[0][0] <= now:
            at, _, act = heapq.heappop(self._events)
            act(at)

    def next_event(self) -> float | None:
        """Return when something will happen next."""
        return self._events[0][0] if self._events else None

    # ── what there is ───────────────────────────────────────────────────────
    def shelf(self, kind: int, statuses: Iterable[Status]) -> Iterator[Instance]:
        """Yield the instances of a scheduling type in any of these states, unordered."""
        for status in statuses:
            yield from self._shelves.get((kind, status), {}).values()

    def of_flow(self, flow_id: int) -> list[Instance]:
        """Return a flow's instances in the order of their creation."""
        return list(self._of_flow.get(flow_id, {}).values())

    def running(self, flow_id: int) -> Instance | None:
        """Return the instance that holds the flow's lane: getting ready, running, or not yet wound up."""
        lane = self._lanes.get(flow_id)
        return lane.holder if lane is not None else None

    def keep(self, instance: Instance) -> None:
        """Add an instance without setting it in motion."""
        instance.serial = next(self._serials)
        self.all[instance.id] = instance
        self._of_flow.setdefault(instance.flow.id, {})[instance.id] = instance
        self._shelves.setdefault((instance.kind, instance.status), {})[instance.id] = instance
        self.version += 1

    def forget(self, instance: Instance) -> None:
        """Remove an instance as if it had never been."""
        del self.all[instance.id]
        del self._of_flow[instance.flow.id][instance.id]
        del self._shelves[instance.kind, instance.status][instance.id]
        instance.lap += 1
        self.version += 1

    def touch(self, instance: Instance) -> None:
        """Note that something about the instance can be seen to differ."""
        instance.rows.clear()
        self.version += 1

    def turn(self, instance: Instance, status: Status, at: float) -> None:
        """Change the status, and with it the row's update time."""
        del self._shelves[instance.kind, instance.status][instance.id]
        instance.status = status
        self._shelves.setdefault((instance.kind, status), {})[instance.id] = instance
        instance.updated = at
        self.touch(instance)

    # ── setting in motion ───────────────────────────────────────────────────
    def begin(self, instance: Instance, now: float) -> None:
        """Add a new instance and let it run when its trigger time has come."""
        self.keep(instance)
        settled = now + self.pace.settle / self.pace.speed
        due = max(settled, instance.trigger)
        if instance.triggered and due > settled:
            self.later(settled, partial(self._wait, instance, instance.lap))
        self.later(due, partial(self._due, instance, instance.lap))

    def rerun(self, instance: Instance, tasks: Iterable[int], now: float) -> None:
        """Run these tasks of an ended instance once more, under the same id, as the console does."""
        instance.lap += 1
        for task in tasks:
            run = instance.tasks[task]
            run.status, run.start, run.end, run.recalls, run.fate = Status.INIT, None, None, 0, None
        instance.end = None
        instance.cancelled = False
        instance.failed = ()
        self.turn(instance, Status.RERUN, now)
        self._due(instance, instance.lap, now)

    def cancel(self, instance: Instance, now: float) -> None:
        """Stop an instance: at once while it has not begun, else after a moment. One that has ended stays."""
        if instance.end is not None:
            return
        instance.cancelled = True
        self.touch(instance)
        if instance.status in {Status.INIT, Status.WAIT, Status.READY}:
            self._stop(instance, instance.lap, now)
        else:
            self.later(now + self.pace.cancel / self.pace.speed, partial(self._stop, instance, instance.lap))

    # ── the steps ───────────────────────────────────────────────────────────
    def _wait(self, instance: Instance, lap: int, at: float) -> None:
        if instance.lap == lap and instance.status is Status.INIT:
            self.turn(instance, Status.WAIT, at)

    def _due(self, instance: Instance, lap: int, at: float) -> None:
        if instance.lap != lap or instance.end is not None:
            return
        lane = self._lanes.setdefault(instance.flow.id, _Lane())
        if lane.holder is not None:
            lane.waiting.append(instance)
            if instance.status is not Status.RERUN:
                self.turn(instance, Status.WAIT, at)
            return
        self._take(lane, instance, at)

    def _take(self, lane: _Lane, instance: Instance, at: float) -> None:
        lane.holder = instance
        if instance.status is not Status.RERUN:
            self.turn(instance, Status.READY, at)
        self.later(at + self.pace.ready / self.pace.speed, partial(self._run, instance, instance.lap))

    def _run(self, instance: Instance, lap: int, at: float) -> None:
        if instance.lap != lap or instance.end is not None:
            return
        instance.start = at
        self.turn(instance, Status.RUNNING, at)
        self._go_on(instance, at)

    def _go_on(self, instance: Instance, at: float) -> None:
        """Start every task whose time has come; wind up when none runs and none can."""
        runs = instance.tasks
        upstream = instance.shape.upstream
        passed = {Status.SUCCESS, Status.SKIP}
        for task, run in runs.items():
            if run.status is Status.INIT and all(runs[source].status in passed for source in upstream[task]):
                self._start(instance, run, at)
        if any(run.status is Status.RUNNING or self._paused(run) for run in runs.values()):
            return
        instance.end = at
        self.turn(instance, Status.SUCCESS if instance.status is Status.RUNNING else instance.status, at)
        self._leave(instance, at)

    @staticmethod
    def _paused(run: TaskRun) -> bool:
        """Whether the task has failed and will be tried again by itself."""
        return run.status is Status.WAIT

    def _start(self, instance: Instance, run: TaskRun, at: float) -> None:
        plan = instance.flow.plan
        run.fate = plan if plan is not None and run.task.id in plan.tasks else None
        run.status = Status.RUNNING
        run.start, run.end = at, None
        run.number += 1
        ends = at + self._seconds(run) / self.pace.speed
        self.later(ends, partial(self._task_ends, instance, run, run.number))
        self.touch(instance)

    @staticmethod
    def _seconds(run: TaskRun) -> float:
        if run.fate is None:
            return run.task.seconds
        if run.fate.seconds is not None:
            return run.fate.seconds
        return run.task.limit if run.fate.kind is Status.TIMEOUT else run.task.seconds

    def _task_ends(self, instance: Instance, run: TaskRun, number: int, at: float) -> None:
        if run.status is not Status.RUNNING or run.number != number:
            return
        run.end = at
        if run.fate is None:
            run.status = Status.SUCCESS
        elif run.recalls < run.task.retries:
            run.recalls += 1
            run.status = Status.WAIT
            pause = run.task.pause / self.pace.speed
            self.later(at + pause, partial(self._again, instance, run, number))
        else:
            run.status = run.fate.kind
            if instance.status is Status.RUNNING:
                self.turn(instance, run.fate.kind, at)
        self.touch(instance)
        self._go_on(instance, at)

    def _again(self, instance: Instance, run: TaskRun, number: int, at: float) -> None:
        if run.status is Status.WAIT and run.number == number:
            self._start(instance, run, at)

    def _stop(self, instance: Instance, lap: int, at: float) -> None:
        if instance.lap != lap or instance.end is not None:
            return
        for run in instance.tasks.values():
            if run.status in {Status.RUNNING, Status.WAIT}:
                run.status, run.end = Status.CANCEL, at
        instance.end = at
        self.turn(instance, Status.CANCEL, at)
        self._leave(instance, at)

    def _leave(self, instance: Instance, at: float) -> None:
        """Let the next one onto the lane."""
        lane = self._lanes.get(instance.flow.id)
        if lane is None:
            return
        if instance in lane.waiting:
            lane.waiting.remove(instance)
        if lane.holder is not instance:
            return
        lane.holder = lane.waiting.popleft() if lane.waiting else None
        if lane.holder is not None:
            self._take(lane, lane.holder, at)


def past(flow: Flow, instance: Instance, *, status: Status, took: float, failed: tuple[int, ...]) -> None:
    """Give an instance the marks of one that has ended ``took`` seconds after it began."""
    instance.status = status
    instance.created = instance.trigger
    instance.start = instance.trigger + 1.0
    instance.end = instance.start + took
    instance.updated = instance.end
    instance.cancelled = status is Status.CANCEL
    if status in BROKEN:
        instance.failed = failed or _middle(flow)
    if status not in ENDED:
        instance.end = None


def plan_for(flow: Flow, tasks: Iterable[int], kind: Status, lines: Iterable[str], seconds: float | None) -> Plan:
    """Return a plan of failure; without tasks it breaks in the middle, where a rerun from there makes sense."""
    chosen = frozenset(tasks) or frozenset(_middle(flow))
    unknown = chosen - set(flow.shape.order)
    if unknown or not chosen:
        raise ValueError(f"flow {flow.id} has no task {', '.join(map(str, sorted(unknown))) or 'to fail at'}")
    return Plan(chosen, kind, tuple(lines), seconds)


def _middle(flow: Flow) -> tuple[int, ...]:
    order = flow.shape.order
    return order[len(order) // 2 : len(order) // 2 + 1]
