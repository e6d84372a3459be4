"""Rerun: EnOS does not have such a call; it is ``triggerFromTask`` from the failed task, for the same data time.

The data time is what the instance id holds (UTC); minutes that the id leaves out come from the trigger time as
printed. If the id for that minute is taken, the next free minute inside the same cycle period is used and shown.
Where an answer would be wrong data this module does not guess: it refuses, with the commands that remain.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.command.parse import in_words
from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB
from bot.core.command.word_forms import PAIRS
from bot.core.errors import Refusal
from bot.core.flow.graph import broken, downstream, in_order, one_for_all
from bot.core.flow.ids import digits_of, expected_instance, instance_moment, milliseconds
from bot.core.flow.model import (
    Flow,
    FlowId,
    Instance,
    InstanceId,
    Parameter,
    Task,
    TaskId,
)
from bot.core.flow.status import Status
from bot.core.flow.times import calibrate, read_time
from bot.core.text.escape import code, escape, visible
from bot.core.text.message import Message, Text, layout, lines, listed, msg, sentences
from bot.core.text.shown_times import minute_in_utc
from bot.core.values import dataclass

FIRST_YEAR = 2000  # EnOS puts 1970 into an id where it did not understand the time (sample of Trigger Flow)
MINUTE = timedelta(minutes=1)
REACH = timedelta(hours=2)  # how far after the data time a free minute may be
_WITH = next(each for each in BY_VERB["trigger"].clauses if each.word == "with")


@dataclass(frozen=True, slots=True)
class RerunPlan:
    """What a rerun will start."""

    flow: FlowId
    task: TaskId
    task_name: str
    data_time: datetime  # UTC, of the run that is repeated
    runs: tuple[str, ...]  # names of the tasks that will run
    skips: tuple[str, ...]  # names of those that will not


def plan(instance: Instance, flow: Flow, task: TaskId | None, zone: timedelta | None) -> RerunPlan:
    """What to start, or raise a Refusal that names the reason and what remains.

    ``zone`` is the offset of the platform's printed times, None while it is unknown.
    """
    at = data_time(instance, zone)
    if not _same(instance.parameters, flow.parameters):
        raise _other_parameters(instance, flow, _whole(instance, flow, at, zone))
    start = task if task is not None else _failed_task(instance, flow, _whole(instance, flow, at, zone))
    names = {each.id: each.name for each in flow.graph.tasks}
    if start not in names:
        raise Refusal(
            "unknown_task",
            msg(
                "Flow {flow} has no task {task} now. Nothing was started. {command} lists its tasks.",
                flow=code(str(flow.id)),
                task=code(str(start)),
                command=in_words(f"show {flow.id}"),
            ),
        )
    runs = downstream(flow.graph, start)
    return RerunPlan(
        flow=flow.id,
        task=start,
        task_name=names[start],
        data_time=at,
        runs=tuple(name for each, name in names.items() if each in runs),
        skips=tuple(name for each, name in names.items() if each not in runs),
    )


def data_time(instance: Instance, zone: timedelta | None) -> datetime:
    """The data time of a run, to the minute, UTC; raises Refusal where it is not certain."""
    digits = digits_of(instance.id)
    moment = instance_moment(instance.id)
    if moment is None or len(digits) not in {10, 12, 14} or moment.year < FIRST_YEAR:
        raise Refusal(
            "unknown_id_form",
            msg(
                "The ID {run} does not say for which time it ran, so I can't rerun it for the same data date. "
                "Name the trigger time yourself, for example {command}.",
                run=code(instance.id),
                command=in_words(f"trigger {instance.flow_id} at 2026-11-21T14:30Z"),
            ),
        )
    if len(digits) > 10:
        return moment.replace(second=0)
    calibration = calibrate(instance.id, instance.trigger_time, instance.start_time, zone or timedelta())
    printed = read_time(instance.trigger_time, calibration.trigger)
    if not calibration.certain or printed is None:
        raise Refusal(
            "uncalibrated",
            msg(
                "The ID {run} has no minutes, and the time zone of the times in EnOS is not certain. "
                "So I can't rerun it for the same data date. "
                "Name the minute yourself. For the full hour, use {command}.",
                run=code(instance.id),
                command=in_words(f"trigger {instance.flow_id}{_from(instance)} at {minute_in_utc(moment)}"),
            ),
        )
    return moment.replace(minute=printed.minute)


def minutes(cycle: str, at: datetime, zone: timedelta | None) -> tuple[datetime, ...]:
    """``at`` and the minutes after it within reach and inside the same cycle period.

    ``zone`` is the platform's offset: a period ends where it ends there or in UTC, whichever comes first.
    """
    end = min(_period_end(cycle, at + offset) - offset for offset in (timedelta(), zone or timedelta()))
    return tuple(at + number * MINUTE for number in range(REACH // MINUTE) if at + number * MINUTE < end)


def first_free(flow: FlowId, moments: Iterable[datetime], taken: Callable[[InstanceId], bool]) -> datetime | None:
    """The first of these minutes whose instance id is free, or None."""
    return next((each for each in moments if not taken(expected_instance(flow, milliseconds(each)))), None)


def _period_end(cycle: str, at: datetime) -> datetime:
    """The end of the data period that holds ``at``; for a cycle in minutes, or unknown, the next minute."""
    if cycle == "H":
        return at.replace(minute=0) + timedelta(hours=1)
    if cycle in {"D", "W", "M"}:
        return at.replace(hour=0, minute=0) + timedelta(days=1)
    return at + timedelta(minutes=1)


def _whole(instance: Instance, flow: Flow, at: datetime, zone: timedelta | None) -> str:
    """The command for the whole flow with the same data, at a minute other than the run's own; empty where none is."""
    free = first_free(flow.id, minutes(flow.cycle or instance.cycle, at, zone), {instance.id}.__contains__)
    return f"trigger {flow.id} at {minute_in_utc(free)}" if free else ""


