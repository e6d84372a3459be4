"""A reminder that has not gone says nothing that is true no more: it is withdrawn, or a newer one takes its place."""

import asyncio

import pytest
from crash_platforms import MAYA
from crash_world import FLOWS, OPS, CrashWorld
from delivery_fakes import SlackUnreachable, Vanished, until
from new_database import new_database

FLOW = FLOWS[0]
REMINDERS = ("STILL OPEN", "ACKNOWLEDGEMENT EXPIRES SOON", "OPEN AGAIN")


@pytest.fixture
async def world(tmp_path):
    world = await CrashWorld.begun(new_database(tmp_path / "flowbot.db"))
    world.fails(FLOW)
    await world.pass_time(5, poll_at=0)
    yield world
    await world.ends()


def archived(world):
    world.slack.closed[OPS] = "is_archived"


async def unarchived(world):
    """The channel can be posted to again; what waits goes, and the promise holds."""
    world.slack.closed.clear()
    world.sleeps(6)
    await world.pass_time(20)
    await world.come_to_rest()
    await world.check_invariants()


async def takes(world):
    await world.orders("ack for 2h", FLOW)


async def closes(world):
    await world.orders("close", FLOW)


async def recovers(world):
    world.succeeds(FLOW)
    await world.pass_time(3, poll_at=0)


SHOWN = {takes: "ACK", closes: "CLOSED", recovers: "RECOVERED"}


def said(world):
    """Return what a phone shows of what stands below the first messages, oldest first."""
    below = sorted((each for each in world.slack.messages if each.thread), key=lambda each: float(each.ts))
    return [each.headline for each in below]


def reminders(world):
    return [text.partition(" · ")[0] for text in said(world) if text.startswith(REMINDERS)]


@pytest.mark.parametrize("answered", [takes, closes, recovers])
async def test_what_is_answered_while_its_channel_takes_nothing_is_not_called_to_mind(world, answered):
    archived(world)
    world.sleeps(11)
    await world.looks_around()
    await answered(world)
    await unarchived(world)
    assert reminders(world) == []
    (card,) = [
        each.headline for each in world.slack.messages if f"flow-{FLOW}" in each.headline and each.channel == OPS
    ][:1]
    assert card.startswith(SHOWN[answered])


async def test_the_reply_that_tells_of_the_recovery_is_not_lost_with_the_reminder(world):
    archived(world)
    world.sleeps(11)
    await world.looks_around()
    await recovers(world)
    await unarchived(world)
    (told,) = said(world)
    assert told.startswith("RECOVERED · ")


async def test_of_the_owners_reminders_that_wait_the_newest_goes_but_each_call_does(world):
    archived(world)
    for minutes in (11, 11, 11, 21, 41):
        world.sleeps(minutes)
        await world.looks_around()
    await unarchived(world)
    said = [each.body["blocks"][0]["text"]["text"] for each in world.slack.messages if "STILL OPEN" in each.headline]
    said = [text for text in said if "Can you take it?" not in text]
    assert len(said) == 4
    for text, called in zip(said, ("S0ONCALL01", "S0SECOND01", "PagerDuty", "U0MAYA00001"), strict=True):
        assert called in text
    assert "failing for 1 h 35 min" in said[-1]


async def test_who_renewed_the_promise_is_not_asked_for_the_old_one(world):
    await world.orders("ack for 40m", FLOW)
    await world.pass_time(5)
    archived(world)
    world.sleeps(26)
    await world.looks_around()
    await takes(world)
    await unarchived(world)
    assert reminders(world) == []


async def test_an_acknowledgement_that_expired_unreported_is_not_reported_once_the_flow_is_well(world):
    await world.orders("ack for 20m", FLOW)
    await world.pass_time(5)
    archived(world)
    world.sleeps(21)
    await world.looks_around()
    await recovers(world)
    await unarchived(world)
    assert reminders(world) == []


async def test_a_success_that_is_read_at_the_same_moment_withdraws_the_reminder(world):
    world.sleeps(11)
    world.succeeds(FLOW)
    await world.pass_time(0, remind_at=0)
    await world.process.delivery.tick(world.clock())
    await world.pass_time(5, poll_at=0)
    assert reminders(world) == []


@pytest.mark.parametrize("fault", [SlackUnreachable("down"), Vanished(), None])
async def test_one_that_is_being_sent_stays_if_it_was_sent_and_is_withdrawn_if_it_did_not(world, fault):
    world.sleeps(11)
    await world.pass_time(1, remind_at=0)
    world.slack.gates[f"post {OPS}"] = gate = asyncio.Event()
    world.slack.faults["post"] = [fault, fault]  # of the reply, and of the direct message
    process, calls = world.process, len(world.slack.calls)
    sending = asyncio.create_task(process.delivery.tick(world.clock.after(1)))
    await until(lambda: f"post {OPS}" in world.slack.calls[calls:])
    await process.monitor.follow(world.clock())
    world.succeeds(FLOW)
    await process.monitor.poll(world.clock())
    await process.monitor.follow(world.clock())
    gate.set()
    await sending
    del world.slack.gates[f"post {OPS}"]
    await world.come_to_rest()
    assert reminders(world) == ([] if fault else ["STILL OPEN"])
    assert said(world)[-1].startswith("RECOVERED · ")


# ── storms ──


@pytest.fixture
async def storm(tmp_path):
    world = await CrashWorld.begun(new_database(tmp_path / "flowbot.db"), storm=2)
    for flow in FLOWS:
        world.fails(flow)
    await world.looks_around()
    await world.pass_time(5)
    yield world
    await world.ends()


async def test_a_storm_that_was_taken_while_its_channel_took_nothing_is_not_called_to_mind(storm):
    archived(storm)
    storm.sleeps(11)
    await storm.looks_around()
    for flow in FLOWS:
        await storm.orders("ack for 2h", flow)
    await unarchived(storm)
    assert reminders(storm) == []


async def test_a_storm_of_which_something_is_left_calls_whom_each_step_is_for(storm):
    archived(storm)
    storm.sleeps(11)
    await storm.looks_around()
    await storm.orders("ack for 2h", FLOW)
    storm.sleeps(21)
    await storm.looks_around()
    await unarchived(storm)
    assert [text for text in said(storm) if text.startswith(REMINDERS)] == [
        "STILL OPEN · 4 incidents of the alert storm",  # as it was when the first group was called
        "STILL OPEN · 3 incidents of the alert storm",
    ]


async def test_a_storm_that_is_acknowledged_while_it_is_counted_is_counted_again(storm):
    storm.sleeps(11)
    store, services = storm.process.store, storm.process.services
    counted = store.grouped

    async def then_somebody_takes_all(post):
        found = await counted(post)
        for incident in found:
            await services.incident_actions.acknowledge(incident.id, MAYA, storm.clock())
        return found

    store.grouped = then_somebody_takes_all
    await storm.pass_time(5, remind_at=0)
    assert reminders(storm) == []
