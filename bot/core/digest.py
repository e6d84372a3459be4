"""The digest: once a day, what is open in a channel, and what is over and how. Silence is never mistaken for health.

    a plan's hour ──when──▸ DUE ──contents──▸ the incidents with a card in the channel, by what became of them

A channel's digests follow one another: each covers the time from the end of the last one, so that every failure is in
exactly one of them. What it covers ends before a poll that is still being written down.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Any

from bot.core.flow.ids import is_triggered
from bot.core.flow.model import InstanceId
from bot.core.flow.run import Run
from bot.core.history.runs import SlowRun
from bot.core.incident.groups import worst_first
from bot.core.incident.lifecycle import failures, is_live, not_backfilled
from bot.core.incident.model import Incident, IncidentId, Phase, Snooze
from bot.core.routing.prefs import OFF, Prefs
from bot.core.routing.quiet import zone_named
from bot.core.text.message import Text
from bot.core.values import dataclass

NINE = time(9)
A_DAY = timedelta(days=1)
LEFT_FOR = timedelta(days=7)  # how long a recovered incident is listed while a failure lacks a successful run
ROWS = 30  # more than this nobody reads


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """When a channel gets its digest."""

    channel: str  # or the user id of the person whose direct messages get it
    at: time = NINE
    zone: tzinfo | None = None  # of that time; None: flowbot's


@dataclass(frozen=True, slots=True)
class WatchState:
    """How well flowbot watches now."""

    watched: tuple[int, int] | None = None  # how many flows it watches, of how many; None until compared
    troubles: Sequence[Text] = ()  # what keeps it from its work
    is_reachable: bool = True  # EnOS

    @property
    def well(self) -> bool:
        """Whether nothing keeps it from seeing a failure."""
        blind = self.watched is not None and self.watched[0] < self.watched[1]
        return self.is_reachable and not self.troubles and not blind


# ── when ──


def plans(prefs: Mapping[str, Prefs], alert_channel: str) -> tuple[DigestPlan, ...]:
    """Who gets a digest, and when: whoever's preferences say so; the alert channel where they say nothing, too."""
    said = {place: each for place, each in prefs.items() if each.digest}
    by_itself = () if alert_channel in said else (DigestPlan(alert_channel),)
    return by_itself + tuple(
        DigestPlan(place, time.fromisoformat(each.digest), zone_named(each.digest_zone))
        for place, each in said.items()
        if each.digest != OFF
    )


class Timing(Enum):
    """Whether a channel's digest is to be posted now."""

    DUE = "due"
    TOLD = "told already"
    FIRST = "planned after its hour"  # a channel that has just got a plan waits for its hour
    CLOCK_WAS_AHEAD = "the clock was ahead"  # one was posted for a day in the future: this starts again


@dataclass(frozen=True, slots=True)
class LastDigest:
    """What a channel's note holds."""

    slot: datetime  # the moment that its last digest was planned for
    until: datetime | None = None  # the end of what that covered; None before the first one

    def written(self) -> str:
        """The text of the note. The end is in milliseconds: the store corrects it where the clock was set back."""
        until = None if self.until is None else int(self.until.timestamp() * 1000)
        return json.dumps({"slot": self.slot.isoformat(), "until": until})

    @staticmethod
    def of_daily_line(day: str, zone: tzinfo) -> "LastDigest":
        """What version 0.1.0 noted of its last daily line: its day, as ISO writes it."""
        at = _moment(date.fromisoformat(day), NINE, zone)
        return LastDigest(at, at)

    @staticmethod
    def read(note: str) -> "LastDigest | None":
        """What a note holds; None for an empty one."""
        if not note:
            return None
        held = json.loads(note)
        until = None if held["until"] is None else datetime.fromtimestamp(held["until"] / 1000, UTC)
        return LastDigest(datetime.fromisoformat(held["slot"]), until)


def latest_slot(at: time, zone: tzinfo, now: datetime) -> datetime:
    """The last moment, up to now, at which a digest was planned: one each day.

    Where the clock skips the hour it is as much later as the clock skips; of an hour that comes twice it is the first.
    """
    today = now.astimezone(zone).date()
    moment = _moment(today, at, zone)
    return moment if moment <= now else _moment(today - A_DAY, at, zone)


def note_of(channel: str) -> str:
    """The name of a channel's note."""
    return f"digest {channel}"


def when(last: LastDigest | None, slot: datetime, now: datetime, planned_at: datetime) -> Timing:
    """Whether the digest planned for ``slot`` is to be posted. ``planned_at``: when a channel without one got its plan.

    A plan whose hour was changed to one that is later than today's digest gets another one today.
    """
    if last is None:
        return Timing.FIRST if slot <= planned_at else Timing.DUE
    if last.slot - now > A_DAY:
        return Timing.CLOCK_WAS_AHEAD
    return Timing.DUE if slot > last.slot else Timing.TOLD


def planned(last: LastDigest | None, slot: datetime) -> LastDigest:
    """What a channel's note holds once somebody has said its hour; ``slot`` is the last one before that.

    Its next digest waits for that hour, and covers all since its last one, also where there was none for a while.
    """
    if last is None:
        return LastDigest(slot)
    return last if last.slot >= slot else LastDigest(slot, last.until or last.slot)


