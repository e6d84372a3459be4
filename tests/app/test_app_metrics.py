"""The figures: what they say of the outbox, of the sockets and of the present moment."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import generate_latest

from bot.core.outbox.posts import Lane, PostKind
from bot.core.postgres_address import PostgresAddress
from bot.core.text.message import msg
from bot.ops.metrics import Metrics, delivery_metrics
from bot.ops.metrics_updater import MetricsUpdater
from bot.slack.gateway import GatewayHealth
from bot.slack.listeners import Load, RequestCounts
from bot.work.delivery.alarms import Alarm
from bot.work.monitor.coverage import FlowCoverage
from bot.work.monitor.monitor import Health as MonitorHealth

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WATCH = MonitorHealth(lag=None, waited=timedelta(), late=False, reachable=True, watched=None, read_to_the_end=())


def gateway(connected=2, reconnects=0, **counts):
    return GatewayHealth(2, connected, reconnects, None, Load(0, 0, 0.0), RequestCounts(**counts))


class Outbox:
    """An outbox with a number of posts by state, and since when."""

    def __init__(self, **posts):
        self.posts, self.since = posts, {}
        self.events, self.events_since = {}, {}

    async def post_counts(self):
        return self.posts

    async def oldest_posts(self):
        return self.since

    async def event_counts(self):
        return self.events

    async def oldest_events(self):
        return self.events_since


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def metrics_updater(metrics, tmp_path):
    return MetricsUpdater(metrics, tmp_path / "flowbot.db")


def said(metrics, name):
    """What is exported under this name: by label, or the one value."""
    text = generate_latest(metrics.registry).decode()
    found = re.findall(rf"^{name}(?:\{{\w+=\"([^\"]*)\"\}})? (\S+)$", text, re.MULTILINE)
    values = {label: float(value) for label, value in found}
    return values[""] if set(values) == {""} else values


async def test_a_state_that_nothing_is_in_any_more_goes_back_to_none(metrics, metrics_updater):
    outbox = Outbox(queued=3, replaced=1)
    await metrics_updater.update(outbox, gateway())
    assert said(metrics, "flowbot_posts")["queued"] == 3
    outbox.posts = {"sent": 3}
    await metrics_updater.update(outbox, gateway())
    gone = dict.fromkeys(("queued", "sending", "unclear", "given up", "replaced"), 0)
    assert said(metrics, "flowbot_posts") == gone | {"sent": 3}


async def test_the_oldest_post_is_as_old_as_it_has_been_due(metrics, metrics_updater):
    outbox = Outbox()
    outbox.since = {"queued": NOW - timedelta(seconds=90), "unclear": NOW + timedelta(seconds=5)}
    await metrics_updater.update(outbox, gateway())
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert said(metrics, "flowbot_oldest_post_seconds") == {"queued": 90, "sending": 0, "unclear": 0}
    outbox.since = {}
    await metrics_updater.update(outbox, gateway())
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert said(metrics, "flowbot_oldest_post_seconds")["queued"] == 0


async def test_what_others_count_is_counted_once(metrics, metrics_updater):
    for reconnects, unknown in ((1, 2), (1, 2), (4, 3)):
        await metrics_updater.update(Outbox(), gateway(reconnects=reconnects, unknown=unknown, refused=1))
    assert said(metrics, "flowbot_socket_reconnects_total") == 4
    assert said(metrics, "flowbot_unhandled_events_total") == {"unknown": 3, "no room": 1, "bug": 0}
    assert (said(metrics, "flowbot_sockets_wanted"), metrics_updater.connected) == (2, 2)


async def test_the_lag_counts_from_the_start_until_enos_was_read(metrics, metrics_updater):
    metrics_updater.refresh(replace(WATCH, waited=timedelta(seconds=40)), NOW, ready=False)
    assert said(metrics, "flowbot_poll_lag_seconds") == 40
    assert said(metrics, "flowbot_last_poll_timestamp_seconds") == 0
    assert said(metrics, "flowbot_ready") == 0
    metrics_updater.refresh(replace(WATCH, lag=timedelta(seconds=7), waited=timedelta(seconds=7)), NOW, ready=True)
    assert said(metrics, "flowbot_poll_lag_seconds") == 7
    assert said(metrics, "flowbot_last_poll_timestamp_seconds") == NOW.timestamp() - 7
    assert said(metrics, "flowbot_ready") == 1


async def test_what_is_watched_is_not_a_number_until_it_was_compared(metrics, metrics_updater):
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert str(said(metrics, "flowbot_flows_known")) == "nan"
    metrics_updater.refresh(replace(WATCH, watched=FlowCoverage(212, 240)), NOW, ready=True)
    assert (said(metrics, "flowbot_flows_watched"), said(metrics, "flowbot_flows_known")) == (212, 240)


async def test_the_database_is_as_large_as_its_files(metrics, metrics_updater, tmp_path):
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert said(metrics, "flowbot_database_bytes") == 0
    (tmp_path / "flowbot.db").write_bytes(b"x" * 100)
    (tmp_path / "flowbot.db-wal").write_bytes(b"x" * 20)
    (tmp_path / "flowbot.db.lock").write_bytes(b"x")
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert said(metrics, "flowbot_database_bytes") == 120


async def test_a_database_on_postgresql_is_as_large_as_the_server_says(metrics):
    class Server(Outbox):
        async def size(self):
            return 8_000_000

    metrics_updater = MetricsUpdater(metrics, PostgresAddress("postgresql:///flowbot", "flowbot"))
    await metrics_updater.update(Server(), gateway())
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert said(metrics, "flowbot_database_bytes") == 8_000_000


def test_an_alarm_is_active_until_it_is_over(metrics, metrics_updater):
    metrics_updater.set_alarm(Alarm("slack", msg("The token was revoked.")))
    assert said(metrics, "flowbot_alarm_standing") == {"slack": 1}
    metrics_updater.set_alarm(Alarm("slack", msg("The token was revoked."), over=True))
    assert said(metrics, "flowbot_alarm_standing") == {"slack": 0}
    assert said(metrics, "flowbot_alarms_total") == {"slack": 1}


def test_what_happens_is_counted_as_it_happens(metrics, metrics_updater):
    metrics_updater.count_occurrence(-1)
    metrics_updater.count_occurrence(7)
    metrics_updater.count_occurrence(7)
    metrics_updater.count_slack_call("chat.postMessage", "ok", 0.2)
    delivery = delivery_metrics(metrics)
    delivery.outcome(PostKind.MESSAGE, "sent")
    delivery.late(Lane.ALERT, 0.5)
    assert said(metrics, "flowbot_occurrences_total") == {"FAIL": 1, "TIMEOUT": 2}
    assert said(metrics, "flowbot_slack_seconds_count") == {"chat.postMessage": 1}
    assert said(metrics, "flowbot_post_seconds_count") == {"alert": 1}
    text = generate_latest(metrics.registry).decode()
    assert 'flowbot_slack_deliveries_total{kind="message",outcome="sent"} 1.0' in text
    assert 'flowbot_slack_deliveries_total{kind="file",outcome="given up"} 0.0' in text


async def test_events_for_other_programs_are_counted_with_the_age_of_the_oldest(metrics, metrics_updater):
    outbox = Outbox()
    outbox.events, outbox.events_since = {("webhook", "queued"): 3}, {"webhook": NOW - timedelta(seconds=90)}
    await metrics_updater.update(outbox, gateway())
    metrics_updater.refresh(WATCH, NOW, ready=True)
    metrics_updater.count_bridge_delivery("webhook", "accepted")
    assert figure(metrics, "bridge_events", bridge="webhook", state="queued") == 3
    assert figure(metrics, "bridge_events", bridge="pagerduty", state="queued") == 0
    assert figure(metrics, "oldest_bridge_event_seconds", bridge="webhook") == 90
    assert figure(metrics, "oldest_bridge_event_seconds", bridge="pagerduty") == 0
    assert figure(metrics, "bridge_deliveries_total", bridge="webhook", outcome="accepted") == 1
    assert figure(metrics, "bridge_deliveries_total", bridge="pagerduty", outcome="refused") == 0
    outbox.events, outbox.events_since = {}, {}
    await metrics_updater.update(outbox, gateway())
    metrics_updater.refresh(WATCH, NOW, ready=True)
    assert figure(metrics, "bridge_events", bridge="webhook", state="queued") == 0
    assert figure(metrics, "oldest_bridge_event_seconds", bridge="webhook") == 0


def figure(metrics, name, **labels):
    return metrics.registry.get_sample_value(f"flowbot_{name}", labels)
