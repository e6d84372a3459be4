"""What EnOS hides from a person is not in what flowbot answers them: not in lists, not by name, not as a number."""

from datetime import timedelta

import pytest
from answer_enos import refusal
from answer_world import FAILED

from bot.core.flow.model import FlowId, UserName
from bot.core.flow.status import Status
from bot.core.text.message import msg
from bot.enos.errors import Unreachable

JONAS, MAYA = "u15432100000000012", "u15432100000000011"
NAME = "daily-energy-report"


@pytest.fixture
async def hidden(world):
    """A flow of Maya's that EnOS hides from Jonas has failed; so has one that he sees."""
    await world.breaks()
    await world.breaks("2809-202611211000", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    world.enos.run(FAILED)
    world.enos.hidden[3377] = {JONAS}
    world.later(minutes=1)
    return world


@pytest.mark.parametrize(
    "words",
    [
        "incidents",
        "incidents unacked",
        "incidents by maya.chen",
        "incidents of 3377",
        "failed",
        "failed today of 3377",
        "failed by maya.chen",
        "failed last 3h",
    ],
)
async def test_lists_leave_a_hidden_flow_out(hidden, maya, jonas, words):
    (seen,) = await jonas.says(words)
    assert NAME not in seen.text
    assert FAILED not in seen.text
    assert "has changed" not in seen.text or "turbine-10min" in seen.text
    (theirs,) = await maya.says(words)
    assert NAME in theirs.text


async def test_the_figures_leave_a_hidden_flow_out_in_words_and_in_the_picture(hidden, maya, jonas):
    seen = await jonas.says("stats")
    assert not any(NAME in each.text or "3377" in each.text for each in seen)
    assert [bar.label for bar in hidden.drawings[-1].charts[1].bars] == ["2809 turbine-10min"]
    assert dict(hidden.drawings[-1].figures)["Failures"] == "1"
    await maya.says("stats")
    assert len(hidden.drawings[-1].charts[1].bars) == 2


@pytest.mark.parametrize(
    "words",
    ["show 3377", "graph 3377", f"graph {FAILED}", f"show {FAILED}", f"log {FAILED}", "runs of 3377", f"show {NAME}"],
)
async def test_reads_of_enos_leave_a_hidden_flow_out(hidden, jonas, words):
    (seen,) = await jonas.says(words)
    assert "transform" not in seen.text
    assert "<@U0MAYA00001>" not in seen.text


@pytest.mark.parametrize(
    "words",
    [
        *(
            "ack 3377",
            "close 3377",
            "ack daily-energy-report",
            "close *Daily-Energy-Report*",
            "ack daily-energy-reports",
        ),
        *(f"unack {FAILED}", f"reopen {FAILED}", "thread 3377", "thread daily-energy-report"),
        *("incidents of 3377", "incidents unacked of 3377", "incidents of daily-energy-report", "incidents by zoe.li"),
        *("failed of 3377", "failed by zoe.li", "runs of 3377", "show 3377", "show daily-energy-report"),
        *("stats of 3377", "graph 3377", "graph daily-energy-report"),
        *("snooze 3377 for 2h because known", "unsnooze 3377", "snooze daily-energy-report for 2h because known"),
        *("trigger 3377", f"log {FAILED}", f"rerun {FAILED}", "disable daily-energy-report"),
    ],
)
async def test_a_hidden_flow_is_answered_like_one_that_does_not_exist(world, jonas, words):
    flow = world.enos.flows.pop(3377)
    (absent,) = await jonas.says(words)
    world.enos.flows[3377] = flow
    await world.breaks(owners=("maya.chen", "zoe.li"))
    world.enos.run(FAILED)
    world.enos.hidden[3377] = {JONAS}
    (hidden,) = await jonas.says(words)
    assert hidden.text == absent.text
    assert "<@U0MAYA00001>" not in hidden.text


async def test_the_count_of_a_list_counts_visible_rows(hidden, jonas):
    (seen,) = await jonas.says("incidents")
    assert "Open incidents: 1" in seen.text


async def test_people_see_what_they_acknowledged_whatever_enos_hides(hidden, jonas):
    hidden.slack.groups["S0ONCALL01"] = {jonas.person.user}
    await jonas.says("ack 3377")
    (seen,) = await jonas.says("incidents mine")
    assert NAME in seen.text


async def test_the_owner_of_a_deleted_flow_finds_its_incident_and_nobody_else_does(hidden, maya, jonas):
    hidden.enos.hidden.clear()
    del hidden.enos.flows[3377]
    (seen,) = await maya.says("incidents")
    assert NAME in seen.text
    (theirs,) = await jonas.says("incidents")
    assert NAME not in theirs.text


async def test_an_incident_that_enos_did_not_answer_for_is_left_out_with_a_note(hidden, jonas):
    hidden.enos.faults = {"my_flows": [Unreachable(msg("refused"))] * 9, "flow": [Unreachable(msg("refused"))] * 9}
    (seen,) = await jonas.says("incidents")
    assert NAME not in seen.text
    assert "No open incidents that I could check." in seen.text
    assert "2 more are left out: I could not check with EnOS whether you may see them." in seen.text
    hidden.enos.faults = {}
    (seen,) = await jonas.says("incidents")
    assert "turbine-10min" in seen.text
    assert "left out" not in seen.text


async def test_only_the_incident_that_could_not_be_checked_is_left_out(hidden, maya):
    hidden.enos.faults["flow"] = [Unreachable(msg("refused"))]
    (seen,) = await maya.says("failed")
    assert NAME in seen.text
    assert "1 more is left out" in seen.text


async def test_a_refusal_that_says_nothing_about_the_flow_has_checked_nothing(hidden, maya):
    hidden.enos.faults["flow"] = [refusal("wrong_user", "no")]
    (seen,) = await maya.says("incidents")
    assert "1 more is left out" in seen.text


async def test_a_list_of_flows_that_enos_refuses_is_one_way_of_several(hidden, maya):
    hidden.enos.faults["my_flows"] = [refusal("no_right", "no")]
    (seen,) = await maya.says("incidents")
    assert NAME in seen.text
    assert "turbine-10min" in seen.text


async def test_access_is_remembered_for_minutes_only(hidden, jonas):
    await jonas.says("incidents")
    calls = len(hidden.enos.calls)
    await jonas.says("incidents")
    assert len(hidden.enos.calls) == calls
    hidden.enos.hidden[2809] = {JONAS}
    hidden.enos.change(2809, owners=(UserName("maya.chen"),))
    hidden.later(minutes=6)
    (seen,) = await jonas.says("incidents")
    assert "No open incidents." in seen.text


async def test_many_are_checked_by_one_search(world, jonas):
    for number in range(5001, 5041):
        world.enos.add(number, f"many-{number}", "maya.chen")
        world.enos.run(f"{number}-2026112102", Status.FAIL)
        await world.breaks(f"{number}-2026112102", flow=number, name=f"many-{number}")
    world.enos.hidden.update({FlowId(number): {JONAS} for number in range(5001, 5011)})
    world.later(minutes=1)
    (seen,) = await jonas.says("incidents")
    assert "Open incidents: 30" in seen.text
    assert len([call for call in world.enos.calls if call[0] == "flow"]) == 10
    assert all(f"many-{number}" not in seen.text for number in range(5001, 5011))


async def test_incidents_beyond_the_limit_of_checks_are_left_out_with_a_note(world, jonas):
    for number in range(5001, 5026):
        await world.breaks(f"{number}-2026112102", flow=number, name=f"many-{number}")
    (seen,) = await jonas.says("incidents")
    assert "5 more are left out" in seen.text
    (seen,) = await jonas.says("incidents")
    assert "No open incidents." in seen.text


async def test_a_truncated_list_marks_no_failure_as_changed_in_enos(world, maya):
    await world.breaks(FAILED, seen_at=world.now - timedelta(minutes=1))

    async def endless(terms, *, newest="update_time", as_user=None):
        from bot.core.flow.model import Page

        world.enos.calls.append(("search", as_user, terms))
        row = world.enos.run("2809-202611211000")
        yield Page(tuple([row] * 1000), last=False, sorted_by=newest)

    world.enos.search = endless
    (seen,) = await maya.says("failed")
    assert FAILED in seen.text
    assert "has changed" not in seen.text


async def test_everybody_in_the_channel_sees_its_cards(hidden, jonas):
    card = next(each for each in hidden.seen if NAME in each.text)
    seen = await jonas.presses(card, "Acknowledge")
    assert any("Ask <@U0MAYA00001>" in each.text for each in seen)
