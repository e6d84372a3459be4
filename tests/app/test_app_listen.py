"""An address that another program holds: the setting is named, with what to do."""

import asyncio
import subprocess
import sys

import pytest
from app_kit import configured, served

from bot.ops.process import EXIT_SETTINGS, cannot_listen
from bot.sim.demo import demo


@pytest.mark.parametrize("setting", ["FLOWBOT_LISTEN", "FLOWBOT_EVENTS_LISTEN"])
async def test_the_setting_whose_address_is_taken_is_named(tmp_path, setting):
    async with served() as running, await asyncio.start_server(print, "127.0.0.1", 0) as other:
        address = f"127.0.0.1:{other.sockets[0].getsockname()[1]}"
        read = configured(running, tmp_path, FLOWBOT_MODE="http", SLACK_SIGNING_SECRET="s", **{setting: address})
        with pytest.raises(OSError, match="address already in use") as taken:
            await asyncio.start_server(print, *address.split(":"))
    assert cannot_listen(read, taken.value) == (
        f"flowbot cannot listen at {address} ({setting}): address already in use. "
        "Stop the program that uses this address, or set another one."
    )


async def test_the_program_ends_and_says_so(tmp_path):
    async with served() as running, await asyncio.start_server(print, "127.0.0.1", 0) as other:
        address = f"127.0.0.1:{other.sockets[0].getsockname()[1]}"
        environ = demo.environment(running, tmp_path) | {"FLOWBOT_LISTEN": address}
        command = [sys.executable, "-m", "bot", "run"]
        ended = await asyncio.to_thread(
            subprocess.run, command, env=environ, capture_output=True, text=True, timeout=240
        )
    assert ended.returncode == EXIT_SETTINGS
    assert f"flowbot cannot listen at {address} (FLOWBOT_LISTEN)" in ended.stderr
