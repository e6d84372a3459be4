"""A small platform, and somebody who calls it over a socket."""

import pytest
from platform_kit import Caller, Clock, served, small_platform

from bot.sim.enos.platform import Directory


@pytest.fixture
def platform():
    made = small_platform(Clock())
    made.directories["root"] = Directory("root", "Workflow")
    return made


@pytest.fixture
async def api(platform):
    async with served(platform) as http:
        yield Caller(platform, http)
