"""A task graph as SVG: a box for each task, its state by colour, mark and words, and the way that a failure stopped."""

from collections.abc import Iterator

from bot.core.pictures import svg
from bot.core.pictures.layout import BOX, HEIGHT, Layout, Line, Point, laid_out
from bot.core.pictures.model import Look, Node, TaskGraph

_EDGE = 24.0  # around it all
_NARROWEST = 420.0
_TITLE, _SUBTITLE, _NAME, _NOTE, _LEGEND = 20.0, 14.0, 15.0, 12.5, 13.0
_BAR = 6.0  # of colour, at the left of a box
_HELD = 'stroke-dasharray="7 4"'
_BACK = 'stroke-dasharray="2 4"'


def drawn(graph: TaskGraph, family: str) -> tuple[str, float, float]:
    """The picture with its width and height."""
    layout = laid_out([each.id for each in graph.nodes], graph.edges)
    wide = max(layout.width, _NARROWEST) + 2 * _EDGE
    parts, y = _head(graph, wide)
    left = (wide - layout.width) / 2
    parts.append(f'<g transform="translate({left:.1f} {y:.1f})">')
    parts += [_line(each) for each in sorted(layout.lines, key=lambda line: line.held)]
    parts += _boxes(graph, layout)
    parts.append("</g>")
    legend, high = _legend(graph, wide, y + layout.height + _EDGE)
    return svg.picture(wide, high, [*parts, *legend], family), wide, high


def _head(graph: TaskGraph, wide: float) -> tuple[list[str], float]:
    parts: list[str] = []
    y = _EDGE
    for words, size, color, most in ((graph.title, _TITLE, svg.INK, 3), (graph.subtitle, _SUBTITLE, svg.FAINT, 2)):
        for line in svg.wrapped(words, size, wide - 2 * _EDGE, most) if words else ():
            y += size * 1.3
            parts.append(svg.text(_EDGE, y - size * 0.3, line, size, color=color))
    return parts, y + _EDGE * 0.8


def _boxes(graph: TaskGraph, layout: Layout) -> Iterator[str]:
    for node in graph.nodes:
        x, y = layout.boxes[node.id]
        yield from _box(node, x, y)


def _box(node: Node, x: float, y: float) -> Iterator[str]:
    strong = node.look in {Look.BROKEN, Look.TIMED_OUT}
    stroke = svg.RED if node.held else svg.COLORS[node.look]
    dashes = _HELD if node.held else _BACK if node.look is Look.FLOW else ""
    more = f'stroke-width="{3 if strong else 2 if node.held else 1.4}" {dashes}'
    yield svg.box(x, y, BOX, HEIGHT, fill=svg.CARD, stroke=stroke, more=more)
    if node.look is not Look.PLAIN:
        yield svg.box(x, y, _BAR, HEIGHT, fill=svg.COLORS[node.look])
    marked = svg.mark(x + 14, y + 10, node.look)
    yield marked
    left = x + (42 if marked else 16)
    lines = svg.wrapped(node.name, _NAME, x + BOX - 10 - left, 2)
    for number, line in enumerate(lines):
        yield svg.text(left, y + 25 + number * 19, line, _NAME)
    if node.note:
        yield svg.text(left, y + 67, svg.cut(node.note, _NOTE, x + BOX - 10 - left), _NOTE, color=svg.FAINT)


def _line(line: Line) -> str:
    color = svg.RED if line.held else svg.LINES
    dashes = _HELD if line.held else _BACK if line.back else ""
    path = f'<path d="{_path(line)}" fill="none" stroke="{color}" stroke-width="{2.4 if line.held else 1.6}" {dashes}/>'
    if line.to_end:
        return path + _arrow(line.points[-1], color, up=False)
    return path + _arrow(line.points[0], color, up=True) if line.to_start else path


def _path(line: Line) -> str:
    (x, y), *rest = line.points
    if len(rest) == 1:
        (end_x, end_y), middle = rest[0], (y + rest[0][1]) / 2
        return f"M{x:.1f} {y:.1f} C{x:.1f} {middle:.1f} {end_x:.1f} {middle:.1f} {end_x:.1f} {end_y:.1f}"
    return f"M{x:.1f} {y:.1f} " + " ".join(f"L{to_x:.1f} {to_y:.1f}" for to_x, to_y in rest)


def _arrow(at: Point, color: str, *, up: bool) -> str:
    x, y = at
    foot = y + 9 if up else y - 9
    return f'<path d="M{x - 5:.1f} {foot:.1f} L{x + 5:.1f} {foot:.1f} L{x:.1f} {y:.1f} Z" fill="{color}"/>'


def _legend(graph: TaskGraph, wide: float, y: float) -> tuple[list[str], float]:
    """What the marks mean, and where the picture ends."""
    parts: list[str] = []
    x = _EDGE
    entries: list[tuple[Look | None, str]] = [*graph.legend]
    if graph.held_words:
        entries.append((None, graph.held_words))
    for look, explained in entries:
        words = svg.cut(explained, _LEGEND, wide - 2 * _EDGE - 34)
        needed = 34 + svg.width(words, _LEGEND)
        if x > _EDGE and x + needed > wide - _EDGE:
            x, y = _EDGE, y + 28
        parts.append(svg.mark(x, y, look) if look else _dashes(x, y + 10))
        parts.append(svg.text(x + 28, y + 15, words, _LEGEND, color=svg.FAINT))
        x += needed + 16
    return parts, y + (20 + _EDGE if entries else 0)


def _dashes(x: float, y: float) -> str:
    return f'<path d="M{x:.1f} {y:.1f} H{x + 22:.1f}" stroke="{svg.RED}" stroke-width="2.4" {_HELD}/>'
