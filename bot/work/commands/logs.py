"""Logs: the tail of a task's log, for the asker only, without its command line and with secrets masked."""

from bot.core.command.requests import Log
from bot.core.errors import Offer, Refusal
from bot.core.flow.graph import broken, in_order
from bot.core.flow.model import Instance, Task, TaskId
from bot.core.flow.status import Status
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Body
from bot.core.text.escape import Markup, clean, code, mention, plain
from bot.core.text.log_text import own_words
from bot.core.text.message import Message, Text, layout, lines, msg, sentences
from bot.messages.cards import answers, flows, runs
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.long_texts import without_blocking

TAIL = 30  # lines, where none is asked for
SHOWN = 2800  # characters in a message; what is longer becomes a file
_FILE_NAME = 200  # characters
PREVIEW = 1500  # characters of a long log that are shown besides its file


async def log(services: Services, context: CommandContext, request: Log) -> Answer:
    """Show the log's tail, of the failed task where none is named."""
    instance = await targets.instance(services, context, request.instance)
    task = chosen(instance, request.task)
    task_name, run = flows.bold(task.name) or code(str(task.id)), code(instance.id)
    again: Offer = (runs.VIEW_RUN, f"show {instance.id}")
    text = await services.enos.log(task.instance_id, as_user=context.as_user) if task.instance_id else None
    # Cleaned before it is masked: an invisible character would hide a secret from the mask.
    shown_text = await without_blocking(lambda log: services.answer_settings.mask(clean(own_words(log))), text or "")
    if not shown_text:
        nothing = msg(
            "EnOS has no log of task {task} in run {run}. It wrote nothing, or has not started.",
            task=task_name,
            run=run,
        )
        return Answer(answers.told(context.words, nothing, post=context.post, offers=[again]), private=True)
    all_lines = shown_text.split("\n")
    count = min(len(all_lines), request.tail or TAIL)
    tail = "\n".join(all_lines[-count:])
    head: Text = _head(task_name, run, count, len(all_lines))
    if request.here and context.incident is not None:
        shown = blocks.rich_pre(_end(tail, SHOWN))
        head = lines(msg("{person} shows this to everybody.", person=mention(context.incoming.by.user)), head)
        body = answers.told(context.words, head, post=context.post, offers=[again], extra=[shown])
        return Answer(body, in_incident=context.incident)
    offers = [again]
    if context.incident is not None:
        offers.insert(0, (msg("Show in thread"), f"log {instance.id} of {task.id} tail {count} here"))
    if len(tail) <= SHOWN:
        body = answers.told(context.words, head, post=context.post, offers=offers, extra=[blocks.rich_pre(tail)])
        return Answer(body, private=True)
    head = lines(head, msg("It is too long for a message, so I send it as a file in our DMs. This is its end."))
    shown = blocks.rich_pre(_end(tail, PREVIEW))
    body = answers.told(context.words, head, post=context.post, offers=offers, extra=[shown])
    return Answer(body, private=True, file=_file(instance, task, tail))


def _head(task: Markup, run: Markup, count: int, total: int) -> Message:
    if total == 1:
        return msg("Log of task {task} in run {run}", task=task, run=run)
    return msg("Log of task {task} in run {run}: last {n} of {total} lines", task=task, run=run, n=count, total=total)


def chosen(instance: Instance, wanted: TaskId | None) -> Task:
    """The task whose log is meant: the named one, else the first that failed, else the last that ran."""
    tasks = in_order(instance.graph)
    if wanted is not None:
        for task in tasks:
            if task.id == wanted:
                return task
        listed: list[Offer] = [
            (layout("{name} ({id})", name=flows.short(task.name), id=str(task.id)), f"log {instance.id} of {task.id}")
            for task in tasks[:10]
        ]
        text = sentences(
            msg("Run {run} has no task {task}.", run=code(instance.id), task=code(str(wanted))),
            msg("Choose one of its tasks.") if listed else None,
        )
        raise Refusal("unknown_task", text, offers=listed)
    ran = [task for task in tasks if task.status not in {None, Status.INIT, Status.SKIP}]
    choice = [*broken(instance.graph)[:1], *reversed(ran), *tasks]
    if not choice:
        raise Refusal(
            "no_tasks",
            msg("EnOS shows no tasks of run {run}, so there is no log. View the run in EnOS.", run=code(instance.id)),
        )
    return choice[0]


def _file(instance: Instance, task: Task, tail: str) -> Body:
    """The file; what is around it holds no words, so that it is the same in every language."""
    return {
        "filename": plain(f"{task.instance_id}.log", _FILE_NAME),
        "title": plain(f"{flows.short(task.name)} · {instance.id}", _FILE_NAME),
        "content": tail,
        "comment": f"{flows.bold(task.name) or code(str(task.id))} · {code(instance.id)}",
    }


def _end(text: str, limit: int) -> str:
    return text if len(text) <= limit else "…" + text[1 - limit :]
