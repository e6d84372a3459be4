"""Storms: where many incidents begin at once, one message counts them all instead of a thread for each.

    calm ──more than the limit told within ten minutes──► storm ──ten quiet minutes──► over
                                                           │ ▲
                                                           └─┘ each further incident joins it, without a thread

Those that were reported before it began keep their threads and are counted too. One message that lists many incidents
is an *incident group*: a storm, or the first start with a new database. Each is kept up to date for a week.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from bot.core.flow.model import UserName
from bot.core.incident.model import Incident, IncidentCard, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.core.values import dataclass

STORM_WINDOW = timedelta(minutes=10)  # in which more incidents than the limit begin a storm, and without one it ends
SHOWN_FOR = timedelta(days=7)  # after its end
MAX_MENTIONED = 20  # owners mentioned by one group in all
SAME_MOMENT = timedelta(minutes=1)  # storms that begin within it are seen by one poll
MAX_JOINED = 200  # incidents with threads of their own that join in one transaction


class Occasion(Enum):
    """Why incidents are listed in one message."""

    FIRST_START = "first start"
    STORM = "storm"


class MentionReason(Enum):
    """Whether a storm mentions an owner now, and why not."""

    MENTIONED = "mentioned"
    MENTIONED_BEFORE = "mentioned before"  # by the same storm
    OTHER_STORM = "other storm"  # of the same moment has mentioned them
    NOT_LINKED = "not linked"
    ENOUGH = "enough"  # were mentioned by this storm


@dataclass(frozen=True, slots=True)
class IncidentGroup:
    """One message that lists many incidents."""

    post: PostId
    channel: str
    occasion: Occasion
    began_at: datetime
    last_at: datetime  # when the last incident joined
    ended_at: datetime | None = None
    mentioned: tuple[UserName, ...] = ()  # owners whom it has mentioned
    shown: str = ""  # a digest of what the message shows
    joined: int = 0  # how many have joined a storm; those that have joined a later storm are listed there


@dataclass(frozen=True, slots=True)
class StormUpdate:
    """The incidents that join a storm."""

    storm: IncidentGroup
    incidents: tuple[Incident, ...]  # its new ones, then those that had threads before it
    begins: bool


@dataclass(frozen=True, slots=True)
class PhaseCounts:
    """How many of a group's incidents are in each phase."""

    open: int
    acknowledged: int
    recovered: int
    closed: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.open + self.acknowledged + self.recovered + self.closed

    @property
    def live(self) -> int:
        """Those that have not ended."""
        return self.open + self.acknowledged


def active_storm(incident_groups: Iterable[IncidentGroup], channel: str, now: datetime) -> IncidentGroup | None:
    """The active storm of a channel."""
    storms = (each for each in incident_groups if each.occasion is Occasion.STORM and each.channel == channel)
    return next((each for each in storms if each.ended_at is None and not is_quiet(each, now)), None)


def is_quiet(group: IncidentGroup, now: datetime) -> bool:
    """Whether nothing has joined it for so long that it is over."""
    return now - group.last_at >= STORM_WINDOW


def is_shown(group: IncidentGroup, now: datetime) -> bool:
    """Whether its message shows the state of its incidents: a first start's from its end on, each for a week after."""
    if group.ended_at is None:
        return group.occasion is Occasion.STORM
    return now - group.ended_at <= SHOWN_FOR


def ended_storm(group: IncidentGroup) -> IncidentGroup:
    """A quiet storm as ended."""
    return replace(group, ended_at=group.last_at + STORM_WINDOW)


def storm_update(
    new: Sequence[Incident],
    recent: Iterable[Incident],
    incident_groups: Collection[IncidentGroup],
    *,
    channel: str,
    limit: int,
    now: datetime,
    new_id: Callable[[], str],
) -> StormUpdate | None:
    """Which of the ``new`` incidents, which would begin threads in a channel, join a storm; None where there is none.

    ``recent`` are those reported within the window, in any channel, and there not in an active group. A ``limit`` of 0
    means no storms.
    """
    if not (limit and new):
        return None
    active = {each.post for each in incident_groups if each.ended_at is None}
    told = [each for each in recent if _was_told(each.card_in(channel), now - STORM_WINDOW, active)]
    storm = active_storm(incident_groups, channel, now)
    begins = storm is None
    if storm is None:
        if len(told) + len(new) <= limit:
            return None
        storm = IncidentGroup(PostId(new_id()), channel, Occasion.STORM, now, now)
    grouped = [_listed(each, channel, post=storm.post, listed_in=storm.post, grouped=True) for each in new]
    incidents = (*grouped, *(_listed(each, channel, listed_in=storm.post) for each in told[:MAX_JOINED]))
    grown = replace(storm, last_at=max(now, storm.last_at), joined=storm.joined + len(incidents))
    return StormUpdate(grown, incidents, begins)


