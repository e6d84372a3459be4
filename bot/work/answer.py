"""Answer: a command from words to its one visible outcome.

    said ─► once? ─► who is it, do I listen ─► what do they want ─► may they ─► audit row ─► act ─► tell and record

Whatever goes wrong on the way ends in one sentence to the asker. What nobody foresaw is logged whole under a short
reference, and the reference is shown.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.audit import Attempt
from bot.core.cards import answers
from bot.core.commands import row_of
from bot.core.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.errors import Failure, Outage, Refused, Unclear
from bot.core.incidents import Incident, IncidentId
from bot.core.parse import parse, say
from bot.core.people import Profile, Said, Surface
from bot.core.posts import Body, PostId
from bot.core.requests import Help, Request, Trigger
from bot.core.rights import Reason, Standing, heard, may
from bot.work import finding, telling
from bot.work.asking import Answer, Ask, Rooms
from bot.work.ports import Settlement
from bot.work.verbs.table import HANDLERS

log = logging.getLogger(__name__)

OLD_BUTTON = "old button"  # what a button of another version says
_SLACK = (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable)
_SHOWN = 300  # characters of a command that are repeated

Handler = Callable[[Rooms, Ask, Any], Awaitable[Answer]]


class Answers:
    """Answers whatever people say, once each."""

    def __init__(self, rooms: Rooms, handlers: Mapping[type, Handler] = HANDLERS) -> None:
        self._rooms = rooms
        self._handlers = handlers

    async def said(self, said: Said) -> None:
        """Work on one delivery. A repeat of the same delivery does nothing. Never raises."""
        try:
            if await self._rooms.store.first_time(said.key, said.at):
                await self._answered(said)
        except Exception:
            # The store itself fails here: no row can be written, and the log is what remains.
            log.exception("a command was lost: %s", self._rooms.manners.mask(said.text[:_SHOWN]))

    async def _answered(self, said: Said) -> None:
        ask = self._bare(said)
        try:
            for step in (self._known, self._understood, self._permitted, self._noted):
                ask = await step(ask)
            answer = await self._handlers[type(ask.request)](self._rooms, ask, ask.request)
        except Failure as failure:
            answer = await self._refused(ask, failure)
        except Exception as bug:  # noqa: BLE001  a journey ends here: what nobody foresaw is shown by a reference
            answer = self._broken(ask, bug)
        await self._told(ask, answer)

    def _bare(self, said: Said) -> Ask:
        """Return what can be said of a request before anything was looked up."""
        return Ask(
            said=said,
            request=Help(),
            row=row_of(Help()),
            words=self._rooms.manners.mask(said.text.strip()[:_SHOWN]),
            standing=Standing(Profile(said.by), None),
            zone=self._rooms.manners.timezone,
            now=self._rooms.clock(),
            post=PostId(self._rooms.new_id()),
        )

    async def _known(self, ask: Ask) -> Ask:
        """Look up who it is, and whether this person is listened to at all."""
        rooms, person = self._rooms, ask.person
        try:
            profile = await rooms.slack.profile(person.user, team=person.team)
            on_call = await self._on_call(ask)
        except _SLACK as error:
            raise Outage(
                "I could not ask Slack who you are just now, so nothing was done. Please ask again in a minute."
            ) from error
        link = await rooms.store.link(person)
        standing = Standing(profile, link, admin=person.user in rooms.manners.admins, on_call=on_call)
        if not rooms.manners.oncall:
            standing = replace(standing, on_call=on_call and link is not None)
        ask = replace(ask, standing=standing, zone=_zone(profile, rooms.manners.timezone))
        reason = heard(standing)
        if reason is not Reason.MAY:
            raise finding.Denied(reason, await finding.denial(rooms, ask, reason))
        return ask

    async def _on_call(self, ask: Ask) -> bool:
        """Whether the person is in an on-call group; where none is set, any member of the channel may be."""
        rooms = self._rooms
        if not rooms.manners.oncall:
            return ask.said.where.surface is not Surface.DIRECT
        for group in rooms.manners.oncall:
            if ask.person.user in await rooms.slack.group(group):
                return True
        return False

    async def _understood(self, ask: Ask) -> Ask:
        """Turn the words into a request, and find the incident they were said to."""
        text = ask.said.text
        if text == OLD_BUTTON:
            raise _Told("old_button", answers.old_button())
        if ask.said.post and text.startswith("#"):
            stashed = await self._rooms.store.stashed(text[1:])
            if stashed is None:
                raise _Told("old_button", answers.old_button())
            text = stashed
        incident = await self._incident(ask)
        request = parse(text)
        words = self._masked(request)
        return replace(ask, request=request, row=row_of(request), words=words, incident=incident)

    def _masked(self, request: Request) -> str:
        """Return the command as understood, with secrets masked."""
        mask = self._rooms.manners.mask
        if isinstance(request, Trigger):
            request = replace(request, parameters=tuple(map(mask.parameter, request.parameters)))
        return mask(say(request))[:_SHOWN]

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
        reason = may(ask.row.who, ask.standing)
        if reason is not Reason.MAY:
            raise finding.Denied(reason, await finding.denial(self._rooms, ask, reason))
        return ask

    async def _noted(self, ask: Ask) -> Ask:
        """Write the audit row of what changes something; a (post, command) that acted does not act again."""
        if not ask.row.changes:
            return ask
        said, where = ask.said, ask.said.where
        attempt = Attempt(
            key=f"press:{said.post}:{ask.words}" if said.post else said.key,
            by=ask.person,
            channel=where.channel,
            thread=where.thread,
            surface=where.surface.value,
            words=ask.words,
            verb=ask.row.verb,
            at=ask.now,
        )
        number = await self._rooms.store.attempt(attempt)
        if number is None:
            raise _Told("already_done", answers.already_done(ask.words))
        return replace(ask, attempt=number)

    async def _refused(self, ask: Ask, failure: Failure) -> Answer:
        """Return the answer to a refusal or an outage, and end the attempt."""
        if isinstance(failure, _Told):
            return Answer(failure.body, private=True, settlement=ask.settled(f"refused:{failure.reason}"))
        offers: list[answers.OFFER] = []
        if isinstance(failure, finding.Several):
            verb = ask.row.verb
            offers = [(f"{each.name} ({each.id})", f"{verb} {each.id}") for each in failure.matches]
        offers.extend(getattr(failure, "offers", ()))
        shown = getattr(failure, "shown", "")  # the sentence as mrkdwn, where it mentions somebody
        if shown:
            body: Body = answers.told(ask.words, shown, post=ask.post, offers=offers)
        else:
            body = answers.refused(ask.words, str(failure), post=ask.post, offers=offers)
        return Answer(body, private=True, settlement=ask.settled(_outcome(failure)))

    def _broken(self, ask: Ask, bug: Exception) -> Answer:
        reference = self._rooms.new_id()[:8]
        log.error("unexpected, reference %s, in %r", reference, ask.words, exc_info=bug)
        body = answers.unexpected(ask.words, reference)
        return Answer(body, private=True, settlement=ask.settled(f"bug:{reference}"))

    async def _told(self, ask: Ask, answer: Answer) -> None:
        if answer.queued:
            return
        posts = await telling.posts(self._rooms, ask, answer)
        settlement: Settlement | None = answer.settlement
        if settlement is None and ask.attempt is not None:
            settlement = ask.settled(answer.outcome)
        await self._rooms.store.queue(posts, settle=settlement)
        self._rooms.wake()


class _Told(Refused):
    """A refusal whose card is made already."""

    def __init__(self, reason: str, body: Body) -> None:
        super().__init__(reason, str(body.get("text", "")))
        self.body = body


def _outcome(failure: Failure) -> str:
    """Return the named reason for the audit. Those before the colon free the button for another press."""
    match failure:
        case Refused():
            return f"refused:{failure.reason}"
        case Unclear():
            return f"unclear:{type(failure).__name__}"
        case Outage():
            return f"outage:{type(failure).__name__}"
        case _:
            return f"refused:{type(failure).__name__}"


def _zone(profile: Profile, fallback: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(profile.timezone) if profile.timezone else fallback
    except (ZoneInfoNotFoundError, ValueError):
        return fallback
