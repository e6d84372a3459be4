"""Pointers: whether a message that another one points to stands in Slack. Every sentence that points asks here."""

from enum import Enum

from bot.core.outbox.posts import Post, PostState


class PostPresence(Enum):
    """How the message stands that is pointed to."""

    POSTED = "stands"
    PENDING = "waits"  # queued, being sent, or not known: it will stand, or be given up
    MISSING = "not there"  # given up or forgotten; replies to it stand in the channel itself


def post_presence(first: Post | None) -> PostPresence:
    """How a message stands; None is one that is not known (any more)."""
    if first is None or first.state is PostState.GIVEN_UP:
        return PostPresence.MISSING
    return PostPresence.POSTED if first.state is PostState.SENT else PostPresence.PENDING
