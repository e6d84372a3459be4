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
        (NOBODY, False, "Nobody in the on-call group `S1` is active."),
        (QUIET, True, "I can't read the on-call group `S1`. Slack did not answer."),
        (
            GONE,
            False,
            (
                "I can't read the on-call group `S1`. Slack refused (`no_such_subteam`). "
                "Slack has no such group, or the group is disabled."
            ),
        ),
        (
            OnCallGroup("S1", word="team_access_not_granted"),
            False,
            (
                "I can't read the on-call group `S1`. Slack refused (`team_access_not_granted`). "
                "The app is not installed in this workspace."
            ),
        ),
        (OnCallGroup("S1", word="odd"), False, "I can't read the on-call group `S1`. Slack refused (`odd`)."),
    ],
)
def test_what_a_reading_means(group, mentioned, sentence):
    assert group.mentioned is mentioned
    assert str(on_call.sentence(group)) == sentence
    assert on_call.problems([group, LIVES]) == (on_call.sentence(group),)


def test_a_group_that_was_read_is_mentioned():
    assert LIVES.mentioned


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        (EMPTY, "Add somebody to the group."),
        (SILENT, "Check Slack's status page."),
        ("missing_scope", "Add it on the app's page under OAuth & Permissions, then reinstall the app."),
        ("token_revoked", "Reinstall the app and set its new token."),
        ("odd", "Correct FLOWBOT_ONCALL."),
    ],
)
def test_what_to_do_about_it(word, fix):
    assert str(on_call.fix(word)) == fix


def test_who_is_in_no_group_that_could_be_read_hears_which_could_not():
    other = OnCallGroup("S2", frozenset({"U2"}))
    assert on_call.unread([LIVES, other]) == ""
    assert on_call.unread([NOBODY]) == ""  # it was read, and nobody is in it
    assert str(on_call.unread([other, GONE])) == (
        f"{on_call.sentence(GONE)} I don't know whether you are on call. I'll tell the flowbot admins."
    )
    assert str(on_call.unread([QUIET])) == (
        f"{on_call.sentence(QUIET)} I don't know whether you are on call. Try again in a minute."
    )


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


def test_only_the_names_that_slack_says_are_known():
    assert on_call.names([OnCallGroup("S1", name="@grid-oncall"), OnCallGroup("S2")]) == {"S1": "@grid-oncall"}
