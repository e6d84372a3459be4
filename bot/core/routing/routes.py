"""Routes: the places a failure goes to, one for each channel however many of its watches match.

a channel with a matching watch         there
no channel has one                      the alert channel
a watch's channel cannot be posted to   the alert channel instead
a person's own watch                    to them as well; it keeps the failure from no channel
"""

from collections.abc import Collection, Sequence
from enum import Enum

from bot.core.routing.watch import Failure, Watch, matches
from bot.core.values import dataclass


class RouteReason(Enum):
    """Why a failure goes to a channel."""

    WATCHED = "watched"
    NO_WATCH_MATCHES = "no watch matches"
    CHANNEL_LOST = "channel lost"  # a watch matches whose channel is archived, or without flowbot


@dataclass(frozen=True, slots=True)
class Route:
    """A channel that a failure goes to, or a person's id, and the watches that ask for it."""

    channel: str
    watches: tuple[int, ...]
    reason: RouteReason


def routes(
    failure: Failure, watches: Sequence[Watch], default_channel: str, *, lost: Collection[str] = ()
) -> tuple[Route, ...]:
    """Where a failure goes: channels by their oldest watch, then people. There is always a channel.

    ``lost`` are the channels and people that cannot be posted to now. The alert channel's messages wait, so it is never
    lost.
    """
    found: dict[str, list[int]] = {}
    personal: dict[str, list[int]] = {}
    missed: list[int] = []
    for each in sorted(watches, key=lambda watch: watch.id):
        if not matches(each, failure):
            continue
        if each.is_personal:
            if each.channel not in lost:
                personal.setdefault(each.channel, []).append(each.id)
        elif each.channel in lost and each.channel != default_channel:
            missed.append(each.id)
        else:
            found.setdefault(each.channel, []).append(each.id)
    told = [Route(channel, tuple(ids), RouteReason.WATCHED) for channel, ids in found.items()]
    if default_channel not in found and (missed or not found):
        reason = RouteReason.CHANNEL_LOST if missed else RouteReason.NO_WATCH_MATCHES
        told.append(Route(default_channel, tuple(missed), reason))
    return (*told, *(Route(person, tuple(ids), RouteReason.WATCHED) for person, ids in personal.items()))
