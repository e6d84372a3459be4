"""How long the ways through the code are: functions and files that a trigger, a press and an idle poll enter."""

import asyncio
import contextlib
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import bot
from bench.lines import Line
from bench.world import CHANNEL, MAYA, ROOT, world
from bot.app import App
from bot.ops import people_file
from bot.ops.outside import Outside
from bot.settings import table
from bot.sim.demo import demo
from bot.sim.slack.seed import SAM
from bot.store.store import Store
from bot.work.commands.handlers import HANDLER_OF, HANDLERS

PROGRAM = Path(bot.__file__).parent
PRETENDED = PROGRAM / "sim"
SHARED = PROGRAM / "core" / "values.py"  # what the standard library writes into each class does not count either
BUDGETS = {"trigger": (219, 44)}  # functions and files


class Entered:
    """The functions of flowbot's own that are called while it counts, on every thread that begins after it is made."""

    def __init__(self) -> None:
        self._counting = False
        self._seen: set[tuple[str, int, str]] = set()
        threading.setprofile(self._called)
        sys.setprofile(self._called)

    def _called(self, frame, event: str, _argument) -> None:
        if self._counting and event == "call":
            code = frame.f_code
            self._seen.add((code.co_filename, code.co_firstlineno, code.co_name))

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[tuple[str, str]]]:
        """Fill the list with (file, function) when the block ends; comprehensions and lambdas do not count."""
        found: list[tuple[str, str]] = []
        self._seen.clear()
        self._counting = True
        yield found
        self._counting = False
        for file, line, name in sorted(self._seen):
            path = Path(file)
            ours = path.is_relative_to(PROGRAM) and not path.is_relative_to(PRETENDED) and path != SHARED
            if ours and not name.startswith("<"):
                found.append((str(path.relative_to(ROOT)), f"{name}:{line}"))

    def close(self) -> None:
        threading.setprofile(None)  # type: ignore[arg-type]
        sys.setprofile(None)


async def ways() -> dict[str, list[tuple[str, str]]]:
    """(file, function) of each way, from what reaches flowbot to what people see of it. To import is on no way."""
    for request in HANDLERS:
        HANDLER_OF[request]
    entered = Entered()
    try:
        async with world() as running:
            with tempfile.TemporaryDirectory() as folder:
                return await _ways(running, folder, entered)
    finally:
        entered.close()


async def _ways(running, folder: str, entered: Entered) -> dict[str, list[tuple[str, str]]]:
    platform, workspace = running.world.platform, running.world.workspace
    found = {}
    async with Store.open(Path(folder) / "flowbot.db") as store, started(running, Path(folder), store) as app:
        with entered.counted() as found["idle poll"]:
            await app.jobs.poll()
        with entered.counted() as found["trigger"]:
            await workspace.say(MAYA, CHANNEL, "/flow trigger 3377 from 108580")
            await workspace.until(lambda: _shows(workspace, "started"), 30)
        card = await broken(app, platform, workspace)
        with entered.counted() as found["press"]:
            workspace.press(SAM, card, "Acknowledge")
            await workspace.until(lambda: len(workspace.thread(CHANNEL, card.ts)) > 1, 30)
    return found


@contextlib.asynccontextmanager
async def started(running, folder: Path, store: Store) -> AsyncIterator[App]:
    """Yield a flowbot of this process that has said what its start says, and does nothing by itself."""
    workspace = running.world.workspace
    settings = table.load(demo.environment(running, folder) | {"FLOWBOT_POLL_SECONDS": "300"})
    app = App(Outside(settings, await store.notes()), store)
    try:
        await app.listen()
        await people_file.import_links(store, settings.admins, {"text": demo.PEOPLE}, app.gateway.poster.me)
        await app.start()
        await workspace.until(lambda: workspace.sockets.connections, 30)
        await app.jobs.poll()
        await app.scheduler.stop(2.0)  # only what is measured may run
        watching = [task for task in app._background if "Watchdog.run" in repr(task) or "watch_clock" in repr(task)]
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for _ in range(300):
            if not await store.oldest_posts():  # what the start has to say has been said
                break
            await asyncio.sleep(0.1)
        yield app
    finally:
        await app.stop(5)


def _shows(workspace, words: str) -> bool:
    return any(words in workspace.shown(each) for each in workspace.messages(CHANNEL))


async def broken(app: App, platform, workspace):
    """Let flow 2809 fail, and wait for its card."""
    platform.fail(2809)
    platform.start_scheduled(2809)
    while not _shows(workspace, "2809"):
        await app.jobs.poll()
        await asyncio.sleep(0.2)
    return next(each for each in reversed(workspace.messages(CHANNEL)) if "2809" in workspace.shown(each))


async def entered(_runs: int) -> list[Line]:
    """Functions and files entered, each with its budget where it has one."""
    lines = []
    for way, found in (await ways()).items():
        functions, files = BUDGETS.get(way, (None, None))
        lines.append(Line(f"functions entered by one {way}", len(found), functions, "", ""))
        lines.append(Line(f"files entered by one {way}", len({file for file, _ in found}), files, "", ""))
    return lines
