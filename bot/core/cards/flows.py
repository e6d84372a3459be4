"""Flows and instances in words: names, statuses, times, rows of lists."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.core.cards import blocks
from bot.core.cards.blocks import Block
from bot.core.escape import code, escape, mention
from bot.core.flows import Flow, FlowId, Instance, Task, UserName
from bot.core.instance_ids import instance_moment
from bot.core.people import Person
from bot.core.status import PENDING, Status, name_of
from bot.core.times import slack_date

CYCLES = {"M": "month", "W": "week", "D": "day", "H": "hour", "mi": "minute"}

_MARKS = {
    Status.FAIL: "🔴",
    Status.TIMEOUT: "🟠",
    Status.INTERNAL_ERROR: "🔴",
    Status.SUCCESS: "🟢",
    Status.RUNNING: "🔵",
    Status.RERUN: "🔵",
    Status.CANCEL: "⚪",
    Status.SKIP: "⚪",
}


def mark(status: int) -> str:
    """Return a coloured dot; words stand beside it, since colour alone says nothing to some."""
    known = _MARKS.get(Status(status)) if status in Status._value2member_map_ else None
    return known or ("🕓" if status in PENDING else "⚫")


def flow_name(flow: FlowId, name: str) -> str:
    """Return ``3377 *daily-energy-report*`` as mrkdwn."""
    return f"{code(str(flow))} {bold(name)}" if name else code(str(flow))


def bold(text: str) -> str:
    """Return a name in bold; what would end the bold is replaced."""
    shown = escape(text.strip()).replace("*", "∗")
    return f"*{shown}*" if shown else ""


def owners(names: Sequence[UserName], people: Mapping[UserName, Person]) -> str:
    """Return the owners as mrkdwn: mentioned where linked, else named."""
    shown = [mention(people[name].user) if name in people else code(name) for name in names[:8]]
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(shown) + more if shown else "nobody"


def moment(at: datetime) -> str:
    """Return a moment in the reader's own zone."""
    return slack_date(at)


def data_date(instance: Instance) -> str:
    """Return the data date: as EnOS says, else the day before the trigger time (its default rule)."""
    if instance.data_date:
        return instance.data_date
    at = instance_moment(instance.id)
    if at is None:
        return ""
    return datetime.fromtimestamp(at.timestamp() - 86400, UTC).strftime("%Y-%m-%d")


def row(instance: Instance, note: str = "") -> str:
    """Return one line of a list of instances."""
    at = instance_moment(instance.id)
    parts = [
        f"{mark(instance.status)} {name_of(instance.status)}",
        flow_name(instance.flow_id, instance.flow_name),
        code(instance.id),
        moment(at) if at else escape(instance.trigger_time),
    ]
    return " · ".join(part for part in parts if part) + (f" — {note}" if note else "")


def task_line(task: Task) -> str:
    """Return one task with its status, where it is known."""
    state = f"{mark(task.status)} {name_of(task.status)} · " if task.status is not None else "▫️ "
    return f"{state}{bold(task.name)} {code(str(task.id))}"


def task_list(tasks: Sequence[Task], limit: int = 30) -> Block:
    """Return the tasks as one paragraph."""
    lines = [task_line(task) for task in tasks[:limit]]
    if len(tasks) > limit:
        lines.append(f"… and {len(tasks) - limit} more")
    return blocks.section("\n".join(lines) or "This flow has no task.")


def parameter_lines(flow: Flow, masked: Mapping[str, str]) -> str:
    """Return the parameters, one a line, values masked by the caller."""
    return "\n".join(f"{code(each.key)} = {code(masked[each.key]) or 'empty'}" for each in flow.parameters)
