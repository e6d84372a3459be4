"""Watches and preferences: what goes to a channel or a person, and how flowbot speaks there."""

from collections.abc import Sequence

from bot.core.command.parse import in_words, say
from bot.core.command.requests import FlowRef, OwnerRef, Preferences
from bot.core.command.requests import Watch as WatchRequest
from bot.core.digest import NINE
from bot.core.errors import Offer
from bot.core.flow.model import UserName
from bot.core.incident.model import Incident
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.routing.prefs import OFF, Prefs
from bot.core.routing.watch import Filters, Watch
from bot.core.text.escape import Markup, code, mention, mention_channel
from bot.core.text.language import EN, ZH
from bot.core.text.message import Message, Text, dots, layout, lines, msg, plural
from bot.messages.cards import answers, flows
from bot.messages.cards import incident as incident_cards

_LISTED = 20
DIGEST_AT = NINE.isoformat("minutes")  # where nothing else is set
REMOVE = msg("Remove")


def filters(watch: Watch) -> Text:
    """What a watch is about, and when it is quiet."""
    wanted, quiet = watch.filters, watch.filters.quiet
    flow = None if wanted.flow is None else msg("flow {flow}", flow=flows.flow_name(wanted.flow, watch.flow_name))
    about = (
        flow,
        msg("owner {owner}", owner=code(wanted.owner)) if wanted.owner else None,
        msg("names like {glob}", glob=code(flows.short(wanted.glob))) if wanted.glob else None,
    )
    hours = None
    if quiet is not None:
        begin, end = quiet.words.split("-")
        hours = msg("quiet from {begin} to {end}, {zone}", begin=begin, end=end, zone=quiet.zone)
    return dots(
        *(about if any(about) else (msg("all flows"),)),
        msg("from {n} failures in a row on", n=wanted.after) if wanted.after > 1 else None,
        hours,
    )


def row(watch: Watch, post: str, index: int) -> Block:
    """A watch in a list, with its button."""
    text = lines(
        layout("{n} · {filters}", n=code(str(watch.id)), filters=filters(watch)),
        msg("Added by {person} {time}", person=mention(watch.by.user), time=watch.at),
    )
    return blocks.section(text, accessory=blocks.button(REMOVE, f"unwatch {watch.id}", post, index=index))


def added(words: str, post: str, watch: Watch, channel: str, note: Text | None) -> Card:
    """A watch was added. ``channel`` is the alert channel, ``note`` what else there is to say."""
    person = mention(watch.by.user)
    effect: Text | None = None
    if watch.is_personal:
        text = msg("You added a watch. I'll send you these failures here.")
        effect = msg("They still go to their channels as well.")
    else:
        text = msg("{person} added a watch. I'll post these failures here.", person=person)
        if watch.channel != channel:
            alert = mention_channel(channel)
            effect = msg("They no longer go to {channel}, unless a watch there matches them too.", channel=alert)
    shown = [blocks.section(lines(filters(watch), effect, note))]
    return answers.told(words, text, post=post, offers=[(REMOVE, f"unwatch {watch.id}")], extra=shown)


def removed(words: str, post: str, watch: Watch, by: Markup) -> Card:
    """A watch was removed; the button makes it again."""
    text = msg("You removed a watch.") if watch.is_personal else msg("{person} removed a watch.", person=by)
    offers = [(msg("Add again"), said(watch.filters))]
    return answers.told(words, text, post=post, offers=offers, extra=[blocks.section(filters(watch))])


def said(wanted: Filters) -> str:
    """The command that makes a watch with these filters."""
    return say(
        WatchRequest(
            flow=None if wanted.flow is None else FlowRef(wanted.flow),
            owner=OwnerRef(UserName(wanted.owner)) if wanted.owner else None,
            glob=wanted.glob,
            after=wanted.after if wanted.after > 1 else None,
            quiet=wanted.quiet.words if wanted.quiet else "",
        )
    )


def lost(watch: Watch, alert_channel: str, post: str) -> Card:
    """To whoever made a watch: its channel no longer accepts messages."""
    channel = mention_channel(watch.channel)
    text = lines(
        msg("⚠️ I can't post in {channel} any more, so your watch there does not work.", channel=channel),
        filters(watch),
        msg("Its failures go to {channel} meanwhile.", channel=mention_channel(alert_channel)),
        msg("Unarchive the channel or invite me again, or remove the watch."),
    )
    return answers.told("", text, post=post, offers=[(REMOVE, f"unwatch {watch.id}")])


