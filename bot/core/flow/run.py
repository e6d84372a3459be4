"""A run that somebody started from chat: its row, and what the message that follows it says."""

import json
from datetime import UTC, datetime
from enum import Enum

from bot.core.flow.model import FlowId, InstanceId, Parameter
from bot.core.incident.model import IncidentId
from bot.core.values import dataclass


class RunState(Enum):
    """Where following a run has come to. The values are what the database stores."""

    ASKED = "asked"  # the call was, or may have been, sent, and its answer is not known
    RUNNING = "running"
    ENDED = "ended"
    NOT_STARTED = "not started"
    LOST = "lost"  # nobody saw it end, or another run has its minute


@dataclass(frozen=True, slots=True)
class StartDetails:
    """What was asked for besides the flow."""

    parameters: tuple[Parameter, ...] = ()  # as sent, masked
    unknown_keys: tuple[str, ...] = ()  # sent although the flow has no parameter of that name
    skips: tuple[str, ...] = ()  # names of tasks that do not run again
    moved: tuple[datetime, datetime] | None = None  # the minute that is taken, and the one used instead
    rule_of: str = ""  # the EnOS user name of whose retry rule started it; empty where a person did
    rule_text: str = ""  # what the error contains

    def kept(self) -> str:
        """As the run's row keeps it."""
        fields = {
            "parameters": [(each.key, each.value) for each in self.parameters],
            "unknown_keys": self.unknown_keys,
            "skips": self.skips,
            "moved": [int(at.timestamp()) for at in self.moved or ()],
        }
        return json.dumps(fields | ({"rule": [self.rule_of, self.rule_text]} if self.rule_of else {}))

    @classmethod
    def read(cls, kept: str) -> "StartDetails":
        """What ``kept`` wrote; nothing where an earlier version wrote sentences instead."""
        try:
            fields = json.loads(kept)
        except ValueError:
            fields = {}
        rule_of, rule_text = fields.get("rule", ("", ""))
        moved = [datetime.fromtimestamp(at, UTC) for at in fields.get("moved", ())]
        return cls(
            parameters=tuple(Parameter(key, value) for key, value in fields.get("parameters", ())),
            unknown_keys=tuple(fields.get("unknown_keys", ())),
            skips=tuple(fields.get("skips", ())),
            moved=(moved[0], moved[1]) if moved else None,
            rule_of=rule_of,
            rule_text=rule_text,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """A run somebody started from chat, followed until it ends."""

    instance: InstanceId
    flow_id: FlowId
    flow_name: str
    by: str  # Person as text
    post: str  # the message that shows its progress; empty where an alert storm's message shows it
    started_at: datetime
    channel: str
    thread: str = ""
    verb: str = "trigger"
    state: RunState = RunState.ASKED
    incident: IncidentId | None = None  # whose rerun it is
    attempt: int = 0  # the audit row
    trigger_ms: int = 0
    task: int = 0  # started from this task; 0 for the whole flow
    parameters: str = ""  # fingerprint of those sent (``mask.py``), for the search after a lost answer
    user_id: str = ""
    words: str = ""  # the command, as understood, secrets masked
    result: int | None = None  # EnOS's status at its end; None where that was not seen
    notes: str = ""  # what the message says for as long as it is edited: ``StartDetails.kept``, or nothing
