"""What one page of rows makes us write and post: pure, from what is known to the facts of one transaction.

a failure of a flow without a live incident     a new incident, with its decision card
a further failure                               a reply, and the redrawn card
… of a grouped incident                         a card and a thread of its own
the same failure in more detail                 the redrawn card
another name of its flow                        the redrawn card
a success of the run that failed                the failure is replaced, the incident perhaps recovered

A run that a backfill has started opens no incident when it fails: the message of the backfill tells it.

A failure of a snoozed flow is only counted on its cards, and a new card mentions nobody.

A run that is late is reported like a failure, where its flow has no open incident (``work/monitor/lateness.py``).

In a storm (``groups.py``) what would begin a thread joins the storm's message instead, and is posted nowhere else.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import NamedTuple

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.history.background import NOTHING_KNOWN, Lateness
from bot.core.incident import groups, lifecycle, recovery, snoozes
from bot.core.incident.detection import FAILURES, DetectionReason, detect, seen_to_store
from bot.core.incident.facts import ChangeSet, Seen, StoredState
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentCard, IncidentId, Occurrence, Phase, Snooze
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.values import dataclass
from bot.messages.cards import board
from bot.messages.cards import incident_replies as replies
from bot.messages.incident_posts import (
    GOOD_NEWS,
    HOLD,
    Terms,
    first,
    in_threads,
    redrawn,
    success_reply,
)

TOLD_ONE_BY_ONE = 5  # replies for failures of one flow in one poll; the others are counted


log = logging.getLogger(__name__)


class NewFailure(NamedTuple):
    """A failure that was not known, and whose it is."""

    incident: IncidentId
    instance: InstanceId
    end_time: str
    status: int


@dataclass(frozen=True, slots=True)
class PageFacts(ChangeSet):
    """Facts of a page, and which failure each reply reports, so that its details can be added."""

    tells: Mapping[PostId, InstanceId] = field(default_factory=dict)
    failures: tuple[NewFailure, ...] = ()


class LateRun(NamedTuple):
    """A run to report that is missing, late or long."""

    row: Instance  # its status is one of flowbot's own; it may not exist
    late: Lateness


def decide_late(runs: Iterable[LateRun], terms: Terms, known: StoredState) -> PageFacts:
    """What to write and post about runs that are late, unless their flows have open incidents or are snoozed.

    ``known`` holds the newest incident of each flow. A run that was reported before is not reported again.
    """
    detector = _Detector(terms, known)
    for each in runs:
        detector.add_late(each)
    return detector.changes()


def decide(rows: Iterable[Instance], terms: Terms, known: StoredState) -> PageFacts:
    """What to write and post about the rows of one page, which are sorted newest first."""
    detector = _Detector(terms, known)
    for row in reversed(list(rows)):
        detector.add_row(row)
    return detector.changes()


class _Detector:
    """Facts in the making. Rows of one page may speak of one flow, so each sees what the others did."""

    def __init__(self, terms: Terms, known: StoredState) -> None:
        self._terms = terms
        self._before = {incident.id: incident for incident in known.incidents}
        self._newest = self._newest_of(known.incidents)
        self._known = known
        self._seen = dict(known.seen)
        self._new_seen: dict[InstanceId, Seen] = {}
        self._changed: dict[IncidentId, Incident] = {}
        self._first: dict[tuple[IncidentId, str], datetime] = {}  # new cards, by channel: when they are due
        self._storm: list[NewPost] = []
        self._replies: list[NewPost] = []
        self._tells: dict[PostId, InstanceId] = {}
        self._failures: list[NewFailure] = []
        self._ended: list[Snooze] = []

    def add_row(self, row: Instance) -> None:
        """Add what a row means."""
        terms = self._terms
        seen = self._seen.get(row.id)
        reason = detect(row, seen, terms.alerting)
        new = seen_to_store(row, seen, terms.kind, terms.now, terms.alerting)
        if new is not None:
            self._seen[row.id] = self._new_seen[row.id] = new
        self._apply(self._renamed, row)
        if reason in FAILURES:
            is_told = row.id in self._known.of_backfills and (seen is None or seen.status not in terms.alerting)
            self._failed(row, opens=not is_told)
        elif reason in {DetectionReason.COMPLETED, DetectionReason.RESTATED}:
            self._apply(lifecycle.corrected, row)
        elif reason is DetectionReason.RECOVERED:
            self._succeeded(row)

    def add_late(self, run: LateRun) -> None:
        """Open an incident about a run that is late."""
        row = run.row
        incident = self._newest.get(self._key(row))
        if incident is not None and (lifecycle.is_live(incident) or _knows(incident, row.id)):
            return
        if self._snooze_of(row.flow_id) is None:
            self._open(row, lifecycle.occurrence_of(row, self._terms.now), run.late)

    def changes(self) -> PageFacts:
        """All facts of the page: one edit for each card, however often it changed."""
        storms = list[IncidentGroup]()
        for channel in self._new_channels():  # one after another: an incident may join the storms of several
            if (update := self._storm_update(channel)) is not None:
                self._put_in_storm(update)
                storms.append(update.storm)
        firsts = [
            first(incident, card, self._terms, lane=Lane.ALERT, due=due)
            for (id_, channel), due in self._first.items()
            if (card := (incident := self._changed[id_]).card_in(channel)) is not None
        ]
        new = {post.id for post in firsts}
        edits = [
            post
            for incident in self._changed.values()
            for post in redrawn(self._before[incident.id], incident, self._terms, unposted=new)
        ]
        return PageFacts(
            seen=tuple(self._new_seen.values()),
            incidents=tuple(self._changed.values()),
            posts=(*self._storm, *firsts, *self._replies, *edits),
            tells=self._tells,
            failures=tuple(self._failures),
            incident_groups=tuple(storms),
            snoozes=tuple(self._ended),
        )

    def _new_channels(self) -> tuple[str, ...]:
        """The channels that get new cards."""
        return tuple(dict.fromkeys(channel for _, channel in self._first))

    def _storm_update(self, channel: str) -> groups.StormUpdate | None:
        """The incidents that join a storm instead of beginning threads in a channel.

        A new storm mentions nobody yet: the causes of its incidents are not known. Its message waits for them a moment
        (``incident_groups.py``).
        """
        terms, known = self._terms, self._known
        return groups.storm_update(
            [self._changed[id_] for id_, where in self._first if where == channel],
            [self._changed.get(each.id, each) for each in known.recent if (each.id, channel) not in self._first],
            known.incident_groups,
            channel=channel,
            limit=terms.storm,
            now=terms.told_at,
            new_id=terms.new_id,
        )

    def _put_in_storm(self, storm_update: groups.StormUpdate) -> None:
        """Report these incidents in the storm's message only."""
        terms, storm = self._terms, storm_update.storm
        self._before |= {
            incident.id: incident for incident in storm_update.incidents if incident.id not in self._before
        }
        self._changed |= {incident.id: incident for incident in storm_update.incidents}
        channel = storm.channel
        untold = {
            (incident.id, channel)
            for incident in storm_update.incidents
            if (card := incident.card_in(channel)) is not None and card.grouped
        }
        self._first = {card: due for card, due in self._first.items() if card not in untold}
        self._replies = [post for post in self._replies if (post.incident, post.channel) not in untold]
        told = {post.id for post in self._replies}
        self._tells = {post: instance for post, instance in self._tells.items() if post in told}
        if storm_update.begins:
            body = board.storm(
                storm, storm_update.incidents, terms.render_context.people, storm.post, command=terms.command
            )
            # It waits for the rest of the poll, and is sent before the first messages that wait since then.
            due = terms.now + HOLD
            self._storm.append(NewPost(storm.post, PostKind.MESSAGE, Lane.ALERT, storm.channel, body, due))

    def _failed(self, row: Instance, *, opens: bool = True) -> None:
        """Add a failure to the live incident of its flow, or open one; not where a backfill's message tells it."""
        failure = lifecycle.occurrence_of(row, self._terms.now)
        incident = self._newest.get(self._key(row))
        if incident is None or not lifecycle.is_live(incident):
            if opens and (incident is None or not _told_before(incident, failure)):
                self._open(row, failure)
            return
        new, reason = lifecycle.failed(incident, failure, row.owners)
        if reason is Transition.NOTHING:
            return
        self._new(new.id, failure)
        if (snooze := self._snooze_of(row.flow_id)) is not None:
            self._put(self._with_routes(replace(new, snooze=snooze)))
            return
        self._reply(new, self._untold(incident, new, failure))
        new = self._with_routes(new)
        for card in new.cards:
            if card.grouped and self._begins_thread(card):
                thread = lifecycle.with_thread(card, PostId(self._terms.new_id()), self._terms.told_at)
                new = self._with_first(new, thread)
        self._put(new)

    def _untold(self, old: Incident, new: Incident, failure: Occurrence) -> Occurrence:
        """The failure that a reply has to report: the card of a new incident shows only the newest."""
        is_on_card = new.opened_at == self._terms.now and new.occurrences[-1] is failure
        return old.occurrences[-1] if is_on_card else failure

    def _with_routes(self, incident: Incident) -> Incident:
        """The incident with a card in each channel that its newest failure goes to. The cards that it has stay."""
        terms = self._terms
        if terms.group_under is not None:
            return incident
        for route in terms.rules.routes(incident, terms.channel, terms.lost):
            if incident.card_in(route.channel) is None:
                card = IncidentCard(route.channel, PostId(terms.new_id()), told_at=terms.told_at)
                incident = self._with_first(incident, card)
                log.info("Flow %s goes to %s: %s", incident.flow_id, route.channel, route.reason.value)
        return incident

    def _begins_thread(self, card: IncidentCard) -> bool:
        """Whether a further failure of a grouped incident begins its thread: not while its group is open."""
        if self._terms.group_under is not None:
            return False
        storm = groups.active_storm(self._known.incident_groups, card.channel, self._terms.told_at)
        return storm is None or card.listed_in != storm.post

    def _with_first(self, incident: Incident, card: IncidentCard) -> Incident:
        """The incident with a card whose first message is posted; its content is rendered when all rows are read."""
        self._first[incident.id, card.channel] = self._terms.held_until
        return incident.with_card(card)

    def _open(self, row: Instance, failure: Occurrence, late: Lateness | None = None) -> None:
        terms, under = self._terms, self._terms.group_under
        incident = Incident(
            id=IncidentId(terms.new_id()),
            flow_id=row.flow_id,
            flow_name=row.flow_name,
            phase=Phase.OPEN,
            opened_at=terms.now,
            cards=() if under is None else (IncidentCard(terms.channel, under, grouped=True, listed_in=under),),
            occurrences=(failure,),
            owners=row.owners,
            group=row.id if terms.by_instance else "",
            snooze=self._snooze_of(row.flow_id),
            background=replace(NOTHING_KNOWN, late=late),
        )
        if under is None:
            incident = self._with_routes(incident)
        self._new(incident.id, failure)
        self._before[incident.id] = incident
        self._put(incident)

    def _new(self, incident: IncidentId, failure: Occurrence) -> None:
        self._failures.append(NewFailure(incident, failure.instance, failure.end_time, failure.status))

    def _reply(self, incident: Incident, failure: Occurrence) -> None:
        count = sum(each.seen_at == self._terms.now for each in incident.occurrences)
        if incident.opened_at == self._terms.now:
            count -= 1  # the card itself shows the first
        due = self._terms.held_until
        if count <= TOLD_ONE_BY_ONE:
            said = in_threads(
                incident,
                lambda id_: replies.failed_again(incident, failure, id_),
                self._terms,
                due=due,
                of_failure=True,
            )
            self._tells |= {post.id: failure.instance for post in said}
        elif count == TOLD_ONE_BY_ONE + 1:
            said = in_threads(incident, lambda _: replies.more_failures_counted(incident), self._terms, due=due)
        else:
            return
        self._replies += said

    def _apply(self, step: Callable[[Incident, Instance], lifecycle.Step], row: Instance) -> None:
        incident = self._newest.get(self._key(row))
        if incident is not None:
            new, reason = step(incident, row)
            if reason is not Transition.NOTHING:
                self._put(new)

    def _renamed(self, incident: Incident, row: Instance) -> lifecycle.Step:
        # A run that was listed with another name before shows today's name, however old it is.
        return lifecycle.renamed(incident, row.flow_name, None if row.id in self._terms.renamed else row.id)

    def _succeeded(self, row: Instance) -> None:
        incident = self._newest.get(self._key(row))
        if incident is not None:
            new, reason = recovery.after_success(incident, row, self._terms.now)
            if reason is not Transition.NOTHING:
                self._put(new)
                self._ended += snoozes.ended_by(incident, reason, self._terms.now)
                told = success_reply(incident, new, reason, self._terms.render_context.zone)
                self._replies += in_threads(new, lambda _: told, self._terms, lane=GOOD_NEWS)

    def _put(self, incident: Incident) -> None:
        self._changed[incident.id] = incident
        self._newest[_key(incident.flow_id, incident.group)] = incident

    def _snooze_of(self, flow: FlowId) -> Snooze | None:
        """The snooze of a flow, unless it ended with a success of this page."""
        ended = {each.id for each in self._ended}
        return snoozes.snooze_of(
            flow, self._terms.told_at, (each for each in self._known.snoozes if each.id not in ended)
        )

    def _key(self, row: Instance) -> tuple[FlowId, str]:
        return _key(row.flow_id, row.id if self._terms.by_instance else "")

    @staticmethod
    def _newest_of(incidents: Iterable[Incident]) -> dict[tuple[FlowId, str], Incident]:
        oldest_first = sorted(incidents, key=lambda incident: incident.opened_at)
        return {_key(incident.flow_id, incident.group): incident for incident in oldest_first}


def _key(flow: FlowId, group: str) -> tuple[FlowId, str]:
    return flow, group


def _knows(incident: Incident, instance: InstanceId) -> bool:
    return any(each.instance == instance for each in incident.occurrences)


def _told_before(incident: Incident, failure: Occurrence) -> bool:
    """Whether a failure was reported in an incident that has ended since."""
    return lifecycle.failed(incident, failure, ())[1] is Transition.NOTHING
