"""What every event says of its incident, in JSON's types: fields are always there, null or empty where not known."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.core.flow.status import name_of
from bot.core.history.background import Lateness
from bot.core.incident.lifecycle import failures, not_backfilled
from bot.core.incident.model import Incident, Occurrence
from bot.core.people.model import Person

LONGEST_LINE = 1000  # characters of an error line
MOST = 20  # owners, tasks and runs that are named


def facts(incident: Incident, before: Incident | None, links: Mapping[str, str]) -> dict[str, Any]:
    """The data of an event. ``before`` is the incident before the step, where there was one."""
    newest = incident.occurrences[-1] if incident.occurrences else None
    return {
        "incident": {
            "id": incident.id,
            "phase": incident.phase.value,
            "opened_at": moment(incident.opened_at),
            "ended_at": moment(incident.ended_at),
            "failures": len(failures(incident)),
        },
        "flow": {"id": incident.flow_id, "name": incident.flow_name, "owners": list(incident.owners[:MOST])},
        "run": _run(newest) if newest else None,
        "late": _late(incident.background.late) if incident.background.late else None,
        "runs_without_success": [each.instance for each in not_backfilled(incident)[-MOST:]],
        "acknowledged": {
            "by": _person(incident.acked_by),
            "at": moment(incident.acked_at),
            "until": moment(incident.ack_until),
        }
        if incident.acked_by
        else None,
        "snoozed": {
            "by": _person(incident.snooze.by),
            "until": moment(incident.snooze.until),
            "because": incident.snooze.because,
        }
        if incident.snooze
        else None,
        "acknowledged_before_by": _person(before.acked_by) if before else None,
        "closed_by": _person(incident.ended_by),
        "recovered_by_run": incident.recovered_by,
        "note": incident.note,
        "links": dict(links),
    }


def moment(at: datetime | None) -> str | None:
    """A time as RFC 3339 writes it, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _run(failure: Occurrence) -> dict[str, Any]:
    return {
        "id": failure.instance,
        "status": name_of(failure.status),
        "trigger_time": failure.trigger_time,
        "end_time": failure.end_time,
        "seen_at": moment(failure.seen_at),
        "failed_tasks": list(failure.failed_tasks[:MOST]),
        "failed_task_name": failure.failed_task_name,
        "error_line": failure.error_line[:LONGEST_LINE],
    }


def _late(late: Lateness) -> dict[str, Any]:
    return {
        "by": moment(late.by),
        "promised": late.promised,
        "run_exists": not late.is_missing,
        "expected": moment(late.expected),
        "because_of_flow": late.behind.id if late.behind else None,
    }


def _person(person: Person | None) -> dict[str, str] | None:
    return None if person is None else {"slack_team": person.team, "slack_user": person.user}
