"""Runs that are missing, far too long, or promised: history tells, an incident opens, and it recovers like any."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from journey_kit import DATA_OPS, MAYA
from journey_stage import story

from bot.sim.enos.model import FlowLink

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
_MINUTES = 600.0  # seconds: the promise's time has to come, and history to be read after it


def ago(span):
    """A moment some time ago, at a full minute."""
    return (datetime.now(UTC) - span).replace(second=0, microsecond=0)


def hourly(world, name, at, *, took=MINUTE, runs=20, **more):
    """A flow that starts each hour at the minute of ``at``: until the hour before it did, and not since."""
    flow = world.flow(name, cycle="H", active=True, freq=f"0 {at.minute} * * * ? *", **more)
    for n in range(1, runs + 1):
        world.enos.add_past(flow.id, at - n * HOUR, took=took.total_seconds())
    return flow


@story(first=True)
async def test_a_run_that_is_missing_is_late_and_recovers_when_somebody_triggers_it(world):
    flow = hourly(world, "missing-load", ago(HOUR + 40 * MINUTE))
    card = await world.card(flow, "LATE")
    shown = world.shown(card)
    assert "has not started" in shown
    assert "of the last" in shown
    assert "Owners: @Maya Chen" in shown
    await world.asks(MAYA, "/flow incidents", "missing-load", "usually done by")
    await world.asks(MAYA, f"/flow show {flow.id}", "On time", "Usually done by")
    await world.starts(MAYA, card, "Trigger")
    await world.sees(card, "*RECOVERED*")
    await world.reply(card, "recovered", "after I reported it")
    assert world.cards(flow) == [card]


@story(first=True)
async def test_a_run_that_takes_far_longer_than_ever_is_long(world):
    at = ago(3 * HOUR)
    flow = hourly(world, "endless-load", at)
    run = world.enos.add_past(flow.id, at, "RUNNING")
    for n in (1, 2):
        world.enos.add_past(flow.id, at + n * HOUR)
    card = await world.card(flow, "LONG")
    assert "It never took longer than" in world.shown(card)
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "*ACKNOWLEDGED*")
    world.enos.restate(run.id, "SUCCESS", end=datetime.now(UTC))
    await world.sees(card, "*RECOVERED*")


@story(first=True)
async def test_a_promise_that_cannot_be_kept_is_said_before_and_is_not_kept(world):
    source = hourly(world, "slow-import", ago(40 * MINUTE), took=20 * MINUTE)
    running = world.enos.add_past(source.id, ago(40 * MINUTE), "RUNNING")
    link = FlowLink(source.id, "slow-import")
    flow = hourly(world, "promised-report", ago(12 * MINUTE), took=21 * MINUTE, links=(link,))
    report = world.enos.add_past(flow.id, ago(12 * MINUTE), "RUNNING")
    by = datetime.now(ZoneInfo("Asia/Shanghai")) + 4 * MINUTE
    world.say(MAYA, f"/flow expect {flow.id} by {by:%H:%M}")
    await world.message("promised", "promised-report", "every day", where=DATA_OPS)
    card = await world.card(flow, "LATE", "It will be about", "slow-import")
    await world.until(lambda: any(world.says(each, "is late now") for each in world.slack.replies(card)), _MINUTES)
    assert "It was promised by" in world.shown(card)
    for each in (running, report):
        world.enos.restate(each.id, "SUCCESS", end=datetime.now(UTC))
    await world.sees(card, "*RECOVERED*")
