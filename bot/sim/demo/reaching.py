"""What else is in reach: the home, asking an owner, and a backfill of three days."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.messages.symbols import GREEN
from bot.sim.demo import seen
from bot.sim.demo.stage import SHANGHAI, Stage, Step, tell
from bot.sim.slack.model import Message, View
from bot.sim.slack.seed import DATA_ALERTS, JONAS, MAYA

ASKED = 4614  # board-summary, of Maya
MONTHLY = 4610  # month-end-export, of Maya and Alex: it runs on the first of a month only
_DAYS = 3
_MINUTE = 61.0  # seconds until EnOS takes a second trigger of a flow


class Reaching:
    """Home, asking and backfill, on a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def steps(self) -> tuple[Step, ...]:
        """The scenes after the first failure."""
        return (
            ("Jonas needs a flow of Maya's, and asks her to run it", self._asks),
            ("Maya runs the monthly export for three days, one after the other", self._backfill),
        )

    async def home(self, flow: int) -> None:
        """Maya opens her home, which shows an incident."""
        self._stage.happens()
        self._stage.slack.interactions.open_home(MAYA)

        def shown() -> View | None:
            view = self._stage.slack.modals.home(MAYA)
            return view if view is not None and f"|ack {flow}" in json.dumps(view.content["blocks"]) else None

        view = await self._stage.until(shown, f"the home does not show {flow}")
        for line in self._stage.slack.renderer.view_shown(view.content).splitlines():
            tell(f"  ▏{line}")

    async def _asks(self) -> None:
        command = f"trigger {ASKED}"
        self._stage.say(JONAS, f"/flow {command}")
        refused = await self._stage.answer(JONAS, command, f"<@{MAYA}>")
        self._stage.press(JONAS, refused, "ask")
        asked = await self._stage.offered(self._stage.slack.dm(MAYA).id, "accept", f"<@{JONAS}>", f"`{command}`")
        self._stage.press(MAYA, asked, "accept")
        messages = self._stage.slack.messages
        await self._stage.found(lambda: messages(self._stage.slack.dm(JONAS).id), f"<@{MAYA}>", f"`{command}`")
        self._stage.runs_end()

    async def _backfill(self) -> None:
        today = (datetime.fromtimestamp(self._stage.clock(), UTC) + SHANGHAI).date()
        lasts = (today - timedelta(days=ago) for ago in (2, 2 + _DAYS))
        last = next(each for each in lasts if not 1 <= each.day <= _DAYS)  # none of the days has a run then
        command = f"backfill {MONTHLY} from {last - timedelta(days=_DAYS - 1)} to {last} every day"
        self._stage.say(MAYA, f"/flow {command}")
        self._stage.press(MAYA, await self._stage.answer(MAYA, command, f"`{MONTHLY}`"), f"backfill {MONTHLY}")
        message = await self._stage.offered(DATA_ALERTS, "backfills stop", f"`{MONTHLY}`")
        for number in range(1, _DAYS + 1):
            await self._stage.until(partial(self._have_started, number), f"run {number} does not start")
            self._stage.clock.ahead(_MINUTE)

        def is_done() -> Message | None:
            now = self._stage.fresh(message)
            return now if seen.color(now) == GREEN else None

        self._stage.show(await self._stage.in_time(is_done, "the backfill does not end"))

    def _have_started(self, number: int) -> bool:
        return sum(each.triggered for each in self._stage.platform.instances(MONTHLY)) >= number
