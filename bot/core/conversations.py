"""What Slack is to the bot: what a conversation is, and the four ways in which a call to Slack may fail.

    SlackLimited      nothing happened; ask again after so many seconds
    SlackRefused      nothing happened; asking again gives the same word
    SlackUnclear      it may have happened; look before asking again
    SlackUnreachable  nothing happened; the request never left

The adapter that calls Slack translates every outcome into one of these, once.
"""

from dataclasses import dataclass


class SlackLimited(Exception):  # noqa: N818  named for what Slack did
    """Slack asked to wait; nothing happened."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack asked to wait {seconds:g} s")
        self.seconds = seconds


class SlackRefused(Exception):  # noqa: N818  named for what Slack did
    """Slack answered with an error word; nothing happened."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error} {detail}".strip())
        self.error = error
        self.detail = detail


class SlackUnclear(Exception):  # noqa: N818  named for what is known
    """The call may have taken effect: time-out, cut connection, 5xx, unreadable answer."""


class SlackUnreachable(Exception):  # noqa: N818  named for what is known
    """The request never left: nothing happened."""


SLACK_FAILURES = (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable)


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation, as Slack describes it to the bot."""

    id: str
    name: str = ""
    member: bool = False
    archived: bool = False
    shared: bool | None = False  # with another organization (Slack Connect), or soon; None: Slack does not tell
