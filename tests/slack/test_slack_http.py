"""HTTP mode: one signed path, and nothing else is served."""

import hashlib
import hmac
import io
import json
import logging
import time as real_time
from urllib.parse import urlencode

import aiohttp
import pytest
from fake_slack import BOT_USER, event_of, mention, pressed, slash

from bot.core.errors import Refusal
from bot.ops.rare_log import RareLogFilter
from bot.slack import http_mode
from bot.slack.form_listeners import BUSY
from bot.slack.gateway import ConnectionSettings
from bot.slack.listeners import Capacity

SECRET = "demo-signing-secret"


def signed(body, *, age=0, secret=SECRET):
    at = str(int(real_time.time()) - age)
    signature = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={signature}"}


async def post(gateway, body, kind="application/x-www-form-urlencoded", headers=None):
    headers = signed(body) if headers is None else headers
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{gateway.address}/slack/events", data=body.encode(), headers={"Content-Type": kind, **headers}
        ) as answer,
    ):
        return answer.status, await answer.text()


async def test_a_command_a_press_and_an_event_are_received(stage, slack):
    gateway = await stage.served()
    assert await post(gateway, urlencode(slash("trigger 3377"))) == (200, "")
    assert await post(gateway, urlencode({"payload": json.dumps(pressed("1|p|ack"))})) == (200, "")
    event = json.dumps(event_of(mention(f"<@{BOT_USER}> status")))
    assert await post(gateway, event, "application/json") == (200, "")
    await slack.until(lambda: sorted(stage.receiver.words) == ["ack", "status", "trigger 3377"])
    health = await gateway.health()
    assert (health.wanted, health.connected, health.last_envelope_age, health.ready) == (0, 0, None, True)


@pytest.mark.parametrize("words", ["show payload", "find payload=1", "trigger 1 with payload=x"])
async def test_the_word_payload_in_a_command_is_a_word(stage, slack, words):
    gateway = await stage.served()
    assert await post(gateway, urlencode(slash(words))) == (200, "")
    await slack.until(lambda: stage.receiver.words == [words])


@pytest.mark.parametrize(
    "headers",
    [
        dict,
        lambda: signed(urlencode(slash("status")), secret="another"),
        lambda: signed(urlencode(slash("other words"))),
        lambda: signed(urlencode(slash("status")), age=310),
        lambda: signed(urlencode(slash("status")), age=-310),
        lambda: {"X-Slack-Request-Timestamp": "now", "X-Slack-Signature": "v0=00"},
        lambda: {"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=00"},
        lambda: signed(urlencode(slash("status"))) | {"X-Slack-Signature": "v0=\u00e9"},
    ],
    ids=["none", "another secret", "another body", "stale", "from the future", "garbage", "no number", "no ascii"],
)
async def test_a_request_without_a_fresh_signature_is_refused(stage, headers, caplog):
    gateway = await stage.served()
    status, _ = await post(gateway, urlencode(slash("status")), headers=headers())
    assert status == 401
    assert stage.receiver.said == []
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


REFUSED = {
    "It is not signed.": dict,
    "Its signature cannot be read.": lambda: {"X-Slack-Request-Timestamp": "\u0661" * 3, "X-Slack-Signature": "v0=0"},
    "It was signed more than five minutes ago, or this machine's clock is wrong.": lambda: signed("x", age=400),
    "Its signature is wrong. Check SLACK_SIGNING_SECRET.": lambda: signed("x", secret="another"),
}


@pytest.mark.parametrize(("why", "headers"), REFUSED.items(), ids=["none", "unreadable", "stale", "wrong"])
async def test_strangers_do_not_write_the_log(stage, caplog, why, headers):
    caplog.set_level(logging.DEBUG)
    http_mode.log.filters[:] = [RareLogFilter()]
    gateway = await stage.served()
    before = len(caplog.records)
    asked = urlencode(slash("status")) + "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2Fsecret&token=hush"
    for _ in range(50):
        assert (await post(gateway, asked, headers=headers()))[0] == 401
    told = [each.getMessage() for each in caplog.records[before:] if each.name != "asyncio"]
    assert told == [f"flowbot refused a request: {why}"]
    assert not any(word in caplog.text for word in ("hooks.slack.com", "hush", "command=", "v0="))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"payload=" + b"x" * 900_000, b"[" * 100_000])
