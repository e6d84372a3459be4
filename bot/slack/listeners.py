"""How Slack's requests are heard: acked first and at once, then handed over as ``IncomingMessage``.

Two rules of slack_bolt 1.30.0 shape this. The async runner loses an ack when the listener raises right after
it, so no listener here does anything that can raise. And what no listener takes is answered 404, which a
socket does not ack, so Slack sends it again; therefore everything has a listener and nothing is unhandled.
``process_before_response`` makes bolt answer when the listener returns, which is at once, instead of looking
every ten milliseconds whether it has acked.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import Failure
from bot.core.people.model import IncomingMessage, Person
from bot.slack import incoming
from bot.slack.directory import Identity
from bot.slack.redacted import library_log
from bot.slack.workers import Workers

OnMessage = Callable[[IncomingMessage], Awaitable[None]]
RecordArrival = Callable[[IncomingMessage], Awaitable[bool]]  # writes down that it arrived; False for a repeat
Notify = Callable[[IncomingMessage, str], Awaitable[None]]  # one sentence to the person who said it
Ack = Callable[..., Awaitable[BoltResponse]]

ANYTHING = re.compile(".*", re.DOTALL)
NOTICES_RUNNING, NOTICES_WAITING = 5, 100  # sentences to people whose words were not taken

BUSY = (
    "I am answering many requests, or just restarting, and did not take this one. Nothing was changed. "
    "Please send it again in a minute."
)
FAILED = (
    "Something went wrong on my side, and I cannot say whether this was done. Please tell the people "
    "who run me the reference `{reference}`, which is in my log, and look before you ask again."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many jobs run and how many wait for their turn."""

    running: int = 40
    waiting: int = 400


@dataclass(slots=True)
class RequestCounts:
    """How many requests came, by what became of them."""

    received: int = 0
    ignored: int = 0  # nobody said anything: joins, edits, our own messages
    unknown: int = 0  # commands, shortcuts, views and other requests we have none of
    refused: int = 0  # no room
    failed: int = 0  # a job that raised


