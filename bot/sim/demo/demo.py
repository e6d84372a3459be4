"""The demo: the simulators in this process, and the unmodified bot as a process of its own against them.

``demo`` serves the page until it is stopped. ``demo --script`` plays the scenario of ``scenario.py`` instead, prints
the conversation as people would see it, and returns 0 only if every step succeeded.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO

from bot.core.command import table
from bot.core.text.language import EN
from bot.sim import serve
from bot.sim.demo import past
from bot.sim.demo.clock import StoryClock
from bot.sim.enos.platform import ACCESS_KEY, ORG, SECRET_KEY
from bot.sim.enos.seed import WATCHER
from bot.sim.serve import Running, World
from bot.sim.slack.seed import DATA_ALERTS, ON_CALL, SECOND_LINE
from bot.sim.slack.seed import DATA_OPS as CHANNEL
from bot.slack.manifest import manifest

PEOPLE = """slack_user,enos_user_id,enos_user_name
T0DEMO0001:U0MAYA00001,u15432100000000011,maya.chen
T0DEMO0001:U0JONAS0001,u15432100000000012,jonas.weber
T0DEMO0001:U0ALEX00001,u15432100000000014,alex.kim
T0DEMO0001:U0SAMLEE001,u15432100000000015,sam.lee
T0DEMO0001:U0WEILIN001,u15432100000000016,wei.lin
"""
_MINUTES = "1"  # until the first step of an escalation, on the page: nobody waits for half an hour there
# In the story, whose clock jumps: what is due is seen soon, history is read between two polls (it tries each second,
# and gives way to them), and the log does not interrupt what people say.
_TOLD_FAST = {"FLOWBOT_POLL_SECONDS": "0.7", "FLOWBOT_LOG_LEVEL": "error"}
_EVENING = (21, 0, timedelta(hours=8))  # when the story begins: hour and minute in Shanghai
_STARTED_WITHIN = 30.0  # seconds until both sockets are connected
_ENDED_WITHIN = 15.0
_ROOT = str(Path(__file__).resolve().parents[3])  # the folder that holds the package bot


def demo_world(clock: Callable[[], float] = time.time) -> World:
    """Build the demo's world; flowbot is installed in its Slack with the manifest that real workspaces get."""
    world = serve.demo_world(clock)
    world.workspace.install(manifest("/flow", table.usage_hint(), "socket"))
    return world


def environment(running: Running, folder: Path) -> dict[str, str]:
    """Build the bot's environment for the demo's world: ours, without other settings of flowbot or of a proxy."""
    app = running.world.workspace.state.app
    kept = {name: value for name, value in os.environ.items() if not _foreign(name)}
    return kept | {
        "SLACK_BOT_TOKEN": app.bot_token,
        "SLACK_APP_TOKEN": app.app_token,
        "SLACK_API_URL": running.slack_url,
        "ENOS_API_URL": running.enos_url,
        "ENOS_ACCESS_KEY": ACCESS_KEY,
        "ENOS_SECRET_KEY": SECRET_KEY,
        "ENOS_ORG_ID": ORG,
        "ENOS_USER_ID": WATCHER,
        "FLOWBOT_CHANNEL": CHANNEL,
        "FLOWBOT_ADMINS": "U0ALEX00001",
        "FLOWBOT_ONCALL": "S0ONCALL01",
        "FLOWBOT_DATABASE": str(folder / "flowbot.db"),
        "FLOWBOT_LISTEN": "127.0.0.1:0",
        "FLOWBOT_POLL_SECONDS": "1.5",
        "FLOWBOT_LOG_LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
    }


def alerting(running: Running) -> dict[str, str]:
    """Build the settings of who hears of a failure: the alert channel, two groups, PagerDuty and a webhook."""
    return running.world.receivers.settings(running.receivers_url) | {
        "FLOWBOT_CHANNEL": DATA_ALERTS,
        "FLOWBOT_ONCALL": f"{ON_CALL},{SECOND_LINE}",
        "FLOWBOT_TIMEZONE": "Asia/Shanghai",
    }


def chosen_language() -> dict[str, str]:
    """The only setting of flowbot that the demo takes over: the language of channels."""
    return {name: value for name, value in os.environ.items() if name == "FLOWBOT_LANGUAGE"}


def _foreign(name: str) -> bool:
    return name.startswith(("FLOWBOT_", "SLACK_", "ENOS_")) or name.lower().endswith("_proxy")