def works_again(watch: Watch) -> Card:
    """To whoever made a watch: its channel can be posted to again."""
    channel = mention_channel(watch.channel)
    return answers.told("", msg("🟢 I can post in {channel} again. Your watch there works.", channel=channel))


def quiet_over(incidents: Sequence[Incident], post: str) -> Card:
    """The list of what is still open where quiet hours have ended."""
    count = len(incidents)
    title = plural(
        "Quiet hours are over. {n} incident is still open and nobody is on it.",
        "Quiet hours are over. {n} incidents are still open and nobody is on them.",
        count,
    )
    rows = [
        dots(
            layout("{mark} {headline}", mark=incident_cards.mark(each), headline=incident_cards.headline(each)),
            msg("since {time}", time=each.opened_at),
        )
        for each in incidents[:_LISTED]
    ]
    more = plural("… and {n} more incident", "… and {n} more incidents", count - _LISTED) if count > _LISTED else None
    offers = [(msg("All unacknowledged"), "incidents unacked")]
    head = plural("QUIET HOURS OVER · {n} open incident", "QUIET HOURS OVER · {n} open incidents", count)
    return answers.told("", lines(title, *rows, more), post=post, offers=offers, headline=head)


def matching(n: int, *, only_names: bool) -> Text:
    """How many flows a watch is about at this moment."""
    if not n and only_names:
        return msg("No flow that EnOS shows you has such a name now. Check the spelling.")
    return plural("It matches {n} flow now.", "It matches {n} flows now.", n)


def no_watches(channel: str, *, is_personal: bool) -> Text:
    """The answer where there are none; ``channel`` is the alert channel."""
    example = in_words("watch of 3377")
    if is_personal:
        return msg("You have no watches. Add one here, for example with {example}.", example=example)
    return lines(
        msg("This channel has no watches. Add one, for example with {example}.", example=example), unmatched(channel)
    )


def unmatched(channel: str) -> Text:
    """Where all else goes."""
    return msg("Failures that no watch of a channel matches go to {channel}.", channel=mention_channel(channel))


def preferences(words: str, post: str, text: Text, prefs: Prefs, defaults: Prefs, *, is_personal: bool) -> Card:
    """What is set, with buttons that turn it round. ``defaults`` is what holds where nothing is set."""
    language, digest = prefs.language or defaults.language, prefs.digest or defaults.digest
    zone = prefs.digest_zone if prefs.digest else defaults.digest_zone
    shown = [
        msg("Mentions: on") if prefs.may_mention else msg("Mentions: off"),
        msg("Reminders: on") if prefs.may_remind else msg("Reminders: off"),
        msg("Replies: in the thread and in the channel") if prefs.replies_in_channel else msg("Replies: in the thread"),
        msg("Language: Chinese") if language == ZH else msg("Language: English"),
        msg("Digest: off") if digest == OFF else msg("Digest: at {time} ({zone})", time=digest, zone=zone),
    ]
    offers = [
        _switch(msg("Turn mentions off"), msg("Turn mentions on"), Preferences(mentions=not prefs.may_mention)),
        _switch(msg("Turn reminders off"), msg("Turn reminders on"), Preferences(reminders=not prefs.may_remind)),
        (msg("Keep replies in thread"), say(Preferences(replies="thread")))
        if prefs.replies_in_channel
        else (msg("Show replies in channel"), say(Preferences(replies="channel"))),
        (msg("Speak English"), say(Preferences(language=EN)))
        if language == ZH
        else (msg("Speak Chinese"), say(Preferences(language=ZH))),
        (msg("Turn digest on"), say(Preferences(digest=DIGEST_AT)))
        if digest == OFF
        else (msg("Turn digest off"), say(Preferences(digest=OFF))),
    ]
    if is_personal:  # the others are for channels
        shown, offers = [shown[1], shown[4]], [offers[1], offers[4]]
    return answers.told(words, text, post=post, offers=offers, extra=[blocks.section(lines(*shown))])


def _switch(off: Message, on: Message, request: Preferences) -> Offer:
    is_on = request.mentions if request.mentions is not None else request.reminders
    return (on if is_on else off), say(request)
