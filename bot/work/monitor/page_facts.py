"""What one page of rows makes us write and post: pure, from what is known to the facts of one transaction.

a failure of a flow without a live incident     a new incident, with its decision card
a further failure                               a reply, and the redrawn card
… of a grouped incident                         a card and a thread of its own
the same failure in more detail                 the redrawn card
another name of its flow                        the redrawn card
a success of the run that failed                the failure is replaced, the incident perhaps recovered

In a storm (``groups.py``) what would begin a thread joins the storm's message instead, and is posted nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.incident import groups, lifecycle, recovery
from bot.core.incident.detection import FAILURES, DetectionReason, detect, seen_to_store
from bot.core.incident.facts import ChangeSet, Seen, StoredState
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentId, Occurrence, Phase
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.messages.cards import incident as cards
from bot.messages.cards import incident_groups
from bot.messages.cards import incident_replies as replies
from bot.messages.incident_posts import (
    GOOD_NEWS,
    HOLD,
    Terms,
    in_thread,
    redrawn,
    success_reply,
)

TOLD_ONE_BY_ONE = 5  # replies for failures of one flow in one poll; the others are counted


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
        self._first: dict[IncidentId, NewPost] = {}
        self._storm: list[NewPost] = []
        self._replies: list[NewPost] = []
        self._tells: dict[PostId, InstanceId] = {}
        self._failures: list[NewFailure] = []

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
            self._failed(row)
        elif reason in {DetectionReason.COMPLETED, DetectionReason.RESTATED}:
            self._apply(lifecycle.corrected, row)
        elif reason is DetectionReason.RECOVERED:
            self._succeeded(row)

    def changes(self) -> PageFacts:
        """All facts of the page: one edit for each card, however often it changed."""
        storm_update = self._storm_update()
        if storm_update is not None:
            self._put_in_storm(storm_update)
        edits = [
            post
            for incident in self._changed.values()
            if incident.id not in self._first
            for post in redrawn(self._before[incident.id], incident, self._terms)
        ]
        firsts = [self._drawn(self._changed[id_], post) for id_, post in self._first.items()]
        return PageFacts(
            seen=tuple(self._new_seen.values()),
            incidents=tuple(self._changed.values()),
            posts=(*self._storm, *firsts, *self._replies, *edits),
            tells=self._tells,
            failures=tuple(self._failures),
            incident_groups=() if storm_update is None else (storm_update.storm,),
        )

    def _storm_update(self) -> groups.StormUpdate | None:
        """The incidents that would begin threads and join a storm instead."""
        terms, known = self._terms, self._known
        storm_update = groups.storm_update(
            [self._changed[id_] for id_ in self._first],
            [self._changed.get(each.id, each) for each in known.recent if each.id not in self._first],
            known.incident_groups,
            channel=terms.channel,
            limit=terms.storm,
            now=terms.told_at,
            new_id=terms.new_id,
        )
        if storm_update is None or not storm_update.begins:
            return storm_update
        names = groups.owners_to_mention(
            storm_update.storm, groups.owners(storm_update.incidents), terms.render_context.people
        )
        return replace(storm_update, storm=replace(storm_update.storm, mentioned=names))

    def _put_in_storm(self, storm_update: groups.StormUpdate) -> None:
        """Report these incidents in the storm's message only."""
        terms, storm = self._terms, storm_update.storm
        self._before |= {
            incident.id: incident for incident in storm_update.incidents if incident.id not in self._before
        }
        self._changed |= {incident.id: incident for incident in storm_update.incidents}
        untold = {incident.id for incident in storm_update.threadless}
        self._first = {}
        self._replies = [post for post in self._replies if post.incident not in untold]
        told = {post.id for post in self._replies}
        self._tells = {post: instance for post, instance in self._tells.items() if post in told}
        if storm_update.begins:
            body = incident_groups.storm(
                storm, storm_update.incidents, terms.render_context.people, storm.post, command=terms.command
            )
            # It waits for the rest of the poll, and is sent before the first messages that wait since then.
            due = terms.now + HOLD
            self._storm.append(NewPost(storm.post, PostKind.MESSAGE, Lane.ALERT, storm.channel, body, due))

    def _failed(self, row: Instance) -> None:
        failure = lifecycle.occurrence_of(row, self._terms.now)
        incident = self._newest.get(self._key(row))
        if incident is None or not lifecycle.is_live(incident):
            if incident is None or not _told_before(incident, failure):
                self._open(row, failure)
            return
        new, reason = lifecycle.failed(incident, failure, row.owners)
        if reason is Transition.NOTHING:
            return
        self._new(new.id, failure)
        if not new.grouped:
            self._reply(new, self._untold(incident, new, failure))
        elif self._begins_thread(new):
            new = lifecycle.moved(new, PostId(self._terms.new_id()), self._terms.told_at)
            self._first[new.id] = self._card(new)
        self._put(new)

    def _untold(self, old: Incident, new: Incident, failure: Occurrence) -> Occurrence:
        """The failure that a reply has to report: the card of a new incident shows only the newest."""
        is_on_card = new.opened_at == self._terms.now and new.occurrences[-1] is failure
        return old.occurrences[-1] if is_on_card else failure

    def _begins_thread(self, incident: Incident) -> bool:
        """Whether a further failure of a grouped incident begins its thread: not while its group is open."""
        if self._terms.group_under is not None:
            return False
        storm = groups.active_storm(self._known.incident_groups, incident.channel, self._terms.told_at)
        return storm is None or incident.listed_in != storm.post

    def _open(self, row: Instance, failure: Occurrence) -> None:
        terms = self._terms
        grouped = terms.group_under is not None
        incident = Incident(
            id=IncidentId(terms.new_id()),
            flow_id=row.flow_id,
            flow_name=row.flow_name,
            channel=terms.channel,
            phase=Phase.OPEN,
            opened_at=terms.now,
            post=terms.group_under or PostId(terms.new_id()),
            occurrences=(failure,),
            owners=row.owners,
            group=row.id if terms.by_instance else "",
            grouped=grouped,
            listed_in=terms.group_under or "",
            told_at=None if grouped else terms.told_at,
        )
        if not grouped:
            self._first[incident.id] = self._card(incident)
        self._new(incident.id, failure)
        self._before[incident.id] = incident
        self._put(incident)

    def _new(self, incident: IncidentId, failure: Occurrence) -> None:
        self._failures.append(NewFailure(incident, failure.instance, failure.end_time, failure.status))

    def _card(self, incident: Incident) -> NewPost:
        """The first message; its content is filled in when the whole page is read."""
        return NewPost(
            id=incident.post,
            kind=PostKind.MESSAGE,
            lane=Lane.ALERT,
            channel=incident.channel,
            body={},
            due=self._terms.held_until,
            incident=incident.id,
        )

    def _drawn(self, incident: Incident, post: NewPost) -> NewPost:
        return replace(post, body=cards.card(incident, post.id, self._terms.render_context))

    def _reply(self, incident: Incident, failure: Occurrence) -> None:
        count = sum(each.seen_at == self._terms.now for each in incident.occurrences)
        if incident.opened_at == self._terms.now:
            count -= 1  # the card itself shows the first
        id_ = PostId(self._terms.new_id())
        if count <= TOLD_ONE_BY_ONE:
            body = replies.failed_again(incident, failure, id_)
            self._tells[id_] = failure.instance
        elif count == TOLD_ONE_BY_ONE + 1:
            body = replies.more_failures_counted(incident)
        else:
            return
        self._replies.append(in_thread(incident, body, self._terms, due=self._terms.held_until, id_=id_))

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
                if not new.grouped:
                    told = success_reply(incident, new, reason, self._terms.render_context.zone)
                    self._replies.append(in_thread(new, told, self._terms, lane=GOOD_NEWS))

    def _put(self, incident: Incident) -> None:
        self._changed[incident.id] = incident
        self._newest[_key(incident.flow_id, incident.group)] = incident

    def _key(self, row: Instance) -> tuple[FlowId, str]:
        return _key(row.flow_id, row.id if self._terms.by_instance else "")

    @staticmethod
    def _newest_of(incidents: Iterable[Incident]) -> dict[tuple[FlowId, str], Incident]:
        oldest_first = sorted(incidents, key=lambda incident: incident.opened_at)
        return {_key(incident.flow_id, incident.group): incident for incident in oldest_first}


def _key(flow: FlowId, group: str) -> tuple[FlowId, str]:
    return flow, group


def _told_before(incident: Incident, failure: Occurrence) -> bool:
    """Whether a failure was reported in an incident that has ended since."""
    return lifecycle.failed(incident, failure, ())[1] is Transition.NOTHING
