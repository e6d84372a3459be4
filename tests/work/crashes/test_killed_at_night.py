"""Killed not by chance: stories told again and again, with a death at one statement after the other."""

import pytest
from crash_databases import HISTORIES
from crash_injection import ProcessDied
from crash_world import FLOWS, CrashWorld

# The stride from one death to the next is four steps: whoever has the time begins at each of the four.
FIRSTS = range(4 if HISTORIES else 1)
STEP = 5  # within a look for what is due: a transaction has more statements


def night(world):
    """A night in which flows fail, and people order this and that."""

    async def a_flow_fails():
        world.fails(3377)
        await world.pass_time(4, poll_at=0)

    async def it_fails_again_and_another_too():
        world.fails(3377, rerun=True)
        world.fails(3378)
        await world.pass_time(4, poll_at=0)

    async def somebody_takes_it():
        await world.orders("ack", 3377)

    async def somebody_starts_a_run():
        await world.orders("trigger", 3379)
        await world.pass_time(2)

    async def somebody_stops_the_schedule():
        await world.orders("disable", 3380)
        await world.pass_time(8)

    return [
        a_flow_fails,
        it_fails_again_and_another_too,
        somebody_takes_it,
        somebody_starts_a_run,
        somebody_stops_the_schedule,
    ]


def night_of_loss(world):
    """A night in which people delete cards, and Slack takes no edits."""

    async def a_flow_fails():
        world.fails(3377)
        await world.pass_time(6, poll_at=0)
        await world.loses_a_card(0)

    async def it_fails_again():
        world.fails(3377, rerun=True)
        await world.pass_time(8, poll_at=0)

    async def somebody_takes_it_and_it_is_lost_again():
        await world.loses_a_card(0, word="edit_window_closed")
        await world.orders("ack", 3377)
        await world.pass_time(8)

    async def it_recovers_and_the_card_is_deleted():
        for number in range(2):
            await world.loses_a_card(number)
        world.succeeds(3377)
        await world.pass_time(10, poll_at=0)

    return [a_flow_fails, it_fails_again, somebody_takes_it_and_it_is_lost_again, it_recovers_and_the_card_is_deleted]


def long_night(world):
    """A night of waiting, of promises that run out, and of reminders."""

    async def flows_fail():
        for flow in FLOWS[:3]:
            world.fails(flow)
        await world.pass_time(4, poll_at=0)

    def waits(minutes):
        async def wait():
            world.sleeps(minutes)
            await world.looks_around()

        return wait

    def orders(what, flow):
        return lambda: world.orders(what, flow)

    async def one_recovers():
        world.succeeds(3377)
        await waits(21)()

    return [
        flows_fail,
        waits(11),  # all are reminded of
        orders("ack for 32m", 3377),
        orders("close", 3378),
        waits(18),  # who took it is asked
        waits(15),  # and has not kept the promise
        waits(11),  # so it is reminded of
        orders("ack for 5m", 3377),
        waits(6),
        one_recovers,
        waits(31),
    ]


async def dies_after(address, story, left, **more):
    """Tell a story with one death in it; return whether it was long enough for that."""
    world = await CrashWorld.begun(address, **more)
    await world.starts(left)
    chapters = iter(story(world))
    try:
        await told(chapters)
    except ProcessDied:
        await world.starts()
        await told(chapters)
    died = world.process.budget.left is None
    await world.come_to_rest()
    await world.check_invariants()
    await world.ends()
    return died


async def told(chapters):
    """Tell what is left of a story."""
    for chapter in chapters:
        await chapter()


@pytest.mark.parametrize(
    ("story", "step", "begins"),
    [
        (night, 1 if HISTORIES else 23, 0),
        (long_night, 3 if HISTORIES else 61, 0 if HISTORIES else 29),
        (night_of_loss, 1 if HISTORIES else 29, 0 if HISTORIES else 13),
    ],
)
@pytest.mark.parametrize("first", FIRSTS)
async def test_a_night_with_one_death_every_few_statements(databases, first, story, step, begins):
    """Not by chance: from the poll to the settled post, and from the command to its outcome."""
    for left in databases.deaths(begins + step * first, 4 * step, sample=300):
        if not await dies_after(databases.new(), story, left):
            break
    assert left > 200


