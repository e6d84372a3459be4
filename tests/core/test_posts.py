"""What a post is: which one begins a conversation about failures, and who reads it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.outbox.posts import (
    Lane,
    NewPost,
    Post,
    PostId,
    PostKind,
    PostState,
    is_first,
    sole_reader,
    tells_of_failures,
)

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


@pytest.mark.parametrize(
    ("change", "channel", "tells"),
    [
        ({}, "C1", True),
        ({"kind": PostKind.EDIT}, "C1", True),
        ({"lane": Lane.ANSWER}, "C1", False),
        ({"lane": Lane.ANSWER, "incident": "i1"}, "C1", True),
        ({"kind": PostKind.EPHEMERAL}, "C1", False),
        ({}, "D1", False),
        ({}, "U1", False),
        ({}, "W1", False),
    ],
)
def test_what_tells_a_whole_channel_of_failures(change, channel, tells):
    assert tells_of_failures(Post(replace(FIRST, **change), PostState.QUEUED, channel=channel)) is tells


@pytest.mark.parametrize(
    ("change", "reader"),
    [
        ({}, ""),
        ({"user": "UWEI"}, ""),  # an answer that a whole channel reads
        ({"kind": PostKind.EPHEMERAL, "user": "UWEI"}, "UWEI"),
        ({"channel": "UWEI"}, "UWEI"),
        ({"channel": "WWEI"}, "WWEI"),
        ({"channel": "D1", "user": "UWEI"}, "UWEI"),
        ({"channel": "D1"}, ""),  # nobody says whose messages these are
    ],
)
def test_who_reads_it_alone(change, reader):
    assert sole_reader(replace(FIRST, **change)) == reader


def test_slack_is_sent_the_body_that_is_kept():
    assert Post(FIRST, PostState.QUEUED).body == {"text": "x"}
