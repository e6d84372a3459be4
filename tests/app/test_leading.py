"""What a leader takes up of replicas that are gone."""

import asyncio
from types import SimpleNamespace

from bot.core.errors import DatabaseUnavailable
from bot.ops import leading
from bot.ops.leading import Leading
from bot.ops.replica import Alone


class Store:
    def __init__(self):
        self.troubles = [DatabaseUnavailable("it restarts"), DatabaseUnavailable("it restarts")]

    async def unanswered(self):
        if self.troubles:
            raise self.troubles.pop()
        return ("what was said",)


class Dispatcher:
    def __init__(self):
        self.answered = []

    async def answer_left_over(self, left):
        self.answered += left


async def nothing_open(_services, *_entries):
    return ()


def leads(monkeypatch):
    monkeypatch.setattr(leading.crash_recovery, "open_attempts", nothing_open)
    monkeypatch.setattr(leading.crash_recovery, "close_attempts", nothing_open)
    monkeypatch.setattr(leading, "PAUSE", 0)
    unused = SimpleNamespace()
    return Leading(
        replica=Alone(),
        store=Store(),
        gateway=unused,
        jobs=unused,
        bridges=unused,
        services=unused,
        dispatcher=Dispatcher(),
        in_background=asyncio.ensure_future,
        pressed=lambda *_: None,
    )


async def test_what_was_left_over_while_the_database_was_away_is_taken_up_when_it_is_back(monkeypatch):
    lead = leads(monkeypatch)
    await lead.take_over()
    assert lead.dispatcher.answered == [], "it does not lead yet"
    lead.began = True
    await lead.take_over()
    assert lead.dispatcher.answered == ["what was said"]


async def test_who_has_lost_its_lead_takes_up_nothing(monkeypatch):
    lead = leads(monkeypatch)
    lead.began = True
    lead.replica.lost.set()
    await lead.take_over()
    assert lead.dispatcher.answered == []
