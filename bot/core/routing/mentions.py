"""Mentions: whether a card, or a reply in its thread, mentions people in its channel now."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from bot.core.outbox.posts import is_direct
from bot.core.routing.prefs import Prefs
from bot.core.routing.watch import Watch


class MentionReason(Enum):
    """Why people are mentioned, or why not."""

    MENTIONED = "mentioned"
    DIRECT_MESSAGE = "direct message"
    MENTIONS_OFF = "mentions off"
    SNOOZED = "snoozed"
    CAUSE_ACKNOWLEDGED = "cause acknowledged"
    QUIET_HOURS = "quiet hours"


def mentions(
    channel: str,
    watches: Sequence[Watch],
    prefs: Prefs,
    now: datetime,
    *,
    is_snoozed: bool = False,
    is_cause_acknowledged: bool = False,
) -> MentionReason:
    """Whether people are mentioned in a channel. ``watches`` match the failure; those of other channels do not count.

    It is quiet only if all of the channel's are quiet. A channel without one is never quiet.
    """
    if is_direct(channel):
        return MentionReason.DIRECT_MESSAGE
    if not prefs.may_mention:
        return MentionReason.MENTIONS_OFF
    if is_snoozed:
        return MentionReason.SNOOZED
    if is_cause_acknowledged:
        return MentionReason.CAUSE_ACKNOWLEDGED
    quiet = quiet_ends(channel, watches, now) > now
    return MentionReason.QUIET_HOURS if quiet else MentionReason.MENTIONED


def quiet_ends(channel: str, watches: Sequence[Watch], now: datetime) -> datetime:
    """When a channel is quiet no longer: with the first of its watches that is not quiet; ``now`` where it is not."""
    hours = [each.filters.quiet for each in watches if each.channel == channel]
    ends = (now if quiet is None else quiet.quiet_ends(now) for quiet in hours)
    return min(ends, default=now)
