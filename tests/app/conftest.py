"""The world of the doctor's tests: simulators on sockets, and a doctor with settings for them."""

import asyncio

import pytest
from app_kit import configured, served

from bot.doctor import program


@pytest.fixture
async def running():
    async with served() as made:
        yield made


@pytest.fixture
def doctor(running, tmp_path):
    """Examine this world with these settings."""

    async def examine(press=0.0, **environ):
        return await asyncio.wait_for(program.examine(configured(running, tmp_path, **environ), press=press), 240)

    return examine
