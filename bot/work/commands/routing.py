"""Routing: watch, unwatch, watches and prefs. In a direct message they are about that person's own."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time

from bot.core import digest
from bot.core.command.parse import in_words
from bot.core.command.requests import FlowRef, Preferences, Unwatch, Watches
from bot.core.command.requests import Watch as WatchRequest
from bot.core.digest import LastDigest
from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.model import Flow
from bot.core.outbox import blocks
from bot.core.outbox.conversations import Channel, SlackRefused
from bot.core.outbox.posts import is_direct
from bot.core.people.model import AttemptResult
from bot.core.routing.prefs import OFF, Prefs
from bot.core.routing.quiet import QuietHours, read_hours
from bot.core.routing.watch import Filters, Watch, glob_matches, meant
from bot.core.text.escape import EMPTY, code, mention
from bot.core.text.message import Text, layout, lines, listed, msg, sentences
from bot.messages.cards import answers
from bot.messages.cards import routing as cards
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, CommandContext, Services, public_posts
from bot.work.commands.listing import on_page, pages

_CHOICES = 5  # watches offered where it is not clear which one is meant
_QUEUED = Answer(None, queued=True)


async def watch(services: Services, context: CommandContext, request: WatchRequest) -> Answer:
    """Add a watch to this channel, or to the person's direct messages."""
    place = await _place(services, context)
    if not is_direct(place):
        await _require_postable(services, context)
    flow = await _flow(services, context, request)
    owner = await targets.owner_name(services, context, request.owner)
    unchecked = await _check_owner(services, context, request, owner)
    filters = Filters(
        flow=flow.id if flow else None,
        owner=owner,
        glob=request.glob,
        after=request.after or 1,
        quiet=_quiet(context, request.quiet),
    )
    note = unchecked or await _matching(services, context, filters)
    alert_channel, posted = services.answer_settings.channel, await public_posts(services, context)
    kept, is_new = await services.store.add_watch(
        Watch(0, place, filters, context.incoming.by, context.now, flow.name if flow else ""),
        lambda new: posted(cards.added(context.words, context.post, new, alert_channel, note)),
        attempt_result=_end(services, context),
    )
    if not is_new:
        raise Refusal(
            "already_so",
            sentences(
                msg("There is such a watch here already: {filters}.", filters=cards.filters(kept)),
                answers.NOTHING_CHANGED,
            ),
            offers=[(cards.REMOVE, f"unwatch {kept.id}")],
        )
    services.wake()
    return _QUEUED


async def unwatch(services: Services, context: CommandContext, request: Unwatch) -> Answer:
    """Remove a watch. EnOS is not asked: it can be removed where its flow is gone."""
    place = await _place(services, context)
    there = await services.store.watches(place)
    if request.number is not None:
        known = there if not is_direct(place) else await services.store.watches()
        found = tuple(each for each in known if each.id == request.number and _may_remove(context, each, place))
    else:
        found = await _named(services, context, request, there)
    if len(found) != 1:
        raise _which(found, there)
    posted = await public_posts(services, context)
    card = cards.removed(context.words, context.post, found[0], mention(context.incoming.by.user))
    if not await services.store.remove_watch(found[0], posted(card), attempt_result=_end(services, context)):
        raise _which((), ())
    services.wake()
    return _QUEUED


async def watches(services: Services, context: CommandContext, request: Watches) -> Answer:
    """List what goes here, each with a button that removes it."""
    place = await _place(services, context)
    there = await services.store.watches(place)
    settings, is_personal = services.answer_settings, is_direct(place)
    if not there:
        text = cards.no_watches(settings.channel, is_personal=is_personal)
        return Answer(answers.told(context.words, text, post=context.post))
    title = msg("Your watches: {n}", n=len(there)) if is_personal else msg("Watches of this channel: {n}", n=len(there))
    shown = on_page(request, len(there))
    page, offers = pages(request, len(there))
    extra = [cards.row(there[at], context.post, len(offers) + at) for at in shown]
    if page is not None:
        extra.insert(0, blocks.context(page))
    notes = [] if is_personal else [cards.unmatched(settings.channel)]
    return Answer(answers.told(context.words, title, post=context.post, offers=offers, extra=extra, notes=notes))


