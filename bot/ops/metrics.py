"""The metrics: their names, labels and help texts. No label names a person or a flow."""

from bot.absent import absent
from bot.work.delivery.alarms import DeliveryMetrics

with absent("http.server", "socketserver", "wsgiref.simple_server", "gzip"):  # metrics are served by aiohttp
    from prometheus_client import (
        CollectorRegistry,
        Counter,
        Gauge,
        Histogram,
        ProcessCollector,
        disable_created_metrics,
        generate_latest,
    )

BUCKETS = (0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30)  # seconds
NOT_KNOWN = float("nan")  # what is not known yet


class Metrics:
    """The bot's metrics, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # else there is a second series for each counter
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor time, open files
        own = self.registry
        # reading EnOS
        self.poll_lag = Gauge(
            "flowbot_poll_lag_seconds",
            "Seconds since the last complete poll of EnOS, or since the start if there was none",
            registry=own,
        )
        self.last_poll = Gauge(
            "flowbot_last_poll_timestamp_seconds",
            "Time of the last complete poll of EnOS, 0 if there was none",
            registry=own,
        )
        self.occurrences = Counter("flowbot_occurrences", "Failures seen for the first time", ["status"], registry=own)
        self.flows_watched = Gauge(
            "flowbot_flows_watched", "Flows that flowbot watches: those that its EnOS user sees", registry=own
        )
        self.flows_known = Gauge("flowbot_flows_known", "All flows of the organization", registry=own)
        self.enos_calls = Counter("flowbot_enos_calls", "Calls to EnOS", ["action", "outcome"], registry=own)
        self.enos_seconds = Histogram(
            "flowbot_enos_seconds", "Response time of EnOS in seconds", ["action"], buckets=BUCKETS, registry=own
        )
        self.late = Gauge(
            "flowbot_promise_late_seconds",
            "Seconds for which a promise has been broken, 0 if it is kept: read (poll EnOS), tell (report a failure), "
            "answer (answer a person), record (use the database), lead (one of several replicas leads), "
            "look (check the others)",
            ["promise"],
            registry=own,
        )
        # posting to Slack
        self.posts = Gauge("flowbot_posts", "Posts in the outbox, by state", ["state"], registry=own)
        self.oldest_post = Gauge(
            "flowbot_oldest_post_seconds",
            "Seconds for which the oldest post has been overdue, 0 if none is",
            ["state"],
            registry=own,
        )
        self.slack_posts = Counter(
            "flowbot_slack_deliveries", "Attempts to deliver a post to Slack", ["kind", "outcome"], registry=own
        )
        self.post_seconds = Histogram(
            "flowbot_post_seconds",
            "Seconds from when a post was due until it was sent",
            ["lane"],
            buckets=BUCKETS,
            registry=own,
        )
        self.doubles = Counter("flowbot_doubles", "Duplicate messages that flowbot deleted", registry=own)
        self.slack_calls = Counter("flowbot_slack_calls", "Calls to Slack", ["method", "outcome"], registry=own)
        self.slack_seconds = Histogram(
            "flowbot_slack_seconds", "Response time of Slack in seconds", ["method"], buckets=BUCKETS, registry=own
        )
        # telling other programs
        self.bridge_events = Gauge(
            "flowbot_bridge_events",
            "Incident events for the webhook and PagerDuty, by state",
            ["bridge", "state"],
            registry=own,
        )
        self.oldest_bridge_event = Gauge(
            "flowbot_oldest_bridge_event_seconds",
            "Seconds for which the oldest incident event has waited, 0 if none does",
            ["bridge"],
            registry=own,
        )
        self.bridge_deliveries = Counter(
            "flowbot_bridge_deliveries", "Attempts to deliver an incident event", ["bridge", "outcome"], registry=own
        )
        # receiving from Slack
        self.sockets = Gauge("flowbot_sockets", "Open Socket Mode connections", registry=own)
        self.sockets_wanted = Gauge(
            "flowbot_sockets_wanted", "Socket Mode connections that should be open, 0 in HTTP mode", registry=own
        )
        self.reconnects = Counter(
            "flowbot_socket_reconnects", "Socket Mode connections that flowbot opened again", registry=own
        )
        self.commands = Counter("flowbot_commands", "Commands received", ["surface"], registry=own)
        self.unhandled = Counter(
            "flowbot_unhandled_events",
            "Requests from Slack that flowbot acknowledged but did not handle: unknown, no room in the queue, or a bug",
            ["why"],
            registry=own,
        )
        # the process
        self.ready = Gauge("flowbot_ready", "1 if /readyz says that flowbot is ready, else 0", registry=own)
        self.leads = Gauge(
            "flowbot_leads", "1 if this replica leads: it reads EnOS, posts and reminds; 0 if it follows", registry=own
        )
        self.replicas = Gauge("flowbot_replicas", "Replicas that live, as this one knows", registry=own)
        self.tasks = Gauge("flowbot_tasks", "Running asyncio tasks", registry=own)
        self.database_bytes = Gauge(
            "flowbot_database_bytes",
            "Size of the database in bytes (of a file, with its write-ahead log)",
            registry=own,
        )
        self.alarms = Counter("flowbot_alarms", "Alarms that began", ["kind"], registry=own)
        self.alarm_active = Gauge(
            "flowbot_alarm_standing", "1 while an alarm is active, else 0", ["kind"], registry=own
        )
        self.build = Gauge("flowbot_build_info", "Always 1, with the version as a label", ["version"], registry=own)
        for unknown in (self.flows_watched, self.flows_known):
            unknown.set(NOT_KNOWN)

    def exposition(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)


def delivery_metrics(metrics: Metrics) -> DeliveryMetrics:
    """What the delivery counts, as these metrics."""
    return DeliveryMetrics(
        outcome=lambda kind, outcome: metrics.slack_posts.labels(kind.value, outcome).inc(),
        late=lambda lane, seconds: metrics.post_seconds.labels(lane.value).observe(seconds),
        duplicate=metrics.doubles.inc,
    )
