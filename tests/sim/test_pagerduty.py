"""The simulated PagerDuty refuses what the real one refuses, and does with the rest what the real one does."""

import aiohttp
import pytest
from aiohttp import web

from bot.sim.pagerduty import LARGEST, PATH, PagerDuty

PAYLOAD = {
    "summary": "FAIL · report",
    "source": "flowbot",
    "severity": "error",
    "timestamp": "2026-11-21T09:00:00.000Z",
}


@pytest.fixture
async def pagerduty():
    return PagerDuty()


@pytest.fixture
async def enqueue(pagerduty):
    """Send an event: status and answer."""
    runner = web.AppRunner(pagerduty.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"

    async def sent(action="trigger", raw=None, **changes):
        event = {"routing_key": pagerduty.key, "event_action": action, "dedup_key": "i1", "payload": PAYLOAD, **changes}
        event = {name: value for name, value in event.items() if value is not None}
        how = {"data": raw} if raw is not None else {"json": event}
        async with aiohttp.ClientSession() as session, session.post(url, **how) as answer:
            return answer.status, await answer.json()

    yield sent
    await runner.cleanup()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"routing_key": None}, "'routing_key' is missing"),
        ({"routing_key": "short"}, "should be 32 characters"),
        ({"routing_key": "0" * 32}, "Invalid routing key"),
        ({"event_action": "snooze"}, "'event_action' is missing or invalid"),
        ({"event_action": None}, "'event_action' is missing or invalid"),
        ({"event_action": "resolve", "dedup_key": None}, "'dedup_key' is missing"),
        ({"dedup_key": "k" * 256}, "at most 255"),
        ({"dedup_key": 7}, "'dedup_key' is invalid"),
        ({"payload": None}, "'payload' is missing"),
        ({"payload": PAYLOAD | {"summary": ""}}, "'payload.summary' is missing"),
        ({"payload": PAYLOAD | {"source": None}}, "'payload.source' is missing"),
        ({"payload": PAYLOAD | {"severity": ""}}, "'payload.severity' is missing"),
        ({"payload": PAYLOAD | {"severity": "bad"}}, "'payload.severity' is invalid"),
        ({"payload": PAYLOAD | {"summary": "s" * 1025}}, "'payload.summary' is too long"),
        ({"payload": PAYLOAD | {"timestamp": "yesterday"}}, "'payload.timestamp' is invalid"),
        ({"payload": PAYLOAD | {"custom_details": []}}, "'payload.custom_details' is invalid"),
        ({"links": [{"text": "no address"}]}, "'links' is invalid"),
        ({"raw": b"{"}, "JSON parse error"),
        ({"raw": b"[]"}, "format is unrecognized"),
    ],
)
async def test_what_the_documentation_refuses_is_refused(enqueue, pagerduty, changes, error):
    status, answer = await enqueue(**changes)
    assert (status, answer["status"]) == (400, "invalid event")
    assert any(error in each for each in answer["errors"])
    assert (pagerduty.events, pagerduty.alerts) == ([], {})


async def test_a_body_that_is_too_large_is_refused(enqueue):
    status, _ = await enqueue(payload=PAYLOAD | {"custom_details": {"x": "x" * LARGEST}})
    assert status == 413


async def test_an_alert_is_called_once_until_it_is_resolved(enqueue, pagerduty):
    assert await enqueue() == (202, {"status": "success", "message": "Event processed", "dedup_key": "i1"})
    await enqueue()
    assert (pagerduty.alerts["i1"].status, pagerduty.alerts["i1"].calls) == ("triggered", 1)
    await enqueue("acknowledge", payload=None)
    await enqueue()
    assert (pagerduty.alerts["i1"].status, pagerduty.alerts["i1"].calls) == ("acknowledged", 1)
    await enqueue("resolve", payload=None)
    await enqueue("acknowledge")
    assert pagerduty.alerts["i1"].status == "resolved"
    await enqueue()
    assert (pagerduty.alerts["i1"].status, pagerduty.alerts["i1"].calls) == ("triggered", 2)


async def test_a_page_without_a_key_of_its_own_gets_one(enqueue, pagerduty):
    _, answer = await enqueue(dedup_key=None)
    assert answer["dedup_key"] in pagerduty.alerts
    assert (await enqueue("resolve", dedup_key="unknown"))[0] == 202


async def test_it_fails_as_it_is_told(enqueue, pagerduty):
    pagerduty.answers = [429, 500, 0]
    assert [(await enqueue())[0] for _ in range(2)] == [429, 500]
    with pytest.raises(aiohttp.ClientError):
        await enqueue()
    assert pagerduty.events == []
    pagerduty.lost = 1
    with pytest.raises(aiohttp.ClientError):
        await enqueue()
    assert len(pagerduty.events) == 1
    assert (await enqueue())[0] == 202
