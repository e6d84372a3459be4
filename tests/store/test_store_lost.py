"""What the database keeps of messages that are, or may be, lost."""

import pytest
from store_makers import NOW, edit, in_transaction, incident, later, message

from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import Phase
from bot.core.outbox.lost_messages import LossOutcome
from bot.core.outbox.posts import PostId, PostState

AGES = later(days=100)


async def sent(store, id_, ts="1.0"):
    await store.queue([message(id_)])
    await store.start_sending(PostId(id_), NOW)
    await store.mark_sent(PostId(id_), "C1", ts, NOW)


async def refused(store, id_, target, **more):
    """An edit is queued and handed to Slack, which does not take it."""
    await store.queue([edit(id_, target, **more)])
    await store.start_sending(PostId(id_), NOW)


async def test_what_an_edit_said_is_what_its_message_shows(store):
    await sent(store, "card")
    await refused(store, "e", "card")
    await store.mark_sent(PostId("e"), "C1", "1.0", NOW)
    assert (await store.post(PostId("e"))).new.body == {}
    assert (await store.post(PostId("card"))).new.body["text"] == "changed"


@pytest.mark.parametrize("phase", list(Phase))
async def test_what_a_card_shows_is_kept_while_it_may_have_to_be_said_again(store, phase):
    await sent(store, "card")
    await sent(store, "other", "2.0")
    one = incident(post=PostId("card"), phase=phase)
    await store.observe((), (), lambda _: ChangeSet(incidents=(one,)))
    await store.prune(later(days=3))
    assert bool((await store.post(PostId("card"))).new.body) is (phase in {Phase.OPEN, Phase.ACKNOWLEDGED})
    assert (await store.post(PostId("other"))).new.body == {}


async def test_so_is_what_a_list_shows(store):
    await sent(store, "list")
    storm = IncidentGroup(PostId("list"), "C1", Occasion.STORM, NOW, NOW)
    await store.observe((), (), lambda _: ChangeSet(incident_groups=(storm,)))
    await store.prune(later(days=3))
    assert (await store.post(PostId("list"))).new.body


async def test_where_a_message_stood_is_forgotten_with_it(store):
    await sent(store, "card")
    await refused(store, "e", "card")
    assert await store.mark_lost(PostId("e"), "C1", "1.0", NOW, still_visible=False) is LossOutcome.REPOSTED
    await store.prune(AGES)
    assert (await store.lost_message("C1", "1.0")).state is PostState.QUEUED
    await store.give_up(PostId("card"), "too late", NOW)
    await store.prune(AGES)
    rows = await in_transaction(store, lambda db: db.execute("SELECT count(*) FROM lost_messages").fetchone()[0])
    assert rows == 0


async def test_a_loss_counts_once_whoever_finds_it(store):
    await sent(store, "card")
    await refused(store, "e1", "card")
    assert await store.mark_lost(PostId("e1"), "C1", "1.0", NOW, still_visible=False) is LossOutcome.REPOSTED
    assert await store.mark_lost(PostId("e1"), "C1", "1.0", NOW, still_visible=False) is None
    assert await store.mark_outside_thread(PostId("none"), "C1", "5.0", NOW, thread="1.0") is None
    card = await store.post(PostId("card"))
    assert (card.generation, card.lost, card.state) == (1, ("1.0",), PostState.QUEUED)


async def test_an_edit_that_finds_its_message_given_up_is_given_up_too_or_brings_it_back(store):
    await sent(store, "card")
    one = incident(post=PostId("card"), phase=Phase.RECOVERED)
    await store.observe((), (), lambda _: ChangeSet(incidents=(one,)))
    await store.queue([edit("e1", "card")])
    await store.start_sending(PostId("e1"), NOW)
    await store.queue([message("reply", thread_of=PostId("card"))])
    await store.start_sending(PostId("reply"), NOW)
    assert await store.mark_outside_thread(PostId("reply"), "C1", "5.0", NOW, thread="1.0") is LossOutcome.ENDED
    assert (await store.post(PostId("reply"))).state is PostState.SENT
    assert await store.mark_lost(PostId("e1"), "C1", "1.0", NOW, still_visible=False) is None
    assert (await store.post(PostId("e1"))).state is PostState.GIVEN_UP
    live = incident(post=PostId("card"), phase=Phase.OPEN)
    await store.observe((), (), lambda _: ChangeSet(incidents=(live,), posts=(edit("e2", "card"),)))
    card = await store.post(PostId("card"))
    assert (card.state, card.generation) == (PostState.QUEUED, 1)
    assert card.new.due <= later(seconds=60)
