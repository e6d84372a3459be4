"""Places: where failures go, why, and whether people are mentioned there now."""

from collections.abc import Sequence
from typing import assert_never

from bot.core.outbox.posts import is_direct
from bot.core.routing.mentions import Permission
from bot.core.routing.places import Place, PlaceReason
from bot.core.text.escape import mention, mention_channel
from bot.core.text.message import Text, dots, layout, lines, listed, msg, plural

_LISTED = 10


def cards_in(places: Sequence[Place]) -> Text:
    """Where an incident has its cards."""
    return _under(msg("Posted in"), places)


def next_in(places: Sequence[Place]) -> Text:
    """Where the next failure of a flow goes."""
    return _under(msg("The next failure goes to"), places)


def _under(label: Text, places: Sequence[Place]) -> Text:
    count = len(places) - _LISTED
    more = plural("… and {n} more place", "… and {n} more places", count) if count > 0 else None
    return lines(layout("*{label}*", label=label), *map(row, places[:_LISTED]), more)


def row(place: Place) -> Text:
    """A place in a list."""
    mentions = None if place.reason is PlaceReason.LOST else mentioned(place)
    return dots(layout("• {place}", place=name(place.channel)), why(place), mentions)


def name(channel: str) -> Text:
    """A channel, or a person's direct messages."""
    if is_direct(channel):
        return msg("direct messages to {person}", person=mention(channel))
    return layout("{channel}", channel=mention_channel(channel))


def numbers(place: Place) -> Text:
    """The watches of a place."""
    return listed_watches(place.watches)


def listed_watches(watches: Sequence[int]) -> Text:
    """Some watches, by their numbers."""
    return listed([layout("{number}", number=str(each)) for each in watches[:_LISTED]], len(watches))


def why(place: Place) -> Text:
    """Why a failure goes to a place, or its card is there."""
    match place.reason:
        case PlaceReason.WATCHED:
            return plural("watch {watches}", "watches {watches}", len(place.watches), watches=numbers(place))
        case PlaceReason.NO_WATCH_MATCHES:
            return msg("no watch matches")
        case PlaceReason.CHANNEL_LOST:
            return plural(
                "I can't post in the channel of watch {watches}",
                "I can't post in the channels of watches {watches}",
                len(place.watches),
                watches=numbers(place),
            )
        case PlaceReason.LOST:
            return msg("I can't post there any more")
        case PlaceReason.STAYS:
            return msg("posted before, no watch sends it there now")
        case _:
            assert_never(place.reason)


def mentioned(place: Place) -> Text:
    """Whether people are mentioned in a place."""
    match place.mention:
        case Permission.MENTIONED:
            return msg("people are mentioned")
        case Permission.DIRECT_MESSAGE:
            return msg("nobody is mentioned")
        case Permission.MENTIONS_OFF:
            return msg("nobody is mentioned (mentions are off)")
        case Permission.QUIET_HOURS if place.until is not None:
            return msg("nobody is mentioned until {time} (quiet hours)", time=place.until)
        case Permission.QUIET_HOURS:
            return msg("nobody is mentioned (quiet hours)")
        case Permission.REMINDERS_OFF:
            return msg("nobody is reminded (reminders are off)")
        case Permission.SNOOZED:
            return msg("nobody is mentioned (snoozed)")
        case Permission.CAUSE_ACKNOWLEDGED:
            return msg("nobody is mentioned (its cause is acknowledged)")
        case _:
            assert_never(place.mention)
