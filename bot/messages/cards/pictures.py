"""What is said beside a picture, or in its place."""

from bot.core.pictures.model import MOST_EDGES, MOST_NODES, NoPicture, TaskGraph
from bot.core.text.message import Text, msg

SENT = msg("The picture is in our DMs.")


def counted(label: Text, number: int) -> Text:
    """How many there are of something."""
    return msg("{label}: {n}", label=label, n=number)


def none(why: NoPicture, graph: TaskGraph | None = None) -> Text:
    """Why there are words only, and no picture; ``graph``: of this one."""
    match why:
        case NoPicture.TOO_LARGE:
            return _too_large(graph)
        case NoPicture.NO_LIBRARY | NoPicture.NO_FONT:
            return msg("I can't draw this picture here. `flowbot doctor` tells the operator what is missing.")
        case NoPicture.TIMED_OUT | NoPicture.BUSY:
            return msg("The picture took too long, so this is in words only. Try again in a minute.")
        case _:
            return msg("The picture could not be drawn, so this is in words only.")


def _too_large(graph: TaskGraph | None) -> Text:
    if graph is None:
        return msg("The picture would be too large, so this is in words only.")
    if len(graph.nodes) <= MOST_NODES and len(graph.edges) > MOST_EDGES:
        return msg("A picture shows at most {n} arrows between tasks, so this is in words only.", n=MOST_EDGES)
    return msg("A picture shows at most {n} tasks, so this is in words only.", n=MOST_NODES)
