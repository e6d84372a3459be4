"""What is drawn of a graph and of figures, and that the words beside it say the same."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.flow.model import FlowId, Graph, Reference, Relation, Task, TaskId
from bot.core.flow.status import Status
from bot.core.history.stats import Bucket, Delays, End, Stats, WorstFlow
from bot.core.outbox import blocks
from bot.core.pictures.model import Edge, Look, NoPicture
from bot.core.text.message import msg, plain
from bot.messages.cards import graphs, pictures, stats

GRAPH = Graph(
    (
        Task(TaskId(1), "load", "t_1", status=Status.SUCCESS),
        Task(TaskId(2), "transform", "t_2", status=Status.FAIL),
        Task(TaskId(3), "publish", status=Status.WAIT),
        Task(TaskId(4), "", "t_4", status=Status.RUNNING),
    ),
    (Reference(FlowId(2107), "meter-import", ""),),
    (
        Relation("f_2107", "t_1"),
        Relation("t_1", "t_2"),
        Relation("t_2", "t_3"),
        Relation("t_1", "t_4"),
        Relation("t_1", "t_4"),
        Relation("t_9", "t_4"),
        Relation("t_4", "t_4"),
    ),
)


def drawn(language="en"):
    return graphs.drawing("3377 daily", msg("Task graph"), GRAPH, language)


def test_the_failed_way_is_marked():
    drawing = drawn()
    assert [node.id for node in drawing.nodes if node.held] == ["t_3"]
    assert [edge for edge in drawing.edges if edge.held] == [Edge("t_2", "t_3", held=True)]
    assert drawing.held_words == "held up by the failure"


def test_each_state_has_its_look_and_its_words():
    looks = {node.id: (node.name, node.note, node.look) for node in drawn().nodes}
    assert looks == {
        "t_1": ("load", "succeeded · 1", Look.GOOD),
        "t_2": ("transform", "failed · 2", Look.BROKEN),
        "t_3": ("publish", "waiting · 3", Look.WAITING),
        "t_4": ("4", "running · 4", Look.AT_WORK),
        "f_2107": ("meter-import", "flow 2107", Look.FLOW),
    }


@pytest.mark.parametrize(("language", "words"), [("en", "another flow"), ("zh", "其他任务流")])
def test_the_legend_explains_the_marks_that_are_there_and_no_others(language, words):
    legend = dict(drawn(language).legend)
    assert set(legend) == {Look.BROKEN, Look.GOOD, Look.AT_WORK, Look.WAITING, Look.FLOW}
    assert legend[Look.FLOW] == words


@pytest.mark.parametrize("status", [*Status, 42])
def test_every_state_has_a_look(status):
    graph = Graph((Task(TaskId(1), "a", status=status),))
    (node,) = graphs.drawing("t", msg("Task graph"), graph, "en").nodes
    assert node.look is not Look.PLAIN
    assert (node.look is Look.ODD) == (status == 42)


def test_a_flow_without_a_run_has_no_states():
    graph = Graph((Task(TaskId(1), "a"), Task(TaskId(2), "b")), (), (Relation("t_1", "t_2"),))
    drawing = graphs.drawing("t", msg("Task graph"), graph, "en")
    assert {node.look for node in drawing.nodes} == {Look.PLAIN}
    assert (drawing.legend, drawing.held_words) == ((), "")
    assert plain(graphs.summary(graph)) == "Task graph with 2 tasks."


@pytest.mark.parametrize(
    ("drawing", "said"),
    [
        (replace(drawn(), nodes=drawn().nodes * 41), "A picture shows at most 200 tasks, so this is in words only."),
        (
            replace(drawn(), edges=drawn().edges * 400),
            "A picture shows at most 2,000 arrows between tasks, so this is in words only.",
        ),
        (None, "The picture would be too large, so this is in words only."),
    ],
)
def test_what_is_too_large_is_named(drawing, said):
    assert plain(pictures.none(NoPicture.TOO_LARGE, drawing)) == said


def test_the_words_say_what_the_picture_shows():
    assert [plain(each) for each in graphs.rows(GRAPH)] == [
        "🟢 SUCCESS · *load* `1` · after `2107` *meter-import*",
        "🔴 FAIL · *transform* `2` · after *load*",
        "🕓 WAIT · *publish* `3` · after *transform* · held up by the failure",
        "🔵 RUNNING · `4` · after *load*",
    ]
    assert plain(graphs.summary(GRAPH)) == (
        "Task graph with 4 tasks. failed: 1 · succeeded: 1 · running: 1 · waiting: 1. "
        "Failed: transform. 1 task is held up by the failure."
    )


def test_the_button_is_there_only_where_there_are_tasks():
    assert graphs.offer(Graph(), "graph 1") == []
    assert graphs.offer(GRAPH, "graph 1") == [(msg("View task graph"), "graph 1")]


def test_the_chart_and_the_words_have_the_same_numbers():
    half_hour = timedelta(minutes=30)
    found = Stats(
        failures=4,
        incidents=3,
        live=1,
        buckets=(Bucket(date(2026, 11, 20), 0), Bucket(date(2026, 11, 21), 4)),
        weekly=False,
        to_acknowledge=Delays(2, half_hour, 2 * half_hour),
        to_recover=None,
        worst=(WorstFlow(FlowId(3377), "daily", 4),),
        ends=((End.RERUN, 2),),
    )
    chart = stats.drawing(found, stats.title(""), msg("Task graph"), "en")
    assert chart.figures == (
        ("Failures", "4"),
        ("Incidents", "3"),
        ("Time to acknowledge (median)", "30 min"),
        ("90% acknowledged within", "1 h"),
        ("Time to recover (median)", "None"),
        ("90% recovered within", "None"),
    )
    assert [[(bar.label, bar.shown) for bar in each.bars] for each in chart.charts] == [
        [("Nov 20", "0"), ("Nov 21", "4")],
        [("3377 daily", "4")],
        [("Recovered by a rerun", "2"), ("Not ended yet", "1")],
    ]
    words = blocks.rendered(blocks.Card(msg("Task graph"), stats.card_parts(found)))["blocks"]
    said = "\n".join(blocks.texts(words))
    for each in (
        "*Failures*\n4",
        "1 h",
        "• Nov 21: 4",
        "`3377` *daily*: 4",
        "Recovered by a rerun: 2",
        "Not ended yet: 1",
    ):
        assert each in said
    assert plain(stats.summary(found)).startswith("4 failures in this period. Incidents: 3. Time to acknowledge")
    assert plain(stats.summary(found)).endswith(
        "Most failures: 3377 daily, 4. Recovered by a rerun: 2 · Not ended yet: 1."
    )


def test_a_period_without_new_incidents_says_so():
    found = Stats(1, 0, 0, (Bucket(date(2026, 11, 21), 1),), True, None, None, (), ())
    chart = stats.drawing(found, stats.title("3377"), msg("Task graph"), "en")
    assert (chart.title, chart.charts[0].title) == ("Failures of 3377", "Failures a week, from Monday")
    assert [each.nothing for each in chart.charts[1:]] == ["No failures.", "No new incidents."]
