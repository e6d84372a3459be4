"""Whether the channels of watches can be posted to, and whether EnOS shows the flows that watches name."""

import asyncio
import contextlib
from collections.abc import Sequence

from bot.core.checks import on_watches
from bot.core.checks.check import Check
from bot.core.checks.on_watches import WatchedChannel, WatchFact
from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.model import FlowId
from bot.core.outbox.conversations import Channel, SlackLimited, SlackRefused
from bot.core.outbox.posts import is_direct
from bot.doctor.enos import EnosExam
from bot.doctor.safe_check import safe_check
from bot.doctor.slack import SlackExam

MOST, SECONDS = 50, 20.0  # channels, and flows, that are checked, and for how long


async def watches(
    given: Sequence[WatchFact], slack: SlackExam, enos: EnosExam, command: str, found: list[Check]
) -> None:
    """Check all watches, as far as Slack and EnOS can be asked."""
    if slack.findings.me is not None and any(not is_direct(each.channel) for each in given):
        await safe_check(on_watches.CHANNELS, found, _channels(given, slack, found))
    if enos.signed_in and any(each.flow is not None for each in given):
        await safe_check(on_watches.FLOWS, found, _flows(given, enos, command, found))


async def _channels(given: Sequence[WatchFact], slack: SlackExam, found: list[Check]) -> None:
    """Only some are checked: a running bot uses the same rate limits."""
    in_channels = [each for each in given if not is_direct(each.channel)]
    told: dict[str, WatchedChannel] = {}
    with contextlib.suppress(TimeoutError, SlackLimited):
        async with asyncio.timeout(SECONDS):
            for id_ in list(dict.fromkeys(each.channel for each in in_channels))[:MOST]:
                try:
                    told[id_] = WatchedChannel(await slack.poster.channel(id_))
                except SlackRefused as refused:
                    told[id_] = WatchedChannel(Channel(id_), refused.error)
    found.append(on_watches.channels(in_channels, told))


async def _flows(given: Sequence[WatchFact], enos: EnosExam, command: str, found: list[Check]) -> None:
    named = list(dict.fromkeys(each.flow for each in given if each.flow is not None))
    hidden: list[FlowId] = []
    checked = 0
    with contextlib.suppress(TimeoutError, TemporaryFailure):
        async with asyncio.timeout(SECONDS):
            for flow in named[:MOST]:
                try:
                    await enos.client.flow(flow)
                except Refusal:
                    hidden.append(flow)
                checked += 1
    found.append(on_watches.flows(given, hidden, len(named) - checked, command))
