"""What only the leader of several replicas knows, for all of them: it tells, and the others show people the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice

from bot.core.health.shared import Shared
from bot.core.values import dataclass
from bot.ops.bot_health import BotHealth
from bot.ops.platform_times import PlatformZone
from bot.ops.replica import Alone, Replica
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.history import HistoryReader
from bot.work.monitor.lateness import LatenessMonitor

MOST_SAID = 500  # flows that seemed late


@dataclass(slots=True, kw_only=True)
class Shares:
    """Tells what this process knows where it leads, else knows what it was told (``told``).

    ``on_history`` is called where the leader has read history again.
    """

    store: Store
    replica: Replica | Alone
    bot_health: Callable[[], BotHealth]
    history: HistoryReader
    delivery: Delivery
    zone: PlatformZone
    lateness: Callable[[], LatenessMonitor]
    on_history: Callable[[], None]
    told: Shared = Shared()

    async def tick(self, now: datetime) -> None:
        """Tell the others, or hear from the leader. Raises what the store raises."""
        if self.replica.leads:
            if self.replica.living > 1:
                await self.store.share(self.all(now))
            return
        before, self.told = self.told, await self.store.shared()
        if self.told.offset is not None:
            self.zone.offset = self.told.offset
        self.lateness().learn(self.told.said)
        if before.history_at != self.told.history_at:
            self.on_history()

    def all(self, now: datetime) -> Shared:
        """All that this process knows."""
        said = self.lateness().said
        newest = sorted(said.items(), key=lambda each: each[1][1], reverse=True)
        return replace(
            self.bot_health().known(now),
            history_at=self.history.read_since(now),
            offset=self.zone.offset,
            lost=self.delivery.lost_places(),
            said=dict(islice(newest, MOST_SAID)),
        )

    def lost_places(self) -> frozenset[str]:
        """The channels that refuse all posts, and the people whom direct messages do not reach."""
        return self.delivery.lost_places() if self.replica.leads else self.told.lost

    def read_since(self, now: datetime) -> datetime | None:
        """When the last complete read of history began."""
        return self.history.read_since(now) if self.replica.leads else self.told.history_at
