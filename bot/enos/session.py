"""One call, from value to envelope: signed in, held back, signed, sent, judged, repeated where safe, counted.

What may be repeated:

    read      anything that may differ next time
    mutation  only what certainly never left (no connection), and what the gateway turned away for its token

EnOS publishes no limits. When it asks for fewer requests or is out of service, all calls are held back: for as long
as it says, else for 1 s growing to 30 s, with jitter. A call waits at most ``PATIENCE`` by itself, then fails.

The access token is one for all calls, fetched once at a time, renewed before it ends. Source: APIM "Get Access Token",
"Refresh Access Token", and the codes of "Invoking API with Access Token".

    none ──get──▸ held ──80 % of its life, or 10 min before its end──▸ refresh ──▸ held
                   │                                                      └─refused──▸ get
                   └─a call was turned away with it──▸ get (still the same one? refresh) ──▸ held
"""

import asyncio
import contextlib
import json
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from bot.core.errors import Failure, Refusal, TemporaryFailure, Unclear
from bot.core.text.message import msg
from bot.core.values import dataclass
from bot.enos.calls import ATTEMPTS, Call, Kind, encryption, signature
from bot.enos.errors import (
    BadResponse,
    EnosFailure,
    NoResponse,
    ServerError,
    TemporarilyUnavailable,
    Throttled,
    TimestampReused,
    TokenRejected,
    Unreachable,
)
from bot.enos.responses import Envelope, Opener, Reply, judge, open_envelope, outcome_for
from bot.enos.transport import Transport
from bot.enos.values import number, single_object, text, value_of

_log = logging.getLogger(__name__)

FIRST_RETRY, LONGEST_RETRY = 0.2, 5.0  # seconds before the second attempt, doubled before each further one
FIRST_HOLD, LONGEST_HOLD = 1.0, 30.0  # seconds that calls are held back, where EnOS does not say how long
PATIENCE = 10.0  # seconds

PATH = "/apim-token-service/v2.0/token"
LIFE = 7200  # seconds, where an answer names none
EARLY = 600  # seconds before its end
SPREAD = 1000  # ms that a burst of sign-ins may use ahead of the clock
_FITS_A_HEADER = re.compile(r"[\x21-\x7e]{1,8000}")
RETRY = 30.0  # seconds until a failed refresh of a valid token is tried again

VALID_FOR = timedelta(days=1)
VALID_BRIEFLY = timedelta(minutes=5)  # for what was found out during trouble

OnCall = Callable[[str, str, float], None]  # action, outcome, seconds; neither names a person or a flow
OnCapability = Callable[[str, str], None]
Send = Callable[[Call, dict[str, str]], Awaitable[Reply]]
Pause = Callable[[float], Awaitable[None]]


