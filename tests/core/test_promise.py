"""The promise: what is late, by how much, and in which words; and the one judgement that everybody is told."""

import pytest

from bot.core.health import promise
from bot.core.health.promise import Evidence, Judgement, Promise

POLL = 30.0  # so that 70 seconds are allowed


@pytest.mark.parametrize(
    ("case", "evidence", "found"),
    [
        ("nothing waits", Evidence(), []),
        ("all of it is within two polls and ten seconds", Evidence(70, False, 70, 70, 70, 70), []),
        ("a type was not read", Evidence(unread=71), [(Promise.READ, "EnOS was last read completely 71 s ago.")]),
        (
            "no type was ever read",
            Evidence(unread=200, never_read=True),
            [(Promise.READ, "EnOS has not been read completely since the start, 3 min ago.")],
        ),
        ("a failure", Evidence(untold=130), [(Promise.TELL, "A failure was seen 2 min ago and is not posted yet.")]),
        ("a person", Evidence(unanswered=80), [(Promise.ANSWER, "Somebody has waited 80 s for an answer.")]),
        ("the disk", Evidence(unrecorded=7300), [(Promise.RECORD, "The database has not answered for 2 h 1 min.")]),
        ("the judge", Evidence(unseen=75), [(Promise.LOOK, "flowbot has not checked itself for 75 s.")]),
        (
            "the longest comes first",
            Evidence(unread=100, untold=400),
            [
                (Promise.TELL, "A failure was seen 6 min ago and is not posted yet."),
                (Promise.READ, "EnOS was last read completely 100 s ago."),
            ],
        ),
    ],
)
def test_what_is_late(case, evidence, found):
    assert [(each.promise, each.sentence) for each in promise.late(evidence, POLL)] == found, case


def test_a_bot_that_polls_seldom_may_take_longer():
    assert promise.late(Evidence(unread=200), 100.0) == ()
    assert promise.allowed(100.0) == 210.0


@pytest.mark.parametrize(("seconds", "words"), [(-3600, "0 s"), (0.4, "0 s"), (119, "119 s"), (125, "2 min")])
def test_no_age_is_ever_negative(seconds, words):
    assert promise.span(seconds) == words


def test_what_an_operator_mends_comes_before_what_follows_from_it():
    late = promise.late(Evidence(untold=90), POLL)
    judgement = promise.judge(late, ["Slack is not connected."], ["Failures of 2 of 7 flows are not seen."])
    assert str(judgement) == (
        "Slack is not connected. A failure was seen 90 s ago and is not posted yet. "
        "Failures of 2 of 7 flows are not seen."
    )
    assert not judgement.well


def test_a_remark_alone_is_not_well_and_nothing_is():
    assert not promise.judge((), (), ["Failures of 2 of 7 flows are not seen."]).well
    assert promise.judge((), (), ()).well
    assert str(Judgement()) == ""
