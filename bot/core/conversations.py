"""What Slack is to the bot: what a conversation is, and the ways in which a call to Slack may fail.

    SlackLimited      nothing happened; ask again after so many seconds
    SlackRefused      nothing happened; asking again gives the same word
    SlackUnclear      it may have happened; look before asking again
    SlackUnreachable  nothing happened; the request never left

The adapter that calls Slack translates every outcome into one of these, once. A reply has one more way to fail:

    SlackAstray       it happened, but outside of its thread
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.posts import PostId


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


class SlackAstray(Exception):  # noqa: N818  named for what Slack did
    """A reply stands outside of its thread: Slack posts it in the channel where the thread's first message is gone."""

    def __init__(self, channel: str, ts: str) -> None:
        super().__init__("the reply stands outside of its thread")
        self.channel = channel
        self.ts = ts


@dataclass(frozen=True, slots=True)
class Found:
    """What a look for messages of ours has shown. Where it did not reach the end, what is missing may yet be there."""

    stamps: Mapping[PostId, tuple[str, ...]] = field(default_factory=dict)  # ts, oldest first, by the id they carry
    whole: bool = True  # all of the asked time was read
    rest: str = ""  # where not: what to hand in as ``rest`` to read on
    wait: float = 0.0  # where not: seconds that Slack asked to wait before that
    parent: bool = True  # of a thread: its first message is still there


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation, as Slack describes it to the bot."""

    id: str
    name: str = ""
    member: bool = False
    archived: bool = False
    shared: bool | None = False  # with another organization (Slack Connect), or soon; None: Slack does not tell
