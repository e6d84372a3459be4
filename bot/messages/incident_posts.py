"""What is posted about an incident: its first message, its edits, and the replies in its thread."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from bot.core.flow.model import InstanceId
from bot.core.incident import groups, lifecycle, snoozes
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentCard
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.routing.mentions import Permission
from bot.core.routing.rules import NO_RULES, RoutingRules
from bot.core.values import dataclass
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
    new_id: Callable[[], str]
    channel: str = ""  # the alert channel
    kind: int | None = None  # the scheduling type that was searched; None for a single read
    by_instance: bool = False  # an incident for each instance instead of each flow
    stored_at: datetime | None = None  # when the page is written, where that is later than the poll's ``now``
    group_under: PostId | None = None  # the first start's message, during the first read
    render_context: cards.RenderContext = field(default_factory=cards.RenderContext)
    storm: int = 0  # more incidents than this within ten minutes are a storm; 0: no storms
    command: str = "/flow"
    rules: RoutingRules = NO_RULES  # where failures go, and how flowbot speaks there
    lost: frozenset[str] = frozenset()  # channels and people that cannot be posted to now
    renamed: frozenset[InstanceId] = frozenset()  # runs listed under another flow name than before

    def shown_in(self, channel: str, incident: Incident | None = None) -> cards.RenderContext:
        """What a card in this channel is rendered with: where nobody is to be mentioned, owners are names only.

        Without an ``incident`` quiet hours do not count.
        """
        if incident is None:
            may_mention = self.rules.prefs_of(channel).may_mention
        else:
            may_mention = self.rules.mention(incident, channel, self.told_at) is Permission.MENTIONED
        return self.render_context if may_mention else replace(self.render_context, people={})

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
    said = () if reply is None else in_threads(new, lambda _: reply, terms, lane=GOOD_NEWS)
    return ChangeSet(
        incidents=(new,),
        posts=(*said, *redrawn(old, new, terms)),
        snoozes=snoozes.ended_by(old, reason, terms.now),
    )


def in_threads(
    incident: Incident,
    body: Callable[[PostId], Card],
    terms: Terms,
    *,
    due: datetime | None = None,
    lane: Lane = Lane.ALERT,
    of_failure: bool = False,
) -> tuple[NewPost, ...]:
    """A reply in each of an incident's threads. ``body`` makes it from the id of its post, which its buttons carry.

    ``of_failure``: it reports another failure, which a channel may want to see outside of the thread, too.
    """
    replies = [in_thread(incident, card, body, terms, due=due, lane=lane) for card in incident.threads]
    if not of_failure:
        return tuple(replies)
    return tuple(replace(each, broadcast=terms.rules.prefs_of(each.channel).replies_in_channel) for each in replies)


def in_thread(
    incident: Incident,
    card: IncidentCard,
    body: Callable[[PostId], Card],
    terms: Terms,
    *,
    due: datetime | None = None,
    lane: Lane = Lane.ALERT,
    user: str = "",
    reminds_of: str = "",
) -> NewPost:
    """A reply in the thread of one card, or of its group; an answer to a ``user`` may be sent to them instead."""
    id_ = PostId(terms.new_id())
    return NewPost(
        id=id_,
        kind=PostKind.MESSAGE,
        lane=lane,
        channel=card.channel,
        body=body(id_),
        due=due or terms.now,
        thread_of=card.post,
        user=user,
        incident=incident.id,
        reminds_of=reminds_of,
    )


def answer(incident: Incident, card: IncidentCard, body: Callable[[PostId], Card], terms: Terms, user: str) -> NewPost:
    """The reply in one thread to what a user did. Should channels refuse it, their direct messages get it once."""
    told = user if card is incident.home else ""
    return in_thread(incident, card, body, terms, lane=Lane.ANSWER, user=told)


def answered(incident: Incident, body: Card, terms: Terms, user: str) -> tuple[NewPost, ...]:
    """The replies in all threads, or in that of the group, to what a user did, and the cards as they are now."""
    replies = [answer(incident, card, lambda _: body, terms, user) for card in incident.cards]
    return (*replies, *(edit(incident, card, terms, at_once=True) for card in incident.threads))


def directly(
    incident: Incident,
    users: Sequence[str],
    body: Callable[[PostId], Card],
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[NewPost, ...]:
    """What is said about an incident to people who are not in its channels, in their direct messages."""
    ids = [PostId(new_id()) for _ in users]
    return tuple(
        NewPost(id_, PostKind.MESSAGE, Lane.ANSWER, user, body(id_), now, user=user, incident=incident.id)
        for id_, user in zip(ids, users, strict=True)
    )


def redrawn(
    old: Incident, new: Incident, terms: Terms, *, unposted: Collection[PostId] = (), at_once: bool = False
) -> tuple[NewPost, ...]:
    """The edits that show the incident as it is now, none of a card that would look the same or is ``unposted``.

    A grouped card is part of its group's message, which is rendered elsewhere.
    """
    cards = [card for card in new.threads if card.post not in unposted]
    return tuple(edit(new, card, terms, at_once=at_once) for card in cards if not _looks_same(old, new, card, terms))


def _looks_same(old: Incident, new: Incident, card: IncidentCard, terms: Terms) -> bool:
    if (old.phase, len(old.occurrences)) != (new.phase, len(new.occurrences)):
        return False  # the count is on the card, so that it has changed
    render_context = terms.shown_in(card.channel, new)
    return cards.card(old, "", render_context) == cards.card(new, "", render_context)


def first(incident: Incident, card: IncidentCard, terms: Terms, *, lane: Lane, due: datetime) -> NewPost:
    """An incident's first message in a channel."""
    return NewPost(
        id=card.post,
        kind=PostKind.MESSAGE,
        lane=lane,
        channel=card.channel,
        body=cards.card(incident, card.post, terms.shown_in(card.channel, incident)),
        due=due,
        incident=incident.id,
    )


def edit(incident: Incident, card: IncidentCard, terms: Terms, *, at_once: bool = False) -> NewPost:
    """The edit of an incident's first message in a channel."""
    id_ = PostId(terms.new_id())
    return NewPost(
        id=id_,
        kind=PostKind.EDIT,
        lane=Lane.ALERT,
        channel=card.channel,
        body=cards.card(incident, id_, terms.shown_in(card.channel, incident)),
        due=terms.now if at_once else terms.now + MERGE_EDITS_FOR,
        target=card.post,
        incident=incident.id,
    )


def success_reply(old: Incident, new: Incident, reason: Transition, zone: timedelta | None = None) -> Card:
    """The reply after a success: the alarm has ended, or a failure was backfilled.

    ``zone`` is that of the times EnOS prints.
    """
    if reason is Transition.RECOVERED:
        return replies.recovered(new, zone, was_snoozed=old.snooze is not None and old.snooze.until_success)
    good = {each.instance for each in new.occurrences if each.backfilled}
    return replies.backfilled(
        new, [each.instance for each in lifecycle.not_backfilled(old) if each.instance in good], zone
    )
