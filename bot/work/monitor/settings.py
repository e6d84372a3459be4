"""The settings of the monitor, and what it reaches the outside by."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.core.flow.status import Status
from bot.core.outbox.posts import Post
from bot.core.values import dataclass
from bot.messages import incident_posts
from bot.messages.cards.incident import RenderContext
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import Clock, Enos, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

UPDATED = frozenset({"update_time", "updateTime"})  # the sort field, as either documentation spells it


async def no_link(_message: Post | None) -> str:
    """No message has a link."""
    return ""


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """The monitor's settings; the table of settings says what each means."""

    channel: str
    lookback_hours: float = 72
    sweep_minutes: float = 10
    poll_seconds: float = 30
    alert_statuses: tuple[int, ...] = (int(Status.FAIL), int(Status.TIMEOUT))
    group_by: str = "flow"
    storm: int = 10
    console_url: str = ""
    command: str = "/flow"
    user: str = ""  # ENOS_USER_ID, to name it where it cannot see all flows
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))  # of the digest, where its channel names none
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


@dataclass(frozen=True, slots=True)
class MonitorContext:
    """What the parts of the monitor share."""

    enos: Enos
    store: "Store"
    owner_resolver: OwnerResolver
    clock: Clock
    steady: Clock  # for waiting: never goes back
    new_id: NewId
    settings: MonitorSettings
    mask: Callable[[str], str]
    wake: Callable[[], None]  # an incident has changed
    lost: Callable[[], Collection[str]] = tuple  # channels and people that cannot be posted to now
    occurred: Callable[[int], None] = lambda _status: None  # a new failure was seen; its status
    link: Callable[[Post | None], Awaitable[str]] = no_link  # to a message, where it is in Slack

    async def terms(self, now: datetime, render_context: RenderContext) -> incident_posts.Terms:
        """The terms of a decision made outside of a search."""
        return incident_posts.Terms(
            now=now,
            alerting=self.settings.alerting,
            new_id=self.new_id,
            channel=self.settings.channel,
            by_instance=self.settings.group_by == "instance",
            stored_at=self.clock(),
            render_context=render_context,
            storm=self.settings.storm,
            command=self.settings.command,
            rules=await self.store.routing_rules(),
            lost=frozenset(self.lost()),
        )
