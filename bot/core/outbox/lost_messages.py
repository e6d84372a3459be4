"""Lost messages: a person deleted one of ours, or Slack takes no edit of it any more.

    stands ──lost──► AGAIN   said once more, as it was to look now; all that belongs to it goes on there
                     OVER    the incident it was the card of has ended: it is not said again only to look ended
                     ENOUGH  it was lost too often: somebody, or some app, does not want it there
                     BARE    nothing is known of what it showed

What is not said again comes back with the next edit that has reason to; where it still stands, since Slack only takes
no edit of it, it stays and keeps its thread. Each time that it is said, a message carries
another name, so that a look for it never takes the lost one for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from bot.core.outbox.posts import PostId

LOSS_WINDOW = timedelta(hours=1)
MAX_IN_WINDOW = 3  # times that one message is said again within an hour
MAX_REPOSTS = 10  # times that it is said again at all


class LossOutcome(Enum):
    """What becomes of a message that was lost; the words are what its row says."""

    REPOSTED = "lost, and said again"
    ENDED = "lost when it was over"
    TOO_OFTEN = "lost again and again"
    CONTENT_UNKNOWN = "lost, and nothing is known of what it showed"


def after_loss(losses: Sequence[datetime], now: datetime, *, over: bool, bare: bool) -> LossOutcome:
    """What becomes of a message; ``losses`` are the times at which it was lost, this one among them."""
    if over:
        return LossOutcome.ENDED
    if len(losses) > MAX_REPOSTS or sum(now - at < LOSS_WINDOW for at in losses) > MAX_IN_WINDOW:
        return LossOutcome.TOO_OFTEN
    return LossOutcome.CONTENT_UNKNOWN if bare else LossOutcome.REPOSTED


def carried_id(post: PostId, generation: int) -> PostId:
    """What a message carries by which it is found; ``generation`` is how often it was said again."""
    return PostId(f"{post}~{generation}") if generation else post


def carried_ids(post: PostId, generation: int) -> tuple[PostId, ...]:
    """Every name that it has carried, the present one last."""
    return tuple(carried_id(post, each) for each in range(generation + 1))


def repeated_loss_notice(channel: str) -> str:
    """What the admins are told, once; as mrkdwn."""
    return (
        f"🔴 A message of mine in <#{channel}> was deleted, or refused an edit, again and again. "
        "I don't post it again for now. Its updates come as separate messages. "
        "Find out which person, app or setting does this, and stop it."
    )
