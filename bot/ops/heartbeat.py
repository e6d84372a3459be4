"""The heartbeat: a request after each complete poll, so that an outside monitor notices when the bot is dead."""

import asyncio
import logging

import httpx

from bot.core.network.proxies import is_loopback

log = logging.getLogger(__name__)

SECONDS = 10.0  # that the monitor has to answer
QUIET = 60  # beats between two log lines about a monitor that does not answer


class Heartbeat:
    """Sends a GET to the address. Nothing waits for it; a failure is only logged."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._failed = 0

    def beat(self) -> None:
        """Beat, where there is an address, unless the last one is not answered yet."""
        if self._url and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._ask())

    async def close(self) -> None:
        """Cancel a beat that is not answered yet."""
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
                answer.raise_for_status()  # its body is not used, and may not end
        except (httpx.HTTPError, TimeoutError) as error:
            if self._failed % QUIET == 0:  # its address may hold a secret, and so may the error's text
                log.warning("The heartbeat did not reach its monitor: %s", type(error).__name__)
            self._failed += 1
        else:
            self._failed = 0
