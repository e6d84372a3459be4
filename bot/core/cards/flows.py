"""Flows and instances in words: names, statuses, times, rows of lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.cards import blocks
from bot.core.cards.blocks import Block
from bot.core.escape import code, escape, mention, one_line
from bot.core.flows import Flow, FlowId, Instance, Parameter, Task, UserName
from bot.core.instance_ids import instance_moment
from bot.core.people import Person
from bot.core.status import PENDING, Status, name_of
from bot.core.times import slack_date
from bot.core.words import visible

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
    """Return a coloured dot; words stand beside it, since colour alone says nothing to some."""
    return _MARKS.get(status, "⚫")


def flow_name(flow: FlowId, name: str) -> str:
    """Return ``3377 *daily-energy-report*`` as mrkdwn."""
    return " ".join(part for part in (code(str(flow)), bold(name)) if part)


def bold(text: str) -> str:
    """Return a name in bold, on one line; what would end the bold or turn the line around is replaced."""
    shown = escape(short(text)).replace("*", "∗")
    return f"*{shown}*" if shown else ""


def short(text: str) -> str:
    """Return a name on one line without invisible characters, cut where nobody reads on."""
    line = visible(one_line(text)).strip()
    return line if len(line) <= _NAME else line[: _NAME - 1].rstrip() + "…"


def owners(names: Sequence[UserName], people: Mapping[UserName, Person]) -> str:
    """Return the owners as mrkdwn: mentioned where linked, else named."""
    shown = [mention(people[name].user) if name in people else code(short(name)) for name in names[:8]]
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(shown) + more if shown else "nobody that EnOS names"


def moment(at: datetime) -> str:
    """Return a moment in the reader's own zone."""
    return slack_date(at)


def data_date(instance: Instance) -> str:
    """Return the data date: as EnOS says, else the day before the trigger time (its default rule)."""
    if instance.data_date:
        return instance.data_date
    at = instance_moment(instance.id)
    return day_before(at) if at is not None else ""


def day_before(at: datetime) -> str:
    """Return the data date of a trigger time, by the default rule."""
    return f"{(at - timedelta(days=1)).date()}" if at.year > 1 else ""


def row(instance: Instance, note: str = "") -> str:
    """Return one line of a list of instances; ``note`` is mrkdwn."""
    at = instance_moment(instance.id)
    parts = [
        f"{mark(instance.status)} {name_of(instance.status)}",
        flow_name(instance.flow_id, instance.flow_name),
        code(instance.id),
        moment(at) if at else escape(short(instance.trigger_time)),
    ]
    return " · ".join(part for part in parts if part) + (f" — _{note}_" if note else "")


def task_line(task: Task) -> str:
    """Return one task with its status, where it is known."""
    state = f"{mark(task.status)} {name_of(task.status)} · " if task.status is not None else "▫️ "
    return state + " ".join(part for part in (bold(task.name), code(str(task.id))) if part)


def task_list(tasks: Sequence[Task]) -> Block:
    """Return the tasks as one paragraph."""
    lines = [task_line(task) for task in tasks[:_LISTED]]
    if len(tasks) > _LISTED:
        lines.append(f"… and {len(tasks) - _LISTED} more")
    return blocks.section("\n".join(lines) or "EnOS shows no task.")


def parameter_list(parameters: Sequence[Parameter]) -> str:
    """Return parameters that are masked already, one a line."""
    lines = [f"{code(short(each.key))} = {code(_value(each.value)) or '_empty_'}" for each in parameters[:_PARAMETERS]]
    if len(parameters) > _PARAMETERS:
        lines.append(f"… and {len(parameters) - _PARAMETERS} more")
    return "\n".join(lines)


def schedule(flow: Flow, words: str) -> str:
    """Return when a flow runs by itself; ``words`` are those of its expression, escaped here."""
    if words:
        return escape(words)
    return f"every {CYCLES[flow.cycle]}" if flow.cycle in CYCLES else "none"


def _value(value: str) -> str:
    return value if len(value) <= _VALUE else value[: _VALUE - 1] + "…"


def duration(span: timedelta) -> str:
    """Return a span in words: ``45 s``, ``3 min``, ``2 h 5 min``, ``3 d 4 h``."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
