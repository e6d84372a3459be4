"""Telling: an answer becomes posts, once it is known whether the bot may post where it was asked."""

from collections.abc import Sequence

from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.pointers import Pointed, pointed
from bot.core.outbox.posts import NewPost, PostId
from bot.core.people.model import Surface
from bot.core.text.sealed import without_secrets
from bot.messages import blocks
from bot.messages.cards.answers import Offer
from bot.work.commands import visibility
from bot.work.commands.context import Answer, Ask, Rooms

__all__ = ["SLACK_FAILURES", "fitted", "may_post", "posts"]


async def posts(rooms: Rooms, ask: Ask, answer: Answer) -> tuple[NewPost, ...]:
    """Return the posts that tell this answer."""
    member = not answer.public or answer.in_incident is not None or await may_post(rooms, ask)
    first = Pointed.STANDS
    if answer.in_incident is not None:
        first = pointed(await rooms.store.post(PostId(answer.in_incident.post)))
    return visibility.posts_of(answer, ask, member=member, spare=PostId(rooms.new_id()), first=first)


async def may_post(rooms: Rooms, ask: Ask) -> bool:
    """Whether the bot is a member here; where Slack does not say, the person's direct messages are safe."""
    if ask.said.where.surface in {Surface.MENTION, Surface.DIRECT}:
        return True  # Slack delivers mentions to members only
    try:
        channel = await rooms.slack.channel(ask.said.where.channel)
    except SLACK_FAILURES:
        return False
    return channel.member and not channel.archived


async def fitted(rooms: Rooms, ask: Ask, offers: Sequence[Offer]) -> list[Offer]:
    """Return offers whose commands fit into buttons: what is too long is kept in the store."""
    return [(label, await _short(rooms, ask, command)) for label, command in offers]


async def _short(rooms: Rooms, ask: Ask, command: str) -> str:
    """Return the words of a button. A secret is held in memory alone: the store keeps the words without it."""
    kept = without_secrets(command, rooms.manners.mask)
    if kept != command:
        return f"#{await rooms.store.stash(kept, ask.now)}.{rooms.held.keep(command, rooms.new_id)}"
    if len(blocks.value(command, ask.post)) <= blocks.VALUE_LIMIT:
        return command
    return f"#{await rooms.store.stash(command, ask.now)}"
