"""An app that was installed with an older manifest, without the home, its event and the shortcuts, goes on working."""

import copy
import logging
from datetime import UTC, datetime

import pytest
from app_kit import DATA_OPS, MAYA, configured, hears, running_bot

from bot.core.command import table
from bot.core.forms.model import HomeOpened
from bot.core.people.model import Person
from bot.ops import offline
from bot.sim.demo import demo
from bot.sim.slack.model import Forbidden
from bot.slack.manifest import manifest


def old_manifest():
    made = copy.deepcopy(manifest("/flow", table.usage_hint(), "socket"))
    made["features"]["app_home"] = {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False}
    del made["features"]["shortcuts"]
    made["settings"]["event_subscriptions"]["bot_events"].remove("app_home_opened")
    return made


async def test_an_app_with_an_older_manifest_starts_answers_and_opens_forms(running, tmp_path, caplog):
    slack, enos = running.world.workspace, running.world.platform
    slack.install(old_manifest())
    with pytest.raises(Forbidden):
        slack.interactions.use_shortcut(MAYA, "trigger")
    await offline.import_people(configured(running, tmp_path), demo.PEOPLE)
    async with running_bot(running, tmp_path, FLOWBOT_POLL_SECONDS="0.7") as bot:
        await hears(bot, running)
        slack.say(MAYA, DATA_OPS, "/flow show 3377")
        await slack.until(lambda: any("3377" in slack.shown(one) for one in slack.ephemerals(MAYA, DATA_OPS)), 60)

        enos.fail(3377)
        enos.start_scheduled(3377)
        card = await slack.until(lambda: slack.messages(DATA_OPS)[-1].attachments and slack.messages(DATA_OPS)[-1], 60)
        slack.press(MAYA, card, "Snooze")
        form = await slack.until(lambda: (view := slack.modals.top(MAYA)) and view.content.get("submit") and view, 60)
        slack.submit(MAYA, {"note": "TICKET-17"}, form)
        await slack.until(lambda: "TICKET-17" in slack.shown(slack.find(card.channel, card.ts)), 60)

        caplog.set_level(logging.WARNING, "bot")
        await bot.homes.opened(HomeOpened(Person(slack.state.team.id, MAYA), datetime.now(UTC)))
        assert bot.homes.refused == "not_enabled"
        assert "Slack refuses to show a home: not_enabled" in caplog.text
        slack.say(MAYA, DATA_OPS, "/flow whoami")
        await slack.until(lambda: any("maya.chen" in slack.shown(one) for one in slack.ephemerals(MAYA, DATA_OPS)), 60)
