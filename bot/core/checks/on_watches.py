"""Checks of the watches: whether their channels can be posted to, and whether EnOS shows their flows. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bot.core.checks.check import Check, ok, some, warning
from bot.core.flow.model import FlowId
from bot.core.outbox.conversations import Channel
from bot.core.routing.watch import Watch
from bot.core.values import dataclass

CHANNELS, FLOWS = "watches channels", "watches flows"


@dataclass(frozen=True, slots=True)
class WatchFact:
    """What the doctor needs of a watch."""

    id: int
    channel: str  # a person's user id where it is theirs alone
    flow: FlowId | None = None
    flow_name: str = ""


def facts(watches: Iterable[Watch]) -> tuple[WatchFact, ...]:
    """What the doctor needs of all watches."""
    return tuple(WatchFact(each.id, each.channel, each.filters.flow, each.flow_name) for each in watches)


@dataclass(frozen=True, slots=True)
class WatchedChannel:
    """What Slack says of a channel with watches: the channel, or the word with which it refused."""

    channel: Channel
    error: str = ""


def channels(watches: Sequence[WatchFact], found: Mapping[str, WatchedChannel]) -> Check:
    """Whether flowbot can post where the watches ask for it. Channels that are not in ``found`` were not checked."""
    told = [trouble for each in found.values() if (trouble := _trouble(each, watches))]
    unchecked = len({each.channel for each in watches} - found.keys())
    more = f" Not checked: {unchecked}." if unchecked else ""
    if not told:
        return ok(CHANNELS, f"flowbot can post in all channels with watches: {len(found)}.{more}")
    fix = (
        "Unarchive the channel, or run /invite @flowbot there. Or who added a watch removes it, in direct messages "
        "with flowbot: unwatch NUMBER. Until then, its failures go to the alert channel."
    )
    return warning(CHANNELS, f"Watches that do not work: {some(told)}.{more}", fix)


def _trouble(found: WatchedChannel, watches: Sequence[WatchFact]) -> str:
    channel = found.channel
    shown = f"#{channel.name}" if channel.name else channel.id
    numbers = some([str(each.id) for each in watches if each.channel == channel.id])
    if found.error:
        return f"{numbers} in {shown} (Slack does not show it to flowbot: {found.error})"
    if channel.archived:
        return f"{numbers} in {shown} (archived)"
    return "" if channel.member else f"{numbers} in {shown} (flowbot is not in it)"


def flows(watches: Sequence[WatchFact], hidden: Sequence[FlowId], unchecked: int, command: str) -> Check:
    """Whether EnOS shows the flows that watches name; ``hidden`` are those it does not."""
    named = [each for each in watches if each.flow is not None]
    more = f" Not checked: {unchecked}." if unchecked else ""
    told = [_named(each) for each in named if each.flow in hidden]
    if not told:
        return ok(FLOWS, f"EnOS shows flowbot all flows that watches name: {len({each.flow for each in named})}.{more}")
    fix = (
        f"Give the EnOS user ENOS_USER_ID access to these flows. If they were deleted, remove their watches: "
        f"{command} unwatch NUMBER."
    )
    return warning(FLOWS, f"EnOS does not show flowbot the flows of these watches: {some(told)}.{more}", fix)


def _named(watch: WatchFact) -> str:
    name = f" {watch.flow_name}" if watch.flow_name else ""
    return f"{watch.id} (flow {watch.flow}{name})"
