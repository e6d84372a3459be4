"""Outcomes: what the audit stores is read back as it was, and says whether the same press may act again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.people.model import FREEING, Attempt, Outcome, Person, is_part, part_key

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stored", "frees"),
    [
        ("done", False),
        ("asked", True),
        ("refused:not_owner", True),
        ("outage:NoResponse", True),
        ("unclear:AnswerLost", False),
        ("bug:a1b2:c3", False),
        ("what another version wrote", False),
        (":", False),
        ("", False),
    ],
)
def test_outcomes_are_read_as_they_are_printed(stored, frees):
    outcome = Outcome.read(stored)
    assert (str(outcome), outcome.ending in FREEING) == (stored, frees)


def test_an_attempt_for_one_thing_among_many_is_told_from_others():
    whole = Attempt("press:p1:x", Person("T1", "U1"), "C1", "", "button", "ack all", "ack", NOW)
    assert not is_part(whole)
    assert is_part(replace(whole, key=part_key(7, "i1")))
    assert part_key(7, "i1") != part_key(71, "i1")
