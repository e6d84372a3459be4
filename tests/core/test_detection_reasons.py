"""Why a row makes us speak, and what is remembered of it."""

import pytest
from incident_makers import NOW, row, seen

from bot.core.flow.model import MANUAL, PERIODIC
from bot.core.flow.status import Status
from bot.core.incident.detection import DetectionReason, detect, seen_to_store

ALERTING = frozenset({-1, 7})
T1, T2 = "2026-11-21 02:00:00", "2026-11-21 02:10:00"
FAIL, TIMEOUT, RUNNING, SUCCESS, CANCEL = Status.FAIL, Status.TIMEOUT, Status.RUNNING, Status.SUCCESS, Status.CANCEL


@pytest.mark.parametrize(
    ("case", "before", "now", "expected"),
    [
        ("never seen, fails", None, (FAIL, T1), DetectionReason.NEW),
        ("never seen, fails, its end not printed yet", None, (FAIL, ""), DetectionReason.NEW),
        ("never seen, times out", None, (TIMEOUT, T1), DetectionReason.NEW),
        ("never seen, runs", None, (RUNNING, ""), DetectionReason.NOTHING),
        ("never seen, succeeded", None, (SUCCESS, T1), DetectionReason.NOTHING),
        ("a status nobody knows", None, (42, T1), DetectionReason.NOTHING),
        ("ran, fails", (RUNNING, ""), (FAIL, T1), DetectionReason.AGAIN),
        ("was good, fails after a console rerun", (SUCCESS, T1), (FAIL, T2), DetectionReason.AGAIN),
        ("was cancelled, fails with the same end", (CANCEL, T1), (FAIL, T1), DetectionReason.AGAIN),
        ("failed, fails with another known end", (FAIL, T1), (FAIL, T2), DetectionReason.AGAIN),
        ("failed, times out with another end", (FAIL, T1), (TIMEOUT, T2), DetectionReason.AGAIN),
        ("failed, the end arrives", (FAIL, ""), (FAIL, T1), DetectionReason.COMPLETED),
        ("failed, the end arrives as a time-out", (FAIL, ""), (TIMEOUT, T1), DetectionReason.COMPLETED),
        ("failed, becomes a time-out with the same end", (FAIL, T1), (TIMEOUT, T1), DetectionReason.RESTATED),
        ("failed, becomes a time-out, no end printed", (FAIL, ""), (TIMEOUT, ""), DetectionReason.RESTATED),
        ("failed, the end is not printed any more", (FAIL, T1), (FAIL, ""), DetectionReason.NOTHING),
        ("failed, nothing changed", (FAIL, T1), (FAIL, T1), DetectionReason.NOTHING),
        ("failed, runs again", (FAIL, T1), (RUNNING, ""), DetectionReason.NOTHING),
        ("failed, succeeds", (FAIL, T1), (SUCCESS, T2), DetectionReason.RECOVERED),
        ("ran, succeeds", (RUNNING, ""), (SUCCESS, T2), DetectionReason.NOTHING),
    ],
)
def test_the_reason_to_speak(case, before, now, expected):
    status, end = now
    assert detect(row(status=status, end=end), before and seen(*before), ALERTING) is expected, case


@pytest.mark.parametrize(
    ("case", "before", "now", "expected"),
    [
        ("a failure", None, (FAIL, T1), (-1, T1)),
        ("what has not ended", None, (RUNNING, ""), (2, "")),
        ("what ended well is not worth it", None, (SUCCESS, T1), None),
        ("what ended well after a failure is", (FAIL, T1), (SUCCESS, T2), (1, T2)),
        ("nothing new", (FAIL, T1), (FAIL, T1), None),
        ("a known end is not unknown again while the failure stands", (FAIL, T1), (FAIL, ""), None),
        ("a rerun has no end", (FAIL, T1), (RUNNING, ""), (2, "")),
        ("and its failure has none either at first", (RUNNING, ""), (FAIL, ""), (-1, "")),
    ],
)
def test_what_is_remembered(case, before, now, expected):
    status, end = now
    new = seen_to_store(row(status=status, end=end), before and seen(*before), PERIODIC, NOW, ALERTING)
    assert (new and (new.status, new.end_time)) == expected, case


def test_the_type_is_the_searched_one_or_the_known_one():
    kinds = [
        seen_to_store(row(kind=MANUAL), None, None, NOW, ALERTING),
        seen_to_store(row(), None, None, NOW, ALERTING),
        seen_to_store(row(end=T2), seen(), None, NOW, ALERTING),
        seen_to_store(row(), None, MANUAL, NOW, ALERTING),
    ]
    assert [each.kind for each in kinds] == [MANUAL, PERIODIC, PERIODIC, MANUAL]
