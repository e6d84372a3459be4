"""What the form that triggers a flow holds: its fields for one flow, and the command that they say. Pure.

    flow chosen ──► Opened: its tasks, and a field for each parameter ──► submitted ──► the words of ``trigger``
                    kept in the database, with fingerprints of the values

Only what a person changed is sent: a field that holds what it held at first says nothing. A secret is not shown, and
changed only where somebody types one.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from bot.core.command.parse import say
from bot.core.command.periods import resolve
from bot.core.command.requests import FlowRef, Trigger, When
from bot.core.command.tokens import LIMIT
from bot.core.errors import Refusal
from bot.core.flow.graph import in_order
from bot.core.flow.model import Flow, FlowId, Parameter, TaskId
from bot.core.forms.fields import LONGEST_TEXT
from bot.core.forms.model import Errors
from bot.core.text.escape import legible
from bot.core.text.mask import is_secret_key
from bot.core.text.message import Text, msg
from bot.core.values import dataclass

FLOW, TASK, DAY, CLOCK, PARAMETER = "flow", "task", "day", "clock", "p"  # names of fields; parameters have numbers
WHOLE = "all"  # the choice of all tasks
MOST_FIELDS = 80  # parameters: a view holds 100 blocks, and some are needed for the rest
MOST_TEXT = 60_000  # characters in all fields: a view holds about 250 kB
_ROOM = LIMIT - 40  # for the command: the preview that was seen is named behind it
_TASK_NAME = 80

Fingerprint = Callable[[Parameter], str]


@dataclass(frozen=True, slots=True)
class Field:
    """The field of a parameter."""

    key: str
    held: str = ""  # the fingerprint of what the flow has; empty where it has no such parameter
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The form of one flow, as it was when the flow was chosen."""

    flow: int
    name: str
    zone: str  # of the person who fills it in
    tasks: tuple[tuple[str, str], ...] = ()  # ID and name, in their order
    fields: tuple[Field, ...] = ()
    left: tuple[str, ...] = ()  # keys of parameters without a field
    seen: str = ""  # what the flow was like, as ``Seen.kept`` writes it

    def kept(self) -> str:
        """As the database keeps it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, kept: str | None) -> "Opened | None":
        """What ``kept`` wrote; None where it is gone, or another version wrote it."""
        try:
            found = json.loads(kept or "")
            tasks = tuple((id_, name) for id_, name in found.pop("tasks"))
            fields = tuple(Field(**each) for each in found.pop("fields"))
            return cls(**found | {"left": tuple(found["left"])}, tasks=tasks, fields=fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def opened(
    flow: Flow, said: Sequence[Parameter], zone: str, seen: str, fingerprint: Fingerprint
) -> tuple[Opened, dict[str, str]]:
    """The form of a flow, and what its fields of parameters hold at first.

    ``said`` are parameters that were named already. What a form cannot hold has no field.
    """
    named = {each.key: each.value for each in said}
    fields, left, values, room = list[Field](), list[str](), dict[str, str](), MOST_TEXT
    known = {each.key for each in flow.parameters}
    extra = [Parameter(key, "") for key in named if key not in known]
    for each in (*extra, *flow.parameters):
        is_secret = is_secret_key(each.key)
        value = named.get(each.key, "" if is_secret else each.value)
        fits = all(_as_entered(text) == text for text in (each.key, value, "" if is_secret else each.value))
        if not (fits and each.key and len(value) <= min(room, LONGEST_TEXT) and len(fields) < MOST_FIELDS):
            left.append(legible(each.key, _TASK_NAME))
            continue
        room -= len(value)
        values[f"{PARAMETER}{len(fields)}"] = value
        fields.append(Field(each.key, fingerprint(each) if each.key in known else "", is_secret))
    tasks = tuple((str(each.id), legible(each.name, _TASK_NAME)) for each in in_order(flow.graph))
    form = Opened(flow.id, legible(flow.name, _TASK_NAME), zone, tasks, tuple(fields), tuple(left), seen)
    return form, values


def _as_entered(text: str) -> str:
    """What Slack may report of a field that held this text, though nobody changed it."""
    return legible(text.replace("\r\n", "\n").replace("\r", "\n").strip())


def changes(form: Opened, values: Mapping[str, str], fingerprint: Fingerprint) -> dict[str, Parameter]:
    """The parameters that were changed, by the names of their fields."""
    found = {}
    for number, each in enumerate(form.fields):
        name = f"{PARAMETER}{number}"
        entered = Parameter(each.key, values.get(name, ""))
        is_left = name not in values or (not entered.value and (each.is_secret or not each.held))
        if not is_left and fingerprint(entered) != each.held:
            found[name] = entered
    return found


def command_of(form: Opened, values: Mapping[str, str], fingerprint: Fingerprint, now: datetime) -> str | Errors:
    """The command that the fields say; where they say none, what is wrong with which of them."""
    errors: dict[str, Text] = {}
    changed = changes(form, values, fingerprint)
    task = next((id_ for id_, _ in form.tasks if id_ == values.get(TASK)), "")
    if task and changed:
        errors[TASK] = msg(
            "EnOS can't start from a task with changed parameters. Start the whole flow, or leave the parameters as "
            "they are."
        )
    request = Trigger(
        FlowRef(FlowId(form.flow)),
        task=TaskId(int(task)) if task else None,
        parameters=tuple(changed.values()),
    )
    try:
        request = _timed(request, values, now, zone_of(form.zone))
    except Refusal as refused:
        errors[CLOCK] = refused.sentence
    if errors:
        return Errors(errors)
    words = say(request)
    if len(words) > _ROOM:
        return Errors(
            {
                next(iter(changed)): msg(
                    "Together, the changed values are {n} characters too long for one command. "
                    "Change fewer of them here.",
                    n=len(words) - _ROOM,
                )
            }
        )
    return words


def _timed(request: Trigger, values: Mapping[str, str], now: datetime, zone: tzinfo) -> Trigger:
    """The request with its trigger time. Raises Refusal where there is no such time."""
    day, clock = values.get(DAY, ""), values.get(CLOCK, "")
    if not clock:
        if day:
            raise Refusal("no_clock", msg("Choose a time as well, or no date: then it starts now."))
        return request
    local = now.astimezone(zone)
    if not day and clock <= local.time().isoformat("minutes"):
        raise Refusal(
            "passed",
            msg(
                "{time} has passed today. To start it now for that time, choose today's date as well.",
                time=clock,
            ),
        )
    when = When(f"{day or local.date()} {clock}")
    resolve(when, now, zone)
    return Trigger(request.flow, request.task, when, request.parameters)


def zone_of(name: str) -> tzinfo:
    """A zone by its name, or by its offset from UTC as ``zone_name`` writes it."""
    sign, _, minutes = name.partition(":")
    if sign == "offset":
        return timezone(timedelta(minutes=int(minutes)))
    return ZoneInfo(name)


def zone_name(zone: tzinfo, now: datetime) -> str:
    """The name under which a form keeps a zone."""
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    offset = now.astimezone(zone).utcoffset() or timedelta()
    return f"offset:{int(offset.total_seconds() // 60)}"
