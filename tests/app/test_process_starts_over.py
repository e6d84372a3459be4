"""A process whose replica is lost starts over, and can be ended meanwhile."""

import asyncio
import signal
from types import SimpleNamespace

from bot.core.errors import NewerDatabase, Superseded
from bot.ops import process, signals
from bot.ops.replica import Moment, Replica


class BrokenSession:
    async def renew(self, _lease, *, is_ready):
        raise RuntimeError("a bug")

    async def close(self):
        """Nothing is open."""


def replica():
    return Replica(SimpleNamespace(id="me"), BrokenSession(), clock=lambda: Moment(1.0, 1.0))


async def test_one_that_is_lost_starts_over_and_a_signal_meanwhile_ends_it(monkeypatch):
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    begun, codes = [], [None, 0]

    async def begins(_settings, *, patient=False):
        begun.append((patient, signal.getsignal(signal.SIGTERM)))

    async def serves(_settings, _begun):
        signals.call_on_signals(asyncio.get_running_loop(), lambda: None)  # as a bot that runs does
        return codes.pop(0)

    monkeypatch.setattr(process, "_begun", begins)
    monkeypatch.setattr(process, "_serve", serves)
    try:
        signals.exit_on_signals()
        assert await process._run(None) == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert begun == [(False, signals._end), (True, signals._end)]


async def test_a_bug_in_keeping_the_lease_is_logged_and_starts_over(caplog):
    broken, stop = replica(), asyncio.Event()
    await process._kept(broken, stop)
    assert stop.is_set()
    assert broken.lost.is_set()
    assert "Keeping the lease hit a bug" in caplog.text
    assert process._lost(broken) is None
    assert "starts over: keeping the lease hit a bug" in caplog.text


async def test_one_that_lost_to_a_newer_version_stops_and_one_to_another_replica_starts_over(caplog):
    for why, code in ((NewerDatabase("99"), 0), (Superseded(), None)):
        lost = replica()
        lost.lose(why)
        assert process._lost(lost) == code
    assert "A newer flowbot has brought it to version 99. This flowbot is older and stops." in caplog.text
    assert "starts over: another replica has taken over" in caplog.text
