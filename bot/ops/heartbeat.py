"""The heartbeat: an address that is asked after each complete poll, so that an outside monitor notices a dead bot."""

import asyncio
import logging

import httpx

from bot.core.network.proxies import is_loopback

log = logging.getLogger(__name__)

SECONDS = 10.0  # that the monitor may take to answer
QUIET = 60  # beats between two log lines about a monitor that does not take them


class Heartbeat:
    """Asks the address with GET. Nothing waits for it, and its failures are of no consequence but a log line."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._failed = 0

    def beat(self) -> None:
        """Beat, where there is an address, unless the last beat is still under way."""
        if self._url and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._ask())

    async def close(self) -> None:
        """Give up a beat that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self) -> None:
        if self._client is None:
            host = httpx.URL(self._url).host
            self._client = httpx.AsyncClient(timeout=SECONDS, trust_env=not is_loopback(host))
        try:
            async with asyncio.timeout(SECONDS), self._client.stream("GET", self._url) as answer:
                answer.raise_for_status()  # its body is of no interest, and may not end
        except (httpx.HTTPError, TimeoutError) as error:
            if self._failed % QUIET == 0:  # its address may hold a secret, and so may the error's text
                log.warning("the heartbeat does not reach its monitor: %s", type(error).__name__)
            self._failed += 1
        else:
            self._failed = 0
