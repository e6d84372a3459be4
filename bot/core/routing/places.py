"""Places: why a failure goes where it goes, and whether people would be mentioned there now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum

from bot.core.flow.model import FlowId, UserName
from bot.core.incident.model import Incident, Snooze
from bot.core.incident.snoozes import snooze_of
from bot.core.routing.mentions import Permission, mentions, quiet_ends
from bot.core.routing.routes import Route, routes
from bot.core.routing.rules import RoutingRules, newest
from bot.core.routing.watch import Failure, Watch, glob_matches, matches
from bot.core.values import dataclass

UNWATCHED = FlowId(0)  # the flow of a sample failure that no watch names
_NAME = "sample"  # what stands for the stars of a glob


class PlaceReason(Enum):
    """Why a failure goes to a channel, or why its card is in one."""

    WATCHED = "watched"
    NO_WATCH_MATCHES = "no watch matches"
    CHANNEL_LOST = "channel lost"  # the alert channel, instead of a channel that cannot be posted to
    LOST = "lost"  # a card that was posted before its channel could not be posted to any more
    STAYS = "stays"  # a card that was posted before its watches were removed


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, or a person's direct messages."""

    channel: str
    reason: PlaceReason
    watches: tuple[int, ...] = ()  # that ask for it; where a channel is lost, those of that channel
    mention: Permission = Permission.MENTIONED
    until: datetime | None = None  # when quiet hours end


@dataclass(frozen=True, slots=True)
class DrillPlace:
    """A channel or person that sample failures go to."""

    channel: str
    ways: tuple[Place, ...]  # one for each reason, and for each answer to whether people are mentioned
    owners: tuple[UserName, ...] = ()  # of the sample failures; none where that is not known


@dataclass(frozen=True, slots=True)
class KnownFlow:
    """What EnOS says of a flow that a watch names."""

    name: str
    owners: tuple[UserName, ...] = ()


def next_failure(
    failure: Failure,
    rules: RoutingRules,
    alert_channel: str,
    lost: Collection[str],
    now: datetime,
    *,
    is_snoozed: bool = False,
) -> tuple[Place, ...]:
    """Where a failure would go."""
    matching = [each for each in rules.watches if matches(each, failure)]
    return tuple(
        _place(
            route.channel, PlaceReason(route.reason.value), route.watches, matching, rules, now, is_snoozed=is_snoozed
        )
        for route in routes(failure, rules.watches, alert_channel, lost=lost)
    )


def of_cards(
    incident: Incident, rules: RoutingRules, alert_channel: str, lost: Collection[str], now: datetime
) -> tuple[Place, ...]:
    """Why each of an incident's cards is where it is. A card once posted stays for its incident."""
    failure = newest(incident)
    matching = [each for each in rules.watches if matches(each, failure)]
    told = {route.channel: route for route in routes(failure, rules.watches, alert_channel, lost=lost)}
    found = []
    for card in incident.cards:
        reason, watches = _why(card.channel, told, lost)
        place = _place(card.channel, reason, watches, matching, rules, now, is_snoozed=incident.snooze is not None)
        if incident.is_cause_acknowledged and place.mention in {Permission.MENTIONED, Permission.QUIET_HOURS}:
            place = replace(place, mention=Permission.CAUSE_ACKNOWLEDGED, until=None)
        found.append(place)
    return tuple(found)


def drill(
    here: str,
    rules: RoutingRules,
    alert_channel: str,
    lost: Collection[str],
    now: datetime,
    known: Mapping[FlowId, KnownFlow],
    snoozes: Collection[Snooze] = (),
) -> tuple[DrillPlace, ...]:
    """Where the failures go that a channel (or a person) hears of, each place once; nothing where it hears of none.

    The alert channel hears of what no watch matches, and of what its own watches match.
    """
    found: dict[str, DrillPlace] = {}
    for sample in samples_of(here, rules, alert_channel, known):
        is_snoozed = snooze_of(sample.flow_id, now, snoozes) is not None
        for place in next_failure(sample, rules, alert_channel, lost, now, is_snoozed=is_snoozed):
            there = found.get(place.channel, DrillPlace(place.channel, ()))
            owners = tuple(dict.fromkeys((*there.owners, *sample.owners)))
            found[place.channel] = DrillPlace(place.channel, _with_way(there.ways, place), owners)
    return tuple(found.values())


def samples_of(
    here: str, rules: RoutingRules, alert_channel: str, known: Mapping[FlowId, KnownFlow]
) -> tuple[Failure, ...]:
    """The sample failures of a channel: one for each of its watches, and in the alert channel one that none matches."""
    unwatched = (Failure(UNWATCHED, ""),) if here == alert_channel else ()
    return (*unwatched, *(_sample(each, known) for each in rules.watches if each.channel == here))


def _why(channel: str, told: Mapping[str, Route], lost: Collection[str]) -> tuple[PlaceReason, tuple[int, ...]]:
    if channel in told:
        return PlaceReason(told[channel].reason.value), told[channel].watches
    return (PlaceReason.LOST if channel in lost else PlaceReason.STAYS), ()


def _place(
    channel: str,
    reason: PlaceReason,
    watches: tuple[int, ...],
    matching: Sequence[Watch],
    rules: RoutingRules,
    now: datetime,
    *,
    is_snoozed: bool,
) -> Place:
    mention = mentions(channel, matching, rules.prefs_of(channel), now, is_snoozed=is_snoozed)
    until = quiet_ends(channel, matching, now) if mention is Permission.QUIET_HOURS else None
    return Place(channel, reason, watches, mention, until)


def _sample(watch: Watch, known: Mapping[FlowId, KnownFlow]) -> Failure:
    """A failure that a watch matches: of its flow as EnOS knows it, where that is known."""
    wanted = watch.filters
    flow = KnownFlow(watch.flow_name) if wanted.flow is None else known.get(wanted.flow, KnownFlow(watch.flow_name))
    name = flow.name if glob_matches(wanted.glob or "*", flow.name) else wanted.glob.replace("*", _NAME)
    owner = (UserName(wanted.owner),) if wanted.owner else ()
    owners = tuple(dict.fromkeys((*owner, *flow.owners)))
    return Failure(wanted.flow or UNWATCHED, name, owners, wanted.after)


def _with_way(ways: tuple[Place, ...], new: Place) -> tuple[Place, ...]:
    """The ways with one more; those that differ in nothing but their watches are one."""
    same = next((each for each in ways if replace(each, watches=()) == replace(new, watches=())), None)
    if same is None:
        return (*ways, new)
    both = replace(same, watches=tuple(sorted({*same.watches, *new.watches})))
    return tuple(both if each is same else each for each in ways)
