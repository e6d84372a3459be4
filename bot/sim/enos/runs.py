"""How instances run: created, waiting, ready, running, ended, each step at its own time.

    INIT ──► READY ──► RUNNING ──► SUCCESS
      │        ▲          ├──────► FAIL, TIMEOUT, INTERNAL_ERROR   (the end follows when the last task ends)
      └► WAIT ─┘          └──────► CANCEL
    an ended one ──► RERUN ──► RUNNING   (from the console: the id stays)

Nothing runs in the background. ``advance(now)`` carries out what was due since it was last called, each step
with the time at which it was due, so a run looks the same however rarely it is called.
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
    FailurePlan,
    Flow,
    Instance,
    Status,
    TaskRun,
)


@dataclass(slots=True)
class StepSeconds:
    """How many seconds the steps of a run take, without the tasks."""

    settle: float = 0.2  # INIT, before it is WAIT or READY
    ready: float = 0.3  # READY, before it runs
    cancel: float = 1.0  # from the request to stop a running instance until it has stopped
    speed: float = 1.0  # all of these, and the tasks, go this many times as fast


@dataclass(slots=True)
class _FlowQueue:
    """The instances of one flow that are due: one runs, the others wait in the order in which they became due."""

    current: Instance | None = None
    waiting: deque[Instance] = field(default_factory=deque)


class RunEngine:
    """All instances, and the steps that are planned for them. Times are epoch seconds."""

    def __init__(self, seconds: StepSeconds) -> None:
        self._step = seconds
        self.all: dict[str, Instance] = {}
        self.version = 0  # grows whenever anything that can be seen changes
        self._by_status: dict[tuple[int, Status], dict[str, Instance]] = {}
        self._of_flow: dict[int, dict[str, Instance]] = {}
        self._queues: dict[int, _FlowQueue] = {}
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._serials = count(1)

    # ── the clock ───────────────────────────────────────────────────────────
    def call_at(self, at: float, act: Callable[[float], None]) -> None:
        """Plan a call of ``act``, which is given ``at``, for when the clock reaches it."""
        heapq.heappush(self._events, (at, next(self._serials), act))

    def advance(self, now: float) -> None:
        """Carry out everything that is due by now."""
        while self._events and self._events[0][0] <= now:
            at, _, act = heapq.heappop(self._events)
            act(at)

    def next_event(self) -> float | None:
        """Tell when the next step is due; None where none is planned."""
        return self._events[0][0] if self._events else None

    # ── what there is ───────────────────────────────────────────────────────
    def with_status(self, kind: int, statuses: Iterable[Status]) -> Iterator[Instance]:
        """Go through the instances of a scheduling type in any of these states, unordered."""
        for status in statuses:
            yield from self._by_status.get((kind, status), {}).values()

    def of_flow(self, flow_id: int) -> list[Instance]:
        """List a flow's instances in the order of their creation."""
        return list(self._of_flow.get(flow_id, {}).values())

    def running(self, flow_id: int) -> Instance | None:
        """Find the flow's current instance: READY, RUNNING, or with a task that still runs after a failure."""
        queue = self._queues.get(flow_id)
        return queue.current if queue is not None else None

    def add(self, instance: Instance) -> None:
        """Add an instance without starting it."""
        instance.serial = next(self._serials)
        self.all[instance.id] = instance
        self._of_flow.setdefault(instance.flow.id, {})[instance.id] = instance
        self._by_status.setdefault((instance.kind, instance.status), {})[instance.id] = instance
        self.version += 1

    def remove(self, instance: Instance) -> None:
        """Remove an instance, and drop the steps planned for it."""
        del self.all[instance.id]
        del self._of_flow[instance.flow.id][instance.id]
        del self._by_status[instance.kind, instance.status][instance.id]
        instance.generation += 1
        self.version += 1

    def mark_changed(self, instance: Instance) -> None:
        """Note that something visible about the instance has changed."""
        instance.rows.clear()
        self.version += 1

    def set_status(self, instance: Instance, status: Status, at: float) -> None:
        """Change the status, and with it the row's update time."""
        del self._by_status[instance.kind, instance.status][instance.id]
        instance.status = status
        self._by_status.setdefault((instance.kind, status), {})[instance.id] = instance
        instance.updated = at
        self.mark_changed(instance)

    # ── starting and stopping ───────────────────────────────────────────────
    def begin(self, instance: Instance, now: float) -> None:
        """Add a new instance and start it at its trigger time."""
        self.add(instance)
        settled = now + self._step.settle / self._step.speed
        due = max(settled, instance.trigger)
        if instance.triggered and due > settled:
            self.call_at(settled, partial(self._wait, instance, instance.generation))
        self.call_at(due, partial(self._due, instance, instance.generation))

    def rerun(self, instance: Instance, tasks: Iterable[int], now: float) -> None:
        """Run these tasks of an ended instance once more, under the same id, as the console does."""
        instance.generation += 1
        for task in tasks:
            run = instance.tasks[task]
            run.status, run.start, run.end, run.recalls, run.failure = Status.INIT, None, None, 0, None
        instance.end = None
        instance.cancelled = False
        instance.failed = ()
        self.set_status(instance, Status.RERUN, now)
        self._due(instance, instance.generation, now)

    def cancel(self, instance: Instance, now: float) -> None:
        """Stop an instance: at once before it runs, else after ``StepSeconds.cancel``. An ended one stays as it is."""
        if instance.end is not None:
            return
        instance.cancelled = True
        self.mark_changed(instance)
        if instance.status in {Status.INIT, Status.WAIT, Status.READY}:
            self._stop(instance, instance.generation, now)
        else:
            self.call_at(now + self._step.cancel / self._step.speed, partial(self._stop, instance, instance.generation))

    # ── the steps ───────────────────────────────────────────────────────────
    def _wait(self, instance: Instance, generation: int, at: float) -> None:
        if instance.generation == generation and instance.status is Status.INIT:
            self.set_status(instance, Status.WAIT, at)

    def _due(self, instance: Instance, generation: int, at: float) -> None:
        if instance.generation != generation or instance.end is not None:
            return
        queue = self._queues.setdefault(instance.flow.id, _FlowQueue())
        if queue.current is not None:
            queue.waiting.append(instance)
            if instance.status is not Status.RERUN:
                self.set_status(instance, Status.WAIT, at)
            return
        self._make_current(queue, instance, at)

    def _make_current(self, queue: _FlowQueue, instance: Instance, at: float) -> None:
        queue.current = instance
        if instance.status is not Status.RERUN:
            self.set_status(instance, Status.READY, at)
        self.call_at(at + self._step.ready / self._step.speed, partial(self._run, instance, instance.generation))

    def _run(self, instance: Instance, generation: int, at: float) -> None:
        if instance.generation != generation or instance.end is not None:
            return
        instance.start = at
        self.set_status(instance, Status.RUNNING, at)
        self._start_ready_tasks(instance, at)

    def _start_ready_tasks(self, instance: Instance, at: float) -> None:
        """Start every task whose upstream tasks have passed; end the instance when none runs and none can start."""
        runs = instance.tasks
        upstream = instance.shape.upstream
        passed = {Status.SUCCESS, Status.SKIP}
        for task, run in runs.items():
            if run.status is Status.INIT and all(runs[source].status in passed for source in upstream[task]):
                self._start(instance, run, at)
        if any(run.status is Status.RUNNING or self._paused(run) for run in runs.values()):
            return
        instance.end = at
        self.set_status(instance, Status.SUCCESS if instance.status is Status.RUNNING else instance.status, at)
        self._release(instance, at)

    @staticmethod
    def _paused(run: TaskRun) -> bool:
        """Whether the task has failed and will be retried by the platform."""
        return run.status is Status.WAIT

    def _start(self, instance: Instance, run: TaskRun, at: float) -> None:
        plan = instance.flow.failure_plan
        run.failure = plan if plan is not None and run.task.id in plan.tasks else None
        run.status = Status.RUNNING
        run.start, run.end = at, None
        run.number += 1
        ends = at + self._seconds(run) / self._step.speed
        self.call_at(ends, partial(self._task_ends, instance, run, run.number))
        self.mark_changed(instance)

    @staticmethod
    def _seconds(run: TaskRun) -> float:
        if run.failure is None:
            return run.task.seconds
        if run.failure.seconds is not None:
            return run.failure.seconds
        return run.task.limit if run.failure.kind is Status.TIMEOUT else run.task.seconds

    def _task_ends(self, instance: Instance, run: TaskRun, number: int, at: float) -> None:
        if run.status is not Status.RUNNING or run.number != number:
            return
        run.end = at
        if run.failure is None:
            run.status = Status.SUCCESS
        elif run.recalls < run.task.retries:
            run.recalls += 1
            run.status = Status.WAIT
            pause = run.task.pause / self._step.speed
            self.call_at(at + pause, partial(self._retry, instance, run, number))
        else:
            run.status = run.failure.kind
            if instance.status is Status.RUNNING:
                self.set_status(instance, run.failure.kind, at)
        self.mark_changed(instance)
        self._start_ready_tasks(instance, at)

    def _retry(self, instance: Instance, run: TaskRun, number: int, at: float) -> None:
        if run.status is Status.WAIT and run.number == number:
            self._start(instance, run, at)

    def _stop(self, instance: Instance, generation: int, at: float) -> None:
        if instance.generation != generation or instance.end is not None:
            return
        for run in instance.tasks.values():
            if run.status in {Status.RUNNING, Status.WAIT}:
                run.status, run.end = Status.CANCEL, at
        instance.end = at
        self.set_status(instance, Status.CANCEL, at)
        self._release(instance, at)

    def _release(self, instance: Instance, at: float) -> None:
        """Take an ended instance out of its flow's queue, and let the next one run."""
        queue = self._queues.get(instance.flow.id)
        if queue is None:
            return
        if instance in queue.waiting:
            queue.waiting.remove(instance)
        if queue.current is not instance:
            return
        queue.current = queue.waiting.popleft() if queue.waiting else None
        if queue.current is not None:
            self._make_current(queue, queue.current, at)


def end_in_past(flow: Flow, instance: Instance, *, status: Status, took: float, failed: tuple[int, ...]) -> None:
    """Fill in an instance that ran at its trigger time and ended ``took`` seconds later."""
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


def failure_plan(
    flow: Flow, tasks: Iterable[int], kind: Status, lines: Iterable[str], seconds: float | None
) -> FailurePlan:
    """Describe how runs fail: at ``tasks``, by default the middle one, where a rerun from there makes sense.

    Raises ValueError for a task that the flow does not have.
    """
    chosen = frozenset(tasks) or frozenset(_middle(flow))
    unknown = chosen - set(flow.shape.order)
    if unknown or not chosen:
        raise ValueError(f"flow {flow.id} has no task {', '.join(map(str, sorted(unknown))) or 'to fail at'}")
    return FailurePlan(chosen, kind, tuple(lines), seconds)


def _middle(flow: Flow) -> tuple[int, ...]:
    order = flow.shape.order
    return order[len(order) // 2 : len(order) // 2 + 1]
