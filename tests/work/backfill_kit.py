"""A flow that is backfilled: what a person says, how its runs end, and how time passes."""

from bot.core.flow.status import Status
from bot.work.runs.backfiller import Backfiller

WORDS = "backfill 3377 from 2026-11-18 to 2026-11-20"  # three days
AT = [f"3377-202611{day}160000" for day in (17, 18, 19)]  # the runs: midnight in Shanghai, where Maya is
MINUTE = 62  # seconds: EnOS's, and a tick more


class Filling:
    """A world with a backfiller, which may be a new one."""

    def __init__(self, world):
        self.world = world
        self.restart()

    def restart(self):
        """The process dies, and another begins."""
        self.world.restart()
        self.backfiller = Backfiller(self.world.services)

    async def begins(self, words=WORDS, who=None):
        """Somebody starts a backfill; returns its message."""
        who = who or self.world.maya
        (question,) = await who.says(words)
        (message,) = await who.presses(question, "Start backfill")
        return message

    async def passes(self, seconds=MINUTE):
        """Time passes; returns what people see meanwhile."""
        seen = []
        for _ in range(0, seconds, 2):
            self.world.later(seconds=2)
            await self.backfiller.tick(self.world.now)
            seen += await self.world.tick()
        return seen

    async def ends(self, run, status=Status.SUCCESS, seconds=10):
        """A run ends, and that is seen."""
        self.world.enos.becomes(run, status, [status] * 3)
        return await self.passes(seconds)

    async def all_end(self, status=Status.SUCCESS, *, minutes=60):
        """Every run that is started ends like that, until the backfill has ended."""
        for _ in range(minutes):
            await self.passes()
            for run in [each.id for each in self.world.enos.rows.values() if each.status == Status.READY]:
                self.world.enos.becomes(run, status, [status] * 3)
            if not await self.world.store.open_backfills():
                return

    @property
    def started(self):
        """The ids that were asked for, in order."""
        return [call for call in self.world.enos.done() if call[0].startswith("trigger")]

    async def row(self, number=1):
        """The backfill and its starts."""
        return await self.world.store.backfill(number)

    async def states(self, number=1):
        """What has become of each start."""
        return [each.state.value for each in (await self.row(number))[1]]
