"""The process: one bot from its start to its last post, and the exit code."""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import socket
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from bot import __version__
from bot.absent import absent
from bot.core.errors import Failure, NewerDatabase, Superseded, TemporaryFailure
from bot.core.text import catalogue
from bot.core.text.mask import Mask
from bot.core.values import dataclass
from bot.ops import logs, signals
from bot.settings.table import Settings
from bot.store.store import Store

with absent("slack_sdk.web.client", "slack_bolt.app.app"):  # the twins of what is used here, for code without asyncio
    from bot.ops.outside import Outside
    from bot.slack.preflight import SlackBusy

if TYPE_CHECKING:
    from bot.app import App
    from bot.ops.replica import Replica

log = logging.getLogger("bot")

EXIT_OK, EXIT_FAILED, EXIT_SETTINGS = 0, 1, 2
DESCRIPTORS = 65536
USUAL_THRESHOLD = (700, 10, 10)  # Python's
DRAIN_SECONDS = 8.0  # a container gets ten
ABORT_SECONDS = 1.0  # to close an app that was not started
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = (
    1.0,
    30.0,
)  # between two attempts to reach Slack at the start


class HasPreflight(Protocol):
    """What can check its tokens and keys."""

    def preflight(self) -> Coroutine[Any, Any, list[str]]:
        """What an operator must fix. Raises TemporaryFailure where Slack cannot be asked."""
        ...


def run(settings: Settings) -> int:
    """Run the bot until SIGTERM: the exit code."""
    logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets, mask=Mask(settings.mask))
    for warning in settings.warnings:
        log.warning(warning)
    try:
        catalogue.check()
    except catalogue.BadCatalogue as broken:
        return _complain([str(broken)], EXIT_SETTINGS)
    _raise_descriptor_limit()
    signals.exit_on_signals()
    try:
        return asyncio.run(_run(settings))
    finally:
        signals.ignore_signals()


def _raise_descriptor_limit() -> None:
    """Raise the limit of open files as far as allowed: shells and systemd often start with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # a system with a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _run(settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    with signals.wake_on_signals(loop):
        try:
            begun = await _begun(settings)
        except Failure as failure:
            return _complain([str(failure)], EXIT_FAILED)
        try:
            while (code := await _serve(settings, begun)) is None:
                signals.exit_on_signals()  # until there is something to finish again
                begun = await _begun(settings, patient=True)
        finally:
            signals.ignore_signals()
        return code


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a bot begins with."""

    store: Store
    replica: "Replica | None"  # None where nobody else can be
    notes: Mapping[str, str]


async def _begun(settings: Settings, *, patient: bool = False) -> _Begun:
    """The database, joined; ``patient`` waits for it. Raises ``Failure``."""
    while True:
        try:
            # On a thread: the loop can be woken, a wait for a thread cannot.
            store = await asyncio.to_thread(Store.open, settings.database, language=settings.language)
            try:
                return _Begun(store, await _joined(store), await store.notes())
            except BaseException:
                store.close()
                raise
        except TemporaryFailure as trouble:
            if not patient:
                raise
            log.warning("The database does not answer yet: %s", trouble)
            await asyncio.sleep(FIRST_PAUSE_SECONDS)


async def _joined(store: Store) -> "Replica | None":
    """This replica, where others may be."""
    if (session := store.session()) is None:
        return None
    from bot.ops.replica import Replica  # not where nobody else can be

    await store.join(f"{socket.gethostname()}, process {os.getpid()}", __version__)
    return Replica(store, session)


