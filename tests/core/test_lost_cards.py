"""What becomes of a message that was lost."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.outbox.lost_messages import MAX_IN_WINDOW, MAX_REPOSTS, LossOutcome, after_loss, repeated_loss_notice
from bot.core.outbox.posts import PostId, carried_id, carried_ids

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def ago(*minutes):
    return [NOW - timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("losses", "more", "expected"),
    [
        (ago(0), {}, LossOutcome.REPOSTED),
        (ago(*[0] * MAX_IN_WINDOW), {}, LossOutcome.REPOSTED),
        (ago(*[0] * (MAX_IN_WINDOW + 1)), {}, LossOutcome.TOO_OFTEN),
        (ago(0, 20, 40, 60), {}, LossOutcome.REPOSTED),  # an hour ago is not within the hour
        (ago(*range(0, 90 * MAX_REPOSTS, 90)), {}, LossOutcome.REPOSTED),
        (ago(*range(0, 90 * (MAX_REPOSTS + 1), 90)), {}, LossOutcome.TOO_OFTEN),
        (ago(0), {"over": True}, LossOutcome.ENDED),
        (ago(0), {"bare": True}, LossOutcome.CONTENT_UNKNOWN),
        (ago(0), {"bare": True, "over": True}, LossOutcome.ENDED),
        (ago(0, 0, 0, 0), {"bare": True}, LossOutcome.TOO_OFTEN),
    ],
)
def test_what_follows_a_loss(losses, more, expected):
    assert after_loss(losses, NOW, **{"over": False, "bare": False} | more) is expected


def test_each_time_that_it_is_said_it_has_another_name():
    assert carried_id(PostId("p1"), 0) == "p1"
    assert carried_ids(PostId("p1"), 2) == ("p1", "p1~1", "p1~2")


def test_the_admins_are_told_where():
    assert "<#C1>" in str(repeated_loss_notice("C1"))
