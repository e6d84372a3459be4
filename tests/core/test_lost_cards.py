"""What becomes of a message that was lost."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.outbox.lost_messages import (
    IN_ALL,
    OFTEN,
    AfterLoss,
    after_loss,
    disappearing,
    name_of,
    names_of,
)
from bot.core.outbox.posts import PostId

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def ago(*minutes):
    return [NOW - timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("losses", "more", "expected"),
    [
        (ago(0), {}, AfterLoss.AGAIN),
        (ago(*[0] * OFTEN), {}, AfterLoss.AGAIN),
        (ago(*[0] * (OFTEN + 1)), {}, AfterLoss.ENOUGH),
        (ago(0, 20, 40, 60), {}, AfterLoss.AGAIN),  # an hour ago is not within the hour
        (ago(*range(0, 90 * IN_ALL, 90)), {}, AfterLoss.AGAIN),
        (ago(*range(0, 90 * (IN_ALL + 1), 90)), {}, AfterLoss.ENOUGH),
        (ago(0), {"over": True}, AfterLoss.OVER),
        (ago(0), {"bare": True}, AfterLoss.BARE),
        (ago(0), {"bare": True, "over": True}, AfterLoss.OVER),
        (ago(0, 0, 0, 0), {"bare": True}, AfterLoss.ENOUGH),
    ],
)
def test_what_follows_a_loss(losses, more, expected):
    assert after_loss(losses, NOW, **{"over": False, "bare": False} | more) is expected


def test_each_time_that_it_is_said_it_has_another_name():
    assert name_of(PostId("p1"), 0) == "p1"
    assert names_of(PostId("p1"), 2) == ("p1", "p1~1", "p1~2")


def test_the_admins_are_told_where():
    assert "<#C1>" in disappearing("C1")
