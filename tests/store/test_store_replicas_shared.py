"""Replicas on PostgreSQL: who they are, what the leader tells the others, and what one hands to another."""

from dataclasses import replace
from datetime import UTC, datetime

from replicas_kit import replicas, stores

from bot.core.health.shared import Shared
from bot.core.people.model import IncomingMessage, Origin, Person, Surface

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PRESS = IncomingMessage(
    "press:1",
    "#stash.secret",
    Person("T1", "U1"),
    Origin(Surface.BUTTON, "C1", message="1.2", response_url="r"),
    AT,
    "p1",
)


async def test_all_of_them_are_known_and_who_leads_since_when():
    async with stores("one", "two") as (one, two):
        members = await two.members()
        assert [(each.id, each.name, each.version) for each in members] == [(one.id, "one", "1"), (two.id, "two", "1")]
        leader, follower = members
        assert leader.leads_since >= leader.began_at
        assert follower.leads_since is None
        await one.leave()
        assert [each.name for each in await two.members()] == ["two"]


async def test_what_the_leader_tells_is_known_to_the_others():
    async with stores("one", "two") as (one, two):
        assert await two.shared() == Shared()
        await one.share(Shared(watched=(18, 19), read_at=AT))
        assert await two.shared() == Shared(watched=(18, 19), read_at=AT)


async def test_what_is_handed_over_is_taken_once():
    async with stores("one", "two") as (one, two):
        await one.record_delivery(PRESS.key, AT, PRESS)
        assert await one.hand_over(PRESS.key, two.id)
        assert await one.unanswered() == ()  # somebody has it in hand, though it was not taken yet
        assert await two.take_handed_over() == (PRESS,)
        assert await two.take_handed_over() == ()
        assert await one.hand_over(PRESS.key, two.id)  # again: nothing more happens
        assert await two.take_handed_over() == ()


async def test_what_is_answered_is_not_handed_over_any_more():
    async with stores("one", "two") as (one, two):
        await one.record_delivery(PRESS.key, AT, PRESS)
        await one.queue([], delivery=PRESS.key)
        await one.hand_over(PRESS.key, two.id)
        assert await two.take_handed_over() == ()


async def test_nothing_is_handed_to_who_is_gone_and_what_was_is_left_over():
    async with stores("one", "two") as (one, two):
        for key in ("press:1", "press:2"):
            await one.record_delivery(key, AT, replace(PRESS, key=key))
        assert await one.hand_over("press:1", two.id)
        await two.leave()
        assert not await one.hand_over("press:2", two.id)
        assert [each.key for each in await one.unanswered()] == ["press:1"]


async def test_a_replica_knows_how_many_live_whether_they_are_led_and_who_speaks_for_those_that_follow():
    async with replicas("one", "two", "three") as found:
        for _, each in found:
            await each.turn()
        assert [each.living for _, each in found] == [3, 3, 3]
        followers = found[1:]
        first = min(store.id for store, _ in followers)
        assert [each.is_first for _, each in followers] == [store.id == first for store, _ in followers]
        (_, leader), (_, follower) = found[:2]
        assert leader.unled_for() < 5
        assert follower.unled_for() < 5
        assert leader.silent_since() is follower.silent_since() is None
