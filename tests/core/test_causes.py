"""Which upstream flow is taken to be the cause of a failure, and what becomes of that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from incident_makers import JONAS, MAYA, NOW, failure, incident

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import OwnStatus, Status
from bot.core.history.background import Cause, Consequence, FlowRef
from bot.core.history.causes import (
    KEPT,
    Breakage,
    CauseReason,
    Flows,
    breakage,
    cause_of,
    compared,
    with_consequences,
)
from bot.core.history.runs import PastRun
from bot.core.incident import escalation, groups, reminders
from bot.core.incident.escalation import CallReason, Plan
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import IncidentId, Phase
from bot.core.routing.mentions import Permission, Permit
from bot.core.routing.rules import NO_RULES

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
A, B, C, D = (FlowId(each) for each in (1, 2, 3, 3377))
NAMES = {A: "meter-import", B: "clean", C: "site", D: "daily-energy-report"}
OURS = incident()  # of D, broken at NOW


def broken(flow, at=NOW - HOUR, status=Status.FAIL, run="2026112100", **more):
    return incident(
        failure(f"{flow}-{run}", status, at=at),
        id=IncidentId(f"i{flow}"),
        flow_id=flow,
        flow_name=NAMES[flow],
        opened_at=at,
        **more,
    )


def graph(**edges):
    """``d="ab"``: D waits for A and B."""
    ids = dict(zip("abcd", (A, B, C, D), strict=True))
    return {
        ids[flow]: tuple(FlowRef(ids[each], NAMES[ids[each]]) for each in waits_for)
        for flow, waits_for in edges.items()
    }


def run(flow, status=Status.SUCCESS, ended=NOW - 2 * HOUR):
    return PastRun(InstanceId(f"{flow}-2026112100"), flow, ended - HOUR, int(status), ended - HOUR, ended)


def live(*incidents):
    return {each.flow_id: each for each in incidents}


LONE = graph(d="a", a="")
CHAIN = graph(d="b", b="a", a="")
CASES = [
    # what is known                                                          the reason                    the cause
    (Flows(), CauseReason.GRAPH_UNKNOWN, None),
    (Flows(graph(d="")), CauseReason.NO_UPSTREAM, None),
    (Flows(LONE), CauseReason.UPSTREAM_FINE, None),
    (Flows(LONE, live(broken(A))), CauseReason.UPSTREAM_BROKEN, A),
    (Flows(graph(d="a"), live(broken(A))), CauseReason.UPSTREAM_BROKEN, A),  # its own graph is not known
    (Flows(LONE, live(broken(A, NOW + MINUTE))), CauseReason.UPSTREAM_BROKEN, A),  # seen in the next poll
    # broken later: its run, for the same midnight, was due before
    (Flows(LONE, live(broken(A, NOW + HOUR))), CauseReason.UPSTREAM_BROKE_LATER, A),
    (Flows(LONE, live(broken(A, NOW + HOUR, OwnStatus.LATE))), CauseReason.UPSTREAM_BROKE_LATER, A),
    (Flows(LONE, runs={A: [run(A, Status.FAIL, NOW + HOUR)]}), CauseReason.UPSTREAM_BROKE_LATER, A),
    # … but it was for another day, or triggered after ours broke, or its id does not say for when
    (Flows(LONE, live(broken(A, NOW + HOUR, run="2026112000"))), CauseReason.OTHER_TIME, None),
    (Flows(LONE, live(broken(A, NOW + HOUR, run="2026112110"))), CauseReason.OTHER_TIME, None),
    (Flows(LONE, live(broken(A, NOW + HOUR, run="202611"))), CauseReason.OTHER_TIME, None),
    # … or ours has succeeded since it was triggered, or what is between the two has
    (Flows(LONE, live(broken(A, NOW + HOUR)), {D: [run(D)]}), CauseReason.OTHER_TIME, None),
    (Flows(graph(d="b", b="a", a=""), live(broken(A, NOW + HOUR)), {B: [run(B)]}), CauseReason.UPSTREAM_FINE, None),
    (
        Flows(graph(d="b", b="a", a=""), live(broken(A, NOW + HOUR)), {B: [run(B, Status.RUNNING)]}),
        CauseReason.UPSTREAM_BROKE_LATER,
        A,
    ),
    (Flows(LONE, live(broken(A)), {D: [run(D, ended=NOW - MINUTE)]}), CauseReason.OTHER_TIME, None),
    (Flows(LONE, live(broken(A)), {D: [run(D)]}), CauseReason.UPSTREAM_BROKEN, A),
    (Flows(LONE, runs={A: [run(A, Status.FAIL)]}), CauseReason.UPSTREAM_FAILED, A),
    (Flows(LONE, runs={A: [run(A, Status.RUNNING), run(A, Status.TIMEOUT)]}), CauseReason.UPSTREAM_FAILED, A),
    (Flows(LONE, runs={A: [run(A), run(A, Status.FAIL)]}), CauseReason.UPSTREAM_FINE, None),
    (Flows(LONE, runs={A: [run(A, Status.RUNNING)]}), CauseReason.UPSTREAM_FINE, None),
    # an incident has recovered, and history was not read since
    (Flows(LONE, runs={A: [run(A, Status.FAIL)]}, recovered={A: NOW - HOUR}), CauseReason.UPSTREAM_FINE, None),
    (Flows(LONE, runs={A: [run(A, Status.FAIL)]}, recovered={A: NOW - 3 * HOUR}), CauseReason.UPSTREAM_FAILED, A),
    (Flows(LONE, live(broken(A)), recovered={D: NOW - MINUTE}), CauseReason.OTHER_TIME, None),
    # over another flow
    (Flows(CHAIN, live(broken(A), broken(B))), CauseReason.UPSTREAM_BROKEN, A),
    (Flows(CHAIN, live(broken(B))), CauseReason.UPSTREAM_BROKEN, B),
    (Flows(CHAIN, live(broken(A)), {B: [run(B)]}), CauseReason.UPSTREAM_BROKEN, A),
    (Flows(CHAIN, live(broken(A)), {B: [run(B, ended=NOW - MINUTE)]}), CauseReason.UPSTREAM_FINE, None),
    (Flows(CHAIN, live(broken(A))), CauseReason.NOT_SEEN, None),
    # several
    (
        Flows(graph(d="abc", a="", b="", c=""), live(broken(A), broken(B, NOW - 2 * HOUR))),
        CauseReason.UPSTREAM_BROKEN,
        B,
    ),
    (Flows(graph(d="ab", b="a"), live(broken(A), broken(B, NOW - 2 * HOUR))), CauseReason.UPSTREAM_BROKEN, A),
    # round and round
    (Flows(graph(d="a", a="d"), live(broken(A), OURS)), CauseReason.CYCLE, None),
    (Flows(graph(d="d"), live(OURS)), CauseReason.CYCLE, None),
    (Flows(graph(d="b", b="a", a="b"), live(broken(A), broken(B, NOW - 2 * HOUR))), CauseReason.UPSTREAM_BROKEN, B),
]


@pytest.mark.parametrize(("flows", "reason", "cause"), CASES)
def test_the_cause(flows, reason, cause):
    decision = cause_of(OURS, flows)
    assert decision.reason is reason
    assert (decision.cause.flow.id if decision.cause else None) == cause


def test_what_is_known_of_a_cause():
    acknowledged = broken(A, phase=Phase.ACKNOWLEDGED, acked_by=MAYA)
    assert cause_of(OURS, Flows(LONE, live(acknowledged))).cause == Cause(
        FlowRef(A, "meter-import"), "failed", NOW - HOUR, "i1", is_acknowledged=True
    )
    assert cause_of(OURS, Flows(LONE, runs={A: [run(A, Status.TIMEOUT)]})).cause == Cause(
        FlowRef(A, "meter-import"), "timed out", NOW - 2 * HOUR
    )
    unended = replace(run(A, Status.FAIL), ended_at=None)
    assert cause_of(OURS, Flows(LONE, runs={A: [unended]})).cause.at == unended.triggered_at
    nameless = replace(broken(A), flow_name="")
    assert cause_of(OURS, Flows(LONE, live(nameless))).cause.flow.name == "meter-import"


def test_a_cause_that_was_late_before_it_failed_is_named_with_the_time_of_its_failure():
    late = broken(A, NOW - HOUR, OwnStatus.LATE)
    failed = replace(late, occurrences=(*late.occurrences, failure("1-2026112100", at=NOW + 10 * MINUTE)))
    found = cause_of(OURS, Flows(upstream=LONE, live=live(failed)))
    assert found.cause is not None
    assert (found.cause.what, found.cause.at) == (Breakage.FAILED.value, NOW + 10 * MINUTE)


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (-1, Breakage.FAILED),
        (4, Breakage.FAILED),
        (7, Breakage.TIMED_OUT),
        (1001, Breakage.LATE),
        (1002, Breakage.LATE),
    ],
)
def test_what_is_wrong_with_a_cause(status, what):
    assert breakage(status) is what


FLOW_IDS = some.sampled_from([A, B, C, D])


@given(
    some.dictionaries(FLOW_IDS, some.lists(FLOW_IDS.map(lambda each: FlowRef(each, "")), max_size=4).map(tuple)),
    some.sets(some.sampled_from([A, B, C])),
)
def test_no_graph_is_endless_and_no_flow_is_its_own_cause(upstream, failing):
    incidents = live(*(broken(each) for each in failing), OURS)
    found = {each: cause_of(incidents[each], Flows(upstream, incidents)).cause for each in incidents}
    for flow, cause in found.items():
        assert cause is None or cause.flow.id != flow
        assert cause is None or found[cause.flow.id] is None or found[cause.flow.id].flow.id != flow


# ── what becomes of it ──


CAUSE = Cause(FlowRef(A, "meter-import"), "failed", NOW - HOUR, "i1", link="https://slack/1")
ACKED = replace(CAUSE, is_acknowledged=True)
LATER = NOW + HOUR


def caused(cause, **more):
    return incident(background=replace(OURS.background, cause=cause), **more)


def test_a_cause_is_found_and_keeps_its_link():
    new, step = compared(OURS, replace(CAUSE, link=""), {"i1"}, LATER)
    assert (new.background.cause.link, step) == ("", Transition.ENRICHED)
    assert compared(caused(CAUSE), replace(CAUSE, link=""), {"i1"}, LATER) == (caused(CAUSE), Transition.NOTHING)
    assert compared(OURS, None, set(), LATER) == (OURS, Transition.NOTHING)


def test_a_cause_that_has_ended_is_still_named():
    new, _ = compared(caused(ACKED), None, set(), LATER)
    assert new.background.cause == replace(CAUSE, has_ended=True)
    assert compared(new, None, set(), LATER)[1] is Transition.NOTHING
    still = compared(caused(ACKED), None, {"i1"}, LATER)[0]
    assert still.background.cause == CAUSE


def test_another_cause_takes_its_place():
    other = replace(CAUSE, incident="i2", link="")
    assert compared(caused(CAUSE), other, {"i1", "i2"}, LATER)[0].background.cause == other


def test_what_has_ended_is_left_alone():
    over = caused(CAUSE, phase=Phase.RECOVERED)
    assert compared(over, None, set(), LATER) == (over, Transition.NOTHING)


@pytest.mark.parametrize("cause", [CAUSE, None])
def test_reminders_start_again_when_nobody_is_on_the_cause(cause):
    old = caused(ACKED, reminded_at=NOW, reminder_count=2)
    new, _ = compared(old, cause, {"i1"} if cause else set(), LATER)
    assert (new.reminded_at, new.reminder_count) == (LATER, 2)
    held = caused(ACKED, phase=Phase.ACKNOWLEDGED, acked_by=JONAS, reminded_at=NOW)
    assert compared(held, cause, set(), LATER)[0].reminded_at == NOW
    unacked = caused(CAUSE, reminded_at=NOW)
    assert compared(unacked, None, set(), LATER)[0].reminded_at == NOW


def test_nobody_is_called_meanwhile():
    quiet, loud = caused(ACKED), caused(CAUSE)
    assert NO_RULES.mention(quiet, "C1", NOW) is Permission.CAUSE_ACKNOWLEDGED
    assert NO_RULES.mention(loud, "C1", NOW) is Permission.MENTIONED
    assert NO_RULES.permit(quiet, "C1", NOW) == Permit(Permission.CAUSE_ACKNOWLEDGED)
    assert escalation.course_of(quiet, ()).halted is CallReason.CAUSE_ACKNOWLEDGED
    assert escalation.course_of(loud, ()).halted is None
    assert not escalation.may_be_due(quiet, Plan(HOUR), NOW + 9 * HOUR)
    assert escalation.may_be_due(loud, Plan(HOUR), NOW + 9 * HOUR)
    assert groups.owners([quiet]) == ()
    assert groups.owners([loud]) == loud.owners
    listed = [replace(each, cards=tuple(replace(card, grouped=True) for card in each.cards)) for each in (quiet, loud)]
    assert reminders.unacknowledged(listed) == (listed[1],)


def test_consequences_are_kept_with_the_worst_first():
    def of(count, phase):
        return tuple(Consequence(FlowRef(FlowId(at), "x"), f"{phase}{at}", phase) for at in range(count))

    found = (*of(2, "recovered"), *of(3, "acknowledged"), *of(20, "open"))
    new, step = with_consequences(OURS, found)
    assert step is Transition.ENRICHED
    assert new.background.consequence_count == 25
    assert [each.phase for each in new.background.consequences] == ["open"] * KEPT
    assert with_consequences(new, found) == (new, Transition.NOTHING)
    few, _ = with_consequences(new, found[:3])
    assert [each.phase for each in few.background.consequences] == ["acknowledged", "recovered", "recovered"]
