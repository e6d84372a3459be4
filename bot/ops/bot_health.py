"""The one judgement of the bot's health, for ``/readyz``, ``status``, the doctor, the digest and the heartbeat.

Active alarms, connections, the promise (``bot/ops/watchdog.py``), and the number of watched flows come together here,
and only here.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot import __version__
from bot.core.health import promise
from bot.core.health.promise import BotStatus, Judgement, Promise
from bot.core.health.shared import Shared
from bot.core.text.escape import EMPTY
from bot.core.text.message import Text, ago, msg, verbatim
from bot.ops.clocks import ClockJumps
from bot.ops.metrics_updater import MetricsUpdater
from bot.ops.replica import Alone, Replica
from bot.ops.watchdog import Watchdog
from bot.work.delivery.alarms import STOP_NOTHING, Alarm
from bot.work.monitor.monitor import Monitor

log = logging.getLogger("bot")

UNLED = 10.0  # seconds that it may take until another replica leads


class BotHealth:
    """Judges the bot.

    ``socket_mode``: whether flowbot connects to Slack, and not Slack to flowbot. ``on_call`` returns what is wrong with
    the on-call groups, ``known_since`` since when all runs are known, ``shared`` what the leader of several replicas
    has told.
    """

    def __init__(  # noqa: PLR0913  its collaborators and its settings, by name
        self,
        metrics_updater: MetricsUpdater,
        monitor: Monitor,
        watchdog: Watchdog,
        clock_jumps: ClockJumps,
        steady: Callable[[], datetime],
        *,
        socket_mode: bool,
        on_call: Callable[[], Sequence[Text]],
        known_since: Callable[[], datetime | None],
        shared: Callable[[], Shared] = Shared,
        replica: Replica | Alone | None = None,
    ) -> None:
        self._metrics_updater, self._monitor, self._watchdog, self._clock_jumps, self._steady = (
            metrics_updater,
            monitor,
            watchdog,
            clock_jumps,
            steady,
        )
        self._socket_mode, self._on_call, self._known_since = socket_mode, on_call, known_since
        self._shared, self._replica = shared, replica or Alone()
        self._alarms: dict[str, Text] = {}  # by name, the sentence of each problem that only an operator can fix

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
        """The health of this process now: of one that follows, only what is its own."""
        broken = [*self._alarms.values()]
        if self._socket_mode and not self._metrics_updater.connected:
            broken.append(msg("Slack is not connected."))
        if self._replica.leads:
            return self._of_all(broken)
        late = self._watchdog.late()
        if self._replica.unled_for() > UNLED and all(each.promise is not Promise.LEAD for each in late):
            broken.append(msg("No replica of flowbot leads right now. Alerts wait until one does."))
        return promise.judge(late, broken, ())

    def known(self, now: datetime) -> Shared:
        """What is known of flowbot as a whole: by this process, or by the one that leads."""
        if not self._replica.leads:
            return self._shared()
        health = self._monitor.health(self._steady())
        return Shared(
            judgement=self._of_all([*self._alarms.values()]),
            watched=None if health.watched is None else (health.watched.watching, health.watched.total),
            read_at=None if health.lag is None else now - health.lag,
            known_since=self._known_since(),
        )

    def _of_all(self, broken: list[Text]) -> Judgement:
        """Judge flowbot as a whole, given what else is broken."""
        remarks = list[Text]()
        late = self._watchdog.late()
        health = self._monitor.health(self._steady())
        if health.lag is None and not late:
            broken.append(msg("The first poll of EnOS is not complete yet."))
        watched = health.watched
        if watched is not None and watched.watching < watched.total:
            unseen = watched.total - watched.watching
            gap = msg("Failures of {n} of {total} flows are not seen.", n=unseen, total=watched.total)
            (remarks if watched.watching else broken).append(gap)
        remarks += self._on_call()
        return promise.judge(late, broken, remarks)

    def status(self, now: datetime) -> BotStatus:
        """What ``status`` shows; ``now`` is the wall clock's time."""
        known, own, connected = self.known(now), self.judgement(), self._metrics_updater.connected
        watched, read_at, since = known.watched, known.read_at, known.known_since
        if not self._replica.leads:
            told = known.judgement
            own = Judgement(tuple(dict.fromkeys((*own.broken, *told.broken))), told.remarks)
        return BotStatus(
            own,
            watching=msg("{n} of {total} flows", n=watched[0], total=watched[1])
            if watched is not None
            else msg("not compared yet"),
            last_read=ago(now - read_at) if read_at is not None else msg("never"),
            slack=msg("{n} of {total} sockets connected", n=connected, total=2)
            if self._socket_mode
            else msg("HTTP mode"),
            version=_versions(),
            clock=self._clock(),
            history=msg("complete since {time}", time=since) if since is not None else msg("not read yet"),
        )

    def _clock(self) -> Text:
        """How the wall clock was set lately, if it was."""
        jump = self._clock_jumps.recent
        if jump is None:
            return EMPTY
        when, by = ago(self._steady() - jump.at), timedelta(seconds=round(jump.by.total_seconds()))
        if by > timedelta():
            return msg("was set ahead by {duration}, {ago}", duration=by, ago=when)
        return msg("was set back by {duration}, {ago}", duration=-by, ago=when)

    def refresh(self, now: datetime) -> None:
        """Bring the metrics to the present; ``now`` is the wall clock's time."""
        self._metrics_updater.set_replica(self._replica.leads, self._replica.living)
        self._metrics_updater.refresh(self._monitor.health(self._steady()), now, ready=not self.judgement().broken)
        self._metrics_updater.set_late(self._watchdog.late())


def _versions() -> Text:
    from importlib.metadata import version

    return verbatim(f"flowbot {__version__}, slack-bolt {version('slack-bolt')}")
