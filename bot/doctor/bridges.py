"""Whether the webhook accepts events, and whether PagerDuty answers at its address. Nobody is paged."""

from bot.core.bridges.cloud_events import ping
from bot.core.bridges.model import Bridge
from bot.core.checks import on_bridges
from bot.core.checks.check import Check
from bot.ops.bridges import configured, source
from bot.ops.clocks import wall as now
from bot.ops.event_sender import HttpEventSender
from bot.ops.new_ids import new_id
from bot.settings.table import Settings

NO_EVENT = b"{}"  # PagerDuty must refuse it


async def bridges(settings: Settings, found: list[Check]) -> None:
    """Check each bridge that is configured."""
    sender, there = HttpEventSender(settings, now), configured(settings)
    if Bridge.WEBHOOK in there:
        id_ = new_id()
        found.append(on_bridges.webhook(await sender.to_webhook(id_, ping(id_, source(settings), now()))))
    if Bridge.PAGERDUTY in there:
        found.append(on_bridges.pagerduty(await sender.to_pagerduty(NO_EVENT)))
