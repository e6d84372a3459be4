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
from bot.core.command.local_times import Undecided
from bot.core.command.parse import Misread, parse, say
from bot.core.command.requests import Help, Request, Trigger
from bot.core.command.rights import Reason, Standing, heard, may
from bot.core.command.table import row_of
from bot.core.command.words import visible
from bot.core.errors import Failure, Outage, Refused, Unclear
from bot.core.incident.lifecycle import Stands
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.conversations import SlackRefused
from bot.core.outbox.posts import Body, PostId
from bot.core.people.model import Profile, Said, Surface
from bot.core.text.mask import STARS
from bot.core.text.sealed import withheld, without_secrets
from bot.messages.cards import answers
from bot.messages.cards.answers import Offer
from bot.messages.cards.incident import headline
from bot.work.commands import moved, reply, targets
from bot.work.commands.context import Answer, Ask, Rooms
from bot.work.commands.handlers import HANDLERS
from bot.work.commands.reply import SLACK_FAILURES
from bot.work.monitor.flow_names import Listening

log = logging.getLogger(__name__)

LATE = timedelta(minutes=2)  # what is answered later than this is not done without asking again
OLD_BUTTON = "old button"  # what a button says whose value this version cannot read
_RECENT = 100  # attempts among which the first of two presses is looked for
_MASKED = 4000  # characters that are looked through for secrets before they are cut
_SHOWN = 300  # characters of a command that are repeated

Handler = Callable[[Rooms, Ask, Any], Awaitable[Answer]]


class SlackSilent(Outage):
    """Slack did not tell what was needed."""

    def __str__(self) -> str:
        """Return the sentence."""
        return "Slack did not tell me what I need to know for this, so nothing was done. Ask again in a minute."


