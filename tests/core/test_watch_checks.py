"""What the doctor says of watches."""

import pytest
from incident_makers import JONAS, NOW

from bot.core.checks import on_bot, on_watches
from bot.core.checks.check import CheckState
from bot.core.checks.on_bot import BotReport
from bot.core.checks.on_watches import WatchedChannel, WatchFact
from bot.core.flow.model import FlowId
from bot.core.outbox.conversations import Channel
from bot.core.routing.watch import Filters, Watch

GRID, OPS = "C0GRIDOPS1", "C0DATAOPS1"
WATCHES = (
    WatchFact(1, GRID, FlowId(3377), "daily-energy-report"),
    WatchFact(2, GRID),
    WatchFact(3, OPS, FlowId(2809)),
)
FINE = WatchedChannel(Channel(OPS, "data-ops", member=True))


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        (Channel(GRID, "grid-ops", member=True, archived=True), "1, 2 in #grid-ops (archived)."),
        (Channel(GRID, "grid-ops"), "1, 2 in #grid-ops (flowbot is not in it)."),
        (Channel(GRID), "1, 2 in C0GRIDOPS1 (flowbot is not in it)."),
    ],
)
def test_a_channel_that_takes_no_messages_is_named_with_its_watches(grid, says):
    check = on_watches.channels(WATCHES, {GRID: WatchedChannel(grid), OPS: FINE})
    assert check.state is CheckState.WARNING
    assert check.says == f"Watches that do not work: {says}"
    assert "/invite @flowbot" in check.fix


def test_a_channel_that_slack_does_not_show_is_named():
    check = on_watches.channels(WATCHES, {GRID: WatchedChannel(Channel(GRID), "channel_not_found"), OPS: FINE})
    assert "1, 2 in C0GRIDOPS1 (Slack does not show it to flowbot: channel_not_found)" in check.says


def test_channels_that_were_not_checked_are_counted():
    check = on_watches.channels(WATCHES, {OPS: FINE})
    assert check.state is CheckState.OK
    assert check.says == "flowbot can post in all channels with watches: 1. Not checked: 1."


def test_watches_of_flows_that_enos_does_not_show_are_named():
    check = on_watches.flows(WATCHES, [FlowId(3377)], 0, "/flow")
    assert check.state is CheckState.WARNING
    assert "these watches: 1 (flow 3377 daily-energy-report)." in check.says
    assert "/flow unwatch NUMBER" in check.fix
    assert "3 (flow 2809)." in on_watches.flows(WATCHES, [FlowId(2809)], 0, "/flow").says


def test_flows_that_enos_shows_are_counted_and_those_that_were_not_checked():
    check = on_watches.flows(WATCHES, [], 1, "/flow")
    assert check.state is CheckState.OK
    assert check.says == "EnOS shows flowbot all flows that watches name: 2. Not checked: 1."


def test_a_running_bot_reports_its_watches():
    made = Watch(1, GRID, Filters(flow=FlowId(3377)), JONAS, NOW, "daily-energy-report")
    assert on_watches.facts([made]) == WATCHES[:1]
    report = BotReport("1", watches=WATCHES)
    assert on_bot.read(on_bot.written(report)) == report