@contextlib.asynccontextmanager
async def bot(
    settings: Mapping[str, str], folder: Path, log: IO[bytes] | None = None, *, clock: StoryClock | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Link the demo's people and run ``flowbot run`` until the block ends; its log goes to ``log``, else to ours.

    Raises RuntimeError where the people could not be linked.
    """
    csv = folder / "people.csv"
    csv.write_text(PEOPLE, encoding="utf-8")
    linking = await flowbot(settings, folder, "people", "import", str(csv), out=asyncio.subprocess.DEVNULL, log=log)
    if await linking.wait() != 0:
        raise RuntimeError("The demo could not link its people to EnOS users.")
    async with started(settings, folder, log, clock=clock) as process:
        yield process


@contextlib.asynccontextmanager
async def started(
    settings: Mapping[str, str], folder: Path, log: IO[bytes] | None = None, *, clock: StoryClock | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``flowbot run`` until the block ends; its log goes to ``log``, else to ours. ``clock`` is its wall clock."""
    process = await flowbot(settings, folder, "run", log=log, clock=clock)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_ENDED_WITHIN):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def flowbot(
    settings: Mapping[str, str],
    folder: Path,
    *arguments: str,
    out: int | None = None,
    log: IO[bytes] | int | None = None,
    clock: StoryClock | None = None,
) -> asyncio.subprocess.Process:
    """Start ``flowbot`` with these arguments in a folder; ``out`` and ``log`` take stdout and stderr, else ours do."""
    paths = os.pathsep.join(part for part in (_ROOT, settings.get("PYTHONPATH", "")) if part)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *(("bot",) if clock is None else ("bot.sim.demo.clock", str(clock.file))),
        *arguments,
        env={**settings, "PYTHONPATH": paths},
        cwd=folder,
        stdout=out,
        stderr=log,
    )


async def connected(running: Running, process: asyncio.subprocess.Process) -> None:
    """Wait until the bot is connected; raises RuntimeError where it ended or did not connect in time."""
    workspace = running.world.workspace
    ended = asyncio.ensure_future(process.wait())
    ready = asyncio.ensure_future(
        workspace.until(lambda: len(workspace.sockets.connections) > 1, timeout=_STARTED_WITHIN)
    )
    await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
    for waiting in (ended, ready):
        if not waiting.done():
            waiting.cancel()
    if not ready.done() or ready.cancelled() or ready.exception() is not None:
        raise RuntimeError("flowbot did not connect to the demo's Slack.")


async def demo(port: int) -> int:
    """Serve the demo until it is stopped. The exit code is 1 where it could not start, or the bot ended by itself."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        world = demo_world()
        past.add_late(world.platform)
        running = await serve.start(world, page_port=port)
    except OSError as error:
        why = (error.strerror or str(error)).rpartition(": ")[2]
        say = f"The demo cannot listen on port {port}: {why}."
        sys.stderr.write(f"{say} Choose another port: `make demo PORT=8660`, or `flowbot demo --port 8660`.\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="flowbot-demo-") as name:
        folder = Path(name)
        try:
            settings = environment(running, folder) | alerting(running) | chosen_language()
            async with bot(settings | {"FLOWBOT_REMIND_MINUTES": _MINUTES}, folder) as process:
                await connected(running, process)
                sys.stdout.write(f"\n  flowbot's demo is ready:  {running.page_url}/\n\n  Press Ctrl-C to stop it.\n\n")
                sys.stdout.flush()
                _open(f"{running.page_url}/")
                await _until_stopped(stop, process)
                return 0 if stop.is_set() else 1
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            await running.stop()


async def _until_stopped(stop: asyncio.Event, process: asyncio.subprocess.Process) -> None:
    waits = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(process.wait())}
    _, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


def _open(url: str) -> None:
    """Open the page where there is a browser with a screen."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(url)


async def script() -> int:
    """Play the story and print it; return 0 only if every step succeeded."""
    from bot.sim.demo.scenario import DemoScenario
    from bot.sim.demo.stage import Stage

    with tempfile.TemporaryDirectory(prefix="flowbot-demo-") as name:
        folder = Path(name)
        clock = StoryClock(folder / "clock")
        clock.until(*_EVENING)
        world = demo_world(clock)
        past.add_promised(world.platform)
        running = await serve.start(world)
        try:
            language = chosen_language()
            settings = environment(running, folder) | alerting(running) | language
            async with bot(settings | _TOLD_FAST, folder, clock=clock) as process:
                await connected(running, process)
                stage = Stage(running.world, clock, language.get("FLOWBOT_LANGUAGE") or EN)
                return await stage.play(*DemoScenario(stage).all())
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            await running.stop()
