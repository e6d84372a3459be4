"""Commands that somebody asks others to run: kept, run once, on record under both names, and deleted when old."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from new_database import new_store
from store_makers import INTEGRITY_ERRORS, JONAS, MAYA, NOW, in_transaction, later
from test_store_migrations import at_version

from bot.core.errors import Refusal
from bot.core.incident import asking, handover
from bot.core.incident.facts import ChangeSet
from bot.core.incident.handover import Offer, OfferKind, OfferState
from bot.core.incident.model import OfferId
from bot.core.outbox.posts import PostId
from bot.core.people.model import DONE, Attempt, AttemptResult, Person
from bot.store.schema import _ASKS, STEPS
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange

ASK = Offer(
    OfferId("0a5c"),
    OfferKind.ASK,
    (),
    JONAS,
    MAYA,
    NOW,
    NOW + asking.ASK_LASTS,
    command="trigger 3377",
    flow_id=3377,
    flow_name="daily-energy-report",
    zone="Europe/Berlin",
    others=("U0LINA00001",),
    copies=(PostId("p1"), PostId("p2")),
    places=("U0LINA00001", "C1"),
)


@pytest.fixture
async def asked(store):
    """A store in which Jonas has asked Maya to trigger a flow."""
    await store.change_commands(JONAS, NOW, lambda _: ChangeSet(offers=(ASK,)))
    return store


def attempt(key="press:1", by=MAYA, at=NOW):
    return Attempt(key, by, "D1", "", "button", "trigger 3377", "trigger", at, asker=JONAS)


async def earlier(store, since=NOW):
    found = []
    await store.change_commands(JONAS, since, lambda offers: found.extend(offers) or ChangeSet())
    return found


async def test_what_somebody_has_asked_for_is_read_while_it_is_open_or_young(asked):
    assert await earlier(asked) == [ASK]
    assert await earlier(asked, later(hours=1)) == [ASK]
    ended = handover.ended(ASK, OfferState.DECLINED, NOW)
    await asked.change_offer(ASK.id, lambda _offer, _incidents: ChangeSet(offers=(ended,)))
    assert await earlier(asked) == [ended]
    assert await earlier(asked, later(hours=1)) == []
    other = []
    await asked.change_commands(MAYA, NOW, lambda offers: other.extend(offers) or ChangeSet())
    assert other == []


async def test_who_is_first_runs_it_and_the_second_reads_who(asked):
    number = await asked.begin_attempt(attempt(), offer=ASK.id)
    (running,) = await asked.running_offers()
    assert running == replace(ASK, state=OfferState.RUNNING, answered_by=MAYA, attempt=number)
    assert await earlier(asked, later(hours=1)) == [running]
    with pytest.raises(Refusal) as caught:
        await asked.begin_attempt(attempt("press:2", Person("T1", "U0LINA00001")), offer=ASK.id)
    assert caught.value.reason == "offer_running"
    assert await asked.attempt_by_key("press:2") is None, "nothing is on record of what was not tried"
    assert await asked.open_offers() == ()


async def test_what_has_expired_or_is_not_known_is_not_run(asked):
    for offer, at, reason in ((ASK.id, ASK.until, "offer_expired"), (OfferId("none"), NOW, "unknown_offer")):
        with pytest.raises(Refusal) as caught:
            await asked.begin_attempt(attempt(at=at), offer=offer)
        assert caught.value.reason == reason
    assert await asked.running_offers() == ()


async def test_both_names_are_on_record_and_found_by_either(asked):
    number = await asked.begin_attempt(attempt(), offer=ASK.id)
    await asked.queue([], attempt_result=AttemptResult(number, DONE, NOW))
    entry = await asked.attempt(number)
    assert (entry.attempt.by, entry.attempt.asker, entry.outcome) == (MAYA, JONAS, DONE)
    for person in (MAYA, JONAS):
        assert await asked.audit_entries(NOW, later(hours=1), person) == (entry,)
    assert await asked.audit_entries(NOW, later(hours=1), Person("T1", "U9")) == ()
    assert await asked.attempt(number + 1) is None


async def test_who_asked_cannot_be_rewritten(asked):
    await asked.begin_attempt(attempt(), offer=ASK.id)
    with pytest.raises(INTEGRITY_ERRORS, match="only added to"):
        await in_transaction(asked, lambda db: db.execute("UPDATE attempts SET asker = ''"))


async def test_what_is_run_is_never_deleted(asked):
    await asked.begin_attempt(attempt(), offer=ASK.id)
    await asked.prune(NOW + timedelta(days=200))
    assert await asked.offer(ASK.id) is not None


async def test_after_the_clock_was_set_back_an_hour_is_an_hour(asked):
    back = NOW - timedelta(hours=3)
    await asked.correct_future_times(back)
    ((offer, _),) = await asked.open_offers()
    assert (offer.asked_at, offer.until) == (back, back + asking.ASK_LASTS)


async def test_people_who_move_with_their_workspace_are_known_as_who_asked_and_who_runs_it(asked):
    await asked.begin_attempt(attempt(), offer=ASK.id)
    await asked.change_person_keys(KeyChange(("T1",), "E1", {}, Person("E1", "UBOT"), "{}", NOW))
    (offer,) = await asked.running_offers()
    assert (offer.by, offer.answered_by) == (Person("E1", JONAS.user), Person("E1", MAYA.user))
    found = await asked.audit_entries(NOW - timedelta(hours=1), later(hours=1), Person("E1", JONAS.user))
    assert [each.attempt.words for each in found] == ["trigger 3377"]


async def test_offers_and_attempts_of_an_earlier_version_are_nobodys_command(tmp_path):
    path = tmp_path / "flowbot.db"
    with contextlib.closing(at_version(path, STEPS.index(_ASKS))) as connection:
        connection.execute(
            "INSERT INTO offers (id, kind, incidents, asked_by, asked, asked_at, until, state)"
            " VALUES ('old', 'handover', '[]', 'T1:U1', 'T1:U2', 1, 2, 'open')"
        )
        connection.execute(
            "INSERT INTO attempts (key, person, channel, thread, surface, words, verb, at)"
            " VALUES ('k', 'T1:U1', 'C1', '', 'command', 'trigger 1', 'trigger', 1)"
        )
    async with Store.open(path) as store:
        old, _ = await store.offer(OfferId("old"))
        assert (old.is_command, old.copies, old.answered_by, old.attempt) == (False, (), None, 0)
        (entry,) = await store.unfinished_attempts()
        assert entry.attempt.asker is None


async def test_it_is_kept_whole(address):
    async with new_store(address) as store:
        await store.change_commands(JONAS, NOW, lambda _: ChangeSet(offers=(ASK,)))
    async with Store.open(address) as store:
        assert await earlier(store) == [ASK]
