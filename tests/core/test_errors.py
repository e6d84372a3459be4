"""What a person is told where something failed."""

from bot.core.errors import internal_error
from bot.core.text.message import rendered


def test_a_bug_is_told_with_what_to_do_and_the_reference_in_the_log():
    assert rendered(internal_error("1a2b3c4d")) == (
        "Something broke on my side. Check the state before you try again, and give an admin this reference: `1a2b3c4d`"
    )
