"""Figures and bars as SVG, one below the other; each bar has its number beside it."""

from collections.abc import Sequence

from bot.core.pictures import svg
from bot.core.pictures.model import Bar, Bars, Chart

_WIDE, _EDGE = 520.0, 22.0  # narrow: a phone shows it at about this size
_ROOM = _WIDE - 2 * _EDGE
_TITLE, _SUBTITLE, _HEADING, _TEXT, _NUMBER = 22.0, 15.0, 17.0, 15.0, 24.0
_TALL = 150.0  # the longest upright bar
_LINE, _THICK = 46.0, 14.0  # one bar of those that lie, with its label above it
_FIGURE = 84.0  # the height of a figure's card
_LEAST = 3.0  # what is more than nothing is seen


def drawn(chart: Chart, family: str) -> tuple[str, float, float]:
    """The picture with its width and height."""
    parts: list[str] = []
    y = _EDGE
    for words, size, color in ((chart.title, _TITLE, svg.INK), (chart.subtitle, _SUBTITLE, svg.FAINT)):
        for line in svg.wrapped(words, size, _ROOM, 2):
            y += size * 1.3
            parts.append(svg.text(_EDGE, y - size * 0.3, line, size, color=color))
    made, y = _figures(chart.figures, y + 14)
    parts += made
    for each in chart.charts:
        y += 34
        parts.append(svg.text(_EDGE, y, svg.cut(each.title, _HEADING, _ROOM), _HEADING))
        made, y = (_upright if each.upright else _lying)(each.bars, y + 12) if each.bars else _nothing(each, y + 12)
        parts += made
    return svg.picture(_WIDE, y + _EDGE, parts, family), _WIDE, y + _EDGE


def _nothing(bars: Bars, y: float) -> tuple[list[str], float]:
    return [svg.text(_EDGE, y + 14, svg.cut(bars.nothing, _TEXT, _ROOM), _TEXT, color=svg.FAINT)], y + 20


def _figures(figures: Sequence[tuple[str, str]], y: float) -> tuple[list[str], float]:
    """Two a row, each on a card."""
    parts: list[str] = []
    wide = (_ROOM - 16) / 2
    for number, (label, figure) in enumerate(figures):
        x = _EDGE + (number % 2) * (wide + 16)
        top = y + number // 2 * (_FIGURE + 10)
        parts.append(svg.box(x, top, wide, _FIGURE, fill=svg.CARD, stroke="#d0d7de"))
        parts.append(svg.text(x + 14, top + 31, svg.cut(figure, _NUMBER, wide - 28), _NUMBER))
        for place, line in enumerate(svg.wrapped(label, _TEXT, wide - 28, 2)):
            parts.append(svg.text(x + 14, top + 53 + place * 19, line, _TEXT, color=svg.FAINT))
    return parts, y + -(-len(figures) // 2) * (_FIGURE + 10)


def _upright(bars: Sequence[Bar], y: float) -> tuple[list[str], float]:
    """Bars over an axis; labels only where there is room, the first and the last always."""
    most = max(each.value for each in bars) or 1
    step = _ROOM / len(bars)
    foot = y + 24 + _TALL
    parts = [f'<path d="M{_EDGE:.1f} {foot:.1f} H{_WIDE - _EDGE:.1f}" stroke="{svg.LINES}" stroke-width="1.5"/>']
    every = max(1, -(-int(max(svg.width(each.label, _TEXT) for each in bars) + 14) // max(1, int(step))))
    numbered = max(svg.width(each.shown, _TEXT) for each in bars) <= step
    for number, each in enumerate(bars):
        x = _EDGE + number * step
        high = max(_LEAST, each.value / most * _TALL) if each.value else 0.0
        if high:
            wide = min(step * 0.72, 56.0)
            parts.append(svg.box(x + (step - wide) / 2, foot - high, wide, high, fill=svg.RED))
        if numbered or each.value == most:
            parts.append(svg.text(x + step / 2, foot - high - 6, each.shown, _TEXT, anchor="middle"))
        if number % every == 0:
            parts.append(_under(x + step / 2, foot, each.label))
    return parts, foot + 26


def _under(x: float, foot: float, label: str) -> str:
    half = svg.width(label, _TEXT) / 2
    middle = min(max(x, _EDGE + half), _WIDE - _EDGE - half)
    return svg.text(middle, foot + 20, label, _TEXT, color=svg.FAINT, anchor="middle")


def _lying(bars: Sequence[Bar], y: float) -> tuple[list[str], float]:
    """A label, and below it the bar and its number."""
    most = max(each.value for each in bars) or 1
    longest = _ROOM - max(svg.width(each.shown, _TEXT) for each in bars) - 12
    parts: list[str] = []
    for number, each in enumerate(bars):
        top = y + number * _LINE
        parts.append(svg.text(_EDGE, top + 16, svg.cut(each.label, _TEXT, _ROOM), _TEXT))
        long = max(_LEAST, each.value / most * longest) if each.value else 0.0
        if long:
            parts.append(svg.box(_EDGE, top + 23, long, _THICK, fill=svg.BLUE))
        parts.append(svg.text(_EDGE + long + (8 if long else 0), top + 35, each.shown, _TEXT))
    return parts, y + len(bars) * _LINE
