"""How requests about forms are received: on a lane of their own, so that commands that wait for EnOS hold up no form.

A submission and the choices of a field are Slack's to wait for, three seconds at most; what is late is answered here.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.errors import Failure, internal_error
from bot.core.forms.model import FormAsked, FormChanged, FormClosed, FormSubmitted, HomeOpened, OptionsAsked, Reply
from bot.core.people.model import IncomingMessage
from bot.core.text.message import Text, msg, plain

if TYPE_CHECKING:
    from bot.slack.listeners import Workers

SUBMIT_SECONDS = 2.5  # of the three that Slack waits for the answer to a submission
OPTIONS_SECONDS = 0.3  # for the choices of a field: what a person feels as at once
ACK_SECONDS = 0.5  # for an answer to reach Slack before the view that it shows is updated
BUSY = msg("I'm very busy, or just restarting, and did not take this. Nothing was changed. Try again in a minute.")

log = logging.getLogger(__name__)


class FormHandler(Protocol):
    """What becomes of forms (``work/forms/forms.py``). It may raise ``Failure`` where a person is to read why."""

    async def asked(self, asked: FormAsked) -> None:
        """Open a form and fill it."""
        ...

    async def submitted(self, submitted: FormSubmitted) -> Reply:
        """What a submission leads to, within two seconds."""
        ...

    async def changed(self, changed: FormChanged) -> None:
        """Show what follows from a change."""
        ...

    async def closed(self, closed: FormClosed) -> None:
        """Note that a form was closed."""
        ...

    async def options(self, asked: OptionsAsked) -> list[dict[str, Any]]:
        """The choices that fit what was typed, at once."""
        ...

    async def home_opened(self, opened: HomeOpened) -> None:
        """Show somebody their home."""
        ...


class FormListeners:
    """Hands what happens in forms to the handler. Never raises: bolt loses the ack of a listener that does."""

    def __init__(
        self,
        lane: "Workers",
        accept: Callable[[IncomingMessage], bool],
        notify_later: Callable[[IncomingMessage | FormAsked, Text], None],
        language: str,
        count_failure: Callable[[], None],
    ) -> None:
        self.find_handler: Callable[[], FormHandler | None] = lambda: None  # until the app starts
        self.lane = lane
        self.ack_seconds = ACK_SECONDS
        self._accept, self._notify_later, self._language = accept, notify_later, language
        self._count_failure = count_failure

    def ask(self, asked: FormAsked) -> bool:
        """Open a form. False where too many wait."""
        handler = self.find_handler()
        return handler is not None and self._begin(lambda: handler.asked(asked), asked)

    def change(self, changed: FormChanged) -> bool:
        """Let a form follow a change. False where too many wait."""
        handler = self.find_handler()
        return handler is not None and self._begin(lambda: handler.changed(changed))

    def close(self, closed: FormClosed) -> bool:
        """Note that a form was closed. False where too many wait."""
        handler = self.find_handler()
        return handler is not None and self._begin(lambda: handler.closed(closed))

    def open_home(self, opened: HomeOpened) -> bool:
        """Show somebody their home. False where too many wait."""
        handler = self.find_handler()
        return handler is not None and self._begin(lambda: handler.home_opened(opened))

    async def submit(self, submitted: FormSubmitted) -> Mapping[str, Any]:
        """What Slack is answered to a submission."""
        if (handler := self.find_handler()) is None:
            return self._stays_open(submitted, BUSY)
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                reply = await handler.submitted(submitted)
        except TimeoutError:
            return self._stays_open(submitted, BUSY)
        except Exception as bug:  # noqa: BLE001  a person waits for the answer
            return self._stays_open(submitted, internal_error(self._logged("A submission", bug)))
        if reply.message is not None:
            return {"response_action": "clear"} if self._accept(reply.message) else self._stays_open(submitted, BUSY)
        if reply.errors:
            return {"response_action": "errors", "errors": dict(reply.errors)}
        if reply.view is None:
            return {}
        if (then := reply.then) is not None:
            self._begin(lambda: self._after_the_ack(then))
        return {"response_action": "update", "view": dict(reply.view)}

    async def options(self, asked: OptionsAsked) -> list[dict[str, Any]]:
        """The choices of a field; none where they are not there at once."""
        if (handler := self.find_handler()) is None:
            return []
        try:
            async with asyncio.timeout(OPTIONS_SECONDS):
                return await handler.options(asked)
        except TimeoutError:
            log.warning("The choices of %s.%s were not there in time", asked.name, asked.field)
        except Exception as bug:  # noqa: BLE001  an empty list is all that can be shown
            self._logged("The choices of a field", bug)
        return []

    async def _after_the_ack(self, then: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(self.ack_seconds)  # the answer would replace what is shown before it arrives
        await then()

    def _begin(self, job: Callable[[], Awaitable[None]], asked: FormAsked | None = None) -> bool:
        async def run() -> None:
            sentence: Text | None = None
            try:
                await job()
            except Failure as failure:
                sentence = failure.message
            except Exception as bug:  # noqa: BLE001  as above
                sentence = internal_error(self._logged("A form", bug))
            if sentence is not None and asked is not None:
                self._notify_later(asked, sentence)

        return self.lane.submit(run)

    def _stays_open(self, submitted: FormSubmitted, sentence: Text) -> Mapping[str, Any]:
        """The form with a sentence at its first field; one without fields closes, and who pressed gets a message."""
        if not submitted.fields:
            said = IncomingMessage(submitted.key, "", submitted.by, submitted.origin, submitted.at)
            self._notify_later(said, sentence)
            return {}
        first = next(iter(submitted.fields.values()))
        return {"response_action": "errors", "errors": {first: plain(sentence, self._language)}}

    def _logged(self, what: str, bug: Exception) -> str:
        self._count_failure()
        reference = secrets.token_hex(4)
        log.error("%s hit a bug, reference %s", what, reference, exc_info=bug)
        return reference
