"""Looking up messages of ours in history or replies: between two times, page by page, and where it did not end.

``conversations.history`` lists the newest first, ``conversations.replies`` the thread's first message and then the
oldest first (docs.slack.dev, 2026). Both cut their pages as they like, and to 15 messages and one call a minute for
apps that are distributed outside of Slack's Marketplace. So a search that did not reach the end says so, and where
to read on; it never takes what it did not read for absent.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from typing import Any

from bot.core.outbox.conversations import SearchResult, SlackLimited, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import PostId
from bot.core.values import dataclass
from bot.slack.calls import Answer, Calls, cursor_of

PAGES, PAGE = 10, 200  # of one search
CLOCKS_APART = 60.0  # seconds that our clock and Slack's may differ

PostOf = Callable[[Answer], PostId]  # the id that a message of ours carries; "" for others


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be read: a channel, or a thread of it, between two times (epoch seconds; 0: open)."""

    channel: str
    thread: str = ""
    since: float = 0
    until: float = 0
    rest: str = ""  # the ts that an earlier search came to


@dataclass(slots=True)
class _Read:
    """What has been read so far."""

    found: dict[PostId, set[str]] = field(default_factory=dict)
    rest: str = ""
    parent: bool = True

    def so_far(self, *, whole: bool, wait: float = 0.0) -> SearchResult:
        stamps = {post: tuple(sorted(each, key=float)) for post, each in self.found.items()}
        return SearchResult(stamps, whole, "" if whole else self.rest, wait, self.parent)


async def find_messages(calls: Calls, window: Window, ids: Collection[PostId], post_of: PostOf) -> SearchResult:
    """What was found. Raises the four failures of a call where the first page could not be read."""
    arguments = _arguments(window)
    method = "conversations.replies" if window.thread else "conversations.history"
    read, cursor = _Read(rest=window.rest), ""
    for number in range(PAGES if window.since or window.thread else 1):
        try:
            page = await calls.read(method, {**arguments, **({"cursor": cursor} if cursor else {})})
        except (SlackLimited, SlackUnclear, SlackUnreachable) as failure:
            if not number:
                raise
            return read.so_far(whole=False, wait=failure.seconds if isinstance(failure, SlackLimited) else 0.0)
        _add_page(read, window, page, ids, post_of)
        if window.thread and not number:
            read.parent = _has_parent(window, page)
        cursor = cursor_of(page)
        if not (cursor or page.get("has_more")):
            return read.so_far(whole=True)
        if not cursor:  # there is more, and no way to it but by time
            break
    return read.so_far(whole=False)


def _arguments(window: Window) -> Mapping[str, Any]:
    """The arguments of the call. Slack leaves out ``oldest`` and ``latest`` themselves."""
    oldest = f"{max(0.0, window.since - CLOCKS_APART):.6f}" if window.since else ""
    latest = f"{window.until + CLOCKS_APART:.6f}" if window.until else ""
    if window.rest:
        oldest, latest = (window.rest, latest) if window.thread else (oldest, window.rest)
    times = {"oldest": oldest, "latest": latest}
    return {
        "channel": window.channel,
        "limit": PAGE,
        "include_all_metadata": True,
        **({"ts": window.thread} if window.thread else {}),
        **{name: ts for name, ts in times.items() if ts},
    }


def _add_page(read: _Read, window: Window, page: Answer, ids: Collection[PostId], post_of: PostOf) -> None:
    """Add a page: the messages that are looked for, and how far it came."""
    messages = [each for each in page.get("messages") or () if each.get("ts")]
    for message in messages:
        post = post_of(message)
        if post in ids:
            read.found.setdefault(post, set()).add(str(message["ts"]))
    stamps = [str(each["ts"]) for each in messages if each["ts"] != window.thread]
    if stamps:
        read.rest = max(stamps, key=float) if window.thread else min(stamps, key=float)


def _has_parent(window: Window, page: Answer) -> bool:
    """Whether a thread's first message is still there: a deleted one with replies leaves a tombstone."""
    messages = page.get("messages") or ()
    return any(each.get("ts") == window.thread and each.get("subtype") != "tombstone" for each in messages)