async def prefs(services: Services, context: CommandContext, request: Preferences) -> Answer:
    """Show how flowbot speaks here, or change it."""
    place = await _place(services, context)
    is_personal, settings = is_direct(place), services.answer_settings
    defaults = Prefs(
        language=services.store.language,
        digest=cards.DIGEST_AT if place == settings.channel else OFF,
        digest_zone=str(settings.timezone),
    )

    def card(text: Text, prefs: Prefs) -> blocks.Card:
        return cards.preferences(context.words, context.post, text, prefs, defaults, is_personal=is_personal)

    if not context.changes:
        text = msg("This is how I speak to you.") if is_personal else msg("This is how I speak in this channel.")
        return Answer(card(text, await services.store.prefs(place)))
    if is_personal and (request.mentions is not None or request.replies or request.language):
        raise Refusal(
            "channels_only",
            msg("Only channels have this setting. Here, I mention nobody and speak your Slack language."),
            answers.NOTHING_CHANGED,
        )
    person = mention(context.incoming.by.user)
    done = (
        msg("You changed how I speak to you.")
        if is_personal
        else msg("{person} changed how I speak in this channel.", person=person)
    )
    posted = await public_posts(services, context)
    await services.store.change_prefs(
        place,
        lambda old: _changed(old, request, str(context.zone)),
        lambda new: posted(card(done, new)),
        notes=_planned(place, request, context),
        attempt_result=_end(services, context),
    )
    services.wake()
    return _QUEUED


def _planned(place: str, request: Preferences, context: CommandContext) -> Mapping[str, Callable[[str], str]]:
    """What becomes of the note of a place's digests: the next one is due at the hour that was said."""
    if request.digest in {"", OFF}:
        return {}
    slot = digest.latest_slot(time.fromisoformat(request.digest), context.zone, context.now)
    return {digest.note_of(place): lambda note: digest.planned(LastDigest.read(note), slot).written()}


def _changed(old: Prefs, request: Preferences, zone: str) -> Prefs:
    return Prefs(
        mentions=old.mentions if request.mentions is None else request.mentions,
        reminders=old.reminders if request.reminders is None else request.reminders,
        replies=request.replies or old.replies,
        language=request.language or old.language,
        digest=request.digest or old.digest,
        digest_zone=zone if request.digest else old.digest_zone,
    )


# ── where, and who ──


async def _place(services: Services, context: CommandContext) -> str:
    """The channel that a command is about, or the asker's user id. Raises ``Refusal`` for whom is not a member.

    Where the bot may not list the members, somebody who writes there counts as one.
    """
    channel, user = context.incoming.origin.channel, context.incoming.by.user
    if is_direct(channel):
        return user
    try:
        members = await services.slack.members(channel)
    except SlackRefused:
        return channel
    if user not in members:
        raise Refusal(
            "not_a_member",
            msg("Only members of this channel can do this, and Slack does not show you among them."),
            msg("Join the channel, then try again in a few minutes."),
        )
    return channel


async def _require_postable(services: Services, context: CommandContext) -> None:
    """Raise ``Refusal`` where flowbot is not a member, or may not post failures because others read there."""
    settings, id_ = services.answer_settings, context.incoming.origin.channel
    try:
        channel = await services.slack.channel(id_)
    except SlackRefused:  # a private channel without the bot
        channel = Channel(id_)
    if not channel.member:
        raise Refusal(
            "bot_not_a_member",
            msg("I'm not in this channel, so I can't post failures here. Nothing was changed."),
            msg("Invite me with {command}, then try again.", command=code("/invite @flowbot")),
        )
    if channel.shared and id_ not in settings.shared_channels:
        raise Refusal("shared_channel", _shared(context, sorted(settings.admins)), answers.NOTHING_CHANGED)


def _shared(context: CommandContext, admins: list[str]) -> Text:
    what = msg("People of another organization read this channel, so I post no failures here.")
    if context.caller.admin:
        way = msg("To allow it, add this channel's ID to `FLOWBOT_SHARED_CHANNELS` and restart flowbot.")
    elif admins:
        way = msg("To allow it, ask a flowbot admin: {admins}.", admins=listed([mention(each) for each in admins[:3]]))
    else:
        way = msg("To allow it, ask the person who operates flowbot.")
    return sentences(what, way)


