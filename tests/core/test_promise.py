"""The promise: what is late, by how much, and in which words; and the one judgement that everybody is told."""

import pytest

from bot.core.health import promise
from bot.core.health.promise import Evidence, Judgement, Promise
from bot.core.text.message import msg

POLL = 30.0  # so that 70 seconds are allowed


@pytest.mark.parametrize(
    ("case", "evidence", "found"),
    [
        ("nothing waits", Evidence(), []),
        ("all of it is within two polls and ten seconds", Evidence(70, False, 70, 70, 70, 70), []),
        ("a type was not read", Evidence(unread=71), [(Promise.READ, "The last complete poll of EnOS was 1 min ago.")]),
        (
            "no type was ever read",
            Evidence(unread=200, never_read=True),
            [(Promise.READ, "No poll of EnOS has been complete since the start 3 min ago.")],
        ),
        ("a failure", Evidence(untold=130), [(Promise.TELL, "A failure was seen 2 min ago and is not posted yet.")]),
        ("a person", Evidence(unanswered=80), [(Promise.ANSWER, "Somebody has waited 1 min for an answer.")]),
        ("the disk", Evidence(unrecorded=7300), [(Promise.RECORD, "The database has not answered for 2 h 1 min.")]),
        ("the judge", Evidence(unseen=75), [(Promise.LOOK, "The last health check was 1 min ago.")]),
        (
            "the longest comes first",
            Evidence(unread=100, untold=400),
            [
                (Promise.TELL, "A failure was seen 6 min ago and is not posted yet."),
                (Promise.READ, "The last complete poll of EnOS was 1 min ago."),
            ],
        ),
    ],
)
def test_what_is_late(case, evidence, found):
    assert [(each.promise, str(each.sentence)) for each in promise.late(evidence, POLL)] == found, case


def test_a_bot_that_polls_seldom_may_take_longer():
    assert promise.late(Evidence(unread=200), 100.0) == ()
    assert promise.allowed(100.0) == 210.0


def test_what_an_operator_mends_comes_before_what_follows_from_it():
    late = promise.late(Evidence(untold=90), POLL)
    disconnected, gap = msg("Slack is not connected."), msg("Failures of 2 of 7 flows are not seen.")
    judgement = promise.judge(late, [disconnected], [gap])
    assert judgement.told == (disconnected, late[0].sentence, gap)
    assert str(judgement) == (
        "Slack is not connected. A failure was seen 1 min ago and is not posted yet. "
        "Failures of 2 of 7 flows are not seen."
    )
    assert not judgement.well


def test_a_remark_alone_is_not_well_and_nothing_is():
    assert not promise.judge((), (), [msg("Failures of 2 of 7 flows are not seen.")]).well
    assert promise.judge((), (), ()).well
    assert str(Judgement()) == ""
