"""Events over real sockets: signed as the documentation says, and what becomes of each kind of answer."""

import asyncio
import json
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from app_kit import served
from company_kit import CA, company, tls
from receivers import SECRET, example, receiving
from test_app_settings import GOOD

from bot.core.bridges import cloud_events, pagerduty
from bot.core.bridges.model import Bridge, BridgeEvent
from bot.core.bridges.outcomes import Answer
from bot.core.bridges.pagerduty import Action
from bot.core.incident.model import IncidentId
from bot.enos import transport
from bot.ops import event_sender
from bot.ops.event_sender import HttpEventSender
from bot.settings import table

NOW = datetime.now(UTC)


@pytest.fixture
async def sockets():
    async with receiving() as made:
        yield made


def sender(environ, **changes):
    return HttpEventSender(table.load(GOOD | environ | changes), lambda: datetime.now(UTC))


def event(bridge=Bridge.WEBHOOK, body="", id_="e1"):
    return BridgeEvent(
        id_, bridge, IncidentId("i1"), "opened", body or cloud_events.ping(id_, "urn:flowbot:日报", NOW), NOW
    )


async def test_the_receiver_of_the_documentation_accepts_an_event(sockets):
    receiver, _, environ = sockets
    assert (await sender(environ).send(event())).status == 204
    (got,) = receiver.events
    assert (got["specversion"], got["id"], got["source"]) == ("1.0", "e1", "urn:flowbot:日报")
    headers = {name.lower(): value for name, value in receiver.headers[0].items()}
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-id"] == "e1"


async def test_it_does_not_accept_what_is_signed_with_another_secret_or_changed_or_old(sockets):
    receiver, _, environ = sockets
    receiver.secret = "whsec_" + "b" * 40
    assert (await sender(environ).send(event())).status == 401
    receiver.secret = SECRET
    late = HttpEventSender(table.load(GOOD | environ), lambda: datetime.now(UTC) - timedelta(minutes=6))
    assert (await late.send(event())).status == 401
    assert receiver.events == []


def test_the_example_of_the_documentation_is_not_fooled():
    key = event_sender.key_of(SECRET)
    headers = event_sender.signed_headers(key, "e1", datetime.now(UTC), b"{}")
    check = example()
    assert check(SECRET, headers, b"{}")
    assert check(SECRET, headers | {"webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}, b"{}")
    assert not check(SECRET, headers, b"{ }")
    assert not check(SECRET, headers | {"webhook-id": "e2"}, b"{}")
    assert not check(SECRET, headers | {"webhook-timestamp": str(int(time.time()) - 2)}, b"{}")
    assert not check(SECRET, headers | {"webhook-timestamp": "0"}, b"{}")


@pytest.mark.parametrize(
    ("status", "headers", "answer"),
    [
        (503, {}, Answer(503)),
        (429, {"Retry-After": "7"}, Answer(429, retry_after=7)),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Answer(429)),
        (302, {"Location": "http://127.0.0.1:9/"}, Answer(302)),
    ],
)
async def test_the_status_of_an_answer_counts_and_nothing_else_of_it(sockets, status, headers, answer):
    receiver, _, environ = sockets
    receiver.answers = [(status, headers)]
    assert await sender(environ).send(event()) == answer


async def test_a_receiver_that_is_not_there_is_no_answer_and_its_address_is_not_told(sockets):
    _, _, environ = sockets
    answer = await sender(environ, FLOWBOT_WEBHOOK_URL="http://127.0.0.1:9/secret").send(event())
    assert answer == Answer(0, "no connection (ConnectError)")


async def test_a_receiver_that_does_not_answer_is_left(monkeypatch, sockets):
    receiver, _, environ = sockets
    monkeypatch.setattr(event_sender, "SECONDS", 0.2)
    async with receiver.changed:  # it waits for this to store the event
        answer = await sender(environ).send(event())
    assert answer == Answer(0, "no answer within 0.2 s")


async def test_a_certificate_that_is_not_trusted_is_named(sockets):
    _, _, environ = sockets
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=tls())
    async with server:
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        answer = await sender(environ, FLOWBOT_WEBHOOK_URL=address).send(event())
    assert answer.status == 0
    assert answer.says.startswith("its certificate is not trusted (")


async def test_an_event_goes_by_the_company_s_proxy_and_trusts_its_certificates(monkeypatch, sockets):
    _, _, environ = sockets
    async with served() as running, company(running) as made:
        monkeypatch.setenv("HTTPS_PROXY", made.proxy)
        monkeypatch.setenv("SSL_CERT_FILE", CA)
        transport._trusted.cache_clear()
        try:
            answer = await sender(environ, FLOWBOT_WEBHOOK_URL="https://slack.test/hook").send(event())
        finally:
            transport._trusted.cache_clear()
        assert made.asked == [("CONNECT", "slack.test:443")]
        assert answer.status == 404


# ── PagerDuty ──


def page(action, **more):
    body = {"event_action": action.value, "dedup_key": "i1", **more}
    return event(Bridge.PAGERDUTY, json.dumps(body))


PAYLOAD = {"summary": "FAIL · report", "source": "urn:flowbot:o1", "severity": "error"}


async def test_pagerduty_takes_a_page_and_how_it_goes_on(sockets):
    _, there, environ = sockets
    ours = sender(environ)
    for action in (Action.TRIGGER, Action.TRIGGER, Action.ACKNOWLEDGE, Action.RESOLVE):
        assert (await ours.send(page(action, payload=PAYLOAD))).status == 202
    alert = there.alerts["i1"]
    assert (alert.status, alert.calls) == ("resolved", 1)
    assert {each["routing_key"] for each in there.events} == {there.key}


@pytest.mark.parametrize("key", ["0" * 32, None])
async def test_what_pagerduty_refuses_is_told_in_its_words(sockets, key):
    _, there, environ = sockets
    answer = await sender(environ, FLOWBOT_PAGERDUTY_KEY=key or there.key).send(page(Action.TRIGGER))
    words = "Event object is invalid, " + ("Invalid routing key, " if key else "") + "'payload' is missing or blank"
    assert answer == Answer(400, words)


async def test_an_answer_that_pagerduty_did_not_write_has_no_words(sockets):
    _, there, environ = sockets
    there.answers = [502]
    assert await sender(environ).send(page(Action.RESOLVE)) == Answer(502)
    for told in (b"<html>", b"[]", b'{"status": "success", "message": "Event processed"}'):
        assert event_sender._said(told) == ""
    assert event_sender._said(b'{"message": "a\\nb", "errors": "c"}') == "a b"


async def test_a_lost_answer_of_pagerduty_is_none_and_the_event_is_there(sockets):
    _, there, environ = sockets
    there.lost = 1
    answer = await sender(environ).send(page(Action.TRIGGER, payload=PAYLOAD))
    assert (answer.status, there.alerts["i1"].status) == (0, "triggered")


async def test_no_secret_is_logged(sockets, caplog):
    caplog.set_level(logging.DEBUG)
    _, there, environ = sockets
    await sender(environ).send(event())
    await sender(environ).send(page(Action.RESOLVE))
    assert there.key not in caplog.text
    assert SECRET not in caplog.text


def test_a_body_that_is_stored_is_sent_unchanged_but_for_the_key():
    stored = json.dumps({"event_action": "resolve", "dedup_key": "日"}, ensure_ascii=False)
    assert json.loads(pagerduty.with_key(stored, "k")) == {
        "routing_key": "k",
        "event_action": "resolve",
        "dedup_key": "日",
    }
