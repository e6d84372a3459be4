"""How the program's other commands reach a running bot: over a socket next to its database.

Only the file's owner can use the socket (mode 0600), like the database.
"""

import errno
import json
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.core.errors import Failure, Refusal
from bot.core.text.message import layout, msg
from bot.store.lock import real_path

log = logging.getLogger(__name__)

ControlCommand = Callable[[Mapping[str, Any]], Awaitable[str]]
_LONGEST = 100  # bytes of a socket's path that every system allows


def socket_path(database: Path) -> Path:
    """Where the running bot of a database listens: next to the real file, also if the path is a link."""
    path = real_path(database)
    return path.with_name(path.name + ".sock")


async def serve(database: Path, commands: Mapping[str, ControlCommand]) -> web.AppRunner | None:
    """Listen for the program's other commands; None where a socket cannot be made: the bot runs without it."""
    path = socket_path(database)
    if len(os.fsencode(path)) > _LONGEST:
        _warn(path, "the path is too long")
        return None

    async def answer(request: web.Request) -> web.Response:
        act = commands.get(request.match_info["act"])
        if act is None:
            return web.json_response(
                {"problem": "The running flowbot does not have this command. It may be another version."}, status=404
            )
        try:
            return web.json_response({"said": await act(await request.json())})
        except Failure as failure:
            return web.json_response({"problem": str(failure)}, status=409)

    app = web.Application(client_max_size=16 << 20)
    app.router.add_post("/{act}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    before = os.umask(0o177)
    try:
        _remove(path)
        await web.UnixSite(runner, str(path)).start()
    except OSError as error:  # shared folders of a desktop or a network may not allow sockets
        await runner.cleanup()
        _warn(path, (error.strerror or str(error)).rpartition(": ")[2])
        return None
    finally:
        os.umask(before)
    return runner


def _remove(path: Path) -> None:
    """Remove the socket of a bot that was killed; we hold the lock. Raises OSError where it is something else."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(errno.EEXIST, "another file is there")
    path.unlink()


def _warn(path: Path, why: str) -> None:
    log.warning(
        "flowbot's other commands cannot reach this process: it cannot create a socket at %s (%s). "
        "Put the database on a disk of this machine, under a short path.",
        path,
        why,
    )


async def ask(database: Path, act: str, what: Mapping[str, Any], *, seconds: float = 60.0) -> str:
    """The running bot's answer, within ``seconds``.

    Raises Refusal with its sentence, or where it cannot be reached (``no_answer``), or where it took the command and
    its answer did not come (``answer_lost``).
    """
    path = socket_path(database)
    try:
        connector = aiohttp.UnixConnector(path=str(path))
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.post(f"http://flowbot/{act}", json=what) as response,
        ):
            answer = json.loads(await response.text())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        if not isinstance(error, aiohttp.ClientConnectorError):
            raise Refusal(
                "answer_lost",
                msg("The running flowbot took this, but its answer did not come. It may have been done."),
                msg("Check before you try again."),
            ) from error
        raise Refusal(
            "no_answer",
            msg(
                "A running flowbot uses the database {database}, but it does not answer at {path}.",
                database=str(database),
                path=str(path),
            ),
            msg("Stop it and try again, or ask its operator."),
        ) from error
    if "problem" in answer:
        raise Refusal("refused", layout("{problem}", problem=str(answer["problem"])))
    return str(answer["said"])
