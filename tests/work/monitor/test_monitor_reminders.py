"""Reminders at work: said once in the incident's thread, with the fact, whenever the process dies."""

from datetime import timedelta

import pytest
from monitor_world import MAYA, People, World, members, on_call
from watched_store import Killed

from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard, Phase
from bot.core.outbox.conversations import SlackUnclear
from bot.core.outbox.posts import PostId
from bot.work.monitor.reminders import ReminderChecks, Reminders


def begin_reminding(world, wake):
    world.reminders = Reminders(
        world.store,
        People(),
        world.new_id,
        timedelta(minutes=30),
        ReminderChecks(on_call, members),
        wake=wake,
    )


@pytest.fixture
async def world():
    world = await World().begin_with_a_failure()
    world.woken = []
    begin_reminding(world, lambda: world.woken.append(1))
    world.start_at = world.now
    return world


async def at(world, minutes):
    """Tick at so many minutes after the failure; return the replies that stand in the thread."""
    world.now = world.start_at + timedelta(minutes=minutes)
    await world.reminders.tick(world.now)
    world.store.deliver(world.now + timedelta(seconds=3))
    return [body["text"] for body in world.store.replies(world.only().home.post)]


async def test_nothing_is_said_before_its_time(world):
    assert await at(world, 29) == []
    assert world.woken == []


async def test_nobody_took_it_so_on_call_is_asked_once_in_the_thread(world):
    (said,) = await at(world, 31)
    assert said == "STILL OPEN · report · task transform"
    assert await at(world, 32) == [said]
    assert len(await at(world, 91)) == 2
    assert world.woken == [1, 1]


@pytest.mark.parametrize("readers", [{"C0DATAOPS1", "C0GRIDOPS1"}, {"C0GRIDOPS1"}, set(), None])
async def test_who_holds_it_is_asked_in_one_of_its_threads(world, readers):
    """In the first whose channel they read; else, or where Slack does not say who reads it, in that of its home."""

    async def of_channel(channel):
        if readers is None:
            raise SlackUnclear("no answer")
        return frozenset({MAYA.user}) if channel in readers else frozenset()

    world.reminders._checks = ReminderChecks(on_call, of_channel)
    there = IncidentCard("C0GRIDOPS1", PostId("there"), told_at=world.now)
    await world.store.change(world.only().id, lambda old: ChangeSet(incidents=(old.with_card(there),)))
    await world.incident_actions.acknowledge(world.only().id, MAYA, world.now)
    known = set(world.store.posts)
    await at(world, 226)
    await at(world, 241)
    said = [(post.new.channel, str(post.new.body)) for id_, post in world.store.posts.items() if id_ not in known]
    said = [(channel, text) for channel, text in said if "⏰" in text]
    asked_in = "C0GRIDOPS1" if readers == {"C0GRIDOPS1"} else "C0DATAOPS1"
    assert len(said) == 4
    assert all((f"<@{MAYA.user}>" in text) == (channel == asked_in) for channel, text in said)


async def test_a_promise_that_runs_out_opens_the_incident_again_and_the_card_shows_it(world):
    await world.incident_actions.acknowledge(world.only().id, MAYA, world.now)
    assert (await at(world, 226))[-1] == "ACKNOWLEDGEMENT EXPIRES SOON · report"
    assert (await at(world, 241))[-1] == "OPEN AGAIN · report"
    assert world.only().phase is Phase.OPEN
    (card,) = world.store.cards()
    assert card["text"] == "FAILED · report · task transform"


async def test_killed_in_the_middle_nothing_is_said_and_nothing_is_noted_so_it_comes_next_time(world):
    world.store.die_after = 0
    with pytest.raises(Killed):
        await at(world, 31)
    assert world.only().reminder_count == 0
    world.store.die_after = None
    assert len(await at(world, 31)) == 1


async def test_what_was_taken_between_the_look_and_the_word_is_left_alone(world):
    asked = world.store.incidents

    async def then_somebody_takes_it(**terms):
        found = await asked(**terms)
        await world.incident_actions.acknowledge(world.only().id, MAYA, world.now)
        return found

    world.store.incidents = then_somebody_takes_it
    assert all("STILL OPEN" not in said for said in await at(world, 31))


# ── storms ──


@pytest.fixture
async def storm():
    world = await World(storm=3).begin()
    for number in range(4000, 4012):
        world.enos.put(f"{number}-2026112100", name=f"flow-{number}", end="2026-11-21 02:00:00")
    await world.poll()
    world.start_at = world.now
    begin_reminding(world, world.monitor.incident_changed)
    return world


async def under_storm(world, minutes):
    """Tick at so many minutes after the storm began; return what a phone shows of the replies under it."""
    world.now = world.start_at + timedelta(minutes=minutes)
    await world.reminders.tick(world.now)
    await world.follow()
    (group,) = await world.store.incident_groups()
    return [body["text"] for body in world.store.replies(group.post)]


async def test_a_storm_that_nobody_takes_is_called_to_mind_once_for_all_of_it(storm):
    assert await under_storm(storm, 29) == []
    (said,) = await under_storm(storm, 31)
    assert said == "STILL OPEN · 12 incidents of the alert storm"
    begin_reminding(storm, storm.monitor.incident_changed)  # a restart
    assert await under_storm(storm, 32) == [said]
    await storm.incident_actions.acknowledge(next(iter(storm.store.kept)), MAYA, storm.now)
    assert (await under_storm(storm, 91))[2:] == ["STILL OPEN · 11 incidents of the alert storm"]


async def test_a_call_for_a_storm_that_could_not_be_written_comes_at_the_next_look(storm):
    storm.store.die_after = 0
    with pytest.raises(Killed):
        await under_storm(storm, 31)
    storm.store.die_after = None
    assert len(await under_storm(storm, 31)) == 1


async def test_a_storm_whose_incidents_are_all_taken_is_quiet(storm):
    for each in list(storm.store.kept):
        await storm.incident_actions.acknowledge(each, MAYA, storm.now, storm.now + timedelta(hours=9))
    assert not [said for said in await under_storm(storm, 31) if "STILL OPEN" in said]


async def test_a_promise_in_a_storm_ends_and_its_message_shows_it(storm):
    await storm.incident_actions.acknowledge(
        next(iter(storm.store.kept)), MAYA, storm.now, storm.now + timedelta(minutes=20)
    )
    assert len(await under_storm(storm, 19)) == 1
    assert storm.lines() == ["ALERT STORM OVER · 12 incidents · 11 open, 1 acknowledged, 0 recovered"]
    assert (await under_storm(storm, 21))[1:] == ["OPEN AGAIN · flow-4000"]
    assert storm.lines() == ["ALERT STORM OVER · 12 incidents · 12 open, 0 acknowledged, 0 recovered"]
