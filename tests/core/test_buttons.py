"""What buttons carry: all that is written is read back, and all else is an old button."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command import buttons

IDS = st.text(alphabet="abcXYZ019-_", min_size=1, max_size=16)


@pytest.mark.parametrize(
    ("value", "post", "words"),
    [
        ("1|p3f9|ack 2809", "p3f9", "ack 2809"),
        ("1|p3f9|#s81k", "p3f9", "#s81k"),
        ("1|p|trigger 1 with a=x|y", "p", "trigger 1 with a=x|y"),
        ("1||help", "", "help"),
        ("2|p3f9|ack", "", "old button"),
        ("ack 2809", "", "old button"),
        ("1|p3f9", "", "old button"),
        ("1|p3f9| ", "", "old button"),
        ("", "", "old button"),
    ],
)
def test_values_are_read_and_those_of_other_versions_are_old_buttons(value, post, words):
    assert buttons.read(value) == (post, words)


@given(IDS, st.text(min_size=1, max_size=80).filter(str.strip))
def test_what_is_written_is_read_back(post, words):
    assert buttons.read(buttons.value(words, post)) == (post, words)


@given(IDS, IDS | st.just(""))
def test_references_are_read_back(stash, secret):
    assert buttons.referenced(buttons.reference(stash, secret)) == (stash, secret)


@pytest.mark.parametrize(("stash", "secret", "written"), [("s81k", "", "#s81k"), ("s81k", "x2", "#s81k.x2")])
def test_how_a_reference_is_written(stash, secret, written):
    assert buttons.reference(stash, secret) == written
    assert buttons.referenced(written) == (stash, secret)


def test_a_command_is_not_a_reference():
    assert buttons.referenced("ack 2809") is None


def test_a_secret_may_name_the_replica_that_keeps_it():
    assert buttons.referenced(buttons.reference("stash", "secret@replica")) == ("stash", "secret@replica")
    assert buttons.keeper("secret@replica") == "replica"
    assert buttons.keeper("secret") == buttons.keeper("") == ""
