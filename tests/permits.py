"""Rules of routing that allow what a test says."""

from bot.core.routing.mentions import Permit
from bot.core.routing.rules import RoutingRules


def allowing(permit_of):
    """What a store answers whose rules allow ``permit_of(channel, now)``, or all where that is None."""

    class Rules(RoutingRules):
        def permit(self, _incident, channel, now):
            return permit_of(channel, now) or Permit()

    async def rules():
        return Rules()

    return rules
