"""Who is asked to take which incidents: kept, changed together with the incidents, and deleted when it is old."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from store_makers import JONAS, MAYA, NOW, in_transaction, incident, later
from test_store_migrations import at_version

from bot.core.errors import Refusal
from bot.core.incident import handover
from bot.core.incident.facts import ChangeSet
from bot.core.incident.handover import OFFER_LASTS, Offer, OfferKind, OfferState
from bot.core.incident.model import IncidentId, OfferId, Phase
from bot.core.people.model import Person
from bot.store.schema import _OFFERS, STEPS
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange

OFFER = Offer(
    OfferId("0ffe"),
    OfferKind.HANDOVER,
    (IncidentId("i1"), IncidentId("i2"), IncidentId("lost")),
    MAYA,
    JONAS,
    NOW,
    NOW + OFFER_LASTS,
)
HELD = [incident(f"i{n}", n, phase=Phase.ACKNOWLEDGED, acked_by=MAYA, acked_at=NOW) for n in (1, 2)]


@pytest.fixture
async def asked(store):
    """A store in which Jonas is asked to take two incidents, of three that there once were."""
    await store.observe([], [], lambda _: ChangeSet(incidents=tuple(HELD)))
    await store.change_several(
        OFFER.incidents,
        lambda found: ChangeSet(incidents=tuple(handover.ask(each, OFFER)[0] for each in found), offers=(OFFER,)),
    )
    return store


async def test_an_offer_is_read_with_its_incidents_as_they_are(asked):
    ((offer, incidents),) = await asked.open_offers()
    assert offer == OFFER
    assert [each.id for each in incidents] == ["i1", "i2"]
    assert all(handover.is_part_of(each, OFFER) for each in incidents)


async def test_an_offer_that_has_ended_is_kept_but_not_open(asked):
    await asked.change_offer(
        OFFER.id, lambda offer, _: ChangeSet(offers=(handover.ended(offer, OfferState.DECLINED, later(minutes=1)),))
    )
    assert await asked.open_offers() == ()
    assert (await asked.offer(OFFER.id))[0].state is OfferState.DECLINED


async def test_what_is_refused_changes_nothing(asked):
    def refuse(offer, incidents):
        handover.refuse_answer(offer, MAYA, NOW)

    with pytest.raises(Refusal) as caught:
        await asked.change_offer(OFFER.id, refuse)
    assert caught.value.reason == "not_asked"
    assert (await asked.offer(OFFER.id))[0] == OFFER


async def test_an_offer_that_is_not_there(store):
    assert await store.offer(OfferId("none")) is None
    with pytest.raises(Refusal) as caught:
        await store.change_offer(OfferId("none"), lambda _offer, _incidents: ChangeSet())
    assert caught.value.reason == "unknown_offer"


async def test_old_offers_are_deleted_open_ones_never(asked):
    await asked.prune(NOW + timedelta(days=200))
    assert await asked.offer(OFFER.id) is not None
    await asked.change_offer(
        OFFER.id, lambda offer, _: ChangeSet(offers=(handover.ended(offer, OfferState.EXPIRED, NOW),))
    )
    await asked.prune(NOW + timedelta(days=89))
    assert await asked.offer(OFFER.id) is not None
    await asked.prune(NOW + timedelta(days=91))
    assert await asked.offer(OFFER.id) is None


async def test_after_the_clock_was_set_back_half_an_hour_is_half_an_hour(asked):
    back = NOW - timedelta(hours=1)
    await asked.correct_future_times(back)
    ((offer, _),) = await asked.open_offers()
    assert (offer.asked_at, offer.until) == (back, back + OFFER_LASTS)


async def test_people_who_move_with_their_workspace_are_still_asked(asked):
    change = KeyChange(("T1",), "E1", {}, Person("E1", "UBOT"), "{}", NOW)
    await asked.change_person_keys(change)
    ((offer, incidents),) = await asked.open_offers()
    maya, jonas = Person("E1", MAYA.user), Person("E1", JONAS.user)
    assert (offer.by, offer.to) == (maya, jonas)
    assert {(each.acked_by, each.ask.by, each.ask.to) for each in incidents} == {(maya, maya, jonas)}


async def test_incidents_of_an_earlier_version_are_nobodys_question(tmp_path):
    path = tmp_path / "flowbot.db"
    with contextlib.closing(at_version(path, STEPS.index(_OFFERS))) as connection:
        connection.execute(
            "INSERT INTO incidents (id, flow_id, flow_name, phase, opened_at, owners, last_success, note,"
            " instance_group) VALUES ('i1', 1, 'flow 1', 'open', 1, '[]', '', '', '')"
        )
        connection.execute("INSERT INTO cards VALUES ('i1', 0, 'C1', 'p1', 0, '', 1)")
    async with Store.open(path) as store:
        (old,) = await store.incidents()
        assert (old.ask, old.taken_from, old.resolution) == (None, None, None)
        assert await store.open_offers() == ()
        assert await in_transaction(store, lambda db: db.execute("SELECT count(*) FROM offers").fetchone()[0]) == 0


async def test_one_offer_replaces_another_of_the_same_id(asked):
    await asked.observe([], [], lambda _: ChangeSet(offers=(replace(OFFER, until=later(hours=1)),)))
    assert [offer.until for offer, _ in await asked.open_offers()] == [later(hours=1)]
