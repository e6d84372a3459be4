"""The rules of a moment: all watches and preferences, and what they mean for one incident."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from bot.core.incident.lifecycle import failures
from bot.core.incident.model import Incident, IncidentCard
from bot.core.routing.mentions import Permission, Permit, mentions, quiet_ends
from bot.core.routing.prefs import DEFAULTS, Prefs
from bot.core.routing.routes import Route, routes
from bot.core.routing.watch import Failure, Watch, matches
from bot.core.values import dataclass

_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """Where failures go, and how flowbot speaks there."""

    watches: tuple[Watch, ...] = ()
    prefs: Mapping[str, Prefs] = field(default_factory=dict)  # by channel or person

    def prefs_of(self, channel: str) -> Prefs:
        """The preferences of a channel or person."""
        return self.prefs.get(channel, DEFAULTS)

    def routes(self, incident: Incident, alert_channel: str, lost: Collection[str] = ()) -> tuple[Route, ...]:
        """Where the newest failure of an incident goes."""
        return routes(newest(incident), self.watches, alert_channel, lost=lost)

    def mention(self, incident: Incident, channel: str, now: datetime) -> Permission:
        """Whether people are mentioned about an incident in a channel now."""
        is_snoozed = incident.snooze is not None
        return mentions(
            channel,
            self._matching(incident),
            self.prefs_of(channel),
            now,
            is_snoozed=is_snoozed,
            is_cause_acknowledged=incident.is_cause_acknowledged,
        )

    def permit(self, incident: Incident | None, channel: str, now: datetime) -> Permit:
        """Whether people are reminded about an incident in a channel now; of no incident, preferences alone decide."""
        if incident is not None and self.prefs_of(channel).may_remind:
            if incident.snooze is not None:
                return Permit(Permission.SNOOZED, incident.snooze.until)
            if incident.is_cause_acknowledged:
                return Permit(Permission.CAUSE_ACKNOWLEDGED)
        return self._permit(channel, () if incident is None else self._matching(incident), now)

    def permits(
        self, failure: Failure, cards: Sequence[IncidentCard]
    ) -> Callable[[datetime], Sequence[tuple[IncidentCard, Permit]]]:
        """Whether people are reminded of a failure where its cards are, at a time."""
        watches = [each for each in self.watches if matches(each, failure)]
        return lambda at: [(card, self._permit(card.channel, watches, at)) for card in cards]

    def _permit(self, channel: str, watches: Sequence[Watch], now: datetime) -> Permit:
        if not self.prefs_of(channel).may_remind:
            return Permit(Permission.REMINDERS_OFF)
        if (end := quiet_ends(channel, watches, now)) > now:  # also where nobody is mentioned anyway
            return Permit(Permission.QUIET_HOURS, end)
        return Permit(mentions(channel, watches, self.prefs_of(channel), now))

    def quiet_ends(self, incident: Incident, channel: str, now: datetime) -> datetime:
        """When a channel is not quiet any more about an incident; ``now`` where it is not quiet."""
        return quiet_ends(channel, self._matching(incident), now)

    def quiet_ended(self, incident: Incident, channel: str, now: datetime) -> datetime | None:
        """When a channel stopped being quiet about an incident the last time; None where it was not, or still is."""
        if self.mention(incident, channel, now) is not Permission.MENTIONED:
            return None
        hours = [each.filters.quiet for each in self._matching(incident) if each.channel == channel]
        ends = (quiet.last_end(now) for quiet in hours if quiet is not None)
        return max((end for end in ends if end is not None and self._was_quiet(incident, channel, end)), default=None)

    def _was_quiet(self, incident: Incident, channel: str, end: datetime) -> bool:
        return self.mention(incident, channel, end - _MOMENT) is Permission.QUIET_HOURS

    def _matching(self, incident: Incident) -> Sequence[Watch]:
        failure = newest(incident)
        return [each for each in self.watches if matches(each, failure)]


NO_RULES = RoutingRules()


def newest(incident: Incident) -> Failure:
    """The newest failure of an incident, as the watches see it."""
    return Failure(incident.flow_id, incident.flow_name, incident.owners, max(1, len(failures(incident))))
