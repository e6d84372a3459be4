"""Previews: what a start would do, what of it is kept until the press, and what changed meanwhile."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.core.flow.model import Flow, FlowId, Graph, InstanceId, Parameter, Relation, Task, TaskId
from bot.core.flow.preview import Difference, Preview, Seen, differences, parts, seen
from bot.core.flow.status import Status
from bot.core.history.background import FlowRef
from bot.core.outbox.blocks import rendered
from bot.core.text.mask import DEFAULT, STARS
from bot.core.text.message import lines
from bot.core.text.message import rendered as in_words
from bot.messages.cards.previews import TRIGGER, card, facts, not_started, parameters, since

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def task(number, name=""):
    return Task(TaskId(number), name or f"step {number}", f"t_{number}")


def chain(*tasks, edges=None):
    pairs = [(a.id, b.id) for a, b in pairwise(tasks)] if edges is None else edges
    return Graph(tasks, (), tuple(Relation(f"t_{a}", f"t_{b}") for a, b in pairs))


FLOW = Flow(
    FlowId(3377),
    "daily-energy-report",
    active=True,
    cycle="D",
    freq="0 0 2 * * ? *",
    parameters=(Parameter("path", "/data"), Parameter("region", "cn-1"), Parameter("api_key", "s3cret")),
    graph=chain(task(1, "extract"), task(2, "transform"), task(3, "load")),
)


def shown(flow=FLOW, start=None, changes=(), **more):
    runs, skips = parts(flow, start)
    found = differences(flow, changes, DEFAULT)
    first = next((each for each in runs if each.id == start), None)
    kept = len(flow.parameters) - len([each for each in found if each.before is not None])
    return Preview(flow.id, flow.name, runs, skips, first, differences=found, kept=kept, is_on=flow.active, **more)


def kept(flow=FLOW, start=None, status=None, **more):
    return seen(flow, shown(flow, start, **more), lambda each: f"#{each.value}", status)


def test_the_task_and_everything_downstream_run_and_the_others_do_not():
    side = chain(task(1), task(2), task(3), task(4), edges=[(1, 2), (2, 3), (1, 4)])
    runs, skips = parts(replace(FLOW, graph=side), TaskId(2))
    assert [each.id for each in runs] == [2, 3]
    assert [each.id for each in skips] == [1, 4]
    assert [[each.id for each in some] for some in parts(FLOW, None)] == [[1, 2, 3], []]


def test_a_graph_of_two_hundred_tasks_is_counted_and_the_first_are_named():
    wide = replace(FLOW, graph=chain(*(task(n) for n in range(1, 201))))
    text = in_words(lines(*facts(shown(wide, TaskId(51)), NOW)))
    assert "Runs 150 of 200 tasks: *step 51*, " in text
    assert "*step 60* and 140 more." in text
    assert "Does not run: *step 1*, " in text
    assert "*step 10* and 40 more." in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("path", "/new"), Difference("path", "/new", "/data")),
        (("path", ""), Difference("path", "", "/data")),
        (("colour", "red"), Difference("colour", "red")),
        (("api_key", "other"), Difference("api_key", STARS, STARS)),
        (("ключ = “a”\n", "1"), Difference("ключ = “a”\n", "1")),
    ],
)
def test_a_parameter_is_shown_as_its_difference(change, expected):
    assert differences(FLOW, [Parameter(*change)], DEFAULT) == (expected,)


def test_a_value_that_is_the_same_is_no_difference():
    assert differences(FLOW, [Parameter("path", "/data")], DEFAULT) == ()


def test_of_long_values_the_place_where_they_differ_is_shown():
    flow = replace(FLOW, parameters=(Parameter("query", "a" * 2500 + "old" + "b" * 2497),))
    (found,) = differences(flow, [Parameter("query", "a" * 2500 + "NEW" + "b" * 2497)], DEFAULT)
    assert (found.before, found.now) == (f"…{'a' * 20}old{'b' * 97}…", f"…{'a' * 20}NEW{'b' * 97}…")
    (grown,) = differences(flow, [Parameter("query", "a" * 2500 + "old" + "b" * 2497 + "c")], DEFAULT)
    assert grown.now == f"…{'b' * 20}c"
    (unlike,) = differences(flow, [Parameter("query", "z")], DEFAULT)
    assert (unlike.before, unlike.now) == ("a" * 120 + "…", "z")
    (added,) = differences(FLOW, [Parameter("new", "z" * 5000)], DEFAULT)
    assert added.now == "z" * 120 + "…"


def test_of_a_hundred_parameters_the_first_differences_are_shown():
    flow = replace(FLOW, parameters=tuple(Parameter(f"p{n}", "x" * 5000) for n in range(100)))
    preview = shown(flow, changes=[Parameter(f"p{n}", "x" * 4999 + "y") for n in range(90)])
    body = rendered(card(preview, "trigger 3377", "post", [(TRIGGER, "trigger 3377")], None, NOW))
    text = in_words(lines(*parameters(preview)))
    assert text.count(" → ") == 20
    assert "… and 70 more" in text
    assert "10 parameters stay as they are." in text
    assert len(str(body)) < 13_000


def test_what_is_kept_is_read_back_and_is_the_same_text_for_what_is_the_same():
    one = kept(start=TaskId(2), at=NOW, data_date="2026-11-20", status=Status.FAIL)
    assert Seen.read(one.kept()) == one
    assert one.kept() == kept(start=TaskId(2), at=NOW, data_date="2026-11-20", status=Status.FAIL).kept()
    fingerprinted = seen(FLOW, shown(), lambda _each: "fingerprint").kept()
    assert "s3cret" not in fingerprinted


@pytest.mark.parametrize("text", [None, "", "[1]", "{}", '{"runs": 3}', '{"runs": [], "name": "x"}', "no JSON"])
def test_what_another_version_kept_is_not_known(text):
    assert Seen.read(text) is None


def changed(after, before=None):
    return [in_words(each) for each in since(before or kept(), after)]


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (FLOW, []),
        (replace(FLOW, name="nightly"), ["The flow is now named *nightly*."]),
        (replace(FLOW, active=False), ["Its schedule was disabled."]),
        (replace(FLOW, freq="0 0 3 * * ? *"), ["Its schedule has other times."]),
        (
            replace(FLOW, graph=chain(*FLOW.graph.tasks, task(4, "check"))),
            ["Task *check* was added."],
        ),
        (replace(FLOW, graph=chain(*FLOW.graph.tasks[:2])), ["Task *load* was removed."]),
        (
            replace(FLOW, graph=chain(task(1, "import"), *FLOW.graph.tasks[1:])),
            ["Task *import* has a new name."],
        ),
        (replace(FLOW, graph=chain(*FLOW.graph.tasks, edges=[(2, 1), (1, 3)])), ["Its tasks run in another order."]),
        (
            replace(FLOW, parameters=(Parameter("path", "/data"), Parameter("region", "eu"), Parameter("new", ""))),
            ["Parameter `new` was added.", "Parameter `api_key` was removed.", "Parameter `region` has another value."],
        ),
    ],
)
def test_what_changed_since_the_preview_is_said(flow, expected):
    assert changed(kept(flow)) == expected


def test_a_task_may_run_that_did_not_and_the_other_way_round():
    fork = replace(FLOW, graph=chain(*FLOW.graph.tasks, edges=[(1, 2), (1, 3)]))
    assert changed(kept(fork, TaskId(2)), kept(FLOW, TaskId(2))) == ["Task *load* no longer runs."]
    assert changed(kept(FLOW, TaskId(2)), kept(fork, TaskId(2))) == ["Task *load* runs too."]


def test_times_and_the_state_of_the_run_may_change():
    before = kept(at=NOW, data_date="2026-11-20", status=Status.FAIL)
    after = kept(at=NOW + timedelta(minutes=1), data_date="", status=Status.RUNNING)
    told = changed(after, before)
    assert "The trigger time is now <!date^" in told[0]
    assert told[1:] == ["The data date is now not known.", "The state of the run is now: running."]
    assert changed(replace(after, is_on=True), replace(after, is_on=False)) == ["Its schedule was enabled."]


def test_where_it_is_not_known_what_was_seen_it_is_asked_again_all_the_same():
    assert since(None, kept()) == []
    assert in_words(not_started([])).startswith("*Something changed since the preview")


EVERYTHING = Preview(
    FlowId(4410),
    "<!channel> weather & *wind*",
    runs=(task(2, "transform"), task(3, "<@U0X>")),
    skips=(task(1),),
    start=task(2, "transform"),
    of=InstanceId("4410-2026112102"),
    at=NOW - timedelta(days=200),
    moved=(NOW - timedelta(days=200, minutes=1), NOW - timedelta(days=200)),
    data_date="2026-05-04",
    differences=(Difference("path", "", "`/data`"), Difference("new", "1")),
    kept=1,
    is_on=False,
    waiting=(FlowRef(FlowId(1), "billing"), FlowRef(FlowId(2), "")),
)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "preview",
    [
        shown(),
        replace(shown(at=NOW + timedelta(days=8)), runs=(), kept=1, data_date="2026-11-28"),
        replace(shown(), runs=(task(1),), data_date="2026-11-20", kept=0),
        replace(shown(start=TaskId(3)), waiting=(FlowRef(FlowId(1), "billing"),)),
        EVERYTHING,
    ],
    ids=["whole", "far", "one task", "from a task", "everything"],
)
def test_the_card(preview, language, snapshot):
    change = since(kept(), kept(replace(FLOW, name="n"))) if preview.skips else None
    body = rendered(card(preview, "trigger 3377", "post", [(TRIGGER, "trigger 3377 seen abc")], change, NOW), language)
    assert body == snapshot


def test_long_values_leave_room_for_the_other_parameters():
    flow = replace(FLOW, parameters=tuple(Parameter(f"key{n}", "a" * 500) for n in range(25)))
    preview = shown(flow, changes=[Parameter(f"key{n}", "b" * 500) for n in range(22)])
    said = json.dumps(rendered(card(preview, "trigger", "p", [], None, NOW)))
    assert all(f"`key{n}`" in said for n in range(20))
    assert "and 2 more" in said
    assert "3 parameters stay as they are." in said
