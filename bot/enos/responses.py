"""What an answer says: the envelope around ``data``, and whether it is a success or one of ``errors.py``. Pure.

The gateway and the service write envelopes in several forms: v2.1 pages (``code``/``msg``), v2.0 pages (``status``),
APIM (``apim_status``), the token service (``status``, printed as ``stauts`` on some pages). ``data`` stays unparsed
until somebody needs it.

The body decides first, whatever the HTTP status is (the status of business errors is undocumented); the HTTP
status decides where the body says nothing.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from bot.core.errors import Failure
from bot.core.text.message import Message, msg, sentences
from bot.core.values import dataclass
from bot.enos.calls import Call, Kind
from bot.enos.codes import MEANINGS
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
    quote,
)
from bot.enos.values import loads, number, text

Opener = Callable[[bytes], "Envelope | None"]
LooseScalar = int | float | str | bool | None

# As the SDK reads the gateway: the short or the long part of the token has expired.
REJECTED_TOKEN_APIM = frozenset({4011, 4012})
REJECTED_TOKEN_CODES = frozenset({1203, 1204})
THROTTLE_CODES = frozenset({430, 429})
LONGEST_WAIT = 3600.0  # seconds
INTERNAL_CODES = frozenset({62109, 99500, 1005})
_HTTP = {
    403: (
        "forbidden",
        msg("EnOS's gateway does not allow this call (HTTP 403)."),
        msg("An operator should have the application's service account authorized (README, step 5)."),
    ),
    404: (
        "not_offered",
        msg("EnOS's gateway does not have this address (HTTP 404)."),
        msg("An operator should check ENOS_API_URL. This EnOS may also be an older version."),
    ),
}
_NOT_FOUND = next(row for row in MEANINGS if row.reason == "not_found")

NO_JSON = msg("it sent no JSON")
_MESSAGE, _WORD = 2000, 200  # characters kept of what the service says, and of a code or id in it


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, read to its end."""

    status: int
    body: bytes
    retry_after: str = ""  # the header as sent


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer taken apart. ``code`` is None where the answer has no readable one."""

    code: int | None
    message: str = ""
    data: bytes = b"null"  # JSON, unparsed
    apim_status: int | None = None
    request_id: str = ""
    strange_code: str = ""  # a code that is not a number
    decoded: object = None  # the data, where the opener has decoded it already (``data`` is empty then)


class _Wire(msgspec.Struct):
    code: LooseScalar = None
    status: LooseScalar = None
    stauts: LooseScalar = None  # the vendor's spelling, on several pages
    msg: LooseScalar = None
    message: LooseScalar = None
    error: LooseScalar = None
    apim_status: LooseScalar = None
    requestId: LooseScalar = None  # noqa: N815  the wire's name
    data: msgspec.Raw = msgspec.Raw(b"null")


_DECODER = msgspec.json.Decoder(_Wire)


def open_envelope(body: bytes) -> Envelope | None:
    """The envelope of an answer; None where the body is not a JSON object (a web page, say)."""
    try:
        wire = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        tolerated = _read_tolerantly(body)
        if tolerated is None:
            return None
        wire = tolerated
    printed = next((value for value in (wire.code, wire.status, wire.stauts) if value is not None), None)
    code = number(printed)
    return Envelope(
        code=code,
        message=text(next((value for value in (wire.msg, wire.message, wire.error) if value), ""), _MESSAGE).strip(),
        data=bytes(wire.data),
        apim_status=number(wire.apim_status),
        request_id=text(wire.requestId, _WORD),
        strange_code="" if code is not None or printed is None else text(printed, _WORD),
    )


def _read_tolerantly(body: bytes) -> _Wire | None:
    """What the strict decoder refuses: stray bytes, control characters, structures in place of scalars."""
    try:
        found = loads(body)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    scalars = {
        name: value if isinstance(value, LooseScalar) else text(value)
        for name, value in found.items()
        if name in _Wire.__struct_fields__ and name != "data"
    }
    try:
        data = json.dumps(found.get("data"))
    except RecursionError:  # reading and writing do not reach equally deep
        return None
    return _Wire(**scalars, data=msgspec.Raw(data.encode()))


def judge(call: Call, reply: Reply, envelope: Envelope | None, now: datetime) -> Envelope | Failure:
    """The envelope of a success, or why the call failed. ``now`` is for a Retry-After that is a date."""
    if envelope is not None and envelope.code == 0 and not (envelope.strange_code or envelope.apim_status):
        return envelope  # the service says that it did what was asked
    if reply.status == 429:
        return Throttled(seconds_to_wait(reply.retry_after, now))
    if envelope is None:
        found = _by_status(reply, "", now)
    elif envelope.apim_status in REJECTED_TOKEN_APIM:
        found = TokenRejected(str(envelope.apim_status))
    elif envelope.code is None or envelope.code == reply.status or 400 <= envelope.code < 600:
        found = _by_body_status(call, reply, envelope, now)
    else:
        found = _by_code(call, reply, envelope.code, envelope.message)
    if isinstance(found, ServiceUnavailable) and call.kind is Kind.MUTATION:
        return AnswerLost(found.why)  # it is not said whether the call was turned away before or after it took effect
    return outcome_for(call, found) if isinstance(found, EnosFailure) else found


def outcome_for(call: Call, failure: EnosFailure) -> EnosFailure | AnswerLost:
    """The failure for this call: a change that may have taken effect is unclear."""
    if call.kind is Kind.MUTATION and isinstance(failure, NoResponse | BadResponse | ServerError):
        return AnswerLost(failure.why)
    return failure


def _by_code(call: Call, reply: Reply, code: int, message: str) -> Failure:
    if code in REJECTED_TOKEN_CODES:
        return TokenRejected(str(code))
    if code == 1001:
        return TimestampReused()
    action = call.name.rpartition(".")[2]
    for row in MEANINGS:
        if (
            code == row.code
            and (not row.actions or action in row.actions)
            and (not row.wording or re.search(row.wording, message, re.IGNORECASE))
        ):
            return EnosRefused(row.reason, sentences(row.sentence, quote(message)), row.way_out, code, message)
    if code in INTERNAL_CODES:
        return ServerError(reply.status, code, message)
    if reply.status == 401:
        return TokenRejected(str(code))
    if reply.status >= 500:
        return ServerError(reply.status, code, message)
    return _unknown(call, str(code), code, message)


def _by_body_status(call: Call, reply: Reply, envelope: Envelope, now: datetime) -> Failure:
    """What an answer means whose code is an HTTP status (as frameworks print it), a word, or missing."""
    if envelope.code in THROTTLE_CODES:
        return Throttled(seconds_to_wait(reply.retry_after, now))
    if envelope.code == 404 and reply.status < 300:
        sentence = sentences(_NOT_FOUND.sentence, quote(envelope.message))
        return EnosRefused(_NOT_FOUND.reason, sentence, _NOT_FOUND.way_out, 404)
    if envelope.code is not None and 400 <= envelope.code < 600:
        return _by_status(Reply(envelope.code, reply.body, reply.retry_after), envelope.message, now)
    if reply.status >= 300:
        return _by_status(reply, envelope.message or envelope.strange_code, now)
    if envelope.strange_code or envelope.apim_status:
        return _unknown(call, envelope.strange_code or str(envelope.apim_status), None, envelope.message)
    return BadResponse(msg("it did not say whether the call succeeded"))


def _unknown(call: Call, shown: str, code: int | None, message: str) -> EnosRefused:
    """A refusal of unknown meaning. Only a read has certainly changed nothing."""
    sentence = msg("EnOS refused with a code that flowbot does not know ({code}).", code=shown)
    way_out = sentences(
        msg("Most likely nothing was changed. Look at the flow, then try again in a minute.")
        if call.kind is Kind.MUTATION
        else msg("Nothing was changed. Try again in a minute."),
        msg("If this lasts, show this answer to a flowbot admin. An EnOS administrator knows what it means."),
    )
    return EnosRefused("unknown_code", sentences(sentence, quote(message)), way_out, code, message)


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
                msg("EnOS's gateway refused the request (HTTP {status}).", status=str(status)),
                msg("An operator should check ENOS_API_URL and any proxy before it."),
            ),
        )
        return EnosRefused(reason, sentences(sentence, quote(message)), way_out, status, message)
    if status >= 300:
        return EnosRefused(
            "gateway",
            msg("EnOS's address redirects flowbot to another one (HTTP {status}).", status=str(status)),
            msg("An operator should check ENOS_API_URL: it must be the API gateway."),
        )
    return BadResponse(_what_it_is(reply.body))


def _what_it_is(body: bytes) -> Message:
    start = body[:200].lstrip().lower()
    if not start:
        return msg("it sent an empty answer")
    return msg("it sent a web page, not JSON") if start.startswith(b"<") else NO_JSON


def seconds_to_wait(header: str, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or a date; None without one.

    At most an hour: one wrong header must not stop all reading.
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