async def _serve(settings: Settings, begun: _Begun) -> int | None:
    """Run one bot until it is to stop: the exit code; None where it was lost among others and is to start over."""
    stop, store, replica = asyncio.Event(), begun.store, begun.replica
    async with store:
        keeping = asyncio.create_task(_kept(replica, stop))
        outside, drain = Outside(settings, begun.notes, is_fenced=replica is not None), ABORT_SECONDS
        connecting = asyncio.create_task(_connect(outside, stop))
        app = (await _app_class())(outside, store, replica)
        signals.call_on_signals(asyncio.get_running_loop(), stop.set)
        try:
            await app.listen()
            if problems := await connecting:
                return _complain(problems, EXIT_SETTINGS)
            if stop.is_set():
                return EXIT_OK if replica is None or not replica.lost.is_set() else _lost(replica)
            drain = DRAIN_SECONDS
            await app.start()
            log.info("flowbot is running. Its health is at %s", app.address)
            await stop.wait()
            if replica is not None and replica.lost.is_set():
                drain = ABORT_SECONDS
                return _lost(replica)
            log.info("flowbot is stopping. It finishes what it started.")
        except OSError as error:
            return _complain([cannot_listen(settings, error)], EXIT_SETTINGS)
        finally:
            connecting.cancel()
            await asyncio.wait({connecting})
            await app.stop(drain)
            keeping.cancel()
            await asyncio.wait({keeping})
            if replica is not None:
                await _left(store)
    return EXIT_OK


async def _kept(replica: "Replica | None", stop: asyncio.Event) -> None:
    """Keep the lease; stop where it is lost."""
    if replica is not None:
        try:
            await replica.run()
        except Exception:
            log.exception("Keeping the lease hit a bug")
            replica.lose(Superseded("keeping the lease hit a bug"))
        finally:
            stop.set()


async def _left(store: Store) -> None:
    """Tell the others that this replica is gone, if the database takes it."""
    with contextlib.suppress(Failure):
        await store.leave()


def _lost(replica: "Replica") -> int | None:
    if isinstance(replica.why_lost, NewerDatabase):
        log.warning("%s. This flowbot is older and stops.", replica.why_lost.reason.capitalize())
        return EXIT_OK
    reason = replica.why_lost.reason if replica.why_lost is not None else "it was stopped"
    log.warning("This replica drops everything and starts over: %s", reason)
    return None


async def _app_class() -> "type[App]":
    """The app, imported on a thread so that Slack and EnOS are asked meanwhile."""

    def imported() -> "type[App]":
        from bot.app import App

        return App

    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)  # what Slack answers must not wait long for its turn
    try:
        return await asyncio.to_thread(imported)
    finally:
        sys.setswitchinterval(usual)
        gc.freeze()
        gc.set_threshold(*USUAL_THRESHOLD)  # ``start.py`` raised it


async def _connect(outside: Outside, stop: asyncio.Event) -> list[str]:
    """Connect to Slack, unless there are problems or the process is asked to end: the problems."""
    problems = await preflight_problems(outside, stop)
    if not problems and not stop.is_set():
        outside.gateway.connect()
    return problems


async def preflight_problems(app: HasPreflight, stop: asyncio.Event) -> list[str]:
    """What an operator must fix; waits, with a log line, while Slack does not answer."""
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        try:
            if (problems := await _unless_stopped(stop, app.preflight())) is not None:
                return problems
        except TemporaryFailure as outage:
            wait = max(pause, outage.seconds) if isinstance(outage, SlackBusy) else pause
            log.warning("Slack did not answer yet. %s flowbot tries again in %.0f s.", outage, wait)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await stop.wait()
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    return []


async def _unless_stopped(stop: asyncio.Event, asking: Coroutine[Any, Any, list[str]]) -> list[str] | None:
    """The problems, or None where the process is asked to end before."""
    asked, stopped = asyncio.create_task(asking), asyncio.create_task(stop.wait())
    await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not asked.done():
        asked.cancel()
    await asyncio.wait({asked, stopped})
    return None if asked.cancelled() else asked.result()


def cannot_listen(settings: Settings, error: OSError) -> str:
    """Which address cannot be listened on, why, and what to do."""
    name, address = "FLOWBOT_LISTEN", settings.listen
    if settings.mode == "http" and f"{settings.events_listen.port})" in str(error):
        name, address = "FLOWBOT_EVENTS_LISTEN", settings.events_listen
    why = (error.strerror or str(error)).rpartition(": ")[2]
    return (
        f"flowbot cannot listen at {address} ({name}): {why}. "
        "Stop the program that uses this address, or set another one."
    )


def _complain(problems: Sequence[str], code: int) -> int:
    sys.stderr.write("flowbot cannot start:\n")
    for problem in problems:
        sys.stderr.write(f"  {problem}\n")
    return code
