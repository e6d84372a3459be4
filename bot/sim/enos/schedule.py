"""How the schedule makes instances: for each moment that a flow's cron names, some time ahead, in state INIT."""

from datetime import UTC, datetime
from functools import partial

from bot.sim.enos.cron import following
from bot.sim.enos.model import PERIODIC, Flow, Instance, Status, cycle_suffix
from bot.sim.enos.runs import Runs

AHEAD = 7200.0  # seconds; the sample of Get Task Instance was made two hours before its trigger time


class Schedule:
    """Plans the next instance of every active periodic flow."""

    def __init__(self, runs: Runs, ahead: float = AHEAD) -> None:
        self._runs = runs
        self.ahead = ahead

    def start(self, flow: Flow, now: float) -> None:
        """Plan a flow's instances from now on, by its present cron; what was planned before is void."""
        self.stop(flow, now)
        if flow.active and flow.kind == PERIODIC:
            self._plan(flow, flow.schedule, max(now, _effective(flow)), now)

    def stop(self, flow: Flow, now: float) -> None:
        """Make no further instances, and take back those made ahead whose time has not come."""
        flow.schedule += 1
        for instance in self._runs.of_flow(flow.id):
            if instance.status is Status.INIT and not instance.triggered and instance.trigger > now:
                self._runs.forget(instance)

    def _plan(self, flow: Flow, schedule: int, after: float, now: float) -> None:
        at = following(flow.freq, after)
        if at is not None:
            self._runs.later(max(now, at - self.ahead), partial(self._create, flow, schedule, at))

    def _create(self, flow: Flow, schedule: int, trigger: float, now: float) -> None:
        if flow.schedule != schedule:
            return
        suffix = cycle_suffix(flow.cycle, trigger)
        if flow.shape.tasks and f"{flow.id}-{suffix}" not in self._runs.all:
            self._runs.begin(Instance(flow, suffix, kind=flow.kind, trigger=trigger, now=now), now)
        self._plan(flow, schedule, trigger, now)


def _effective(flow: Flow) -> float:
    """Return the moment just before a flow's start date; the distant past for a date that cannot be read."""
    try:
        return datetime.strptime(flow.start_date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() - 1
    except ValueError:
        return 0.0


def free_slot(runs: Runs, flow: Flow, at: float) -> tuple[str, float]:
    """Return digits and trigger time for a scheduled run around ``at`` that no instance has yet.

    The flow's own form first. Where that is taken, digits to the minute: a person who breaks a daily flow twice in
    an hour and then mends it wants to see three instances, each later than the one before. So it is the minute
    half-way between the flow's newest run and ``at``; once there is no room, the nearest free minute before that.
    """
    trigger = at - at % 60
    suffix = cycle_suffix(flow.cycle, trigger)
    if f"{flow.id}-{suffix}" not in runs.all:
        return suffix, trigger
    newest = max((each for each in map(_moment, runs.of_flow(flow.id)) if each <= trigger), default=trigger)
    trigger -= (trigger - newest) // 120 * 60
    while f"{flow.id}-{cycle_suffix('mi', trigger)}" in runs.all:
        trigger -= 60
    return cycle_suffix("mi", trigger), trigger


def _moment(instance: Instance) -> float:
    """Return the moment that an id's digits stand for, epoch seconds."""
    return datetime.strptime(f"{instance.suffix:0<14}", "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
