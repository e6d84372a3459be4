"""Storms: one message for many incidents, kept as they change, whatever dies."""

from dataclasses import replace

import pytest
from monitor_world import JONAS, MAYA, START, World
from thorough import spread
from watched_store import Killed

from bot.core.errors import Refusal
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.incident.model import Phase
from bot.core.outbox.posts import PostKind
from bot.core.routing.watch import Filters, Watch
from bot.messages.cards import incident_replies as replies

LIMIT = 3


@pytest.fixture
async def world():
    return await World(storm=LIMIT).begin()


def break_flows(world, count, first=4000, hour="08", **more):
    for number in range(first, first + count):
        world.enos.put(f"{number}-20261121{hour}", name=f"flow-{number}", end=f"2026-11-21 {hour}:30:00", **more)


def messages(world):
    return [post.new for post in world.store.posts.values() if post.new.kind is PostKind.MESSAGE]


async def test_few_have_a_thread_each(world):
    break_flows(world, LIMIT)
    await world.poll()
    assert sorted(world.lines()) == [f"FAILED · flow-{4000 + n} · task transform" for n in range(LIMIT)]


async def test_many_have_one_message_and_no_other(world):
    break_flows(world, 60)
    await world.poll()
    assert world.lines() == ["ALERT STORM · 60 incidents · 60 open, 0 acknowledged, 0 recovered"]
    assert len(messages(world)) == 1
    assert len(world.store.kept) == 60


async def test_those_before_it_keep_their_threads_and_are_counted(world):
    break_flows(world, LIMIT)
    await world.poll()
    break_flows(world, 10, 5000)
    await world.poll()
    assert len(world.lines()) == LIMIT + 1
    assert world.lines()[-1] == "ALERT STORM · 13 incidents · 13 open, 0 acknowledged, 0 recovered"
    assert str(world.store.cards()[-1]).count("· has its own thread") == LIMIT


async def test_a_storm_in_three_channels_is_one_message_in_each(world):
    """Each counts its own incidents once, those with threads before it included; no card is lost to another storm."""
    for channel, glob in (("C0GRIDOPS1", "*"), ("C0SOLAROPS", "flow-4*")):
        await world.store.add_watch(Watch(0, channel, Filters(glob=glob), JONAS, START), lambda _: ())
    await world.store.add_watch(Watch(0, JONAS.user, Filters(), JONAS, START), lambda _: ())
    break_flows(world, 1, 5000)
    await world.poll()
    break_flows(world, LIMIT)
    await world.poll()
    break_flows(world, 20, 4100)
    await world.poll()
    storms = {each.channel: each for each in await world.store.incident_groups() if each.joined}
    listed = {channel: len(await world.store.grouped(each.post)) for channel, each in storms.items()}
    assert listed == {"C0GRIDOPS1": 24, "C0SOLAROPS": 23, JONAS.user: 24}
    assert {channel: each.joined for channel, each in storms.items()} == listed
    posted = {post.id for post in messages(world)}
    assert all(card.post in posted for incident in world.store.kept.values() for card in incident.cards)


async def test_two_storms_of_one_moment_mention_an_owner_once_and_the_second_names_them(world):
    for channel in ("C0GRIDOPS1", "C0SOLAROPS"):
        await world.store.add_watch(Watch(0, channel, Filters(glob="flow-*"), JONAS, START), lambda _: ())
    break_flows(world, 12, owners=("maya.chen",))
    await world.poll()
    first, second = world.store.cards()
    assert ("Owners: <@U0MAYA00001>" in str(first), "<@U0MAYA00001>" in str(second)) == (True, False)
    assert "Owners: `maya.chen`" in str(second)
    for _ in range(3):
        await world.follow(after=30)
    assert not any("<@U0MAYA00001>" in str(post.body) for post in messages(world) if post.channel == "C0SOLAROPS")


async def test_the_message_is_edited_as_the_numbers_change(world):
    break_flows(world, 12)
    await world.poll()
    break_flows(world, 5, 5000)
    await world.poll()
    taken, closed = list(world.store.kept)[:2]
    await world.incident_actions.acknowledge(taken, MAYA, world.now)
    await world.incident_actions.close(closed, JONAS, world.now, "not needed")
    world.enos.put("4009-2026112108", Status.SUCCESS, name="flow-4009", end="2026-11-21 10:00:00")
    await world.follow(after=120)
    await world.follow(after=30)
    (card,) = world.store.cards()
    assert card["text"] == "ALERT STORM · 17 incidents · 14 open, 1 acknowledged, 1 recovered"
    assert "1 closed" in str(card)
    assert "<@U0MAYA00001> is on it" in str(card)
    (thread,) = {post.thread_of for post in messages(world)} - {None}
    said = [reply["text"] for reply in world.store.replies(thread)]
    assert len(said) == 2, "people's acts are told, recoveries are counted"
    assert said[0].startswith("ACKNOWLEDGED · ")
    assert said[1].startswith("CLOSED · ")


