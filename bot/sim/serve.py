"""The simulators on loopback: one world, an EnOS server, a Slack server, and the demo page if it is wanted."""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.sim.enos.platform import ACCESS_KEY, ORG, SECRET_KEY, Platform
from bot.sim.enos.seed import WATCHER
from bot.sim.receivers import Receivers
from bot.sim.slack.seed import DATA_OPS, demo_workspace
from bot.sim.slack.server import slack_app
from bot.sim.slack.workspace import Workspace

HOST = "127.0.0.1"
TICK_SECONDS = 0.25


@dataclass(frozen=True)
class World:
    """One simulated EnOS and one simulated Slack, and where the events of a bot arrive."""

    platform: Platform
    workspace: Workspace
    receivers: Receivers = field(default_factory=Receivers)


@dataclass
class Running:
    """The simulators while they run; ``slack_url`` is the base of the Web API and ends in ``/api/``."""

    world: World
    enos_url: str = ""
    slack_url: str = ""
    receivers_url: str = ""
    page_url: str = ""
    _runners: list[web.AppRunner] = field(default_factory=list)
    _ticking: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """End every connection and close the sockets."""
        await self.world.workspace.close()
        if self._ticking is not None:
            self._ticking.cancel()
        for runner in reversed(self._runners):
            await runner.cleanup()
        if self._ticking is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking  # raises an error of the platform itself

    async def listen(self, app: web.Application, port: int) -> str:
        """Serve an application on loopback; return its address, ``http://127.0.0.1:port``."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        return f"http://{HOST}:{runner.addresses[0][1]}"

    def keep_time(self) -> None:
        """Let the platform's runs continue by themselves from now on."""
        self._ticking = asyncio.create_task(_tick(self.world.platform))


def demo_world(clock: Callable[[], float] = time.time) -> World:
    """Build the demo's world; the clock gives epoch seconds."""
    from bot.sim.enos.seed import demo_platform

    return World(demo_platform(clock), demo_workspace(clock), Receivers(clock))


async def start(world: World, *, enos_port: int = 0, slack_port: int = 0, page_port: int | None = None) -> Running:
    """Serve the world on loopback; port 0 takes a free one, ``page_port=None`` leaves the page out.

    Raises ``OSError`` where a port is taken; nothing is left running then.
    """
    from bot.sim.enos.server import enos_app

    running = Running(world)
    try:
        running.enos_url = await running.listen(enos_app(world.platform), enos_port)
        slack = await running.listen(slack_app(world.workspace), slack_port)
        world.workspace.state.base_url = slack
        running.slack_url = f"{slack}/api/"
        running.receivers_url = await running.listen(world.receivers.app(), 0)
        if page_port is not None:
            from bot.sim.page.server import page_app

            running.page_url = await running.listen(
                page_app(world.platform, world.workspace, world.receivers), page_port
            )
    except BaseException:
        await running.stop()
        raise
    running.keep_time()
    return running


async def _tick(platform: Platform) -> None:
    while True:
        platform.tick()
        await asyncio.sleep(TICK_SECONDS)


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


async def main(
    enos_port: int, slack_port: int, page_port: int | None = None, *, tell: Callable[[str], object] = _tell
) -> None:
    """Serve the demo's world until cancelled, and say where and with which keys it can be reached."""
    world = demo_world()
    running = await start(world, enos_port=enos_port, slack_port=slack_port, page_port=page_port)
    app = world.workspace.state.app
    lines = [
        f"EnOS   {running.enos_url}",
        f"       AccessKey {ACCESS_KEY}, SecretKey {SECRET_KEY}, organization {ORG}, user {WATCHER}",
        f"Slack  {running.slack_url}",
        f"       bot token {app.bot_token}, app token {app.app_token}, channel {DATA_OPS}",
        *([f"Page   {running.page_url}/"] if running.page_url else []),
        "Press Ctrl-C to stop.",
    ]
    tell("\n".join(lines) + "\n")
    try:
        await asyncio.Event().wait()
    finally:
        await running.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bot.sim.serve", description=__doc__)
    parser.add_argument("--enos", type=int, default=8651, metavar="PORT")
    parser.add_argument("--slack", type=int, default=8652, metavar="PORT")
    parser.add_argument("--page", type=int, default=None, metavar="PORT")
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(chosen.enos, chosen.slack, chosen.page))
