"""Runs: the one message that shows a run somebody started, from the first task to the result."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.core.command.parse import in_words
from bot.core.errors import Offer
from bot.core.flow.graph import AT_WORK, BROKEN, in_order
from bot.core.flow.graph import ended as is_over
from bot.core.flow.ids import instance_moment
from bot.core.flow.model import Instance, Task
from bot.core.flow.run import Run, RunState, StartDetails
from bot.core.flow.status import Status, is_finished
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.text.escape import EMPTY, Markup, code, escape, mention, mention_channel
from bot.core.text.message import Message, Text, Value, dots, layout, lines, link, listed, msg, plural, sentences
from bot.messages.cards import answers, flows
from bot.messages.symbols import STATUS_COLORS, mark

VIEW_RUN = msg("View run")

_WIDTH = 20  # characters in a bar
_NAMED = 10  # tasks or parameters that are named
_NOT_STARTED, _RUNNING = msg("Not started"), msg("Running")
_UNDER_WAY: Mapping[int, Message] = {
    Status.INIT: msg("About to start"),
    Status.READY: msg("About to start"),
    Status.WAIT: msg("Waiting"),
    Status.SUSPEND: msg("Suspended"),
    **dict.fromkeys(AT_WORK | BROKEN, _RUNNING),  # one that has failed may still run other tasks
}
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
    if details.rule_of:
        parts.append(
            msg(
                "Started by the retry rule of {person}, because the error contains {text}.",
                person=code(flows.short(details.rule_of)),
                text=code(flows.short(details.rule_text)),
            )
        )
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


def who_and_what(run: Run) -> dict[str, Value]:
    """The data of a sentence about a run: the ``{person}`` who started it, and its ``{flow}``.

    Whose rule started it is named without a mention: they did nothing, and may be asleep.
    """
    rule_of = StartDetails.read(run.notes).rule_of if run.verb == "retry" else ""
    person = code(flows.short(rule_of)) if rule_of else mention(run.by.partition(":")[2])
    return {"person": person, "flow": flows.flow_name(run.flow_id, run.flow_name)}


def started(run: Run, task_name: str = "", *, zone: timedelta | None = None) -> Card:
    """The message right after EnOS accepted the call."""
    text = sentences(_begun(run, task_name), msg("This message follows the run."))
    return _card(run, [msg("Started")], text, zone=zone)


def started_elsewhere(run: Run, task_name: str, channel: str, *, zone: timedelta | None = None) -> Card:
    """The line in the other threads of the incident; ``channel`` has the thread with the progress, "" a private one."""
    where = msg("Its progress is shown in {channel}.", channel=mention_channel(channel)) if channel else None
    return _card(run, [msg("Started")], sentences(_begun(run, task_name), where), zone=zone)


def start_unconfirmed(run: Run, why: Text = EMPTY, *, zone: timedelta | None = None) -> Card:
    """The message while it is not known whether EnOS accepted the call; ``why`` is a few words."""
    if why:
        unsure = msg(
            "EnOS did not confirm ({why}). I'm checking whether the run started. I will not start it a second time.",
            why=why,
        )
    else:
        unsure = msg("EnOS did not confirm. I'm checking whether the run started. I will not start it a second time.")
    text = sentences(msg("{person} triggered {flow}.", **who_and_what(run)), unsure)
    return _card(run, [msg("Not confirmed yet")], text, zone=zone)


def start_not_noted(run: Run, reason: str) -> Text:
    """What the asker reads where the database failed after the call; ``reason`` is in its words."""
    return msg(
        "{flow} may have been started: I called EnOS, and then flowbot's database was not available ({reason}). "
        "Look at the run with {command} before you try again.",
        flow=who_and_what(run)["flow"],
        reason=reason,
        command=in_words(f"show {run.instance}"),
    )


def found(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message when a run was found after a lost answer. It may have ended by now."""
    text = sentences(
        msg(
            "{person} triggered {flow}, and EnOS shows the run. EnOS does not say who started it.", **who_and_what(run)
        ),
        msg("Status now: {status}.", status=flows.status_word(instance.status)),
        _from_task(run, instance),
    )
    headline = _ended(instance) if is_over(instance) else _headline(instance)
    return _card(run, [headline], text, _bar(instance), instance=instance, zone=zone)


