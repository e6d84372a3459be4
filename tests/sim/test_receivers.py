"""The receivers of events: what they accept, refuse, keep and show."""

import base64
import hashlib
import hmac
import json

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.sim.pagerduty import PATH
from bot.sim.receivers import HOOK, OLDEST, SECRET, Receivers

NOON = 1_795_262_400.0
EVENT = {
    "id": "e1",
    "type": "io.flowbot.incident.failed_again.v1",
    "time": "2026-11-21T12:00:00.000Z",
    "data": {"flow": {"name": "meter-import"}},
}


@pytest.fixture
def receivers():
    return Receivers(lambda: NOON)


@pytest.fixture
async def client(receivers):
    async with TestClient(TestServer(receivers.app())) as opened:
        yield opened


def signed(body, *, id_="e1", at=NOON, secret=SECRET):
    stamp = str(int(at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": signature}


async def test_an_event_that_comes_twice_is_accepted_twice_and_kept_once(client, receivers):
    body = json.dumps(EVENT).encode()
    for _ in range(2):
        assert (await client.post(HOOK, data=body, headers=signed(body))).status == 204
    assert receivers.arrived()["events"] == [{"at": NOON, "step": "failed_again", "flow": "meter-import", "id": "e1"}]
    assert receivers.webhook.refused == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(b"{}", secret="whsec_" + base64.b64encode(b"some other key, as long as ours is").decode()),
        signed(b"another body"),
        signed(b"{}", at=NOON - OLDEST - 1),
        signed(b"{}") | {"webhook-timestamp": "noon"},
    ],
    ids=["unsigned", "another key", "another body", "too old", "no time"],
)
async def test_an_event_that_is_not_signed_by_flowbot_is_refused(client, receivers, headers):
    assert (await client.post(HOOK, data=b"{}", headers=headers)).status == 401
    assert receivers.webhook.refused == 1
    assert receivers.arrived()["events"] == []


async def test_an_alert_shows_its_steps_and_what_has_no_effect_is_not_one(client, receivers):
    payload = {"summary": "FAIL · meter-import", "source": "flowbot", "severity": "error"}
    for action in ("trigger", "trigger", "acknowledge", "acknowledge", "resolve", "resolve"):
        event = {"routing_key": receivers.pagerduty.key, "event_action": action, "dedup_key": "k", "payload": payload}
        assert (await client.post(PATH, json=event)).status == 202
    (alert,) = receivers.arrived()["alerts"]
    assert (alert["key"], alert["status"], alert["summary"]) == ("k", "resolved", "FAIL · meter-import")
    assert [step["action"] for step in alert["steps"]] == ["trigger", "acknowledge", "resolve"]


def test_the_settings_lead_to_the_receivers(receivers):
    settings = receivers.settings("http://127.0.0.1:1")
    assert settings["FLOWBOT_WEBHOOK_URL"] == f"http://127.0.0.1:1{HOOK}"
    assert settings["FLOWBOT_PAGERDUTY_URL"] == f"http://127.0.0.1:1{PATH}"
    assert settings["FLOWBOT_PAGERDUTY_KEY"] == receivers.pagerduty.key
