"""Outcomes: what the audit stores is read back as it was, and says whether the same press may act again."""

import pytest

from bot.core.people.model import Outcome


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
    assert (str(outcome), outcome.frees) == (stored, frees)
