"""``flowbot drill``: through the running bot, along the routes of the alert channel."""

from datetime import UTC, datetime

import pytest
from app_kit import ALEX, DATA_OPS, GENERAL, JONAS, configured, hears, running_bot, served
from click.testing import CliRunner

from bot import cli
from bot.core.errors import Refusal
from bot.core.people.model import Person
from bot.core.routing.watch import Filters, Watch
from bot.ops import offline
from bot.sim.slack.faults import Fault
from bot.store.store import Store

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
async def running():
    async with served() as made:
        yield made


async def watched(bot, channel):
    await bot.store.add_watch(Watch(0, channel, Filters(), Person("T0DEMO0001", JONAS), NOW), lambda _new: ())


def drills(running, channel):
    slack = running.world.workspace
    return [each for each in slack.messages(channel) if "DRILL" in slack.shown(each)]


async def test_it_says_what_was_posted_where(running, tmp_path):
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        await watched(bot, JONAS)
        done = await offline.drill(bot.settings)
    assert done == {
        "said": (
            "Drill: 2 sample failures posted.\n"
            "• #data-ops · no watch matches · people are mentioned\n"
            "• direct messages to @jonas.weber · watch 1 · nobody is mentioned\n"
            "A drill mentions nobody, and no incident is made of it.\n"
        ),
        "ok": True,
    }
    (shown,) = drills(running, DATA_OPS)
    assert "Drill from the command line" in running.world.workspace.shown(shown)


async def test_where_it_cannot_post_it_says_so(running, tmp_path):
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        await watched(bot, GENERAL)
        done = await offline.drill(bot.settings)
    assert not done["ok"]
    assert "#data-ops · I can't post in the channel of watch 1" in done["said"]
    assert "#general: not posted. The app is not in the channel. Run `/invite @flowbot` there." in done["said"]
    assert len(drills(running, DATA_OPS)) == 1


async def test_what_slack_refuses_only_when_it_is_posted_is_told_too(running, tmp_path):
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        await watched(bot, JONAS)
        fault = Fault(name="error", method="chat.postMessage", channel=JONAS, error="user_disabled")
        running.world.workspace.faults.add(fault)
        done = await offline.drill(bot.settings)
    assert not done["ok"]
    assert "not posted. Slack did not take it (user_disabled)." in done["said"]


@pytest.mark.parametrize("has_database", [True, False])
async def test_where_no_bot_runs_it_says_so_and_makes_no_database(running, tmp_path, has_database):
    settings = configured(running, tmp_path)
    if has_database:
        Store.open(settings.database).close()
    with pytest.raises(Refusal, match=r"flowbot is not running\. Nothing was posted\. Start it"):
        await offline.drill(settings)
    assert settings.database.exists() == has_database
    assert ALEX in settings.admins


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_says_whether_it_was_posted_everywhere(monkeypatch, ok, code):
    async def drill(_settings):
        return {"said": "Drill: 1 sample failure posted.\n", "ok": ok}

    monkeypatch.setattr(cli, "configured", lambda _title: None)
    monkeypatch.setattr(offline, "drill", drill)
    result = CliRunner().invoke(cli.main, ["drill"])
    assert (result.exit_code, result.output) == (code, "Drill: 1 sample failure posted.\n")
