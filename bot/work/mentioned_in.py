"""In which of an incident's channels one person is mentioned: in one of its threads, and in no other."""

from collections.abc import Awaitable, Callable

from bot.core.incident.model import Incident
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import is_direct


async def mentioned_in(members: Callable[[str], Awaitable[frozenset[str]]], incident: Incident, user: str) -> str:
    """The first of its channels that a person reads, else that of its home; who reads one may not be known."""
    for card in incident.cards if len(incident.cards) > 1 else ():
        try:
            readers = {card.channel} if is_direct(card.channel) else await members(card.channel)
        except SLACK_FAILURES:
            break
        if user in readers:
            return card.channel
    return incident.home.channel