async def test_a_further_failure_is_counted_and_not_told(world):
    break_flows(world, 12)
    await world.poll()
    before = len(messages(world))
    break_flows(world, 12, hour="09")
    await world.poll()
    (card,) = world.store.cards()
    assert "24 failures in all" in str(card)
    assert len(messages(world)) == before


async def test_it_ends_after_ten_quiet_minutes_and_says_so(world):
    break_flows(world, 12)
    await world.poll()
    await world.follow(after=590)
    assert world.lines()[0].startswith("ALERT STORM · ")
    await world.follow(after=11)
    assert world.lines() == ["ALERT STORM OVER · 12 incidents · 12 open, 0 acknowledged, 0 recovered"]
    break_flows(world, 1, 5000)
    await world.poll()
    assert world.lines()[1:] == ["FAILED · flow-5000 · task transform"]


async def test_the_next_storm_has_a_message_of_its_own(world):
    break_flows(world, 12)
    await world.poll()
    await world.follow(after=601)
    break_flows(world, 12, hour="09")
    await world.poll()
    await world.follow(after=5)
    assert world.lines() == [
        "ALERT STORM OVER · 12 incidents · 0 open, 0 acknowledged, 0 recovered",
        "ALERT STORM · 12 incidents · 12 open, 0 acknowledged, 0 recovered",
    ]
    assert "12 incidents continued into a later alert storm" in str(world.store.cards()[0])
    assert len(world.store.kept) == 12


async def test_a_storm_that_nobody_saw_end_does_not_include_what_comes_an_hour_later(world):
    break_flows(world, 12)
    await world.poll()
    world.start()
    break_flows(world, 1, 5000)
    await world.poll(after=3600)
    assert world.lines()[0].startswith("ALERT STORM OVER · 12 incidents")
    assert world.lines()[1:] == ["FAILED · flow-5000 · task transform"]


async def test_a_thread_is_opened_when_somebody_opens_it(world):
    break_flows(world, 12)
    await world.poll()
    incident = next(iter(world.store.kept))
    reply = await world.incident_actions.open_thread(incident, MAYA, world.now)
    await world.follow()
    assert world.lines()[1].startswith("FAILED · flow-4000")
    assert reply.thread_of == world.store.kept[incident].home.post
    assert reply.body == replies.thread_opened(world.store.kept[incident], MAYA)
    assert "has its own thread" in str(world.store.cards()[0])
    assert world.lines()[0] == "ALERT STORM · 12 incidents · 12 open, 0 acknowledged, 0 recovered"
    with pytest.raises(Refusal, match="already has a thread"):
        await world.incident_actions.open_thread(incident, MAYA, world.now)
    break_flows(world, 1, hour="09")
    await world.poll()
    assert [each["text"] for each in world.store.replies(reply.thread_of)][1:] == [
        "FAILED AGAIN · flow-4000 · task transform"
    ]


async def test_owners_are_mentioned_once_in_all(world):
    break_flows(world, 12, owners=("jonas.weber",))
    await world.poll()
    break_flows(world, 12, 5000, owners=("maya.chen", "jonas.weber"))
    await world.poll()
    break_flows(world, 12, 6000, owners=("maya.chen",))
    await world.poll()
    (told,) = [post.body for post in messages(world) if post.thread_of is not None]
    assert told["text"] == "ALERT STORM · more owners"
    assert "also affects flows of <@U0MAYA00001>." in str(told["blocks"])
    assert "Owners: <@U0MAYA00001> and 1 more\\n" in str(world.store.cards()[0])


async def test_who_acknowledges_in_a_storm_is_mentioned_no_more_in_it(world):
    break_flows(world, 12, owners=("jonas.weber",))
    await world.poll()
    await world.incident_actions.acknowledge_quietly(next(iter(world.store.kept)), MAYA, world.now)
    break_flows(world, 12, 5000, owners=("maya.chen",))
    await world.poll()
    await world.follow(after=5)
    assert [post for post in messages(world) if post.thread_of is not None] == []


