"""Where the boxes and lines of a graph go: layers by the longest way to each node, sorted to avoid crossings.

    1  ``_order``      each node after those it waits for; the lines that close a cycle are turned round
    2  ``_rows``       one row for each layer; a wide layer takes several rows
    3  ``_segments``   a line to a row farther down bends at a free place of each row between; lines share such places
    4  ``_sorted``     eight sweeps, down and up: each place moves to the mean of those it is joined to
    5  ``_placed``     the same with distances instead of ranks
    6  ``_columns``    a long chain is continued beside itself

The same graph always looks the same.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import sqrt

from bot.core.pictures.model import Edge
from bot.core.values import dataclass

BOX, HEIGHT = 220.0, 78.0  # of a node
ACROSS, DOWN = 24.0, 46.0  # between two boxes of a row, between two rows
BEND = 12.0  # the width of a place where a line passes a row
BETWEEN, LANE = 70.0, 7.0  # two columns, two lines from one to the next
_SWEEPS = 8
_TALLEST = 12  # rows that are never wrapped

Place = Hashable  # a node's id, or a tuple for a bend
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A part of an edge: a curve between two rows, or straight lines through more points.

    ``to_end``, ``to_start``: where an arrow head belongs. ``back``: it closes a cycle.
    """

    points: tuple[Point, ...]
    held: bool
    back: bool
    to_end: bool
    to_start: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper left corner of each node's box, the lines, and the size of it all."""

    boxes: Mapping[str, Point]
    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Segment:
    """A line from a place to one in the next row."""

    upper: Place
    lower: Place
    held: bool
    back: bool


def laid_out(nodes: Sequence[str], edges: Sequence[Edge]) -> Layout:
    """The layout of a graph; edges to unknown nodes, or to the node itself, are left out."""
    known = tuple(dict.fromkeys(nodes))
    joined = [each for each in dict.fromkeys(edges) if each.source != each.target]
    joined = [each for each in joined if {each.source, each.target} <= set(known)]
    order = _order(known, joined)
    place = {node: index for index, node in enumerate(order)}
    down = [
        (each, False) if place[each.source] < place[each.target] else (Edge(each.target, each.source, each.held), True)
        for each in joined
    ]
    rows = _rows(order, [each for each, _ in down])
    segments = _segments(rows, down)
    rows = _with_bends(rows, segments)
    rows = _sorted(rows, segments)
    return _columns(rows, segments, _placed(rows, segments))


def _order(nodes: Sequence[str], edges: Iterable[Edge]) -> list[str]:
    """Each node after those it waits for; of a cycle the first one is taken."""
    waits: dict[str, set[str]] = {node: set() for node in nodes}
    for edge in edges:
        waits[edge.target].add(edge.source)
    ordered: dict[str, None] = {}
    while len(ordered) < len(nodes):
        left = [node for node in nodes if node not in ordered]
        ready = [node for node in left if waits[node] <= ordered.keys()]
        ordered |= dict.fromkeys(ready or left[:1])
    return list(ordered)


