"""Pictures beside words: drawn elsewhere, and sent to the asker's direct messages, as a long log is."""

from base64 import b64encode

from bot.core.outbox.blocks import Body
from bot.core.outbox.posts import BASE64
from bot.core.pictures.model import Drawing, NoPicture, TaskGraph
from bot.core.text.escape import escape
from bot.core.text.escape import plain as one_line
from bot.core.text.message import Text, plain
from bot.messages.cards import pictures
from bot.work.commands.context import CommandContext, Services

_TITLE, _ALT = 200, 1000  # characters


async def drawn(
    services: Services, context: CommandContext, drawing: Drawing, name: str, summary: Text
) -> tuple[Body | None, Text]:
    """The file for the direct messages, and the sentence that says where it is; or that there is none, and why.

    ``summary`` is for those who cannot see the picture.
    """
    picture = await services.draw(drawing)
    if isinstance(picture, NoPicture):
        return None, pictures.none(picture, drawing if isinstance(drawing, TaskGraph) else None)
    title = one_line(drawing.title, _TITLE)
    return {
        "filename": f"{name}.png",
        "title": title,
        "content": b64encode(picture).decode(),
        "encoding": BASE64,
        "comment": f"*{escape(title)}* · {escape(drawing.subtitle)}",
        "alt_text": plain(summary, context.caller.profile.language)[:_ALT],
    }, pictures.SENT
