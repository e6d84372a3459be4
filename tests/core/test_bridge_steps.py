"""The steps of an incident that other programs are told of."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, changed, failure, incident

from bot.core.flow.model import InstanceId, UserName
from bot.core.flow.status import OwnStatus, Status
from bot.core.incident.events import IncidentStep, events
from bot.core.incident.lifecycle import (
    acknowledge,
    close,
    enriched,
    failed,
    gone,
    recovered,
    renamed,
    reopen,
    unack,
)
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.outbox.posts import PostId

OPEN = incident(failure(**KNOWN))
TAKEN, _ = acknowledge(OPEN, MAYA, NOW)
CLOSED, _ = close(OPEN, MAYA, NOW, "planned")
RECOVERED, _ = recovered(OPEN, InstanceId("3377-20261122"), NOW)
SNOOZE = Snooze(SnoozeId("s1"), OPEN.flow_id, OPEN.flow_name, MAYA, NOW, NOW + timedelta(hours=2), "known")
SNOOZED = replace(OPEN, snooze=SNOOZE)
LONGER = replace(OPEN, snooze=replace(SNOOZE, id=SnoozeId("s2")))
ANOTHER = failure("3377-2026112200", end="2026-11-22 02:00:00")
THIRD = failure("3377-2026112300", end="2026-11-23 02:00:00")
LATE = incident(failure(status=OwnStatus.LATE))
LONG = incident(failure(status=OwnStatus.LONG))
WAS_LATE = failed(LATE, ANOTHER, ())[0]
LATER = TAKEN.ack_until.replace(hour=23)


@pytest.mark.parametrize(
    ("sentence", "old", "new", "steps"),
    [
        ("a first failure opens it", None, OPEN, ["opened"]),
        ("another failure", OPEN, failed(OPEN, ANOTHER, ())[0], ["failed_again"]),
        ("another failure while somebody is on it", TAKEN, failed(TAKEN, ANOTHER, ())[0], ["failed_again"]),
        ("a run that was late fails", LATE, failed(LATE, ANOTHER, ())[0], ["failed"]),
        ("a run that ran too long fails", LONG, failed(LONG, ANOTHER, ())[0], ["failed"]),
        ("what was late fails a second time", WAS_LATE, failed(WAS_LATE, THIRD, ())[0], ["failed_again"]),
        ("its task and error line are read", incident(failure()), OPEN, ["updated"]),
        ("FAIL becomes TIMEOUT", OPEN, incident(failure(status=Status.TIMEOUT, **KNOWN)), ["updated"]),
        ("its owners change", OPEN, replace(OPEN, owners=(UserName("sam.lee"),)), ["updated"]),
        ("its flow is renamed", OPEN, renamed(OPEN, "nightly")[0], ["updated"]),
        ("somebody acknowledges it", OPEN, TAKEN, ["acknowledged"]),
        ("the same person extends it", TAKEN, acknowledge(TAKEN, MAYA, NOW, LATER)[0], ["acknowledged"]),
        ("the same person says why", TAKEN, replace(TAKEN, note="looking"), ["acknowledged"]),
        ("another person has it", TAKEN, replace(TAKEN, acked_by=JONAS), ["handed_over"]),
        ("it is handed back", TAKEN, unack(TAKEN)[0], ["handed_back"]),
        ("a success ends it", TAKEN, recovered(TAKEN, InstanceId("3377-20261122"), NOW)[0], ["recovered"]),
        ("a person closes it", TAKEN, close(TAKEN, MAYA, NOW)[0], ["closed"]),
        ("a person closes what had recovered", RECOVERED, replace(RECOVERED, phase=Phase.CLOSED), ["closed"]),
        ("a person reopens it", CLOSED, reopen(CLOSED)[0], ["reopened"]),
        ("a person undoes the close of a recovery", replace(RECOVERED, phase=Phase.CLOSED), RECOVERED, ["reopened"]),
        ("what had recovered is open again", RECOVERED, OPEN, ["reopened"]),
        ("somebody takes what was closed", CLOSED, TAKEN, ["reopened", "acknowledged"]),
        ("one change holds two steps", OPEN, failed(TAKEN, ANOTHER, ())[0], ["failed_again", "acknowledged"]),
        ("its flow is snoozed", OPEN, SNOOZED, ["snoozed"]),
        ("it is snoozed in another way", SNOOZED, LONGER, ["snoozed"]),
        ("it opens while its flow is snoozed", None, SNOOZED, ["opened", "snoozed"]),
        ("it fails while it is snoozed", SNOOZED, failed(SNOOZED, ANOTHER, ())[0], ["failed_again"]),
        ("the snooze ends", SNOOZED, OPEN, ["snooze_ended"]),
        ("the snooze ends, and what was acknowledged is over", replace(TAKEN, snooze=SNOOZE), OPEN,
         ["snooze_ended", "handed_back"]),
        ("a success ends it with its snooze", SNOOZED, RECOVERED, ["recovered"]),
        ("a person closes it with its snooze", SNOOZED, CLOSED, ["closed"]),
        ("nothing changes", TAKEN, TAKEN, []),
        ("only its place in a list changes", OPEN, changed(OPEN, listed_in=PostId("g")), []),
        ("EnOS does not show its flow any more", OPEN, gone(OPEN)[0], []),
        ("nothing is learned", OPEN, enriched(OPEN, OPEN.occurrences[0].instance)[0], []),
        ("nothing is known at all", replace(OPEN, occurrences=()), replace(OPEN, occurrences=()), []),
    ],
)  # fmt: skip
def test_each_change_of_an_incident_has_its_steps(sentence, old, new, steps):
    assert [step.value for step in events(old, new)] == steps, sentence


def test_an_acknowledgement_that_was_over_has_expired():
    assert events(TAKEN, unack(TAKEN)[0], expired=True) == (IncidentStep.EXPIRED,)


def test_no_name_that_receivers_see_is_lost():
    assert {step.value for step in IncidentStep} >= {
        "opened", "failed", "failed_again", "updated", "acknowledged", "handed_over", "handed_back", "expired",
        "recovered", "closed", "reopened", "snoozed", "snooze_ended",
    }  # fmt: skip
