"""What flowbot serves on its machine: health, and a socket for the program's other commands."""

from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot.core.values import dataclass
from bot.doctor.running_bot import RunningBotProbe
from bot.ops import control_socket, drill, health, offline, people_file
from bot.ops.bot_health import BotHealth
from bot.ops.clocks import wall as now
from bot.ops.listener import Listener
from bot.ops.metrics import Metrics
from bot.settings.table import Settings
from bot.slack.gateway import SlackGateway
from bot.store.store import Store
from bot.work.commands.context import Services
from bot.work.commands.dispatcher import Dispatcher

if TYPE_CHECKING:
    from bot.ops.shell import Shell


@dataclass(slots=True, kw_only=True)
class Serving:
    """The servers of one bot. ``address`` is where health is served, once it is."""

    settings: Settings
    store: Store
    gateway: SlackGateway
    services: Services
    dispatcher: Dispatcher
    metrics: Metrics
    bot_health: BotHealth
    probe: RunningBotProbe
    address: str = ""
    servers: list[Listener | web.AppRunner] = field(default_factory=list)

    async def start(self) -> None:
        """Serve. Raises OSError where the address is in use."""
        listener = Listener(
            health.application(self.metrics, self.bot_health.judgement, lambda: self.bot_health.refresh(now()))
        )
        self.servers.append(listener)
        await listener.start(self.settings.listen.host, self.settings.listen.port)
        self.address = listener.address
        other = await control_socket.serve(self.settings.database, self._commands())
        if other is not None:
            self.servers.append(other)

    async def stop(self) -> None:
        """Serve no more."""
        for server in self.servers:
            await server.cleanup()

    def _commands(self) -> dict[str, control_socket.ControlCommand]:
        return {
            "import": lambda what: people_file.import_links(
                self.store, self.settings.admins, what, self.gateway.poster.me
            ),
            "list": lambda _what: people_file.links_csv(self.store),
            "backup": partial(offline.back_up, self.store),
            "drill": partial(drill.post_and_wait, self.services),
            "doctor": self.probe.facts,
            "press": self.probe.press,
            "do": lambda what: self._shell().do(what),
            "follow": lambda what: self._shell().follow(what),
        }

    def _shell(self) -> "Shell":
        from bot.ops.shell import Shell  # not before somebody uses it

        return Shell(self.services, self.dispatcher, lambda: self.gateway.poster.me)
