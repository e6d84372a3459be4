"""The two kinds of failure a person may meet: trying again will not help, or it may.

    Failure
    ├── Refusal           trying again will not help; the message says what will
    └── TemporaryFailure  trying again may help
        ├── Unclear       the call may have taken effect; look before trying again
        └── DatabaseUnavailable
            └── DatabaseUnreachable

Each carries the message that a person reads; ``str`` is its English for logs. Whatever is neither is a bug.
"""

from collections.abc import Sequence

from bot.core.text.escape import EMPTY, code
from bot.core.text.message import Message, Text, msg, plain, sentences

Offer = tuple[Text, str]  # a button's label and its command


class Failure(Exception):  # noqa: N818  a refusal is no "error": nothing is broken
    """Something that is told to a person in ``message``."""

    def __init__(self, message: Text = EMPTY) -> None:
        super().__init__()
        self.message = message

    def __str__(self) -> str:
        """The message in English, without markup."""
        return plain(self.message)


class Refusal(Failure):
    """Trying again will not help.

    ``reason`` is a short stable name such as "not_owner", for the audit and for tests. ``way_out`` is what to do next,
    where that is shown apart from what happened (``sentence``). ``offers`` are buttons.
    """

    def __init__(self, reason: str, sentence: Text, way_out: Text = EMPTY, offers: Sequence[Offer] = ()) -> None:
        self.reason, self.offers = reason, tuple(offers)
        self.sentence, self.way_out = sentence, way_out
        super().__init__(sentences(self.sentence, self.way_out))


class TemporaryFailure(Failure):
    """Trying again may help."""


class Unclear(TemporaryFailure):
    """The call may have taken effect: its answer was lost."""

    why: Text = EMPTY  # how, for parentheses


class DatabaseUnavailable(TemporaryFailure):
    """The database could not be read or written just now, and what was to be written is not.

    ``reason`` is in SQLite's words. Who has acted already must not let this reach a person: nothing was changed.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            msg(
                "flowbot's database is not available right now ({reason}). Nothing was changed. Ask a flowbot admin to "
                "check the disk, then try again.",
                reason=reason,
            )
        )
        self.reason = reason


class DatabaseUnreachable(DatabaseUnavailable):
    """The same of a database that is elsewhere; ``reason`` is in PostgreSQL's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.message = msg(
            "I can't reach flowbot's database right now. Nothing was changed. Try again in a minute. If this lasts, "
            "ask a flowbot admin."
        )

    def __str__(self) -> str:
        """For logs and terminals: with the reason."""
        return f"The database can't be reached: {self.reason}"


class Superseded(DatabaseUnavailable):
    """Others have taken over what this replica had in hand, or its lead: it writes nothing more, and starts over."""

    def __init__(self, reason: str = "another replica has taken over") -> None:
        super().__init__(reason)
        self.message = msg(
            "This part of flowbot is being replaced, because the others didn't hear from it for a while. "
            "Nothing was changed. Try again."
        )


class CommitUnknown(Superseded):
    """The database went away before it said whether something was written: this replica starts over, and looks."""

    def __init__(self) -> None:
        super().__init__("it went away before it said whether the last change was written")
        self.message = msg(
            "I lost flowbot's database before it said whether this was written. Check the state before you try again."
        )


class NewerDatabase(Superseded):
    """A newer flowbot has changed the tables, to the version that is named: this one stops."""

    def __init__(self, version: str) -> None:
        super().__init__(f"a newer flowbot has brought it to version {version}")
        self.message = msg("A newer version of flowbot is taking over. Nothing was changed. Try again.")


def internal_error(reference: str) -> Message:
    """What a person who waits is told about a bug. The log has it under the same reference."""
    return msg(
        "Something broke on my side. Check the state before you try again, and give an admin this reference: {ref}",
        ref=code(reference),
    )
