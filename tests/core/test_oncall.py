"""Who is on call: what a reading of the groups means, and when the admins hear of it."""

import pytest

from bot.core.people import on_call
from bot.core.people.model import Person, Profile
from bot.core.people.on_call import EMPTY, SILENT, OnCallGroup, compare

LIVES = OnCallGroup("S1", frozenset({"U1"}))
NOBODY = OnCallGroup("S1", word=EMPTY)
GONE = OnCallGroup("S1", word="no_such_subteam")
QUIET = OnCallGroup("S1", word=SILENT)


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"guest": True}, True),
        ({"deleted": True}, False),
        ({"bot": True}, False),
        ({"stranger": True}, False),
    ],
)
def test_who_can_be_on_call(more, counts):
    assert on_call.can_be_on_call(Profile(Person("T1", "U1"), **more)) is counts


@pytest.mark.parametrize(
    ("group", "mentioned", "sentence"),
    [
        (LIVES, True, ""),
        (NOBODY, False, "Nobody in the on-call group S1 is active."),
        (QUIET, True, "I could not read the on-call group S1: Slack did not answer."),
        (
            GONE,
            False,
            "I could not read the on-call group S1: Slack has no such group, or it is disabled (no_such_subteam).",
        ),
        (
            OnCallGroup("S1", word="team_access_not_granted"),
            False,
            (
                "I could not read the on-call group S1: the app is not installed in this workspace "
                "(team_access_not_granted)."
            ),
        ),
        (OnCallGroup("S1", word="odd"), False, "I could not read the on-call group S1: Slack refused with odd."),
    ],
)
def test_what_a_reading_means(group, mentioned, sentence):
    assert group.mentioned is mentioned
    assert on_call.sentence(group) == sentence
    assert on_call.problems([group]) == sentence


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        (EMPTY, "Put somebody on call there."),
        (SILENT, "Look at Slack's status page."),
        ("missing_scope", "Add it on the app's page under OAuth & Permissions, then install the app again."),
        ("token_revoked", "Install the app again and give flowbot its new token."),
        ("odd", "Correct FLOWBOT_ONCALL."),
    ],
)
def test_what_to_do_about_it(word, fix):
    assert on_call.fix(word) == fix


def test_who_is_in_no_group_that_could_be_read_hears_which_could_not():
    other = OnCallGroup("S2", frozenset({"U2"}))
    assert on_call.unread([LIVES, other]) == ""
    assert on_call.unread([NOBODY]) == ""  # it was read, and nobody is in it
    assert on_call.unread([other, GONE]).endswith("whether you are on call. I tell the flowbot admins.")
    assert on_call.unread([QUIET]).endswith("whether you are on call. Try again in a minute.")


@pytest.mark.parametrize(
    ("noted", "group", "begun", "ended", "stands"),
    [
        ("", LIVES, False, False, ""),
        ("", GONE, True, False, "no_such_subteam"),
        ("", NOBODY, True, False, EMPTY),
        ("", QUIET, True, False, SILENT),
        (EMPTY, GONE, False, False, "no_such_subteam"),
        (EMPTY, QUIET, False, False, EMPTY),
        (EMPTY, LIVES, False, True, ""),
        (SILENT, GONE, False, False, "no_such_subteam"),
    ],
)
def test_a_trouble_is_told_when_it_begins_and_when_it_ends(noted, group, begun, ended, stands):
    change = compare({"S1": noted} if noted else {}, [group])
    assert change.begun == ((group,) if begun else ())
    assert change.ended == ((group,) if ended else ())
    assert change.noted == ({"S1": stands} if stands else {})


def test_a_group_that_the_settings_name_no_more_is_forgotten_without_a_word():
    change = compare({"S9": EMPTY}, [LIVES])
    assert (change.begun, change.ended, change.noted) == ((), (), {})