def _other_parameters(instance: Instance, flow: Flow, whole: str) -> Refusal:
    differ = msg(
        "Run {run} had other parameters than flow {flow} has now. "
        "EnOS can't start from a task with changed parameters.",
        run=code(instance.id),
        flow=code(str(flow.id)),
    )
    if not whole:
        return Refusal("parameters_differ", sentences(differ, _in_the_console(instance)))
    present = msg(
        "To rerun the whole flow with its present parameters, use {command}. To change one, add {addition}.",
        command=in_words(whole),
        addition=in_code(_one_parameter),
    )
    return Refusal("parameters_differ", sentences(differ, present))


def _one_parameter(language: str) -> str:
    return f"{_WITH.word_in(language)} {PAIRS.placeholder_in(language).removesuffix(' …')}"


def _in_the_console(instance: Instance) -> Message:
    return msg(
        "Rerun the whole flow in the EnOS console. Run {run} has the only minute of its data date.",
        run=code(instance.id),
    )


def _from(instance: Instance) -> str:
    """The ``from`` clause for the task that failed, or else the first one; empty where no task is known."""
    tasks = broken(instance.graph) or in_order(instance.graph)
    return f" from {tasks[0].id}" if tasks else ""


def _failed_task(instance: Instance, flow: Flow, whole: str) -> TaskId:
    failed = broken(instance.graph)
    rerun = (
        msg("To rerun the whole flow, use {command}.", command=in_words(whole)) if whole else _in_the_console(instance)
    )
    if not failed:
        tasks = in_order(flow.graph)[:3]
        named = [
            layout("{command} ({task})", command=_command(instance, task), task=visible(task.name)) for task in tasks
        ]
        raise Refusal(
            "no_failed_task",
            lines(
                msg(
                    "EnOS shows no failed task in run {run}, so I don't know where to start.",
                    run=code(instance.id),
                ),
                msg("Name a task: {commands}.", commands=listed(named)) if named else None,
                rerun,
            ),
        )
    start = one_for_all(flow.graph, [task.id for task in failed])
    if start is None:
        choices = listed([_command(instance, task) for task in failed[:3]])
        raise Refusal(
            "no_single_task", lines(_branches(failed), msg("Choose one: {commands}.", commands=choices), rerun)
        )
    return start


def _command(instance: Instance, task: Task) -> Text:
    return layout("{command}", command=in_words(f"rerun {instance.id} from {task.id}"))


def _branches(failed: Sequence[Task]) -> Message:
    """That several tasks failed or timed out, and a rerun from one would leave out another."""
    late = {task.status == Status.TIMEOUT for task in failed}
    names = listed([escape(visible(task.name)) for task in failed[:5]], len(failed))
    if late == {True}:
        return msg("{n} tasks timed out: {tasks}. None of them leads to all the others.", n=len(failed), tasks=names)
    if late == {False}:
        return msg("{n} tasks failed: {tasks}. None of them leads to all the others.", n=len(failed), tasks=names)
    return msg(
        "{n} tasks failed or timed out: {tasks}. None of them leads to all the others.", n=len(failed), tasks=names
    )


def _same(ran: tuple[Parameter, ...], now: tuple[Parameter, ...]) -> bool:
    return sorted((p.key, p.value) for p in ran) == sorted((p.key, p.value) for p in now)
