"""The alert channel at the start: why flowbot could not post there is logged at once, with what to do.

The first failure may be hours away, and an alarm would come only with it.
"""

import logging
from collections.abc import Collection

from bot.core.checks import on_slack
from bot.core.checks.check import CheckState
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.work.ports import Slack

log = logging.getLogger("bot")


async def warn(slack: Slack, channel: str, shared: Collection[str]) -> None:
    """Log what is wrong with the channel, and that other organizations read it even if that is allowed (``shared``)."""
    try:
        found = await slack.channel(channel)
    except SlackRefused as refusal:
        check = on_slack.channel_refused(channel, refusal.error)
    except SLACK_FAILURES as error:
        log.info("Slack did not describe the alert channel: %s", error)
        return
    else:
        check = on_slack.channel(found, shared)
        if check.state is CheckState.OK and not found.shared:
            return
    log.warning("%s", f"{check.says} {check.fix}".rstrip())
