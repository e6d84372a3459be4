"""A run that somebody started from chat: its row, and what the message that follows it says."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.flow.model import FlowId, InstanceId
from bot.core.incident.model import IncidentId


class RunState(Enum):
    """Where following a run has come to. The values are what the database stores."""

    ASKED = "asked"  # the call was, or may have been, sent, and its answer is not known
    RUNNING = "running"
    ENDED = "ended"
    NOT_STARTED = "not started"
    LOST = "lost"  # nobody saw it end, or another run has its minute


@dataclass(frozen=True, slots=True)
class Run:
    """A run somebody started from chat, followed until it ends."""

    instance: InstanceId
    flow_id: FlowId
    flow_name: str
    by: str  # Person as text
    post: str  # the message that shows its progress
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
    notes: str = ""  # what the message keeps saying while the run goes on, mrkdwn
