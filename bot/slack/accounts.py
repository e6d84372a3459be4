"""Whose accounts are deactivated, for mentions: Slack is asked seldom, and waited for a moment at most."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.people.on_call import can_be_on_call
from bot.slack.directory import Directory

AT_MOST = 30  # people in any minute: Slack allows about a hundred, and commands come first
SECONDS = 60.0  # between two requests about one person, whatever came of the first

log = logging.getLogger(__name__)


class Accounts:
    """Reads people from the directory, which has one request for each at a time and remembers them for 15 minutes."""

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._clock = clock
        self._asked: dict[str, float] = {}  # people asked about in the last minute, and when
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def deactivated(self, users: Sequence[str], longest_wait: float = 0.0) -> frozenset[str]:
        """Those who are known to be deactivated, or an app, which nobody can call either.

        Slack is asked about the others; the answer is waited for ``longest_wait`` seconds at most.
        """
        asking = [self._ask(user) for user in users if self._directory.known(user) is None]
        awaited = [task for task in asking if task is not None]
        if awaited and longest_wait:
            await asyncio.wait(awaited, timeout=longest_wait)
        found = ((user, self._directory.known(user)) for user in users)
        return frozenset(user for user, profile in found if profile is not None and not can_be_on_call(profile))

    def _ask(self, user: str) -> asyncio.Task[None] | None:
        """The running request about a person; None where it has to wait."""
        now = self._clock()
        self._asked = {each: at for each, at in self._asked.items() if now - at < SECONDS}
        if user not in self._asked and len(self._asked) < AT_MOST:
            self._asked[user] = now
            self._asking[user] = asyncio.ensure_future(self._fetch(user))
        return self._asking.get(user)

    async def _fetch(self, user: str) -> None:
        try:
            await self._directory.profile(user)
        except (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable) as failure:
            log.info("Slack did not say whether an owner is active: %s", failure)
        finally:
            self._asking.pop(user, None)
