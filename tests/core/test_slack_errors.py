"""What Slack's error words mean for a post, and what a person is told of them."""

import re

import pytest

from bot.core.outbox.slack_errors import TABLE, Verdict, meaning, verdict


def test_every_word_has_one_row_and_what_a_person_is_told_is_whole():
    for error, row in TABLE.items():
        assert row.error == error
        told = row.verdict in {Verdict.ELSEWHERE, Verdict.STOP, Verdict.BARRED}
        assert bool(row.sentence) == bool(row.way_out) == told
        assert all(str(part).endswith("." if told else "") for part in (row.sentence, row.way_out))
        assert not {"I", "flowbot"} & set(re.findall(r"\w+", str(row.sentence)))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("ratelimited", Verdict.WAIT),
        ("fatal_error", Verdict.UNCLEAR),
        ("is_archived", Verdict.ELSEWHERE),
        ("thread_not_found", Verdict.OUTSIDE),
        ("invalid_auth", Verdict.STOP),
        ("missing_scope", Verdict.BARRED),
        ("message_not_found", Verdict.GONE),
        ("invalid_blocks", Verdict.PLAIN),
        ("no_text", Verdict.BUG),
        ("a_word_of_next_year", Verdict.BUG),
        ("", Verdict.BUG),
    ],
)
def test_the_verdict_on_a_word(error, expected):
    assert verdict(error) is expected
    assert meaning(error).error == error