async def test_one_of_many_is_shown_and_its_thread_says_nothing(world):
    break_flows(world, LIMIT)
    await world.poll()
    before = len(messages(world))
    for incident in list(world.store.kept):
        await world.incident_actions.acknowledge_quietly(incident, MAYA, world.now)
        with pytest.raises(Refusal, match="already acknowledged"):
            await world.incident_actions.acknowledge_quietly(incident, MAYA, world.now)
    assert len(messages(world)) == before
    await world.follow(after=5)
    assert all("ACKNOWLEDGED" in line for line in world.lines())


async def test_the_message_shows_how_a_rerun_stands(world):
    break_flows(world, 12)
    await world.poll()
    run = Run("4003-2026112109", 4003, "flow-4003", str(MAYA), "", world.now, "C1", state=RunState.RUNNING)
    await world.store.put_run(run)
    world.monitor.incident_changed()
    await world.monitor.refresh_groups()
    assert str(world.store.cards()[0]).count("rerun running") == 2, "in the table, and in the list"
    await world.store.put_run(replace(run, state=RunState.ENDED, result=-1))
    world.monitor.incident_changed()
    await world.monitor.refresh_groups()
    assert "rerun failed" in str(world.store.cards()[0])


async def test_an_owner_who_is_known_before_the_message_goes_is_mentioned_in_it(world):
    break_flows(world, 60, owners=("jonas.weber",))
    break_flows(world, 2, 3000, owners=("maya.chen",), kind=2)
    await world.poll()
    assert "<@U0MAYA00001>" in str(world.store.cards()[0])
    assert len(messages(world)) == 1


async def test_edits_come_only_when_something_has_changed(world):
    break_flows(world, 12)
    await world.poll()
    await world.follow(after=90)
    await world.follow(after=30)
    before = len(world.store.posts)
    for _ in range(5):
        await world.poll()
        await world.follow()
        await world.monitor.refresh_groups()
    assert len(world.store.posts) == before


async def test_a_change_is_shown_without_waiting_for_a_poll(world):
    break_flows(world, 12)
    await world.poll()
    await world.incident_actions.acknowledge(next(iter(world.store.kept)), MAYA, world.now)
    world.monitor.incident_changed()
    await world.monitor.refresh_groups()
    assert world.store.cards()[0]["text"] == "ALERT STORM · 12 incidents · 11 open, 1 acknowledged, 0 recovered"


async def test_a_storm_does_not_cause_hundreds_of_detail_reads(world):
    break_flows(world, 60)
    await world.poll()
    assert [call for call in world.enos.calls if call[0] in {"instance", "log", "flow"}] == []
    await world.follow(after=90)
    await world.follow(after=2)
    assert "task transform" in str(world.store.cards()[0]), "following has read the tasks meanwhile"


async def test_a_death_at_any_write_loses_and_doubles_nothing():
    for writes in spread(range(14), 4, 2):
        world = await World(storm=LIMIT).begin()
        world.enos.page = 5
        break_flows(world, LIMIT)
        await world.poll()
        break_flows(world, 12, 5000)
        world.store.die_after = writes
        try:
            await world.poll()
            await world.follow()
        except Killed:
            await world.monitor.stop()
        world.store.die_after = None
        world.start()
        await world.poll()
        await world.follow()
        storms = [line for line in world.lines() if line.startswith("ALERT STORM · ")]
        assert storms == ["ALERT STORM · 15 incidents · 15 open, 0 acknowledged, 0 recovered"], writes
        told = [post for post in messages(world) if post.thread_of is None]
        assert len(told) == LIMIT + 1, writes
        replies_of_storm = [post for post in messages(world) if post.thread_of is not None]
        board = next(str(card) for card in world.store.cards() if card["text"] == storms[0])
        assert board.count(f"Owners: <@{MAYA.user}>") == 2, "in the table's text, and in the list's"
        assert len(replies_of_storm) <= 1, "where it died before its message had mentioned them"
        assert len(world.store.kept) == 15
        assert all(incident.phase is Phase.OPEN for incident in world.store.kept.values())


async def test_a_storm_is_left_as_it_is_after_a_week(world):
    break_flows(world, 12)
    await world.poll()
    await world.follow(after=601)
    await world.incident_actions.acknowledge(next(iter(world.store.kept)), MAYA, world.now)
    before = world.lines()
    await world.follow(after=8 * 86400)
    assert world.lines() == before


async def test_a_limit_of_nothing_gives_each_a_thread():
    world = await World(storm=0).begin()
    break_flows(world, 60)
    await world.poll()
    assert len(world.lines()) == 60
