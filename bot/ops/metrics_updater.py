"""The one place that sets the metrics.

Some are counted as things happen (calls, deliveries, failures), some are looked up every few seconds (the outbox, the
sockets), and some are computed when ``/metrics`` is read.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.core.bridges.model import Bridge, EventState
from bot.core.bridges.outcomes import Verdict
from bot.core.flow.status import name_of
from bot.core.health.promise import Late, Promise
from bot.core.outbox.posts import PostKind, PostState
from bot.core.postgres_address import PostgresAddress
from bot.ops.metrics import Metrics
from bot.slack.gateway import GatewayHealth
from bot.store.store import Store
from bot.work.delivery.alarms import Alarm
from bot.work.monitor.monitor import Health as MonitorHealth

if TYPE_CHECKING:
    from prometheus_client import Counter

WAITING = (PostState.QUEUED, PostState.SENDING, PostState.UNCLEAR)


class MetricsUpdater:
    """Keeps the metrics current."""

    def __init__(self, metrics: Metrics, database: Path | PostgresAddress) -> None:
        self._metrics, self._database = metrics, database
        self._states = {state.value for state in PostState}
        self._oldest: Mapping[str, datetime] = {}
        self._oldest_events: Mapping[str, datetime] = {}
        self._counted: dict[tuple[Counter, str], int] = {}
        self.connected = 0  # open sockets at the last check
        metrics.build.labels(__version__).set(1)
        for state in WAITING:
            metrics.posts.labels(state.value).set(0)
            metrics.oldest_post.labels(state.value).set(0)
        for bridge in Bridge:
            metrics.bridge_deliveries.labels(bridge.value, Verdict.REFUSED.value)
            metrics.bridge_deliveries.labels(bridge.value, Verdict.TOO_OLD.value)
        for kind in PostKind:  # begin at 0, so that the first time is seen as an increase
            metrics.slack_posts.labels(kind.value, "given up")

    # ── as things happen ──

    def count_slack_call(self, method: str, outcome: str, seconds: float) -> None:
        """Count a call to Slack."""
        self._metrics.slack_calls.labels(method, outcome).inc()
        self._metrics.slack_seconds.labels(method).observe(seconds)

    def count_occurrence(self, status: int) -> None:
        """Count a failure that was seen for the first time."""
        self._metrics.occurrences.labels(name_of(status)).inc()

    def count_bridge_delivery(self, bridge: str, outcome: str) -> None:
        """Count an attempt to deliver an event."""
        self._metrics.bridge_deliveries.labels(bridge, outcome).inc()

    def set_alarm(self, alarm: Alarm) -> None:
        """Count an alarm that begins; it is active until it is over."""
        self._metrics.alarm_active.labels(alarm.name).set(not alarm.over)
        if not alarm.over:
            self._metrics.alarms.labels(alarm.name).inc()

    # ── every few seconds ──

    async def update(self, store: Store, gateway: GatewayHealth, *, leads: bool = True) -> None:
        """Read the sockets and, where this replica ``leads``, the outbox. Raises what the store raises."""
        metrics = self._metrics
        self.connected = gateway.connected
        metrics.sockets_wanted.set(gateway.wanted)
        self._count_up(metrics.reconnects, "", gateway.reconnects)
        counts = gateway.counts
        for why, number in (("unknown", counts.unknown), ("no room", counts.refused), ("bug", counts.failed)):
            self._count_up(metrics.unhandled, why, number)
        if not leads:
            return
        posts = await store.post_counts()
        self._states |= posts.keys()
        for state in self._states:  # a state without posts is not counted, and goes back to 0
            metrics.posts.labels(state).set(posts.get(state, 0))
        self._oldest = await store.oldest_posts()
        events = await store.event_counts()
        for place in product([each.value for each in Bridge], [each.value for each in EventState]):
            metrics.bridge_events.labels(*place).set(events.get(place, 0))
        self._oldest_events = await store.oldest_events()
        if isinstance(self._database, PostgresAddress):
            metrics.database_bytes.set(await store.size())

    def _count_up(self, counter: "Counter", label: str, total: int) -> None:
        """Bring a counter up to a total that is counted elsewhere."""
        more = total - self._counted.get((counter, label), 0)
        self._counted[counter, label] = total
        (counter.labels(label) if label else counter).inc(max(0, more))

    def set_late(self, late: Iterable[Late]) -> None:
        """Set for how long each promise is broken; 0 where it is kept."""
        ages = {each.promise: each.seconds for each in late}
        for promise in Promise:
            self._metrics.late.labels(promise.value).set(ages.get(promise, 0.0))

    # ── when /metrics is read ──

    def set_replica(self, leads: bool, living: int) -> None:  # noqa: FBT001  a gauge of its own
        """Set which of several replicas this is, and how many live."""
        self._metrics.leads.set(leads)
        self._metrics.replicas.set(living)

    def refresh(self, monitor: MonitorHealth, now: datetime, *, ready: bool) -> None:
        """Set what depends on the present moment."""
        metrics, lag = self._metrics, monitor.lag
        metrics.ready.set(ready)
        metrics.poll_lag.set(monitor.waited.total_seconds())
        metrics.last_poll.set((now - lag).timestamp() if lag is not None else 0)
        if monitor.watched is not None:
            metrics.flows_watched.set(monitor.watched.watching)
            metrics.flows_known.set(monitor.watched.total)
        for state in WAITING:
            due = self._oldest.get(state.value)
            metrics.oldest_post.labels(state.value).set(max(0.0, (now - due).total_seconds()) if due else 0)
        for bridge in Bridge:
            at = self._oldest_events.get(bridge.value)
            metrics.oldest_bridge_event.labels(bridge.value).set(max(0.0, (now - at).total_seconds()) if at else 0)
        metrics.sockets.set(self.connected)
        metrics.tasks.set(len(asyncio.all_tasks()))
        if isinstance(self._database, Path):
            metrics.database_bytes.set(sum(map(_size, _files(self._database))))


def _files(database: Path) -> tuple[Path, ...]:
    """The database's file and the two that SQLite keeps next to it."""
    return database, *(database.with_name(database.name + ending) for ending in ("-wal", "-journal"))


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
