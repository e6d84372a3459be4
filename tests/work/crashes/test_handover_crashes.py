"""Killed between any two statements: an offer is neither lost nor asked twice, and its end is said once."""

import contextlib

import pytest
from answer_world import FAILED, ONCALL, OPS
from crash_chat import lives
from crash_injection import ProcessDied, StatementBudget, in_transaction

from bot.core.incident.handover import OfferState
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.work.commands.offer_expiry import OfferExpiry
from bot.work.runs import crash_recovery

STRIDE = 3
REDUCE = "3318-2026112102"
JONAS = "U0JONAS0001"
ASKS = {"assign": f"assign 3377 to <@{JONAS}>", "handover": f"handover to <@{JONAS}>"}


@pytest.fixture(params=ASKS)
async def before(request, databases):
    """A night in which Maya has two incidents and has not asked yet: its database, and its world."""
    path = databases.new()
    world = await lives(path)
    world.slack.groups[ONCALL] = {JONAS}
    for instance, flow, name in ((FAILED, 3377, "daily-energy-report"), (REDUCE, 3318, "reduce_entity")):
        await world.maya.presses(await world.breaks(instance, flow=flow, name=name), "Acknowledge")
    world.later(minutes=5)
    world.store.close()
    return request.param, path, world


async def said(world, who, words):
    """Words arrive over the wire; nothing is delivered yet."""
    person = world.actors[who].person
    incoming = IncomingMessage(
        f"say:{world.new_ts()}", words, person, Origin(Surface.COMMAND, OPS, response_url=""), world.now
    )
    await world.receive(incoming)


async def picture(store):
    """What is asked, by whom, and what waits to be said about it."""

    def read(db):
        offers = [(row["id"], row["state"]) for row in db.execute("SELECT id, state FROM offers ORDER BY rowid")]
        asked = [row["offer"] for row in db.execute("SELECT offer FROM incidents WHERE offer <> '' ORDER BY id")]
        has = {row["flow_id"]: row["acked_by"] for row in db.execute("SELECT flow_id, acked_by FROM incidents")}
        bodies = [
            row["body"] for row in db.execute("SELECT body FROM posts WHERE kind = 'message' AND state = 'queued'")
        ]
        return offers, asked, has, bodies

    return await in_transaction(store, read)


async def dies(path, earlier, left, act):
    """Do something with so many statements to live; return whether it died, and the world after the restart."""
    budget = StatementBudget(left)
    world = await lives(path, budget, earlier)
    with contextlib.suppress(ProcessDied):
        await act(world)
    died = budget.is_spent
    world.store.close()
    after = await lives(path, earlier=world)
    await crash_recovery.close_attempts(after.services, await crash_recovery.open_attempts(after.services))
    await after.dispatcher.answer_left_over(await after.store.unanswered())
    return died, after


async def each_death(path, earlier, databases, act, check):
    """A death at every few statements, from the first to the last; in the soak at every one."""
    left, died = 0, True
    while died:
        copy = databases.copy(path)
        died, after = await dies(copy, earlier, left, act)
        await check(after, died)
        after.store.close()
        left += databases.stride(STRIDE)
    assert left > 20


async def test_it_is_asked_whole_or_not_at_all(before, databases):
    kind, path, earlier = before
    found = set()

    async def check(after, _died):
        offers, asked, has, bodies = await picture(after.store)
        questions = [body for body in bodies if "|accept " in body]
        found.add(len(offers))
        assert len(offers) <= 1, "what was left over is not done a second time"
        assert len(asked) == len(offers) * (2 if kind == "handover" else 1)
        assert len(questions) == len(offers)
        assert {*asked} == {id_ for id_, _ in offers}
        assert all(person.endswith("U0MAYA00001") for person in has.values())

    await each_death(path, earlier, databases, lambda world: said(world, "maya", ASKS[kind]), check)
    assert found == {0, 1}


async def is_asked(path, earlier, kind):
    world = await lives(path, earlier=earlier)
    await said(world, "maya", ASKS[kind])
    await in_transaction(world.store, lambda db: db.execute("UPDATE posts SET state = 'sent'"))
    ((offer, _),) = (await picture(world.store))[0]
    world.store.close()
    return world, offer


@pytest.mark.parametrize("word", ["accept", "decline"])
async def test_it_is_answered_whole_or_not_at_all(before, databases, word):
    kind, path, earlier = before
    earlier, offer = await is_asked(path, earlier, kind)
    number, states = (2 if kind == "handover" else 1), set()

    async def check(after, _died):
        ((_, state),), asked, has, bodies = await picture(after.store)
        states.add(state)
        with_jonas = [flow for flow, person in has.items() if person.endswith(JONAS)]
        if state == OfferState.OPEN.value:
            assert (len(asked), with_jonas) == (number, [])
            return
        assert asked == []
        assert len(with_jonas) == (number if word == "accept" else 0)
        told = [body for body in bodies if "from <@U0MAYA00001>, until" in body or "declined to take" in body]
        assert len(told) == (number if word == "accept" else 1)

    await each_death(path, earlier, databases, lambda world: said(world, "jonas", f"{word} {offer}"), check)
    assert states == {"open", "accepted" if word == "accept" else "declined"}


async def test_silence_is_said_once_however_often_it_dies(before, databases):
    kind, path, earlier = before
    earlier, _ = await is_asked(path, earlier, kind)
    earlier.later(minutes=30)

    def looks(world):
        return OfferExpiry(world.store, world.slack, world.services.incident_actions.offers).tick(world.now)

    async def check(after, _died):
        for _ in range(2):
            await looks(after)
            after.later(seconds=15)
        ((_, state),), asked, has, bodies = await picture(after.store)
        assert (state, asked) == ("expired", [])
        assert len([body for body in bodies if "did not answer within" in body]) == 1
        assert all(person.endswith("U0MAYA00001") for person in has.values())

    await each_death(path, earlier, databases, looks, check)
