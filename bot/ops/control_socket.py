"""How the program's other commands reach a running bot: over a socket next to its database's file.

Only the file's owner can use the socket (mode 0600), like the database. Replicas that share a PostgreSQL database have
one each, elsewhere (``replica_sockets.py``): a command reaches those on the same machine, the first one that answers.
"""

import errno
import json
import logging
import os
import stat
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.core.errors import Failure, Refusal
from bot.core.postgres_address import PostgresAddress
from bot.core.text.message import layout, msg
from bot.ops import replica_sockets
from bot.store.lock import real_path

log = logging.getLogger(__name__)

ControlCommand = Callable[[Mapping[str, Any]], Awaitable[str]]
Database = Path | PostgresAddress
_LONGEST = 100  # bytes of a socket's path that every system allows


def socket_path(database: Path) -> Path:
    """Where the running bot of a database listens: next to the real file, also if the path is a link."""
    path = real_path(database)
    return path.with_name(path.name + ".sock")


def _own_path(database: Database) -> Path:
    """Where this process is to listen. Raises OSError where it can't."""
    path = socket_path(database) if isinstance(database, Path) else replica_sockets.own_path(database)
    if len(os.fsencode(path)) > _LONGEST:
        raise OSError(errno.ENAMETOOLONG, "the path is too long", str(path))
    return path


async def serve(database: Database, commands: Mapping[str, ControlCommand]) -> web.AppRunner | None:
    """Listen for the program's other commands; None where a socket cannot be made: the bot runs without it."""

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
    try:
        await _listen(runner, _own_path(database))
    except OSError as error:  # shared folders of a desktop or a network may not allow sockets
        await runner.cleanup()
        _warn(database, (error.strerror or str(error)).rpartition(": ")[2])
        return None
    return runner


async def _listen(runner: web.AppRunner, path: Path) -> None:
    """Raises OSError."""
    before = os.umask(0o177)
    try:
        _remove(path)
        await web.UnixSite(runner, str(path)).start()
    finally:
        os.umask(before)


def _remove(path: Path) -> None:
    """Remove the socket of a bot that was killed; we hold the lock. Raises OSError where it is something else."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(errno.EEXIST, "another file is there")
    path.unlink()


def _warn(database: Database, why: str) -> None:
    if isinstance(database, PostgresAddress):
        log.warning(
            "flowbot's other commands cannot reach this process: it cannot create a socket in the folder for temporary "
            "files (%s). Set TMPDIR to a short path of a folder on this machine.",
            why,
        )
        return
    log.warning(
        "flowbot's other commands cannot reach this process: it cannot create a socket at %s (%s). "
        "Put the database on a disk of this machine, under a short path.",
        socket_path(database),
        why,
    )


async def ask(
    database: Database,
    act: str,
    what: Mapping[str, Any],
    *,
    seconds: float = 60.0,
    answered: Callable[[int, int], None] = lambda _process, _replicas: None,
) -> str:
    """The running bot's answer, within ``seconds``.

    ``answered`` is called with the ID of the process that answered, and how many replicas run on this machine; not
    where the database is a file. Raises Refusal with its sentence, or where none can be reached (``no_answer``), or
    where it took the command and its answer did not come (``answer_lost``).
    """
    if isinstance(database, Path):
        if (said := await _asked(socket_path(database), act, what, seconds)) is None:
            raise _no_answer(database)
        return said
    replicas = replica_sockets.found(database)
    for each in replicas:
        if (said := await _asked(each, act, what, seconds)) is not None:
            answered(replica_sockets.process(each), len(replicas))
            return said
    raise _no_replica(database)


def say_which(process: int, replicas: int) -> None:
    """Say on the terminal which process answered, where that may be another one the next time."""
    if replicas > 1:
        sys.stderr.write(f"Of the {replicas} replicas on this machine, process {process} answered.\n")


async def _asked(path: Path, act: str, what: Mapping[str, Any], seconds: float) -> str | None:
    """The answer of the bot that listens at a path; None where nobody does. Raises Refusal."""
    try:
        connector = aiohttp.UnixConnector(path=str(path))
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=seconds)) as session,
            session.post(f"http://flowbot/{act}", json=what) as response,
        ):
            answer = json.loads(await response.text())
    except aiohttp.ClientConnectorError:
        return None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Refusal(
            "answer_lost",
            msg("The running flowbot took this, but its answer did not come. It may have been done."),
            msg("Check before you try again."),
        ) from error
    if "problem" in answer:
        raise Refusal("refused", layout("{problem}", problem=str(answer["problem"])))
    return str(answer["said"])


def _no_answer(database: Path) -> Refusal:
    return Refusal(
        "no_answer",
        msg(
            "A running flowbot uses the database {database}, but it does not answer at {path}.",
            database=str(database),
            path=str(socket_path(database)),
        ),
        msg("Stop it and try again, or ask its operator."),
    )


def _no_replica(database: PostgresAddress) -> Refusal:
    return Refusal(
        "no_answer",
        msg("No flowbot on this machine uses the database {database}.", database=str(database)),
        msg("Run this where a replica runs, as the same user."),
    )
