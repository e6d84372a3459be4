"""A list that does not end is given up, loudly, and never taken for all."""

import asyncio
import itertools
import json

import pytest
from enos_gateway import Clock, ok
from enos_lists import row

from bot.core.flow.model import Search
from bot.enos.calls import Actor
from bot.enos.errors import EndlessList
from bot.enos.flow_lists import all_flows
from bot.enos.paging import pages
from bot.enos.responses import Envelope
from bot.enos.server import MOST_PAGES, MOST_SECONDS, Server
from bot.enos.session import ServerCapabilities

FAILED = Search(1, 0, 9, (-1,))
BY = Actor("u", "o")


class Invents:
    """A gateway that makes up rows for whatever page it is asked; ``left`` is when it comes to an end after all."""

    def __init__(self, left=None):
        self.left, self.asked = left, 0
        self.numbers = itertools.count(1)

    async def __call__(self, call, **_):
        self.asked += 1
        self.later()
        rows = [row(next(self.numbers)) for _ in range(50)] if self.left is None or self.asked <= self.left else []
        return Envelope(0, data=_wire({"flowInsts": rows} if "flowInstances" in call.path else rows))

    def later(self):
        """Let time pass, where somebody holds the clock."""


def _wire(value):
    return json.dumps(value).encode()


def server_of(ask, told, **bounds):
    return Server(ask, ServerCapabilities(Clock()), "1", on_list_end=lambda *what: told.append(what), **bounds)


async def walked(server):
    return [page async for page in pages(server, FAILED, "update_time", BY)]


@pytest.mark.parametrize("walk", [walked, lambda server: all_flows(server, "", BY)], ids=["runs", "flows"])
async def test_a_list_without_an_end_is_given_up_and_told_and_over_once_it_ends(walk):
    told, ask = [], Invents()
    server = server_of(ask, told, most_pages=40)
    with pytest.raises(EndlessList) as raised:
        await walk(server)
    assert 40 <= ask.asked <= 43  # those asked ahead
    assert "does not end. Reading stopped after 40 pages." in str(raised.value)
    assert [bool(why) for _, why in told] == [True]
    ask.left = ask.asked + 3
    await walk(server)
    assert [bool(why) for _, why in told] == [True, False]


class SlowLoop(asyncio.SelectorEventLoop):
    """A loop on whose clock each page takes a minute."""

    passed = 0.0

    def time(self):
        return super().time() + self.passed


def test_a_list_that_takes_for_ever_is_given_up_by_the_monotonic_clock():
    loop, told, ask = SlowLoop(), [], Invents()

    def later():
        loop.passed += 60.0

    ask.later = later
    try:
        with pytest.raises(EndlessList):
            loop.run_until_complete(walked(server_of(ask, told)))
    finally:
        loop.close()
    assert MOST_SECONDS / 60 <= ask.asked < MOST_SECONDS / 60 + 5
    assert told


async def test_what_was_read_before_is_told_and_the_list_is_not_taken_for_read():
    walk = pages(server_of(Invents(), [], most_pages=3), FAILED, "update_time", BY)
    assert [(await anext(walk)).last for _ in range(3)] == [False, False, False]
    with pytest.raises(EndlessList):
        await anext(walk)


async def test_no_real_list_comes_near_the_ceiling():
    assert MOST_PAGES * 50 >= 100_000
    assert MOST_SECONDS >= 600
    ask = Invents(left=300)
    assert len(await walked(server_of(ask, []))) >= 300


async def test_the_client_tells_whoever_listens(gateway, client_of):
    told = []
    client = client_of(on_list_end=lambda *what: told.append(what))
    gateway.answers["search"] = lambda _query, body: ok({"flowInsts": []} if "type" in body else [])
    assert [page.rows async for page in client.search(FAILED)] == [()]
    await client.all_flows()
    assert told == [("runs", ""), ("flows", "")]