def _rows(order: Sequence[str], edges: Iterable[Edge]) -> list[list[Place]]:
    """The nodes by the longest way to them; those without one are right above the first that waits for them."""
    before: dict[str, list[str]] = {node: [] for node in order}
    after: dict[str, list[str]] = {node: [] for node in order}
    for edge in edges:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    layer: dict[str, int] = {}
    for node in order:
        layer[node] = max((layer[each] + 1 for each in before[node]), default=0)
    for node in order:
        if after[node] and not before[node]:
            layer[node] = min(layer[each] for each in after[node]) - 1
    rows: list[list[Place]] = []
    widest = _widest(len(order))
    for number in sorted(set(layer.values())):
        of_layer = [node for node in order if layer[node] == number]
        count = -(-len(of_layer) // widest)
        rows += [list(of_layer[part::count]) for part in range(count)]
    return rows


def _widest(nodes: int) -> int:
    return next((boxes for most, boxes in ((12, 3), (40, 4), (100, 6)) if nodes <= most), 8)


def _segments(rows: Sequence[Sequence[Place]], edges: Sequence[tuple[Edge, bool]]) -> list[_Segment]:
    """The parts of the lines. Long ones share their bends: those from one node, or those to one, if they are more."""
    row_of = {node: number for number, row in enumerate(rows) for node in row}
    from_node, to_node = dict[str, int](), dict[str, int]()
    for edge, _ in edges:
        if row_of[edge.target] - row_of[edge.source] > 1:
            from_node[edge.source] = from_node.get(edge.source, 0) + 1
            to_node[edge.target] = to_node.get(edge.target, 0) + 1
    found: dict[_Segment, None] = {}
    for edge, back in edges:
        shares_source = from_node.get(edge.source, 0) >= to_node.get(edge.target, 0)
        shared = ("from", edge.source) if shares_source else ("to", edge.target)
        between = range(row_of[edge.source] + 1, row_of[edge.target])
        way = [edge.source, *((*shared, edge.held, back, row) for row in between), edge.target]
        parts = (_Segment(upper, lower, edge.held, back) for upper, lower in pairwise(way))
        found |= dict.fromkeys(parts)
    return list(found)


def _with_bends(rows: Sequence[Sequence[Place]], segments: Sequence[_Segment]) -> list[list[Place]]:
    places = dict.fromkeys(each.upper for each in segments if isinstance(each.upper, tuple))
    return [[*row, *(bend for bend in places if bend[-1] == number)] for number, row in enumerate(rows)]


# ── order and distance within rows ──


def _neighbours(segments: Sequence[_Segment]) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
    above: dict[Place, list[Place]] = {}
    below: dict[Place, list[Place]] = {}
    for each in segments:
        above.setdefault(each.lower, []).append(each.upper)
        below.setdefault(each.upper, []).append(each.lower)
    return above, below


def _sorted(rows: list[list[Place]], segments: Sequence[_Segment]) -> list[list[Place]]:
    above, below = _neighbours(segments)
    at: dict[Place, float] = {}
    for row in rows:
        at |= _centred(row)
    for sweep in range(_SWEEPS):
        joined = above if sweep % 2 == 0 else below
        for number in range(len(rows)) if sweep % 2 == 0 else reversed(range(len(rows))):
            wanted = {each: _mean(joined.get(each, ()), at, at[each]) for each in rows[number]}
            rows[number] = sorted(rows[number], key=wanted.__getitem__)
            at |= _centred(rows[number])
    return rows


def _centred(row: Sequence[Place]) -> dict[Place, float]:
    return {each: index - (len(row) - 1) / 2 for index, each in enumerate(row)}


def _mean(places: Sequence[Place], at: Mapping[Place, float], otherwise: float) -> float:
    return sum(at[each] for each in places) / len(places) if places else otherwise


def _placed(rows: Sequence[Sequence[Place]], segments: Sequence[_Segment]) -> dict[Place, float]:
    """The middle of each place: near the mean of those it is joined to, and never nearer to another than allowed."""
    above, below = _neighbours(segments)
    half = max(map(_long, rows), default=0.0) / 2  # no row reaches farther out than the longest one needs
    x: dict[Place, float] = {}
    for row in rows:
        x |= _within_half(row, _spread(row, dict.fromkeys(row, 0.0)), half)
    for sweep in range(_SWEEPS):
        joined = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {each: _mean(joined.get(each, ()), x, x[each]) for each in row}
            x |= _within_half(row, _spread(row, wanted), half)
    return x


def _long(row: Sequence[Place]) -> float:
    return sum(map(_width, row)) + ACROSS * (len(row) - 1)


def _within_half(row: Sequence[Place], at: Mapping[Place, float], half: float) -> dict[Place, float]:
    """The places of a row, moved together where one is too far to a side; where both are, the row is packed."""
    first, last = row[0], row[-1]
    left, right = at[first] - _width(first) / 2, at[last] + _width(last) / 2
    if right - left > 2 * half:
        return _spread(row, dict.fromkeys(row, 0.0))
    aside = max(0.0, -half - left) - max(0.0, right - half)
    return {each: at[each] + aside for each in row}


def _spread(row: Sequence[Place], wanted: Mapping[Place, float]) -> dict[Place, float]:
    """As near to the wanted places as the widths allow: the mean of pushing to the right and pushing to the left."""
    to_right, to_left = dict[Place, float](), dict[Place, float]()
    for each, last in zip(row, [None, *row], strict=False):
        to_right[each] = wanted[each] if last is None else max(wanted[each], to_right[last] + _apart(last, each))
    backwards = list(reversed(row))
    for each, last in zip(backwards, [None, *backwards], strict=False):
        to_left[each] = wanted[each] if last is None else min(wanted[each], to_left[last] - _apart(last, each))
    return {each: (to_right[each] + to_left[each]) / 2 for each in row}


def _width(place: Place) -> float:
    return BEND if isinstance(place, tuple) else BOX


def _apart(one: Place, other: Place) -> float:
    return (_width(one) + _width(other)) / 2 + ACROSS


# ── columns ──


def _columns(rows: Sequence[Sequence[Place]], segments: Sequence[_Segment], x: Mapping[Place, float]) -> Layout:
    """Everything at its point; what would be far taller than wide is parted into columns."""
    left = min((x[each] - _width(each) / 2 for each in x), default=0.0)
    right = max((x[each] + _width(each) / 2 for each in x), default=0.0)
    tall = _rows_of_a_column(len(rows), right - left)
    at: dict[Place, Point] = {}
    column_of: dict[Place, int] = {}
    edges_of_columns: list[tuple[float, float]] = []
    begin = 0.0
    for column, first in enumerate(range(0, len(rows), tall)):
        part = [row for row in rows[first : first + tall] if row]
        low = min(x[each] - _width(each) / 2 for row in part for each in row)
        high = max(x[each] + _width(each) / 2 for row in part for each in row)
        for number, row in enumerate(part):
            at |= {each: (x[each] - low + begin, number * (HEIGHT + DOWN)) for each in row}
            column_of |= dict.fromkeys(row, column)
        crossing = sum(_crosses(each, rows, first + tall) for each in segments)
        edges_of_columns.append((begin, begin + high - low))
        begin += high - low + BETWEEN + crossing * LANE
    lines: list[Line] = []
    lanes = dict[int, int]()
    for each in segments:
        if column_of[each.upper] == column_of[each.lower]:
            lines.append(_line(each, _within(each, at)))
            continue
        column = column_of[each.upper]
        lane = lanes[column] = lanes.get(column, 0) + 1
        lines.append(_line(each, _around(at[each.upper], at[each.lower], edges_of_columns[column][1], lane)))
    lines += [_through(each, at) for each in segments if isinstance(each.lower, tuple)]
    boxes = {str(each): (at[each][0] - BOX / 2, at[each][1]) for each in at if not isinstance(each, tuple)}
    width = max((high for _, high in edges_of_columns), default=0.0)
    bottom = max((point[1] for line in lines for point in line.points), default=0.0)
    top = min((point[1] for line in lines for point in line.points), default=0.0)
    return _moved(boxes, lines, min(top, 0.0), width, max(bottom, *(y + HEIGHT for _, y in boxes.values()), 0.0))


def _moved(boxes: Mapping[str, Point], lines: Sequence[Line], top: float, width: float, bottom: float) -> Layout:
    """The layout with its highest point at zero."""
    down = [
        Line(tuple((x, y - top) for x, y in each.points), each.held, each.back, each.to_end, each.to_start)
        for each in lines
    ]
    return Layout({node: (x, y - top) for node, (x, y) in boxes.items()}, tuple(down), width, bottom - top)


def _rows_of_a_column(rows: int, width: float) -> int:
    if rows <= _TALLEST or rows * (HEIGHT + DOWN) <= 2 * width:
        return max(rows, 1)
    columns = max(1, round(sqrt(rows * (HEIGHT + DOWN) / (width + BETWEEN))))
    return max(-(-rows // columns), _TALLEST // 2)


def _crosses(segment: _Segment, rows: Sequence[Sequence[Place]], first: int) -> bool:
    """Whether a segment ends in this row, where a new column begins."""
    return first < len(rows) and segment.lower in rows[first]


def _within(segment: _Segment, at: Mapping[Place, Point]) -> tuple[Point, ...]:
    (from_x, from_y), (to_x, to_y) = at[segment.upper], at[segment.lower]
    return (from_x, from_y + HEIGHT), (to_x, to_y)


def _around(start: Point, end: Point, right: float, lane: int) -> tuple[Point, ...]:
    """From the foot of one column, between the two, to the head of the next."""
    low, high = start[1] + HEIGHT + DOWN / 2 + lane * 2, end[1] - DOWN / 2 - lane * 2
    middle = right + BETWEEN / 2 + (lane - 1) * LANE
    return (start[0], start[1] + HEIGHT), (start[0], low), (middle, low), (middle, high), (end[0], high), end


def _line(segment: _Segment, points: tuple[Point, ...]) -> Line:
    ends, starts = not isinstance(segment.lower, tuple), not isinstance(segment.upper, tuple)
    return Line(points, segment.held, segment.back, ends and not segment.back, starts and segment.back)


def _through(segment: _Segment, at: Mapping[Place, Point]) -> Line:
    """The line through the row of a bend."""
    x, y = at[segment.lower]
    return Line(((x, y), (x, y + HEIGHT)), segment.held, segment.back, to_end=False, to_start=False)
