"""What the pretend platform is made of: users, flows, tasks, instances, and the refusals it knows.

Times are epoch seconds (floats) everywhere inside; ``printer.py`` turns them into what the platform prints.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from functools import cached_property

MANUAL, PERIODIC, TEMPORARY = 0, 1, 2
CYCLES = ("M", "W", "D", "H", "mi")


class Status(IntEnum):
    """States of an instance and of a task (List Flow Instances, FlowInstanceStatus, API v2.1)."""

    FAIL = -1
    INIT = 0
    SUCCESS = 1
    RUNNING = 2
    SUSPEND = 3
    INTERNAL_ERROR = 4
    WAIT = 5
    READY = 6
    TIMEOUT = 7
    CANCEL = 8
    RERUN = 9
    SKIP = 10


ENDED = frozenset({Status.FAIL, Status.SUCCESS, Status.INTERNAL_ERROR, Status.TIMEOUT, Status.CANCEL, Status.SKIP})
BROKEN = frozenset({Status.FAIL, Status.TIMEOUT, Status.INTERNAL_ERROR})


class Denied(Exception):  # noqa: N818  a business answer of the platform, not an error of the simulator
    """The platform refuses: a code of its table and the name of one of its sentences (``texts.py``)."""

    def __init__(self, code: int, reason: str, **words: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self.words = words


@dataclass(slots=True, eq=False)
class User:
    """A user with a technical id (in calls) and a user name (in owner fields)."""

    id: str
    name: str
    org: str
    locked: bool = False
    sees_all: bool = False  # related to every flow of the organization that is not private


@dataclass(frozen=True, slots=True)
class Task:
    """A node that does work."""

    id: int
    name: str
    seconds: float = 3.0  # how long a run of it takes, at speed 1
    command: str = ""
    limit: float = 300.0  # seconds until the platform stops it
    retries: int = 0  # recallLimit
    pause: float = 0.0  # recallInterval, seconds

    @property
    def node(self) -> str:
        """The node id in graphs."""
        return f"t_{self.id}"


@dataclass(frozen=True, slots=True)
class FlowLink:
    """A node for another flow; it is always a root and never runs here."""

    flow_id: int
    name: str
    virtual: bool = False

    @property
    def node(self) -> str:
        """The node id in graphs."""
        return f"f_{self.flow_id}"


@dataclass(frozen=True, slots=True)
class Relation:
    """``target`` runs after ``source``; both are node ids."""

    source: str
    target: str
    gap: str = "D0"
    rerun: bool = True  # whether a rerun of the source in the console takes the target along


@dataclass(frozen=True)
class Shape:
    """A task graph. Flows and the instances made from them share it; saving a flow gives it a new one."""

    tasks: tuple[Task, ...] = ()
    links: tuple[FlowLink, ...] = ()
    relations: tuple[Relation, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[int, Task]:
        """Tasks by id."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def upstream(self) -> Mapping[int, tuple[int, ...]]:
        """For each task, the tasks it waits for."""
        nodes = {task.node: task.id for task in self.tasks}
        before: dict[int, list[int]] = {task.id: [] for task in self.tasks}
        for relation in self.relations:
            if relation.source in nodes and relation.target in nodes:
                before[nodes[relation.target]].append(nodes[relation.source])
        return {task: tuple(sources) for task, sources in before.items()}

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Task ids in topological order. Raises ValueError for a graph with a circle."""
        left = {task.id: set(self.upstream[task.id]) for task in self.tasks}
        order: list[int] = []
        while left:
            free = [task for task, sources in left.items() if not sources]
            if not free:
                raise ValueError(f"the tasks {sorted(left)} wait for each other")
            order.extend(free)
            left = {task: sources - set(free) for task, sources in left.items() if task not in free}
        return tuple(order)

    def descendants(self, roots: Iterable[int], *, rerun_only: bool = False) -> frozenset[int]:
        """Find the roots and every task downstream of them; with ``rerun_only`` along relations that reruns follow."""
        kept = [relation for relation in self.relations if relation.rerun or not rerun_only]
        reached = set(roots)
        fringe = list(reached)
        while fringe:
            node = f"t_{fringe.pop()}"
            for relation in kept:
                target = int(relation.target.removeprefix("t_"))
                if relation.source == node and target not in reached:
                    reached.add(target)
                    fringe.append(target)
        return frozenset(reached)


@dataclass(frozen=True, slots=True)
class FailurePlan:
    """How a flow's runs fail until ``Platform.recover``."""

    tasks: frozenset[int]
    kind: Status = Status.FAIL  # FAIL, TIMEOUT or INTERNAL_ERROR
    lines: tuple[str, ...] = ()  # the end of the log; empty for lines that suit the kind
    seconds: float | None = None  # how long the task takes to fail; None for its usual time


