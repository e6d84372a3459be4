"""Words said to a message that was lost since: a card that takes no edit still stands, and so do its buttons.

What it shows is old. So a press on it that would change something is answered with where the message is now, and how
things stand; words in its thread act as ever, and the answer is shown where they were said.
"""

from dataclasses import replace

from bot.core.outbox.pointers import Pointed, pointed
from bot.core.outbox.posts import Post
from bot.core.people.model import Surface
from bot.core.text.escape import escape
from bot.messages.cards.incident import headline
from bot.work.commands import targets
from bot.work.commands.context import Ask, Rooms
from bot.work.commands.reply import SLACK_FAILURES


async def looked_at(rooms: Rooms, ask: Ask) -> Ask:
    """Return the request with the message it was said to, where that was lost; raise ``Shown`` for its buttons."""
    where = ask.said.where
    pressed = where.message if where.surface is Surface.BUTTON else ""
    for ts in dict.fromkeys((pressed, where.thread)):
        message = await rooms.store.lost_message(where.channel, ts) if ts else None
        if message is None:
            continue
        if ts == pressed and ask.row.changes:
            raise await _answer(rooms, ask, message)
        return replace(ask, moved=message)
    return ask


async def _answer(rooms: Rooms, ask: Ask, message: Post) -> targets.Shown:
    link = await link_to(rooms, message)
    state = f"\nNow: {escape(headline(ask.incident))}." if ask.incident is not None else ""
    if link:
        place = f"This message was replaced. <{link}|Open the current one> and press there."
    else:
        place = "This message is out of date. Type the command instead."
    return targets.Shown("moved", f"{place} Nothing was changed.{state}")


async def link_to(rooms: Rooms, message: Post | None) -> str:
    """Return a link to a message that stands, else ""."""
    if message is None or pointed(message) is not Pointed.STANDS:
        return ""
    try:
        return await rooms.slack.permalink(message.channel, message.ts)
    except SLACK_FAILURES:
        return ""