def _end(services: Services, context: CommandContext) -> AttemptResult | None:
    """The end of the attempt, which depends on the asker's link: an unverified one is enough."""
    return context.attempt_result(services.clock(), linked=replace(context.link, verified=False))


# ── what ──


async def _flow(services: Services, context: CommandContext, request: WatchRequest) -> Flow | None:
    """The flow that is named, as EnOS shows it to the asker. Raises ``Refusal`` with the nearest for one it hides."""
    if request.flow is None:
        return None
    id_ = await targets.flow_id(services, context, request.flow, exact=True)
    try:
        return await services.enos.flow(id_, as_user=context.as_user)
    except Refusal as refused:
        if refused.reason not in unmatched.NO_FLOW:
            raise
        unknown = sentences(msg("EnOS shows you no flow {flow}.", flow=code(str(id_))), answers.NOTHING_CHANGED)
        raise await unmatched.no_flow(services, context, request, id_, unknown) from refused


async def _check_owner(services: Services, context: CommandContext, request: WatchRequest, owner: str) -> Text | None:
    """What is to be said where EnOS did not answer. Raises ``Refusal`` where nobody has the name that was written."""
    if request.owner is None or request.owner.name is None:
        return None
    if not await unmatched.check_owner(services, context, request, owner):
        return None
    return msg("EnOS did not answer, so I could not check that there is an owner {owner}.", owner=code(owner))


def _quiet(context: CommandContext, words: str) -> QuietHours | None:
    return read_hours(words, str(context.zone)) if words else None


async def _matching(services: Services, context: CommandContext, filters: Filters) -> Text | None:
    """How many flows a watch is about, where names alone say so and EnOS tells."""
    if filters.flow is not None or filters.owner:
        return None
    try:
        known = await services.enos.all_flows(as_user=context.as_user)
    except (TemporaryFailure, Refusal):
        return None
    glob = filters.glob or "*"
    count = await asyncio.to_thread(lambda: sum(glob_matches(glob, each.name) for each in known))
    return cards.matching(count, only_names=bool(filters.glob))


async def _named(
    services: Services, context: CommandContext, request: Unwatch, there: tuple[Watch, ...]
) -> tuple[Watch, ...]:
    """The watches that the filters mean. A flow's name is the one that it had when the watch was made."""
    flow = request.flow
    if flow is not None and flow.id is None:
        flow = next((FlowRef(each.filters.flow) for each in there if _is_called(each, flow)), None)
        if flow is None:
            return ()
    filters = Filters(
        flow=flow.id if flow else None,
        owner=await targets.owner_name(services, context, request.owner),
        glob=request.glob,
        after=request.after or 1,
        quiet=_quiet(context, request.quiet),
    )
    return meant(there, filters)


def _may_remove(context: CommandContext, watch: Watch, place: str) -> bool:
    """Whether a watch is of this place, or (in direct messages) the asker's own in a channel, which may be archived."""
    return watch.channel == place or watch.by == context.incoming.by


def _is_called(watch: Watch, flow: FlowRef) -> bool:
    names = {flow.name.casefold(), flow.typed.casefold()}
    return watch.filters.flow is not None and watch.flow_name.casefold() in names


def _which(found: tuple[Watch, ...], there: tuple[Watch, ...]) -> Refusal:
    """The refusal where no watch is meant, or several: then each is offered."""
    see = msg("See all with {command}.", command=in_words("watches"))
    if not found:
        what = msg("There is no such watch here.") if there else msg("There are no watches here.")
        return Refusal("no_such_watch", sentences(what, answers.NOTHING_CHANGED), see if there else EMPTY)
    offers = [(msg("Remove {n}", n=str(each.id)), f"unwatch {each.id}") for each in found[:_CHOICES]]
    shown = (layout("{n} · {filters}", n=code(str(each.id)), filters=cards.filters(each)) for each in found[:_CHOICES])
    question = msg("{n} watches match. Which one should I remove?", n=len(found))
    return Refusal("ambiguous", lines(question, *shown, see), offers=offers)
