"""What a post is: which one begins a conversation about failures."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind, PostState, is_first

FIRST = NewPost(PostId("p"), PostKind.MESSAGE, Lane.ALERT, "C1", {"text": "x"}, datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({}, True),
        ({"thread_of": PostId("q")}, False),
        ({"thread": "1.2"}, False),
        ({"lane": Lane.ANSWER}, False),
        ({"kind": PostKind.EDIT}, False),
    ],
)
def test_only_a_message_of_its_own_is_first(change, first):
    assert is_first(Post(replace(FIRST, **change), PostState.QUEUED, attempts=0, channel="C1")) is first