async def dies_in_a_look(world, left):
    """Look for what is due, and again in another life; return whether the first was too short for it."""
    is_spent = False
    await world.starts(left)
    try:
        await world.pass_time(0, remind_at=0)
    except ProcessDied:
        is_spent = True
    await world.starts()
    await world.pass_time(1, remind_at=0)
    return is_spent


@pytest.mark.parametrize("first", FIRSTS)
async def test_a_reminder_is_said_once_wherever_its_look_dies(databases, first):
    """A flow fails again and again; each time the bot dies some statements later in each of the three reminders."""
    world = await CrashWorld.begun(databases.new())
    step = databases.stride(STEP)
    left, is_spent = step * first, True
    while is_spent:
        is_spent = False
        world.fails(3377)
        await world.pass_time(3, poll_at=0)
        for order, minutes in (None, 11), ("ack for 32m", 18), (None, 15):
            if order:
                await world.orders(order, 3377)
            world.sleeps(minutes)
            is_spent |= await dies_in_a_look(world, left)
        world.succeeds(3377)
        await world.pass_time(3, poll_at=0)
        left += 4 * step
    await world.come_to_rest()
    await world.check_invariants()
    await world.ends()
    assert left > 20


async def test_the_night_of_loss_is_one(database):
    """Each card but the last comes again; what is said of it stands in its thread, and the recovery in the channel."""
    world = await CrashWorld.begun(database)
    await told(night_of_loss(world))
    await world.come_to_rest()
    await world.check_invariants()
    (last,) = [each for each in world.slack.messages if "*flow-3377* recovered after" in str(each.body)]
    assert not last.thread
    assert len(world.slack.gone) == 3
    await world.ends()


@pytest.mark.parametrize("loss", ["", "edit_window_closed"])
async def test_a_storms_list_that_is_lost_is_posted_once_more_and_continues(database, loss):
    world = await CrashWorld.begun(database, storm=2)
    for flow in FLOWS:
        world.fails(flow)
    await world.looks_around()
    (before,) = [each for each in world.slack.messages if "4 open" in each.headline]
    if loss:
        world.slack.fixed[before.ts] = loss
    else:
        world.slack.person_deletes(before.ts)
    world.succeeds(3377)
    await world.looks_around()
    await world.orders("ack", 3378)
    await world.looks_around()
    lists = [each for each in world.slack.messages if each.id.partition("~")[0] == before.id]
    assert [each.ts == before.ts for each in lists] == ([True, False] if loss else [False])
    assert "2 open, 1 acknowledged, 1 recovered" in lists[-1].headline
    (reply,) = [each for each in world.slack.messages if each.headline.startswith("ACKNOWLEDGED · ")]
    assert reply.thread == lists[-1].ts
    await world.come_to_rest()
    await world.check_invariants()
    await world.ends()


REMINDERS = ("STILL OPEN", "ACKNOWLEDGEMENT EXPIRES SOON", "OPEN AGAIN")


async def test_the_long_night_is_one_of_reminders(database):
    world = await CrashWorld.begun(database)
    await told(long_night(world))
    threads = {each.ts: [] for each in world.slack.messages}
    for each in world.slack.messages:
        if each.thread and each.headline.startswith(REMINDERS):  # direct messages begin no thread
            threads[each.thread].append(each.headline.split(" · ")[0])
    assert [said for said in threads.values() if said] == [
        ["STILL OPEN", "ACKNOWLEDGEMENT EXPIRES SOON", "OPEN AGAIN", "STILL OPEN", "OPEN AGAIN"],
        ["STILL OPEN"],
        ["STILL OPEN", "STILL OPEN", "STILL OPEN", "STILL OPEN"],
    ]
    await world.ends()


@pytest.mark.parametrize("first", FIRSTS)
async def test_a_storm_is_called_to_mind_once_wherever_its_look_dies(databases, first):
    step = databases.stride(STEP)
    left, is_spent = step * first, True
    while is_spent:
        world = await CrashWorld.begun(databases.new(), storm=2)
        for flow in FLOWS:
            world.fails(flow)
        await world.looks_around()
        world.sleeps(11)
        is_spent = await dies_in_a_look(world, left)
        await world.come_to_rest()
        called = [each for each in world.slack.messages if each.headline.startswith("STILL OPEN")]
        assert {each.headline for each in called} == {"STILL OPEN · 4 incidents of the alert storm"}
        assert sorted(each.channel[:1] for each in called) == ["C", "D"]  # the thread, and Sam's direct messages
        await world.check_invariants()
        await world.ends()
        left += 4 * step
    assert left > 20