async def test_nothing_of_a_request_is_read_before_its_signature(stage, caplog, body):
    http_mode.log.filters[:] = [RareLogFilter()]
    gateway = await stage.served()
    at = {"X-Slack-Request-Timestamp": str(int(real_time.time())), "X-Slack-Signature": "v0=00"}
    async with aiohttp.ClientSession() as session:
        url = f"{gateway.address}/slack/events"
        async with session.post(url, data=body, headers={"Content-Type": "application/json", **at}) as answer:
            assert answer.status == 401
    (line,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert line.getMessage().startswith("flowbot refused a request: It")


async def test_more_than_a_request_may_hold_is_not_read(stage):
    gateway = await stage.served()
    body = io.BytesIO(b"x" * (http_mode.LONGEST + 1))
    async with aiohttp.ClientSession() as session, session.post(f"{gateway.address}/slack/events", data=body) as answer:
        assert answer.status == 413


async def test_a_replay_is_the_same_delivery(stage, slack):
    gateway = await stage.served()
    body = urlencode(slash("trigger 3377"))
    headers = signed(body)
    for _ in range(2):
        assert (await post(gateway, body, headers=headers))[0] == 200
    await slack.until(lambda: len(stage.receiver.said) == 2)
    assert len({said.key for said in stage.receiver.said}) == 1


async def test_the_address_is_verified(stage):
    gateway = await stage.served()
    body = json.dumps({"type": "url_verification", "challenge": "c81k", "token": "x"})
    status, text = await post(gateway, body, "application/json")
    assert (status, json.loads(text)) == (200, {"challenge": "c81k"})
    assert (await post(gateway, "ssl_check=1&token=x"))[0] == 200


async def test_answers_within_the_ack_are_json(stage):
    stage.receiver.hold.clear()
    gateway = await stage.served(capacity=Capacity(running=1, waiting=1))
    for words in ("one", "two"):
        assert await post(gateway, urlencode(slash(words))) == (200, "")
    status, text = await post(gateway, urlencode(slash("three")))
    assert status == 200
    assert text == BUSY.text
    asked = {"type": "block_suggestion", "action_id": "a", "block_id": "b", "value": "x", "user": {"id": "U1"}}
    status, text = await post(gateway, urlencode({"payload": json.dumps(asked | {"team": {"id": "T1"}})}))
    assert (status, json.loads(text)) == (200, {"options": []})


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ("payload={", "application/x-www-form-urlencoded", 400),
        ("payload=[1]", "application/x-www-form-urlencoded", 400),
        ("", "application/json", 200),
        ("[" * 100_000, "application/json", 400),
        ("command=x", "application/x-www-form-urlencoded; charset=klingon", 200),
        ('payload={"type":"view_submission","view":{}}', "application/x-www-form-urlencoded", 200),
    ],
)
async def test_odd_bodies_break_nothing(stage, body, kind, status):
    gateway = await stage.served()
    assert (await post(gateway, body, kind))[0] == status
    assert stage.receiver.said == []


async def test_what_nothing_takes_is_acked_in_http_mode_too(stage):
    gateway = await stage.served()
    unknown = {"type": "hologram", "team": {"id": "T1"}, "user": {"id": "U1"}}
    assert await post(gateway, urlencode({"payload": json.dumps(unknown)})) == (200, "")


UNREADABLE = {"type": "view_submission", "view": {"callback_id": "v"}, "team": {"id": "T1"}, "user": {"id": "U1"}}


async def test_what_bolt_cannot_read_breaks_nothing(stage, caplog):
    gateway = await stage.served()
    assert (await post(gateway, urlencode({"payload": json.dumps(UNREADABLE)})))[0] == 200
    assert "bolt could not read a request" in caplog.text


async def test_nothing_else_is_served(stage):
    gateway = await stage.served()
    async with aiohttp.ClientSession() as session:
        for method, path in (("GET", "/"), ("GET", "/slack/events"), ("POST", "/healthz"), ("POST", "/slack/install")):
            async with session.request(method, gateway.address + path) as answer:
                assert answer.status == 404


async def test_a_command_beyond_the_capacity_is_refused_in_the_ack(stage, slack):
    stage.receiver.hold.clear()
    gateway = await stage.served(capacity=Capacity(running=1, waiting=0))
    await post(gateway, urlencode(slash("one")))
    status, text = await post(gateway, urlencode(slash("two")))
    assert status == 200
    assert text == BUSY.text


async def test_a_gateway_needs_a_token_or_a_signing_secret(stage):
    with pytest.raises(Refusal, match="No connection to Slack"):
        stage.gateway(ConnectionSettings())