def not_started(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when the platform shows no such run for a minute."""
    text = sentences(
        msg("{flow} was not started.", flow=who_and_what(run)["flow"]),
        msg("EnOS did not confirm it, and no such run appeared within a minute."),
        msg("{person}, try again if you still need it.", person=who_and_what(run)["person"]),
    )
    return _card(run, [_NOT_STARTED], text, zone=zone)


def minute_taken(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message when another run holds the minute."""
    text = msg(
        "{flow} was not started. Run {run} has this trigger time already, but not the tasks and parameters that "
        "{person} asked for. View that run, then try again in a minute.",
        run=code(run.instance),
        **who_and_what(run),
    )
    return _card(run, [_NOT_STARTED], text, offers=_view(run), zone=zone)


def found_unverified(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message when a run was found whose parameters cannot be compared with those asked for."""
    text = msg(
        "Run {run} of {flow} exists, but EnOS did not confirm that it is the one {person} triggered. I can't check its "
        "parameters: my secret key has changed since, and I keep no values. View the run before you try again. "
        "I will not start it a second time.",
        run=code(run.instance),
        **who_and_what(run),
    )
    return _card(run, [msg("Not confirmed")], text, offers=_view(run), instance=instance, zone=zone)


def progress(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message while the run is running: tasks done, and those that are running."""
    if instance.status in {Status.INIT, Status.READY}:
        state = msg("It is about to start.")
    elif instance.status == Status.WAIT:
        state = msg("Waiting for its turn or its time.")
    else:
        state = _so_far(instance)
    text = sentences(_begun(run, _task_name(run, instance)), state)
    return _card(run, [_headline(instance)], text, _bar(instance), instance=instance, zone=zone)


def _headline(instance: Instance) -> Message:
    """The state of a run that has not ended."""
    return _UNDER_WAY.get(instance.status) or flows.status_word(instance.status)


def _ended(instance: Instance) -> Message:
    return _ENDED.get(instance.status) or flows.status_word(instance.status)


def ended(
    run: Run, instance: Instance, took: timedelta | None, incident_link: str = "", *, zone: timedelta | None = None
) -> Card:
    """The message with the result; a failure links to its incident instead of alerting again."""
    tasks = [task for task in in_order(instance.graph) if task.status != Status.SKIP]
    broken = sorted(  # the one that broke as the run did comes first
        (task for task in tasks if task.status in BROKEN), key=lambda task: task.status != instance.status
    )
    text = [_result(run, instance, took, broken[0] if broken else None), _from_task(run, instance)]
    headline: list[Text] = [_ended(instance)]
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
    values = who_and_what(run)
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


def stopped_following(run: Run, instance: Instance, *, zone: timedelta | None = None) -> Card:
    """The message of a run that has not ended within a day."""
    text = msg(
        "{flow}, started by {person}, has not ended after 24 hours ({status}), so I stopped following it.",
        status=flows.status_word(instance.status),
        **who_and_what(run),
    )
    return _card(run, [msg("Not ended after 24 hours")], text, offers=_view(run), instance=instance, zone=zone)


def no_longer_shown(run: Run, *, zone: timedelta | None = None) -> Card:
    """The message of a run that EnOS does not show a day after its start; one that is deleted or hidden looks alike."""
    if run.state is RunState.ASKED:
        text = msg(
            "EnOS never confirmed that {person} started {flow}, and it does not show the run, so I stopped looking. "
            "Check in EnOS before you try again.",
            **who_and_what(run),
        )
        return _card(run, [msg("Not confirmed")], text, offers=_view(run), zone=zone)
    text = msg(
        "EnOS no longer shows this run of {flow}, started by {person}, so I stopped following it. It may have been "
        "deleted, or hidden from {person}. I don't know how it ended.",
        **who_and_what(run),
    )
    return _card(run, [msg("No longer shown")], text, offers=_view(run), zone=zone)


def cannot_be_followed(run: Run, reference: str, *, zone: timedelta | None = None) -> Card:
    """The message of a run that a bug keeps flowbot from following."""
    command = in_words(f"show {run.instance}")
    if run.state is RunState.ASKED:
        what = msg("I can't find out whether {flow} was started for {person}.", **who_and_what(run))
        how = msg("Something broke on my side. Look at the run with {command} before you try again.", command=command)
    else:
        what = msg("I can't follow this run of {flow}, started by {person}.", **who_and_what(run))
        how = msg("Something broke on my side. See how the run is doing with {command}.", command=command)
    text = sentences(what, how, msg("Give a flowbot admin this reference: {reference}.", reference=code(reference)))
    return _card(run, [msg("Not followed")], text, offers=_view(run), zone=zone)


def _begun(run: Run, task_name: str) -> Message:
    if not run.task:
        return msg("{person} started {flow}.", **who_and_what(run))
    task = flows.bold(task_name) or code(str(run.task))
    return msg("{person} started {flow} from {task}.", task=task, **who_and_what(run))


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
