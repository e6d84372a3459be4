"""What of the settings each part of flowbot is told."""

from datetime import timedelta

from bot.core.text.mask import Mask
from bot.ops import bridges
from bot.settings.table import Settings
from bot.work.commands.context import AnswerSettings
from bot.work.monitor.settings import MonitorSettings


def of_monitor(settings: Settings) -> MonitorSettings:
    """What the monitor is told."""
    return MonitorSettings(
        channel=settings.channel,
        lookback_hours=settings.lookback_hours,
        sweep_minutes=settings.sweep_minutes,
        poll_seconds=settings.poll_seconds,
        alert_statuses=settings.alert_statuses,
        group_by=settings.group_by,
        storm=settings.storm,
        timezone=settings.timezone,
        console_url=settings.enos_console_url,
        command=settings.command,
        user=settings.enos_user_id,
    )


def of_answers(settings: Settings, mask: Mask) -> AnswerSettings:
    """What answers are told."""
    return AnswerSettings(
        channel=settings.channel,
        admins=frozenset(settings.admins),
        oncall=settings.oncall,
        timezone=settings.timezone,
        command=settings.command,
        mask=mask,
        alert_statuses=settings.alert_statuses,
        console_url=settings.enos_console_url,
        shared_channels=settings.shared_channels,
        remind_every=timedelta(minutes=settings.remind_minutes),
        bridges=bridges.told_at_once(settings),
        pagerduty=bool(settings.pagerduty_key),
    )
