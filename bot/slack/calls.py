"""How a Web API call is sent, and how it ended: every outcome is translated here, once.

slack_sdk raises ``SlackApiError`` for what Slack answered, ``TimeoutError`` and aiohttp's errors for what it
did not. A write is sent once, because there is no idempotent post; the sdk's own default would send it again
after a cut connection (slack_sdk 3.47.0). A read is repeated a few times.
"""

import asyncio
import contextlib
import json
import math
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.network.proxies import proxy_for
from bot.core.outbox.conversations import (
    RESPONSE_URL,
    SlackFailure,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    SlackUntrusted,
    host_of,
)
from bot.core.outbox.fence import may_send
from bot.core.text.escape import legible
from bot.core.values import dataclass
from bot.slack.redacted import library_log

Answer = Mapping[str, Any]
Sleep = Callable[[float], Awaitable[None]]
OnCall = Callable[[str, str, float], None]  # method, outcome, seconds; none of them names a person or a channel

TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5, sock_read=10)
DEFAULT_WAIT = 10.0  # seconds, where a 429 names none
LONGEST_WAIT = 3600.0  # seconds: whatever a 429 names, Slack is asked again after an hour
RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
OUTCOME_UNKNOWN = frozenset(  # Slack: "may have partly succeeded", or its answer says nothing about the call
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}
)
NOT_SENT = (
    aiohttp.ClientConnectorError,  # refused, no such name, no such proxy, no trusted certificate
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)

LONGEST_WORD, LONGEST_DETAIL = 100, 1000  # characters that are kept of a refusal; Slack's words have about forty
DEEPEST = 60  # levels of nesting that are read of an answer; blocks have ten
READ_TRIES = 3
LONGEST_READ_WAIT = 5.0  # seconds that a read waits for a 429; longer is the caller's to decide
READ_PAUSE = 0.3  # seconds before the second try, doubled for the third


def _ignore(_method: str, _outcome: str, _seconds: float) -> None:
    """Nobody counts."""


def web_client(
    api_url: str,
    session: aiohttp.ClientSession,
    environment: Mapping[str, str],
    token: str | None = None,
    *,
    on_call: OnCall = _ignore,
) -> "MeasuredClient":
    """A client that sends once, over the session (whose time-outs count), by the right proxy.

    ``on_call`` is called after each call.
    """
    client = MeasuredClient(token=token, base_url=api_url, session=session, retry_handlers=[], logger=library_log())
    client.on_call = on_call
    client.proxy = proxy_for(api_url, environment)
    return client


def new_session(*, is_fenced: bool) -> aiohttp.ClientSession:
    """A session; a fenced one asks the fence when a call has its connection, just before it is sent."""
    if not is_fenced:
        return aiohttp.ClientSession(timeout=TIMEOUT)
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_ask_fence)
    trace.on_connection_reuseconn.append(_ask_fence)
    return aiohttp.ClientSession(timeout=TIMEOUT, trace_configs=[trace])


async def _ask_fence(*_event: object) -> None:
    if not may_send():
        raise SlackUnreachable("another replica may have taken over")


@dataclass(slots=True)
class MeasuredCall:
    """A call that is being counted. ``outcome`` is for the caller to set where nothing is raised."""

    outcome: str = "ok"


@contextlib.contextmanager
def measured(on_call: OnCall, name: str) -> Iterator[MeasuredCall]:
    """Report how one call ended, and after how long."""
    call, started = MeasuredCall(), time.perf_counter()
    try:
        yield call
    except BaseException as problem:
        call.outcome = _outcome(problem)
        raise
    finally:
        on_call(name, call.outcome, time.perf_counter() - started)


class MeasuredClient(AsyncWebClient):
    """The stock client, each of whose calls is counted."""

    on_call: OnCall

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """Call a method, and report it."""
        with measured(self.on_call, api_method):
            return await super().api_call(api_method, **arguments)


