"""What is sent again after a fault, how often, and how long it waits in between."""

import pytest
from enos_gateway import html

from bot.enos.errors import BadResponse


async def test_the_pause_between_attempts_doubles_and_is_never_alike(gateway, client):
    gateway.faults = [("getTimeZone", html())] * 3
    await client.time_zone()
    first, second, third = client.pauses
    assert 0.2 <= first <= 0.4
    assert 0.4 <= second <= 0.8
    assert 0.8 <= third <= 1.6


async def test_a_read_ends_after_four_attempts(gateway, client):
    gateway.faults = [("getCurrentTime", html())] * 9
    with pytest.raises(BadResponse):
        await client.now_ms()
    assert gateway.actions() == ["getCurrentTime"] * 4


async def test_no_attempt_begins_that_could_not_end_in_time(gateway, client_of):
    client = client_of(total_seconds=0.15)  # shorter than the first pause
    gateway.faults = [("getCurrentTime", html())]
    with pytest.raises(BadResponse):
        await client.now_ms()
    assert client.pauses == []
