"""Whose language the bot and the demo speak."""

import pytest
from app_kit import MAYA, configured, served

from bot.app import App
from bot.sim.demo import demo
from bot.sim.slack.seed import WEI
from bot.store.store import Store


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_people_have_the_language_of_their_slack_and_those_slack_does_not_know_that_of_the_settings(
    tmp_path, language
):
    async with served() as running:
        read = configured(running, tmp_path, FLOWBOT_LANGUAGE=language)
        async with Store.open(read.database) as store:
            bot = App(read, store, {})
            try:
                spoken = [await bot.gateway.poster.language(user) for user in (WEI, MAYA, "U0NOBODY01")]
            finally:
                await bot.stop(1)
    assert spoken == ["zh", "en", language]


def test_the_demo_speaks_the_language_of_the_environment_and_takes_over_nothing_else(monkeypatch):
    monkeypatch.setenv("FLOWBOT_CHANNEL", "C0REAL00001")
    monkeypatch.setenv("FLOWBOT_LANGUAGE", "zh")
    assert demo.chosen_language() == {"FLOWBOT_LANGUAGE": "zh"}
    monkeypatch.delenv("FLOWBOT_LANGUAGE")
    assert demo.chosen_language() == {}
