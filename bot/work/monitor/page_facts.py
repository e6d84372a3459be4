"""What one page of rows makes us write and say: pure, from what is known to the facts of one transaction.

a failure of a flow without a live incident     a new incident, with its decision card
a further failure                               a reply, and the card anew
… of a gathered incident                        a card and a thread of its own
the same failure told more exactly              the card anew
its flow by another name                        the card anew
a success where it had failed                   the failure healed, the alarm perhaps ended

In a storm (``groups.py``) what would begin a thread joins the storm's message instead, and is told nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.incident import groups, lifecycle, recovery
from bot.core.incident.detection import FAILURES, Why, remembered, why
from bot.core.incident.facts import Facts, Known, Seen
from bot.core.incident.lifecycle import Reason
from bot.core.incident.model import Incident, IncidentId, Occurrence, Phase
from bot.core.outbox.posts import Kind, Lane, NewPost, PostId
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

TOLD_ONE_BY_ONE = 5  # replies for failures of one flow that one reading brings; the others are counted


class NewFailure(NamedTuple):
    """A failure that was not known, and whose it is."""

    incident: IncidentId
    instance: InstanceId
    end_time: str
    status: int


@dataclass(frozen=True, slots=True)
class PageFacts(Facts):
    """Facts of a page, and which failure each reply tells: so that a closer look can complete it."""

    tells: Mapping[PostId, InstanceId] = field(default_factory=dict)
    failures: tuple[NewFailure, ...] = ()


def decide(rows: Iterable[Instance], terms: Terms, known: Known) -> PageFacts:
    """Return what to write and say about the rows of one page, which stand newest first."""
    draft = _Draft(terms, known)
    for row in reversed(list(rows)):
        draft.take(row)
    return draft.facts()


class _Draft:
    """Facts in the making. Rows of one page may speak of one flow, so each sees what the others did."""

    def __init__(self, terms: Terms, known: Known) -> None:
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

    def take(self, row: Instance) -> None:
        """Take a row in."""
        terms = self._terms
        seen = self._seen.get(row.id)
        reason = why(row, seen, terms.alerting)
        new = remembered(row, seen, terms.kind, terms.now, terms.alerting)
        if new is not None:
            self._seen[row.id] = self._new_seen[row.id] = new
        self._keep(self._renamed, row)
        if reason in FAILURES:
            self._failed(row)
        elif reason in {Why.COMPLETED, Why.RESTATED}:
            self._keep(lifecycle.corrected, row)
        elif reason is Why.RECOVERED:
            self._succeeded(row)

    def facts(self) -> PageFacts:
        """Return what has come together: one edit for each card, whatever happened to it."""
        taken = self._taken()
        if taken is not None:
            self._gather(taken)
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
            gatherings=() if taken is None else (taken.storm,),
        )

    def _taken(self) -> groups.Taken | None:
        """Return what a storm takes in of what would begin threads."""
        terms, known = self._terms, self._known
        taken = groups.taken(
            [self._changed[id_] for id_ in self._first],
            [self._changed.get(each.id, each) for each in known.recent if each.id not in self._first],
            known.gatherings,
            channel=terms.channel,
            limit=terms.storm,
            now=terms.told_at,
            new_id=terms.new_id,
        )
        if taken is None or not taken.begins:
            return taken
        names = groups.to_mention(taken.storm, groups.owners(taken.incidents), terms.look.people)
        return replace(taken, storm=replace(taken.storm, mentioned=names))

    def _gather(self, taken: groups.Taken) -> None:
        """Let the storm's message tell what would have begun threads, and nothing else."""
        terms, storm = self._terms, taken.storm
        self._before |= {incident.id: incident for incident in taken.incidents if incident.id not in self._before}
        self._changed |= {incident.id: incident for incident in taken.incidents}
        untold = {incident.id for incident in taken.threadless}
        self._first = {}
        self._replies = [post for post in self._replies if post.incident not in untold]
        told = {post.id for post in self._replies}
        self._tells = {post: instance for post, instance in self._tells.items() if post in told}
        if taken.begins:
            body = incident_groups.storm(storm, taken.incidents, terms.look.people, storm.post, command=terms.command)
            # It waits for the rest of the reading, and goes before the first messages that wait since then.
            due = terms.now + HOLD
            self._storm.append(NewPost(storm.post, Kind.MESSAGE, Lane.ALERT, storm.channel, body, due))

    def _failed(self, row: Instance) -> None:
        failure = lifecycle.occurrence_of(row, self._terms.now)
        incident = self._newest.get(self._key(row))
        if incident is None or not lifecycle.is_live(incident):
            if incident is None or not _told_before(incident, failure):
                self._open(row, failure)
            return
        new, reason = lifecycle.failed(incident, failure, row.owners)
        if reason is Reason.NOTHING:
            return
        self._new(new.id, failure)
        if not new.gathered:
            self._reply(new, self._untold(incident, new, failure))
        elif self._begins_thread(new):
            new = lifecycle.moved(new, PostId(self._terms.new_id()), self._terms.told_at)
            self._first[new.id] = self._card(new)
        self._put(new)

    def _untold(self, old: Incident, new: Incident, failure: Occurrence) -> Occurrence:
        """Return the failure that a reply has to tell: the card of a new incident shows the newest, and no other."""
        is_on_card = new.opened_at == self._terms.now and new.occurrences[-1] is failure
        return old.occurrences[-1] if is_on_card else failure

    def _begins_thread(self, incident: Incident) -> bool:
        """Whether a further failure of a gathered incident begins its thread: not while the gathering goes on."""
        if self._terms.gather_under is not None:
            return False
        storm = groups.stands(self._known.gatherings, incident.channel, self._terms.told_at)
        return storm is None or incident.listed_in != storm.post

    def _open(self, row: Instance, failure: Occurrence) -> None:
        terms = self._terms
        gathered = terms.gather_under is not None
        incident = Incident(
            id=IncidentId(terms.new_id()),
            flow_id=row.flow_id,
            flow_name=row.flow_name,
            channel=terms.channel,
            phase=Phase.OPEN,
            opened_at=terms.now,
            post=terms.gather_under or PostId(terms.new_id()),
            occurrences=(failure,),
            owners=row.owners,
            group=row.id if terms.by_instance else "",
            gathered=gathered,
            listed_in=terms.gather_under or "",
            told_at=None if gathered else terms.told_at,
        )
        if not gathered:
            self._first[incident.id] = self._card(incident)
        self._new(incident.id, failure)
        self._before[incident.id] = incident
        self._put(incident)

    def _new(self, incident: IncidentId, failure: Occurrence) -> None:
        self._failures.append(NewFailure(incident, failure.instance, failure.end_time, failure.status))

    def _card(self, incident: Incident) -> NewPost:
        """Return the first message; what it shows is filled in when the whole page is read."""
        return NewPost(
            id=incident.post,
            kind=Kind.MESSAGE,
            lane=Lane.ALERT,
            channel=incident.channel,
            body={},
            due=self._terms.held_until,
            incident=incident.id,
        )

    def _drawn(self, incident: Incident, post: NewPost) -> NewPost:
        return replace(post, body=cards.card(incident, post.id, self._terms.look))

    def _reply(self, incident: Incident, failure: Occurrence) -> None:
        count = sum(each.seen_at == self._terms.now for each in incident.occurrences)
        if incident.opened_at == self._terms.now:
            count -= 1  # the card itself tells the first
        id_ = PostId(self._terms.new_id())
        if count <= TOLD_ONE_BY_ONE:
            body = replies.failed_again(incident, failure, id_)
            self._tells[id_] = failure.instance
        elif count == TOLD_ONE_BY_ONE + 1:
            body = replies.many_more(incident)
        else:
            return
        self._replies.append(in_thread(incident, body, self._terms, due=self._terms.held_until, id_=id_))

    def _keep(self, step: Callable[[Incident, Instance], lifecycle.Step], row: Instance) -> None:
        incident = self._newest.get(self._key(row))
        if incident is not None:
            new, reason = step(incident, row)
            if reason is not Reason.NOTHING:
                self._put(new)

    def _renamed(self, incident: Incident, row: Instance) -> lifecycle.Step:
        # A run that was listed with another name before tells today's name, however old it is.
        return lifecycle.renamed(incident, row.flow_name, None if row.id in self._terms.renamed else row.id)

    def _succeeded(self, row: Instance) -> None:
        incident = self._newest.get(self._key(row))
        if incident is not None:
            new, reason = recovery.after(incident, row, self._terms.now)
            if reason is not Reason.NOTHING:
                self._put(new)
                if not new.gathered:
                    told = success_reply(incident, new, reason, self._terms.look.zone)
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
    """Whether a failure was told in an incident that has ended since."""
    return lifecycle.failed(incident, failure, ())[1] is Reason.NOTHING
