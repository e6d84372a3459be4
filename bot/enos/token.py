"""The access token: one for all calls, fetched once at a time, renewed before it ends.

Source: APIM "Get Access Token", "Refresh Access Token", and the codes of "Invoking API with Access Token".

    none ──get──▸ held ──80 % of its life, or 10 min before its end──▸ refresh ──▸ held
                   │                                                      └─refused──▸ get
                   └─a call was turned away with it──▸ get (still the same one? refresh) ──▸ held
"""

import asyncio
import contextlib
import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.enos.calls import Call, encryption
from bot.enos.errors import BadResponse, TimestampReused, TokenRejected
from bot.enos.responses import Reply, judge, open_envelope
from bot.enos.values import number, single_object, text, value_of

PATH = "/apim-token-service/v2.0/token"
LIFE = 7200  # seconds, where an answer names none
EARLY = 600  # seconds before its end
SPREAD = 1000  # ms that a burst of sign-ins may use ahead of the clock
_FITS_A_HEADER = re.compile(r"[\x21-\x7e]{1,8000}")
RETRY = 30.0  # seconds until a failed refresh of a valid token is tried again

Send = Callable[[Call, dict[str, str]], Awaitable[Reply]]
Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its times, seconds of the steady clock's epoch."""

    text: str = field(repr=False)
    refresh_at: float
    ends_at: float


def token_of(data: bytes, now: float, *, refreshed: bool) -> Token | None:
    """The token in an answer's data; None where there is none.

    Refresh is due at 80 % of its life or 10 minutes before its end, whichever is earlier: at once for one that was
    handed out near its end. A refreshed one that lives no longer is refreshed at 80 %.
    """
    found = single_object(value_of(data)) or {}
    words = text(found.get("accessToken"))
    if not _FITS_A_HEADER.fullmatch(words):
        return None
    expire = number(found.get("expire"))
    life = LIFE if expire is None else max(0, expire)
    due = min(life * 0.8, life - EARLY)
    if due <= 0:
        due = life * 0.8 if refreshed else 0.0
    return Token(words, now + due, now + life)


class TokenManager:
    """The token manager of one access key."""

    def __init__(
        self,
        send: Send,
        key: str,
        secret: str,
        clock: Callable[[], datetime],
        *,
        steady: Callable[[], datetime] | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._send, self._key, self._secret, self._clock, self._pause = send, key, secret, clock, pause
        self._steady = steady or clock
        self._held: Token | None = None
        self._fetching: asyncio.Task[Token] | None = None
        self._last_stamp = 0

    async def token(self) -> str:
        """A token for the next call. Raises Refused (wrong keys) or a TemporaryFailure."""
        held = self._held
        if held is not None and self._steady().timestamp() < held.refresh_at:
            return held.text
        return (await self._await_fetch("")).text

    async def renew(self, turned_away: str) -> str:
        """Another token than the one that was turned away; one renewal serves all callers."""
        held = self._held
        if held is not None and held.text != turned_away and self._steady().timestamp() < held.refresh_at:
            return held.text
        return (await self._await_fetch(turned_away)).text

    async def _await_fetch(self, turned_away: str) -> Token:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(turned_away))
            self._fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._fetching)  # a caller that gives up does not cancel the others

    async def _fetch(self, turned_away: str) -> Token:
        held, now = self._held, self._steady().timestamp()
        living = held if held is not None and held.text != turned_away and now < held.ends_at else None
        found = await self._refreshed(living) if living is not None else None
        if found is None:
            found = await self._ask("get")
            if found.text == turned_away or found.refresh_at <= self._steady().timestamp():
                found = await self._replaced(found)
        self._held = found
        return found

    async def _refreshed(self, living: Token) -> Token | None:
        """Refresh a valid token. None: get another. While the service is down, the valid one is still used."""
        try:
            return await self._ask("refresh", living)
        except (Refusal, TokenRejected, TimestampReused):
            return None
        except TemporaryFailure:
            return Token(living.text, min(self._steady().timestamp() + RETRY, living.ends_at), living.ends_at)

    async def _replaced(self, found: Token) -> Token:
        """Refresh a token that was handed out near its end, or that the gateway does not accept."""
        with contextlib.suppress(Failure):
            return await self._ask("refresh", found)
        life = found.ends_at - self._steady().timestamp()
        return Token(found.text, self._steady().timestamp() + life * 0.8, found.ends_at)

    async def _ask(self, action: str, token: Token | None = None) -> Token:
        try:
            return await self._ask_once(action, token)
        except TimestampReused:  # another process of this application used this very millisecond
            await self._pause(random.uniform(0.002, 0.02))  # noqa: S311  spreads load, guards nothing
            return await self._ask_once(action, token)

    async def _ask_once(self, action: str, token: Token | None) -> Token:
        stamp = self._stamp()
        body = {
            "appKey": self._key,
            "encryption": encryption(self._key, stamp, self._secret),
            "timestamp": stamp,
        }
        if token is not None:
            body["accessToken"] = token.text
        call = Call("POST", f"{PATH}/{action}", (), json.dumps(body).encode())
        asked_at = self._steady().timestamp()
        reply = await self._send(call, {})
        envelope = open_envelope(reply.body)
        found = token_of(envelope.data, asked_at, refreshed=token is not None) if envelope else None
        if found is not None:  # it decides, whatever the status field is called
            return found
        failure = judge(call, reply, envelope, self._clock())
        raise failure if isinstance(failure, Failure) else BadResponse("the sign-in brought no token")

    def _stamp(self) -> int:
        """The wall clock's time in ms, never the same twice: the token service accepts each only once.

        Where the last one is far ahead, the clock was put back; EnOS refuses a time that is wrong.
        """
        stamp = int(self._clock().timestamp() * 1000)
        if stamp <= self._last_stamp < stamp + SPREAD:
            stamp = self._last_stamp + 1
        self._last_stamp = stamp
        return stamp
