"""One call, from value to envelope: held back, signed, sent, judged, renewed, repeated where that is safe, counted.

What may be repeated:

    read      anything that may differ next time
    mutation  only what certainly never left (no connection), and what the gateway turned away for its token
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime

from bot.core.errors import Failure, Refusal, TemporaryFailure, Unclear
from bot.enos.backoff import PATIENCE, Backoff
from bot.enos.calls import ATTEMPTS, Call, Kind
from bot.enos.envelope import Envelope, Opener, open_envelope
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
from bot.enos.signature import headers
from bot.enos.token import Pause, TokenManager
from bot.enos.transport import Transport
from bot.enos.verdicts import judge, outcome_for

_log = logging.getLogger(__name__)

FIRST, LONGEST = 0.2, 5.0  # seconds before the second attempt, doubled before each further one

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
        self._backoff = Backoff()
        self._unavailable_type: type[TemporarilyUnavailable] = Throttled

    async def ask(self, call: Call, *, attempts: int = ATTEMPTS, opener: Opener = open_envelope) -> Envelope:
        """Return the envelope of a success, taken apart by ``opener``.

        Raises a Refusal, an Outage, or, for a mutation whose answer was lost, AnswerLost (an Unclear).
        """
        end = _monotonic() + self._transport.total
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._counted(call, opener)
            except Failure as failure:
                wait = _wait(call, failure, attempt)
                if wait is None or attempt >= attempts or _monotonic() + wait >= end:
                    raise
            if wait:
                await self._pause(wait)

    async def _counted(self, call: Call, opener: Opener) -> Envelope:
        started, outcome = time.perf_counter(), "bug"
        try:
            envelope = await self._signed(call, opener)
            outcome = "ok"
        except Unclear:
            outcome = "unclear"
            raise
        except TemporaryFailure as outage:
            outcome = outage.reason if isinstance(outage, EnosFailure) else "outage"
            raise
        except Refusal:
            outcome = "refused"
            raise
        except asyncio.CancelledError:
            outcome = "abandoned"
            raise
        else:
            return envelope
        finally:
            if self._on_call is not None:
                self._on_call(call.name, outcome, time.perf_counter() - started)

    async def _signed(self, call: Call, opener: Opener) -> Envelope:
        await self._wait_out_backoff()
        token = await self._tokens.token()
        try:
            return await self._once(call, token, opener)
        except TokenRejected:  # it was turned away before anything happened
            token = await self._tokens.renew(token)
            return await self._once(call, token, opener)

    async def _once(self, call: Call, token: str, opener: Opener) -> Envelope:
        now = self._clock()
        stamp = int(now.timestamp() * 1000)
        try:
            reply = await self._transport.send(call, headers(token, call.query, call.body, stamp, self._secret))
        except EnosFailure as failure:
            outcome = outcome_for(call, failure)
            raise outcome from (failure if outcome is not failure else failure.__cause__)
        envelope = opener(reply.body)
        found = judge(call, reply, envelope, now)
        if isinstance(found, TemporarilyUnavailable):
            self._backoff.hold(_monotonic(), found.seconds)
            self._unavailable_type = type(found)
        if isinstance(found, Failure):
            _log.info("%s: %s%s", call.name, found, _reference(envelope))
            raise found
        self._backoff.release()
        return found

    async def _wait_out_backoff(self) -> None:
        left = self._backoff.seconds_left(_monotonic())
        if left > PATIENCE:
            raise self._unavailable_type(left)
        if left:
            await self._pause(left)


def _wait(call: Call, failure: Failure, attempt: int) -> float | None:
    """Return the seconds to wait before the next attempt; None where there must not be one."""
    if isinstance(failure, TemporarilyUnavailable) and call.kind is Kind.READ:
        soon = failure.seconds is None or failure.seconds <= PATIENCE
        return 0.0 if soon else None  # the backoff does the waiting
    if not (_worth_repeating(failure) if call.kind is Kind.READ else isinstance(failure, Unreachable)):
        return None
    return min(LONGEST, FIRST * 2.0 ** (attempt - 1)) * random.uniform(1.0, 2.0)  # noqa: S311  spreads load, guards nothing


def _worth_repeating(failure: Failure) -> bool:
    if isinstance(failure, BadResponse):
        return failure.worth_retrying
    if isinstance(failure, NoResponse):
        return not failure.timed_out  # somebody waits for the answer, and has waited for all the time there is
    return isinstance(failure, Unreachable | ServerError)


def _reference(envelope: Envelope | None) -> str:
    return f" (request {envelope.request_id})" if envelope is not None and envelope.request_id else ""


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
