"""Previews: what a start would do, with the button that does it, and what changed since that was shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.errors import Offer
from bot.core.flow.model import Task
from bot.core.flow.preview import Difference, Preview, Seen
from bot.core.outbox.blocks import Block, Card, section
from bot.core.text.escape import Markup, code
from bot.core.text.message import Text, layout, lines, listed, msg, plural, sentences
from bot.messages.cards import answers, background, flows

_TASKS = 10  # that are named
_DIFFERENCES = 20  # that are shown
_WAITING = 10
_TOGETHER = 5  # parameters in a paragraph

TRIGGER, RERUN = msg("Trigger"), msg("Rerun")


def card(
    preview: Preview, words: str, post: str, offers: Sequence[Offer], changed: Sequence[Text] | None, now: datetime
) -> Card:
    """The question, before the press that starts it; ``changed``: it was shown already, and something was otherwise."""
    notice = None if changed is None else not_started(changed)
    return answers.told(
        words,
        lines(notice, sentences(question(preview), msg("Nothing has started yet."))),
        post=post,
        offers=offers,
        extra=paragraphs(preview, now),
    )


def paragraphs(preview: Preview, now: datetime) -> list[Block]:
    """What is said of it below the question: several paragraphs, so that long values leave room for the others."""
    changed = parameters(preview)
    each = [facts(preview, now), *(changed[at : at + _TOGETHER] for at in range(0, len(changed), _TOGETHER))]
    return [section(lines(*some)) for some in each if some]


def not_started(changed: Sequence[Text]) -> Text:
    """That nothing was started, because something changed since the preview; nothing in it: what, is not known."""
    what = lines(*(layout("• {change}", change=each) for each in changed)) if changed else None
    return lines(msg("*Something changed since the preview, so nothing was started.* Check it again."), what)


def question(preview: Preview) -> Text:
    """What is to be started."""
    flow = flows.flow_name(preview.flow, preview.name)
    task = _task(preview.start) if preview.start is not None else None
    if preview.of is not None and task is not None:
        return msg("Rerun {run} of {flow} from task {task}?", run=code(preview.of), flow=flow, task=task)
    return msg("Trigger {flow} from task {task}?", flow=flow, task=task) if task else msg("Trigger {flow}?", flow=flow)


def facts(preview: Preview, now: datetime) -> list[Text]:
    """What runs and what does not, for which time, and what waits for it: each on a line."""
    found: list[Text | None] = [_runs(preview)]
    if preview.skips:
        found.append(msg("Does not run: {tasks}.", tasks=_tasks(preview.skips)))
    found += _time(preview, now)
    if not preview.is_on:
        found.append(msg("The schedule of this flow is off. Only this run starts."))
    if preview.waiting:
        found.append(
            plural(
                "{n} flow waits for it: {flows}.",
                "{n} flows wait for it: {flows}.",
                len(preview.waiting),
                flows=listed(map(background.name, preview.waiting[:_WAITING]), len(preview.waiting)),
            )
        )
    return [each for each in found if each is not None]


def _runs(preview: Preview) -> Text:
    total = len(preview.runs) + len(preview.skips)
    if not total:
        return msg("EnOS shows no tasks of this flow, so I can't say which of them run.")
    if not preview.skips and total == 2:
        return msg("Runs both tasks: {tasks}.", tasks=_tasks(preview.runs))
    if not preview.skips:
        return plural("Runs its only task: {tasks}.", "Runs all {n} tasks: {tasks}.", total, tasks=_tasks(preview.runs))
    return msg("Runs {n} of {total} tasks: {tasks}.", n=len(preview.runs), total=total, tasks=_tasks(preview.runs))


def _time(preview: Preview, now: datetime) -> list[Text]:
    date = code(flows.short(preview.data_date))
    if preview.at is None:
        when: Text = msg("Trigger time: when you press the button.")
        return [sentences(when, msg("Data date {date}.", date=date) if date else None)]
    when = msg("Trigger time {time}.", time=preview.at)
    found: list[Text] = [sentences(when, msg("Data date {date}.", date=date) if date else None, _far(preview.at, now))]
    if preview.moved is not None:
        found.append(msg("{wanted} already has a run, so this is the next free minute.", wanted=preview.moved[0]))
    return found


def _far(at: datetime, now: datetime) -> Text | None:
    """How far off a trigger time is, where that is far."""
    if at - now > timedelta(days=7):
        return msg("That is {n} days from now.", n=(at - now).days)
    return msg("That was {n} days ago.", n=(now - at).days) if now - at > timedelta(days=180) else None


def parameters(preview: Preview) -> list[Text]:
    """The parameters that this run has otherwise than its flow, and how many stay as they are."""
    if not preview.differences:
        return [
            plural(
                "Its parameter stays as the flow has it.", "Its {n} parameters stay as the flow has them.", preview.kept
            )
        ] * bool(preview.kept)
    rest = len(preview.differences) - _DIFFERENCES
    return [
        layout("*{title}*", title=msg("For this run only")),
        *map(_difference, preview.differences[:_DIFFERENCES]),
        *([plural("… and {n} more", "… and {n} more", rest)] if rest > 0 else []),
        *(
            [plural("{n} parameter stays as it is.", "{n} parameters stay as they are.", preview.kept)]
            * bool(preview.kept)
        ),
    ]


def _difference(each: Difference) -> Text:
    key, now = code(flows.short(each.key)), code(each.now) or msg("_empty_")
    if each.before is None:
        return msg("{key}: {now}. The flow has no parameter of this name. I send it anyway.", key=key, now=now)
    return layout("{key}: {before} → {now}", key=key, before=code(each.before) or msg("_empty_"), now=now)


# ── what changed since ──────────────────────────────────────────────────────


def since(before: Seen | None, now: Seen) -> list[Text]:
    """What is otherwise than it was shown; nothing where what was shown is not known any more."""
    if before is None:
        return []
    found: list[Text | None] = []
    if before.name != now.name:
        found.append(msg("The flow is now named {name}.", name=flows.bold(now.name)))
    if before.is_on != now.is_on:
        found.append(msg("Its schedule was enabled.") if now.is_on else msg("Its schedule was disabled."))
    if before.schedule != now.schedule:
        found.append(msg("Its schedule has other times."))
    of_tasks = _since_tasks(before, now)
    if not of_tasks and before.order != now.order:
        of_tasks = [msg("Its tasks run in another order.")]
    found += [*of_tasks, *_since_parameters(before.parameters, now.parameters)]
    if before.at != now.at and now.at:
        found.append(msg("The trigger time is now {time}.", time=datetime.fromisoformat(now.at)))
    if before.data_date != now.data_date:
        found.append(msg("The data date is now {date}.", date=code(now.data_date) or msg("not known")))
    if before.status != now.status and now.status is not None:
        found.append(msg("The state of the run is now: {status}.", status=flows.status_word(now.status)))
    return [each for each in found if each is not None]


def _since_tasks(before: Seen, now: Seen) -> list[Text]:
    both = [each for each in now.tasks if each in before.tasks]
    found: list[Text] = []
    if tasks := [now.tasks[each] for each in now.tasks if each not in before.tasks]:
        found.append(plural("Task {tasks} was added.", "Tasks {tasks} were added.", len(tasks), tasks=_names(tasks)))
    if tasks := [before.tasks[each] for each in before.tasks if each not in now.tasks]:
        found.append(
            plural("Task {tasks} was removed.", "Tasks {tasks} were removed.", len(tasks), tasks=_names(tasks))
        )
    if tasks := [now.tasks[each] for each in both if before.tasks[each] != now.tasks[each]]:
        found.append(
            plural("Task {tasks} has a new name.", "Tasks {tasks} have new names.", len(tasks), tasks=_names(tasks))
        )
    if tasks := [now.tasks[each] for each in both if each in now.runs and each not in before.runs]:
        found.append(plural("Task {tasks} runs too.", "Tasks {tasks} run too.", len(tasks), tasks=_names(tasks)))
    if tasks := [now.tasks[each] for each in both if each not in now.runs and each in before.runs]:
        found.append(
            plural("Task {tasks} no longer runs.", "Tasks {tasks} no longer run.", len(tasks), tasks=_names(tasks))
        )
    return found


def _since_parameters(before: Mapping[str, str], now: Mapping[str, str]) -> list[Text]:
    found: list[Text] = []
    if keys := [each for each in now if each not in before]:
        found.append(
            plural("Parameter {keys} was added.", "Parameters {keys} were added.", len(keys), keys=_keys(keys))
        )
    if keys := [each for each in before if each not in now]:
        found.append(
            plural("Parameter {keys} was removed.", "Parameters {keys} were removed.", len(keys), keys=_keys(keys))
        )
    if keys := [each for each in now if before.get(each, now[each]) != now[each]]:
        found.append(
            plural(
                "Parameter {keys} has another value.",
                "Parameters {keys} have other values.",
                len(keys),
                keys=_keys(keys),
            )
        )
    return found


def _task(task: Task) -> Markup:
    return flows.bold(task.name) or code(str(task.id))


def _tasks(tasks: Sequence[Task]) -> Text:
    return listed(map(_task, tasks[:_TASKS]), len(tasks))


def _names(names: Sequence[str]) -> Text:
    return listed([flows.bold(each) for each in names[:_TASKS]], len(names))


def _keys(keys: Sequence[str]) -> Text:
    return listed([code(flows.short(each)) for each in keys[:_TASKS]], len(keys))
