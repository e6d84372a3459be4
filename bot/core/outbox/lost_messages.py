"""Lost messages: a person deleted one of ours, or Slack refuses to edit it any more.

    posted ──lost──► REPOSTED         posted once more, in its present state; replies and edits follow it there
                     ENDED            the incident whose card it was has ended: it is not posted only to say so
                     TOO_OFTEN        it was lost too often: somebody, or some app, does not want it there
                     CONTENT_UNKNOWN  what it showed is not known

A message that is not reposted comes back with the next edit that has a reason to. Where it is still in Slack, which
only refuses edits, it stays and keeps its thread. Each time that it is posted a message carries another id, so that a
search for it does not find the lost one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from bot.core.text.escape import mention_channel
from bot.core.text.message import Text, lines, msg

LOSS_WINDOW = timedelta(hours=1)
MAX_IN_WINDOW = 3  # times that one message is reposted within an hour
MAX_REPOSTS = 10  # times that it is reposted at all


class LossOutcome(Enum):
    """What happens to a message that was lost; the values are what its row says."""

    REPOSTED = "lost, and said again"
    ENDED = "lost when it was over"
    TOO_OFTEN = "lost again and again"
    CONTENT_UNKNOWN = "lost, and nothing is known of what it showed"


def after_loss(losses: Sequence[datetime], now: datetime, *, over: bool, bare: bool) -> LossOutcome:
    """What happens to a message; ``losses`` are the times at which it was lost, this one included."""
    if over:
        return LossOutcome.ENDED
    if len(losses) > MAX_REPOSTS or sum(now - at < LOSS_WINDOW for at in losses) > MAX_IN_WINDOW:
        return LossOutcome.TOO_OFTEN
    return LossOutcome.CONTENT_UNKNOWN if bare else LossOutcome.REPOSTED


REPEATED_LOSS = msg("🔴 A message of mine keeps being deleted.")  # on a phone


def repeated_loss_notice(channel: str) -> Text:
    """What the admins read once."""
    return lines(
        msg(
            "🔴 A message of mine in {channel} keeps being deleted, or refuses edits.", channel=mention_channel(channel)
        ),
        msg("I'll stop reposting it for now and post its updates as separate messages."),
        msg("Find out which person, app or setting does this, and stop it."),
    )
