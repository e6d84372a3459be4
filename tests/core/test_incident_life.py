"""The life of an incident."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, OTHER, OWNER, failure, incident, row

from bot.core.errors import Refusal
from bot.core.incident import lifecycle
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Phase
from bot.core.text.message import Joined, rendered

LATER = NOW + timedelta(minutes=30)
CLOSED = lifecycle.close(incident(), JONAS, LATER, "known bug")[0]
ACKED = lifecycle.acknowledge(incident(), MAYA, NOW)[0]
GREEN = lifecycle.recovered(incident(failure(backfilled=True)), "3377-2026112200", LATER)[0]
GREEN_WITHOUT_A_RUN = lifecycle.recovered(incident(), "3377-2026112200", LATER)[0]


def test_a_further_failure_is_counted():
    again = failure(end="2026-11-21 02:10:00", at=LATER)
    new, reason = lifecycle.failed(incident(), again, [OTHER])
    assert reason is Transition.FAILED_AGAIN
    assert new.occurrences[-1] == again
    assert new.owners == (OTHER,)


def test_owners_that_are_not_told_stay():
    new, _ = lifecycle.failed(incident(), failure("3377-2026112200", at=LATER), [])
    assert new.owners == (OWNER, OTHER)


def test_one_failure_is_told_once():
    assert lifecycle.failed(incident(), failure(at=LATER), []) == (incident(), Transition.NOTHING)


def test_without_an_end_time_nobody_can_tell_it_is_the_same():
    old = incident(failure(end=""))
    assert lifecycle.failed(old, failure(end="", at=LATER), [])[1] is Transition.FAILED_AGAIN


def test_of_what_one_reading_brings_the_newest_stands_last():
    new = incident(failure("3377-2026112000", end="2026-11-20 02:00:00", at=NOW - timedelta(days=1)))
    for end in ("2026-11-21 04:00:00", "", "2026-11-21 02:00:00", "2026-11-21 03:00:00"):
        new, _ = lifecycle.failed(new, failure(f"3377-20261121{end[11:13] or '09'}", end=end), [])
        ends = [each.end_time[8:13] for each in new.occurrences]
        assert ends[0] == "20 02"
        assert ends[-1] == ("" if "" in ends else "21 04")
    assert sorted(ends) == ["", "20 02", "21 02", "21 03", "21 04"]


def test_an_unreadable_id_has_its_place_too():
    new, _ = lifecycle.failed(incident(), failure("odd-id", end="2026-11-21 01:00:00"), [])
    assert new.occurrences[0].instance == "odd-id"


def test_a_correction_completes_the_end_and_restates_the_status():
    old = incident(failure(end=""))
    completed, _ = lifecycle.corrected(old, row(end="2026-11-21 02:00:00"))
    assert completed.occurrences[-1].end_time == "2026-11-21 02:00:00"
    restated, reason = lifecycle.corrected(completed, row(status=7, end=""))
    assert (restated.occurrences[-1].status, restated.occurrences[-1].end_time) == (7, "2026-11-21 02:00:00")
    assert reason is Transition.CORRECTED
    assert lifecycle.corrected(restated, row(status=7))[1] is Transition.NOTHING
    assert lifecycle.corrected(restated, row("3377-2026112200"))[1] is Transition.NOTHING


def test_a_correction_is_of_the_newest_failure_of_that_instance():
    old = incident(failure(), failure(end=""), failure("3377-2026112200"))
    new, _ = lifecycle.corrected(old, row(end="2026-11-21 02:10:00"))
    assert [each.end_time for each in new.occurrences[:2]] == ["2026-11-21 02:00:00", "2026-11-21 02:10:00"]


def test_what_is_learned_is_added_and_what_is_known_stays():
    first, reason = lifecycle.enriched(incident(failure()), "3377-2026112100", tasks=[108580], task_name="transform")
    assert reason is Transition.ENRICHED
    second, _ = lifecycle.enriched(first, "3377-2026112100", error_line="ERROR")
    newest = second.occurrences[-1]
    assert (newest.failed_tasks, newest.failed_task_name, newest.error_line) == ((108580,), "transform", "ERROR")


def test_an_acknowledgement_carries_a_promise():
    assert (ACKED.phase, ACKED.acked_by, ACKED.acked_at) == (Phase.ACKNOWLEDGED, MAYA, NOW)
    assert ACKED.ack_until == NOW + timedelta(hours=4)


def test_the_same_person_renews_the_promise_and_keeps_the_note():
    noted, _ = lifecycle.acknowledge(incident(), MAYA, NOW, note="on it")
    renewed, reason = lifecycle.acknowledge(noted, MAYA, LATER, LATER + timedelta(hours=1))
    assert reason is Transition.RENEWED
    assert (renewed.acked_at, renewed.ack_until, renewed.note) == (NOW, LATER + timedelta(hours=1), "on it")


def test_a_failure_while_it_is_acknowledged_leaves_it_so():
    assert lifecycle.failed(ACKED, failure("3377-2026112200", at=LATER), [])[0].phase is Phase.ACKNOWLEDGED


def test_given_back_nobody_has_it():
    back, reason = lifecycle.unack(ACKED)
    assert reason is Transition.HANDED_BACK
    assert (back.phase, back.acked_by, back.ack_until, back.note) == (Phase.OPEN, None, None, "")


def test_closed_names_who_when_and_why():
    assert (CLOSED.phase, CLOSED.ended_by, CLOSED.ended_at, CLOSED.note) == (Phase.CLOSED, JONAS, LATER, "known bug")


def test_reopened_it_is_open_again():
    back, reason = lifecycle.reopen(CLOSED)
    assert reason is Transition.REOPENED
    assert (back.phase, back.ended_at, back.ended_by, back.note) == (Phase.OPEN, None, None, "")


def test_a_recovered_one_without_a_good_run_may_be_closed_and_reopened():
    closed, _ = lifecycle.close(GREEN_WITHOUT_A_RUN, MAYA, LATER, "not needed")
    assert lifecycle.reopen(closed)[0].phase is Phase.RECOVERED


def test_recovery_is_of_live_incidents_only():
    assert lifecycle.recovered(CLOSED, "3377-2026112200", LATER) == (CLOSED, Transition.NOTHING)
    assert GREEN.phase is Phase.RECOVERED


def test_a_gathered_one_moves_to_a_thread_of_its_own():
    own = lifecycle.with_thread(incident(grouped=True).home, "p9")
    assert (own.post, own.grouped) == ("p9", False)


def test_commands_name_the_flow_or_the_instance():
    assert lifecycle.reference(incident()) == "3377"
    assert lifecycle.reference(incident(group="3377-2026112100")) == "3377-2026112100"


FOREVER = replace(ACKED, ack_until=None)
CLOSED_SOME_DAY = incident(phase=Phase.CLOSED)
RECOVERED_SOME_DAY = incident(failure(backfilled=True), phase=Phase.RECOVERED)
BY_THEN, ONCE = "{person} closed this incident {time}.", "{person} closed this incident."
REOPEN = "If it is not over, reopen it with {command}."
SEE_FLOW, SEE_INCIDENT = "See the flow's state with {command}.", "See its state with {command}."


@pytest.mark.parametrize(
    ("act", "reason", "said"),
    [
        (
            lambda: lifecycle.acknowledge(incident(), MAYA, NOW, NOW),
            "promise_past",
            ["{time} has already passed. Name a later time, for example {command}."],
        ),
        (
            lambda: lifecycle.acknowledge(ACKED, JONAS, LATER),
            "already_acknowledged",
            ["{person} is already on it until {time}.", "Take it over with {command}."],
        ),
        (
            lambda: lifecycle.acknowledge(FOREVER, JONAS, LATER),
            "already_acknowledged",
            ["{person} is already on it.", "Take it over with {command}."],
        ),
        (
            lambda: lifecycle.acknowledge(GREEN, MAYA, LATER),
            "recovered",
            ["This incident recovered {time}.", "There is nothing to acknowledge.", SEE_FLOW],
        ),
        (
            lambda: lifecycle.acknowledge(RECOVERED_SOME_DAY, MAYA, LATER),
            "recovered",
            ["This incident has recovered.", "There is nothing to acknowledge.", SEE_FLOW],
        ),
        (
            lambda: lifecycle.acknowledge(CLOSED, MAYA, LATER),
            "closed",
            [BY_THEN, "There is nothing to acknowledge.", REOPEN],
        ),
        (
            lambda: lifecycle.acknowledge(CLOSED_SOME_DAY, MAYA, LATER),
            "closed",
            [ONCE, "There is nothing to acknowledge.", REOPEN],
        ),
        (
            lambda: lifecycle.unack(incident()),
            "not_acknowledged",
            ["Nobody has acknowledged this incident. Acknowledge it with {command}."],
        ),
        (lambda: lifecycle.unack(CLOSED), "closed", [BY_THEN, "There is nothing to hand back.", REOPEN]),
        (lambda: lifecycle.close(CLOSED, MAYA, LATER), "closed", [BY_THEN, "There is nothing to close.", REOPEN]),
        (
            lambda: lifecycle.close(GREEN, MAYA, LATER),
            "recovered",
            ["This incident recovered {time}.", "There is nothing to close.", SEE_FLOW],
        ),
        (lambda: lifecycle.reopen(incident()), "not_closed", ["This incident is already open.", SEE_INCIDENT]),
        (
            lambda: lifecycle.reopen(GREEN),
            "not_closed",
            ["This incident has recovered. There is nothing to reopen.", SEE_INCIDENT],
        ),
        (
            lambda: lifecycle.open_thread(incident(), "p9"),
            "has_thread",
            ["This incident already has a thread. Find it with {command}."],
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(act, reason, said):
    with pytest.raises(Refusal) as refused:
        act()
    assert refused.value.reason == reason
    assert list(messages(refused.value.message)) == said


def messages(text):
    """The sentences of a text, as the catalogues know them."""
    if isinstance(text, Joined):
        for part in text.parts:
            yield from messages(part)
    elif text:
        yield text.text


def test_a_refusal_that_names_somebody_mentions_them():
    with pytest.raises(Refusal) as refused:
        lifecycle.acknowledge(ACKED, JONAS, LATER)
    assert rendered(refused.value.message).startswith("<@U0MAYA00001> is already on it until <!date^")
    with pytest.raises(Refusal) as unnamed:
        lifecycle.acknowledge(CLOSED_SOME_DAY, MAYA, LATER)
    assert str(unnamed.value).startswith("Somebody closed this incident. There")


def test_unhealed_is_the_newest_failure_of_each_instance():
    left = lifecycle.not_backfilled(
        incident(failure(**KNOWN), failure(end="2026-11-21 03:00:00"), failure("3-2026112100", backfilled=True))
    )
    assert [each.end_time for each in left] == ["2026-11-21 03:00:00"]


def test_that_its_flow_is_gone_is_told_once_and_only_while_it_is_live():
    new, reason = lifecycle.gone(incident())
    assert (new.gone, reason) == (True, Transition.GONE)
    assert lifecycle.gone(new) == (new, Transition.NOTHING)
    assert lifecycle.gone(CLOSED) == (CLOSED, Transition.NOTHING)
    assert lifecycle.shown_again(new) == (incident(), Transition.SHOWN_AGAIN)
    assert lifecycle.shown_again(incident()) == (incident(), Transition.NOTHING)
    assert not lifecycle.failed(new, failure("3377-2026112200", at=LATER), [])[0].gone


@pytest.mark.parametrize(
    ("name", "run", "reason"),
    [
        ("new", None, Transition.RENAMED),
        ("new", "3377-2026112100", Transition.RENAMED),
        ("new", "3377-2026112200", Transition.RENAMED),
        ("new", "3377-2026112000", Transition.NOTHING),  # perhaps the name of then
        ("new", "odd", Transition.RENAMED),
        ("", None, Transition.NOTHING),
        (incident().flow_name, None, Transition.NOTHING),
    ],
)
def test_a_flow_takes_its_new_name(name, run, reason):
    new, told = lifecycle.renamed(incident(), name, run)
    assert told is reason
    assert new.flow_name == ("new" if told is Transition.RENAMED else incident().flow_name)
    unknown = incident(failure("odd"))
    assert lifecycle.renamed(unknown, "new", "3377-2026112000")[1] is Transition.RENAMED
