"""Starting: what is read for it, and what is said and tried while Slack is away."""

import asyncio
import logging
import subprocess
import sys

import pytest
from app_kit import configured, served
from prometheus_client import generate_latest

from bot.app import App
from bot.ops import process
from bot.ops.outside import Outside
from bot.sim.demo import demo
from bot.slack.preflight import SlackBusy, SlackDown
from bot.store.store import Store

NO_ANSWER = SlackDown("connection refused")


class Slow:
    """A bot whose Slack answers from the third question on."""

    def __init__(self, problems: list[str], silent: int = 2, trouble: SlackDown = NO_ANSWER) -> None:
        self.problems, self.silent, self.asked = problems, silent, asyncio.Condition()
        self.times, self.trouble = 0, trouble

    async def preflight(self) -> list[str]:
        self.times += 1
        async with self.asked:
            self.asked.notify_all()
        if self.times <= self.silent:
            raise self.trouble
        return self.problems


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE_SECONDS", 0.01)


async def test_slack_being_away_at_start_is_waited_out_and_told(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "bot")
    bot = Slow([])
    assert await process.preflight_problems(bot, asyncio.Event()) == []
    assert bot.times == 3
    assert caplog.records[0].getMessage() == (
        "Slack did not answer yet. Slack can't be reached (connection refused). "
        "Check the network and any proxy. flowbot tries again in 0 s."
    )


async def test_a_slack_that_asks_to_wait_is_left_alone_so_long(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "bot")
    bot, stop = Slow([], silent=10**9, trouble=SlackBusy(3600)), asyncio.Event()
    waiting = asyncio.create_task(process.preflight_problems(bot, stop))
    async with bot.asked:
        await bot.asked.wait()
    stop.set()
    assert await asyncio.wait_for(waiting, 60) == []
    assert bot.times == 1
    assert caplog.records[0].getMessage() == (
        "Slack did not answer yet. Slack asks flowbot to wait 3600 s. Nothing is wrong. Try again after that. "
        "flowbot tries again in 3600 s."
    )


async def test_what_only_an_operator_can_fix_ends_the_waiting():
    assert await process.preflight_problems(Slow(["The token was revoked."]), asyncio.Event()) == [
        "The token was revoked."
    ]


async def test_a_bot_that_waits_for_slack_can_be_stopped():
    bot, stop = Slow([], silent=10**9), asyncio.Event()
    waiting = asyncio.create_task(process.preflight_problems(bot, stop))
    async with bot.asked:
        await bot.asked.wait()
    stop.set()
    assert await asyncio.wait_for(waiting, 60) == []


async def test_calls_made_before_the_app_is_there_are_counted_as_the_later_ones(tmp_path):
    async with served() as running:
        read = configured(running, tmp_path)
        async with Store.open(read.database) as store:
            outside = Outside(read, {})
            assert await outside.preflight() == []
            bot = App(outside, store)
            try:
                assert await outside.preflight() == []
                figures = generate_latest(bot.metrics.registry).decode()
            finally:
                await bot.stop(1)
    assert 'flowbot_slack_calls_total{method="auth.test",outcome="ok"} 2.0' in figures
    assert "flowbot_enos_calls_total" in figures


SPARED = (
    "dateutil", "multiprocessing", "http.server", "concurrent.futures.process", "rich", "cron_descriptor", "bot.sim",
    "click", "pluggy", "importlib.metadata", "zipfile", "tzlocal", "wsgiref", "gzip",  # see bot/absent.py
    "bot.work.commands.stats", "bot.work.commands.reading", "bot.work.commands.asking", "bot.messages.cards.asking",
    "bot.work.forms.forms", "bot.ops.shell",
)  # fmt: skip


LATER = ("bot.app", "bot.work", "bot.messages", "apscheduler.schedulers", "prometheus_client")


@pytest.mark.parametrize(
    ("imported", "spared"), [("bot.__main__, bot.ops.process", SPARED + LATER), ("bot.ops.process, bot.app", SPARED)]
)
def test_what_a_start_does_not_need_is_not_read(imported, spared):
    """Not by the libraries, where it would take memory for as long as the bot runs; nor before the bot connects."""
    found = f"import sys, bot.start, {imported}; print([name for name in {spared} if name in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", found], cwd=demo._ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert (told.stdout, told.stderr) == ("[]\n", "")
