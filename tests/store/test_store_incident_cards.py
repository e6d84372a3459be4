"""An incident with cards in several channels: each thread is its, and one lost channel loses one card."""

from store_makers import NOW, incident, message

from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard
from bot.core.outbox.posts import PostState

GRID = "C2"


def two_cards():
    return incident("i1", post="p1").with_card(IncidentCard(GRID, "g1", told_at=NOW))


async def queue(store, *posts):
    await store.observe([], [], lambda _: ChangeSet(incidents=(two_cards(),), posts=posts))


async def moved(store, post, channel):
    """Slack refuses the place of a post, which goes to another channel instead."""
    assert await store.start_sending(post, NOW) is not None
    await store.requeue(post, NOW, "is_archived", channel=channel)
    return await store.post(post)


async def test_it_comes_back_with_all_its_cards_in_their_order(store):
    await queue(store)
    assert await store.incident("i1") == two_cards()


async def test_each_of_its_threads_is_its_thread(store):
    await queue(store, message("p1"), message("g1", GRID))
    for post, channel in (("p1", "C1"), ("g1", GRID)):
        await store.start_sending(post, NOW)
        await store.mark_sent(post, channel, f"{post}.0", NOW)
    assert await store.incident_of_thread("C1", "p1.0") == await store.incident_of_thread(GRID, "g1.0") == two_cards()


async def test_a_card_that_its_channel_refuses_is_not_doubled_where_another_card_tells_it(store):
    await queue(store, message("p1"), message("g1", GRID, incident="i1"))
    assert (await moved(store, "g1", "C1")).state is PostState.GIVEN_UP


async def test_nor_is_a_reply_in_its_thread(store):
    await queue(store, message("p1"), message("g1", GRID, incident="i1"))
    await store.start_sending("g1", NOW)
    await store.mark_sent("g1", GRID, "1.0", NOW)
    await store.queue([message("r1", GRID, incident="i1", thread_of="g1")])
    assert (await moved(store, "r1", "C1")).state is PostState.GIVEN_UP


async def test_it_goes_to_a_channel_where_nothing_tells_it_yet(store):
    await queue(store, message("p1"), message("g1", GRID, incident="i1"))
    found = await moved(store, "g1", "C3")
    assert (found.state, found.new.channel) == (PostState.QUEUED, "C3")


async def test_the_first_card_goes_elsewhere_though_it_names_that_channel_itself(store):
    await queue(store, message("p1", incident="i1"))
    assert (await moved(store, "p1", "C1")).state is PostState.QUEUED
