"""What delivering events to the bridges needs, put together."""

from collections.abc import Callable
from datetime import datetime

from bot.ops.clocks import wall as now
from bot.ops.event_sender import HttpEventSender
from bot.ops.metrics_updater import MetricsUpdater
from bot.ops.new_ids import new_id
from bot.settings.table import Settings
from bot.store.store import Store
from bot.work.bridges.delivery import BridgeTools
from bot.work.delivery.alarms import Alarms


def tools(
    settings: Settings, store: Store, steady: Callable[[], datetime], alarms: Alarms, metrics_updater: MetricsUpdater
) -> BridgeTools:
    """The tools of a bot with these settings."""
    return BridgeTools(
        store=store,
        sender=HttpEventSender(settings, now),
        clock=now,
        steady=steady,
        new_id=new_id,
        alarms=alarms,
        admins=settings.admins,
        counted=metrics_updater.count_bridge_delivery,
    )
