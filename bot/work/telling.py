"""Telling: an answer becomes posts, once it is known whether the bot may post where it was asked."""

from bot.core.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.people import Surface
from bot.core.posts import NewPost, PostId
from bot.work import audience
from bot.work.asking import Answer, Ask, Rooms


async def posts(rooms: Rooms, ask: Ask, answer: Answer) -> tuple[NewPost, ...]:
    """Return the posts that tell this answer."""
    member = not answer.public or answer.in_incident is not None or await may_post(rooms, ask)
    return audience.posts_of(answer, ask, member=member, spare=PostId(rooms.new_id()))


async def may_post(rooms: Rooms, ask: Ask) -> bool:
    """Whether the bot is a member here; where Slack does not say, the person's direct messages are safe."""
    if ask.said.where.surface is Surface.MENTION:
        return True  # Slack delivers mentions to members only
    try:
        return (await rooms.slack.channel(ask.said.where.channel)).member
    except (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable):
        return False
