"""Pointers: whether a message that another one points to stands in Slack. Every sentence that points asks here."""

from enum import Enum

from bot.core.outbox.posts import Post, State


class Pointed(Enum):
    """How the message stands that is pointed to."""

    STANDS = "stands"
    WAITS = "waits"  # queued, being sent, or not known: it will stand, or be given up
    NOT_THERE = "not there"  # given up or forgotten; replies to it stand in the channel itself


def pointed(first: Post | None) -> Pointed:
    """Return how a message stands; None is one that is not known (any more)."""
    if first is None or first.state is State.GIVEN_UP:
        return Pointed.NOT_THERE
    return Pointed.STANDS if first.state is State.SENT else Pointed.WAITS
