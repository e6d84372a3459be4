"""Assembles the bridges: what the store writes events for, and who sends them."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from bot.core.bridges.model import Bridge, BridgeSettings
from bot.core.incident.model import Incident
from bot.messages.cards.incident import console
from bot.ops.clocks import wall as now
from bot.ops.new_ids import new_id
from bot.settings.table import Settings


def configured(settings: Settings) -> tuple[Bridge, ...]:
    """The bridges that have what they need."""
    given = {Bridge.WEBHOOK: settings.webhook_url, Bridge.PAGERDUTY: settings.pagerduty_key}
    return tuple(bridge for bridge, value in given.items() if value)


def told_at_once(settings: Settings) -> tuple[str, ...]:
    """The other programs that hear of every incident. PagerDuty hears of those that nobody acknowledges."""
    return ("webhook",) if Bridge.WEBHOOK in configured(settings) else ()


def source(settings: Settings) -> str:
    """The ``source`` of every event: whose flows they are about."""
    return f"urn:flowbot:{quote(settings.enos_org_id, safe='')}"


def bridge_settings(settings: Settings, permalink: Callable[[str, str], str]) -> BridgeSettings:
    """What the store needs. ``permalink`` returns a message's address by channel and ``ts``."""

    def links(incident: Incident, place: tuple[str, str]) -> Mapping[str, str]:
        newest = incident.occurrences[-1].instance if incident.occurrences else ""
        found = {
            "slack": permalink(*place) if all(place) else "",
            "enos": console(settings.enos_console_url, incident.flow_id, newest),
        }
        return {name: address for name, address in found.items() if address}

    return BridgeSettings(frozenset(configured(settings)), source(settings), now, new_id, links)
