"""From an answer to what it means: success, or one of the failures of ``errors.py``. Pure.

The body decides first, whatever the HTTP status is (the status of business errors is undocumented); the HTTP
status decides where the body says nothing.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.core.errors import Failure
from bot.enos.calls import Call, Kind
from bot.enos.codes import MEANINGS
from bot.enos.envelope import Envelope, Reply
from bot.enos.errors import (
    AnswerLost,
    BadResponse,
    EnosFailure,
    EnosRefused,
    NoResponse,
    ServerError,
    ServiceUnavailable,
    Throttled,
    TimestampReused,
    TokenRejected,
    quoted,
)

REJECTED_TOKEN_APIM = frozenset(
    {4011, 4012}
)  # the SDK's reading of the gateway: short or long part of the token expired
REJECTED_TOKEN_CODES = frozenset({1203, 1204})
THROTTLE_CODES = frozenset({430, 429})
LONGEST_WAIT = 3600.0  # seconds
INTERNAL_CODES = frozenset({62109, 99500, 1005})
_HTTP = {
    403: (
        "forbidden",
        "EnOS's gateway forbids it.",
        "Ask an admin of the bot to have the application's service account authorized (README, step 5).",
    ),
    404: (
        "not_offered",
        "The gateway knows no such address.",
        "Ask an admin of the bot to check ENOS_API_URL; or this EnOS is an older version.",
    ),
}


def judge(call: Call, reply: Reply, envelope: Envelope | None, now: datetime) -> Envelope | Failure:
    """Return the envelope of a success, or why the call failed. ``now`` is for a Retry-After that is a date."""
    if envelope is not None and envelope.ok:
        return envelope
    found = _meaning(call, reply, envelope, now)
    if isinstance(found, ServiceUnavailable) and call.kind is Kind.MUTATION:
        return AnswerLost("HTTP 503")  # nobody says whether it was turned away before or after
    return outcome_for(call, found) if isinstance(found, EnosFailure) else found


def outcome_for(call: Call, failure: EnosFailure) -> EnosFailure | AnswerLost:
    """Return the trouble as it stands for this call: a change that may have taken effect is unclear."""
    if call.kind is Kind.MUTATION and isinstance(failure, NoResponse | BadResponse | ServerError):
        return AnswerLost(failure.why)
    return failure


def _meaning(call: Call, reply: Reply, envelope: Envelope | None, now: datetime) -> Failure:
    if reply.status == 429:
        return Throttled(seconds_to_wait(reply.retry_after, now))
    if envelope is None:
        return _by_status(reply, "", now)
    if envelope.apim_status in REJECTED_TOKEN_APIM:
        return TokenRejected(f"gateway status {envelope.apim_status}")
    if envelope.code is None or envelope.code == reply.status or 400 <= envelope.code < 600:
        return _by_body_status(call, reply, envelope, now)
    return _by_code(call, reply, envelope.code, envelope.message)


def _by_code(call: Call, reply: Reply, code: int, message: str) -> Failure:
    if code in REJECTED_TOKEN_CODES:
        return TokenRejected(f"code {code}")
    if code == 1001:
        return TimestampReused()
    row = next((row for row in MEANINGS if row.fits(code, call.action, message)), None)
    if row is not None:
        return EnosRefused(row.reason, row.sentence + quoted(message), row.way_out, code, message)
    if code in INTERNAL_CODES:
        return ServerError(reply.status, code, message)
    if reply.status == 401:
        return TokenRejected(f"HTTP 401, code {code}")
    if reply.status >= 500:
        return ServerError(reply.status, code, message)
    return EnosRefused(
        "unknown_code",
        f"EnOS refused with a code that flowbot does not know: {code}{quoted(message)}.",
        _after_an_unknown(call),
        code,
        message,
    )


def _by_body_status(call: Call, reply: Reply, envelope: Envelope, now: datetime) -> Failure:
    """Judge an answer whose code is an HTTP status (as frameworks print it), a word, or missing."""
    if envelope.code in THROTTLE_CODES:
        return Throttled(seconds_to_wait(reply.retry_after, now))
    if envelope.code == 404 and reply.status < 300:
        return EnosRefused("not_found", f"EnOS does not know that.{quoted(envelope.message)}", "Check the id.", 404)
    if envelope.code is not None and 400 <= envelope.code < 600:
        return _by_status(Reply(envelope.code, reply.body, reply.retry_after), envelope.message, now)
    if reply.status >= 300:
        return _by_status(reply, envelope.message or envelope.strange_code, now)
    if envelope.strange_code or envelope.apim_status:
        told = envelope.strange_code or f"gateway status {envelope.apim_status}"
        return EnosRefused(
            "unknown_code",
            f"EnOS refused with words that flowbot does not know: {told}{quoted(envelope.message)}.",
            _after_an_unknown(call),
            None,
            envelope.message,
        )
    return BadResponse("it is JSON, but does not say whether the call succeeded")


def _after_an_unknown(call: Call) -> str:
    """Return what to do after a refusal of unknown meaning; only of a reading it is certain that it changed nothing."""
    if call.kind is Kind.MUTATION:
        state = "Most likely nothing was changed. Look how the flow stands, and ask again in a minute"
    else:
        state = "This was a reading, and it changed nothing. Ask again in a minute"
    return (
        f"{state}; if it stays so, show an admin of the bot this answer, for EnOS's administrator knows what it means."
    )


def _by_status(reply: Reply, message: str, now: datetime) -> Failure:
    status = reply.status
    if status == 401:
        return TokenRejected("HTTP 401")
    if status == 429:
        return Throttled(seconds_to_wait(reply.retry_after, now))
    if status == 503:
        return ServiceUnavailable(seconds_to_wait(reply.retry_after, now))
    if status >= 500:
        return ServerError(status, None, message)
    if status >= 400:
        reason, sentence, way_out = _HTTP.get(
            status,
            (
                "gateway",
                "EnOS's gateway refused the request.",
                "Ask an admin of the bot to check ENOS_API_URL and any proxy before it.",
            ),
        )
        return EnosRefused(reason, f"{sentence} (HTTP {status}){quoted(message)}", way_out, status, message)
    if status >= 300:
        return EnosRefused(
            "gateway",
            f"The address sends flowbot elsewhere (HTTP {status}).",
            "ENOS_API_URL must be the API gateway.",
        )
    return BadResponse(_what_it_is(reply.body))


def _what_it_is(body: bytes) -> str:
    start = body[:200].lstrip().lower()
    if not start:
        return "it is empty"
    return "it is a web page, not JSON" if start.startswith(b"<") else "it is not JSON"


def seconds_to_wait(header: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, a number or a date; None without one.

    At most an hour: whoever asks for more is asked again then, or one wrong header would stop all reading.
    """
    header = header.strip()[:100]
    if re.fullmatch(r"\d{1,20}(\.\d+)?", header):
        return min(LONGEST_WAIT, float(header))
    try:
        at = parsedate_to_datetime(header)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(LONGEST_WAIT, max(0.0, (at - now).total_seconds()))
    except (ValueError, OverflowError):
        return None
