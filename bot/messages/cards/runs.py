"""Runs: the one message that shows a run somebody started, from the first task to the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.errors import Offer
from bot.core.flow.graph import AT_WORK, BROKEN, in_order
from bot.core.flow.graph import ended as is_over
from bot.core.flow.ids import instance_moment
from bot.core.flow.model import Instance, InstanceId, Parameter, Task
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status, is_finished, name_of
from bot.core.outbox.card import Block, Card
from bot.core.people.model import Person
from bot.core.text.escape import code, escape, mention
from bot.core.text.message import ago, duration
from bot.core.text.shown_times import day_before, slack_date
from bot.messages import blocks
from bot.messages.cards import answers, flows

_COLORS = {
    Status.SUCCESS: "#1a7f37",
    Status.FAIL: "#d1242f",
    Status.INTERNAL_ERROR: "#d1242f",
    Status.TIMEOUT: "#bf3989",
}
_ENDED = ("not ended yet", "ended")
_WIDTH = 20  # characters in a bar


@dataclass(frozen=True, slots=True)
class StartDetails:
    """What was asked for besides the flow."""

    parameters: tuple[Parameter, ...] = ()  # as sent, masked
    unknown_keys: tuple[str, ...] = ()  # sent although the flow has no parameter of that name
    skips: tuple[str, ...] = ()  # names of tasks that do not run again
    moved: tuple[datetime, datetime] | None = None  # the minute that is taken, and the one used instead


def notes(beginning: StartDetails) -> str:
    """The lines that stay in the message while the run is followed, as mrkdwn; empty where there are none."""
    lines: list[str] = []
    if beginning.moved:
        wanted, at = map(slack_date, beginning.moved)
        lines.append(f"The id for {wanted} is taken, so this run stands at {at}, in the same data period.")
    if beginning.parameters:
        lines.append("*For this run only*\n" + flows.parameter_list(beginning.parameters))
    if beginning.unknown_keys:
        keys = ", ".join(code(flows.short(key)) for key in beginning.unknown_keys[:10])
        noun = "parameter" if len(beginning.unknown_keys) == 1 else "parameters"
        lines.append(f"The flow has no {noun} {keys}; sent all the same.")
    if beginning.skips:
        more = f" and {len(beginning.skips) - 10} more" if len(beginning.skips) > 10 else ""
        lines.append(f"Not run again: {', '.join(escape(flows.short(name)) for name in beginning.skips[:10])}{more}")
    return "\n".join(lines)


def person_of(run: Run) -> str:
    """The mention of who started it."""
    return mention(run.by.partition(":")[2])


def started(run: Run, task_name: str = "", *, zone: timedelta | None = None) -> Card:
    """The message right after EnOS accepted the call."""
    return _card(run, f"{person_of(run)} started {_what(run, task_name)}. This message follows the run.", zone=zone)


def start_unconfirmed(run: Run, why: str = "", *, zone: timedelta | None = None) -> Card:
    """The message while it is not known whether EnOS accepted the call; ``why`` is a clause, EnOS's or ours."""
    how = f" ({escape(why)})" if why else ""
    text = (
        f"{person_of(run)} asked to start {_what(run)}, but EnOS's answer was lost{how}. "
        "I am looking whether it runs; I do not send it again by myself."
    )
    return _card(run, text, zone=zone)


