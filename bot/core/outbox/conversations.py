"""A conversation in Slack, and the ways in which a call to Slack may fail.

    SlackLimited      nothing happened; ask again after ``seconds``
    SlackRefused      nothing happened; asking again gives the same word
    SlackUnclear      it may have happened; look before asking again
    SlackUnreachable  nothing happened; the request never left

The adapter that calls Slack translates every outcome into one of these, once. Each says which method it concerns and
which host, so that trouble with one of them does not delay the others. A reply has one more outcome, which is not a
failure of either:

    SlackOutsideThread  it happened, but outside of its thread
"""

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlsplit

from bot.core.outbox.posts import PostId
from bot.core.values import dataclass

RESPONSE_URL = "response_url"  # for calls to a response_url, which is not a method of the Web API
UPLOAD = "upload"  # for the address to which a file's bytes are sent


class SlackFailure(Exception):  # noqa: N818  the classes below are named for what Slack did
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


class SlackRefusedTable(SlackRefused):
    """Slack refused a message with a table, and may take its form without one."""


class SlackUnclear(SlackFailure):
    """The call may have taken effect: time-out, cut connection, 5xx, unreadable answer."""


class SlackUnreachable(SlackFailure):
    """The request never left: nothing happened."""


class SlackUntrusted(SlackUnreachable):
    """The certificate there is not trusted. ``told`` is OpenSSL's sentence, ``code`` its number."""

    def __init__(self, told: str, code: int) -> None:
        super().__init__(f"its certificate is not trusted, {told.rstrip('.')}")
        self.told, self.code = told.rstrip("."), code


SLACK_FAILURES = (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable)


class SlackOutsideThread(Exception):  # noqa: N818  named for what Slack did
    """A reply is outside of its thread: Slack posts it in the channel where the thread's first message is gone."""

    def __init__(self, channel: str, ts: str) -> None:
        super().__init__("the reply stands outside of its thread")
        self.channel = channel
        self.ts = ts


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search for our messages has found. Where it is not ``whole``, a missing one may still be there."""

    stamps: Mapping[PostId, tuple[str, ...]] = field(default_factory=dict)  # ts, oldest first, by the id they carry
    whole: bool = True  # all of the asked time was read
    rest: str = ""  # where not: pass it as ``rest`` to read on
    wait: float = 0.0  # where not: seconds that Slack asked to wait before that
    parent: bool = True  # of a thread: its first message is still there


def host_of(url: str) -> str:
    """The host of an address, with its port where it names one; empty where it is not an address."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation, as Slack describes it to flowbot."""

    id: str
    name: str = ""
    member: bool = False
    archived: bool = False
    shared: bool | None = False  # with another organization (Slack Connect), or soon; None: Slack does not say
