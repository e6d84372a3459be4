"""What is to be drawn, and how it is written for the process that draws it."""

import json
from dataclasses import asdict
from enum import Enum
from typing import Any

from bot.core.values import dataclass

MOST_NODES = 200
MOST_EDGES = 2000
MOST_BARS = 120  # in one chart


class Look(Enum):
    """How a node is drawn: its colour and its mark."""

    PLAIN = "plain"  # no state is known
    BROKEN = "broken"
    TIMED_OUT = "timed out"
    GOOD = "good"
    AT_WORK = "at work"
    WAITING = "waiting"
    ENDED = "ended"  # by a person, or skipped
    ODD = "odd"  # a state that is not documented
    FLOW = "flow"  # another flow


class NoPicture(Enum):
    """Why there is no picture. The values are logged."""

    TOO_LARGE = "too large"
    NO_LIBRARY = "no library"
    NO_FONT = "no font"
    TIMED_OUT = "timed out"
    BUSY = "too many pictures at once"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Node:
    """A task, or another flow. ``held``: it did not run because of a failure before it."""

    id: str
    name: str
    note: str = ""
    look: Look = Look.PLAIN
    held: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """``target`` runs after ``source``. ``held``: a failure stopped the way."""

    source: str
    target: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class TaskGraph:
    """What runs after what. ``held_words`` explain the marked way; empty where there is none."""

    title: str
    subtitle: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    legend: tuple[tuple[Look, str], ...] = ()
    held_words: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is about, how long it is, and its number as people read it."""

    label: str
    value: float
    shown: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars under a heading: upright ones over a time axis, else one a line. ``nothing`` is said without bars."""

    title: str
    bars: tuple[Bar, ...]
    nothing: str
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Figures (a label and its number each) and charts, one below the other."""

    title: str
    subtitle: str
    figures: tuple[tuple[str, str], ...]
    charts: tuple[Bars, ...]


Drawing = TaskGraph | Chart


def fits(drawing: Drawing) -> bool:
    """Whether it is small enough to be drawn."""
    if isinstance(drawing, TaskGraph):
        return len(drawing.nodes) <= MOST_NODES and len(drawing.edges) <= MOST_EDGES
    return all(len(each.bars) <= MOST_BARS for each in drawing.charts)


def words_of(drawing: Drawing) -> tuple[str, ...]:
    """Every text in it."""
    if isinstance(drawing, TaskGraph):
        nodes = [text for each in drawing.nodes for text in (each.name, each.note)]
        return (drawing.title, drawing.subtitle, *nodes, *(words for _, words in drawing.legend), drawing.held_words)
    texts = [drawing.title, drawing.subtitle, *(text for figure in drawing.figures for text in figure)]
    for each in drawing.charts:
        texts += [each.title, each.nothing, *(text for bar in each.bars for text in (bar.label, bar.shown))]
    return tuple(texts)


def encoded(drawing: Drawing) -> bytes:
    """The drawing as JSON."""
    return json.dumps(asdict(drawing), default=lambda look: look.value).encode()


def decoded(text: bytes) -> Drawing:
    """What ``encoded`` wrote."""
    given: dict[str, Any] = json.loads(text)
    if "nodes" in given:
        return TaskGraph(
            given["title"],
            given["subtitle"],
            tuple(Node(**{**each, "look": Look(each["look"])}) for each in given["nodes"]),
            tuple(Edge(**each) for each in given["edges"]),
            tuple((Look(look), words) for look, words in given["legend"]),
            given["held_words"],
        )
    charts = (Bars(**{**each, "bars": tuple(Bar(**bar) for bar in each["bars"])}) for each in given["charts"])
    figures = tuple((label, number) for label, number in given["figures"])
    return Chart(given["title"], given["subtitle"], figures, tuple(charts))
