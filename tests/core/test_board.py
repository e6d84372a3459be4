"""The rows of a storm's message: how a rerun stands, what a command for many is about, and why one is left out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, MAYA, NOW, OWNER, failure, incident
from incident_picture import all_blocks, as_sent, picture, refused
from languages import ALL

from bot.core.command.parse import parse
from bot.core.command.requests import Ack, Bulk, Rerun
from bot.core.errors import DatabaseUnavailable, Failure, Refusal, TemporaryFailure, Unclear
from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.incident import board as decisions
from bot.core.incident import bulk, lifecycle
from bot.core.incident.bulk import BulkResult, LeftOut
from bot.core.incident.groups import IncidentGroup, Occasion, to_be_asked
from bot.core.text.message import msg
from bot.messages.cards import board
from bot.messages.cards import bulk as cards

STORM = IncidentGroup("storm", "C0DATAOPS1", Occasion.STORM, NOW, NOW, joined=70)
LATER = NOW + timedelta(minutes=7)


def listed(number, **more):
    return incident(
        failure(f"{number}-2026112100"),
        id=f"i{number}",
        flow_id=number,
        flow_name=f"turbine-{number}",
        post="storm",
        grouped=True,
        listed_in="storm",
        opened_at=NOW + timedelta(seconds=number - 4000),
        **more,
    )


def run(state, result=None, flow=4001, at=LATER):
    return Run(
        InstanceId(f"{flow}-2026112101"), FlowId(flow), "turbine", str(MAYA), "", at, "C1", state=state, result=result
    )


@pytest.mark.parametrize(
    ("newest", "shown"),
    [
        (None, None),
        (run(RunState.ASKED), decisions.Rerun.QUEUED),
        (run(RunState.RUNNING), decisions.Rerun.RUNNING),
        (run(RunState.ENDED, Status.SUCCESS), decisions.Rerun.SUCCEEDED),
        (run(RunState.ENDED, Status.FAIL), decisions.Rerun.FAILED),
        (run(RunState.ENDED, Status.CANCEL), decisions.Rerun.FAILED),
        (run(RunState.ENDED), decisions.Rerun.UNKNOWN),
        (run(RunState.LOST), decisions.Rerun.UNKNOWN),
        (run(RunState.NOT_STARTED), None),
        (run(RunState.RUNNING, at=NOW - timedelta(hours=1)), None),
    ],
)
def test_a_row_shows_the_newest_run_that_somebody_started_since_the_flow_broke(newest, shown):
    runs = {} if newest is None else {newest.flow_id: newest}
    assert decisions.rerun_of(listed(4001), runs) is shown


OPEN, OTHERS = listed(4001), listed(4002, owners=(UserName("someone.else"),))
TAKEN = lifecycle.acknowledge(listed(4003), JONAS, NOW)[0]
ENDED = lifecycle.recovered(listed(4004), "4004-2026112200", LATER)[0]


def test_all_are_the_open_ones_and_what_is_taken_is_said():
    chosen = bulk.to_acknowledge([OPEN, OTHERS, TAKEN, ENDED])
    assert {each.id for each in chosen.incidents} == {"i4001", "i4002"}
    assert chosen.left_out == ((TAKEN, LeftOut.TAKEN),)


def test_mine_are_those_whose_flow_i_own():
    assert [each.id for each in bulk.to_acknowledge([OPEN, OTHERS], OWNER).incidents] == ["i4001"]
    assert [each.id for each in bulk.to_rerun([OPEN, OTHERS, ENDED], OWNER, {}).incidents] == ["i4001"]


def test_a_rerun_that_is_under_way_is_not_started_again_and_one_that_failed_is():
    for state, left in ((RunState.ASKED, True), (RunState.RUNNING, True), (RunState.ENDED, False)):
        chosen = bulk.to_rerun([OPEN], OWNER, {OPEN.flow_id: run(state)})
        assert chosen.left_out == (((OPEN, LeftOut.RUNS_ALREADY),) if left else ())
        assert chosen.incidents == (() if left else (OPEN,))


def test_one_command_acts_on_500_at_most():
    chosen = bulk.to_acknowledge([listed(4001 + n) for n in range(503)])
    assert len(chosen.incidents) == bulk.LIMIT
    assert [reason for _, reason in chosen.left_out] == [LeftOut.BEYOND] * 3


@pytest.mark.parametrize(
    ("failure_", "reason"),
    [
        (Refusal("not_owner", msg("no")), LeftOut.NOT_YOURS),
        (Refusal("not_responder", msg("no")), LeftOut.NOT_YOURS),
        (Refusal("owners_unread", msg("no")), LeftOut.NO_ANSWER),
        (Refusal("already_acknowledged", msg("no")), LeftOut.TAKEN),
        (Refusal("recovered", msg("no")), LeftOut.RECOVERED),
        (Refusal("closed", msg("no")), LeftOut.CLOSED),
        (Refusal("second_start", msg("no")), LeftOut.TOO_SOON),
        (Refusal("flow_locked", msg("no")), LeftOut.LOCKED),
        (Refusal("no_single_task", msg("no")), LeftOut.NO_SAFE_RERUN),
        (Failure(msg("no")), LeftOut.NO_SAFE_RERUN),
        (TemporaryFailure(msg("no")), LeftOut.NO_ANSWER),
        (Unclear(msg("no")), LeftOut.UNCONFIRMED),
        (DatabaseUnavailable("disk full"), LeftOut.BROKEN),
    ],
)
def test_what_stopped_one_of_many_has_a_named_reason(failure_, reason):
    assert bulk.why_left_out(failure_) is reason


def test_a_result_is_final_unless_something_may_work_later():
    assert BulkResult((OPEN,), ((OTHERS, LeftOut.NOT_YOURS),)).is_final
    assert not BulkResult((OPEN,), ((OTHERS, LeftOut.NO_ANSWER),)).is_final


def test_who_has_acknowledged_something_in_a_storm_is_mentioned_no_more_in_it():
    people = {OWNER: MAYA, UserName("jonas.weber"): JONAS}
    assert to_be_asked([OPEN, TAKEN], people) == {OWNER: MAYA}
    assert to_be_asked([OPEN, lifecycle.unack(TAKEN)[0]], people) == people


# ── what people see ──

EVERY = BulkResult(
    (TAKEN,), tuple((listed(5000 + n), why) for n, why in enumerate(LeftOut) if why is not LeftOut.TAKEN)
)
AND_TAKEN = replace(EVERY, left_out=(*EVERY.left_out, (TAKEN, LeftOut.TAKEN)))
MANY = [listed(4001 + n) for n in range(70)]
RUNS = {
    FlowId(4001 + n): run(state, result, 4001 + n)
    for n, (state, result) in enumerate(
        [
            (RunState.ASKED, None),
            (RunState.RUNNING, None),
            (RunState.ENDED, 1),
            (RunState.ENDED, -1),
            (RunState.LOST, None),
        ]
    )
}
NOT_YOURS = BulkResult((), ((OPEN, LeftOut.NOT_YOURS), (OTHERS, LeftOut.NOT_YOURS)))
PICTURES = {
    "how reruns stand": board.storm(STORM, MANY[:5], {}, "p9", command="/flow", runs=RUNS),
    "the first page": board.page(STORM, MANY, 1, "p9", said="board"),
    "the last page": board.page(STORM, MANY, 9, "p9", said="board page 9", runs=RUNS),
    "a storm without incidents": board.page(STORM, [], 1, "p9", said="board"),
    "acknowledged, and every reason": cards.acknowledged(AND_TAKEN, MAYA, LATER, "ack all"),
    "acknowledged all": cards.acknowledged(BulkResult((TAKEN, TAKEN)), MAYA, LATER, "ack all mine"),
    "started": cards.started(replace(EVERY, done=(OPEN, OTHERS)), MAYA, "rerun all mine"),
    "none confirmed yet": cards.started(BulkResult((), ((OPEN, LeftOut.UNCONFIRMED),)), MAYA, "rerun all mine"),
    "the question": cards.question(MANY[:25], BulkResult(()), "rerun all mine", "p9", "rerun all mine confirmed"),
}
SENTENCES = {
    "nothing to acknowledge": cards.none_acknowledged(BulkResult(())),
    "none is yours": cards.none_acknowledged(NOT_YOURS),
    "none acknowledged": cards.none_acknowledged(AND_TAKEN),
    "nothing to start": cards.none_started(BulkResult(())),
    "none started": cards.none_started(EVERY),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", PICTURES)
def test_the_board_and_what_became_of_many(name, language, golden):
    golden(PICTURES[name], language, data=("turbine-", "someone.else"))


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", SENTENCES)
def test_why_nothing_was_done(name, language, golden):
    from bot.messages.cards import answers

    golden(answers.told("ack all", SENTENCES[name]), language, data=("turbine-",))


def test_every_button_and_menu_says_a_command():
    for card in (PICTURES["how reruns stand"], PICTURES["the last page"]):
        body = as_sent(card)
        for form in (body, body["fallback"]):
            values = []
            for block in all_blocks(form):
                for element in [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]:
                    values += [each["value"] for each in element.get("options", [element]) if "value" in each]
            assert values
            assert all(parse(value.split("|", 2)[2].removeprefix("form ")) for value in values)


def test_the_bulk_buttons_say_what_people_may_type():
    shown = picture(PICTURES["how reruns stand"])
    for words, request in (
        ("ack all mine", Ack(bulk=Bulk.MINE)),
        ("ack all", Ack(bulk=Bulk.ALL)),
        ("rerun all mine", Rerun(bulk=Bulk.MINE)),
    ):
        assert f"|p9|{words}]" in shown
        assert parse(words) == request


def test_a_table_that_is_too_large_for_slack_becomes_the_list():
    long = [replace(each, flow_name="x" * 120, owners=tuple(UserName("o" * 200) for _ in range(3))) for each in MANY]
    body = as_sent(board.storm(STORM, long, {}, "p9", command="/flow"))
    assert "fallback" not in body
    assert refused(body) == []
