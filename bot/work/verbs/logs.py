"""Logs: the tail of a task's log, for the asker alone, without its command line, secrets masked."""

import re

from bot.core.cards import answers, blocks
from bot.core.errors import Refused
from bot.core.escape import code
from bot.core.flows import Instance, Task
from bot.core.graphs import broken, in_order
from bot.core.posts import Body
from bot.core.requests import Log
from bot.core.status import Status
from bot.work import finding
from bot.work.asking import Answer, Ask, Rooms

TAIL = 30  # lines, where none is asked for
SHOWN = 2800  # characters; what is longer becomes a file
_HEAD = re.compile(r"^(cmdline|submitter):.*(?:\n(?![a-z ]+:|=+$).*)*", re.MULTILINE)


async def log(rooms: Rooms, ask: Ask, request: Log) -> Answer:
    """Show the log's tail, of the failed task where none is named."""
    instance = await finding.instance(rooms, ask, request.instance)
    task = chosen(instance, request)
    text = await rooms.enos.log(task.instance_id, as_user=ask.as_user) if task.instance_id else None
    what = f"{code(task.name)} in run {code(instance.id)}"
    again = ("Run", f"show {instance.id}")
    if not text or not text.strip():
        told = answers.told(ask.words, f"EnOS has no log of {what} (yet).", post=ask.post, offers=[again])
        return Answer(told, private=True)
    clean = rooms.manners.mask(without_command(text)).strip("\n")
    lines = clean.split("\n")
    tail = "\n".join(lines[-(request.tail or TAIL) :])
    head = f"Log of {what}, last {min(len(lines), request.tail or TAIL)} of {len(lines)} lines"
    here = ask.incident is not None and request.here
    offers = [again]
    if ask.incident is not None and not request.here:
        offers.insert(0, ("Show in thread", f"log {instance.id} of {task.id} tail {request.tail or TAIL} here"))
    if len(tail) <= SHOWN:
        body = answers.told(ask.words, head, post=ask.post, offers=offers, extra=[blocks.rich_pre(tail)])
        return Answer(body, private=not here, in_incident=ask.incident if here else None)
    file: Body = {
        "filename": f"{task.instance_id or instance.id}.log",
        "title": f"{task.name} in {instance.id}",
        "content": tail,
        "comment": f"Log of {what}",
    }
    body = answers.told(
        ask.words,
        f"{head}. It is long, so it is on its way to your direct messages as a file; here is its end.",
        post=ask.post,
        offers=offers,
        extra=[blocks.rich_pre("…" + tail[-1500:])],
    )
    return Answer(body, private=not here, in_incident=ask.incident if here else None, file=file)


def chosen(instance: Instance, request: Log) -> Task:
    """Return the task whose log is meant: the named one, else the first that failed, else the last that ran."""
    tasks = in_order(instance.graph)
    if request.task is not None:
        for task in tasks:
            if task.id == request.task:
                return task
        listed = ", ".join(f"{task.id} {task.name}" for task in tasks[:8])
        raise Refused("unknown_task", f"Run {instance.id} has no task {request.task}.", f"Its tasks are: {listed}.")
    ran = [task for task in tasks if task.status not in {None, Status.INIT, Status.SKIP}]
    choice = [*broken(instance.graph)[:1], *reversed(ran), *tasks]
    if not choice:
        raise Refused(
            "no_tasks",
            f"EnOS shows no tasks of run {instance.id}, so there is no log to read.",
            "Look at it there.",
        )
    return choice[0]


def without_command(text: str) -> str:
    """Return the log without the header lines that hold the command line and the submitter."""
    return _HEAD.sub("", text)
