"""How the schedule creates instances: for each time of a flow's cron, some time ahead, in state INIT."""

from datetime import UTC, datetime
from functools import partial

from bot.sim.enos.cron import following
from bot.sim.enos.model import PERIODIC, Flow, Instance, Status, cycle_suffix
from bot.sim.enos.runs import RunEngine

AHEAD = 7200.0  # seconds; the sample of Get Task Instance was made two hours before its trigger time


class Schedule:
    """Plans the next instance of every active periodic flow."""

    def __init__(self, runs: RunEngine, ahead: float = AHEAD) -> None:
        self._runs = runs
        self.ahead = ahead

    def start(self, flow: Flow, now: float) -> None:
        """Plan a flow's instances from now on, by its present cron, in place of those planned before."""
        self.stop(flow, now)
        if flow.active and flow.kind == PERIODIC:
            self._plan(flow, flow.schedule, max(now, _effective(flow)), now)

    def stop(self, flow: Flow, now: float) -> None:
        """Create no further instances, and remove those created ahead whose trigger time has not come."""
        flow.schedule += 1
        for instance in self._runs.of_flow(flow.id):
            if instance.status is Status.INIT and not instance.triggered and instance.trigger > now:
                self._runs.remove(instance)

    def _plan(self, flow: Flow, schedule: int, after: float, now: float) -> None:
        at = following(flow.freq, after)
        if at is not None:
            self._runs.call_at(max(now, at - self.ahead), partial(self._create, flow, schedule, at))

    def _create(self, flow: Flow, schedule: int, trigger: float, now: float) -> None:
        if flow.schedule != schedule:
            return
        suffix = cycle_suffix(flow.cycle, trigger)
        if flow.shape.tasks and f"{flow.id}-{suffix}" not in self._runs.all:
            self._runs.begin(Instance(flow, suffix, kind=flow.kind, trigger=trigger, now=now), now)
        self._plan(flow, schedule, trigger, now)


def _effective(flow: Flow) -> float:
    """Compute the second before a flow's start date, epoch seconds; 0 for a date that cannot be parsed."""
    try:
        return datetime.strptime(flow.start_date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() - 1
    except ValueError:
        return 0.0


def free_slot(runs: RunEngine, flow: Flow, at: float) -> tuple[str, float]:
    """Find id digits and a trigger time (epoch seconds) for a scheduled run around ``at`` that no instance has yet.

    The flow's own form first. Where that is taken, digits to the minute: a person who lets a daily flow fail twice in
    an hour and then recover wants to see three instances, each later than the one before. So it is the minute
    half-way between the flow's newest run and ``at``; once there is no room, the nearest free minute before that.
    """
    trigger = at - at % 60
    suffix = cycle_suffix(flow.cycle, trigger)
    if f"{flow.id}-{suffix}" not in runs.all:
        return suffix, trigger
    newest = max((each for each in map(_time_of, runs.of_flow(flow.id)) if each <= trigger), default=trigger)
    trigger -= (trigger - newest) // 120 * 60
    while f"{flow.id}-{cycle_suffix('mi', trigger)}" in runs.all:
        trigger -= 60
    return cycle_suffix("mi", trigger), trigger


def _time_of(instance: Instance) -> float:
    """Compute the time that an id's digits mean, epoch seconds."""
    return datetime.strptime(f"{instance.suffix:0<14}", "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
