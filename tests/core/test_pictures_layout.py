"""Where the boxes of a task graph go: laws for every graph, and what they mean for chains, fans and cycles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.pictures.layout import ACROSS, BOX, HEIGHT, laid_out
from bot.core.pictures.model import Edge


def graphs(most=40):
    """Any graph: with cycles, doubled edges, edges to itself and to nothing."""
    return st.integers(0, most).flatmap(
        lambda count: st.tuples(
            st.just([f"t{number}" for number in range(count)]),
            st.lists(
                st.builds(
                    Edge,
                    st.integers(0, count + 1).map("t{}".format),
                    st.integers(0, count + 1).map("t{}".format),
                    st.booleans(),
                ),
                max_size=3 * most,
            ),
        )
    )


@given(graphs())
def test_every_node_has_one_box_and_no_two_overlap(graph):
    nodes, edges = graph
    layout = laid_out(nodes, edges)
    assert set(layout.boxes) == set(nodes)
    boxes = list(layout.boxes.values())
    for number, (x, y) in enumerate(boxes):
        assert -0.01 <= x <= layout.width - BOX + 0.01
        assert -0.01 <= y <= layout.height - HEIGHT + 0.01
        for other_x, other_y in boxes[:number]:
            assert abs(x - other_x) >= BOX + ACROSS - 0.01 or abs(y - other_y) >= HEIGHT


@given(graphs(20))
def test_the_same_graph_always_looks_the_same(graph):
    assert laid_out(*graph) == laid_out(*graph)


def chain(count):
    return [str(each) for each in range(count)], [Edge(str(each), str(each + 1)) for each in range(count - 1)]


def test_a_task_is_below_all_those_it_waits_for():
    edges = [Edge("a", "b"), Edge("b", "c"), Edge("a", "c"), Edge("d", "c")]
    layout = laid_out(["a", "b", "c", "d"], edges)
    for each in edges:
        assert layout.boxes[each.source][1] + HEIGHT < layout.boxes[each.target][1]


def test_a_task_that_waits_for_nothing_is_right_above_what_waits_for_it():
    boxes = laid_out(["a", "b", "c", "d"], [Edge("a", "b"), Edge("b", "c"), Edge("d", "c")]).boxes
    assert boxes["d"][1] == boxes["b"][1]


def test_a_cycle_ends_and_its_closing_line_points_up():
    nodes = ["a", "b", "c"]
    layout = laid_out(nodes, [Edge("a", "b"), Edge("b", "c"), Edge("c", "a")])
    heights = [layout.boxes[each][1] for each in nodes]
    assert heights == sorted(heights)
    assert [line.to_start for line in layout.lines if line.back].count(True) == 1
    assert not any(line.to_end for line in layout.lines if line.back)


def test_a_long_chain_is_continued_beside_itself():
    layout = laid_out(*chain(60))
    assert layout.width > 3 * BOX
    assert 0.3 < layout.height / layout.width < 3
    assert max(len(line.points) for line in layout.lines) == 6  # round the corner, from foot to head


def test_a_short_chain_is_one_column():
    assert laid_out(*chain(12)).width == BOX


def test_what_all_wait_for_is_no_wider_than_its_rows():
    nodes = [str(each) for each in range(60)]
    fan = [Edge("0", str(each)) for each in range(1, 59)] + [Edge(str(each), "59") for each in range(1, 59)]
    layout = laid_out(nodes, fan)
    assert layout.width < 6 * (BOX + ACROSS) + 150
    assert layout.height / layout.width < 2


def test_the_lines_of_one_task_to_many_rows_share_their_way():
    nodes = [str(each) for each in range(60)]
    layout = laid_out(nodes, [Edge("0", each) for each in nodes[1:]])
    passing = [line for line in layout.lines if not (line.to_end or line.to_start)]
    assert len(passing) < 40  # 59 lines through up to nine rows each


@pytest.mark.parametrize("nodes", [[], ["a"], ["a", "a"]])
def test_there_may_be_almost_nothing(nodes):
    layout = laid_out(nodes, [Edge("a", "a"), Edge("a", "x")])
    assert set(layout.boxes) == set(nodes)
    assert not layout.lines


def test_two_hundred_tasks_that_all_wait_for_each_other_are_laid_out():
    nodes = [str(each) for each in range(200)]
    edges = [Edge(str(one), str(other)) for one in range(200) for other in range(one + 1, min(one + 11, 200))]
    assert len(laid_out(nodes, edges).boxes) == 200


def test_a_held_way_does_not_share_the_line_of_a_free_one():
    rows = [Edge("a", "b"), Edge("b", "c"), Edge("a", "c", held=True), Edge("a", "d"), Edge("c", "d")]
    passing = [line for line in laid_out(["a", "b", "c", "d"], rows).lines if line.points[0][0] == line.points[1][0]]
    held = {line.points for line in passing if line.held and not line.to_end}
    free = {line.points for line in passing if not line.held and not line.to_end}
    assert held
    assert free
    assert not held & free
