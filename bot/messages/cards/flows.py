"""Flows and instances in words: names, statuses, times, rows of lists."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.command.tokens import visible
from bot.core.flow.model import (
    Flow,
    FlowId,
    Instance,
    InstanceId,
    Parameter,
    Task,
    UserName,
)
from bot.core.flow.status import PENDING, Status, name_of
from bot.core.flow.times import trigger_moment
from bot.core.outbox.card import Block
from bot.core.people.model import Person
from bot.core.text.escape import SUBSTITUTES, code, escape, mention, one_line
from bot.core.text.shown_times import as_printed, day_before, slack_date
from bot.messages import blocks

CYCLES = {"M": "month", "W": "week", "D": "day", "H": "hour", "mi": "minute"}
_NAME = 120  # characters of a name
_PARAMETERS, _VALUE = 40, 300  # parameters in one list, characters of a value
_LISTED = 30  # tasks in one list

_MARKS: Mapping[int, str] = {
    Status.FAIL: "🔴",
    Status.TIMEOUT: "🟠",
    Status.INTERNAL_ERROR: "🔴",
    Status.SUCCESS: "🟢",
    Status.RUNNING: "🔵",
    Status.RERUN: "🔵",
    Status.CANCEL: "⚪",
    Status.SKIP: "⚪",
    **dict.fromkeys(PENDING, "🕓"),
}


def mark(status: int) -> str:
    """A coloured dot; words follow it, since some people cannot tell colours apart."""
    return _MARKS.get(status, "⚫")


def flow_name(flow: FlowId, name: str) -> str:
    """``3377 *daily-energy-report*`` as mrkdwn."""
    return " ".join(part for part in (code(str(flow)), bold(name)) if part)


def bold(text: str) -> str:
    """A name in bold, on one line; what would end the bold or reverse the line is replaced."""
    shown = escape(short(text).replace("*", SUBSTITUTES["*"]))
    return f"*{shown}*" if shown else ""


def short(text: str) -> str:
    """A name on one line without invisible characters, cut to 120 characters."""
    line = visible(one_line(text)).strip()
    return line if len(line) <= _NAME else line[: _NAME - 1].rstrip() + "…"


def owners(names: Sequence[UserName], people: Mapping[UserName, Person]) -> str:
    """The owners as mrkdwn: mentioned where linked, else named."""
    shown = [mention(people[name].user) if name in people else code(short(name)) for name in names[:8]]
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(shown) + more if shown else "nobody that EnOS names"


def triggered(instance: InstanceId, printed: str, zone: timedelta | None) -> str:
    """A run's trigger time for each reader; ``printed`` is EnOS's, ``zone`` that of its times, if known.

    Where an id has no minutes and they are not certain, the time is "about". Empty where
    neither the id nor EnOS names a time.
    """
    at, exact = trigger_moment(instance, printed, zone)
    if at is None:
        return escape(as_printed(short(printed), None)) if short(printed) else ""
    return slack_date(at) if exact else f"about {slack_date(at)}"


def data_date(instance: Instance, zone: timedelta | None) -> str:
    """The data date: as EnOS says, else the day before the trigger time (its default rule)."""
    if instance.data_date:
        return instance.data_date
    at, _ = trigger_moment(instance.id, instance.trigger_time, zone)
    return day_before(at, zone) if at is not None else ""


def row(instance: Instance, note: str = "", *, zone: timedelta | None = None) -> str:
    """One line of a list of instances; ``note`` is mrkdwn, ``zone`` that of the times EnOS prints."""
    parts = [
        f"{mark(instance.status)} {name_of(instance.status)}",
        flow_name(instance.flow_id, instance.flow_name),
        code(instance.id),
        triggered(instance.id, instance.trigger_time, zone),
    ]
    return " · ".join(part for part in parts if part) + (f" — _{note}_" if note else "")


def task_line(task: Task) -> str:
    """One task with its status, where it is known."""
    state = f"{mark(task.status)} {name_of(task.status)} · " if task.status is not None else "▫️ "
    return state + " ".join(part for part in (bold(task.name), code(str(task.id))) if part)


def task_list(tasks: Sequence[Task]) -> Block:
    """The tasks as one paragraph."""
    lines = [task_line(task) for task in tasks[:_LISTED]]
    if len(tasks) > _LISTED:
        lines.append(f"… and {len(tasks) - _LISTED} more")
    return blocks.section("\n".join(lines) or "EnOS shows no task.")


def parameter_list(parameters: Sequence[Parameter]) -> str:
    """Parameters that are masked already, one a line."""
    lines = [f"{code(short(each.key))} = {code(_value(each.value)) or '_empty_'}" for each in parameters[:_PARAMETERS]]
    if len(parameters) > _PARAMETERS:
        lines.append(f"… and {len(parameters) - _PARAMETERS} more")
    return "\n".join(lines)


def schedule(flow: Flow, words: str) -> str:
    """A flow's schedule; ``words`` are those of its expression, escaped here."""
    if words:  # the expression is in the platform's time zone, not in each reader's
        return escape(words) + (" (EnOS's time zone)" if ":" in words else "")
    return f"every {CYCLES[flow.cycle]}" if flow.cycle in CYCLES else "none"


def _value(value: str) -> str:
    return value if len(value) <= _VALUE else value[: _VALUE - 1] + "…"
