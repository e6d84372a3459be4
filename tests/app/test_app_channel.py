"""The alert channel is checked when the bot starts: what is wrong with it is logged, with what to do."""

import logging

import pytest
from app_kit import DATA_OPS, GENERAL, configured, served

from bot.app import App
from bot.ops import default_channel
from bot.ops.outside import Outside
from bot.sim.slack.faults import Fault
from bot.store.store import Store


async def looked(folder, caplog, change=lambda workspace: None, **environ):
    """What the log says of the channel, with its levels."""
    caplog.set_level(logging.INFO, "bot")
    async with served() as running:
        change(running.world.workspace)
        read = configured(running, folder, **environ)
        async with Store.open(read.database) as store:
            bot = App(Outside(read, {}), store)
            try:
                await default_channel.warn(bot.gateway.poster, read.channel, read.shared_channels)
            finally:
                await bot.stop(1)
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "bot"]


async def test_nothing_is_said_of_a_channel_that_is_well(tmp_path, caplog):
    assert await looked(tmp_path, caplog) == []


def archived(workspace):
    workspace.channels[DATA_OPS].archived = True


def shared(workspace):
    workspace.channels[DATA_OPS].shared = True


@pytest.mark.parametrize(
    ("change", "channel", "says"),
    [
        (lambda _: None, "C0MISSING01", "There is no channel C0MISSING01, or it is private"),
        (lambda _: None, GENERAL, "flowbot is not in #general. Invite it: /invite @flowbot"),
        (archived, DATA_OPS, "#data-ops is archived. Unarchive it, or set FLOWBOT_CHANNEL"),
        (shared, DATA_OPS, "flowbot posts no alerts in #data-ops. The channel is shared with another organization"),
    ],
)
async def test_what_is_wrong_is_told_at_once(tmp_path, caplog, change, channel, says):
    (told,) = await looked(tmp_path, caplog, change, FLOWBOT_CHANNEL=channel)
    assert told[0] == "WARNING"
    assert says in told[1]


async def test_a_shared_channel_that_is_named_is_told_too_but_shortly(tmp_path, caplog):
    said = await looked(tmp_path, caplog, shared, FLOWBOT_SHARED_CHANNELS=DATA_OPS)
    words = "flowbot is in #data-ops. People of another organization can read its alerts there."
    assert said == [("WARNING", f"{words} FLOWBOT_SHARED_CHANNELS allows it.")]


async def test_a_slack_that_does_not_answer_is_not_an_error(tmp_path, caplog):
    def fails(workspace):
        workspace.faults.add(Fault(name="gone"))

    (told,) = await looked(tmp_path, caplog, fails)
    assert told[0] == "INFO"
