"""The running bot learns from EnOS when a flow is usually done, and reports the run that is missing."""

import asyncio
from datetime import UTC, datetime, timedelta

from app_kit import hears, running_bot, served

from bot.app import now

HOUR = timedelta(hours=1)


async def test_a_run_that_is_missing_is_reported(tmp_path):
    async with served() as running, running_bot(running, tmp_path) as bot, asyncio.timeout(240):
        await hears(bot, running)
        platform = running.world.platform
        at = (datetime.now(UTC) - 1.7 * HOUR).replace(second=0, microsecond=0)
        flow = platform.add_flow(
            7001,
            "missing-load",
            owners=["maya.chen"],
            tasks=[(1, "load")],
            cycle="H",
            active=True,
            freq=f"0 {at.minute} * * * ? *",
        )
        for n in range(1, 21):
            platform.add_past(flow.id, at - n * HOUR)
        await bot.jobs.read_history()
        while bot.history.read_since(now()) is None:
            await bot.jobs.read_past()
            await asyncio.sleep(0)
        await bot.jobs.find_late()
        found = {each.flow_id: each for each in await bot.store.incidents(live=True)}
        assert found[flow.id].background.late.is_missing
