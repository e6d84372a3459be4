"""Channels shared with another organization: strangers read there, so failures are posted only where settings allow it.

    tells of failures ──► what is known of its channel?
                            nothing, or no longer     Slack is asked, once for all posts that wait for it
                            shared, and not named     refused before any call, by a word of ours in Slack's table
                            ours, or named            sent

The question does not count against the channel's messages and waits for three seconds at most. Where Slack does not
answer, the last answer still holds; where there was none, the post is sent: reporting a failure is better than silence.
"""

import asyncio
import logging
from collections.abc import Collection, Coroutine, Iterable
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import Post, tells_of_failures
from bot.core.outbox.slack_errors import Verdict, verdict
from bot.core.values import dataclass
from bot.work.ports import Slack

log = logging.getLogger(__name__)

CHECK_SECONDS = 3.0
OURS_FOR = timedelta(minutes=14)  # with the seconds that the answer is remembered in `slack`, 15 minutes at most
BRIEFLY = timedelta(seconds=6)  # longer than a question, and less than any wait for another try: each try asks again
AGAIN_AFTER = timedelta(minutes=1)  # where Slack did not answer, and the posts are sent


@dataclass(frozen=True, slots=True)
class ChannelKnowledge:
    """What is known of a channel, and until when nobody asks again."""

    shared: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class Partition:
    """Posts by what is to be done with them; those in neither list wait for Slack's answer."""

    free: list[Post] = field(default_factory=list)
    forbidden: list[Post] = field(default_factory=list)
    checks: list[Coroutine[Any, Any, None]] = field(default_factory=list)


class SharedChannelPolicy:
    """Which channels are shared. ``named`` are those where failures may be posted all the same."""

    def __init__(self, slack: Slack, named: Collection[str], seconds: float = CHECK_SECONDS) -> None:
        self._slack = slack
        self._named = frozenset(named)
        self._seconds = seconds
        self._known: dict[str, ChannelKnowledge] = {}
        self.barred: set[str] = set()  # channels known to be shared, and not named
        self._checking: set[str] = set()

    def remember(self, channels: Iterable[str]) -> None:
        """Take over what an earlier process knew to be shared; Slack is asked again."""
        for channel in channels:
            self._learn(channel, ChannelKnowledge(shared=True, until=datetime.min.replace(tzinfo=UTC)))

    def _learn(self, channel: str, known: ChannelKnowledge) -> None:
        self._known[channel] = known
        if known.shared and channel not in self._named:
            self.barred.add(channel)
        else:
            self.barred.discard(channel)

    def partition(self, posts: Iterable[Post], now: datetime) -> Partition:
        """What may be sent and what must not, with the questions that the others wait for: to be begun at once."""
        found = Partition()
        for post in posts:
            channel = post.channel
            if not tells_of_failures(post) or channel in self._named:
                found.free.append(post)
            elif (known := self._known.get(channel)) is not None and known.until > now:
                (found.forbidden if known.shared else found.free).append(post)
            elif channel not in self._checking:
                self._checking.add(channel)
                found.checks.append(self._check(channel, now))
        return found

    async def _check(self, channel: str, now: datetime) -> None:
        """Ask Slack about a channel, and remember what is known then. The age of an answer counts from the question."""
        try:
            self._learn(channel, await self._ask_slack(channel, now))
        finally:
            self._checking.discard(channel)

    async def _ask_slack(self, channel: str, now: datetime) -> ChannelKnowledge:
        before = self._known.get(channel)
        shared = before is not None and before.shared
        unknown = ChannelKnowledge(shared, now + (BRIEFLY if shared else AGAIN_AFTER))
        try:
            async with asyncio.timeout(self._seconds):
                is_shared = (await self._slack.channel(channel)).shared
        except SlackRefused as refused:
            if verdict(refused.error) is Verdict.ELSEWHERE:  # the post will meet the same word, and that tells more
                return ChannelKnowledge(shared=False, until=now + BRIEFLY)
            log.info("Slack did not say whether %s is shared: %s", channel, refused)
        except SlackLimited as limited:
            return replace(unknown, until=max(unknown.until, now + timedelta(seconds=limited.seconds)))
        except (SlackUnclear, SlackUnreachable, TimeoutError) as failure:
            log.info("Slack did not say whether %s is shared: %s", channel, str(failure) or "no answer in time")
        except Exception:
            log.exception("The check of channel %s hit a bug", channel)
        else:
            if is_shared is not None:
                return ChannelKnowledge(is_shared, now + (BRIEFLY if is_shared else OURS_FOR))
        return unknown
