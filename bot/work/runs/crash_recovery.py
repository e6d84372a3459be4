"""Recovery after a crash: at start, attempts without an end are looked up and answered with what is known.

    a run that may have been started        left to ``progress.py``
    a call that may have been sent          EnOS is asked for the present state
    a link                                  the store is asked whether it exists
    a retry that has ended                  nothing was done: one that was started has a run
    anything else                           nothing was done: such an act and its end are written together

Open attempts are read before the first new message is received. They may be answered later, while the bot works.
"""

import json
import logging
from collections.abc import Iterable

from bot.core.command.parse import parse
from bot.core.command.requests import LinkPerson, Unlink
from bot.core.errors import Failure, Refusal, internal_error
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import RunState
from bot.core.incident.retries import attempt_key
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import DONE, AttemptResult, Ending, Entry, Outcome, Person, Surface, is_part
from bot.core.text.escape import code, mention
from bot.core.text.message import Text, msg, plural, sentences
from bot.core.values import dataclass
from bot.messages.cards import answers, flows
from bot.work.commands.context import Services

log = logging.getLogger(__name__)

NOTHING_DONE = Outcome(Ending.OUTAGE, "interrupted")  # the button may be pressed again


@dataclass(frozen=True, slots=True)
class _Conclusion:
    """What is known of an open attempt."""

    text: Text
    outcome: Outcome
    public: bool = False  # a change took effect: everybody sees it where it was asked for
    request: str = ""
    result: str = ""


_NOT_DONE = _Conclusion(msg("Nothing was done. Try again if you still want it."), NOTHING_DONE)


async def open_attempts(services: Services) -> tuple[Entry, ...]:
    """The attempts that an earlier process left open, without those of runs that are still followed.

    To be called before the first new message is received. Raises ``TemporaryFailure`` where the store does not answer.
    """
    followed = {run.attempt for run in await services.store.runs(live=True, limit=500) if run.state is RunState.ASKED}
    retried = {attempt_key(retry) for retry in await services.store.open_retries()}  # left to ``retrier.py``
    return tuple(
        entry
        for entry in await services.store.unfinished_attempts()
        if entry.id not in followed and entry.attempt.key not in retried
    )


async def close_attempts(services: Services, entries: Iterable[Entry]) -> None:
    """Answer and end these attempts. Where EnOS does not say now what happened, the answer is that it is not known."""
    for entry in entries:
        try:
            is_of_rule = entry.attempt.surface == Surface.RULE.value  # its incident's thread has said what became of it
            if is_part(entry.attempt) or is_of_rule:  # a part is told with the others
                part = AttemptResult(entry.id, NOTHING_DONE, services.clock())
                await services.store.queue([], attempt_result=part)
                continue
            await _answer(services, entry, await _conclusion(services, entry))
        except Exception:
            log.exception("Attempt %s stays open until the next start", entry.id)


async def _conclusion(services: Services, entry: Entry) -> _Conclusion:
    """What is known; after any failure, that it is not known."""
    try:
        return await _looked_up(services, entry)
    except Failure as failure:
        log.warning("The outcome of attempt %s is not known: %s", entry.id, failure)
        text = sentences(
            msg("I could not find out whether it was done."),
            failure.message,
            msg("Check the state before you try again."),
        )
        return _Conclusion(text, Outcome(Ending.UNCLEAR, type(failure).__name__))
    except Exception:  # somebody waits: the unexpected is shown by a reference
        reference = services.new_id()[:8]
        log.exception("Attempt %s hit a bug, reference %s", entry.id, reference)
        return _Conclusion(internal_error(reference), Outcome(Ending.BUG, reference))


async def _looked_up(services: Services, entry: Entry) -> _Conclusion:
    if entry.detail:
        return await _call_conclusion(services, entry, json.loads(entry.detail))
    if entry.attempt.verb in {"link", "unlink"}:
        return await _link_conclusion(services, entry)
    if entry.attempt.verb in {"ack", "rerun"}:
        return await _bulk_conclusion(services, entry)
    return _NOT_DONE


