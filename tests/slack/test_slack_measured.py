"""Every call to Slack is counted: by method, by how it ended, with its time."""

import asyncio

import aiohttp
import pytest

from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.slack.calls import measured


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        (None, "ok"),
        (SlackRefused("is_archived"), "refused"),
        (SlackLimited(3), "limited"),
        (SlackUnclear("cut"), "unclear"),
        (SlackUnreachable("no route"), "unreachable"),
        (aiohttp.ServerDisconnectedError(), "unclear"),
        (TimeoutError(), "unclear"),
        (aiohttp.InvalidURL("x"), "unreachable"),
        (ValueError("no JSON"), "unclear"),
        (asyncio.CancelledError(), "abandoned"),
        (KeyError("ours"), "bug"),
    ],
    ids=str,
)
def test_how_a_call_ended(problem, outcome):
    told = []

    def call():
        with measured(lambda *ended: told.append(ended), "chat.postMessage"):
            if problem is not None:
                raise problem

    if problem is None:
        call()
    else:
        with pytest.raises(type(problem)) as raised:
            call()
        assert raised.value is problem
    ((method, word, seconds),) = told
    assert (method, word) == ("chat.postMessage", outcome)
    assert 0 <= seconds < 10
