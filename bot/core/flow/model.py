"""Flows, tasks and instances as values, the way the platform names them.

Times that the platform prints are kept as the strings it printed: their zone varies even inside one answer
(``times.py`` reads them). A task's ``instance_id`` and ``status`` are known only on a single instance's graph.
"""

from collections.abc import Callable
from dataclasses import field
from typing import NewType

from bot.core.flow.status import Status
from bot.core.text.message import Text
from bot.core.values import dataclass

FlowId = NewType("FlowId", int)
TaskId = NewType("TaskId", int)
InstanceId = NewType("InstanceId", str)  # <flow id>-<digits>, e.g. 2809-20190812080700
UserId = NewType("UserId", str)  # the platform's technical id; API calls carry it
UserName = NewType("UserName", str)  # what owner fields carry, e.g. jane.doe

MANUAL, PERIODIC, TEMPORARY = 0, 1, 2
KINDS = (MANUAL, PERIODIC, TEMPORARY)  # scheduling types; one search covers one


@dataclass(frozen=True, slots=True)
class Parameter:
    """One global parameter of a flow."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Task:
    """A node of a flow's graph."""

    id: TaskId
    name: str
    node: str = ""  # t_<task id>
    instance_id: str = ""  # <task id>-<same digits as the flow instance>
    status: Status | int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A node of the graph that is another flow."""

    flow_id: FlowId
    name: str
    node: str = ""  # f_<flow id>
    status: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge: ``target`` runs after ``source``; both are node ids."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Graph:
    """What runs after what. Empty when the platform's graph could not be read."""

    tasks: tuple[Task, ...] = ()
    references: tuple[Reference, ...] = ()
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowName:
    """A flow in a list, from Search Flow or Get My Flow."""

    id: FlowId
    name: str
    editable: bool | None = None  # Get My Flow only
    cycle: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow, as Get Flow shows it to one user."""

    id: FlowId
    name: str
    active: bool  # scheduling on
    kind: int = PERIODIC
    cycle: str = ""  # M, W, D, H, mi
    freq: str = ""  # Quartz, seven fields
    owners: tuple[UserName, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    graph: Graph = Graph()
    locked: bool = False
    user_locked: bool = False
    description: str = ""
    start_date: str = ""  # yyyy-MM-dd, effective from


@dataclass(frozen=True, slots=True)
class Instance:
    """A run of a flow. ``graph`` is filled by Get Flow Instance; a search leaves it empty.

    A row of a search can still read its graph, which holds the whole page in memory: it is not for keeping.
    """

    id: InstanceId
    flow_id: FlowId
    flow_name: str
    status: Status | int
    trigger_time: str = ""  # as printed
    start_time: str = ""
    end_time: str = ""
    cycle: str = ""
    owners: tuple[UserName, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    data_date: str = ""  # calDt, yyyy-MM-dd; single reads only
    kind: int | None = None  # the scheduling type it was searched under
    graph: Graph = Graph()
    freq: str = ""  # Quartz, the schedule of its flow
    read_graph: Callable[[], Graph] = field(default=Graph, compare=False, repr=False)  # without the tasks' states


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """A run of one task."""

    id: str
    task_id: TaskId
    name: str
    status: Status | int
    start_time: str = ""
    end_time: str = ""
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """The terms of List Flow Instances. Times are epoch milliseconds, half-open; empty means no filter."""

    kind: int
    since: int
    until: int
    statuses: tuple[int, ...] = ()
    owner: str = ""
    expression: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row of a list that is not read: which one, and why."""

    key: str  # the same each time it is listed
    shown: str  # its ID, with the name of its flow
    why: Text  # a clause: "the flow ID is out of range"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search, with what the client learned about the server on the way."""

    rows: tuple[Instance, ...]
    last: bool  # short, empty, or nothing new: no page follows
    sorted_by: str = ""  # the sort field the server accepted; empty where it accepted none
    left_out: tuple[LeftOut, ...] = ()  # rows that cannot be read or kept; each once in a search
