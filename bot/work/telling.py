"""Telling: an answer becomes posts, once it is known whether the bot may post where it was asked."""

from collections.abc import Sequence

from bot.core.cards import blocks
from bot.core.cards.answers import Offer
from bot.core.conversations import SLACK_FAILURES
from bot.core.people import Surface
from bot.core.posts import NewPost, PostId
from bot.work import audience
from bot.work.asking import Answer, Ask, Rooms

__all__ = ["SLACK_FAILURES", "fitted", "may_post", "posts"]


async def posts(rooms: Rooms, ask: Ask, answer: Answer) -> tuple[NewPost, ...]:
    """Return the posts that tell this answer."""
    member = not answer.public or answer.in_incident is not None or await may_post(rooms, ask)
    return audience.posts_of(answer, ask, member=member, spare=PostId(rooms.new_id()))


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
    """Return offers whose commands fit into buttons: what is too long, or holds a secret, is kept in the store."""
    return [(label, await _short(rooms, ask, command)) for label, command in offers]


async def _short(rooms: Rooms, ask: Ask, command: str) -> str:
    if len(blocks.value(command, ask.post)) <= blocks.VALUE_LIMIT and rooms.manners.mask(command) == command:
        return command
    return f"#{await rooms.store.stash(command, ask.now)}"
