"""Rows of lists as data for scripts: ids, EnOS's own words, times in ISO 8601 (UTC). Documented in docs/shell.md."""

from datetime import UTC, datetime

from bot.core.flow.ids import instance_moment
from bot.core.flow.model import FlowId, Instance
from bot.core.flow.status import name_of
from bot.core.incident.lifecycle import failures
from bot.core.incident.model import Incident
from bot.core.text.message import Text, plain

Row = dict[str, str]


def of_run(instance: Instance, note: Text | None = None) -> Row:
    """A run of a list; ``note`` says why a run is in a list of failures though EnOS does not list it there."""
    row = {
        "run": str(instance.id),
        "flow": str(instance.flow_id),
        "name": instance.flow_name,
        "status": name_of(instance.status),
        "triggered": _iso(instance_moment(instance.id)),
    }
    return row if note is None else {**row, "note": plain(note)}


def of_flow(flow: FlowId, name: str, status: int | None, at: datetime | None) -> Row:
    """A flow of a list, with its last run as far as it is known."""
    return {
        "flow": str(flow),
        "name": name,
        "status": "" if status is None else name_of(status),
        "triggered": _iso(at),
    }


def of_incident(incident: Incident) -> Row:
    """A live incident."""
    failed = failures(incident)
    return {
        "flow": str(incident.flow_id),
        "name": incident.flow_name,
        "state": incident.phase.value,
        "run": str(failed[-1].instance) if failed else "",
        "failures": str(len(failed)),
        "opened": _iso(incident.opened_at),
        "by": incident.acked_by.user if incident.acked_by is not None else "",
        "until": _iso(incident.ack_until),
        "snoozed_until": _iso(incident.snooze.until) if incident.snooze is not None else "",
    }


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
