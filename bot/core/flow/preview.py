"""Preview: what a start would do, before it is done; and what of it a person has seen. Pure.

    asked ──► Preview is shown ──► pressed ──► the same as seen? ── yes ──► it starts
                  ▲                                 │ no
                  └─── what changed is said ◄───────┘

``Seen`` is kept between the two, with a fingerprint in place of each parameter's value.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from bot.core.flow.graph import downstream, in_order
from bot.core.flow.model import Flow, FlowId, InstanceId, Parameter, Task, TaskId
from bot.core.history.background import FlowRef
from bot.core.text.escape import legible
from bot.core.text.mask import Mask
from bot.core.text.shown_times import minute_in_utc
from bot.core.values import dataclass

_VALUE, _BEFORE = 120, 20  # characters of a value that are shown, and of those before its first difference
_NAME = 80  # characters of a name that are kept


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter that this run has otherwise than its flow: masked, and cut to where the two differ."""

    key: str
    now: str
    before: str | None = None  # None where the flow has no such parameter


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start would do."""

    flow: FlowId
    name: str
    runs: tuple[Task, ...]  # in their order; none where EnOS's graph could not be read
    skips: tuple[Task, ...] = ()
    start: Task | None = None  # from this task
    of: InstanceId | None = None  # the run that is rerun
    at: datetime | None = None  # the trigger time, UTC; None for that of the press
    moved: tuple[datetime, datetime] | None = None  # the minute that is taken, and the one used instead
    data_date: str = ""  # empty while the platform's zone is not known
    differences: tuple[Difference, ...] = ()
    kept: int = 0  # parameters that are as the flow has them
    is_on: bool = True  # its schedule is
    waiting: tuple[FlowRef, ...] = ()  # flows that wait for it, nearest first


def parts(flow: Flow, start: TaskId | None) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    """The tasks that run, and those that do not, in their order."""
    tasks = in_order(flow.graph)
    reached = downstream(flow.graph, start) if start is not None else {each.id for each in tasks}
    return tuple(each for each in tasks if each.id in reached), tuple(each for each in tasks if each.id not in reached)


def differences(flow: Flow, changes: Sequence[Parameter], mask: Mask) -> tuple[Difference, ...]:
    """What these changes make of the flow's parameters; one that has the given value already is left out."""
    known = {each.key: each.value for each in flow.parameters}
    found = []
    for change in changes:
        before, now = known.get(change.key), mask.parameter(change).value
        if before is None:
            found.append(Difference(change.key, _cut(now, 0)))
        elif before != change.value:
            was = mask.parameter(Parameter(change.key, before)).value
            start = _first_difference(was, now) - _BEFORE if max(len(was), len(now)) > _VALUE else 0
            found.append(Difference(change.key, _cut(now, start), _cut(was, start)))
    return tuple(found)


def _first_difference(one: str, other: str) -> int:
    alike = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(alike) if a != b), min(len(one), len(other)))


def _cut(value: str, start: int) -> str:
    start = max(0, start)
    return f"{'…' if start else ''}{value[start : start + _VALUE]}{'…' if len(value) > start + _VALUE else ''}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a preview said, as far as it can change until the button is pressed."""

    name: str
    is_on: bool
    schedule: str
    tasks: Mapping[str, str]  # all of the flow's, by ID
    runs: tuple[str, ...]  # the IDs of those that run
    order: str  # which task runs after which, as a digest
    parameters: Mapping[str, str]  # the flow's: fingerprints of the values
    at: str = ""  # the trigger time; empty for that of the press
    data_date: str = ""
    status: int | None = None  # of the run that is rerun

    def kept(self) -> str:
        """As the database keeps it: the same text for what is the same."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, kept: str | None) -> "Seen | None":
        """What ``kept`` wrote; None where it is gone, or another version wrote it."""
        try:
            fields = json.loads(kept or "")
            return cls(**{**fields, "runs": tuple(fields["runs"])})
        except (ValueError, TypeError, KeyError):
            return None


def seen(flow: Flow, preview: Preview, fingerprint: Callable[[Parameter], str], status: int | None = None) -> Seen:
    """What is to be the same when the button is pressed."""
    order = sorted((each.source, each.target) for each in flow.graph.relations)
    return Seen(
        name=legible(flow.name, _NAME),
        is_on=flow.active,
        schedule=f"{flow.cycle} {flow.freq}",
        tasks={str(each.id): legible(each.name, _NAME) for each in flow.graph.tasks},
        runs=tuple(sorted(str(each.id) for each in preview.runs)),
        order=hashlib.sha256(repr(order).encode(errors="replace")).hexdigest()[:16],
        parameters={legible(each.key, _NAME): fingerprint(each) for each in flow.parameters},
        at=minute_in_utc(preview.at) if preview.at is not None else "",
        data_date=preview.data_date,
        status=None if status is None else int(status),
    )
