"""What people and admins read about imported links."""

from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link, Person
from bot.core.text.message import rendered
from bot.messages.cards import imported_links


def made(count):
    return [Link(Person("T1", f"U{n:03}"), UserId(f"u{n}"), UserName(f"name.{n}")) for n in range(count)]


def test_an_import_is_summed_up_with_up_to_thirty_names():
    few = rendered(imported_links.imported_many(made(2), made(3)[2:])).split("\n")
    assert few == [
        "*Links were imported.* Added: 2. Changed: 1.",
        "<@U000> → `name.0` (`u0`)",
        "<@U001> → `name.1` (`u1`)",
        "<@U002> → `name.2` (`u2`)",
        "`people` lists all links. If one is wrong, run `unlink @person`.",
    ]
    many = rendered(imported_links.imported_many(made(60), ())).split("\n")
    assert (len(many), many[0]) == (33, "*Links were imported.* Added: 60. Changed: 0.")
    assert many[-2] == "… and 30 more"
    assert "name.29" in many[-3]


def test_a_person_is_told_of_their_own():
    (link,) = made(1)
    assert rendered(imported_links.imported(link)) == (
        "An import linked you to the EnOS user `name.0` (`u0`). If that is wrong, tell a flowbot admin."
    )
