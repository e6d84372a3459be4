"""Where no bot runs, the doctor connects for a moment, to see Slack say hello and a press arrive.

Slack sends each message to one of an app's connections, so this is done only while no bot is connected.
"""

import asyncio
import logging
import time
from contextlib import suppress

from bot.core.checks import on_bot
from bot.core.checks.check import Check, failed, ok
from bot.core.checks.on_slack import elsewhere, named
from bot.core.outbox.blocks import rendered
from bot.core.outbox.conversations import Channel, SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import PostId
from bot.core.people.model import IncomingMessage
from bot.doctor.address import address
from bot.messages.cards import doctor as cards
from bot.ops.new_ids import new_id
from bot.settings.table import Settings
from bot.slack.directory import Identity
from bot.slack.gateway import ConnectionSettings, SlackGateway

log = logging.getLogger(__name__)

HELLO_SECONDS = 20.0
POLL_SECONDS = 0.05  # seconds between two checks of the connection


class ProbeClient:
    """Connects as the bot would. To be made inside the running event loop."""

    def __init__(self, settings: Settings, me: Identity) -> None:
        connection = ConnectionSettings(app_token=settings.slack_app_token, connections=1)
        if settings.mode == "http":
            listen = (settings.events_listen.host, settings.events_listen.port)
            connection = ConnectionSettings(signing_secret=settings.slack_signing_secret, listen=listen)
        self._settings = settings
        self._gateway = SlackGateway(
            settings.slack_bot_token, connection, settings.command, self._received, api_url=settings.slack_api_url
        )
        self._gateway.poster.me = me
        self._awaited = ""
        self._pressed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def examine(self, found: list[Check], channel: Channel | None, press: float) -> None:
        """Add whether Slack says hello and, with ``press`` seconds, whether a press of a button arrives."""
        try:
            await self._gateway.start()
            hears = await self._hello(found)
            if press:
                found.append(await self._press(channel, press) if hears and channel else on_bot.not_pressed())
        finally:
            await self._gateway.stop(2.0)

    async def _hello(self, found: list[Check]) -> bool:
        """Whether what people say arrives here, and only here."""
        name = "slack socket"
        if self._settings.mode == "http":
            found.append(await address(self._settings))
            return True
        began = time.monotonic()
        while not (await self._gateway.health()).ready:
            if time.monotonic() - began > HELLO_SECONDS:
                fix = "Check that Socket Mode is on for the app, and that this network allows wss:// connections."
                found.append(failed(name, f"Slack did not open a connection within {HELLO_SECONDS:g} s.", fix))
                return False
            await asyncio.sleep(POLL_SECONDS)
        found.append(ok(name, f"Slack opened a connection after {time.monotonic() - began:.1f} s."))
        others = (await self._gateway.health()).app_connections - 1
        found += [elsewhere(others)] if others > 0 else []
        return others <= 0

    async def _press(self, channel: Channel, seconds: float) -> Check:
        id_, poster = PostId(new_id()), self._gateway.poster
        self._awaited = id_
        place, ts = await poster.post(channel.id, rendered(cards.please_press(id_, seconds)), id=id_)
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                who = await self._pressed
        except TimeoutError:
            await poster.edit(place, ts, rendered(cards.unpressed()), id=id_)
            return on_bot.unpressed(named(channel), seconds)
        took = time.monotonic() - began
        await poster.edit(place, ts, rendered(cards.pressed(who)), id=id_)
        return on_bot.pressed(who, took)

    async def _received(self, message: IncomingMessage) -> None:
        """Note the press that is awaited; tell everybody else that nothing was done."""
        if message.post and message.post == self._awaited:
            if not self._pressed.done():
                self._pressed.set_result(message.by.user)
            return
        origin = message.origin
        with suppress(SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable):
            await self._gateway.poster.notify(
                origin.channel,
                message.by.user,
                rendered(cards.not_now(message.text)),
                thread=origin.thread,
                response_url=origin.response_url,
            )
