"""Events for the webhook: CloudEvents 1.0 in the structured JSON form.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.bridges.facts import facts, moment
from bot.core.incident.events import IncidentStep
from bot.core.incident.model import Incident

TYPE = "io.flowbot.incident.{}.v1"
PING = "io.flowbot.ping.v1"  # the doctor's; it is about no incident


def incident_event(
    id_: str,
    step: IncidentStep,
    incident: Incident,
    before: Incident | None,
    links: Mapping[str, str],
    *,
    source: str,
    at: datetime,
) -> str:
    """The body of an event, as it is stored and sent."""
    event = {"subject": incident.id, "data": facts(incident, before, links)}
    return _envelope(id_, TYPE.format(step.value), source, at, event)


def ping(id_: str, source: str, at: datetime) -> str:
    """The body of an event that only asks whether the receiver accepts events."""
    return _envelope(id_, PING, source, at, {"data": {}})


def _envelope(id_: str, type_: str, source: str, at: datetime, event: Mapping[str, Any]) -> str:
    head = {"specversion": "1.0", "id": id_, "source": source, "type": type_, "time": moment(at)}
    return json.dumps({**head, "datacontenttype": "application/json", **event}, ensure_ascii=False)
