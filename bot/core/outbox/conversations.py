"""What Slack is to the bot: what a conversation is, and the ways in which a call to Slack may fail.

    SlackLimited      nothing happened; ask again after so many seconds
    SlackRefused      nothing happened; asking again gives the same word
    SlackUnclear      it may have happened; look before asking again
    SlackUnreachable  nothing happened; the request never left

The adapter that calls Slack translates every outcome into one of these, once. Each says which method it concerns and
which host, so that trouble with one of them holds up nothing else. A reply has one more outcome, which is no trouble
with any:

    SlackAstray       it happened, but outside of its thread
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.core.outbox.posts import PostId

RESPONSE_URL = "response_url"  # the method of a response_url, which is no method of the Web API
UPLOAD = "upload"  # and that of the address which a file's bytes go to


class SlackFailure(Exception):  # noqa: N818  the four below are named for what Slack did
    """A call that failed. ``method`` is what was called, ``host`` (with a port that is not the usual one) where."""

    method: str = ""
    host: str = ""


class SlackLimited(SlackFailure):
    """Slack asked to wait; nothing happened."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack asked to wait {seconds:g} s")
        self.seconds = seconds


class SlackRefused(SlackFailure):
    """Slack answered with an error word; nothing happened."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error} {detail}".strip())
        self.error = error
        self.detail = detail


class SlackUnclear(SlackFailure):
    """The call may have taken effect: time-out, cut connection, 5xx, unreadable answer."""


class SlackUnreachable(SlackFailure):
    """The request never left: nothing happened."""


class SlackUntrusted(SlackUnreachable):
    """Whoever answers there cannot show that it is Slack. ``told`` is what OpenSSL says of it, ``code`` its number."""

    def __init__(self, told: str, code: int) -> None:
        super().__init__(f"its certificate is not trusted, {told.rstrip('.')}")
        self.told, self.code = told.rstrip("."), code


SLACK_FAILURES = (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable)


class SlackOutsideThread(Exception):  # noqa: N818  named for what Slack did
    """A reply stands outside of its thread: Slack posts it in the channel where the thread's first message is gone."""

    def __init__(self, channel: str, ts: str) -> None:
        super().__init__("the reply stands outside of its thread")
        self.channel = channel
        self.ts = ts


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a look for messages of ours has shown. Where it did not reach the end, what is missing may yet be there."""

    stamps: Mapping[PostId, tuple[str, ...]] = field(default_factory=dict)  # ts, oldest first, by the id they carry
    whole: bool = True  # all of the asked time was read
    rest: str = ""  # where not: what to hand in as ``rest`` to read on
    wait: float = 0.0  # where not: seconds that Slack asked to wait before that
    parent: bool = True  # of a thread: its first message is still there


def host_of(url: str) -> str:
    """The host of an address, with its port where it names one; empty where it is no address."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation, as Slack describes it to the bot."""

    id: str
    name: str = ""
    member: bool = False
    archived: bool = False
    shared: bool | None = False  # with another organization (Slack Connect), or soon; None: Slack does not tell
