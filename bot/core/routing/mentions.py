"""Permits: whether a card, or a reply in its thread, mentions people in its channel now, and reminds them."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from bot.core.outbox.posts import is_direct
from bot.core.routing.prefs import Prefs
from bot.core.routing.watch import Watch
from bot.core.values import dataclass


class Permission(Enum):
    """Whether a channel allows reminders and mentions about an incident now, and why not."""

    MENTIONED = "mentioned"
    MENTIONS_OFF = "mentions off"  # reminders without mentions
    DIRECT_MESSAGE = "direct message"  # somebody's own watch: reminders without mentions
    QUIET_HOURS = "quiet hours"
    REMINDERS_OFF = "reminders off"
    SNOOZED = "snoozed"
    CAUSE_ACKNOWLEDGED = "cause acknowledged"

    @property
    def reminds(self) -> bool:
        """Whether reminders may be posted."""
        return self in {Permission.MENTIONED, Permission.MENTIONS_OFF, Permission.DIRECT_MESSAGE}


@dataclass(frozen=True, slots=True)
class Permit:
    """What a card's channel allows, and until when, where it is known."""

    permission: Permission = Permission.MENTIONED
    until: datetime | None = None


def mentions(
    channel: str,
    watches: Sequence[Watch],
    prefs: Prefs,
    now: datetime,
    *,
    is_snoozed: bool = False,
    is_cause_acknowledged: bool = False,
) -> Permission:
    """Whether people are mentioned in a channel. ``watches`` match the failure; those of other channels do not count.

    It is quiet only if all of the channel's are quiet. A channel without one is never quiet.
    """
    if is_direct(channel):
        return Permission.DIRECT_MESSAGE
    if not prefs.may_mention:
        return Permission.MENTIONS_OFF
    if is_snoozed:
        return Permission.SNOOZED
    if is_cause_acknowledged:
        return Permission.CAUSE_ACKNOWLEDGED
    quiet = quiet_ends(channel, watches, now) > now
    return Permission.QUIET_HOURS if quiet else Permission.MENTIONED


def quiet_ends(channel: str, watches: Sequence[Watch], now: datetime) -> datetime:
    """When a channel is quiet no longer: with the first of its watches that is not quiet; ``now`` where it is not."""
    hours = [each.filters.quiet for each in watches if each.channel == channel]
    ends = (now if quiet is None else quiet.quiet_ends(now) for quiet in hours)
    return min(ends, default=now)
