"""Words said to a message that was lost since: a card that takes no edit still stands, and so do its buttons.

What it shows is old. So a press on it that would change something is answered with where the message is now, and how
things stand; words in its thread act as ever, and the answer is shown where they were said.
"""

from dataclasses import replace

from bot.core.outbox.pointers import PostPresence, post_presence
from bot.core.outbox.posts import Post
from bot.core.people.model import Surface
from bot.core.text.escape import escape
from bot.messages.cards.incident import headline
from bot.work.commands import targets
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.reply import SLACK_FAILURES


async def with_replacement(services: Services, context: CommandContext) -> CommandContext:
    """Return the request with the message it was said to, where that was lost.

    Raises ``FormattedRefusal`` for its buttons.
    """
    origin = context.incoming.origin
    pressed = origin.message if origin.surface is Surface.BUTTON else ""
    for ts in dict.fromkeys((pressed, origin.thread)):
        message = await services.store.lost_message(origin.channel, ts) if ts else None
        if message is None:
            continue
        if ts == pressed and context.row.changes:
            raise await _refusal(services, context, message)
        return replace(context, replacement=message)
    return context


async def _refusal(services: Services, context: CommandContext, message: Post) -> targets.FormattedRefusal:
    link = await link_to(services, message)
    state = f"\nNow: {escape(headline(context.incident))}." if context.incident is not None else ""
    if link:
        place = f"This message was replaced. <{link}|Open the current one> and press there."
    else:
        place = "This message is out of date. Type the command instead."
    return targets.FormattedRefusal("moved", f"{place} Nothing was changed.{state}")


async def link_to(services: Services, message: Post | None) -> str:
    """Return a link to a message that stands, else ""."""
    if message is None or post_presence(message) is not PostPresence.POSTED:
        return ""
    try:
        return await services.slack.permalink(message.channel, message.ts)
    except SLACK_FAILURES:
        return ""
