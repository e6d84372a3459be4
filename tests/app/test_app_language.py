"""Whose language the bot and the demo speak."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from app_kit import MAYA, configured, served

from bot.app import App
from bot.ops.outside import Outside
from bot.sim.demo import demo
from bot.sim.slack.seed import WEI
from bot.store.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_people_have_the_language_of_their_slack_and_those_slack_does_not_know_that_of_the_settings(
    tmp_path, language
):
    async with served() as running:
        read = configured(running, tmp_path, FLOWBOT_LANGUAGE=language)
        async with Store.open(read.database) as store:
            bot = App(Outside(read, await store.notes()), store)
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


@pytest.mark.parametrize("content", [None, b"not a catalogue"])
async def test_a_catalogue_that_is_missing_or_broken_is_named_and_the_exit_code_is_2(tmp_path, content):
    path = tmp_path / "locale" / "zh" / "LC_MESSAGES" / "flowbot.mo"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    program = (
        "import pathlib, sys; from bot.core.text import catalogue; catalogue.FOLDER = pathlib.Path(sys.argv.pop());"
        "from bot.__main__ import main; main()"
    )
    async with served() as running:
        got = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", program, "run", str(tmp_path / "locale")],
            env=dict(os.environ) | demo.environment(running, tmp_path) | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
        )
    why = "Bad magic number" if content else "No such file or directory"
    assert got.returncode == 2, got
    assert got.stderr.endswith(f"flowbot can't read its catalogue {path}: {why}. Install flowbot again.\n")
