"""Telling: an answer becomes posts, once it is known whether the bot may post where it was asked."""

from collections.abc import Sequence

from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.pointers import PostPresence, post_presence
from bot.core.outbox.posts import NewPost, PostId
from bot.core.people.model import Surface
from bot.core.text.mask import without_secrets
from bot.messages import blocks
from bot.messages.cards.answers import Offer
from bot.work.commands import visibility
from bot.work.commands.context import Answer, CommandContext, Services

__all__ = ["SLACK_FAILURES", "fit_into_buttons", "may_post", "posts"]


async def posts(services: Services, context: CommandContext, answer: Answer) -> tuple[NewPost, ...]:
    """Return the posts that tell this answer."""
    member = not answer.public or answer.in_incident is not None or await may_post(services, context)
    first = PostPresence.POSTED
    if answer.in_incident is not None:
        first = post_presence(await services.store.post(PostId(answer.in_incident.post)))
    return visibility.posts_of(answer, context, member=member, spare=PostId(services.new_id()), first=first)


async def may_post(services: Services, context: CommandContext) -> bool:
    """Whether the bot is a member here; where Slack does not say, the person's direct messages are safe."""
    if context.incoming.origin.surface in {Surface.MENTION, Surface.DIRECT}:
        return True  # Slack delivers mentions to members only
    try:
        channel = await services.slack.channel(context.incoming.origin.channel)
    except SLACK_FAILURES:
        return False
    return channel.member and not channel.archived


async def fit_into_buttons(services: Services, context: CommandContext, offers: Sequence[Offer]) -> list[Offer]:
    """Return offers whose commands fit into buttons: what is too long is kept in the store."""
    return [(label, await _button_value(services, context, command)) for label, command in offers]


async def _button_value(services: Services, context: CommandContext, command: str) -> str:
    """Return the words of a button. A secret is held in memory alone: the store keeps the words without it."""
    without_secret = without_secrets(command, services.answer_settings.mask)
    if without_secret != command:
        stashed = await services.store.stash(without_secret, context.now)
        return f"#{stashed}.{services.secret_commands.keep(command, services.new_id)}"
    if len(blocks.value(command, context.post)) <= blocks.VALUE_LIMIT:
        return command
    return f"#{await services.store.stash(command, context.now)}"