@dataclass(slots=True, eq=False)
class Flow:
    """A flow, and how its next runs fail, if they do."""

    id: int
    name: str
    owners: tuple[str, ...]
    org: str
    shape: Shape = field(default_factory=Shape)
    visitors: tuple[str, ...] = ()
    kind: int = PERIODIC
    cycle: str = "D"
    freq: str = "0 0 2 * * ? *"  # Quartz, seven fields, read in UTC
    active: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    locked: bool = False
    private: bool = False  # only owners and visitors are related to it
    description: str = ""
    do_as: str = "db_demo"
    alert_mode: int = 0
    queue: str = ""
    directory: str = ""
    start_date: str = "2019-07-22"
    created: float = 0.0
    updated: float = 0.0
    updated_by: str = ""
    failure_plan: FailurePlan | None = None
    schedule: int = 0  # grows with each change of the schedule; instances planned under an older one are not created

    @property
    def creator(self) -> str:
        """The first owner."""
        return self.owners[0] if self.owners else ""


@dataclass(slots=True, eq=False)
class TaskRun:
    """A run of one task within an instance."""

    task: Task
    status: Status = Status.INIT
    start: float | None = None
    end: float | None = None
    number: int = 0  # runs begun so far: the platform's runNum
    recalls: int = 0
    failure: FailurePlan | None = None  # how the present run will fail; None if it succeeds


class Instance:
    """A run of a flow.

    The task runs of a past instance are inferred from its outcome when they are first read, so that a
    hundred thousand of them stay small.
    """

    __slots__ = (
        "cancelled",
        "created",
        "end",
        "failed",
        "flow",
        "generation",
        "id",
        "kind",
        "parameters",
        "rows",
        "runs",
        "serial",
        "shape",
        "start",
        "status",
        "trigger",
        "triggered",
        "updated",
    )  # fmt: skip

    def __init__(self, flow: Flow, suffix: str, *, kind: int, trigger: float, now: float) -> None:
        self.id = f"{flow.id}-{suffix}"
        self.flow = flow
        self.shape = flow.shape
        self.kind = kind
        self.trigger = trigger
        self.created = now
        self.updated = now
        self.start: float | None = None
        self.end: float | None = None
        self.status = Status.INIT
        self.parameters = flow.parameters
        self.triggered = False  # by a call, not by the schedule
        self.cancelled = False
        self.failed: tuple[int, ...] = ()  # of a past instance: the tasks it failed at
        self.generation = 0  # grows with each rerun in the console; steps planned for an older one do nothing
        self.serial = 0
        self.runs: dict[int, TaskRun] | None = None
        self.rows: dict[object, bytes] = {}  # as rendered, until something changes

    @property
    def suffix(self) -> str:
        """The digits after the flow id, shared by the task instances."""
        return self.id.partition("-")[2]

    @property
    def tasks(self) -> dict[int, TaskRun]:
        """The runs of the tasks, by task id, in topological order."""
        if self.runs is None:
            self.runs = inferred_runs(self)
        return self.runs


def inferred_runs(instance: Instance) -> dict[int, TaskRun]:
    """Infer task runs from a past instance's outcome: one after another between its start and end."""
    shape = instance.shape
    runs = {task: TaskRun(shape.by_id[task]) for task in shape.order}
    if instance.start is None or instance.end is None:
        return runs
    beyond = shape.descendants(instance.failed) - set(instance.failed)
    ran = [run for task, run in runs.items() if task not in beyond]
    share = (instance.end - instance.start) / max(1, len(ran))
    for index, run in enumerate(ran):
        run.number = 1
        run.start = instance.start + index * share
        run.end = run.start + share
        failed_here = run.task.id in instance.failed
        run.status = instance.status if failed_here else Status.SUCCESS
        run.failure = FailurePlan(frozenset({run.task.id}), instance.status) if failed_here else None
    return runs


def minute_suffix(at: float) -> str:
    """Build the id digits of a triggered instance: the UTC minute and ``00`` (Trigger Flow From Task)."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M}00"


def cycle_suffix(cycle: str, at: float) -> str:
    """Build the id digits of a scheduled instance: to the minute for ``mi``, else to the hour."""
    return f"{datetime.fromtimestamp(at, UTC):{'%Y%m%d%H%M' if cycle == 'mi' else '%Y%m%d%H'}}"
