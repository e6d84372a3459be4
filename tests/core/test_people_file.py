"""The bulk import: every line is right, or nothing is imported."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.errors import Refusal
from bot.core.flow.model import UserId, UserName
from bot.core.people.csv_file import _unseen, names_teams, read, teams, write
from bot.core.people.model import Link, Person, former_homes

HOME = "T0DEMO0001"
HEADER = "slack_user,enos_user_id,enos_user_name\n"


def test_a_file_is_read_and_a_person_without_a_team_is_of_ours():
    text = f"\ufeff{HEADER}U0MAYA00001, u1 ,maya.chen\r\n\r\n , , \nE0BIG:W0JONAS0001,u2,jonas.weber\n"
    assert read(text, HOME) == (
        Link(Person(HOME, "U0MAYA00001"), UserId("u1"), UserName("maya.chen")),
        Link(Person("E0BIG", "W0JONAS0001"), UserId("u2"), UserName("jonas.weber")),
    )


def test_a_file_is_written_by_name():
    maya = Link(Person(HOME, "U0MAYA00001"), UserId("u1"), UserName("maya.chen"))
    alex = Link(Person(HOME, "U0ALEX00001"), UserId("u2"), UserName("alex, the admin"))
    assert write([maya, alex]) == f'{HEADER}{HOME}:U0ALEX00001,u2,"alex, the admin"\n{HOME}:U0MAYA00001,u1,maya.chen\n'


WRONG = [
    ("", "The first line must be slack_user,enos_user_id,enos_user_name."),
    ("slack,id,name\nU0MAYA00001,u1,maya\n", "The first line must be slack_user,enos_user_id,enos_user_name."),
    (f"{HEADER}U0MAYA00001,u1\n", "Line 2 needs three columns, none of them empty."),
    (f"{HEADER}U0MAYA00001,,maya\n", "Line 2 needs three columns, none of them empty."),
    (f"{HEADER}U0MAYA00001,u1,maya,more\n", "Line 2 needs three columns, none of them empty."),
    (f"{HEADER}@maya,u1,maya\n", "Line 2: @maya is not a Slack user ID (U… or T…:U…)."),
    (f'{HEADER}"U1,u1,maya\n', "This CSV file cannot be read: unexpected end of data (line 2)."),
    (f'{HEADER}U1,u1,a\nU2,u2,"b"c\n', """This CSV file cannot be read: ',' expected after '"' (line 3)."""),
    (
        f"{HEADER}U1,u1,a\nU1,u1,a\nU1,u1,a\n",
        (
            f"The person {HOME}:U1 is in the file twice. The EnOS user ID u1 is in the file twice. "
            "The EnOS user name a is in the file twice."
        ),
    ),
    (f"{HEADER}{'x' * 80},u1,a\n", f"Line 2: {'x' * 59}… is not a Slack user ID (U… or T…:U…)."),
    (f"{HEADER}\x1b[31mU1,u1,a\n", "Line 2 contains an invisible character (U+001B)."),
    (
        f'{HEADER}U1,u1,"maya\nchen"\nU2,"u2\r\n",b\n@c,u3,c\n',
        (
            "Line 2 contains a line break inside quotes. Line 4 contains a line break inside quotes. "
            "Line 6: @c is not a Slack user ID (U… or T…:U…)."
        ),
    ),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_imported(text, sentence):
    with pytest.raises(Refusal) as refused:
        read(text, HOME)
    assert str(refused.value) == f"{sentence} Nothing was imported. Correct the file and import it again."


UNSEEN = [0, 7, 0x85, 0xA0, 0xAD, 0x34F, 0x115F, 0x180E, 0x200B, 0x200D, 0x202E, 0x2028, 0x2800, 0x3164, 0xFE0F, 0xFEFF]
PLACES = ["{}U1,u1,a", "U{}1,u1,a", "U1,{}u1,a", "U1,u{}1,a", "U1,u1,a{}", "U1,u1,{}", "U1,u1,a,{}"]


@pytest.mark.parametrize("number", [*UNSEEN, 0xD800, 0xE000, 0xE0100])
@pytest.mark.parametrize("place", PLACES)
def test_what_nobody_sees_is_in_no_id_and_no_name(number, place):
    line = place.format(chr(number))
    with pytest.raises(Refusal, match=rf"Line 3 contains an invisible character \(U\+{number:04X}\)"):
        read(f"{HEADER}U0,u0,Zoë O'Neill-Łuk 王小明\n{line}\n", HOME)


def test_ten_problems_are_named_and_the_others_counted():
    lines = "".join(f"bad{number},u,n\n" for number in range(12))
    with pytest.raises(Refusal) as refused:
        read(f"{HEADER}{lines}", HOME)
    # twelve lines: ten are named
    assert "Line 11: bad9 is not a Slack user ID" in str(refused.value)
    assert "Line 12" not in str(refused.value)
    assert "Not shown: 2 more. Nothing was imported" in str(refused.value)


def test_without_a_team_of_ours_each_line_must_name_its_own():
    with pytest.raises(Refusal, match=r"Line 2: write U1 with its team, as in T…:U1"):
        read(f"{HEADER}U1,u1,a\n", "")
    assert read(f"{HEADER}T1:U1,u1,a\n", "") == (Link(Person("T1", "U1"), UserId("u1"), UserName("a")),)


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("", True),
        ("T1:U1,u1,a\nE1:W2,u2,b\n", True),
        ("T1:U1,u1,a\nU2,u2,b\n", False),
        ('"U2",u2,b\n', False),
        (" W2 ,u2,b\n", False),
        ("\n,,\n", True),
    ],
)
def test_whether_slack_need_be_asked_for_the_team(lines, named):
    assert names_teams(HEADER + lines) is named


def test_one_enos_user_has_one_person():
    with pytest.raises(Refusal, match="The EnOS user ID u1 is in the file twice"):
        read(f"{HEADER}U1,u1,a\nU2,u1,b\n", HOME)


_NAMES = some.text(some.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda name: not _unseen(name)
)


@given(some.dictionaries(_NAMES, _NAMES, max_size=5))
def test_what_is_written_can_be_read_again(names):
    links = {
        Link(Person(HOME, f"U{number}"), UserId(f"{number}{user_id}"), UserName(name))
        for number, (name, user_id) in enumerate(names.items())
    }
    assert set(read(write(links), "")) == links


def test_the_teams_that_a_file_names():
    assert teams('slack_user,enos_user_id,enos_user_name\nT1:U1,u1,a\n"E1:U2",u2,b\n U3,u3,c\n') == {"T1", "E1"}


@pytest.mark.parametrize(
    ("noted", "now", "former"),
    [
        (("", ""), ("T1", "T1"), ()),
        (("", ""), ("T1", "E1"), ("T1",)),
        (("T1", "T1"), ("T1", "E1"), ("T1",)),
        (("T1", "E1"), ("T1", "T1"), ("E1",)),
        (("T1", "E1"), ("T1", "E2"), ("E1", "T1")),
        (("T1", ""), ("T1", "T1"), ()),
        (("T9", "E9"), ("T1", "T1"), ()),
        (("T9", "E1"), ("T1", "E1"), ("T1",)),
        (("T1", "T1"), ("", "E1"), ()),
    ],
)
def test_by_what_people_were_known_before(noted, now, former):
    team, home = now
    assert former_homes(*noted, team=team, home=home) == former
