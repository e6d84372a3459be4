"""Left open: at start, attempts without an end are looked up and answered with what is known to have happened.

    a run that may have been asked for      left to following (``progress.py``)
    a call that may have been sent          the platform is asked how things stand
    a link                                  the store says whether it stands
    anything else                           nothing was done: it happens together with its end, or not at all

What is left open is found before anything new is heard; it may be answered while the bot works already.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.audit import Entry
from bot.core.command.parse import parse
from bot.core.command.requests import LinkPerson, Unlink
from bot.core.errors import Failure, Refusal
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import name_of
from bot.core.outbox.posts import Kind, Lane, NewPost, PostId
from bot.core.people.model import Person
from bot.core.text.escape import code, mention
from bot.messages.cards import answers
from bot.work.commands.context import Rooms
from bot.work.ports_store import Settlement

log = logging.getLogger(__name__)

NOTHING_DONE = "outage:interrupted"  # the outcome that lets the button be pressed again


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known to have happened, as mrkdwn."""

    text: str
    outcome: str
    public: bool = False  # a change took effect: it is told where it was asked for
    request: str = ""
    result: str = ""


_NOTHING = _Known("Nothing was done. Ask again if you still want it.", NOTHING_DONE)


async def open_attempts(rooms: Rooms) -> tuple[Entry, ...]:
    """Return the attempts that a former process left open, but for runs that are followed.

    To be called before anything new is heard. Raises Outage where the store does not answer.
    """
    followed = {run.attempt for run in await rooms.store.runs(live=True, limit=500) if run.state == "asked"}
    return tuple(entry for entry in await rooms.store.unended() if entry.id not in followed)


async def close(rooms: Rooms, entries: Iterable[Entry]) -> None:
    """Answer and end these attempts. What EnOS does not tell now is said to be unknown."""
    for entry in entries:
        try:
            await _answer(rooms, entry, await _known(rooms, entry))
        except Exception:
            log.exception("attempt %s stays open until the next start", entry.id)


async def _known(rooms: Rooms, entry: Entry) -> _Known:
    """Return what is known; whatever goes wrong, the person hears that it is not."""
    try:
        return await _looked_up(rooms, entry)
    except Failure as failure:
        log.warning("what became of attempt %s is not known: %s", entry.id, failure)
        text = f"I could not find out whether it was done: {answers.ticked(str(failure))} Look before you ask again."
        return _Known(text, f"unclear:{type(failure).__name__}")


async def _looked_up(rooms: Rooms, entry: Entry) -> _Known:
    if entry.detail:
        return await _called(rooms, entry, json.loads(entry.detail))
    if entry.attempt.verb in {"link", "unlink"}:
        return await _linked(rooms, entry)
    return _NOTHING


async def _called(rooms: Rooms, entry: Entry, what: dict[str, object]) -> _Known:
    """Ask how things stand, as the person, so that they hear only what EnOS lets them see.

    Who is another user there now, or none, is told that it is not known.
    """
    link = await rooms.store.link(entry.attempt.by)
    user = str(what.get("user") or "")
    if link is None or (user and link.user_id != user):
        text = (
            "I could not find out whether it was done: your link to EnOS has changed since. Look before you ask again."
        )
        return _Known(text, "unclear:link_changed")
    if what["act"] == "cancel":
        instance = InstanceId(str(what["instance"]))
        found = await rooms.enos.instance(instance, as_user=link.user_id)
        state = f"is {name_of(found.status)} now" if found else "is not shown by EnOS now"
        text = f"EnOS may have been asked to stop run {code(instance)}, which {state}."
        return _Known(text, "unclear:interrupted", public=True, request="cancel", result=instance)
    flow = await rooms.enos.flow(FlowId(int(str(what["flow"]))), as_user=link.user_id)
    word, action = ("on", "enable") if what["active"] else ("off", "disable")
    if flow.active is not what["active"]:
        return _NOTHING
    text = f"Scheduling of flow {code(str(flow.id))} is {word} now, as was asked for."
    return _Known(text, "done", public=True, request=action, result=str(flow.id))


async def _linked(rooms: Rooms, entry: Entry) -> _Known:
    try:
        request = parse(entry.attempt.words)
    except Refusal:  # words that were cut
        return _NOTHING
    team = entry.attempt.by.team
    if isinstance(request, LinkPerson):
        link = await rooms.store.link(Person(team, request.person))
        if link is not None and (link.user_id, link.user_name) == (request.user_id, request.user_name):
            return _Known("The link stands.", "done", result=str(link.person))
    if isinstance(request, Unlink) and await rooms.store.link(Person(team, request.person)) is None:
        return _Known("The link is removed.", "done", result=request.person)
    return _NOTHING


async def _answer(rooms: Rooms, entry: Entry, known: _Known) -> None:
    """Tell where it was asked for what took effect, the person alone what did not, and end the attempt."""
    now, attempt = rooms.clock(), entry.attempt
    public = known.public and attempt.surface != "direct"
    body = answers.interrupted(attempt.words, mention(attempt.by.user), known.text)
    post = NewPost(
        id=PostId(rooms.new_id()),
        kind=Kind.MESSAGE,
        lane=Lane.ANSWER,
        channel=attempt.channel if public else attempt.by.user,
        body=body,
        due=now,
        thread=attempt.thread if public else "",
        user=attempt.by.user,
    )
    link = await rooms.store.link(attempt.by)
    user = link.user_id if link and known.request else ""
    settled = Settlement(entry.id, known.outcome, now, known.request, user, known.result)
    await rooms.store.queue([post], settle=settled)
    rooms.wake()
