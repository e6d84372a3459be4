"""flowbot doctor as a program: what it prints, how it exits, with the bot running and without."""

import asyncio
import json

import pytest
from app_kit import ALEX, DATA_OPS, MAYA, served

from bot.sim.demo import demo


async def flowbot(folder, environ, *arguments):
    """Run the program and return its exit code and what it wrote."""
    process = await demo.flowbot(environ, folder, *arguments, out=asyncio.subprocess.PIPE, log=asyncio.subprocess.PIPE)
    out, errors = await asyncio.wait_for(process.communicate(), 240)
    return process.returncode, out.decode(), errors.decode()


@pytest.fixture
async def running():
    async with served() as made:
        yield made


async def test_a_bad_configuration_exits_with_2_in_both_forms(tmp_path, running):
    environ = demo.environment(running, tmp_path) | {"FLOWBOT_CHANNEL": "", "SLACK_BOT_TOKEN": "nonsense-secret"}
    code, out, errors = await flowbot(tmp_path, environ, "doctor", "--json")
    assert code == 2
    told = json.loads(out)
    assert told["ok"] is False
    assert [check["says"].split()[0] for check in told["checks"]] == ["SLACK_BOT_TOKEN", "FLOWBOT_CHANNEL"]
    assert "FLOWBOT_CHANNEL is missing" in errors
    assert "nonsense-secret" not in out + errors
    assert (await flowbot(tmp_path, environ, "doctor"))[:2] == (2, "")


async def test_what_failed_exits_with_1_and_is_named_in_one_line(tmp_path, running):
    environ = demo.environment(running, tmp_path) | {"SLACK_BOT_TOKEN": "xoxb-of-another-app"}
    code, out, errors = await flowbot(tmp_path, environ, "doctor")
    assert code == 1
    lines = [line for line in out.splitlines() if line.startswith("failed")]
    assert len(lines) == 1
    assert "Slack does not know the token in SLACK_BOT_TOKEN." in lines[0]
    assert "OAuth & Permissions" in lines[0]
    assert out.splitlines()[-1].endswith(" Failed: 1. Warnings: 0.")
    assert "xoxb-of-another-app" not in out + errors


async def test_it_asks_the_running_bot_and_its_button_is_pressed(tmp_path, running):
    slack = running.world.workspace
    environ = demo.environment(running, tmp_path)
    async with demo.bot(environ, tmp_path) as bot:
        await demo.connected(running, bot)
        await slack.until(lambda: slack.messages(DATA_OPS)[-1].by_app, 60)  # it has read EnOS once
        examining = asyncio.create_task(flowbot(tmp_path, environ, "doctor", "--json", "--press", "30"))
        await slack.until(lambda: "Please press" in slack.messages(DATA_OPS)[-1].text, 60)
        slack.press(MAYA, slack.messages(DATA_OPS)[-1], "Press me")
        code, out, errors = await examining
        told = {check["name"]: check for check in json.loads(out)["checks"]}
        assert code == 0, out
        assert f"process {bot.pid}" in told["bot"]["says"]
        assert told["slack socket"]["says"] == "The running flowbot has all 2 connections to Slack."
        assert MAYA in told["slack button"]["says"]
        assert ALEX in told["links"]["says"]
        assert told["owners on call"]["state"] == "warning"
        assert errors == "Press the button in #data-ops within 30 seconds.\n"
        assert len(slack.sockets.connections) == 2
