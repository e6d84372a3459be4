"""Which failures are retried by themselves, when, and every reason why not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, MAYA, NOW, failure, incident

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId, UserId, UserName
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import OwnStatus
from bot.core.incident import retries
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.incident.retries import RetryId, RetryReason, RetryRule, RetryState, RuleEnd, RuleId
from bot.core.people.model import Link

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RULE = RetryRule(
    *(RuleId("r1"), FlowId(3377), "daily-energy-report", "connection RESET", MINUTE, MAYA, UserName("maya.chen")),
    NOW - HOUR,
)
RUN = InstanceId("3377-2026112100")
FAILED = failure(RUN, error_line="java.net.SocketException: Connection reset by peer")
OPEN = replace(incident(), occurrences=(FAILED,))
LINK = Link(MAYA, UserId("u1"), UserName("maya.chen"), verified=True)
SNOOZED = Snooze(SnoozeId("s1"), None, "", JONAS, NOW, NOW + HOUR, "known")


def started(verb="trigger", at=NOW, state=RunState.RUNNING):
    return Run(InstanceId("3377-202611210005"), FlowId(3377), "x", str(JONAS), "p", at, "C1", verb=verb, state=state)


def failing(**more):
    return replace(OPEN, occurrences=(replace(FAILED, **more),))


@pytest.mark.parametrize(
    ("sentence", "rule", "broken", "tried", "run", "reason"),
    [
        ("the text is in its error line, in other capitals", RULE, OPEN, [], None, RetryReason.RETRY),
        ("a person triggered the run", RULE, OPEN, [], started(), RetryReason.RETRY),
        ("another error", RULE, failing(error_line="OutOfMemory"), [], None, RetryReason.NO_MATCH),
        ("it is only late", RULE, failing(status=int(OwnStatus.LATE)), [], None, RetryReason.NO_MATCH),
        ("its error is not known yet", RULE, failing(error_line=""), [], None, RetryReason.NO_MATCH),
        ("it failed before the rule was made", replace(RULE, at=NOW + MINUTE), OPEN, [], None, RetryReason.NO_MATCH),
        ("the rule has ended", retries.ended_rule(RULE, RuleEnd.PERSON, NOW), OPEN, [], None, RetryReason.NO_MATCH),
        ("it has its row", RULE, OPEN, [RUN], None, RetryReason.KNOWN),
        ("another run has a row", RULE, OPEN, [InstanceId("3377-1")], None, RetryReason.RETRY),
        ("the incident has ended", RULE, replace(OPEN, phase=Phase.RECOVERED), [], None, RetryReason.ENDED),
        ("the retry itself has failed", RULE, OPEN, [], started("retry"), RetryReason.IS_RERUN),
        ("a run of a backfill has failed", RULE, OPEN, [], started("backfill"), RetryReason.NO_MATCH),
        ("a person's rerun has failed", RULE, OPEN, [], started("rerun"), RetryReason.IS_RERUN),
        ("flowbot was not running", RULE, failing(seen_at=NOW - HOUR - MINUTE), [], None, RetryReason.NO_MATCH),
        ("flowbot was not running since", replace(RULE, at=NOW - 3 * HOUR), failing(seen_at=NOW - HOUR - MINUTE), [],
         None, RetryReason.TOO_LATE),
        ("somebody is on it", RULE, replace(OPEN, phase=Phase.ACKNOWLEDGED), [], None, RetryReason.ACKNOWLEDGED),
        ("it is snoozed", RULE, replace(OPEN, snooze=SNOOZED), [], None, RetryReason.SNOOZED),
    ],
)  # fmt: skip
def test_whether_a_failure_is_retried(sentence, rule, broken, tried, run, reason):
    assert retries.at_failure(rule, broken, tried, run, NOW) is reason, sentence


def test_the_newest_failure_of_an_incident_decides():
    newest = failure("3377-2026112101", error_line="Connection reset")
    assert retries.at_failure(RULE, replace(OPEN, occurrences=(FAILED, newest)), [RUN], None, NOW) is RetryReason.RETRY


WAITING = retries.planned(RULE, OPEN, RetryId("t1"), RetryReason.RETRY, NOW)
DUE = NOW + MINUTE


def test_a_retry_waits_for_as_long_as_its_rule_says():
    assert (WAITING.state, WAITING.due, WAITING.instance, WAITING.by) == (RetryState.WAITING, DUE, RUN, MAYA)


def test_a_failure_that_is_not_retried_has_its_row_too():
    row = retries.planned(RULE, OPEN, RetryId("t1"), RetryReason.SNOOZED, NOW)
    assert (row.state, row.reason) == (RetryState.REFUSED, RetryReason.SNOOZED)


AGAIN = replace(OPEN, occurrences=(FAILED, failure("3377-2026112101")))
REFAILED = replace(OPEN, occurrences=(FAILED, replace(FAILED, end_time="later", seen_at=NOW + MINUTE)))


@pytest.mark.parametrize(
    ("sentence", "found", "rules", "link", "runs", "at", "reason"),
    [
        ("its time has come", OPEN, [RULE], LINK, [], DUE, RetryReason.RETRY),
        ("an hour late", OPEN, [RULE], LINK, [], DUE + HOUR, RetryReason.RETRY),
        ("more than an hour late", OPEN, [RULE], LINK, [], DUE + HOUR + MINUTE, RetryReason.TOO_LATE),
        ("a moment before its time", OPEN, [RULE], LINK, [], DUE - MINUTE / 60, RetryReason.NOT_YET),
        ("the clock was set back", OPEN, [RULE], LINK, [], NOW - 9 * HOUR, RetryReason.NOT_YET),
        ("the incident is not kept any more", None, [RULE], LINK, [], NOW, RetryReason.ENDED),
        ("it has recovered", replace(OPEN, phase=Phase.RECOVERED), [RULE], LINK, [], NOW, RetryReason.ENDED),
        ("somebody closed it", replace(OPEN, phase=Phase.CLOSED), [RULE], LINK, [], DUE, RetryReason.ENDED),
        ("the next run has failed", AGAIN, [RULE], LINK, [], DUE, RetryReason.OTHER_FAILURE),
        ("it was rerun in EnOS and failed again", REFAILED, [RULE], LINK, [], DUE, RetryReason.OTHER_FAILURE),
        ("somebody is on it", replace(OPEN, phase=Phase.ACKNOWLEDGED), [RULE], LINK, [], DUE, RetryReason.ACKNOWLEDGED),
        ("somebody snoozed it", replace(OPEN, snooze=SNOOZED), [RULE], LINK, [], NOW, RetryReason.SNOOZED),
        ("somebody started a run", OPEN, [RULE], LINK, [started()], DUE, RetryReason.STARTED),
        ("a run was started before", OPEN, [RULE], LINK, [started(at=NOW - MINUTE)], DUE, RetryReason.RETRY),
        ("EnOS started none", OPEN, [RULE], LINK, [started(state=RunState.NOT_STARTED)], DUE, RetryReason.RETRY),
        ("its rule has ended", OPEN, [], LINK, [], DUE, RetryReason.RULE_ENDED),
        ("its rule was replaced", OPEN, [replace(RULE, id=RuleId("r2"))], LINK, [], NOW, RetryReason.RULE_ENDED),
        ("its maker is linked to another user", OPEN, [RULE], replace(LINK, user_name="x"), [], DUE,
         RetryReason.NOT_LINKED),
        ("its maker is not linked any more", OPEN, [RULE], None, [], DUE, RetryReason.NOT_LINKED),
    ],
)  # fmt: skip
def test_whether_a_retry_that_waits_starts(sentence, found, rules, link, runs, at, reason):
    assert retries.at_its_time(WAITING, found, rules, link, runs, at) is reason, sentence


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ("not_owner", RetryReason.NOT_OWNER),
        ("user_locked", RetryReason.USER_LOCKED),
        ("unknown_flow", RetryReason.HIDDEN),
        ("second_start", RetryReason.STARTED),
        ("link_changed", RetryReason.NOT_LINKED),
        ("parameters_differ", RetryReason.REFUSED),
    ],
)
def test_a_refusal_has_its_reason(refusal, reason):
    assert retries.refused(refusal) is reason


def test_its_own_run_is_the_one_that_a_rule_started_since():
    mine = started("retry", at=NOW + MINUTE)
    assert retries.own_run(WAITING, [started(), started("retry", at=NOW - MINUTE), mine]) is mine
    assert retries.own_run(WAITING, [started(), started("rerun", at=NOW + MINUTE)]) is None


def test_the_card_shows_a_retry_while_it_waits():
    waits = retries.shown(OPEN, WAITING)
    assert waits.background.retry is not None
    assert waits.background.retry.due == DUE
    assert retries.shown(waits, WAITING.ended(RetryState.STARTING)) == OPEN


@pytest.mark.parametrize("text", ["ab", " ab ", "", "x" * 201])
def test_a_text_that_is_too_short_or_too_long_is_refused(text):
    with pytest.raises(Refusal, match="3 to 200 characters"):
        retries.checked_text(text)


def test_a_text_loses_the_spaces_around_it():
    assert retries.checked_text("  Connection reset ") == "Connection reset"
    assert retries.checked_text("abc") == "abc"
    assert len(retries.checked_text("x" * 200)) == 200


@pytest.mark.parametrize("wait", [timedelta(seconds=59), timedelta(hours=6, seconds=1)])
def test_a_wait_that_is_too_short_or_too_long_is_refused(wait):
    with pytest.raises(Refusal, match="one start a minute"):
        retries.checked_wait(wait)


def test_without_a_wait_it_is_as_short_as_enos_allows():
    assert retries.checked_wait(None) == MINUTE
    assert retries.checked_wait(6 * HOUR) == 6 * HOUR