async def _bulk_conclusion(services: Services, entry: Entry) -> _Conclusion:
    """How many of many were done before: those are on record, each by itself. Pressing again continues."""
    parts = await services.store.bulk_entries(entry.id)
    done = sum(part.outcome == DONE for part in parts)
    if not done:
        return _NOT_DONE
    if entry.attempt.verb == "ack":
        before = plural(
            "{n} incident was acknowledged before that.", "{n} incidents were acknowledged before that.", done
        )
    else:
        before = plural("{n} rerun was started before that.", "{n} reruns were started before that.", done)
    return _Conclusion(sentences(before, msg("What is left was not done. Press again to continue.")), NOTHING_DONE)


async def _call_conclusion(services: Services, entry: Entry, what: dict[str, object]) -> _Conclusion:
    """Ask EnOS for the present state as this person, so that they read only what EnOS lets them see.

    A person whose link has changed or was removed since is told that it is not known.
    """
    link = await services.store.link(entry.attempt.by)
    user = str(what.get("user") or "")
    if link is None or (user and link.user_id != user):
        text = msg(
            "I could not find out whether it was done, because your link to EnOS has changed since. "
            "Check the state before you try again."
        )
        return _Conclusion(text, Outcome(Ending.UNCLEAR, "link_changed"))
    if what["act"] == "cancel":
        instance = InstanceId(str(what["instance"]))
        found = await services.enos.instance(instance, as_user=link.user_id)
        run = code(instance)
        if found:
            status = flows.status_word(found.status)
            text = msg(
                "EnOS may have been asked to cancel run {run}. Its status now: {status}.", run=run, status=status
            )
        else:
            text = msg("EnOS may have been asked to cancel run {run}. EnOS does not show that run now.", run=run)
        return _Conclusion(text, Outcome(Ending.UNCLEAR, "interrupted"), public=True, request="cancel", result=instance)
    flow = await services.enos.flow(FlowId(int(str(what["flow"]))), as_user=link.user_id)
    if flow.active is not what["active"]:
        return _NOT_DONE
    named = flows.flow_name(flow.id, flow.name)
    if what["active"]:
        action, text = "enable", msg("The schedule of {flow} is on now.", flow=named)
    else:
        action, text = "disable", msg("The schedule of {flow} is off now.", flow=named)
    return _Conclusion(text, DONE, public=True, request=action, result=str(flow.id))


async def _link_conclusion(services: Services, entry: Entry) -> _Conclusion:
    try:
        request = parse(entry.attempt.words)
    except Refusal:  # words that were cut
        return _NOT_DONE
    team = entry.attempt.by.team
    if isinstance(request, LinkPerson):
        link = await services.store.link(Person(team, request.person))
        if link is not None and (link.user_id, link.user_name) == (request.user_id, request.user_name):
            return _Conclusion(msg("The link exists."), DONE, result=str(link.person))
    if isinstance(request, Unlink) and await services.store.link(Person(team, request.person)) is None:
        return _Conclusion(msg("The link is removed."), DONE, result=request.person)
    return _NOT_DONE


async def _answer(services: Services, entry: Entry, conclusion: _Conclusion) -> None:
    """Say what took effect where it was asked for, else tell only the person, and end the attempt."""
    now, attempt = services.clock(), entry.attempt
    public = conclusion.public and attempt.surface != "direct"
    body = answers.interrupted(attempt.words, mention(attempt.by.user), conclusion.text)
    post = NewPost(
        id=PostId(services.new_id()),
        kind=PostKind.MESSAGE,
        lane=Lane.ANSWER,
        channel=attempt.channel if public else attempt.by.user,
        body=body,
        due=now,
        thread=attempt.thread if public else "",
        user=attempt.by.user,
    )
    link = await services.store.link(attempt.by)
    user = link.user_id if link and conclusion.request else ""
    attempt_result = AttemptResult(entry.id, conclusion.outcome, now, conclusion.request, user, conclusion.result)
    await services.store.queue([post], attempt_result=attempt_result)
    services.wake()