class Answers:
    """Answers whatever people say, once each."""

    def __init__(self, rooms: Rooms, handlers: Mapping[type, Handler] = HANDLERS) -> None:
        self._rooms = replace(rooms, enos=Listening(rooms.enos, rooms.desk.naming, rooms.clock))
        self._handlers = handlers

    async def said(self, said: Said) -> None:
        """Work on one delivery; a repeat of it does nothing. Raises only where no answer can be written."""
        if await self.arrived(said):
            await self.answer(said)

    async def arrived(self, said: Said) -> bool:
        """Write down what was said before anything is done about it; False for a repeat, which is to be left alone."""
        kept = replace(said, text=without_secrets(said.text, self._rooms.manners.mask))
        return await self._rooms.store.first_time(said.key, said.at, kept)

    async def take_up(self, left: Sequence[Said]) -> None:
        """Answer what a former process heard and did not come to. Nothing was begun: the audit knows none of it."""
        for said in left:
            try:
                await self.answer(said)
            except Exception:
                log.exception("a command stays unanswered until the next start")

    async def answer(self, said: Said) -> None:
        """Answer what has arrived. Raises only where no answer can be written."""
        ask = self._bare(said)
        try:
            for step in (self._known, self._in_time, self._understood, self._permitted, self._noted):
                ask = await step(ask)
            answer = await self._handlers[type(ask.request)](self._rooms, ask, ask.request)
            if not ask.row.changes:
                await targets.still_linked(self._rooms, ask)
        except Failure as failure:
            answer = await self._refused(ask, failure)
        except SLACK_FAILURES as error:
            log.warning("Slack did not tell what a command needed: %s", error)
            answer = await self._refused(ask, SlackSilent())
        except Exception as bug:  # noqa: BLE001  a journey ends here: what nobody foresaw is shown by a reference
            # Its own id may stand under what was told before the bug.
            ask = replace(ask, post=PostId(self._rooms.new_id()))
            answer = self._broken(ask, bug)
        await self._told(ask, answer)

    def _bare(self, said: Said) -> Ask:
        """Return what can be said of a request before anything was looked up."""
        return Ask(
            said=said,
            request=Help(),
            row=row_of(Help()),
            words=""
            if _retired(said)
            else _cut(without_secrets(said.text.strip()[:_MASKED], self._rooms.manners.mask)),
            standing=Standing(Profile(said.by), None),
            zone=self._rooms.manners.timezone,
            now=self._rooms.clock(),
            post=PostId(self._rooms.new_id()),
        )

    # ── the steps ──

    async def _known(self, ask: Ask) -> Ask:
        """Look up who it is, and whether this person is listened to at all."""
        rooms, person = self._rooms, ask.person
        try:
            profile = await rooms.slack.profile(person.user, team=person.team)
        except SlackRefused as refused:
            raise Refused(
                "unknown_person",
                f"Slack does not tell me who you are ({refused.error}), so nothing was done.",
                "Ask an admin of the bot to look at this.",
            ) from refused
        link = await rooms.store.link(person)
        standing = Standing(profile, link, admin=person.user in rooms.manners.admins)
        ask = replace(ask, standing=standing, zone=_zone(profile, rooms.manners.timezone))
        reason = heard(standing)
        if reason is not Reason.MAY:
            raise await targets.denied(rooms, ask, reason)
        return ask

    async def _in_time(self, ask: Ask) -> Ask:
        """Refuse what was said too long ago to be done unasked: the bot was away in between."""
        if ask.now - ask.said.at <= LATE or _retired(ask.said) or ask.said.hint:
            return ask
        unsaid = ask.said.text == OLD_BUTTON or STARS in ask.said.text
        again = () if unsaid else (("Do it now", ask.said.text),)
        raise targets.Shown(
            "late",
            "I could not come to this in time, because I was restarted or very busy. Nothing was done. "
            "If you still want it, say it again.",
            again,
        )

    async def _understood(self, ask: Ask) -> Ask:
        """Turn the words into a request, and find the incident they were said to."""
        incident = await self._incident(ask)
        if ask.said.hint:
            raise _Told(ask.said.hint, answers.hint(ask.said.hint, ask.words, direct=_is_direct(ask.said)))
        request = self._read(await self._text(ask.said))
        ask = replace(ask, request=request, row=row_of(request), words=self._masked(request), incident=incident)
        return await moved.looked_at(self._rooms, ask)

    async def _text(self, said: Said) -> str:
        """Return the words; those of a button may be kept in the store."""
        if _retired(said):
            raise _Told("retired", answers.retired(said.text, self._rooms.manners.command))
        if said.where.surface is not Surface.BUTTON:
            return said.text
        text: str | None = said.text
        if said.text.startswith("#"):
            stash, _, held = said.text[1:].partition(".")
            text = self._rooms.held.get(held) or await self._rooms.store.stashed(stash)
        if text is None or text == OLD_BUTTON:
            raise _Told("old_button", answers.old_button(self._rooms.manners.command))
        return text

    def _read(self, text: str) -> Request:
        """Return what the words ask for; a place that is pointed out in them shows no secret."""
        try:
            request = parse(text, self._rooms.manners.command)
        except Misread as misread:
            kept = without_secrets(text, self._rooms.manners.mask)
            if kept != text:
                parse(kept, self._rooms.manners.command)  # has the same place, without the secret around it
                what = "I could not read this. I do not repeat it, because it holds a secret."
                raise Misread(misread.reason, what, misread.way_out) from None
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
        mask = self._rooms.manners.mask
        if isinstance(request, Trigger):
            request = replace(request, parameters=tuple(map(mask.parameter, request.parameters)))
        return _cut(without_secrets(say(request), mask))

    async def _incident(self, ask: Ask) -> Incident | None:
        """Return the incident of the pressed card, or of the thread the words were said in."""
        where, store = ask.said.where, self._rooms.store
        if ask.said.post:
            post = await store.post(PostId(ask.said.post))
            if post is not None and post.new.incident:
                return await store.incident(IncidentId(post.new.incident))
        thread = where.thread or (where.message if where.surface is Surface.BUTTON else "")
        return await store.incident_of_thread(where.channel, thread) if thread else None

    async def _permitted(self, ask: Ask) -> Ask:
        """Whether they may use this verb at all; ownership of the flow is asked when it is done."""
        on_call, unread = await self._rooms.on_call.standing(ask.person.user)
        ask = replace(ask, standing=replace(ask.standing, on_call=on_call, unread=unread))
        reason = may(ask.row.who, ask.standing)
        if reason is not Reason.MAY:
            raise await targets.denied(self._rooms, ask, reason)
        return ask

    async def _noted(self, ask: Ask) -> Ask:
        """Write the audit row of what changes something; a (post, command) that acted does not act again."""
        if not ask.row.changes:
            return ask
        said, where = ask.said, ask.said.where
        key = said.key
        if said.post:  # a digest: the words may hold secrets
            key = f"press:{said.post}:{hashlib.sha256(said.text.encode()).hexdigest()[:32]}"
        attempt = Attempt(
            key=key,
            by=ask.person,
            channel=where.channel,
            thread=where.thread,
            surface=where.surface.value,
            words=ask.words,
            verb=ask.row.verb,
            at=ask.now,
        )
        number = await self._rooms.store.attempt(attempt, delivery=said.key)
        if number is None:
            raise _Told("already_done", await self._already(ask, key))
        return replace(ask, attempt=number)

    async def _already(self, ask: Ask, key: str) -> Body:
        """Return the answer to a second press: with the present state."""
        store, now = self._rooms.store, self._rooms.clock()
        entry = await store.attempted(key)
        if entry is None:  # it has ended without an act since: the newest of that key is the one
            recent = await store.audit(now - LATE, now + LATE, None, limit=_RECENT)
            entry = next((each for each in recent if each.attempt.key == key), None)
        state = f"Now: {headline(ask.incident)}." if ask.incident is not None else ""
        return answers.already(ask.words, entry, now, state, post=ask.post, asker=ask.person)

    # ── the ends ──

    async def _refused(self, ask: Ask, failure: Failure) -> Answer:
        """Return the answer to a refusal or an outage, for the asker alone."""
        if isinstance(failure, _Told):
            body = failure.body
        else:
            offers = await reply.fitted(self._rooms, ask, _offers(failure))
            shown = failure.shown if isinstance(failure, targets.Shown | Stands) else ""
            text = shown or answers.ticked(self._rooms.manners.mask(str(failure)))
            body = answers.told(ask.words, text, post=ask.post, offers=offers)
        return Answer(body, private=True, outcome=_outcome(failure))

    def _broken(self, ask: Ask, bug: Exception) -> Answer:
        reference = self._rooms.new_id()[:8]
        log.error("unexpected, reference %s, in %r", reference, ask.words, exc_info=bug)
        return Answer(answers.unexpected(ask.words, reference), private=True, outcome=f"bug:{reference}")

    async def _told(self, ask: Ask, answer: Answer) -> None:
        """Queue what is told, together with the end of the attempt."""
        if answer.queued:
            return
        posts = await reply.posts(self._rooms, ask, answer)
        settled = ask.settled(self._rooms.clock(), answer.outcome, request=answer.request, answer=answer.result)
        await self._rooms.store.queue(posts, settle=settled, delivery=ask.said.key)
        self._rooms.wake()


