"""Starts the process that draws, gives it a few seconds, and says why there is no picture where there is none."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import bot
from bot.core.pictures.model import Drawing, NoPicture, encoded, fits
from bot.render import NO_FONT, NO_LIBRARY, TOO_LARGE

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds for one picture, and as many for its turn
AT_ONCE = 2
LARGEST = 3_000_000  # bytes of a picture
COMMAND = (sys.executable, "-P", "-s", "-m", "bot.render")
# Nothing of flowbot's own environment, which holds its secrets: only where its code is.
ENVIRONMENT = {"PYTHONPATH": str(Path(bot.__file__).parent.parent), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
_REASONS = {NO_LIBRARY: NoPicture.NO_LIBRARY, NO_FONT: NoPicture.NO_FONT, TOO_LARGE: NoPicture.TOO_LARGE}


class Pictures:
    """Draws pictures, few at once; the event loop never waits for one."""

    def __init__(self, command: Sequence[str] = COMMAND, patience: float = PATIENCE, at_once: int = AT_ONCE) -> None:
        self._command = tuple(command)
        self._patience = patience
        self._turns = asyncio.Semaphore(at_once)

    async def draw(self, drawing: Drawing) -> bytes | NoPicture:
        """The picture as a PNG, or why there is none. Never raises, but when it is cancelled."""
        if not fits(drawing):
            return NoPicture.TOO_LARGE
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            return _told(NoPicture.BUSY)
        try:
            return await self._drawn(encoded(drawing))
        finally:
            self._turns.release()

    async def _drawn(self, request: bytes) -> bytes | NoPicture:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT, cwd="/", start_new_session=True
            )
        except OSError as trouble:
            return _told(NoPicture.FAILED, str(trouble))
        try:
            async with asyncio.timeout(self._patience):
                picture, said = await process.communicate(request)
        except TimeoutError:
            return _told(NoPicture.TIMED_OUT)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            reason = _REASONS.get(process.returncode, NoPicture.FAILED)
            return _told(reason, f"exit code {process.returncode}: {said.decode('utf-8', 'replace').strip()[-300:]}")
        if not picture.startswith(b"\x89PNG") or len(picture) > LARGEST:
            return _told(NoPicture.FAILED, f"{len(picture)} bytes are no picture")
        return picture


def _told(reason: NoPicture, more: str = "") -> NoPicture:
    log.warning("A picture could not be drawn: %s. %s", reason.value, more)
    return reason
