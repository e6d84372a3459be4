"""The one judgement of the bot's health, for ``/readyz``, ``status``, the doctor, the daily line and the heartbeat.

Active alarms, connections, the promise (``bot/ops/watchdog.py``), and the number of watched flows come together here,
and only here.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from bot import __version__
from bot.core.health import promise
from bot.core.health.promise import BotStatus, Judgement, span
from bot.ops.clocks import ClockJumps
from bot.ops.metrics_updater import MetricsUpdater
from bot.ops.watchdog import Watchdog
from bot.work.delivery.alarms import STOP_NOTHING, Alarm
from bot.work.monitor.monitor import Monitor

log = logging.getLogger("bot")


class BotHealth:
    """Judges the bot.

    ``socket_mode``: whether flowbot connects to Slack, and not Slack to flowbot. ``on_call`` returns what is wrong with
    the on-call groups, or an empty text.
    """

    def __init__(
        self,
        metrics_updater: MetricsUpdater,
        monitor: Monitor,
        watchdog: Watchdog,
        clock_jumps: ClockJumps,
        steady: Callable[[], datetime],
        *,
        socket_mode: bool,
        on_call: Callable[[], str] = str,
    ) -> None:
        self._metrics_updater, self._monitor, self._watchdog, self._clock_jumps, self._steady = (
            metrics_updater,
            monitor,
            watchdog,
            clock_jumps,
            steady,
        )
        self._socket_mode, self._on_call = socket_mode, on_call
        self._alarms: dict[str, str] = {}  # by name, the sentence of each problem that only an operator can fix

    def note_alarm(self, alarm: Alarm) -> None:
        """Note an alarm that begins or is over."""
        self._metrics_updater.set_alarm(alarm)
        if alarm.over:
            log.info("Alarm over: %s", alarm.sentence)
            self._alarms.pop(alarm.name, None)
        elif alarm.name in STOP_NOTHING:
            log.error("Alarm: %s", alarm.sentence)
        else:
            log.critical("Alarm: %s", alarm.sentence)
            self._alarms[alarm.name] = alarm.sentence

    def judgement(self) -> Judgement:
        """The bot's health now."""
        broken, remarks = [*self._alarms.values()], list[str]()
        if self._socket_mode and not self._metrics_updater.connected:
            broken.append("Slack is not connected.")
        late = self._watchdog.late()
        health = self._monitor.health(self._steady())
        if health.lag is None and not late:
            broken.append("EnOS was not read yet.")
        watched = health.watched
        if watched is not None and watched.watching < watched.total:
            gap = f"Failures of {watched.total - watched.watching} of {watched.total} flows are not seen."
            (remarks if watched.watching else broken).append(gap)
        if trouble := self._on_call():
            remarks.append(trouble)
        return promise.judge(late, broken, remarks)

    def status(self) -> BotStatus:
        """What ``status`` shows."""
        health = self._monitor.health(self._steady())
        watched, clock = health.watched, ""
        read = f"{span(health.lag.total_seconds())} ago" if health.lag is not None else "never"
        if (jump := self._clock_jumps.recent) is not None:
            direction = "ahead" if jump.by.total_seconds() > 0 else "back"
            ago = span((self._steady() - jump.at).total_seconds())
            clock = f"was put {direction} by {span(abs(jump.by).total_seconds())}, {ago} ago"
        return BotStatus(
            self.judgement(),
            watching=f"{watched.watching} of {watched.total} flows" if watched else "not compared yet",
            last_read=read,
            slack=f"{self._metrics_updater.connected} of 2 sockets connected" if self._socket_mode else "HTTP mode",
            version=_versions(),
            clock=clock,
        )

    def refresh(self, now: datetime) -> None:
        """Bring the metrics to the present; ``now`` is the wall clock's time."""
        self._metrics_updater.refresh(self._monitor.health(self._steady()), now, ready=not self.judgement().broken)
        self._metrics_updater.set_late(self._watchdog.late())


def _versions() -> str:
    from importlib.metadata import version

    return f"flowbot {__version__}, slack-bolt {version('slack-bolt')}"
