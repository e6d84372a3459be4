"""Searching the flows that are known of a person, while somebody types."""

import pytest

from bot.core.flow.known import KnownFlow, known_flow, search, with_task
from bot.core.history.background import FlowRef
from bot.core.history.runs import FailedTask
from bot.core.text.likeness import likeness


def flow(id_, name, *owners, editable=True):
    return KnownFlow(id_, name, likeness(name), editable=editable, owners=owners)


FLOWS = (
    flow(3377, "daily-energy-report", "maya.chen"),
    flow(2809, "turbine-10min", "jonas.weber"),
    flow(28091, "Turbine daily", "jonas.weber"),
    flow(3318, "reduce_entity", "maya.chen", editable=False),
    flow(4400, "能源日报", "li.wei"),
    flow(4401, "全站能源月报"),
    flow(33, "a*b `c`"),
)


def found(typed, limit=10):
    return [each.id for each in search(FLOWS, typed, limit)]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("3377", [3377]),
        ("2809", [2809, 28091]),
        ("２８０９", [2809, 28091]),
        ("809", []),  # IDs are typed from their beginning
        ("33", [33, 3377, 3318]),  # the flow itself first; then those that may be changed
        ("turbine", [28091, 2809]),
        ("TURBINE-10MIN", [2809]),
        ("ｔｕｒｂｉｎｅ", [28091, 2809]),
        ("daily", [3377, 28091]),  # a beginning before a middle
        ("report daily", [3377]),  # in any order
        ("maya", [3377, 3318]),
        ("jonas.weber daily", [28091]),
        ("日报", [4400]),
        ("能源", [4400, 4401]),
        ("「日报」", [4400]),
        ("a∗b", [33]),
        ("*reduce_entity*", [3318]),
        ("nothing like it", []),
    ],
)
def test_what_is_typed_finds_flows_by_name_id_and_owner(typed, ids):
    assert found(typed) == ids


def test_without_words_all_are_listed_those_that_may_be_changed_first():
    assert found("") == [33, 3377, 28091, 2809, 4401, 4400, 3318]
    assert found(" ", limit=2) == [33, 3377]


def test_a_task_that_failed_finds_its_flow_by_name_and_by_its_whole_id():
    failed = (
        FailedTask(FlowRef(3377, "report"), "Load Meters", (108581,)),
        FailedTask(FlowRef(3377, "report"), "load again", (108582,)),
        FailedTask(FlowRef(2809, "turbine"), "汇总", (7, 8)),
    )
    assert {id_: each.name for id_, each in with_task(failed, "load").items()} == {3377: "Load Meters"}
    assert set(with_task(failed, "汇总")) == set(with_task(failed, "8")) == {2809}
    assert with_task(failed, "10858") == {}


def test_a_name_that_looks_as_it_is_written_is_kept_once():
    assert known_flow(1, "daily").looks is known_flow(1, "daily").name
    assert known_flow(1, "Daily", editable=True) == KnownFlow(1, "Daily", "daily", editable=True)
