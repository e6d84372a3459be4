"""What an answer says about itself: the envelope around ``data``, however the gateway or service wrote it.

Source: v2.1 pages (``code``/``msg``), v2.0 pages (``status``), APIM (``apim_status``), the token service
(``status``, printed as ``stauts`` on some pages). ``data`` stays unparsed until somebody needs it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bot.enos.scalars import loads, number, text

Opener = Callable[[bytes], "Envelope | None"]
LooseScalar = int | float | str | bool | None

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
    strange_code: str = ""  # a code that is no number
    decoded: object = None  # the data, where the opener has decoded it on the way (``data`` is left empty then)

    @property
    def ok(self) -> bool:
        """Whether the service says that it did what was asked."""
        return self.code == 0 and not self.strange_code and not self.apim_status


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
    """Return the envelope of an answer; None where the body is no JSON object (a web page, say)."""
    try:
        return _envelope(_DECODER.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _open_tolerantly(body)


def _open_tolerantly(body: bytes) -> Envelope | None:
    """Read what the strict decoder refuses: stray bytes, control characters, structures for scalars."""
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
    return _envelope(_Wire(**scalars, data=msgspec.Raw(data.encode())))


def _envelope(wire: _Wire) -> Envelope:
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
