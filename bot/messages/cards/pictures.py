"""What is said beside a picture, or in its place."""

from bot.core.pictures.model import MOST_NODES, NoPicture
from bot.core.text.message import Text, msg

SENT = msg("The picture is in our DMs.")


def counted(label: Text, number: int) -> Text:
    """How many there are of something."""
    return msg("{label}: {n}", label=label, n=number)


def none(why: NoPicture) -> Text:
    """Why there are words only."""
    match why:
        case NoPicture.TOO_LARGE:
            return msg("A picture shows at most {n} tasks, so this is in words only.", n=MOST_NODES)
        case NoPicture.NO_LIBRARY | NoPicture.NO_FONT:
            return msg("I can't draw this picture here. `flowbot doctor` tells the operator what is missing.")
        case NoPicture.TIMED_OUT | NoPicture.BUSY:
            return msg("The picture took too long, so this is in words only. Try again in a minute.")
        case _:
            return msg("The picture could not be drawn, so this is in words only.")
