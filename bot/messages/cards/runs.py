"""Runs: the one message that shows a run somebody started, from the first task to the result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.command.parse import in_words
from bot.core.errors import Offer
from bot.core.flow.graph import AT_WORK, BROKEN, in_order
from bot.core.flow.graph import ended as is_over
from bot.core.flow.ids import instance_moment
from bot.core.flow.model import Instance, InstanceId, Task
from bot.core.flow.run import Run, RunState, StartDetails
from bot.core.flow.status import Status, is_finished
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.people.model import Person
from bot.core.text.escape import EMPTY, Markup, code, escape, mention
from bot.core.text.message import Message, Text, Value, ago, dots, layout, lines, link, listed, msg, plural, sentences
from bot.messages.cards import answers, flows
from bot.messages.symbols import STATUS_COLORS, mark

VIEW_RUN = msg("View run")

_WIDTH = 20  # characters in a bar
_NAMED = 10  # tasks or parameters that are named
_NOT_STARTED, _RUNNING = msg("Not started"), msg("Running")
_ENDED: Mapping[int, Message] = {
    Status.SUCCESS: msg("Succeeded"),
    Status.FAIL: msg("Failed"),
    Status.INTERNAL_ERROR: msg("Failed"),
    Status.TIMEOUT: msg("Timed out"),
    Status.CANCEL: msg("Canceled"),
    Status.SKIP: msg("Skipped"),
}


def notes(details: StartDetails) -> Text:
    """The lines that stay in the message while the run is followed; empty where there are none."""
    parts: list[Text] = []
    if details.moved:
        wanted, at = details.moved
        parts.append(
            msg(
                "{wanted} already has a run, so this run has trigger time {time}. The data date is the same.",
                wanted=wanted,
                time=at,
            )
        )
    if details.parameters:
        parts += layout("*{title}*", title=msg("For this run only")), flows.parameter_list(details.parameters)
    if unknown := [code(flows.short(key)) for key in details.unknown_keys]:
        parts.append(
            plural(
                "{keys} is not a parameter of this flow. I sent it anyway.",
                "{keys} are not parameters of this flow. I sent them anyway.",
                len(unknown),
                keys=listed(unknown[:_NAMED], len(unknown)),
            )
        )
    if skips := [flows.bold(name) for name in details.skips]:
        parts.append(msg("Not run again: {tasks}", tasks=listed(skips[:_NAMED], len(skips))))
    return lines(*parts)


def person_of(run: Run) -> Markup:
    """The mention of who started it."""
    return mention(run.by.partition(":")[2])


def started(run: Run, task_name: str = "", *, zone: timedelta | None = None) -> Card:
    """The message right after EnOS accepted the call."""
    text = sentences(_begun(run, task_name), msg("This message follows the run."))
    return _card(run, [msg("Started")], text, zone=zone)


def start_unconfirmed(run: Run, why: Text = EMPTY, *, zone: timedelta | None = None) -> Card:
    """The message while it is not known whether EnOS accepted the call; ``why`` is a few words."""
    if why:
        unsure = msg(
            "EnOS did not confirm ({why}). I'm checking whether the run started. I will not start it a second time.",
            why=why,
        )
    else:
        unsure = msg("EnOS did not confirm. I'm checking whether the run started. I will not start it a second time.")
    text = sentences(msg("{person} triggered {flow}.", person=person_of(run), flow=_flow(run)), unsure)
    return _card(run, [msg("Not confirmed yet")], text, zone=zone)


def found(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message when a run was found after a lost answer."""
    running = msg(
        "{flow} is running. {person} triggered it. EnOS does not say who started the run.",
        flow=_flow(run),
        person=person_of(run),
    )
    text = sentences(running, _from_task(run, instance))
    return _card(run, [_RUNNING], text, _bar(instance), instance=instance, zone=zone)


