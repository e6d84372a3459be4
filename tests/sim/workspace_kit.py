"""What the workspace's tests share: a clock moved by hand, the pretend Slack on a socket, a real bolt app."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from aiohttp import ClientSession, ClientTimeout, web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sim.slack.seed import FLOWBOT, demo_workspace
from bot.sim.slack.server import slack_app
from bot.sim.slack.workspace import Workspace

START = 1_795_270_000.0


@dataclass
class Clock:
    """A clock that only tests move; epoch seconds."""

    now: float = START

    def __call__(self):
        return self.now


@dataclass
class Slack:
    workspace: Workspace
    clock: Clock
    url: str
    session: ClientSession
    client: AsyncWebClient

    async def refusal(self, method, **arguments):
        """Return the error word with which a call is refused; fails where it is not."""
        try:
            answer = await self.client.api_call(method, json=arguments)
        except SlackApiError as error:
            return error.response["error"]
        raise AssertionError(f"{method} was not refused: {answer.data}")


@dataclass
class Bot:
    app: AsyncApp
    handlers: list[AsyncSocketModeHandler] = field(default_factory=list)


@contextmanager
def without_proxies() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.lower().endswith("_proxy")}
    try:
        yield
    finally:
        os.environ.update(kept)


@asynccontextmanager
async def slack() -> AsyncIterator[Slack]:
    clock = Clock()
    workspace = demo_workspace(clock)
    workspace.state.app = replace(
        workspace.state.app,
        scopes=workspace.state.app.scopes | {"channels:join", "im:read", "reactions:write"},
        events=workspace.state.app.events | {"app_home_opened"},
        home_tab=True,
    )
    workspace.deliveries.retry_delays = (0.0, 0.0, 0.0)
    runner = web.AppRunner(slack_app(workspace), access_log=None, shutdown_timeout=0.1)
    with without_proxies():
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        workspace.state.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        session = ClientSession(timeout=ClientTimeout(total=60))
        base = f"{workspace.state.base_url}/api/"
        client = AsyncWebClient(token="xoxb-demo", base_url=base, session=session, retry_handlers=[])
        try:
            yield Slack(workspace, clock, workspace.state.base_url, session, client)
        finally:
            await workspace.close()
            await session.close()
            await runner.cleanup()


def bolt_app(world: Slack, **options) -> AsyncApp:
    async def authorize(enterprise_id, team_id, user_id):
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token="xoxb-demo",
            bot_id="B0FLOWBOT1",
            bot_user_id=FLOWBOT,
        )

    base = f"{world.url}/api/"
    client = AsyncWebClient(base_url=base, session=world.session, retry_handlers=[])
    return AsyncApp(client=client, authorize=authorize, **options)


@asynccontextmanager
async def connected(world: Slack, app: AsyncApp, *, sockets: int = 1, ping: float = 5) -> AsyncIterator[None]:
    handlers = [AsyncSocketModeHandler(app, "xapp-demo", ping_interval=ping) for _ in range(sockets)]
    for handler in handlers:
        await handler.connect_async()
    await world.workspace.until(lambda: len(world.workspace.sockets.connections) == sockets)
    try:
        yield
    finally:
        await world.workspace.settled()
        for handler in handlers:
            await handler.close_async()


CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*FAIL* daily-energy-report <@U0MAYA00001>"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "say:1",
                "text": {"type": "plain_text", "text": "Acknowledge"},
                "value": "1|p|ack",
            },
            {
                "type": "overflow",
                "action_id": "menu:1",
                "options": [{"text": {"type": "plain_text", "text": "Snooze 1 h"}, "value": "1|p|snooze"}],
            },
        ],
    },
]
