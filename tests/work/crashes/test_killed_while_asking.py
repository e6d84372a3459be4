"""Killed in a night of snoozes, offers and digests: nobody is called meanwhile, and each end is said once."""

import pytest
from crash_asks import all_offers, all_snoozes
from crash_channels import LATER, OPS
from crash_databases import HISTORIES
from crash_injection import in_transaction
from crash_world import FLOWS, CrashWorld
from test_killed_at_night import FIRSTS, dies_after, told


def night_of_asking(world):
    """A night in which people snooze, ask each other, answer or do not, and read digests."""

    def orders(what, flow=3377):
        return lambda: world.orders(what, flow)

    def answers(word, number):
        return lambda: world.answers(word, number)

    def waits(minutes):
        async def wait():
            world.sleeps(minutes)
            await world.looks_around()

        return wait

    async def flows_fail():
        await world.set_prefs(LATER, digest="14:42", digest_zone="UTC")
        for flow in FLOWS[:3]:
            world.fails(flow)
        await world.pass_time(4, poll_at=0)

    async def one_fails_again():
        world.fails(3377)
        await world.looks_around()

    async def it_fails_once_more():
        world.fails(3377)
        await world.looks_around()

    async def one_recovers():
        world.succeeds(3379)
        await world.looks_around()

    return [
        flows_fail,
        orders("snooze for 4m"),
        orders("ack", 3378),
        orders("assign", 3378),
        one_fails_again,  # and only its card says so
        answers("decline", 0),
        waits(5),  # the snooze is over
        orders("assign", 3378),
        orders("snooze until success", 3379),
        answers("accept", 1),
        orders("snooze all for 9m"),
        waits(11),  # it is over, too
        orders("take", 3378),
        orders("handover"),
        one_recovers,  # which ends its snooze
        waits(31),  # nobody answered
        orders("assign", 3377),
        answers("withdraw", 3),
        orders("ask", 3378),
        orders("ask", 3377),
        answers("decline", 4),
        answers("accept", 5),
        orders("ask", 3380),
        waits(61),  # nobody answered
        it_fails_once_more,
        lambda: world.sleeps_until_nine(22),
        lambda: world.sleeps_until_nine(23),
    ]


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize("watched", [False, True])
async def test_a_night_of_asking_with_one_death_every_few_statements(databases, first, watched):
    step = 7 if HISTORIES else 193
    for left in databases.deaths(step * first, 4 * step, sample=600):
        if not await dies_after(databases.new(), night_of_asking, left, watched=watched):
            break
    assert left > 500


@pytest.mark.parametrize("watched", [False, True])
async def test_the_night_of_asking_is_one(database, watched):
    """Nobody dies in it: it holds what its name says."""
    world = await CrashWorld.begun(database, watched=watched)
    await told(night_of_asking(world))
    await world.come_to_rest()
    await world.check_invariants()
    store = world.process.store
    offers = await in_transaction(store, all_offers)
    assert [each.state.value for each in offers] == [
        "declined",
        "accepted",
        "expired",
        "withdrawn",
        "declined",
        "accepted",
        "expired",
    ]
    snoozes = await in_transaction(store, all_snoozes)
    assert sorted(each.end.value for each in snoozes) == ["success", "time", "time"]
    digests = {each.channel for each in world.slack.messages if each.id.startswith("digest-")}
    assert digests == {OPS, LATER}
    await world.ends()
