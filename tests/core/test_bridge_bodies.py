"""The bodies of events: CloudEvents for the webhook, Events API v2 for PagerDuty, and what PagerDuty is told when."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import KNOWN, MAYA, NOW, failure, incident

from bot.core.bridges import cloud_events, pagerduty
from bot.core.bridges.facts import facts, moment
from bot.core.bridges.keys import key_of, signed_headers
from bot.core.bridges.pagerduty import Action
from bot.core.flow.model import UserName
from bot.core.incident.events import IncidentStep
from bot.core.incident.lifecycle import acknowledge, close, recovered, unack
from bot.core.incident.model import Snooze, SnoozeId

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OPEN = incident(failure(**KNOWN))
LINKS = {"slack": "https://demo.slack.com/archives/C1/p1", "enos": "https://enos.example.com/3377"}


def event(step, new, old=None):
    return json.loads(
        cloud_events.incident_event("e1", step, new, old, LINKS, source="urn:flowbot:o1", at=NOW + timedelta(hours=1))
    )


def test_an_event_is_a_cloud_event_with_all_that_is_known(snapshot):
    taken, _ = acknowledge(OPEN, MAYA, NOW, note="looking")
    assert event(IncidentStep.OPENED, OPEN) == snapshot(name="opened")
    assert event(IncidentStep.HANDED_BACK, unack(taken)[0], taken) == snapshot(name="handed back")
    snooze = Snooze(SnoozeId("s1"), OPEN.flow_id, OPEN.flow_name, MAYA, NOW, NOW + timedelta(hours=2), "known")
    assert event(IncidentStep.SNOOZED, replace(OPEN, snooze=snooze), OPEN) == snapshot(name="snoozed")
    assert event(IncidentStep.CLOSED, close(taken, MAYA, NOW, "planned")[0], taken) == snapshot(name="closed")


def test_every_event_has_the_same_fields_whatever_is_known():
    bare = replace(OPEN, occurrences=(), owners=())
    ended = recovered(acknowledge(OPEN, MAYA, NOW)[0], "3377-20261122", NOW)[0]
    assert event(IncidentStep.OPENED, bare)["data"].keys() == event(IncidentStep.RECOVERED, ended, OPEN)["data"].keys()
    assert event(IncidentStep.OPENED, bare)["data"]["run"] is None


def test_what_has_no_bounds_is_cut():
    long = incident(
        *(failure(f"3377-{n:014d}", error_line="x" * 5000) for n in range(50)),
        owners=tuple(UserName(f"owner{n}") for n in range(50)),
    )
    data = facts(long, None, {})
    assert len(data["run"]["error_line"]) == 1000
    assert (len(data["flow"]["owners"]), len(data["runs_without_success"])) == (20, 20)
    assert data["runs_without_success"][-1] == long.occurrences[-1].instance
    assert data["incident"]["failures"] == 50


def test_times_are_utc_with_milliseconds():
    assert moment(NOW) == "2026-11-21T09:00:00.000Z"
    assert moment(None) is None


def test_a_ping_is_about_no_incident():
    body = json.loads(cloud_events.ping("e1", "urn:flowbot:o1", NOW))
    assert (body["type"], body["data"], "subject" in body) == ("io.flowbot.ping.v1", {}, False)


# ── the signature ──


@pytest.mark.parametrize(
    ("secret", "length"),
    [
        (SECRET, 32),
        ("whsec_" + base64.b64encode(b"k" * 24).decode(), 24),
        ("whsec_" + base64.b64encode(b"k" * 23).decode(), None),
        ("whsec_" + base64.b64encode(b"k" * 65).decode(), None),
        (base64.b64encode(b"k" * 32).decode(), None),
        ("whsec_not base64", None),
        ("whsec_密", None),
    ],
)
def test_a_secret_is_what_standard_webhooks_says(secret, length):
    key = key_of(secret)
    assert (key and len(key)) == length


def test_the_signature_covers_id_time_and_the_exact_body():
    body = '{"name":"日报"}'.encode()
    headers = signed_headers(key_of(SECRET), "e1", NOW, body)
    signed = b"e1." + headers["webhook-timestamp"].encode() + b"." + body
    digest = hmac.new(b"k" * 32, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-id"] == "e1"
    other = signed_headers(key_of(SECRET), "e1", NOW + timedelta(seconds=1), body)
    assert other["webhook-signature"] != headers["webhook-signature"]


def test_the_signature_is_the_one_of_standard_webhooks_own_example():
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = NOW.fromtimestamp(1614265330, tz=NOW.tzinfo)
    headers = signed_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# ── PagerDuty ──


def test_a_page_says_what_broke_and_where_to_look(snapshot):
    assert json.loads(pagerduty.body(Action.TRIGGER, OPEN, LINKS, source="urn:flowbot:o1")) == snapshot


def test_what_follows_a_page_names_it_and_nothing_more():
    for action in (Action.ACKNOWLEDGE, Action.RESOLVE):
        body = json.loads(pagerduty.body(action, OPEN, LINKS, source="urn:flowbot:o1"))
        assert body == {"event_action": action.value, "dedup_key": "i1"}


def test_the_key_is_added_as_a_body_is_sent():
    stored = pagerduty.body(Action.RESOLVE, OPEN, {}, source="")
    assert json.loads(pagerduty.with_key(stored, "k" * 32)) == json.loads(stored) | {"routing_key": "k" * 32}


def test_pagerduty_s_limits_are_kept():
    body = json.loads(
        pagerduty.body(Action.TRIGGER, replace(OPEN, flow_name="n" * 5000, id="i" * 300), LINKS, source="s")
    )
    assert len(body["payload"]["summary"]) == 1024
    assert len(body["dedup_key"]) == 255
    bare = json.loads(pagerduty.body(Action.TRIGGER, replace(OPEN, occurrences=()), {}, source="s"))
    assert bare["payload"]["summary"] == "daily-energy-report"


S, A = IncidentStep, Action


@pytest.mark.parametrize(
    ("sentence", "last", "steps", "actions"),
    [
        ("what was never paged stays so", None, [S.ACKNOWLEDGED, S.RECOVERED], []),
        ("an acknowledgement stops the calls", A.TRIGGER, [S.ACKNOWLEDGED], [A.ACKNOWLEDGE]),
        ("who extends says nothing new", A.ACKNOWLEDGE, [S.ACKNOWLEDGED], []),
        ("who takes it over says nothing new", A.ACKNOWLEDGE, [S.HANDED_OVER], []),
        ("a recovery resolves it", A.ACKNOWLEDGE, [S.RECOVERED], [A.RESOLVE]),
        ("a close resolves it", A.TRIGGER, [S.CLOSED], [A.RESOLVE]),
        ("it is resolved once", A.RESOLVE, [S.CLOSED], []),
        ("both steps of one change", A.TRIGGER, [S.ACKNOWLEDGED, S.RECOVERED], [A.ACKNOWLEDGE, A.RESOLVE]),
        ("after a resolve nothing follows", A.TRIGGER, [S.RECOVERED, S.ACKNOWLEDGED], [A.RESOLVE]),
        ("more failures call nobody again", A.TRIGGER, [S.FAILED_AGAIN, S.UPDATED], []),
        ("PagerDuty cannot take an acknowledgement back", A.ACKNOWLEDGE, [S.HANDED_BACK], []),
    ],
)
def test_pagerduty_is_told_how_a_page_goes_on(sentence, last, steps, actions):
    assert list(pagerduty.next_actions(last, steps)) == actions, sentence


@pytest.mark.parametrize(
    ("sentence", "last", "actions"),
    [
        ("the first page", None, [A.TRIGGER]),
        ("it is paged already", A.TRIGGER, []),
        ("nobody is on it any more: call again", A.ACKNOWLEDGE, [A.RESOLVE, A.TRIGGER]),
        ("it was over, and is open again", A.RESOLVE, [A.TRIGGER]),
    ],
)
def test_an_incident_is_paged_once_as_long_as_its_alert_stands(sentence, last, actions):
    assert list(pagerduty.page_actions(last)) == actions, sentence
