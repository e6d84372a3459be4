"""Answer: a command from words to its one visible outcome.

    said ─► once? ─► who is it, do I listen ─► what do they want ─► may they ─► audit row ─► act ─► tell and record

Whatever goes wrong on the way ends in one sentence to the asker. What nobody foresaw is logged whole under a short
reference, and the reference is shown.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.audit import Attempt
from bot.core.command.local_times import AmbiguousTime
from bot.core.command.parse import ParseError, parse, say
from bot.core.command.requests import Help, Request, Trigger
from bot.core.command.rights import Caller, Denial, may, may_use_bot
from bot.core.command.table import BY_REQUEST
from bot.core.command.tokens import visible
from bot.core.errors import Failure, Refused, TemporaryFailure, Unclear
from bot.core.incident.lifecycle import StateConflict
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.conversations import SlackRefused
from bot.core.outbox.posts import Body, PostId
from bot.core.people.model import IncomingMessage, Profile, Surface
from bot.core.text.mask import STARS, withheld, without_secrets
from bot.messages.cards import answers
from bot.messages.cards.answers import Offer
from bot.messages.cards.incident import headline
from bot.work.commands import replaced_messages, reply, targets
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.handlers import HANDLERS
from bot.work.commands.reply import SLACK_FAILURES
from bot.work.monitor.flow_names import NameTrackingEnos

log = logging.getLogger(__name__)

LATE = timedelta(minutes=2)  # what is answered later than this is not done without asking again
OLD_BUTTON = "old button"  # what a button says whose value this version cannot read
_RECENT = 100  # attempts among which the first of two presses is looked for
_MASKED = 4000  # characters that are looked through for secrets before they are cut
_SHOWN = 300  # characters of a command that are repeated

Handler = Callable[[Services, CommandContext, Any], Awaitable[Answer]]


class SlackSilent(TemporaryFailure):
    """Slack did not tell what was needed."""

    def __str__(self) -> str:
        """Return the sentence."""
        return "Slack did not tell me what I need to know for this, so nothing was done. Ask again in a minute."


class Dispatcher:
    """Answers whatever people say, once each."""

    def __init__(self, services: Services, handlers: Mapping[type, Handler] = HANDLERS) -> None:
        self._services = replace(
            services, enos=NameTrackingEnos(services.enos, services.incident_actions.naming, services.clock)
        )
        self._handlers = handlers

    async def receive(self, incoming: IncomingMessage) -> None:
        """Work on one delivery; a repeat of it does nothing. Raises only where no answer can be written."""
        if await self.record_arrival(incoming):
            await self.answer(incoming)

    async def record_arrival(self, incoming: IncomingMessage) -> bool:
        """Write down what was said before anything is done about it; False for a repeat, which is to be left alone."""
        without_secret = replace(incoming, text=without_secrets(incoming.text, self._services.answer_settings.mask))
        return await self._services.store.record_delivery(incoming.key, incoming.at, without_secret)

    async def answer_left_over(self, left: Sequence[IncomingMessage]) -> None:
        """Answer what a former process heard and did not come to. Nothing was begun: the audit knows none of it."""
        for incoming in left:
            try:
                await self.answer(incoming)
            except Exception:
                log.exception("a command stays unanswered until the next start")

    async def answer(self, incoming: IncomingMessage) -> None:
        """Answer what has arrived. Raises only where no answer can be written."""
        context = self._initial_context(incoming)
        try:
            for step in (self._identified, self._in_time, self._understood, self._permitted, self._audited):
                context = await step(context)
            answer = await self._handlers[type(context.request)](self._services, context, context.request)
            if not context.row.changes:
                await targets.still_linked(self._services, context)
        except Failure as failure:
            answer = await self._refused(context, failure)
        except SLACK_FAILURES as error:
            log.warning("Slack did not tell what a command needed: %s", error)
            answer = await self._refused(context, SlackSilent())
        except Exception as bug:  # noqa: BLE001  a journey ends here: what nobody foresaw is shown by a reference
            # Its own id may stand under what was told before the bug.
            context = replace(context, post=PostId(self._services.new_id()))
            answer = self._internal_error(context, bug)
        await self._queue_answer(context, answer)

    def _initial_context(self, incoming: IncomingMessage) -> CommandContext:
        """Return what can be said of a request before anything was looked up."""
        return CommandContext(
            incoming=incoming,
            request=Help(),
            row=BY_REQUEST[Help],
            words=""
            if _is_unsupported(incoming)
            else _shortened(without_secrets(incoming.text.strip()[:_MASKED], self._services.answer_settings.mask)),
            caller=Caller(Profile(incoming.by), None),
            zone=self._services.answer_settings.timezone,
            now=self._services.clock(),
            post=PostId(self._services.new_id()),
        )

    # ── the steps ──

    async def _identified(self, context: CommandContext) -> CommandContext:
        """Look up who it is, and whether this person is listened to at all."""
        services, person = self._services, context.person
        try:
            profile = await services.slack.profile(person.user, team=person.team)
        except SlackRefused as refused:
            raise Refused(
                "unknown_person",
                f"Slack does not tell me who you are ({refused.error}), so nothing was done.",
                "Ask an admin of the bot to look at this.",
            ) from refused
        link = await services.store.link(person)
        caller = Caller(profile, link, admin=person.user in services.answer_settings.admins)
        context = replace(context, caller=caller, zone=_zone(profile, services.answer_settings.timezone))
        reason = may_use_bot(caller)
        if reason is not Denial.NONE:
            raise await targets.denial(services, context, reason)
        return context

    async def _in_time(self, context: CommandContext) -> CommandContext:
        """Refuse what was said too long ago to be done unasked: the bot was away in between."""
        if context.now - context.incoming.at <= LATE or _is_unsupported(context.incoming) or context.incoming.hint:
            return context
        unsaid = context.incoming.text == OLD_BUTTON or STARS in context.incoming.text
        again = () if unsaid else (("Do it now", context.incoming.text),)
        raise targets.FormattedRefusal(
            "late",
            "I could not come to this in time, because I was restarted or very busy. Nothing was done. "
            "If you still want it, say it again.",
            again,
        )

    async def _understood(self, context: CommandContext) -> CommandContext:
        """Turn the words into a request, and find the incident they were said to."""
        incident = await self._incident(context)
        if context.incoming.hint:
            raise _CardRefusal(
                context.incoming.hint,
                answers.hint(context.incoming.hint, context.words, direct=_is_direct(context.incoming)),
            )
        request = self._parsed(await self._text(context.incoming))
        row, words = BY_REQUEST[type(request)], self._masked(request)
        context = replace(context, request=request, row=row, words=words, incident=incident)
        return await replaced_messages.with_replacement(self._services, context)

    async def _text(self, incoming: IncomingMessage) -> str:
        """Return the words; those of a button may be kept in the store."""
        if _is_unsupported(incoming):
            raise _CardRefusal("retired", answers.unsupported(incoming.text, self._services.answer_settings.command))
        if incoming.origin.surface is not Surface.BUTTON:
            return incoming.text
        text: str | None = incoming.text
        if incoming.text.startswith("#"):
            stash, _, secret_key = incoming.text[1:].partition(".")
            text = self._services.secret_commands.get(secret_key) or await self._services.store.stashed(stash)
        if text is None or text == OLD_BUTTON:
            raise _CardRefusal("old_button", answers.old_button(self._services.answer_settings.command))
        return text

    def _parsed(self, text: str) -> Request:
        """Return what the words ask for; a place that is pointed out in them shows no secret."""
        try:
            request = parse(text, self._services.answer_settings.command)
        except ParseError as parse_error:
            without_secret = without_secrets(text, self._services.answer_settings.mask)
            if without_secret != text:
                parse(
                    without_secret, self._services.answer_settings.command
                )  # has the same place, without the secret around it
                what = "I could not read this. I do not repeat it, because it holds a secret."
                raise ParseError(parse_error.reason, what, parse_error.way_out) from None
            raise
        if isinstance(request, Trigger) and (keys := withheld(request.parameters)):
            named = " and ".join(f"`{visible(key)}`" for key in keys[:3])
            raise Refused(
                "withheld",
                f"I do not have the value of {named}: {STARS} stands for a secret, and I keep no secrets. "
                "Nothing was started.",
                "Type the command again with the value itself.",
            )
        return request

    def _masked(self, request: Request) -> str:
        """Return the command as understood, with secrets masked."""
        mask = self._services.answer_settings.mask
        if isinstance(request, Trigger):
            request = replace(request, parameters=tuple(map(mask.parameter, request.parameters)))
        return _shortened(without_secrets(say(request), mask))

    async def _incident(self, context: CommandContext) -> Incident | None:
        """Return the incident of the pressed card, or of the thread the words were said in."""
        origin, store = context.incoming.origin, self._services.store
        if context.incoming.post:
            post = await store.post(PostId(context.incoming.post))
            if post is not None and post.new.incident:
                return await store.incident(IncidentId(post.new.incident))
        thread = origin.thread or (origin.message if origin.surface is Surface.BUTTON else "")
        return await store.incident_of_thread(origin.channel, thread) if thread else None

    async def _permitted(self, context: CommandContext) -> CommandContext:
        """Whether they may use this verb at all; ownership of the flow is asked when it is done."""
        on_call, unread = await self._services.on_call.on_call_status(context.person.user)
        context = replace(context, caller=replace(context.caller, on_call=on_call, unread=unread))
        reason = may(context.row.who, context.caller)
        if reason is not Denial.NONE:
            raise await targets.denial(self._services, context, reason)
        return context

    async def _audited(self, context: CommandContext) -> CommandContext:
        """Write the audit row of what changes something; a (post, command) that acted does not act again."""
        if not context.row.changes:
            return context
        incoming, origin = context.incoming, context.incoming.origin
        key = incoming.key
        if incoming.post:  # a digest: the words may hold secrets
            key = f"press:{incoming.post}:{hashlib.sha256(incoming.text.encode()).hexdigest()[:32]}"
        attempt = Attempt(
            key=key,
            by=context.person,
            channel=origin.channel,
            thread=origin.thread,
            surface=origin.surface.value,
            words=context.words,
            verb=context.row.verb,
            at=context.now,
        )
        number = await self._services.store.begin_attempt(attempt, delivery=incoming.key)
        if number is None:
            raise _CardRefusal("already_done", await self._already(context, key))
        return replace(context, attempt=number)

    async def _already(self, context: CommandContext, key: str) -> Body:
        """Return the answer to a second press: with the present state."""
        store, now = self._services.store, self._services.clock()
        entry = await store.attempt_by_key(key)
        if entry is None:  # it has ended without an act since: the newest of that key is the one
            recent = await store.audit_entries(now - LATE, now + LATE, None, limit=_RECENT)
            entry = next((each for each in recent if each.attempt.key == key), None)
        state = f"Now: {headline(context.incident)}." if context.incident is not None else ""
        return answers.already(context.words, entry, now, state, post=context.post, asker=context.person)

    # ── the ends ──

    async def _refused(self, context: CommandContext, failure: Failure) -> Answer:
        """Return the answer to a refusal or an outage, for the asker alone."""
        if isinstance(failure, _CardRefusal):
            body = failure.body
        else:
            offers = await reply.fit_into_buttons(self._services, context, _offers(failure))
            shown = failure.shown if isinstance(failure, targets.FormattedRefusal | StateConflict) else ""
            text = shown or answers.ticked(self._services.answer_settings.mask(str(failure)))
            body = answers.told(context.words, text, post=context.post, offers=offers)
        return Answer(body, private=True, outcome=_outcome(failure))

    def _internal_error(self, context: CommandContext, bug: Exception) -> Answer:
        reference = self._services.new_id()[:8]
        log.error("unexpected, reference %s, in %r", reference, context.words, exc_info=bug)
        return Answer(answers.unexpected(context.words, reference), private=True, outcome=f"bug:{reference}")

    async def _queue_answer(self, context: CommandContext, answer: Answer) -> None:
        """Queue what is told, together with the end of the attempt."""
        if answer.queued:
            return
        posts = await reply.posts(self._services, context, answer)
        attempt_result = context.attempt_result(
            self._services.clock(), answer.outcome, request=answer.request, answer=answer.result
        )
        await self._services.store.queue(posts, attempt_result=attempt_result, delivery=context.incoming.key)
        self._services.wake()


class _CardRefusal(Refused):
    """A refusal whose card is made already."""

    def __init__(self, reason: str, body: Body) -> None:
        super().__init__(reason, str(body["text"]))
        self.body = body


def _is_unsupported(incoming: IncomingMessage) -> bool:
    """Whether it was said by something that this version does not have: there are no words to repeat or to do."""
    return incoming.origin.surface is Surface.UNSUPPORTED


def _is_direct(incoming: IncomingMessage) -> bool:
    return incoming.origin.surface is Surface.DIRECT


def _offers(failure: Failure) -> tuple[Offer, ...]:
    return failure.offers if isinstance(failure, targets.FormattedRefusal | AmbiguousTime) else ()


def _outcome(failure: Failure) -> str:
    """Return the named reason for the audit (see ``audit.NOT_ACTED``)."""
    match failure:
        case Refused():
            return f"refused:{failure.reason}"
        case Unclear():
            return f"unclear:{type(failure).__name__}"
        case TemporaryFailure():
            return f"outage:{type(failure).__name__}"
        case _:
            return f"refused:{type(failure).__name__}"


def _shortened(words: str) -> str:
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"


def _zone(profile: Profile, fallback: tzinfo) -> tzinfo:
    """Return the zone of a person: by its name, else the offset that Slack tells, else that of the settings."""
    try:
        if profile.timezone:
            return ZoneInfo(profile.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    return fallback if profile.offset is None else timezone(profile.offset)
