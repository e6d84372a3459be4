"""What can go wrong between a client and the platform, armed for some calls, an action, or until cleared."""

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
    "garbage": "answers 200 with bytes that are no JSON; nothing happens",
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
class Fault:
    """One thing that goes wrong."""

    name: str
    action: str = "*"  # e.g. trigger, flowInstances/search, token; * is every call but those for tokens
    calls: int | None = None  # how many calls it strikes; None until cleared
    seconds: float = 2.0
    status: int = 503
    style: str = ""
    when: str = "before"
    struck: int = 0
    cleared: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def strikes(self, resource: str, action: str) -> bool:
        """Whether it strikes a call to this resource and action."""
        if self.action == "*":
            return resource != "token"
        return self.action in {action, resource, f"{resource}/{action}"}

    def table(self) -> dict[str, Any]:
        """Return its fields, for a panel."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "cleared"}


class Faults:
    """The faults that are armed, in the order in which they were."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        self._spent: WeakSet[Fault] = WeakSet()  # disarmed by use, while some call may still be held up by them
        self.changes = 0

    def arm(self, name: str, **options: Any) -> Fault:
        """Arm a fault; options are the fields of ``Fault``. ``none`` clears all. Raises ValueError."""
        if name == "none":
            self.clear()
            return Fault("none")
        if name not in KINDS:
            raise ValueError(f"There is no fault {name!r}. There are: none, {', '.join(KINDS)}.")
        known = {"action": str, "calls": int, "seconds": float, "status": int, "style": str, "when": str}
        unknown = set(options) - set(known)
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}. It has: {', '.join(known)}.")
        given = {option: value for option, value in options.items() if value is not None}
        try:
            fault = Fault(name, **{option: known[option](value) for option, value in given.items()})
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

    def take(self, resource: str, action: str) -> Fault | None:
        """Return the fault that strikes this call, if any, counting it."""
        fault = next((each for each in self.armed if each.strikes(resource, action)), None)
        if fault is None:
            return None
        fault.struck += 1
        if fault.calls is not None and fault.struck >= fault.calls:
            self.armed.remove(fault)
            self._spent.add(fault)
        self.changes += 1
        return fault


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> web.Response:
        """Return it as aiohttp sends it."""
        charset = "utf-8" if self.content_type == "application/json" else None
        return web.Response(
            body=self.body,
            status=self.status,
            content_type=self.content_type,
            charset=charset,
            headers=dict(self.headers),
        )


async def struck(fault: Fault, request: web.Request, work: Callable[[], Reply]) -> web.StreamResponse:
    """Answer a call that a fault strikes. ``work`` makes it take effect."""
    match fault.name:
        case "slow":
            return await _slow(fault, work)
        case "half":
            return await _half(request, work())
        case "lost":
            work()
            return _page(504, b"504 Gateway Time-out") if fault.style == "504" else hung_up(request)
        case "gone":
            return hung_up(request)
        case "error":
            return _page(fault.status, b"%d Service Unavailable" % fault.status)
        case "html":
            return Reply(_SIGN_IN, content_type="text/html").response()
        case "garbage":
            return Reply(b'\x00\xff{"code": 0, "data": [nan,', content_type="application/json").response()
        case "throttled" if fault.style == "code":
            return Reply(b'{"code":430,"msg":"The API traffic limit is exceeded","data":null}').response()
        case "throttled":
            return throttled(fault.seconds)
        case _:  # what the platform itself answers: expired, internal
            return work().response()


def throttled(seconds: float) -> web.Response:
    """Return the gateway's "slow down"."""
    wait = (("Retry-After", f"{seconds:g}"),)
    return Reply(b'{"status":429,"msg":"Too Many Requests"}', 429, headers=wait).response()


async def _slow(fault: Fault, work: Callable[[], Reply]) -> web.StreamResponse:
    early = work() if fault.when == "after" else None
    with suppress(TimeoutError):
        await asyncio.wait_for(fault.cleared.wait(), fault.seconds)
    return (early or work()).response()


async def _half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_type = reply.content_type
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    return hung_up(request, response)


def hung_up(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Cut the connection under a request; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return response if response is not None else web.Response()


def _page(status: int, title: bytes) -> web.Response:
    return Reply(_HTML % (title, title), status, "text/html").response()
