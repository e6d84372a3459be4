"""One call, from value to envelope: held back, signed, sent, judged, repeated where that is safe, counted.

What may be repeated:

    read      anything that may differ next time
    mutation  only what certainly never left (no connection), and what the gateway turned away for its token

EnOS publishes no limits. When it asks for fewer requests or is out of service, all calls are held back: for as long
as it says, else for 1 s growing to 30 s, with jitter. A call waits at most ``PATIENCE`` by itself, then fails.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime

from bot.core.errors import Failure, Refusal, TemporaryFailure, Unclear
from bot.enos.calls import ATTEMPTS, Call, Kind, signature
from bot.enos.errors import (
    BadResponse,
    EnosFailure,
    NoResponse,
    ServerError,
    TemporarilyUnavailable,
    Throttled,
    TokenRejected,
    Unreachable,
)
from bot.enos.responses import Envelope, Opener, judge, open_envelope, outcome_for
from bot.enos.token import Pause, TokenManager
from bot.enos.transport import Transport

_log = logging.getLogger(__name__)

FIRST_RETRY, LONGEST_RETRY = 0.2, 5.0  # seconds before the second attempt, doubled before each further one
FIRST_HOLD, LONGEST_HOLD = 1.0, 30.0  # seconds that calls are held back, where EnOS does not say how long
PATIENCE = 10.0  # seconds

OnCall = Callable[[str, str, float], None]  # action, outcome, seconds; neither names a person or a flow


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
        self._on_call, self._pause = on_call, pause
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
            except Failure as failure:
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
            if self._on_call is not None:
                self._on_call(call.name, outcome, time.perf_counter() - started)
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


def _wait(call: Call, failure: Failure, attempt: int) -> float | None:
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
