"""What can go wrong between a client and the platform: for some calls, for an action, or until cleared."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any
from weakref import WeakSet

from aiohttp import web

KINDS = {
    "slow": "answers after `seconds`; `when` is before or after the call takes effect",
    "error": "answers `status` (default 503) with a page of HTML; nothing happens",
    "garbage": "answers 200 with bytes that are not JSON; nothing happens",
    "html": "answers 200 with a sign-in page; nothing happens",
    "half": "the call takes effect, but its answer breaks off in the middle",
    "expired": "the access token has died; asking for a new one helps",
    "throttled": "answers 429 with Retry-After `seconds`; `style` code answers 200 with code 430; nothing happens",
    "internal": "answers the platform's own 62109; nothing happens",
    "gone": "the connection closes without an answer; nothing happens",
    "lost": "the call takes effect, but its answer never comes; `style` 504 answers a gateway time-out instead",
}

_HTML = b"<html><head><title>%s</title></head><body><h1>%s</h1><hr>nginx</body></html>"
_SIGN_IN = b"<!doctype html><html><body><form action='/login'>Please sign in</form></body></html>"


@dataclass(eq=False)
class PlatformFault:
    """One thing that goes wrong; ``struck`` counts the calls it has hit."""

    name: str
    action: str = "*"  # e.g. trigger, flowInstances/search, token; * is every call but those for tokens
    calls: int | None = None  # how many calls it hits; None until cleared
    seconds: float = 2.0
    status: int = 503
    style: str = ""
    when: str = "before"
    struck: int = 0
    cleared: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def hits(self, resource: str, action: str) -> bool:
        """Whether it hits a call to this resource and action."""
        if self.action == "*":
            return resource != "token"
        return self.action in {action, resource, f"{resource}/{action}"}

    def table(self) -> dict[str, Any]:
        """List its fields by name, for the panel."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "cleared"}


class PlatformFaults:
    """The faults that are armed, in the order in which they were."""

    def __init__(self) -> None:
        self.armed: list[PlatformFault] = []
        self._spent: WeakSet[PlatformFault] = WeakSet()  # used up, while they may still hold up some call
        self.changes = 0

    def arm(self, name: str, **options: Any) -> PlatformFault:
        """Arm a fault; options are the fields of ``PlatformFault``. ``none`` clears all. Raises ValueError."""
        if name == "none":
            self.clear()
            return PlatformFault("none")
        if name not in KINDS:
            raise ValueError(f"There is no fault {name!r}. There are: none, {', '.join(KINDS)}.")
        known = {"action": str, "calls": int, "seconds": float, "status": int, "style": str, "when": str}
        unknown = set(options) - set(known)
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}. It has: {', '.join(known)}.")
        given = {option: value for option, value in options.items() if value is not None}
        try:
            fault = PlatformFault(name, **{option: known[option](value) for option, value in given.items()})
        except (TypeError, ValueError) as error:
            raise ValueError(f"That does not describe a fault: {error}.") from error
        self.armed.append(fault)
        self.changes += 1
        return fault

    def clear(self, name: str | None = None) -> None:
        """Disarm the faults of this name, or all; calls that one holds up go on at once."""
        for fault in [each for each in (*self.armed, *self._spent) if name in {None, each.name}]:
            fault.cleared.set()
        self.armed = [each for each in self.armed if not each.cleared.is_set()]
        self.changes += 1

    def take(self, resource: str, action: str) -> PlatformFault | None:
        """Find the fault that hits this call, if any, and count the call."""
        fault = next((each for each in self.armed if each.hits(resource, action)), None)
        if fault is None:
            return None
        fault.struck += 1
        if fault.calls is not None and fault.struck >= fault.calls:
            self.armed.remove(fault)
            self._spent.add(fault)
        self.changes += 1
        return fault


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer before it is sent."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> web.Response:
        """Build the response that aiohttp sends."""
        charset = "utf-8" if self.content_type == "application/json" else None
        return web.Response(
            body=self.body,
            status=self.status,
            content_type=self.content_type,
            charset=charset,
            headers=dict(self.headers),
        )


async def respond_under(
    fault: PlatformFault, request: web.Request, work: Callable[[], HttpReply]
) -> web.StreamResponse:
    """Answer a call that a fault hits. ``work`` makes the call take effect and gives its answer."""
    match fault.name:
        case "slow":
            return await _slow(fault, work)
        case "half":
            return await _half(request, work())
        case "lost":
            work()
            return _page(504, b"504 Gateway Time-out") if fault.style == "504" else cut_connection(request)
        case "gone":
            return cut_connection(request)
        case "error":
            return _page(fault.status, b"%d Service Unavailable" % fault.status)
        case "html":
            return HttpReply(_SIGN_IN, content_type="text/html").response()
        case "garbage":
            return HttpReply(b'\x00\xff{"code": 0, "data": [nan,', content_type="application/json").response()
        case "throttled" if fault.style == "code":
            return HttpReply(b'{"code":430,"msg":"The API traffic limit is exceeded","data":null}').response()
        case "throttled":
            return throttled(fault.seconds)
        case _:  # what the platform itself answers: expired, internal
            return work().response()


def throttled(seconds: float) -> web.Response:
    """Build the gateway's answer to too many calls; ``seconds`` is its Retry-After."""
    wait = (("Retry-After", f"{seconds:g}"),)
    return HttpReply(b'{"status":429,"msg":"Too Many Requests"}', 429, headers=wait).response()


async def _slow(fault: PlatformFault, work: Callable[[], HttpReply]) -> web.StreamResponse:
    early = work() if fault.when == "after" else None
    with suppress(TimeoutError):
        async with asyncio.timeout(fault.seconds):
            await fault.cleared.wait()
    return (early or work()).response()


async def _half(request: web.Request, reply: HttpReply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_type = reply.content_type
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    return cut_connection(request, response)


def cut_connection(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Cut the connection under a request; the response that is returned reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return response if response is not None else web.Response()


def _page(status: int, title: bytes) -> web.Response:
    return HttpReply(_HTML % (title, title), status, "text/html").response()