def covered(last: LastDigest | None, until: datetime) -> tuple[datetime, datetime]:
    """From when to when a digest covers: nothing where the clock was set back.

    The first of a channel covers a day, or all since its plan is known: flowbot may have been stopped at its hour.
    """
    since = until - A_DAY
    if last is not None:
        since = min(since, last.slot) if last.until is None else last.until
    return since, max(since, until)


def _moment(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


# ── what ──


@dataclass(frozen=True, slots=True)
class Known:
    """What a digest says of incidents beyond what they hold, where it is known."""

    links: Mapping[IncidentId, str] = field(default_factory=dict)  # to their cards in its channel
    runs: Mapping[IncidentId, Run] = field(default_factory=dict)  # that a person started, and that ended them


@dataclass(frozen=True, slots=True)
class Contents:
    """What a digest lists."""

    since: datetime
    failures: int
    flows: int  # that failed
    live: int  # incidents that are open or acknowledged
    acknowledged: int
    open: tuple[Incident, ...]  # or acknowledged, the worst first
    snoozed: tuple[tuple[Snooze, Incident | None], ...]  # with the flow's open incident
    recovered: tuple[Incident, ...]
    closed: tuple[Incident, ...]
    missing: tuple[Incident, ...]  # recovered, with failures that have no successful run yet
    slower: tuple[SlowRun, ...] = ()  # in the alert channel: than usual

    @property
    def all_quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.failures or self._rows)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Those that have a row."""
        snoozed = tuple(incident for _, incident in self.snoozed if incident is not None)
        return (*self.open, *snoozed, *self.recovered, *self.closed, *self.missing)

    def cut(self, most: int = ROWS) -> tuple["Contents", int]:
        """The same with as many rows as there is room for, in the order of a digest; and how many are left out."""
        room = most
        kept: dict[str, Any] = {}
        for name in _SECTIONS:
            kept[name] = getattr(self, name)[:room]
            room -= len(kept[name])
        return replace(self, **kept), max(0, self._rows - most)

    @property
    def _rows(self) -> int:
        return sum(len(getattr(self, name)) for name in _SECTIONS)


_SECTIONS = ("open", "snoozed", "recovered", "closed", "missing", "slower")


def contents(
    incidents: Sequence[Incident],
    snoozes: Sequence[Snooze],
    channel: str,
    since: datetime,
    until: datetime,
    *,
    is_alert_channel: bool,
    slow: Sequence[SlowRun] = (),
) -> Contents:
    """What a channel's digest lists for ``[since, until)``, and what is open, snoozed or missing now.

    ``incidents`` are the live ones and those that ended lately. A snooze is told in the alert channel, and where the
    flow has an open incident; one of all flows is told everywhere.
    """
    here = [each for each in incidents if each.card_in(channel) is not None]
    failed = [each.flow_id for each in here for failure in failures(each) if since <= failure.seen_at < until]
    live = {each.flow_id: each for each in here if is_live(each)}
    told = tuple(
        (each, live.get(each.flow_id) if each.flow_id is not None else None)
        for each in snoozes
        if is_alert_channel or each.flow_id is None or each.flow_id in live
    )
    quiet = {each.flow_id for each, _ in told}
    over = [each for each in here if each.ended_at is not None and since <= each.ended_at < until]
    return Contents(
        since=since,
        failures=len(failed),
        flows=len(set(failed)),
        live=sum(map(is_live, here)),
        acknowledged=sum(each.phase is Phase.ACKNOWLEDGED for each in here),
        open=tuple(worst_first(each for each in here if is_live(each) and each.flow_id not in quiet)),
        snoozed=told,
        recovered=tuple(each for each in over if each.phase is Phase.RECOVERED),
        closed=tuple(each for each in over if each.phase is Phase.CLOSED),
        missing=tuple(each for each in here if _lacks_a_run(each, until)),
        slower=tuple(slow) if is_alert_channel else (),
    )


def _lacks_a_run(incident: Incident, now: datetime) -> bool:
    if incident.phase is not Phase.RECOVERED or not not_backfilled(incident):
        return False
    return incident.ended_at is None or now - incident.ended_at < LEFT_FOR


class Recovery(Enum):
    """How an incident recovered."""

    BY_ITSELF = "by itself"  # a run of the schedule
    RERUN_BY_PERSON = "rerun from chat"
    RUN_BY_PERSON = "run from chat"
    IN_ENOS = "started in EnOS"
    RETRIED = "rerun by a retry rule"


def how_recovered(incident: Incident, run: Run | None) -> Recovery:
    """How it recovered; ``run`` is the run that ended it, where a person started that from chat.

    EnOS does not say who started a run: one that keeps the id of a failure, or has an id of a triggered run, is not
    the schedule's.
    """
    if run is not None and run.verb == "retry":
        return Recovery.RETRIED
    if run is not None:
        return Recovery.RERUN_BY_PERSON if run.verb == "rerun" else Recovery.RUN_BY_PERSON
    by = incident.recovered_by or InstanceId("")
    is_rerun = any(failure.instance == by for failure in failures(incident))
    return Recovery.IN_ENOS if is_rerun or is_triggered(by) else Recovery.BY_ITSELF
