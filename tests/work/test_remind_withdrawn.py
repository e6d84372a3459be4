"""A reminder that has not gone says nothing that is true no more: it is withdrawn, or a newer one takes its place."""

import asyncio

import pytest
from deliver_fakes import SlackUnreachable, Vanished, until
from mortal_places import MAYA
from mortal_town import FLOWS, OPS, Town

FLOW = FLOWS[0]
REMINDERS = ("STILL OPEN", "PROMISE ENDS SOON", "OPEN AGAIN")


@pytest.fixture
async def town(tmp_path):
    town = await Town.begun(tmp_path / "flowbot.db")
    town.fails(FLOW)
    await town.pass_time(5, poll_at=0)
    yield town
    await town.ends()


def archived(town):
    town.slack.closed[OPS] = "is_archived"


async def unarchived(town):
    """The channel takes messages again; what waits goes, and the promise holds."""
    town.slack.closed.clear()
    town.sleeps(6)
    await town.pass_time(20)
    await town.rests()
    await town.holds()


async def takes(town):
    await town.orders("ack for 2h", FLOW)


async def closes(town):
    await town.orders("close", FLOW)


async def recovers(town):
    town.succeeds(FLOW)
    await town.pass_time(3, poll_at=0)


SHOWN = {takes: "ACK", closes: "CLOSED", recovers: "RECOVERED"}


def said(town):
    """Return what stands below the first messages, oldest first."""
    below = sorted((each for each in town.slack.messages if each.thread), key=lambda each: float(each.ts))
    return [each.text for each in below]


def reminders(town):
    return [text.partition(" · ")[0] for text in said(town) if text.startswith(REMINDERS)]


@pytest.mark.parametrize("answered", [takes, closes, recovers])
async def test_what_is_answered_while_its_channel_takes_nothing_is_not_called_to_mind(town, answered):
    archived(town)
    town.sleeps(11)
    await town.looks_around()
    await answered(town)
    await unarchived(town)
    assert reminders(town) == []
    (card,) = [each.text for each in town.slack.messages if f"flow-{FLOW}" in each.text and each.channel == OPS][:1]
    assert card.startswith(SHOWN[answered])


async def test_the_reply_that_tells_of_the_recovery_is_not_lost_with_the_reminder(town):
    archived(town)
    town.sleeps(11)
    await town.looks_around()
    await recovers(town)
    await unarchived(town)
    (told,) = said(town)
    assert "recovered" in told


async def test_of_several_reminders_that_wait_the_newest_goes(town):
    archived(town)
    for minutes in (11, 21, 41):
        town.sleeps(minutes)
        await town.looks_around()
    await unarchived(town)
    assert reminders(town) == ["STILL OPEN"]
    (body,) = [each.body for each in town.slack.messages if each.text.startswith("STILL OPEN")]
    assert "failing for 1 h 13 min" in body["blocks"][0]["text"]["text"]


async def test_who_renewed_the_promise_is_not_asked_for_the_old_one(town):
    await town.orders("ack for 40m", FLOW)
    await town.pass_time(5)
    archived(town)
    town.sleeps(26)
    await town.looks_around()
    await takes(town)
    await unarchived(town)
    assert reminders(town) == []


async def test_a_promise_that_ended_unheard_is_not_told_of_once_the_flow_is_well(town):
    await town.orders("ack for 20m", FLOW)
    await town.pass_time(5)
    archived(town)
    town.sleeps(21)
    await town.looks_around()
    await recovers(town)
    await unarchived(town)
    assert reminders(town) == []


async def test_a_success_that_is_read_at_the_same_moment_withdraws_the_reminder(town):
    town.sleeps(11)
    town.succeeds(FLOW)
    await town.pass_time(0, remind_at=0)
    await town.process.delivery.tick(town.clock())
    await town.pass_time(5, poll_at=0)
    assert reminders(town) == []


@pytest.mark.parametrize("fault", [SlackUnreachable("down"), Vanished(), None])
async def test_one_that_is_being_sent_stands_if_it_went_and_is_withdrawn_if_it_did_not(town, fault):
    town.sleeps(11)
    await town.pass_time(1, remind_at=0)
    town.slack.gates[f"post {OPS}"] = gate = asyncio.Event()
    town.slack.faults["post"] = [fault]
    process, calls = town.process, len(town.slack.calls)
    sending = asyncio.create_task(process.delivery.tick(town.clock.after(1)))
    await until(lambda: f"post {OPS}" in town.slack.calls[calls:])
    await process.watch.follow(town.clock())
    town.succeeds(FLOW)
    await process.watch.poll(town.clock())
    await process.watch.follow(town.clock())
    gate.set()
    await sending
    del town.slack.gates[f"post {OPS}"]
    await town.rests()
    assert reminders(town) == ([] if fault else ["STILL OPEN"])
    assert "recovered" in said(town)[-1]


# ── storms ──


@pytest.fixture
async def storm(tmp_path):
    town = await Town.begun(tmp_path / "flowbot.db", storm=2)
    for flow in FLOWS:
        town.fails(flow)
    await town.looks_around()
    await town.pass_time(5)
    yield town
    await town.ends()


async def test_a_storm_that_was_taken_while_its_channel_took_nothing_is_not_called_to_mind(storm):
    archived(storm)
    storm.sleeps(11)
    await storm.looks_around()
    for flow in FLOWS:
        await storm.orders("ack for 2h", flow)
    await unarchived(storm)
    assert reminders(storm) == []


async def test_a_storm_of_which_something_is_left_is_called_to_mind_once(storm):
    archived(storm)
    storm.sleeps(11)
    await storm.looks_around()
    await storm.orders("ack for 2h", FLOW)
    storm.sleeps(21)
    await storm.looks_around()
    await unarchived(storm)
    assert [text for text in said(storm) if text.startswith(REMINDERS)] == [
        "STILL OPEN · 3 incidents of the storm, taken by nobody"
    ]


async def test_a_storm_that_is_taken_while_it_is_counted_is_counted_anew(storm):
    storm.sleeps(11)
    store, rooms = storm.process.store, storm.process.rooms
    counted = store.gathered

    async def then_somebody_takes_all(post):
        found = await counted(post)
        for incident in found:
            await rooms.desk.acknowledge(incident.id, MAYA, storm.clock())
        return found

    store.gathered = then_somebody_takes_all
    await storm.pass_time(5, remind_at=0)
    assert reminders(storm) == []
