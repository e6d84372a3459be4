"""The parts of a picture as SVG: shapes, marks, and text of which it is known how much room it takes.

No font is asked: the widths are those of a wide font, so that text fits in any.
"""

import re
from collections.abc import Sequence
from unicodedata import category, east_asian_width

from bot.core.pictures.model import Look

INK, FAINT, LINES, PAPER, CARD = "#1f2328", "#57606a", "#8c959f", "#f6f8fa", "#ffffff"
RED, MAGENTA, GREEN, BLUE, GREY = "#d1242f", "#bf3989", "#1a7f37", "#0969da", "#6e7781"
COLORS = {
    Look.PLAIN: LINES,
    Look.BROKEN: RED,
    Look.TIMED_OUT: MAGENTA,
    Look.GOOD: GREEN,
    Look.AT_WORK: BLUE,
    Look.WAITING: GREY,
    Look.ENDED: GREY,
    Look.ODD: INK,
    Look.FLOW: INK,
}
_MARKS = {  # within 20 x 20, drawn white on the colour
    Look.BROKEN: "M6 6 L14 14 M14 6 L6 14",
    Look.TIMED_OUT: "M10 4.5 V10 L14 12.5",
    Look.GOOD: "M5 10.5 L8.5 14 L15 6.5",
    Look.AT_WORK: "M7.5 5.5 L14.5 10 L7.5 14.5 Z",
    Look.WAITING: "M5.5 10 H6 M9.8 10 H10.2 M14 10 H14.5",
    Look.ENDED: "M5.5 10 H14.5",
    Look.ODD: "M7 7.5 C7 4.5 13 4.5 13 7.5 C13 9.5 10 9.5 10 11.5 M10 14.6 V14.8",
    Look.FLOW: "M5 6 L9 10 L5 14 M11 6 L15 10 L11 14",
}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to write these
_WIDE, _NARROW = frozenset("mwMW@%"), frozenset("ijl.,:;|!' ")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_ZERO = frozenset({"Mn", "Me", "Cf", "Cc"})


def escaped(text: str) -> str:
    """Text as XML writes it, in an element or an attribute; what XML cannot write is left out."""
    return "".join(_ENTITIES.get(each, each) for each in _FORBIDDEN.sub("", text))


def width(text: str, size: float) -> float:
    """How much room a line of text takes at most."""
    return sum(map(_em, text)) * size


def _em(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    if category(letter) in _ZERO:
        return 0.0
    if letter in _NARROW:
        return 0.38
    return 0.98 if letter in _WIDE else 0.72 if letter.isupper() else 0.65


def cut(text: str, size: float, room: float) -> str:
    """As much of a line as fits, with … where something is missing."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in at most so many lines, parted after a space or a joining sign where there is one."""
    lines: list[str] = []
    left = " ".join(text.split())
    while left and len(lines) < most - 1 and width(left, size) > room:
        count = 1
        while width(left[: count + 1], size) <= room:
            count += 1
        parting = max(left.rfind(sign, 0, count) + 1 for sign in " -_/.·")
        if parting > count / 3:
            count = parting
        lines.append(left[:count].rstrip())
        left = left[count:].lstrip()
    return [*lines, cut(left, size, room)] if left or not lines else lines


def text(x: float, y: float, words: str, size: float, *, color: str = INK, anchor: str = "start") -> str:
    """A line of text; ``y`` is its base line."""
    placed = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{color}" text-anchor="{anchor}"'
    return f"<text {placed}>{escaped(words)}</text>"


def box(x: float, y: float, wide: float, high: float, *, fill: str, stroke: str = "none", more: str = "") -> str:
    """A rectangle with round corners."""
    size = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    return f'<rect {size} rx="6" fill="{fill}" stroke="{stroke}" {more}/>'


def mark(x: float, y: float, look: Look) -> str:
    """The mark of a state, 20 x 20: nothing where no state is known."""
    if look not in _MARKS:
        return ""
    fill = "#ffffff" if look is Look.AT_WORK else "none"
    drawn = f'<path d="{_MARKS[look]}" fill="{fill}" stroke="#ffffff" stroke-width="2.2" stroke-linecap="round"/>'
    return (
        f'<g transform="translate({x:.1f} {y:.1f})"><circle cx="10" cy="10" r="10" fill="{COLORS[look]}"/>{drawn}</g>'
    )


def picture(wide: float, high: float, parts: Sequence[str], family: str) -> str:
    """A whole picture on a ground of its own, which is readable in dark mode too."""
    size = f'width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}"'
    ground = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{escaped(family)}">'
    return "".join((head, ground, *parts, "</svg>"))
