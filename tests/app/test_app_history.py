"""The running bot reads history from EnOS, at three requests a look, and says how far it has come."""

import asyncio

from app_kit import hears, running_bot, served

from bot.app import now
from bot.core.flow.model import FlowId
from bot.core.flow.status import Status
from bot.core.history.background import FlowRef
from bot.core.text.message import plain

EVERY_STATUS = ",".join(map(str, range(-1, 11)))
REPORT, QUALITY = FlowId(3377), FlowId(4602)


def searches(running):
    found = running.world.platform.called("flowInstances/search")
    return sum(call.body["status"] == EVERY_STATUS for call in found)


async def test_history_is_read_and_an_idle_look_takes_three_requests(tmp_path):
    async with served() as running, running_bot(running, tmp_path) as bot, asyncio.timeout(240):
        await hears(bot, running)
        assert plain(bot.bot_health.status(now()).history) == "not read yet"
        await bot.jobs.read_history()
        while bot.history.read_since(now()) is None:
            await bot.jobs.read_past()
            await asyncio.sleep(0)
        assert plain(bot.bot_health.status(now()).history).startswith("complete since ")
        runs = [run for run in await bot.store.past_runs(REPORT) if run.status == Status.SUCCESS]
        assert runs
        assert all(run.triggered_at < run.started_at < run.ended_at for run in runs)
        assert {run.freq for run in runs} == {running.world.platform.flows[REPORT].freq}
        assert await bot.store.dependencies([QUALITY]) == {QUALITY: (FlowRef(FlowId(4601), "meter-import"),)}
        before = searches(running)
        await bot.jobs.read_history()
        assert searches(running) == before + 3