class Listeners:
    """One bolt app, with a listener for everything Slack may send."""

    def __init__(
        self,
        *,
        me: Callable[[], Identity],
        command: str,
        on_message: OnMessage,
        record_arrival: RecordArrival,
        notify: Notify,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        capacity: Capacity = Capacity(),
    ) -> None:
        self.me, self.command = me, command
        self.on_message, self.record_arrival, self.notify, self.now = on_message, record_arrival, notify, now
        self.counts = RequestCounts()
        self.workers = Workers(capacity.running, capacity.waiting, clock)
        self.notices = Workers(NOTICES_RUNNING, NOTICES_WAITING, clock)

    def bolt(self, client: AsyncWebClient, bot_token: str, signing_secret: str = "") -> AsyncApp:
        """Return the app whose listeners these are. ``client`` carries no token: bolt would ask who it is."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            me = self.me()
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_token=bot_token,
                bot_id=me.bot,
                bot_user_id=me.user,
            )

        app = AsyncApp(
            name="flowbot",
            client=client,
            authorize=authorize,  # static: bolt's own auth.test loses the event when that call is refused
            signing_secret=signing_secret,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            attaching_conversation_kwargs_enabled=False,
            logger=library_log(),
        )
        app.error(self._error)
        app.command(ANYTHING)(self._command)
        app.event(ANYTHING)(self._event)
        app.action(ANYTHING)(self._action)
        app.shortcut(ANYTHING)(self._shortcut)
        app.view_submission(ANYTHING)(self._form)
        app.view_closed(ANYTHING)(self._nothing)
        app.options(ANYTHING)(self._options)
        return app

    async def drain(self, seconds: float) -> int:
        """Take nothing more and let what was taken end. Return how many jobs did not end in time."""
        left = await self.workers.drain(seconds)
        await self.notices.drain(min(seconds, 1.0))
        return left

    async def _command(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        received = incoming.command(body, self.now(), delivery=str(context.get("delivery", "")))
        if received is None or body.get("command") != self.command:
            self.counts.unknown += 1
            received = incoming.unknown_command(received) if received else None
        if received is None or self._accept(received, body):
            await ack()
        else:
            await ack(BUSY)

    async def _event(self, body: Mapping[str, Any]) -> None:  # bolt acks events itself
        received = incoming.event(body, self.now(), self.me())
        if received is None:
            self.counts.ignored += 1
        elif not self._accept(received, body):
            self._notify_later(received, BUSY)

    async def _action(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        await ack()
        received = incoming.press(body, self.now(), delivery=str(context.get("delivery", "")))
        if received is None:
            self.counts.ignored += 1
        elif not self._accept(received, body):
            self._notify_later(received, BUSY)

    async def _shortcut(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        await ack()
        self._unsupported("shortcut", body, context)

    async def _form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        await ack()
        self._unsupported("form", body, context)

    def _unsupported(self, kind: str, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Let a shortcut or form be answered as words are: who is not listened to hears so here as well."""
        self.counts.unknown += 1
        received = incoming.unsupported(kind, body, self.now(), delivery=str(context.get("delivery", "")))
        if received is not None and not self._accept(received, body):
            self._notify_later(received, BUSY)

    async def _nothing(self, ack: Ack) -> None:
        self.counts.unknown += 1
        await ack()

    async def _options(self, ack: Ack) -> None:
        self.counts.unknown += 1
        await ack(options=[])

    async def _error(self, error: Exception, response: BoltResponse | None) -> BoltResponse | None:
        """Ack what nothing took. Once acked, an answer from here would fail inside bolt."""
        if isinstance(error, BoltUnhandledRequestError):
            self.counts.unknown += 1
            log.warning("A request found no listener")  # the error's own text holds the whole request
        else:
            self.counts.failed += 1
            library_log().error("A listener failed", exc_info=error)
        return BoltResponse(status=200, body="") if response is not None else None

    def _accept(self, received: IncomingMessage, body: Mapping[str, Any]) -> bool:
        received = incoming.with_workspace_key(received, body, self.me())
        if not received.by.team:  # a payload that names none comes from the bot's own workspace
            received = replace(received, by=Person(self.me().workspace_key, received.by.user))
        if not self.workers.has_room():
            self.counts.refused += 1
            return False
        self.counts.received += 1
        # Written down at once, and worked on when its turn comes: what waits then outlives the process.
        recorded = asyncio.ensure_future(self.record_arrival(received))
        recorded.add_done_callback(_retrieve_exception)
        return self.workers.submit(lambda: self._answer(received, recorded))

    async def _answer(self, received: IncomingMessage, recorded: asyncio.Future[bool]) -> None:
        try:
            if await self._is_new(received, recorded):
                await self.on_message(received)
        except Exception:
            self.counts.failed += 1
            reference = secrets.token_hex(4)
            log.exception("Unexpectedly failed to answer, reference %s", reference)
            self._notify_later(received, FAILED.format(reference=reference))

    async def _is_new(self, received: IncomingMessage, recorded: asyncio.Future[bool]) -> bool:
        try:
            return await asyncio.shield(recorded)
        except Failure as failure:  # nobody will know of it at the next start: the person must
            self.counts.failed += 1
            log.warning("What was said could not be written down: %s", failure)
            self._notify_later(received, str(failure))
            return False

    def _notify_later(self, received: IncomingMessage, sentence: str) -> None:
        async def notify() -> None:
            try:
                await self.notify(received, sentence)
            except Exception as problem:  # noqa: BLE001  the last resort has none of its own
                log.warning("A sentence did not reach its person: %s", type(problem).__name__)

        self.notices.submit(notify)


def _retrieve_exception(recorded: asyncio.Future[bool]) -> None:
    """Take note of how it ended, also where nobody came to work on it."""
    if not recorded.cancelled():
        recorded.exception()