class _Told(Refused):
    """A refusal whose card is made already."""

    def __init__(self, reason: str, body: Body) -> None:
        super().__init__(reason, str(body["text"]))
        self.body = body


def _retired(said: Said) -> bool:
    """Whether it was said by something that this version does not have: there are no words to repeat or to do."""
    return said.where.surface is Surface.RETIRED


def _is_direct(said: Said) -> bool:
    return said.where.surface is Surface.DIRECT


def _offers(failure: Failure) -> tuple[Offer, ...]:
    return failure.offers if isinstance(failure, targets.Shown | Undecided) else ()


def _outcome(failure: Failure) -> str:
    """Return the named reason for the audit (see ``audit.frees``)."""
    match failure:
        case Refused():
            return f"refused:{failure.reason}"
        case Unclear():
            return f"unclear:{type(failure).__name__}"
        case Outage():
            return f"outage:{type(failure).__name__}"
        case _:
            return f"refused:{type(failure).__name__}"


def _cut(words: str) -> str:
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"


def _zone(profile: Profile, fallback: tzinfo) -> tzinfo:
    """Return the zone of a person: by its name, else the offset that Slack tells, else that of the settings."""
    try:
        if profile.timezone:
            return ZoneInfo(profile.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    return fallback if profile.offset is None else timezone(profile.offset)