def _outcome(problem: BaseException) -> str:
    """A word for how a call ended: one of the four failures, ``abandoned`` or ``bug``."""
    if isinstance(problem, asyncio.CancelledError):
        return "abandoned"
    return _WORDS.get(type(_failure(problem)), "bug")


_WORDS: dict[type, str] = {
    SlackLimited: "limited",
    SlackRefused: "refused",
    SlackUnclear: "unclear",
    SlackUnreachable: "unreachable",
    SlackUntrusted: "unreachable",
}


@contextlib.contextmanager
def translated(method: str = "", url: str = "") -> Iterator[None]:
    """Raise whatever a call raises as one of the four failures, which names the method and the host of the address."""
    try:
        yield
    except Exception as problem:
        failure = _failure(problem)
        if failure is not None and not failure.method:
            failure.method, failure.host = method, host_of(url)
        if failure is None or failure is problem:
            raise
        # The library's message holds the whole answer; the traceback helps only where it could not be read.
        raise failure from (problem if isinstance(problem, AttributeError | ValueError) else None)


def _failure(problem: BaseException) -> SlackFailure | None:
    """Which of the four failures it is; None for a bug, or the end of the task."""
    match problem:
        case SlackLimited() | SlackRefused() | SlackUnclear() | SlackUnreachable():
            return problem
        case SlackApiError():
            return _answered(problem)
        case _ if isinstance(problem, NOT_SENT):
            return _unreached(problem)
        case aiohttp.ClientError() | TimeoutError() | OSError():
            return SlackUnclear(type(problem).__name__)
        case AttributeError() | ValueError():  # the sdk's, for an answer that is not an object
            return SlackUnclear("unreadable answer")
    return None


def _unreached(problem: BaseException) -> SlackUnreachable:
    """A call that was never sent, with the reason where an operator can do something about it."""
    match problem:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as untrusted):
            return SlackUntrusted(untrusted.verify_message, untrusted.verify_code)
        case aiohttp.ClientHttpProxyError(status=407):
            return SlackUnreachable("the proxy needs a user and a password; check those in HTTPS_PROXY")
        case aiohttp.ClientHttpProxyError():
            return SlackUnreachable(f"the proxy refused, HTTP {problem.status}")
        case aiohttp.ClientProxyConnectionError():
            return SlackUnreachable("the proxy cannot be reached; check HTTPS_PROXY")
        case aiohttp.ClientConnectorDNSError():
            return SlackUnreachable("the host name is unknown here; behind a proxy, set HTTPS_PROXY")
        case aiohttp.ClientConnectorSSLError():
            return SlackUnreachable(
                "the server there does not use TLS; check SLACK_API_URL, and whether HTTPS_PROXY must begin with http://"
            )
    return SlackUnreachable(type(problem).__name__)


def wait_named(headers: Mapping[str, str]) -> float:
    """The seconds that ``Retry-After`` names, an hour at most."""
    try:
        seconds = float(headers.get("Retry-After", DEFAULT_WAIT))
    except ValueError:
        return DEFAULT_WAIT
    return DEFAULT_WAIT if math.isnan(seconds) else min(LONGEST_WAIT, max(0.0, seconds))


def _answered(problem: SlackApiError) -> SlackFailure:
    response = problem.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    answer: Answer = storable(data) if isinstance(data, dict) else {}
    word = legible(str(answer.get("error") or ""), LONGEST_WORD)
    if status == 429 or word in RATE_LIMITED:
        return SlackLimited(wait_named(getattr(response, "headers", {})))
    if status >= 500 or word in OUTCOME_UNKNOWN or not word:
        return SlackUnclear(word or f"HTTP {status} without a readable answer")
    return SlackRefused(word, _detail(answer))


def _detail(answer: Answer) -> str:
    """What Slack adds to an error word: the scope that is missing, the place in the blocks."""
    metadata = answer.get("response_metadata")
    notes = (metadata.get("messages") if isinstance(metadata, dict) else None) or answer.get("errors") or ()
    needed = answer.get("needed")
    listed = notes if isinstance(notes, list) else [notes] if notes else []
    detail = "; ".join([*([f"needed: {needed}"] if needed else []), *(str(note) for note in listed)])
    return legible(detail, LONGEST_DETAIL)


