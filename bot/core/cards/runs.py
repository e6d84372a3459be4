"""Runs: the one message that shows a run somebody started, from the first task to the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.cards import answers, blocks, flows
from bot.core.cards.blocks import Block
from bot.core.escape import code, escape, mention
from bot.core.facts import Run
from bot.core.flows import Instance, Parameter, TaskId
from bot.core.graphs import in_order
from bot.core.instance_ids import instance_moment
from bot.core.posts import Body
from bot.core.status import PENDING, Status, is_finished, name_of

_COLORS = {Status.SUCCESS: "#2eb67d", Status.FAIL: "#e01e5a", Status.TIMEOUT: "#ecb22e"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was asked for: what the message keeps saying while the run goes on."""

    words: str
    parameters: tuple[Parameter, ...] = ()  # as sent, masked
    unknown_keys: tuple[str, ...] = ()  # sent though the flow has none of that name
    task_name: str = ""
    skips: tuple[str, ...] = ()
    moved: str = ""  # why the data minute differs from the one asked for


def person_of(run: Run) -> str:
    """Return the mention of who started it."""
    return mention(run.by.partition(":")[2])


def started(run: Run, beginning: Beginning) -> Body:
    """Return the message right after EnOS took the call."""
    return _card(run, f"{person_of(run)} started {_what(run, beginning.task_name)}.", _begun(run, beginning))


def asked(run: Run) -> Body:
    """Return the message while it is not known whether EnOS took the call."""
    text = (
        f"{person_of(run)} asked to start {_what(run)}, but EnOS's answer was lost. "
        "I am looking whether it runs; I do not send it again by myself."
    )
    return _card(run, text, [])


def found(run: Run) -> str:
    """Return the words when a run was found after a lost answer."""
    return f"{_what(run)} is running (EnOS does not say who started it); {person_of(run)} asked for it."


def not_started(run: Run) -> Body:
    """Return the message when the platform shows no such run for a minute."""
    text = (
        f"{_what(run)} was not started: EnOS's answer was lost and no such run appeared for a minute. "
        f"{person_of(run)}, ask again if you still need it."
    )
    return _card(run, text, [])


def taken_by_another(run: Run) -> Body:
    """Return the message when another run holds the minute."""
    text = (
        f"Another run holds this minute: {code(run.instance)} exists, but not as {person_of(run)} asked for it. "
        "Look at it, then ask again in a minute."
    )
    return _card(run, text, [], offers=(("Show", f"show {run.instance}"),))


def progress(run: Run, instance: Instance, found_words: str = "") -> Body:
    """Return the message while the run goes on: tasks done, which are running."""
    tasks = [task for task in in_order(instance.graph) if task.status != Status.SKIP]
    done = [task for task in tasks if task.status is not None and is_finished(task.status)]
    running = [task.name for task in tasks if task.status in {Status.RUNNING, Status.RERUN}]
    state = f"{name_of(instance.status)}"
    if instance.status in PENDING:
        state = "waiting" if instance.status == Status.WAIT else "about to start"
    elif tasks:
        state = f"{len(done)} of {len(tasks)} tasks done"
    now = f", running: {', '.join(flows.bold(name) for name in running[:3])}" if running else ""
    text = f"{person_of(run)} started {_what(run)}: {state}{now}."
    return _card(run, found_words or text, [blocks.context(_bar(len(done), len(tasks)))] if tasks else [])


def ended(run: Run, instance: Instance, took: timedelta | None, incident_link: str = "") -> Body:
    """Return the message with the result; a failure points at its incident instead of a second alarm."""
    status = name_of(instance.status)
    tasks = [task for task in in_order(instance.graph) if task.status != Status.SKIP]
    took_words = f" after {duration(took)}" if took is not None else ""
    text = f"{flows.mark(instance.status)} {_what(run)}, started by {person_of(run)}, ended with {status}{took_words}."
    if instance.status == Status.SUCCESS:
        text += f" All {len(tasks)} tasks are done." if len(tasks) > 1 else ""
    offers: list[answers.OFFER] = []
    if instance.status in {Status.FAIL, Status.TIMEOUT, Status.INTERNAL_ERROR}:
        broken = next((task for task in tasks if task.status in {Status.FAIL, Status.TIMEOUT}), None)
        text += f" {flows.bold(broken.name)} failed." if broken else ""
        text += f" <{incident_link}|Its incident>." if incident_link else ""
        offers = [("Log", f"log {instance.id}"), ("Rerun", f"rerun {instance.id}")]
    return _card(run, text, [], offers=tuple(offers), color=_COLORS.get(Status(instance.status)))


def lost_sight(run: Run) -> Body:
    """Return the message when a run could not be followed to its end."""
    text = f"{_what(run)}, started by {person_of(run)}, was running when I lost sight of it. Look at it in EnOS."
    return _card(run, text, [], offers=(("Show", f"show {run.instance}"),))


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


def _what(run: Run, task_name: str = "") -> str:
    name = flows.flow_name(run.flow_id, run.flow_name)
    start = f" from {flows.bold(task_name) or code(str(run.task))}" if run.task else ""
    return f"{name}{start}"


def _begun(run: Run, beginning: Beginning) -> list[Block]:
    fields = [f"*Run*\n{code(run.instance)}", f"*Data time*\n{data_time(run)}"]
    parts: list[Block] = [blocks.section("It is on its way; this message follows it.", fields)]
    if beginning.moved:
        parts.append(blocks.section(escape(beginning.moved)))
    if beginning.parameters:
        lines = [f"{code(each.key)} = {code(each.value) or '_empty_'}" for each in beginning.parameters[:20]]
        parts.append(blocks.section("*For this run only*\n" + "\n".join(lines)))
    if beginning.unknown_keys:
        keys = ", ".join(code(key) for key in beginning.unknown_keys[:10])
        parts.append(blocks.section(f"The flow has no parameter {keys}; it was sent all the same."))
    if beginning.skips:
        parts.append(blocks.context(f"Not run again: {', '.join(escape(name) for name in beginning.skips[:10])}"))
    return parts


def data_time(run: Run) -> str:
    """Return the run's trigger time for the reader and its data date."""
    at = instance_moment(run.instance) or datetime.fromtimestamp(run.trigger_ms / 1000, UTC)
    return f"{flows.moment(at)}, data date {(at - timedelta(days=1)):%Y-%m-%d}"


def _bar(done: int, total: int) -> str:
    width = min(total, 20)
    filled = round(width * done / total)
    return "▰" * filled + "▱" * (width - filled) + f"  {done} of {total}"


def _card(
    run: Run,
    text: str,
    extra: Sequence[Block],
    *,
    offers: tuple[answers.OFFER, ...] = (),
    color: str | None = None,
) -> Body:
    row, _ = answers.buttons(offers, run.post)
    parts: list[Block] = [blocks.section(text), *extra]
    if row:
        parts.append(blocks.actions(*row))
    if run.words:
        parts.append(blocks.context(f"↳ {code(run.words)} · {code(run.instance)}"))
    return blocks.body(text, parts, color)


def task_of(run: Run) -> TaskId | None:
    """Return the task the run started from, None for the whole flow."""
    return TaskId(run.task) if run.task else None
