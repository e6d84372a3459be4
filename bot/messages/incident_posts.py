"""What is posted about an incident: its first message, its edits, and the replies in its thread."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.flow.model import InstanceId
from bot.core.incident import groups, lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.messages.cards import incident as cards
from bot.messages.cards import incident_replies as replies

HOLD = timedelta(seconds=1.5)  # how long a first message waits for task, error line and owners
GOOD_NEWS = Lane.HOUSEKEEPING  # lane of replies about successes: failures in the channel go first
MERGE_EDITS_FOR = timedelta(seconds=2)  # in which edits of one card become one


@dataclass(frozen=True, slots=True)
class Terms:
    """What decisions depend on, besides rows and stored state."""

    now: datetime
    alerting: frozenset[int]
    channel: str
    new_id: Callable[[], str]
    kind: int | None = None  # the scheduling type that was searched; None for a single read
    by_instance: bool = False  # an incident for each instance instead of each flow
    stored_at: datetime | None = None  # when the page is written, where that is later than the poll's ``now``
    group_under: PostId | None = None  # the first start's message, during the first read
    render_context: cards.RenderContext = field(default_factory=cards.RenderContext)
    storm: int = 0  # more incidents than this within ten minutes are a storm; 0: no storms
    command: str = "/flow"
    renamed: frozenset[InstanceId] = frozenset()  # runs listed under another flow name than before

    @property
    def told_at(self) -> datetime:
        """When the page is written."""
        return self.stored_at or self.now

    @property
    def recent_since(self) -> datetime | None:
        """Since when incidents count towards a storm; None where there are no storms."""
        return self.told_at - groups.STORM_WINDOW if self.storm else None

    @property
    def held_until(self) -> datetime:
        """The latest time at which a first message is sent."""
        return self.told_at + HOLD


def changed(old: Incident, new: Incident, reason: Transition, terms: Terms, *, reply: Card | None = None) -> ChangeSet:
    """What to write after a success: the incident, its reply, and its card."""
    if reason is Transition.NOTHING:
        return ChangeSet()
    said = () if reply is None else (in_thread(new, reply, terms, lane=GOOD_NEWS),)
    return ChangeSet(incidents=(new,), posts=(*said, *redrawn(old, new, terms)))


def in_thread(
    incident: Incident,
    body: Card,
    terms: Terms,
    *,
    due: datetime | None = None,
    id_: str = "",
    lane: Lane = Lane.ALERT,
    user: str = "",
    reminds_of: str = "",
) -> NewPost:
    """A reply in an incident's thread; an answer to a ``user`` is sent to them where the channel refuses it."""
    return NewPost(
        id=PostId(id_ or terms.new_id()),
        kind=PostKind.MESSAGE,
        lane=lane,
        channel=incident.channel,
        body=body,
        due=due or terms.now,
        thread_of=incident.post,
        user=user,
        incident=incident.id,
        reminds_of=reminds_of,
    )


def redrawn(old: Incident, new: Incident, terms: Terms) -> tuple[NewPost, ...]:
    """The edit that shows the incident as it is now; none where that would look the same.

    A grouped incident has no card: its group's message is rendered elsewhere.
    """
    if new.grouped or _looks_same(old, new, terms):
        return ()
    return (edit(new, terms),)


def _looks_same(old: Incident, new: Incident, terms: Terms) -> bool:
    if (old.phase, len(old.occurrences)) != (new.phase, len(new.occurrences)):
        return False  # the count is on the card, so that it has changed
    return cards.card(old, "", terms.render_context) == cards.card(new, "", terms.render_context)


def first(incident: Incident, terms: Terms) -> NewPost:
    """An incident's first message, for a person who waits for it."""
    return NewPost(
        id=incident.post,
        kind=PostKind.MESSAGE,
        lane=Lane.ANSWER,
        channel=incident.channel,
        body=cards.card(incident, incident.post, terms.render_context),
        due=terms.now,
        incident=incident.id,
    )


def edit(incident: Incident, terms: Terms, *, at_once: bool = False) -> NewPost:
    """The edit of an incident's first message."""
    id_ = PostId(terms.new_id())
    return NewPost(
        id=id_,
        kind=PostKind.EDIT,
        lane=Lane.ALERT,
        channel=incident.channel,
        body=cards.card(incident, id_, terms.render_context),
        due=terms.now if at_once else terms.now + MERGE_EDITS_FOR,
        target=incident.post,
        incident=incident.id,
    )


def success_reply(old: Incident, new: Incident, reason: Transition, zone: timedelta | None = None) -> Card:
    """The reply after a success: the alarm has ended, or a failure was backfilled.

    ``zone`` is that of the times EnOS prints.
    """
    if reason is Transition.RECOVERED:
        return replies.recovered(new, zone)
    good = {each.instance for each in new.occurrences if each.backfilled}
    return replies.backfilled(
        new, [each.instance for each in lifecycle.not_backfilled(old) if each.instance in good], zone
    )
