"""How many of the organization's flows the watcher sees."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.flow.model import FlowId, FlowName
from bot.core.health.coverage import LATELY, counts_since, unwatched

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FLOWS = [FlowName(FlowId(number), f"flow {number}") for number in (3, 1, 2)]


@pytest.mark.parametrize(
    ("related", "searched", "missing"),
    [
        ((), (), [1, 2, 3]),
        ((), (1, 2, 3), []),
        ((2,), (), [1, 3]),
        ((2,), (3,), [1]),
        ((1, 2, 3), (), []),
        ((9,), (9,), [1, 2, 3]),
    ],
)
def test_what_searches_show_is_watched_whatever_the_list_says(related, searched, missing):
    assert [flow.id for flow in unwatched(FLOWS, related, searched)] == missing


@pytest.mark.parametrize(
    ("user", "since", "counts"),
    [
        ("", "", NOW - LATELY),
        ("u1", "", NOW - LATELY),
        ("u1", (NOW - timedelta(hours=1)).isoformat(), NOW - timedelta(hours=1)),
        ("u1", (NOW - timedelta(days=99)).isoformat(), NOW - LATELY),
        ("u2", "", NOW),
    ],
)
def test_what_another_user_was_shown_does_not_count(user, since, counts):
    assert counts_since(user, since, "u1", NOW) == counts
