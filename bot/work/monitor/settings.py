"""The settings that watching depends on."""

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.core.flow.status import Status

UPDATED = frozenset({"update_time", "updateTime"})  # the sort field, as either documentation spells it


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """See the table of settings for what each means."""

    channel: str
    lookback_hours: float = 72
    sweep_minutes: float = 10
    poll_seconds: float = 30
    alert_statuses: tuple[int, ...] = (int(Status.FAIL), int(Status.TIMEOUT))
    group_by: str = "flow"
    storm: int = 10
    console_url: str = ""
    command: str = "/flow"
    user: str = ""  # ENOS_USER_ID, to name it where it sees too little
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))  # of the daily sign of life
    lane_width: int = 4  # calls to EnOS at once besides the alert search

    @property
    def alerting(self) -> frozenset[int]:
        """The statuses that alert."""
        return frozenset(self.alert_statuses)

    @property
    def lookback(self) -> timedelta:
        """How far the window reaches back."""
        return timedelta(hours=self.lookback_hours)

    @property
    def sweep_every(self) -> timedelta:
        """How often the window is read to its end."""
        return timedelta(minutes=self.sweep_minutes)
