"""An incident with cards in several channels: each thread is its, and one lost channel loses one card."""

from dataclasses import replace

from store_makers import NOW, incident, message

from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup, Occasion
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


async def test_its_card_is_then_in_that_channel(store):
    """So that a later failure adds no second one there."""
    await queue(store, message("p1"), message("g1", GRID, incident="i1"))
    await moved(store, "g1", "C3")
    assert [each.channel for each in (await store.incident("i1")).cards] == ["C1", "C3"]


async def test_a_first_card_that_another_one_stands_in_for_is_none_any_more(store):
    """Lists link to the next one, and a later failure may bring a card to that channel again."""
    third = two_cards().with_card(IncidentCard("C3", "t1", told_at=NOW))
    await store.observe([], [], lambda _: ChangeSet(incidents=(third,), posts=(message("p1", incident="i1"),)))
    await moved(store, "p1", GRID)
    found = await store.incident("i1")
    assert [each.post for each in found.cards] == ["g1", "t1"]
    again = found.with_card(IncidentCard("C1", "p2", told_at=NOW))
    await store.observe([], [], lambda _: ChangeSet(incidents=(again,)))
    store._incident_cache.clear()
    assert await store.incident("i1") == again


async def test_a_list_goes_elsewhere_with_the_cards_that_it_lists(store):
    """But for that of an incident which is told there already."""
    storm = IncidentGroup("s1", GRID, Occasion.STORM, NOW, NOW)
    listed = IncidentCard(GRID, "s1", grouped=True, listed_in="s1", told_at=NOW)
    alone = replace(incident("i2", post="p2"), cards=(listed,))
    both = incident("i1", post="p1").with_card(listed)
    await store.observe(
        [], [], lambda _: ChangeSet(incidents=(both, alone), incident_groups=(storm,), posts=(message("s1", GRID),))
    )
    await moved(store, "s1", "C1")
    assert [each.channel for each in await store.incident_groups()] == ["C1"]
    assert [each.channel for each in (await store.incident("i2")).cards] == ["C1"]
    assert [each.channel for each in (await store.incident("i1")).cards] == ["C1", GRID]
