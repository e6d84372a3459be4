"""How Slack's requests are received: acked first and at once, then handed over as ``IncomingMessage``.

Three faults of slack_bolt 1.30.0 and slack_sdk 3.47.0 shape this:

* bolt's async runner loses an ack when the listener raises right after it, so no listener here does anything that can
  raise.
* What no listener takes is answered 404, which a socket does not ack, so Slack sends it again; therefore everything
  has a listener.
* Both start a task for each request, without a limit and without keeping it. While EnOS hangs, waiting commands would
  fill the memory, and a task that waits for something only it refers to can be collected in the middle of its work
  ("Task was destroyed but it is pending").

``process_before_response`` makes bolt answer when the listener returns, which is at once, instead of looking
every ten milliseconds whether it has acked.
"""

import asyncio
import logging
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, cast

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.command.parse import is_complete
from bot.core.errors import Failure, internal_error
from bot.core.forms.model import FormAsked
from bot.core.outbox.conversations import SlackFailure
from bot.core.people.model import IncomingMessage
from bot.core.text.language import EN
from bot.core.text.message import Text, rendered
from bot.core.values import dataclass
from bot.slack import incoming, incoming_forms
from bot.slack.directory import Identity
from bot.slack.form_listeners import BUSY, FormListeners
from bot.slack.redacted import library_log

OnMessage = Callable[[IncomingMessage], Awaitable[None]]
RecordArrival = Callable[[IncomingMessage], Awaitable[bool]]  # stores that it arrived; False for a repeat
Notify = Callable[[IncomingMessage | FormAsked, Text], Awaitable[None]]  # shows one sentence to the person who wrote
Ack = Callable[..., Awaitable[BoltResponse]]
Job = Callable[[], Awaitable[None]]