async def respond(
    session: aiohttp.ClientSession,
    environment: Mapping[str, str],
    on_call: OnCall,
    url: str,
    content: Mapping[str, Any],
) -> str:
    """Answer one person by a response_url: the error word that Slack refuses it with, empty when it took it.

    Private, and without the bot being in the channel. A response_url lives for 30 minutes and 5 uses, and is itself the
    secret. Raises the failures of a call, but for what Slack refuses.
    """
    with measured(on_call, RESPONSE_URL) as call, translated(RESPONSE_URL, url):
        async with session.post(url, json=content, proxy=proxy_for(url, environment)) as answer:
            text = await answer.text()
            word = _refusal(answer.status, text)
            if answer.status == 429 or word in RATE_LIMITED:
                raise SlackLimited(wait_named(answer.headers))
        if answer.status >= 500:
            raise SlackUnclear(f"HTTP {answer.status} from a response_url")
        if answer.status == 200 and text.lstrip().startswith("<"):  # a proxy's page: Slack says ok
            raise SlackUnclear("a web page from a response_url")
        call.outcome = "refused" if word else "ok"
    return word


def _refusal(status: int, text: str) -> str:
    """The error word of an answer, which is ``ok``, JSON, or a bare word with a status; empty for none."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return "" if answer.get("ok") else str(answer.get("error") or "refused")
    return "" if status == 200 else (text.strip() or "refused")


class Calls:
    """Sends calls as the bot. Raises the four failures and nothing else."""

    def __init__(self, client: AsyncWebClient, sleep: Sleep = asyncio.sleep) -> None:
        self.client = client
        self.sleep = sleep

    async def write(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        """Send a call that changes something: once."""
        with translated(method, self.client.base_url):
            answer = await self.client.api_call(method, json=dict(arguments))
            return _object(answer.data)

    async def once(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        """Send a call whose arguments Slack takes only in the query: once."""
        with translated(method, self.client.base_url):
            answer = await self.client.api_call(method, params=dict(arguments))
            return _object(answer.data)

    async def read(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        """Send a read, and repeat it after a short 429, a lost connection or a broken answer."""
        for attempt in range(READ_TRIES - 1):
            try:
                return await self._asked(method, arguments)
            except SlackLimited as limited:
                if limited.seconds > LONGEST_READ_WAIT:
                    raise
                await self.sleep(limited.seconds)
            except (SlackUnclear, SlackUnreachable):
                await self.sleep(READ_PAUSE * 2**attempt)
        return await self._asked(method, arguments)

    async def pages(self, method: str, arguments: Mapping[str, Any], most: int) -> AsyncIterator[Answer]:
        """Up to ``most`` pages of a read."""
        cursor = ""
        for _ in range(most):
            page = await self.read(method, {**arguments, **({"cursor": cursor} if cursor else {})})
            yield page
            cursor = cursor_of(page)
            if not cursor:
                return

    async def _asked(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        with translated(method, self.client.base_url):
            answer = await self.client.api_call(method, http_verb="GET", params=dict(arguments))
            return _object(answer.data)


def _object(data: Any) -> Answer:
    if not isinstance(data, dict):
        raise SlackUnclear("unreadable answer")
    return storable(data)  # type: ignore[no-any-return]  # an object in, an object out


def cursor_of(page: Answer) -> str:
    """The cursor that asks for the next page; empty on the last one."""
    metadata = page.get("response_metadata")
    return str(metadata.get("next_cursor") or "") if isinstance(metadata, dict) else ""


def storable(value: Any, depth: int = 0) -> Any:
    """An answer that the database can take: no half characters in its texts, and nothing that is nested too deep."""
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, dict):
        return {storable(key): storable(each, depth + 1) for key, each in value.items()} if depth < DEEPEST else {}
    if isinstance(value, list):
        return [storable(each, depth + 1) for each in value] if depth < DEEPEST else []
    return value
