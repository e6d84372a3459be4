"""The dispatcher takes a command from its words to its one visible outcome.

    said ─► once? ─► who is it ─► what do they want ─► may they ─► audit row ─► act ─► answer and record

Whatever goes wrong on the way ends in one sentence to the asker. An unexpected error is logged with its traceback
under a short reference, which the answer shows.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from bot.core.command import buttons, requests
from bot.core.command.flow_requests import Preview, Rerun
from bot.core.command.lacking import is_about_own_link
from bot.core.command.parse import parse, say
from bot.core.command.requests import ALL, ME, Accept, Ask, Help, LinkPerson, Request, Snooze, Trigger, Unsnooze
from bot.core.command.rights import Caller, Denial, Who, may, may_use_bot
from bot.core.command.table import BY_REQUEST
from bot.core.errors import DatabaseUnavailable, Failure, Refusal, Superseded
from bot.core.incident.model import IncidentId
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.outbox.posts import PostId
from bot.core.people.model import Attempt, IncomingMessage, Profile, Surface
from bot.core.text.escape import code, legible, visible
from bot.core.text.mask import STARS, without_secrets
from bot.core.text.message import listed, msg
from bot.messages.cards import answers
from bot.messages.cards import welcome as cards
from bot.work.commands import refusing, targets
from bot.work.commands.context import REPEATED, Answer, CommandContext, NotNoted, Services, posts_for
from bot.work.commands.handlers import HANDLER_OF
from bot.work.monitor.flow_names import NameTrackingEnos

log = logging.getLogger(__name__)

LATE = timedelta(minutes=2)  # what comes to be answered later than this is not done without asking again

_PRESSED = frozenset({Surface.BUTTON, Surface.FORM, Surface.HOME})  # their words are flowbot's
_SHOWN_FIRST = _PRESSED | {Surface.SHORTCUT}  # where a start is shown before it is done
_ON_MESSAGE = frozenset({Surface.BUTTON, Surface.FORM, Surface.SHORTCUT})  # ``Origin.message`` is what they are about


class _HandedOver(Exception):  # noqa: N818  nothing is wrong
    """Another replica answers it: only that one has the words."""


class Dispatcher:
    """Answers everything that people say, each once."""

    def __init__(self, services: Services) -> None:
        self._services = replace(
            services, enos=NameTrackingEnos(services.enos, services.incident_actions.naming, services.clock)
        )
        self._known: dict[str, tuple[str, bool]] = {}  # of people: the language in the store, and whether they spoke

    async def record_arrival(self, incoming: IncomingMessage) -> bool:
        """Write down what was said before anything is done about it; False for a repeat, which must be ignored."""
        without_secret = replace(incoming, text=without_secrets(incoming.text, self._services.answer_settings.mask))
        return await self._services.store.record_delivery(incoming.key, incoming.at, without_secret)

    async def answer_left_over(self, left: Sequence[IncomingMessage]) -> None:
        """Answer what an earlier process received but did not begin: the audit has no row of it."""
        for incoming in left:
            try:
                await self.answer(incoming)
            except Exception:
                log.exception("A command stays unanswered until the next start")

    async def answer(self, incoming: IncomingMessage) -> tuple[CommandContext, Answer]:
        """Answer what has arrived, and return the answer. Raises only where no answer can be written."""
        services, context = self._services, self._begun(incoming)
        try:
            context = await self._identified(context)
            context = await self._understood(context)
            if isinstance(context.request, Accept):
                from bot.work.commands.asking import resolved  # not before somebody answers a request

                context = await resolved(services, context, context.request)
            context = await self._permitted(context)
            context = await self._audited(context)
            kind = Preview if context.previews else type(context.request)
            answer = await HANDLER_OF[kind](services, context, context.request)
            if not context.changes:
                await targets.still_linked(services, context)
        except _HandedOver:
            return context, Answer(None, queued=True)
        except Failure as failure:
            if isinstance(failure, NotNoted):  # the message of a run that was started has the answer's id
                context = replace(context, post=PostId(services.new_id()))
            answer = await refusing.refused(services, context, failure)
        except SLACK_FAILURES as error:
            log.warning("Slack did not answer what a command asked: %s", error)
            answer = await refusing.refused(services, context, refusing.SlackSilent())
        except Exception as bug:  # noqa: BLE001  every command ends here: the unexpected is shown by a reference
            # The answer's id may already belong to a post that was queued before the bug.
            context = replace(context, post=PostId(services.new_id()))
            answer = refusing.internal_error(services, context, bug)
        if not answer.queued:
            await self._queue(context, answer)
        if context.offer is not None:
            await services.incident_actions.offers.asks.told(context.offer.id, services.clock())
        return context, answer

    async def introduce(self, incoming: IncomingMessage) -> CommandContext:
        """Who it is and which incident it is about, for a form or a home. Raises Refusal where they may not use it."""
        context = await self._identified(self._begun(incoming), greets=False)
        return await self._placed(context)

    async def words_of(self, text: str) -> str:
        """The words that are kept in memory or in the store under a reference; other words as they are."""
        return await self._words_of_button(text)

    def _begun(self, incoming: IncomingMessage) -> CommandContext:
        services = self._services
        return CommandContext(
            incoming=incoming,
            request=Help(),
            row=BY_REQUEST[Help],
            words="",  # until they are understood
            caller=Caller(Profile(incoming.by), None),
            zone=services.answer_settings.timezone,
            now=services.clock(),
            post=PostId(services.new_id()),
        )

    # ── the steps ──

    async def _identified(self, context: CommandContext, *, greets: bool = True) -> CommandContext:
        """Look up who it is, and refuse people to whom the bot does not answer at all.

        ``greets``: they say something, and their first answer welcomes them.
        """
        services, person = self._services, context.incoming.by
        try:
            profile = await services.slack.profile(person.user, team=person.team)
        except SlackRefused as refused:
            raise Refusal(
                "unknown_person",
                msg(
                    "Slack doesn't tell me who you are ({error}). Nothing was changed. Ask a flowbot admin to look at "
                    "this.",
                    error=code(refused.error),
                ),
            ) from refused
        known = await services.store.link(person)
        caller = Caller(profile, known, admin=person.user in services.answer_settings.admins)
        reason = may_use_bot(caller)
        greets = greets and reason is Denial.NONE
        language, spoke = self._known.get(person.user, ("", False))
        if language != profile.language or (greets and not spoke):
            is_first = await services.store.set_language(person.user, profile.language, greets=greets)
            context = replace(context, is_first=is_first)
            self._known[person.user] = profile.language, spoke or greets
        zone = context.zone  # of the settings
        if profile.timezone:
            zone = ZoneInfo(profile.timezone)
        elif profile.offset is not None:
            zone = timezone(profile.offset)
        context = replace(context, caller=caller, zone=zone)
        if reason is not Denial.NONE and not (reason is Denial.GUEST and is_about_own_link(context.incoming.text)):
            raise await targets.denial(services, context, reason)
        return context

    async def _understood(self, context: CommandContext) -> CommandContext:
        """Turn the words into a request, and find the incident they were said to."""
        settings, incoming, origin = self._services.answer_settings, context.incoming, context.incoming.origin
        if origin.surface is Surface.UNSUPPORTED:
            raise Refusal("retired", answers.unsupported(incoming.text, settings.command))
        if incoming.hint:
            raise Refusal(incoming.hint, answers.hint(incoming.hint, direct=origin.surface is Surface.DIRECT))
        if context.now - incoming.at > LATE:
            raise refusing.late(incoming.text)
        text = incoming.text
        if origin.surface in _PRESSED:
            text = await self._words_of_button(text, incoming.key)
        request = repeated = self._parsed(text)
        previews = only_shows = False
        if isinstance(request, Trigger | Rerun):
            repeated = replace(request, seen="")
            is_asked = request.confirmed or getattr(request, "bulk", None) is not None
            previews = request.dry_run or bool(request.seen) or (origin.surface in _SHOWN_FIRST and not is_asked)
            only_shows = previews and (request.dry_run or not request.seen)
        if isinstance(request, requests.Backfill):
            repeated, only_shows = replace(request, seen=""), request.dry_run
        if isinstance(repeated, Trigger):
            repeated = replace(repeated, parameters=tuple(map(settings.mask.parameter, repeated.parameters)))
        row = BY_REQUEST[type(request)]
        is_offer = row.hidden and row.changes and not isinstance(request, Ask | requests.Backfills)
        shown = row.verb if is_offer else without_secrets(say(repeated), settings.mask)  # an offer's id says nothing
        changes = row.changes and not (only_shows or (row.shows and request == row.request()))
        words = legible(shown, REPEATED)
        context = replace(context, request=request, row=row, changes=changes, previews=previews, words=words)
        if incoming.post or origin.thread or origin.message:
            context = await self._placed(context)
        if origin.surface is Surface.SHORTCUT and context.incident is None:
            raise Refusal("no_card", answers.not_about_an_incident())
        return context

    async def _words_of_button(self, text: str, delivery: str = "") -> str:
        """The command of a button, which may be kept in memory or in the store.

        Where it is in the memory of another replica, that one gets the delivery. Raises _HandedOver then.
        """
        command: str | None = text
        if (ids := buttons.referenced(text)) is not None:
            (stash, secret), store = ids, self._services.store
            command = self._services.secret_commands.get(secret)
            other = buttons.keeper(secret)
            if (
                command is None
                and delivery
                and other not in {"", store.replica}
                and await store.hand_over(delivery, other)
            ):
                raise _HandedOver
            command = command or await store.stashed(stash)
        if command is None or command == buttons.OLD_BUTTON:
            raise Refusal("old_button", answers.old_button(self._services.answer_settings.command))
        return command

    def _parsed(self, text: str) -> Request:
        """The request in the words. A refusal quotes the place it points to, but never a secret."""
        settings = self._services.answer_settings
        try:
            request = parse(text, settings.command)
        except Refusal as refused:
            without_secret = without_secrets(text, settings.mask)
            if without_secret != text:
                parse(without_secret, settings.command)  # fails at the same place, without the secret around it
                what = msg(
                    "I don't understand this command. I don't repeat it, because it holds a secret. "
                    "Check its quotes and try again."
                )
                raise Refusal(refused.reason, what) from None
            raise
        changed = request.parameters if isinstance(request, Trigger) else ()
        if keys := [each.key for each in changed if STARS in each.value]:
            raise Refusal(
                "withheld",
                msg(
                    "I don't have the value of {keys}: {stars} stands for a secret, and I don't keep secrets. "
                    "Nothing was started. Type the command again with the value itself.",
                    keys=listed([code(visible(key)) for key in keys[:3]], len(keys)),
                    stars=STARS,
                ),
            )
        return request

    async def _placed(self, context: CommandContext) -> CommandContext:
        """Find the incident of the pressed card or of the thread, and whether that message was lost since.

        A lost message that can't be edited is still visible, and so are its buttons, but it shows an old state. So a
        press on it that would change something is refused, with where the message is now and the present state. Words
        in its thread act as usual, and their answer is shown where they were written.
        """
        incoming, origin, store = context.incoming, context.incoming.origin, self._services.store
        pressed = origin.message if origin.surface in _ON_MESSAGE else ""
        card = await store.post(PostId(incoming.post)) if incoming.post else None
        if card is not None and card.new.incident:
            context = replace(context, incident=await store.incident(IncidentId(card.new.incident)))
        elif thread := origin.thread or pressed:
            context = replace(context, incident=await store.incident_of_thread(origin.channel, thread))
        for ts in dict.fromkeys((pressed, origin.thread)):
            message = await store.lost_message(origin.channel, ts) if ts else None
            acts = (context.changes or context.previews) and origin.surface is Surface.BUTTON
            if message is not None and ts == pressed and acts:
                raise await refusing.moved(self._services, context, message)
            if message is not None:
                return replace(context, replacement=message)
        return context

    async def _permitted(self, context: CommandContext) -> CommandContext:
        """Check whether they may use this verb at all; who owns the flow is checked by the verb itself."""
        asked = context.request
        is_for_all = isinstance(asked, Snooze | Unsnooze) and asked.scope == ALL
        who = Who.ADMIN if is_for_all else context.row.who
        if isinstance(asked, LinkPerson) and asked.person == ME:
            who = Who.ANYONE
        if who in {Who.RESPONDER, Who.ANYONE}:  # for help and whoami too; it decides nothing for the others
            on_call, unread = await self._services.on_call.on_call_status(context.incoming.by.user)
            context = replace(context, caller=replace(context.caller, on_call=on_call, unread=unread))
        reason = may(who, context.caller)
        if reason is not Denial.NONE:
            raise await targets.denial(self._services, context, reason)
        return context

    async def _audited(self, context: CommandContext) -> CommandContext:
        """Write the audit row of a verb that changes something; a (post, command) that has acted does not act again."""
        if not context.changes:
            return context
        incoming, origin, offer = context.incoming, context.incoming.origin, context.offer
        key = incoming.key
        if incoming.post:  # a digest, because the words may hold secrets
            key = f"press:{incoming.post}:{hashlib.sha256(incoming.text.encode()).hexdigest()[:32]}"
            # What "all" and "mine" are depends on who presses.
            if context.row.apart or getattr(context.request, "bulk", None):
                key = f"{key}:{incoming.by.user}"
        attempt = Attempt(
            key=key,
            by=context.incoming.by,
            channel=origin.channel,
            thread=origin.thread,
            surface=origin.surface.value,
            words=context.words,
            verb=context.row.verb,
            at=context.now,
            asker=offer.by if offer is not None else None,
        )
        number = await self._services.store.begin_attempt(
            attempt, delivery=incoming.key, offer=offer.id if offer is not None else None
        )
        if number is None:
            raise await refusing.already(self._services, context, key)
        return replace(context, attempt=number)

    # ── the ends ──

    async def _queue(self, context: CommandContext, answer: Answer) -> None:
        """Queue the answer's posts, together with the end of the attempt.

        Where the connection to the database was lost it is a new one by now: without an end the attempt stays open.
        """
        try:
            await self._write(context, answer)
        except Superseded:
            raise
        except DatabaseUnavailable:
            await self._write(context, answer)
        self._services.wake()

    async def _write(self, context: CommandContext, answer: Answer) -> None:
        if context.is_first and answer.body is not None and not (answer.public or answer.in_incident):
            welcome = cards.welcome(self._services.answer_settings.command, context.caller)
            answer = replace(answer, body=answer.body.with_block(welcome))
        posts = await posts_for(self._services, context, answer)
        attempt_result = context.attempt_result(
            self._services.clock(), answer.outcome, request=answer.request, answer=answer.result
        )
        await self._services.store.queue(posts, attempt_result=attempt_result, delivery=context.incoming.key)
