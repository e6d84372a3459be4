"""The symbols and colours of messages. Each means one thing, everywhere.

🔴 red       broken: a failure that nobody has acknowledged, or something that flowbot cannot work without
🟣 magenta   timed out
🟤 brown     late: not done by its time, or running far longer than ever
🟠 orange    acknowledged
🟢 green     good: succeeded, recovered, over
🔵           running
🕓           waiting
⚪ grey      ended by a person: closed, canceled; or skipped
⚫           a status that EnOS does not document
⏸️           a schedule that is off
⏰           a reminder
🌙           snoozed: nobody is notified
⚠️           flowbot does less than it should
☀️           the digest
🧪 blue      a drill: nothing failed
"""

from collections.abc import Mapping

from bot.core.flow.status import PENDING, OwnStatus, Status
from bot.core.incident.model import Phase

RED, MAGENTA, ORANGE, GREEN, GREY, BLUE = "#d1242f", "#bf3989", "#d4720b", "#1a7f37", "#6e7781", "#0969da"
BROWN = "#8a5a2b"
DRILL = "🧪"

PHASES: Mapping[Phase, str] = {Phase.OPEN: "🔴", Phase.ACKNOWLEDGED: "🟠", Phase.RECOVERED: "🟢", Phase.CLOSED: "⚪"}
PHASE_COLORS: Mapping[Phase, str] = {
    Phase.OPEN: RED,
    Phase.ACKNOWLEDGED: ORANGE,
    Phase.RECOVERED: GREEN,
    Phase.CLOSED: GREY,
}
SNOOZED = "🌙"
STATUSES: Mapping[int, str] = {
    Status.FAIL: "🔴",
    Status.INTERNAL_ERROR: "🔴",
    Status.TIMEOUT: "🟣",
    **dict.fromkeys(OwnStatus, "🟤"),
    Status.SUCCESS: "🟢",
    Status.RUNNING: "🔵",
    Status.RERUN: "🔵",
    Status.CANCEL: "⚪",
    Status.SKIP: "⚪",
    **dict.fromkeys(PENDING, "🕓"),
}
STATUS_COLORS: Mapping[int, str] = {
    Status.FAIL: RED,
    Status.INTERNAL_ERROR: RED,
    Status.TIMEOUT: MAGENTA,
    **dict.fromkeys(OwnStatus, BROWN),
    Status.SUCCESS: GREEN,
}


def mark(status: int) -> str:
    """The dot of a run's status; words follow it, since some people cannot tell colours apart."""
    return STATUSES.get(status, "⚫")
