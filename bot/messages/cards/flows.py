"""Flows and instances in words: names, statuses, times, rows of lists."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone

from bot.core.flow.graph import BROKEN, in_order
from bot.core.flow.model import (
    Flow,
    FlowId,
    Instance,
    InstanceId,
    Parameter,
    Task,
    UserName,
)
from bot.core.flow.status import OwnStatus, Status
from bot.core.flow.times import trigger_moment
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.people.model import Person
from bot.core.text.escape import SUBSTITUTES, Markup, code, escape, mention, one_line, visible
from bot.core.text.language import EN
from bot.core.text.message import Message, Text, as_printed, dots, layout, lines, listed, msg, plural, slack_date
from bot.messages.symbols import mark

_DAY = timedelta(days=1)
_NAME = 120  # characters of a name
_PARAMETERS, _VALUE = 40, 300  # parameters in one list, characters of a value
_LISTED = 30  # tasks in one list
_OWNERS = 8

# A status as a row of a list shows it: EnOS's code, with its word where the reader's language is not the code's.
_CODES: Mapping[int, Message] = {
    Status.FAIL: msg("FAIL"),
    Status.SUCCESS: msg("SUCCESS"),
    Status.INIT: msg("INIT"),
    Status.WAIT: msg("WAIT"),
    Status.RUNNING: msg("RUNNING"),
    Status.SUSPEND: msg("SUSPEND"),
    Status.INTERNAL_ERROR: msg("INTERNAL_ERROR"),
    Status.READY: msg("READY"),
    Status.TIMEOUT: msg("TIMEOUT"),
    Status.CANCEL: msg("CANCEL"),
    Status.RERUN: msg("RERUN"),
    Status.SKIP: msg("SKIP"),
    OwnStatus.LATE: msg("LATE"),
    OwnStatus.LONG: msg("LONG"),
}
# A status as a sentence says it.
_WORDS: Mapping[int, Message] = {
    Status.FAIL: msg("failed"),
    Status.SUCCESS: msg("succeeded"),
    Status.INIT: msg("about to start"),
    Status.WAIT: msg("waiting"),
    Status.RUNNING: msg("running"),
    Status.SUSPEND: msg("suspended"),
    Status.INTERNAL_ERROR: msg("failed with an internal error"),
    Status.READY: msg("ready"),
    Status.TIMEOUT: msg("timed out"),
    Status.CANCEL: msg("canceled"),
    Status.RERUN: msg("running again"),
    Status.SKIP: msg("skipped"),
    OwnStatus.LATE: msg("late"),
    OwnStatus.LONG: msg("running too long"),
}
_CYCLES: Mapping[str, Message] = {
    "M": msg("every month"),
    "W": msg("every week"),
    "D": msg("every day"),
    "H": msg("every hour"),
    "mi": msg("every minute"),
}


def status_code(status: int) -> Message:
    """A status in a row of a list or in a filter, such as "FAIL"."""
    return _CODES.get(status) or msg("status {number}", number=str(int(status)))


def status_word(status: int) -> Message:
    """A status in a sentence or a heading, such as "failed"."""
    return _WORDS.get(status) or msg("status {number}", number=str(int(status)))


def flow_name(flow: FlowId, name: str) -> Markup:
    """``3377 *daily-energy-report*`` as mrkdwn."""
    return Markup(" ".join(filter(None, (code(str(flow)), bold(name)))))


def bold(text: str) -> Markup:
    """A name in bold, on one line; what would end the bold or reverse the line is replaced."""
    shown = escape(short(text).replace("*", SUBSTITUTES["*"]))
    return Markup(f"*{shown}*" if shown else "")


def short(text: str) -> str:
    """A name on one line without invisible characters, cut to 120 characters."""
    line = visible(one_line(text)).strip()
    return line if len(line) <= _NAME else line[: _NAME - 1].rstrip() + "…"


def owners(names: Sequence[UserName], people: Mapping[UserName, Person]) -> Text:
    """The owners: mentioned where linked, else named."""
    if not names:
        return msg("none")
    shown = [mention(people[name].user) if name in people else code(short(name)) for name in names[:_OWNERS]]
    return listed(shown, len(names))


def triggered(instance: InstanceId, printed: str, zone: timedelta | None) -> Text | None:
    """A run's trigger time for each reader; ``printed`` is EnOS's, ``zone`` that of its times, if known.

    Where an id has no minutes and they are not certain, the time is "about". None where neither the id nor EnOS
    names a time.
    """
    at, exact = trigger_moment(instance, printed, zone)
    if at is None:
        return as_printed(short(printed), None) if short(printed) else None
    return slack_date(at) if exact else msg("about {time}", time=at)


def data_date(instance: Instance, zone: timedelta | None) -> str:
    """The data date: as EnOS says, else the day before the trigger time (its default rule)."""
    if instance.data_date:
        return instance.data_date
    at, _ = trigger_moment(instance.id, instance.trigger_time, zone)
    return day_before(at, zone) if at is not None else ""


def day_before(at: datetime, zone: timedelta | None) -> str:
    """The data date of a trigger time by the default rule: the day before it, in the platform's zone.

    Empty while the platform's zone is unknown: the day would be a guess. Source: System Variables (``cal_dt``).
    """
    if zone is None:
        return ""
    try:
        local: date = at.astimezone(timezone(zone)).date()
        return f"{local - _DAY}"
    except OverflowError:
        return ""


def row(instance: Instance, note: Text | None = None, *, zone: timedelta | None = None) -> Text:
    """One line of a list of runs; ``zone`` is that of the times EnOS prints."""
    facts = dots(
        layout("{mark} {status}", mark=mark(instance.status), status=status_code(instance.status)),
        flow_name(instance.flow_id, instance.flow_name),
        code(instance.id),
        triggered(instance.id, instance.trigger_time, zone),
    )
    return facts if note is None else msg("{facts} — _{note}_", facts=facts, note=note)


def headline(instance: Instance) -> Text:
    """A run on a phone: its status, its flow, and the first task that failed."""
    failed = next((task for task in in_order(instance.graph) if task.status in BROKEN), None)
    return dots(
        layout("{mark} {status}", mark=mark(instance.status), status=status_code(instance.status)),
        escape(short(instance.flow_name) or str(instance.flow_id)),
        msg("task {task}", task=short(failed.name) or str(failed.id)) if failed is not None else None,
    )


def task_line(task: Task) -> Text:
    """One task with its status, where it is known."""
    named = Markup(" ".join(filter(None, (bold(task.name), code(str(task.id))))))
    if task.status is None:
        return layout("• {task}", task=named)
    return layout("{mark} {status} · {task}", mark=mark(task.status), status=status_code(task.status), task=named)


def task_list(tasks: Sequence[Task]) -> Block:
    """The tasks as one paragraph."""
    if not tasks:
        return blocks.section(msg("EnOS shows no tasks."))
    return blocks.section(lines(*map(task_line, tasks[:_LISTED]), _more(len(tasks) - _LISTED)))


def parameter_list(parameters: Sequence[Parameter]) -> Text:
    """Parameters that are masked already, one a line."""
    return lines(*map(_parameter, parameters[:_PARAMETERS]), _more(len(parameters) - _PARAMETERS))


def _parameter(parameter: Parameter) -> Text:
    value = code(_value(parameter.value))
    return layout("{key} = {value}", key=code(short(parameter.key)), value=value or msg("_empty_"))


def _more(number: int) -> Text | None:
    return plural("… and {n} more", "… and {n} more", number) if number > 0 else None


def schedule(flow: Flow, words: Callable[[str], str] | None) -> Text:
    """A flow's schedule; ``words`` are those of its expression in a language, None where it has none."""
    if words is None:
        return _CYCLES.get(flow.cycle) or msg("none")
    if ":" in words(EN):  # the expression is in the platform's time zone, not in each reader's
        return msg("{schedule} (EnOS's time zone)", schedule=words)
    return layout("{schedule}", schedule=words)


def _value(value: str) -> str:
    return value if len(value) <= _VALUE else value[: _VALUE - 1] + "…"