def not_started(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when the platform shows no such run for a minute."""
    text = sentences(
        msg("{flow} was not started.", flow=_flow(run)),
        msg("EnOS did not confirm it, and no such run appeared within a minute."),
        msg("{person}, try again if you still need it.", person=person_of(run)),
    )
    return _card(run, [_NOT_STARTED], text, zone=zone)


def minute_taken(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when another run holds the minute."""
    text = msg(
        "{flow} was not started. Run {run} has this trigger time already, but not the tasks and parameters that "
        "{person} asked for. View that run, then try again in a minute.",
        flow=_flow(run),
        run=code(run.instance),
        person=person_of(run),
    )
    return _card(run, [_NOT_STARTED], text, offers=_view(run), zone=zone)


def found_unverified(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message when a run was found whose parameters cannot be compared with those asked for."""
    text = msg(
        "Run {run} of {flow} exists, but EnOS did not confirm that it is the one {person} triggered. I can't check its "
        "parameters: my secret key has changed since, and I keep no values. View the run before you try again. "
        "I will not start it a second time.",
        run=code(run.instance),
        flow=_flow(run),
        person=person_of(run),
    )
    return _card(run, [msg("Not confirmed")], text, offers=_view(run), instance=instance, zone=zone)


@dataclass(frozen=True, slots=True)
class MinuteHolder:
    """The run that has the minute which a rerun would need."""

    id: InstanceId
    at: datetime  # the minute, UTC
    run: Run | None  # as flowbot started it; None where it did not
    instance: Instance | None  # as EnOS shows it to the asker
    asker: Person
    repeats: bool  # it is the run itself that was to be rerun


def no_minute(held: MinuteHolder, old: InstanceId, again: str, now: datetime) -> Text:
    """Why a run cannot be rerun: whose run has its minute, its state, and what to do.

    ``again`` is a command for the next free minute, which belongs to other data; empty where there is none.
    """
    other = None
    if again and (held.instance is None or is_over(held.instance)):
        other = msg("To run it in the next free minute, with other data, use {command}.", command=in_words(again))
    return lines(
        sentences(
            msg("Run {run} has trigger time {time}.", run=code(held.id), time=held.at),
            None if held.repeats else _starter(held, now),
        ),
        msg(
            "EnOS allows one run a minute for each flow, and the same data date has no later free minute. "
            "Nothing was started."
        ),
        sentences(_state_of_holder(held, old), other),
    )


def _starter(held: MinuteHolder, now: datetime) -> Message:
    run = held.run
    if run is None:
        return msg("EnOS does not say who started it.")
    when, own = ago(now - run.started_at), run.by == str(held.asker)
    if run.state is RunState.ASKED:
        if own:
            return msg("You triggered it {ago}, and EnOS has not confirmed it yet.", ago=when)
        return msg("{person} triggered it {ago}, and EnOS has not confirmed it yet.", person=person_of(run), ago=when)
    if own:
        return msg("You started it {ago}.", ago=when)
    return msg("{person} started it {ago}.", person=person_of(run), ago=when)


def _state_of_holder(held: MinuteHolder, old: InstanceId) -> Message:
    instance = held.instance
    if instance is None:
        return msg(
            "EnOS does not show you its status now. Try again in a minute, or rerun {run} in the EnOS console.",
            run=code(old),
        )
    status = flows.status_word(instance.status)
    if not is_over(instance):
        return msg("It is for the same data date and has not ended ({status}). Wait until it ends.", status=status)
    if instance.status == Status.SUCCESS:
        return msg("It is for the same data date and succeeded. You may not need another rerun.")
    return msg("It has ended ({status}). Rerun {run} in the EnOS console.", status=status, run=code(held.id))


def progress(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message while the run is running: tasks done, and those that are running."""
    if instance.status in {Status.INIT, Status.READY}:
        headline, state = msg("About to start"), msg("It is about to start.")
    elif instance.status == Status.WAIT:
        headline, state = msg("Waiting"), msg("Waiting for its turn or its time.")
    else:
        headline, state = _RUNNING, _so_far(instance)
    text = sentences(_begun(run, _task_name(run, instance)), state)
    return _card(run, [headline], text, _bar(instance), instance=instance, zone=zone)


def ended(
    run: Run, instance: Instance, took: timedelta | None, incident_link: str = "", *, zone: timedelta | None = None
) -> Card:
    """The message with the result; a failure links to its incident instead of alerting again."""
    tasks = [task for task in in_order(instance.graph) if task.status != Status.SKIP]
    broken = sorted(  # the one that broke as the run did comes first
        (task for task in tasks if task.status in BROKEN), key=lambda task: task.status != instance.status
    )
    text = [_result(run, instance, took, broken[0] if broken else None), _from_task(run, instance)]
    headline: list[Text] = [_ENDED.get(instance.status) or flows.status_word(instance.status)]
    offers: list[Offer] = []
    if instance.status == Status.SUCCESS and len(tasks) > 1:
        text.append(msg("Both tasks are done.") if len(tasks) == 2 else msg("All {n} tasks are done.", n=len(tasks)))
    if instance.status != Status.SUCCESS and took is not None:
        text.append(msg("It ran for {duration}.", duration=took))
    if instance.status in BROKEN:
        headline += [msg("task {task}", task=flows.short(task.name) or str(task.id)) for task in broken[:1]]
        if incident_link:
            text.append(msg("Its incident: {link}.", link=link(incident_link, msg("Open thread"))))
        offers = [(msg("View log"), f"log {instance.id}"), (msg("Rerun"), f"rerun {instance.id}")]
    return _card(
        run,
        headline,
        layout("{mark} {text}", mark=mark(instance.status), text=sentences(*text)),
        offers=offers,
        color=STATUS_COLORS.get(instance.status),
        instance=instance,
        zone=zone,
    )


def _result(run: Run, instance: Instance, took: timedelta | None, broken: Task | None) -> Text:
    """How a run ended, with the task that broke it."""
    values: dict[str, Value] = {"flow": _flow(run), "person": person_of(run)}
    task = flows.bold(broken.name) or code(str(broken.id)) if broken else Markup()
    match instance.status:
        case Status.SUCCESS if took is not None:
            return msg("{flow}, started by {person}, succeeded after {duration}.", duration=took, **values)
        case Status.SUCCESS:
            return msg("{flow}, started by {person}, succeeded.", **values)
        case Status.FAIL | Status.INTERNAL_ERROR if broken:
            return msg("{flow}, started by {person}, failed in task {task}.", task=task, **values)
        case Status.FAIL | Status.INTERNAL_ERROR:
            return msg("{flow}, started by {person}, failed.", **values)
        case Status.TIMEOUT if broken and broken.status == Status.TIMEOUT:
            return msg("{flow}, started by {person}, timed out in task {task}.", task=task, **values)
        case Status.TIMEOUT:
            failed = msg("Task {task} failed.", task=task) if broken else None
            return sentences(msg("{flow}, started by {person}, timed out.", **values), failed)
        case Status.CANCEL:
            return msg("{flow}, started by {person}, was canceled.", **values)
    status = flows.status_word(instance.status)
    return msg("{flow}, started by {person}, has ended ({status}).", status=status, **values)


def _so_far(instance: Instance) -> Message:
    """How far a run is; a flow of one task is not counted."""
    done, total = _done(instance)
    running = [flows.bold(task.name) for task in in_order(instance.graph) if task.status in AT_WORK]
    if not total:
        return msg("Status now: {status}.", status=flows.status_word(instance.status))
    if total == 1:
        if running:
            return msg("Its only task, {task}, is running.", task=running[0])
        return msg("Its only task has ended.") if done else msg("Its only task has not ended yet.")
    if running:
        tasks = listed(running[:3], len(running))
        return msg("{done} of {total} tasks done. Running: {tasks}.", done=done, total=total, tasks=tasks)
    return msg("{done} of {total} tasks done.", done=done, total=total)


def stopped_following(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when a run could not be followed to its end."""
    text = msg(
        "{flow}, started by {person}, was still running after 24 hours, so I stopped following it.",
        flow=_flow(run),
        person=person_of(run),
    )
    return _card(run, [msg("Still running after 24 hours")], text, offers=_view(run), zone=zone)


def _begun(run: Run, task_name: str) -> Message:
    if not run.task:
        return msg("{person} started {flow}.", person=person_of(run), flow=_flow(run))
    task = flows.bold(task_name) or code(str(run.task))
    return msg("{person} started {flow} from {task}.", person=person_of(run), flow=_flow(run), task=task)


def _flow(run: Run) -> Markup:
    return flows.flow_name(run.flow_id, run.flow_name)


def _view(run: Run) -> list[Offer]:
    return [(VIEW_RUN, f"show {run.instance}")]


def _from_task(run: Run, instance: Instance) -> Message | None:
    if not run.task:
        return None
    return msg("It started from task {task}.", task=flows.bold(_task_name(run, instance)) or code(str(run.task)))


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
    bar = "▰" * filled + "▱" * (width - filled)
    return [blocks.context(layout("{bar}  {count}", bar=bar, count=msg("{done} of {total}", done=done, total=total)))]


def _card(
    run: Run,
    headline: Sequence[Text],
    text: Text,
    extra: Sequence[Block] = (),
    *,
    offers: Sequence[Offer] = (),
    color: str | None = None,
    instance: Instance | None = None,
    zone: timedelta | None = None,
) -> Card:
    """The message; with a color the text is above the bar, where Slack would otherwise repeat it.

    ``headline`` is the state, and what follows the flow's name on a phone.
    """
    parts: list[Block] = [*extra]
    if run.notes and (details := StartDetails.read(run.notes)) != StartDetails():
        parts.append(blocks.section(notes(details)))
    at = instance_moment(run.instance) or datetime.fromtimestamp(run.trigger_ms / 1000, UTC)
    date = (instance and flows.short(instance.data_date)) or flows.day_before(at, zone)  # as EnOS says, or by its rule
    named = code(run.instance)
    if date:
        when = msg("Run {run} · trigger time {time} · data date {date}", run=named, time=at, date=date)
    else:
        when = msg("Run {run} · trigger time {time}", run=named, time=at)
    parts.append(blocks.context(when))
    if offers and (row := answers.offered(offers, run.post)[0]):
        parts.append(blocks.actions(*row))
    if run.words:
        parts.append(blocks.context(layout("↳ {command}", command=blocks.typed(run.words))))
    name = escape(flows.short(run.flow_name) or str(run.flow_id))
    return blocks.Card(dots(headline[0], name, *headline[1:]), parts, color, [blocks.section(text)])
