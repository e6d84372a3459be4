"""The heartbeat: a monitor is asked while all is well, and not any more when it is not."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from aiohttp import web
from app_kit import hears, running_bot, served

from bot.core.errors import DatabaseUnavailable
from bot.core.text.language import ZH
from bot.core.text.message import msg, rendered
from bot.ops.heartbeat import Heartbeat
from bot.work.delivery.alarms import Alarm

TROUBLE = Alarm("slack", msg("Slack accepts nothing from the app."))


class Monitor:
    """A monitor that counts, and may refuse."""

    def __init__(self):
        self.beats, self.status, self.beaten = 0, 200, asyncio.Event()

    async def answer(self, _request):
        self.beats += 1
        self.beaten.set()
        return web.Response(status=self.status)


@contextlib.asynccontextmanager
async def monitored():
    monitor, app = Monitor(), web.Application()
    app.router.add_get("/ping", monitor.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield monitor, f"http://127.0.0.1:{runner.addresses[0][1]}/ping"
    finally:
        await runner.cleanup()


async def test_it_beats_after_a_complete_poll_while_all_is_well_and_stops_when_it_is_not(tmp_path):
    async with (
        monitored() as (monitor, url),
        served() as running,
        running_bot(running, tmp_path, FLOWBOT_POLL_SECONDS="60", FLOWBOT_HEARTBEAT_URL=url) as bot,
    ):
        await hears(bot, running)
        bot.scheduler._scheduler.pause_job("poll")
        async with bot.monitor._polling:  # none is under way
            pass
        await bot.jobs.poll()
        await asyncio.wait_for(monitor.beaten.wait(), 20)
        await bot.heartbeat._task
        before = monitor.beats
        bot.bot_health.note_alarm(TROUBLE)
        await bot.jobs.poll()
        assert monitor.beats == before
        bot.bot_health.note_alarm(replace(TROUBLE, over=True))
        await bot.jobs.poll()
        await bot.heartbeat._task
        assert monitor.beats == before + 1
        running.world.platform.faults.arm("gone")
        await bot.jobs.poll()
        assert monitor.beats == before + 1, "nothing was read"


async def test_a_database_that_can_be_written_again_is_well_at_once(tmp_path):
    async with served() as running, running_bot(running, tmp_path, FLOWBOT_POLL_SECONDS="60") as bot:
        await hears(bot, running)
        bot.jobs.on_database_unavailable(DatabaseUnavailable("database or disk is full"))
        (told,) = bot.bot_health.judgement().broken
        assert "(database or disk is full)" in rendered(told)
        assert rendered(told, ZH).startswith("无法写入数据库"), "people read it in their language"
        await bot.jobs.check_watchdog()
        assert "database" not in str(bot.bot_health.judgement())


@pytest.mark.parametrize("status", [200, 500])
async def test_a_monitor_that_refuses_it_is_logged(status, caplog):
    async with monitored() as (monitor, url):
        monitor.status = status
        heartbeat = Heartbeat(url)
        for _ in range(3):
            heartbeat.beat()
            heartbeat.beat()  # one at a time
            await heartbeat._task
        assert monitor.beats == 3
        await heartbeat.close()
    lines = [each for each in caplog.records if each.name == "bot.ops.heartbeat"]
    assert len(lines) == (status == 500)
    assert url not in caplog.text


async def test_without_an_address_nothing_beats():
    heartbeat = Heartbeat("")
    heartbeat.beat()
    assert heartbeat._task is None
    await heartbeat.close()


async def test_a_monitor_whose_answer_does_not_end_ends_no_beats():
    async def endless(request):
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"." * 100_000)
        return response

    app = web.Application()
    app.router.add_get("/ping", endless)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    heartbeat = Heartbeat(f"http://127.0.0.1:{runner.addresses[0][1]}/ping")
    try:
        for _ in range(2):
            heartbeat.beat()
            await asyncio.wait_for(heartbeat._task, 8)
        assert heartbeat._failed == 0
    finally:
        await heartbeat.close()
        await runner.cleanup()
