"""EnOS and Slack, made and asked before the rest of the bot is imported.

Their answers take about as long as to import what acts on them, so both happen at once (``process.py``).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.network.certificates import EXPIRED, way_out
from bot.core.people.model import IncomingMessage
from bot.core.text.message import Text
from bot.enos.client import EnosClient
from bot.enos.errors import Untrusted
from bot.ops.clocks import SteadyClock
from bot.ops.clocks import wall as now
from bot.settings.table import Settings
from bot.slack.gateway import ConnectionSettings, Runtime, SlackGateway

if TYPE_CHECKING:
    from bot.app import App

log = logging.getLogger("bot")

SIGN_IN_SECONDS = 5.0  # a gateway that hangs must not delay the start
ENOS_NOTE = "enos."  # begins the names of notes about the platform


class Outside:
    """The platform and the workspace. To be made inside the running event loop.

    ``is_fenced``: other replicas may take over, and what is sent asks the fence before.
    """

    def __init__(
        self,
        settings: Settings,
        remembered: Mapping[str, str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        is_fenced: bool = False,
    ) -> None:
        self.settings = settings
        self.steady = SteadyClock(monotonic=monotonic)
        self._app: App | None = None
        self._before: list[Callable[[App], None]] = []  # what the app is told once it is there
        self.enos = EnosClient(
            settings.enos_api_url,
            settings.enos_access_key,
            settings.enos_secret_key,
            settings.enos_org_id,
            settings.enos_user_id,
            clock=now,
            steady=self.steady,
            remembered={
                name.removeprefix(ENOS_NOTE): value for name, value in remembered.items() if name.startswith(ENOS_NOTE)
            },
            page_base=settings.page_base,  # type: ignore[arg-type]  # the settings' reader allows these three only
            on_call=lambda *call: self._tell(lambda app: app.count_enos_call(*call)),
            on_capability=lambda *learned: self._tell(lambda app: app.save_capability(*learned)),
            on_list_end=self._list_ended,
        )
        connection = ConnectionSettings(app_token=settings.slack_app_token)
        if settings.mode == "http":
            connection = ConnectionSettings(
                signing_secret=settings.slack_signing_secret,
                listen=(settings.events_listen.host, settings.events_listen.port),
            )
        self.gateway = SlackGateway(
            settings.slack_bot_token,
            connection,
            settings.command,
            _too_early,
            api_url=settings.slack_api_url,
            language=settings.language,
            runtime=Runtime(
                now=now,
                on_call=lambda *call: self._tell(lambda app: app.metrics_updater.count_slack_call(*call)),
                on_list_end=self._list_ended,
                is_fenced=is_fenced,
            ),
        )

    def introduce(self, app: "App") -> None:
        """Tell the app what happened before it was there, and from now on what happens."""
        self._app = app
        self.gateway.listeners.on_message = app.received
        self.gateway.listeners.forms.find_handler = lambda: app.forms
        self.gateway.listeners.record_arrival = app.dispatcher.record_arrival
        self.gateway.report_calls(app.metrics_updater.count_slack_call)
        self.enos.report_calls(app.count_enos_call)
        for told in self._before:
            told(app)
        self._before.clear()

    async def preflight(self) -> list[str]:
        """Try Slack's tokens and EnOS's keys: every problem that only an operator can fix.

        Raises TemporaryFailure where Slack cannot be asked. EnOS may be down: the monitor reports it after the start.
        """
        slack, enos = await asyncio.gather(self.gateway.preflight(), self._sign_in(), return_exceptions=True)
        problems: list[str] = []
        for met in (slack, enos):
            match met:
                case Refusal():
                    problems.append(str(met))
                case Untrusted() if met.code not in EXPIRED:
                    problems.append(f"EnOS's certificate is not trusted: {met.detail}. {way_out('ENOS_API_URL')}")
                case TemporaryFailure() | TimeoutError() if met is enos:
                    log.warning("EnOS did not answer yet: %s", str(met) or "no answer in time")
                case BaseException():
                    raise met
        return problems

    async def _sign_in(self) -> None:
        async with asyncio.timeout(SIGN_IN_SECONDS):
            await self.enos.sign_in()

    def _tell(self, told: "Callable[[App], None]") -> None:
        if self._app is None:
            self._before.append(told)
        else:
            told(self._app)

    def _list_ended(self, listed: str, why: Text) -> None:
        self._tell(lambda app: app.list_ended(listed, why))


async def _too_early(_message: IncomingMessage) -> None:
    """Nothing is received before the app starts: what Slack sends waits for it."""