ANYTHING = re.compile(".*", re.DOTALL)
FORMS_RUNNING, FORMS_WAITING = 20, 100  # forms that are opened and filled at once
NOTICES_RUNNING, NOTICES_WAITING = 5, 100  # sentences to people whose messages were refused

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many jobs run and how many wait for their turn."""

    running: int = 40
    waiting: int = 400


USUAL = Capacity()
WRITE_SECONDS = 1.0  # of the three that Slack waits


@dataclass(slots=True)
class RequestCounts:
    """How many requests came, by what became of them."""

    received: int = 0
    ignored: int = 0  # nobody wrote to the bot: joins, edits, our own messages
    unknown: int = 0  # commands, shortcuts, views and other requests that we do not have
    refused: int = 0  # too many were waiting
    failed: int = 0  # a job that raised


@dataclass(frozen=True, slots=True)
class Load:
    """What the workers have to do."""

    running: int
    waiting: int
    oldest_seconds: float  # how long the longest running job has been running


class Workers:
    """Runs jobs, ``running`` of them at once; ``waiting`` more wait for their turn, and the others are refused."""

    def __init__(self, running: int, waiting: int, clock: Callable[[], float]) -> None:
        self.most_running = running
        self.most_waiting = waiting
        self.clock = clock
        self._running: dict[asyncio.Future[None], float] = {}
        self._waiting: deque[Job] = deque()
        self._is_open = True

    def has_room(self) -> bool:
        """Whether one more job would be taken now."""
        return self._is_open and (len(self._running) < self.most_running or len(self._waiting) < self.most_waiting)

    def submit(self, job: Job) -> bool:
        """Run a job, now or when its turn comes. False where it was refused, and is not run."""
        if not self.has_room():
            return False
        self._waiting.append(job)
        if len(self._running) < self.most_running:
            self._start_next()
        return True

    def load(self) -> Load:
        """What is running and waiting."""
        oldest = min(self._running.values(), default=self.clock())
        return Load(len(self._running), len(self._waiting), max(0.0, self.clock() - oldest))

    async def drain(self, seconds: float) -> int:
        """Refuse new jobs, let the others end, and cancel what has not ended in time. How many that were."""
        self._is_open = False
        try:
            async with asyncio.timeout(seconds):
                while self._running:
                    await asyncio.wait(set(self._running))
        except TimeoutError:
            pass
        left = len(self._running) + len(self._waiting)
        self._waiting.clear()
        unfinished = list(self._running)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        return left

    def _start_next(self, ended: asyncio.Future[None] | None = None) -> None:
        """Start the job that has waited longest; ``ended`` is the one whose place it takes."""
        if ended is not None:
            del self._running[ended]
            if not ended.cancelled() and (problem := ended.exception()):
                log.error("A job failed with an error that nobody handled", exc_info=problem)
        if self._waiting:
            task = asyncio.ensure_future(self._waiting.popleft()())
            self._running[task] = self.clock()
            task.add_done_callback(self._start_next)


class KeptTasks:
    """A task factory that holds each task until it is done."""

    def __init__(self) -> None:
        self.alive: set[asyncio.Task[Any]] = set()

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        """Make a task of the coroutine and hold it."""
        task = asyncio.Task(coroutine, loop=loop, **options)
        self.alive.add(task)
        task.add_done_callback(self.alive.discard)
        return task


def keep_tasks(loop: asyncio.AbstractEventLoop) -> KeptTasks:
    """Let the loop keep its tasks from now on; calling it twice changes nothing."""
    present: object = loop.get_task_factory()
    if isinstance(present, KeptTasks):
        return present
    kept = KeptTasks()
    loop.set_task_factory(cast("Any", kept))  # typeshed wants options it does not name
    return kept


class Listeners:
    """One bolt app, with a listener for everything Slack may send."""

    def __init__(
        self,
        *,
        command: str,
        on_message: OnMessage,
        record_arrival: RecordArrival,
        notify: Notify,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        capacity: Capacity = USUAL,
        language: str = EN,
    ) -> None:
        self.me = Identity("", "", "")  # until the preflight, before anything is received
        self.command = command
        self.language = language  # of what is said before anybody is asked who reads it
        self.on_message, self.record_arrival, self.notify, self.now = on_message, record_arrival, notify, now
        self.writes_first = False  # before Slack is told that it was received: another replica answers it then
        self._recording: asyncio.Future[bool] | None = None  # of what came last
        self.counts = RequestCounts()
        self.workers = Workers(capacity.running, capacity.waiting, clock)
        self.notices = Workers(NOTICES_RUNNING, NOTICES_WAITING, clock)
        lane = Workers(FORMS_RUNNING, FORMS_WAITING, clock)
        self.forms = FormListeners(
            lane, lambda said: self._accept(said, {}), self._notify_later, language, self._failed
        )

    def bolt(self, client: AsyncWebClient, bot_token: str, signing_secret: str = "") -> AsyncApp:
        """The app with these listeners. ``client`` carries no token, or bolt would ask whose it is."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_token=bot_token,
                bot_id=self.me.bot,
                bot_user_id=self.me.user,
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
        app.view_closed(ANYTHING)(self._closed)
        app.options(ANYTHING)(self._options)
        return app

    async def drain(self, seconds: float) -> int:
        """Refuse what comes and let the jobs end. How many of them did not end in time."""
        left = await self.workers.drain(seconds)
        await self.forms.lane.drain(min(seconds, 1.0))
        await self.notices.drain(min(seconds, 1.0))
        return left

    async def _command(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        received = incoming.command(body, self.now(), delivery=str(context.get("delivery", "")))
        if received is None or body.get("command") != self.command:
            self.counts.unknown += 1
            received = incoming.unknown_command(received) if received else None
        asked = None
        if received is not None and not is_complete(received.text, self.command):
            asked = incoming_forms.asked(received, body, self.command)
        if received is None or (self._ask(asked, body) if asked else self._accept(received, body)):
            if self.writes_first:
                await self._written()
            await ack()
        else:
            await ack(rendered(BUSY, self.language))

    async def _event(self, body: Mapping[str, Any]) -> None:  # bolt acks events itself
        received = incoming.event(body, self.now(), self.me)
        if received is None and (opened := incoming_forms.home(body, self.now())) is not None:
            self.forms.open_home(incoming.with_workspace_key(opened, body, self.me))
        elif received is None:
            self.counts.ignored += 1
        elif not self._accept(received, body):
            self._notify_later(received, BUSY)
        if self.writes_first:
            await self._written()

    async def _action(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        if not self.writes_first:
            await ack()
        self._press(body, context)
        if self.writes_first:
            await self._written()
            await ack()

    def _press(self, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        if (changed := incoming_forms.changed(body, self.now())) is not None:
            self.forms.change(incoming.with_workspace_key(changed, body, self.me))
            return
        received = incoming.press(body, self.now(), delivery=str(context.get("delivery", "")))
        if received is None:
            self.counts.ignored += 1
            return
        asked = incoming_forms.asked(received, body)
        if not (self._ask(asked, body) if asked else self._accept(received, body)):
            self._notify_later(received, BUSY)

    async def _shortcut(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        if not self.writes_first:
            await ack()
        self._from_menu(body, context)
        if self.writes_first:
            await self._written()
            await ack()

    def _from_menu(self, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        delivery = str(context.get("delivery", ""))
        received = incoming.message_shortcut(body, self.now(), delivery=delivery)
        asked = incoming_forms.shortcut(body, self.now(), delivery=delivery)
        if asked is not None and not self._ask(asked, body):
            self._notify_later(asked, BUSY)
        elif received is not None and not self._accept(received, body):
            self._notify_later(received, BUSY)
        elif asked is None and received is None:
            self._unsupported("shortcut", body, context)

    async def _form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        submitted = incoming_forms.submitted(body, self.now())
        if submitted is None:
            await ack()
            self._unsupported("form", body, context)
        else:
            await ack(**await self.forms.submit(incoming.with_workspace_key(submitted, body, self.me)))

    async def _closed(self, ack: Ack, body: Mapping[str, Any]) -> None:
        await ack()
        closed = incoming_forms.closed(body, self.now())
        if closed is None:
            self.counts.unknown += 1
        else:
            self.forms.close(incoming.with_workspace_key(closed, body, self.me))

    def _ask(self, asked: FormAsked, body: Mapping[str, Any]) -> bool:
        """Open a form. False where too many wait."""
        self.counts.received += 1
        return self.forms.ask(incoming.with_workspace_key(asked, body, self.me))

    def _unsupported(self, kind: str, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Let a shortcut or form be answered as messages are: who may not use the bot reads so here as well."""
        self.counts.unknown += 1
        received = incoming.unsupported(kind, body, self.now(), delivery=str(context.get("delivery", "")))
        if received is not None and not self._accept(received, body):
            self._notify_later(received, BUSY)

    async def _options(self, ack: Ack, body: Mapping[str, Any]) -> None:
        if (asked := incoming_forms.options(body, self.now())) is None:
            self.counts.unknown += 1
            await ack(options=[])
        else:
            await ack(options=await self.forms.options(incoming.with_workspace_key(asked, body, self.me)))

    async def _error(self, error: Exception, response: BoltResponse | None) -> BoltResponse | None:
        """Ack what no listener took. Once acked, an answer from here would fail inside bolt."""
        if isinstance(error, BoltUnhandledRequestError):
            self.counts.unknown += 1
            log.warning("flowbot has no listener for a request")  # the error's own text holds the whole request
        else:
            self.counts.failed += 1
            library_log().error("A listener failed", exc_info=error)
        return BoltResponse(status=200, body="") if response is not None else None

    async def _written(self) -> None:
        """Wait until what was just accepted is written, but not for so long that Slack gives up."""
        recording, self._recording = self._recording, None
        if recording is not None:
            await asyncio.wait({recording}, timeout=WRITE_SECONDS)

    def _failed(self) -> None:
        self.counts.failed += 1

    def _accept(self, received: IncomingMessage, body: Mapping[str, Any]) -> bool:
        """Store a message and let it be answered. False where too many wait, and nothing is done."""
        received = incoming.with_workspace_key(received, body, self.me)
        if not self.workers.has_room():
            self.counts.refused += 1
            return False
        self.counts.received += 1
        # Stored at once, and answered when its turn comes: what waits is not lost when the process ends.
        recorded = asyncio.ensure_future(self.record_arrival(received))
        recorded.add_done_callback(lambda done: done.cancelled() or done.exception())  # where no job reads it
        self._recording = recorded
        return self.workers.submit(lambda: self._answer(received, recorded))

    async def _answer(self, received: IncomingMessage, recorded: asyncio.Future[bool]) -> None:
        try:
            try:
                is_new = await asyncio.shield(recorded)
            except Failure as failure:  # the next start will not know of it: the person must
                self.counts.failed += 1
                log.warning("A message could not be stored: %s", failure)
                self._notify_later(received, failure.message)
                return
            if is_new:
                await self.on_message(received)
        except Exception:
            self.counts.failed += 1
            reference = secrets.token_hex(4)
            log.exception("An answer hit a bug, reference %s", reference)
            self._notify_later(received, internal_error(reference))

    def _notify_later(self, received: IncomingMessage | FormAsked, sentence: Text) -> None:
        async def notify() -> None:
            try:
                await self.notify(received, sentence)
            except SlackFailure as failure:  # the last resort has none of its own
                log.warning("An answer could not be delivered: %s", type(failure).__name__)
            except Exception:  # noqa: BLE001  the traceback may hold a secret address
                library_log().exception("An answer could not be delivered")

        self.notices.submit(notify)
