"""What a person is told where something failed."""

from bot.core.errors import DatabaseUnreachable, NewerDatabase, Superseded, internal_error
from bot.core.text.message import plain, rendered


def test_a_bug_is_told_with_what_to_do_and_the_reference_in_the_log():
    assert rendered(internal_error("1a2b3c4d")) == (
        "Something broke on my side. Check the state before you try again, and give an admin this reference: `1a2b3c4d`"
    )


def test_a_database_that_is_elsewhere_names_no_disk_to_people_and_its_reason_to_operators():
    away = DatabaseUnreachable("Connection refused")
    assert "disk" not in plain(away.message)
    assert "Connection refused" not in plain(away.message)
    assert str(away) == "The database can't be reached: Connection refused"
    assert away.reason == "Connection refused"


def test_who_is_replaced_says_that_nothing_was_changed():
    assert "Nothing was changed. Try again." in plain(Superseded().message)
    assert NewerDatabase("29").reason == "a newer flowbot has brought it to version 29"
