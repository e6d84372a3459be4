"""Pictures as SVG: hostile names stay names, everything fits, and nothing is said by colour alone."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.pictures import chart, graph, svg
from bot.core.pictures.model import (
    MOST_BARS,
    MOST_NODES,
    Bar,
    Bars,
    Chart,
    Edge,
    Look,
    Node,
    TaskGraph,
    decoded,
    encoded,
    fits,
    words_of,
)

GRAPH = TaskGraph(
    "3377 daily-energy-report",
    "Run 3377-2026112102",
    (
        Node("a", "load", "succeeded · 1", Look.GOOD),
        Node("b", "清洗并校验", "失败 · 2", Look.BROKEN),
        Node("c", "publish", "waiting · 3", Look.WAITING, held=True),
        Node("f", "meter-import", "flow 2107", Look.FLOW),
    ),
    (Edge("a", "b"), Edge("b", "c", held=True), Edge("f", "a"), Edge("c", "a")),
    ((Look.GOOD, "succeeded"), (Look.BROKEN, "failed"), (Look.WAITING, "waiting")),
    "held up by the failure",
)
CHART = Chart(
    "Failures",
    "last 7 d",
    (("Failures", "23"), ("Incidents", "9"), ("Median", "12 min")),
    (
        Bars("Failures a day", tuple(Bar(f"11-{day}", day % 5, str(day % 5)) for day in range(10, 24)), "None.", True),
        Bars("Worst flows", (Bar("3377 daily", 9, "9"), Bar("2809 每日能源", 0, "0")), "None."),
        Bars("How they ended", (), "Nothing ended."),
    ),
)
HOSTILE = "</text><script>alert(1)</script>&amp;\"'\x00\x0b\ufffe]]>\u202e"


def texts(picture):
    return [each.text or "" for each in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_a_graph_says_everything_in_words():
    picture, wide, high = graph.drawn(GRAPH, "'A Font'")
    said = texts(picture)
    for words in words_of(GRAPH):
        assert words in said
    root = ET.fromstring(picture)
    assert (root.get("width"), root.get("height")) == (f"{wide:.0f}", f"{high:.0f}")
    assert root.get("font-family") == "'A Font'"


def test_a_picture_has_a_ground_of_its_own():
    for picture in (graph.drawn(GRAPH, "f")[0], chart.drawn(CHART, "f")[0]):
        assert f'<rect width="100%" height="100%" fill="{svg.PAPER}"/>' in picture


def test_what_a_failure_holds_up_is_dashed_and_red():
    free = replace(
        GRAPH,
        nodes=tuple(replace(each, held=False) for each in GRAPH.nodes),
        edges=tuple(replace(each, held=False) for each in GRAPH.edges),
        held_words="",
    )
    dashes = 'stroke-dasharray="7 4"'
    assert dashes not in graph.drawn(free, "f")[0]
    assert graph.drawn(GRAPH, "f")[0].count(dashes) == 3  # its way, its box and the legend


def test_a_line_to_the_next_column_goes_round_the_corner():
    nodes = tuple(Node(str(each), "x") for each in range(40))
    picture, _, _ = graph.drawn(TaskGraph("t", "", nodes, tuple(Edge(str(n), str(n + 1)) for n in range(39))), "f")
    assert re.search(r'd="M[0-9. ]+(L[0-9. -]+){5}"', picture)


def test_each_state_has_a_mark_of_its_own():
    marks = {look: svg.mark(0, 0, look) for look in Look}
    assert marks.pop(Look.PLAIN) == ""
    paths = [re.search(r'd="([^"]*)"', each)[1] for each in marks.values()]
    assert len(set(paths)) == len(paths)


def test_names_are_never_markup():
    node = Node("a", HOSTILE, HOSTILE, Look.GOOD)
    hostile = TaskGraph(HOSTILE, HOSTILE, (node,), (), ((Look.GOOD, HOSTILE),), HOSTILE)
    bars = Bars(HOSTILE, (Bar(HOSTILE, 1, HOSTILE),), HOSTILE)
    for picture in (
        graph.drawn(hostile, HOSTILE)[0],
        chart.drawn(Chart(HOSTILE, HOSTILE, ((HOSTILE, HOSTILE),), (bars, replace(bars, upright=True))), "f")[0],
    ):
        root = ET.fromstring(picture)
        assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {"svg", "rect", "path", "text", "g", "circle"}
        assert "\x00" not in picture


@given(st.text(max_size=500))
def test_any_name_is_well_formed_and_fits_its_box(name):
    picture, _, _ = graph.drawn(TaskGraph(name, "", (Node("a", name, name),), ()), "f")
    ET.fromstring(picture)
    for line in svg.wrapped(name, 15, 150, 2):
        assert svg.width(line, 15) <= 150


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("load", 2, ["load"]),
        ("", 2, [""]),
        ("aggregate the day", 2, ["aggregate the", "day"]),
        ("aggregate-the-day", 2, ["aggregate-the-", "day"]),
        ("a" * 40, 2, ["a" * 15, "a" * 14 + "…"]),
        ("按日汇总发电量并且校验数据质量然后发布", 2, ["按日汇总发电量并且校", "验数据质量然后发布"]),
    ],
)
def test_a_name_is_parted_where_it_may_be(text, most, lines):
    assert svg.wrapped(text, 10, 100, most) == lines


def test_a_combining_sign_takes_no_room():
    assert svg.width("e\u0301", 10) == svg.width("e", 10)


def test_a_chart_has_every_number_in_words():
    said = texts(chart.drawn(CHART, "f")[0])
    for words in ("23", "12 min", "Failures a day", "11-10", "9", "2809 每日能源", "Nothing ended."):
        assert words in said


def test_many_upright_bars_label_some_and_number_the_highest():
    bars = tuple(Bar(f"2026-11-{number:03}", number + 1000, str(number + 1000)) for number in range(100))
    said = texts(chart.drawn(Chart("t", "", (), (Bars("b", bars, "", True),)), "f")[0])
    assert "1099" in said
    assert "1050" not in said
    assert 2 < sum(each.startswith("2026-11-") for each in said) < 15


def test_bars_that_are_all_zero_have_no_length():
    bars = (Bar("a", 0, "0"),)
    for upright in (True, False):
        assert "rx" not in chart.drawn(Chart("t", "", (), (Bars("b", bars, "", upright),)), "f")[0]


def test_a_drawing_survives_its_way_to_the_process_that_draws():
    for drawing in (GRAPH, CHART):
        assert decoded(encoded(drawing)) == drawing


def test_what_is_too_large_is_known_before():
    many = tuple(Node(str(each), "x") for each in range(MOST_NODES + 1))
    assert fits(replace(GRAPH, nodes=many[:-1]))
    assert not fits(replace(GRAPH, nodes=many))
    assert not fits(replace(GRAPH, edges=(Edge("a", "b"),) * 2001))
    assert fits(CHART)
    assert not fits(replace(CHART, charts=(Bars("b", (Bar("a", 1, "1"),) * (MOST_BARS + 1), ""),)))


def test_the_words_of_a_chart_are_all_of_its_texts():
    assert {"23", "Failures a day", "3377 daily", "Nothing ended."} <= set(words_of(CHART))
