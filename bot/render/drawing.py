"""A drawing as a PNG, within limits of size."""

from collections.abc import Callable, Iterable

from bot.core.pictures import chart, graph
from bot.core.pictures.model import Drawing, TaskGraph, fits, words_of
from bot.render.fonts import Font, chosen, installed

ZOOM = 2.0  # pixels a point, where the picture is not too large
MOST_PIXELS = 10_000_000


class TooLarge(Exception):  # noqa: N818  a plain statement
    """There is more in it than a picture can show."""


def png(drawing: Drawing, fonts: Callable[[], Iterable[Font]] = installed) -> bytes:
    """The picture. Raises TooLarge, NoFont, and ImportError without the library."""
    from resvg_py import svg_to_bytes

    if not fits(drawing):
        raise TooLarge
    needed, replaced = chosen(words_of(drawing), fonts())
    family = ", ".join(f"'{each.family}'" for each in needed)
    if isinstance(drawing, TaskGraph):
        text, wide, high = graph.drawn(drawing, family)
    else:
        text, wide, high = chart.drawn(drawing, family)
    zoom = min(ZOOM, (MOST_PIXELS / wide / high) ** 0.5)
    made: bytes = svg_to_bytes(
        svg_string=text.translate(replaced),
        zoom=zoom,
        skip_system_fonts=True,
        font_files=[each.path for each in needed],
        font_family=needed[0].family,
    )
    return bytes(made)
