"""Killed between any two statements: what is asked for is asked once, run once, and told once."""

import json

import pytest
from answer_world import OPS
from crash_chat import lives
from crash_injection import in_transaction
from test_handover_crashes import dies, said

from bot.core.incident.handover import OfferState
from bot.work.commands.offer_expiry import OfferExpiry

ASK = 'ask "trigger 3377"'
LINK = "link me u15432100000000013 priya.nair"
RAN, LINKED, DECLINED, LATE = "ran this for you", "linked <@U0PRIYA0001> to", "declined to", "Nobody answered"


@pytest.fixture(params=["ask", "link"])
async def before(request, databases):
    """A world in which nobody has asked yet: its database, and itself."""
    path = databases.new()
    world = await lives(path)
    world.store.close()
    return request.param, path, world


async def come_to_rest(world):
    """What a process does after its start: look up, then follow and settle, until nothing moves."""
    for _ in range(12):
        world.later(seconds=30)
        await world.run_tracker.tick(world.now)
        await OfferExpiry(world.store, world.slack, world.services.incident_actions.offers).tick(world.now)


async def picture(store):
    """The requests and their states, and the texts of the messages and edits that were queued."""

    def read(db):
        offers = [(row["id"], row["state"]) for row in db.execute("SELECT id, state FROM offers ORDER BY rowid")]
        posts = db.execute("SELECT kind, channel, body FROM posts ORDER BY seq").fetchall()
        return offers, [
            (row["kind"], row["channel"], json.loads(row["body"]).get("text", ""), row["body"]) for row in posts
        ]

    return await in_transaction(store, read)


def questions(posts):
    return [body for kind, _, _, body in posts if kind == "message" and "|accept " in body]


def told(posts, words, user):
    return [body for kind, channel, _, body in posts if kind == "message" and channel == user and words in body]


async def each_death(path, earlier, databases, act, check):
    """A death at every few statements, from the first to the last; ``earlier`` is as it was before each."""
    left, died = 0, True
    calls, rows = list(earlier.enos.calls), dict(earlier.enos.rows)
    now = earlier.now
    while died:
        copy = databases.copy(path)
        earlier.enos.calls[:], earlier.enos.rows, earlier.now = calls, dict(rows), now
        died, after = await dies(copy, earlier, left, act)
        await come_to_rest(after)
        await check(after)
        after.store.close()
        left += databases.stride(1)
    assert left > 20


async def test_it_is_asked_whole_or_not_at_all(before, databases):
    kind, path, earlier = before
    found = set()

    async def check(after):
        offers, posts = await picture(after.store)
        found.add(len(offers))
        assert len(questions(posts)) == len(offers) <= 1

    who, words = ("jonas", ASK) if kind == "ask" else ("priya", LINK)
    await each_death(path, earlier, databases, lambda world: said(world, who, words), check)
    assert found == {0, 1}


async def is_asked(path, earlier, kind):
    """The database after the question was sent; returns the world and the request's id."""
    world = await lives(path, earlier=earlier)
    await said(world, *(("jonas", ASK) if kind == "ask" else ("priya", LINK)))
    await in_transaction(world.store, lambda db: db.execute("UPDATE posts SET state = 'sent'"))
    ((offer, _),) = (await picture(world.store))[0]
    world.store.close()
    return world, offer


@pytest.mark.parametrize("word", ["accept", "decline"])
async def test_it_is_answered_once_and_told_once(before, databases, word):
    kind, path, earlier = before
    earlier, offer = await is_asked(path, earlier, kind)
    states = set()
    asker = "U0JONAS0001" if kind == "ask" else "U0PRIYA0001"
    who = "maya" if kind == "ask" else "alex"
    words = DECLINED if word == "decline" else RAN if kind == "ask" else LINKED

    async def check(after):
        ((_, state),), posts = await picture(after.store)
        states.add(state)
        started = [call for call in after.enos.calls if call[0] == "trigger"]
        link = await after.store.link(after.actors["priya"].person)
        is_done = bool(started) if kind == "ask" else link is not None
        assert len(started) <= 1, "run once"
        assert state in {"open", "accepted", "declined"}
        assert is_done == (state == "accepted")
        assert len(told(posts, words, asker)) == (state != "open"), "told once"
        end = words.replace("for you", "for <@U0JONAS0001>")
        edits = [body for kind_, _, _, body in posts if kind_ == "edit" and end in body]
        assert len(edits) == (state != "open")

    await each_death(path, earlier, databases, lambda world: said(world, who, f"{word} {offer}"), check)
    assert states == {"open", "accepted" if word == "accept" else "declined"}


async def test_silence_is_said_once_however_often_it_dies(before, databases):
    kind, path, earlier = before
    earlier, _ = await is_asked(path, earlier, kind)
    earlier.later(hours=24)
    asker = "U0JONAS0001" if kind == "ask" else "U0PRIYA0001"

    def looks(world):
        return OfferExpiry(world.store, world.slack, world.services.incident_actions.offers).tick(world.now)

    async def check(after):
        ((_, state),), posts = await picture(after.store)
        assert state == OfferState.EXPIRED.value
        assert len(told(posts, LATE, asker)) == 1
        assert OPS not in {channel for kind_, channel, _, _ in posts if kind_ == "edit"}

    left = 0
    died = True
    while died:
        copy = databases.copy(path)
        died, after = await dies(copy, earlier, left, looks)
        await come_to_rest(after)
        await check(after)
        after.store.close()
        left += databases.stride(1)
    assert left > 3
