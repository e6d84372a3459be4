"""What people do with incidents: one transaction, the reply, and the card at once."""

from datetime import timedelta

import pytest
from monitor_world import JONAS, MAYA, World
from watched_store import Killed

from bot.core.errors import Refusal
from bot.core.flow.status import Status
from bot.core.incident.model import IncidentId, Phase
from bot.core.outbox.blocks import rendered
from bot.core.outbox.posts import PostKind, PostState
from bot.core.people.model import DONE, Attempt, AttemptResult
from bot.messages.cards import incident_replies as replies


@pytest.fixture
async def world():
    world = await World().begin_with_a_failure()
    world.id = next(iter(world.store.kept))
    return world


def incident(world):
    return world.store.kept[world.id]


async def test_an_acknowledgement_names_the_person_and_carries_a_promise_of_four_hours(world):
    reply = await world.incident_actions.acknowledge(world.id, MAYA, world.now)
    assert reply.body == replies.acknowledged(incident(world))
    assert reply.thread_of == incident(world).home.post
    assert incident(world).ack_until == world.now + timedelta(hours=4)
    (card,) = world.store.cards()
    assert card["text"] == "ACKNOWLEDGED · report · task transform"
    assert card["attachments"][0]["color"] == "#d4720b"


async def test_a_note_and_a_time_are_kept(world):
    until = world.now + timedelta(hours=2)
    await world.incident_actions.acknowledge(world.id, MAYA, world.now, until, "looking <!channel>")
    assert incident(world).ack_until == until
    assert "looking &lt;!channel&gt;" in str(world.store.cards())


async def test_facts_posts_and_the_end_of_the_attempt_are_one_transaction(world):
    attempt = Attempt("k1", MAYA, "C1", "", "button", "ack 3377", "ack", world.now)
    attempt_result = AttemptResult(await world.store.begin_attempt(attempt), DONE, world.now)

    async def outcome():
        return (await world.store.attempt_by_key("k1")).outcome

    world.store.die_after = 0
    with pytest.raises(Killed):
        await world.incident_actions.acknowledge(world.id, MAYA, world.now, attempt_result=attempt_result)
    assert (incident(world).phase, await outcome()) == (Phase.OPEN, None)
    world.store.die_after = None
    await world.incident_actions.acknowledge(world.id, MAYA, world.now, attempt_result=attempt_result)
    assert (incident(world).phase, await outcome()) == (Phase.ACKNOWLEDGED, DONE)


async def test_give_back_close_and_reopen(world):
    await world.incident_actions.acknowledge(world.id, MAYA, world.now)
    handed_back = await world.incident_actions.unack(world.id, JONAS, world.now)
    assert handed_back.body == replies.handed_back(incident(world), JONAS)
    closed = await world.incident_actions.close(world.id, JONAS, world.now, "known <bug>")
    assert closed.body == replies.closed(incident(world))
    assert "known &lt;bug&gt;" in str(rendered(closed.body))
    assert world.lines() == ["CLOSED · report · task transform"]
    reopened = await world.incident_actions.reopen(world.id, MAYA, world.now)
    assert reopened.body == replies.reopened(incident(world), MAYA)
    assert world.lines() == ["FAILED · report · task transform"]


async def test_the_second_to_acknowledge_is_told_who_has_it(world):
    await world.incident_actions.acknowledge(world.id, MAYA, world.now)
    with pytest.raises(Refusal) as refused:
        await world.incident_actions.acknowledge(world.id, JONAS, world.now)
    assert refused.value.reason == "already_acknowledged"
    assert "<@U0MAYA00001>" in str(refused.value)


async def test_a_closed_incident_stays_closed_where_a_newer_one_has_followed(world):
    await world.incident_actions.close(world.id, MAYA, world.now)
    world.enos.put("3377-2026112109", end="2026-11-21 09:30:00")
    await world.poll()
    with pytest.raises(Refusal, match="newer incident"):
        await world.incident_actions.reopen(world.id, MAYA, world.now)


async def test_an_incident_that_is_gone_is_refused(world):
    with pytest.raises(Refusal) as refused:
        await world.incident_actions.close(IncidentId("gone"), MAYA, world.now)
    assert refused.value.reason == "no_incident"


async def test_each_card_is_drawn_under_an_id_of_its_own(world):
    """A button acts once per card as drawn, so taking it again after giving it back must be possible."""
    edits = []
    for act in (world.incident_actions.acknowledge, world.incident_actions.unack):
        await act(world.id, MAYA, world.now)
        waiting = [post.new for post in world.store.posts.values() if post.state is PostState.QUEUED]
        edits += [new for new in waiting if new.kind is PostKind.EDIT]
    assert len(edits) == 2
    for edit in edits:
        assert f"1|{edit.id}|" in str(edit.body)
    assert len({edit.id for edit in edits}) == len(edits)


async def test_a_recovered_incident_without_a_good_run_is_closed_with_a_reason(world):
    world.enos.put("3377-2026112200", Status.SUCCESS, name="report", end="2026-11-22 02:00:00")
    await world.follow(after=30)
    await world.incident_actions.close(world.id, MAYA, world.now, "not needed")
    assert incident(world).phase is Phase.CLOSED
    await world.incident_actions.reopen(world.id, MAYA, world.now)
    assert incident(world).phase is Phase.RECOVERED
