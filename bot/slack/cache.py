"""What was asked of Slack a moment ago: values that expire, each asked for once at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ExpiringCache(Generic[Value]):
    """Remembers answers for ``seconds``; failures are not remembered, and nothing is served stale."""

    def __init__(self, seconds: float, clock: Callable[[], float], *, most: int = 5_000) -> None:
        self.seconds = seconds
        self.clock = clock
        self.most = most
        self._known: dict[str, tuple[float, Value]] = {}
        self._asked: dict[str, asyncio.Task[Value]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[Value]]) -> Value:
        """Return what is known of the key, else ask. Those who want the same meanwhile share the answer."""
        known = self.known(key)
        if known is not None:
            return known
        task = self._asked.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask(key, ask))
            self._asked[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)  # whoever stops waiting does not take the answer from the others

    def known(self, key: str) -> Value | None:
        """Return what is known of the key; None where it would have to be asked for."""
        until, value = self._known.get(key, (0.0, None))
        return value if self.clock() < until else None

    async def _ask(self, key: str, ask: Callable[[], Awaitable[Value]]) -> Value:
        value = await ask()
        self.put(key, value)
        return value

    def put(self, key: str, value: Value) -> None:
        """Remember an answer that came along with another one."""
        self._known.pop(key, None)
        while len(self._known) >= self.most:
            del self._known[next(iter(self._known))]
        self._known[key] = (self.clock() + self.seconds, value)

    def _forget(self, key: str, done: "asyncio.Task[Value]") -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # somebody who waited has it; where nobody did, nothing is to be said
