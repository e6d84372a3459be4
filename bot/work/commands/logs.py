"""Logs: the tail of a task's log, for the asker only, without its command line and with secrets masked."""

from bot.core.command.requests import Log
from bot.core.errors import Offer
from bot.core.flow.graph import broken, in_order
from bot.core.flow.model import Instance, Task, TaskId
from bot.core.flow.status import Status
from bot.core.outbox.card import Body
from bot.core.text.escape import clean, code, mention, plain
from bot.core.text.log_text import own_words
from bot.messages import blocks
from bot.messages.cards import answers, flows
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
    what = f"task {flows.bold(task.name) or code(str(task.id))} in run {code(instance.id)}"
    again: Offer = ("Show the run", f"show {instance.id}")
    text = await services.enos.log(task.instance_id, as_user=context.as_user) if task.instance_id else None
    # Cleaned before it is masked: an invisible character would hide a secret from the mask.
    shown_text = await without_blocking(lambda log: services.answer_settings.mask(clean(own_words(log))), text or "")
    if not shown_text:
        told = f"EnOS has no log of {what}: it wrote nothing, or has not started."
        return Answer(answers.told(context.words, told, post=context.post, offers=[again]), private=True)
    lines = shown_text.split("\n")
    count = min(len(lines), request.tail or TAIL)
    tail = "\n".join(lines[-count:])
    head = f"Log of {what}, the last {count} of {len(lines)} lines." if len(lines) > 1 else f"Log of {what}."
    if request.here and context.incident is not None:
        shown = blocks.rich_pre(_end(tail, SHOWN))
        head = f"{mention(context.incoming.by.user)} shows this to all. {head}"
        body = answers.told(context.words, head, post=context.post, offers=[again], extra=[shown])
        return Answer(body, in_incident=context.incident)
    offers = [again]
    if context.incident is not None:
        offers.insert(0, ("Show in thread", f"log {instance.id} of {task.id} tail {count} here"))
    if len(tail) <= SHOWN:
        body = answers.told(context.words, head, post=context.post, offers=offers, extra=[blocks.rich_pre(tail)])
        return Answer(body, private=True)
    head += " It is long, so it comes as a file in our direct messages; this is its end."
    shown = blocks.rich_pre(_end(tail, PREVIEW))
    body = answers.told(context.words, head, post=context.post, offers=offers, extra=[shown])
    return Answer(body, private=True, file=_file(instance, task, tail))


def chosen(instance: Instance, wanted: TaskId | None) -> Task:
    """The task whose log is meant: the named one, else the first that failed, else the last that ran."""
    tasks = in_order(instance.graph)
    if wanted is not None:
        for task in tasks:
            if task.id == wanted:
                return task
        listed = [(f"{flows.short(task.name)} ({task.id})", f"log {instance.id} of {task.id}") for task in tasks[:10]]
        text = f"Run {code(instance.id)} has no task {code(str(wanted))}."
        raise targets.FormattedRefusal("unknown_task", f"{text} Choose one of its tasks." if listed else text, listed)
    ran = [task for task in tasks if task.status not in {None, Status.INIT, Status.SKIP}]
    choice = [*broken(instance.graph)[:1], *reversed(ran), *tasks]
    if not choice:
        raise targets.FormattedRefusal(
            "no_tasks",
            f"EnOS shows no tasks of run {code(instance.id)}, so there is no log to read. Look at it in EnOS.",
        )
    return choice[0]


def _file(instance: Instance, task: Task, tail: str) -> Body:
    return {
        "filename": plain(f"{task.instance_id}.log", _FILE_NAME),
        "title": plain(f"{flows.short(task.name)} in {instance.id}", _FILE_NAME),
        "content": tail,
        "comment": f"Log of task {flows.bold(task.name) or code(str(task.id))} in run {code(instance.id)}",
    }


def _end(text: str, limit: int) -> str:
    return text if len(text) <= limit else "…" + text[1 - limit :]
