"""What a call to Slack concerns, how it may fail, and whether a message is there."""

from datetime import UTC, datetime

import pytest

from bot.core.outbox.conversations import SlackLimited, SlackOutsideThread, SlackRefused, SlackUntrusted, host_of
from bot.core.outbox.pointers import PostPresence, post_presence
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind, PostState
from bot.core.outbox.slack_errors import Verdict, is_not_there, is_of_person, meaning, verdict


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.slack.com/commands/T0/1/secret", "hooks.slack.com"),
        ("http://127.0.0.1:8650/response/1", "127.0.0.1:8650"),
        ("https://who:secret@Files.Slack.com/upload", "files.slack.com"),
        ("not an address", ""),
        ("http://[broken/response/1", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (SlackLimited(1.5), "Slack asked to wait 1.5 s"),
        (SlackRefused("missing_scope", "needed: chat:write"), "missing_scope needed: chat:write"),
        (SlackUntrusted("self-signed certificate.", 18), "its certificate is not trusted, self-signed certificate"),
        (SlackOutsideThread("C1", "1.2"), "the reply stands outside of its thread"),
    ],
)
def test_a_failure_is_a_clause(failure, says):
    assert str(failure) == says


@pytest.mark.parametrize(
    ("error", "of_person", "elsewhere", "then"),
    [
        ("no_permission", False, True, Verdict.BARRED),
        ("user_disabled", True, True, Verdict.ELSEWHERE),
        ("an_error_of_next_year", False, False, Verdict.BUG),
    ],
)
def test_what_an_error_code_is_about(error, of_person, elsewhere, then):
    assert (is_of_person(error), is_not_there(error), verdict(error)) == (of_person, elsewhere, then)


@pytest.mark.parametrize("state", PostState)
def test_whether_a_message_is_in_slack(state):
    now = datetime(2026, 11, 21, tzinfo=UTC)
    post = Post(NewPost(PostId("p1"), PostKind.MESSAGE, Lane.ALERT, "C1", {}, now), state)
    known = {PostState.SENT: PostPresence.POSTED, PostState.GIVEN_UP: PostPresence.MISSING}
    assert post_presence(post) is known.get(state, PostPresence.PENDING)
    assert post_presence(None) is PostPresence.MISSING


def test_an_error_is_told_with_what_to_do_next():
    told = str(meaning("channel_not_found").told)
    assert told.startswith("The channel does not exist")
    assert told.endswith(" Run `/invite @flowbot` there.")
    assert str(meaning("never_heard_of").told) == ""
    assert str(meaning("channel_not_found").told_all) == told
    assert str(meaning("invalid_channel").told_all).endswith(" Ask a flowbot admin to set another channel.")