class ServerCapabilities:
    """Small named values that were found out about this EnOS, where its pages contradict each other.

    Each holds for a day, or for minutes where it was found out during trouble; then EnOS is asked again. A server may
    be upgraded, and one that is read from the wrong first page would hide failures. What an earlier run found out is
    shown, but found out again. ``on_change`` is called when a value is new or has changed.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        remembered: Mapping[str, str] | None = None,
        on_change: OnCapability | None = None,
    ) -> None:
        self.now, self._on_change = clock, on_change
        self._values = dict(remembered or {})
        self._until: dict[str, datetime] = {}

    def get(self, name: str) -> str | None:
        """The value, where this process found it out and it still holds."""
        until = self._until.get(name)
        return self._values[name] if until is not None and self.now() < until else None

    def put(self, name: str, value: str, *, valid_for: timedelta = VALID_FOR) -> None:
        """Remember a value."""
        changed = self._values.get(name) != value
        self._values[name], self._until[name] = value, self.now() + valid_for
        if changed and self._on_change is not None:
            self._on_change(name, value)

    def forget(self, name: str) -> None:
        """Stop using a value; it is shown until another one is found out."""
        self._until.pop(name, None)

    def all(self) -> dict[str, str]:
        """Everything, for the store and for people."""
        return dict(self._values)


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
        """A token for the next call. Raises Refusal (wrong keys) or a TemporaryFailure."""
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
        raise failure if isinstance(failure, Failure) else BadResponse(msg("it sent no token"))

    def _stamp(self) -> int:
        """The wall clock's time in ms, never the same twice: the token service accepts each only once.

        Where the last one is far ahead, the clock was put back; EnOS refuses a time that is wrong.
        """
        stamp = int(self._clock().timestamp() * 1000)
        if stamp <= self._last_stamp < stamp + SPREAD:
            stamp = self._last_stamp + 1
        self._last_stamp = stamp
        return stamp


class Session:
    """Signs and sends calls as one application."""

    def __init__(
        self,
        transport: Transport,
        tokens: TokenManager,
        secret: str,
        clock: Callable[[], datetime],
        *,
        on_call: OnCall | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._transport, self._tokens, self._secret, self._clock = transport, tokens, secret, clock
        self.on_call, self._pause = on_call, pause
        self._held_until, self._next_hold = 0.0, FIRST_HOLD  # loop time, seconds
        self._unavailable_type: type[TemporarilyUnavailable] = Throttled

    async def ask(self, call: Call, *, attempts: int = ATTEMPTS, opener: Opener = open_envelope) -> Envelope:
        """The envelope of a success, taken apart by ``opener``.

        Raises a Refusal, a TemporaryFailure, or, for a mutation whose answer was lost, AnswerLost (an Unclear).
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self._transport.total
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(call, opener)
            except TemporaryFailure as failure:
                wait = _wait(call, failure, attempt)
                if wait is None or attempt >= attempts or clock() + wait >= end:
                    raise
            if wait:
                await self._pause(wait)

    async def _attempt(self, call: Call, opener: Opener) -> Envelope:
        """Wait while calls are held back, then send; once more with another token where the token was turned away."""
        started, outcome = time.perf_counter(), "bug"
        try:
            left = self._held_until - asyncio.get_running_loop().time()
            if left > PATIENCE:
                raise self._unavailable_type(left)
            if left > 0:
                await self._pause(left)
            token = await self._tokens.token()
            try:
                envelope = await self._send(call, token, opener)
            except TokenRejected:  # it was turned away before anything happened
                envelope = await self._send(call, await self._tokens.renew(token), opener)
            outcome = "ok"
        except Unclear:
            outcome = "unclear"
            raise
        except TemporaryFailure as failure:
            outcome = failure.reason if isinstance(failure, EnosFailure) else "outage"
            raise
        except Refusal:
            outcome = "refused"
            raise
        except asyncio.CancelledError:
            outcome = "abandoned"
            raise
        finally:
            if self.on_call is not None:
                self.on_call(call.name, outcome, time.perf_counter() - started)
        return envelope

    async def _send(self, call: Call, token: str, opener: Opener) -> Envelope:
        now = self._clock()
        stamp = int(now.timestamp() * 1000)
        headers = {
            "apim-accesstoken": token,
            "apim-timestamp": str(stamp),
            "apim-signature": signature(token, call.query, call.body, stamp, self._secret),
        }
        try:
            reply = await self._transport.send(call, headers)
        except EnosFailure as failure:
            outcome = outcome_for(call, failure)
            raise outcome from (failure if outcome is not failure else failure.__cause__)
        envelope = opener(reply.body)
        found = judge(call, reply, envelope, now)
        if isinstance(found, TemporarilyUnavailable):
            self._hold(found)
        if isinstance(found, Failure):
            reference = f" (request {envelope.request_id})" if envelope is not None and envelope.request_id else ""
            _log.info("%s: %s%s", call.name, found, reference)
            raise found
        self._next_hold = FIRST_HOLD
        return found

    def _hold(self, unavailable: TemporarilyUnavailable) -> None:
        """Hold all calls back."""
        seconds = unavailable.seconds
        if seconds is None:
            seconds = self._next_hold * random.uniform(0.75, 1.25)  # noqa: S311  spreads load, guards nothing
            self._next_hold = min(LONGEST_HOLD, self._next_hold * 2)
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)
        self._unavailable_type = type(unavailable)


def _wait(call: Call, failure: TemporaryFailure, attempt: int) -> float | None:
    """Seconds to wait before the next attempt; None where there must not be one."""
    if call.kind is Kind.MUTATION:
        again = isinstance(failure, Unreachable)
    elif isinstance(failure, TemporarilyUnavailable):
        soon = failure.seconds is None or failure.seconds <= PATIENCE
        return 0.0 if soon else None  # the next attempt waits while calls are held back
    elif isinstance(failure, BadResponse):
        again = failure.worth_retrying
    elif isinstance(failure, NoResponse):
        again = not failure.timed_out  # somebody has waited already for all the time that there is
    else:
        again = isinstance(failure, Unreachable | ServerError)
    if not again:
        return None
    return min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** (attempt - 1)) * random.uniform(1.0, 2.0)  # noqa: S311  spreads load, guards nothing