def found(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message when a run was found after a lost answer."""
    text = (
        f"{_what(run, _task_name(run, instance))} is running (EnOS does not say who started it); "
        f"{person_of(run)} asked for it."
    )
    return _card(run, text, _bar(instance), instance=instance, zone=zone)


def not_started(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when the platform shows no such run for a minute."""
    text = (
        f"{_what(run)} was not started: EnOS's answer was lost, and no such run appeared for a minute. "
        f"{person_of(run)}, ask again if you still need it."
    )
    return _card(run, text, zone=zone)


def minute_taken(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when another run holds the minute."""
    text = (
        f"Another run of {_what(run)} holds this minute: {code(run.instance)} exists, but not as {person_of(run)} "
        "asked for it, so EnOS did not start theirs. Look at it, then ask again in a minute."
    )
    return _card(run, text, offers=[("Show", f"show {run.instance}")], zone=zone)


def found_unverified(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message when a run was found whose parameters cannot be compared with those asked for."""
    text = (
        f"{code(run.instance)} of {_what(run)} exists, and EnOS's answer to {person_of(run)} was lost. I can't tell "
        "whether it has the parameters that were asked for: my key has changed since, and I keep no values. "
        "Look at the run before you ask again. I will not start it a second time."
    )
    return _card(run, text, offers=[("Show", f"show {run.instance}")], instance=instance, zone=zone)


@dataclass(frozen=True, slots=True)
class MinuteHolder:
    """The run that has the minute which a rerun would need."""

    id: InstanceId
    at: datetime  # the minute, UTC
    run: Run | None  # as flowbot started it; None where it did not
    instance: Instance | None  # as EnOS shows it to the asker
    asker: Person
    repeats: bool  # it is the run itself that was to be rerun


def no_minute(held: MinuteHolder, old: InstanceId, again: str, now: datetime) -> str:
    """Why a run cannot be rerun, as mrkdwn: whose run has its minute, its state, and what to do.

    ``again`` is a command for the next free minute, which belongs to other data; empty where there is none.
    """
    if held.repeats:
        whose = f"Run {code(old)} itself holds the minute {slack_date(held.at)}"
    else:
        whose = f"Run {code(held.id)} holds the minute {slack_date(held.at)}; {_starter(held, now)}"
    why = "EnOS keeps one run of a flow for each minute, and no later minute of the same data period is free"
    parts = [f"{whose}. {why}, so nothing was started."]
    instance = held.instance
    if instance is None:
        parts.append(f"EnOS does not show you how it stands now; ask again in a minute, or rerun {code(old)} there.")
    elif not is_over(instance):
        parts.append(f"It is for the same data, and {name_of(instance.status)} now: wait for its end.")
    elif instance.status == Status.SUCCESS:
        parts.append("It is for the same data, and ended with SUCCESS: another rerun may not be needed.")
    else:
        parts.append(f"It ended with {name_of(instance.status)}: rerun {code(held.id)} in the EnOS console.")
    if again and (instance is None or is_over(instance)):
        parts.append(f"For the data of the next free minute, which is another period, it is {code(again)}")
    return " ".join(parts)


def _starter(held: MinuteHolder, now: datetime) -> str:
    if held.run is None:
        return "EnOS does not say who started it"
    who = "you" if held.run.by == str(held.asker) else person_of(held.run)
    return f"{who} {'asked for' if held.run.state is RunState.ASKED else 'started'} it {ago(now - held.run.started_at)}"


def progress(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message while the run is running: tasks done, and those that are running."""
    tasks = in_order(instance.graph)
    running = [flows.bold(task.name) for task in tasks if task.status in AT_WORK]
    if instance.status in {Status.INIT, Status.READY}:
        state = "about to start"
    elif instance.status == Status.WAIT:
        state = "waiting for its turn or its time"
    else:
        state = _so_far(instance, running)
    text = f"{person_of(run)} started {_what(run, _task_name(run, instance))}: {state}."
    return _card(run, text, _bar(instance), instance=instance, zone=zone)


def ended(
    run: Run, instance: Instance, took: timedelta | None, incident_link: str = "", *, zone: timedelta | None = None
) -> Card:
    """The message with the result; a failure links to its incident instead of alerting again."""
    tasks = [task for task in in_order(instance.graph) if task.status != Status.SKIP]
    took_words = f" after {duration(took)}" if took is not None else ""
    what = _what(run, _task_name(run, instance))
    text = (
        f"{flows.mark(instance.status)} {what}, started by {person_of(run)}, "
        f"ended with {name_of(instance.status)}{took_words}."
    )
    offers: list[Offer] = []
    if instance.status == Status.SUCCESS:
        done = "Both tasks" if len(tasks) == 2 else f"All {len(tasks)} tasks"
        text += f" {done} are done." if len(tasks) > 1 else ""
    elif instance.status in BROKEN:
        broken = next((task for task in tasks if task.status in BROKEN), None)
        text += f" Task {_broke(broken)}." if broken else ""
        text += f" <{incident_link}|Its incident> goes on." if incident_link else ""
        offers = [("Log", f"log {instance.id}"), ("Rerun", f"rerun {instance.id}")]
    return _card(run, text, offers=offers, color=_COLORS.get(Status(instance.status)), instance=instance, zone=zone)


def _so_far(instance: Instance, running: Sequence[str]) -> str:
    """How far a run is; a flow of one task is not counted."""
    done, total = _done(instance)
    if total == 1:
        return f"its one task, {running[0]}, is running" if running else f"its one task has {_ENDED[done]}"
    now = f", running: {', '.join(running[:3])}" if running else ""
    return (f"{done} of {total} tasks done" if total else name_of(instance.status)) + now


def _broke(task: Task) -> str:
    """A task and how it ended."""
    name = flows.bold(task.name) or code(str(task.id))
    if task.status == Status.TIMEOUT:
        return f"{name} timed out"
    return f"{name} failed" if task.status == Status.FAIL else f"{name} ended with {name_of(task.status or 0)}"


def stopped_following(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when a run could not be followed to its end."""
    text = (
        f"{_what(run)}, started by {person_of(run)}, had not ended when I last saw it, a day after its start. "
        "I look no more; see for yourself how it stands."
    )
    return _card(run, text, offers=[("Show", f"show {run.instance}")], zone=zone)


def _what(run: Run, task_name: str = "") -> str:
    name = flows.flow_name(run.flow_id, run.flow_name)
    start = f" from {flows.bold(task_name) or code(str(run.task))}" if run.task else ""
    return f"{name}{start}"


def _task_name(run: Run, instance: Instance) -> str:
    return next((task.name for task in instance.graph.tasks if task.id == run.task), "")


def _done(instance: Instance) -> tuple[int, int]:
    tasks = [task for task in instance.graph.tasks if task.status != Status.SKIP]
    return sum(task.status is not None and is_finished(task.status) for task in tasks), len(tasks)


def _bar(instance: Instance) -> list[Block]:
    done, total = _done(instance)
    if not total:
        return []
    width = min(total, _WIDTH)
    filled = width * done // total
    return [blocks.context("▰" * filled + "▱" * (width - filled) + f"  {done} of {total}")]


def _card(
    run: Run,
    text: str,
    extra: Sequence[Block] = (),
    *,
    offers: Sequence[Offer] = (),
    color: str | None = None,
    instance: Instance | None = None,
    zone: timedelta | None = None,
) -> Card:
    """The message; with a color the text is above the bar, where Slack would otherwise repeat it."""
    head: list[Block] = [blocks.section(text)]
    parts: list[Block] = [*extra]
    if run.notes:
        parts.append(blocks.section(run.notes))
    at = instance_moment(run.instance) or datetime.fromtimestamp(run.trigger_ms / 1000, UTC)
    said = instance.data_date if instance else ""
    date = (said and escape(flows.short(said))) or day_before(at, zone)  # as EnOS says, or by its rule
    when = f"Run {code(run.instance)} · for {slack_date(at)}" + (f" · data date {date}" if date else "")
    parts.append(blocks.context(when))
    if offers and (row := answers.offered(offers, run.post)[0]):
        parts.append(blocks.actions(*row))
    if run.words:
        parts.append(blocks.context(f"↳ {blocks.typed(run.words)}"))
    return blocks.body(text, parts, color, head)
