"""Whether a message that another one refers to is in Slack. Every sentence that refers to one asks here."""

from enum import Enum

from bot.core.outbox.posts import Post, PostState


class PostPresence(Enum):
    """Whether the message that is referred to is in Slack."""

    POSTED = "stands"
    PENDING = "waits"  # queued, being sent, or not known: it will be posted or given up
    MISSING = "not there"  # given up or forgotten; replies to it are in the channel itself


def post_presence(first: Post | None) -> PostPresence:
    """Whether a message is in Slack; None is one that is not known (any more)."""
    if first is None or first.state is PostState.GIVEN_UP:
        return PostPresence.MISSING
    return PostPresence.POSTED if first.state is PostState.SENT else PostPresence.PENDING
