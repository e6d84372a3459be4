"""Flows that EnOS shows no more: deleted, or hidden. Their incidents remain flowbot's own, for people to end."""

from datetime import datetime

from bot.core.errors import Refusal, Refused
from bot.core.flow.model import FlowId
from bot.core.incident.model import Incident
from bot.work.commands.incident_actions import IncidentActions
from bot.work.ports import Enos

REASONS = frozenset({"unknown_flow", "not_found"})  # how EnOS refuses a flow that it does not have, or hides


async def is_gone(enos: Enos, flow: FlowId) -> bool:
    """Whether EnOS shows a flow to the watcher no more. Raises Outage where it does not tell."""
    try:
        await enos.flow(flow)
    except Refusal as refusal:
        return reason(refusal) in REASONS
    return False


async def report_if_gone(enos: Enos, incident_actions: IncidentActions, incident: Incident, now: datetime) -> bool:
    """Whether an incident's flow is gone; its thread says so then, once."""
    gone = await is_gone(enos, incident.flow_id)
    if gone:
        await incident_actions.gone(incident.id, now)
    return gone


def reason(refusal: Refusal) -> str:
    """Return the name of a refusal; empty where it has none."""
    return refusal.reason if isinstance(refusal, Refused) else ""