def _was_told(card: IncidentCard | None, since: datetime, active: Collection[PostId]) -> bool:
    """Whether a card has been posted since, and no active group lists it."""
    if card is None or card.told_at is None or card.listed_in in active:
        return False
    return card.told_at > since


def _listed(incident: Incident, channel: str, **change: Any) -> Incident:
    """The incident with its card in a channel changed."""
    card = incident.card_in(channel)
    return incident if card is None else incident.with_card(replace(card, **change))


def count_phases(incidents: Iterable[Incident]) -> PhaseCounts:
    """Count incidents by phase."""
    phases = [incident.phase for incident in incidents]
    return PhaseCounts(
        open=phases.count(Phase.OPEN),
        acknowledged=phases.count(Phase.ACKNOWLEDGED),
        recovered=phases.count(Phase.RECOVERED),
        closed=phases.count(Phase.CLOSED),
    )


def worst_first(incidents: Iterable[Incident]) -> list[Incident]:
    """Incidents in the order of a list: open, acknowledged, ended; in each the newest first."""
    newest_first = sorted(incidents, key=lambda incident: incident.opened_at, reverse=True)
    return sorted(newest_first, key=lambda incident: _RANK[incident.phase])


def owners(incidents: Iterable[Incident]) -> tuple[UserName, ...]:
    """All owners, each once, but those of incidents that nobody is called about.

    These are snoozed, or somebody is on their cause.
    """
    called = (each for each in incidents if each.snooze is None and not each.is_cause_acknowledged)
    return tuple(dict.fromkeys(owner for incident in called for owner in incident.owners))


def mention_reasons(
    group: IncidentGroup, names: Iterable[UserName], linked: Collection[UserName], known: Iterable[IncidentGroup]
) -> Mapping[UserName, MentionReason]:
    """Whether each owner is to be mentioned now; ``known`` are all groups.

    Whom another storm of the same moment has mentioned is only named: one poll mentions nobody twice by its storms.
    """
    elsewhere = {name for each in known if _is_of_same_moment(each, group) for name in each.mentioned}
    room, found = MAX_MENTIONED - len(group.mentioned), dict[UserName, MentionReason]()
    for name in names:
        if name not in linked:
            found[name] = MentionReason.NOT_LINKED
        elif name in group.mentioned:
            found[name] = MentionReason.MENTIONED_BEFORE
        elif name in elsewhere:
            found[name] = MentionReason.OTHER_STORM
        elif room <= 0:
            found[name] = MentionReason.ENOUGH
        else:
            found[name] = MentionReason.MENTIONED
            room -= 1
    return found


def owners_to_mention(
    group: IncidentGroup, names: Iterable[UserName], linked: Collection[UserName], known: Iterable[IncidentGroup]
) -> tuple[UserName, ...]:
    """The owners to mention now, as ``mention_reasons`` says."""
    reasons = mention_reasons(group, names, linked, known)
    return tuple(name for name, reason in reasons.items() if reason is MentionReason.MENTIONED)


def _is_of_same_moment(one: IncidentGroup, other: IncidentGroup) -> bool:
    return one.post != other.post and abs(one.began_at - other.began_at) < SAME_MOMENT


def to_be_asked(incidents: Iterable[Incident], people: Mapping[UserName, Person]) -> Mapping[UserName, Person]:
    """The owners to mention in a storm: not those who have acknowledged something in it."""
    at_work = {each.acked_by for each in incidents if each.acked_by is not None}
    return {name: person for name, person in people.items() if person not in at_work}


_RANK = {Phase.OPEN: 0, Phase.ACKNOWLEDGED: 1, Phase.RECOVERED: 2, Phase.CLOSED: 2}
