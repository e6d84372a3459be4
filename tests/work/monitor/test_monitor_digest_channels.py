"""Digests of several channels, at their own hours, with their own incidents."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from answer_scenes_routing import joins
from answer_world import FINANCE
from answer_world import World as AnswerWorld
from digest_kit import DAY, GENERAL, MINUTE, NINE, OPS, at, started
from monitor_world import JONAS, MAYA, START, World

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard, Snooze, SnoozeId
from bot.core.incident.resolution import Resolution
from bot.core.outbox.posts import PostId
from bot.core.routing.watch import Filters, Watch


@pytest.fixture
async def world():
    return await started(World(timezone=ZoneInfo("Asia/Shanghai")))  # 17:00 there at the start


async def link(message):
    """A link to all that was sent."""
    return f"https://example.slack.com/{message.channel}/{message.ts}" if message and message.ts else ""


@pytest.fixture
async def world_of_two():
    world = World(timezone=ZoneInfo("Asia/Shanghai"), link=link)
    await prefers(world, "08:00", GENERAL, "UTC")
    return await started(world)


async def prefers(world, digest, channel=OPS, zone="Asia/Shanghai"):
    await world.store.change_prefs(channel, lambda old: replace(old, digest=digest, digest_zone=zone), lambda _new: ())


EIGHT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


async def test_each_channel_has_its_own_hour_and_its_own_incidents(world_of_two):
    world = world_of_two
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    world.enos.put("2809-2026112100", name="turbine", end="2026-11-21 02:00:00")
    await world.poll()
    report, turbine = world.store.kept.values()
    both = turbine.with_card(IncidentCard(GENERAL, PostId("there")))
    await world.store.change(turbine.id, lambda _: ChangeSet(incidents=(both,)))
    await at(world, NINE)
    assert world.digests(GENERAL) == []
    await at(world, EIGHT)
    ours, theirs = str(world.digests()), str(world.digests(GENERAL))
    assert (ours.count("*report*"), ours.count("*turbine*")) == (1, 1)
    assert (theirs.count("*report*"), theirs.count("*turbine*")) == (0, 1)
    assert f"https://example.slack.com/{OPS}/1.{report.home.post}" in ours
    assert "Open thread" not in theirs, "its card there is not in Slack yet"


async def test_a_person_s_digest_tells_of_what_has_a_card_in_their_direct_messages(world):
    await prefers(world, "08:00", MAYA.user)
    await world.store.add_watch(Watch(0, MAYA.user, Filters(glob="turb*"), MAYA, START), lambda _new: ())
    await world.follow()
    for name, flow in (("report", 3377), ("turbine", 2809)):
        world.enos.put(f"{flow}-2026112100", name=name, end="2026-11-21 02:00:00")
        await world.poll()
    await at(world, NINE)
    (shown,) = world.digests(MAYA.user)
    assert shown["text"] == "Digest · failures: 1 · open incidents: 1"
    assert ("turbine" in str(shown), "report" in str(shown)) == (True, False)


async def test_a_channel_says_when_its_digest_comes_and_whether(world):
    commands = await AnswerWorld.begun(world.store)
    joins(FINANCE, JONAS.user)(commands)
    await commands.maya.says("prefs digest 08:30", channel=OPS)
    await commands.jonas.says("prefs digest 09:00", channel=FINANCE)
    await world.follow()
    half_past_eight, nine_in_berlin = NINE - 30 * MINUTE, NINE + timedelta(hours=7)
    await at(world, half_past_eight - MINUTE)
    assert world.digests() == []
    await at(world, half_past_eight)
    assert len(world.digests()) == 1
    await at(world, nine_in_berlin - MINUTE)
    assert world.digests(FINANCE) == []
    await at(world, nine_in_berlin)
    assert len(world.digests(FINANCE)) == 1
    await commands.maya.says("prefs digest off", channel=OPS)
    await at(world, half_past_eight + DAY)
    await at(world, nine_in_berlin + DAY)
    assert (len(world.digests()), len(world.digests(FINANCE))) == (1, 2)


async def test_an_hour_that_comes_before_the_next_poll_has_its_digest(world):
    commands = await AnswerWorld.begun(world.store)
    joins(FINANCE, JONAS.user)(commands)
    half_past_nine_in_berlin = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    commands.now = half_past_nine_in_berlin - MINUTE / 4
    await commands.jonas.says("prefs digest 09:30", channel=FINANCE)
    await at(world, half_past_nine_in_berlin + MINUTE / 4)
    assert len(world.digests(FINANCE)) == 1
    await at(world, half_past_nine_in_berlin + MINUTE)
    assert len(world.digests(FINANCE)) == 1


async def test_an_hour_that_has_passed_waits_for_tomorrow(world):
    commands = await AnswerWorld.begun(world.store)
    joins(FINANCE, JONAS.user)(commands)
    commands.now = datetime(2026, 11, 22, 8, 31, tzinfo=UTC)
    await commands.jonas.says("prefs digest 09:30", channel=FINANCE)
    await at(world, commands.now + MINUTE)
    assert world.digests(FINANCE) == []
    await at(world, commands.now + DAY)
    assert len(world.digests(FINANCE)) == 1


async def test_a_first_start_before_nine_whose_first_poll_ends_after_it_has_its_digest():
    world = World(timezone=ZoneInfo("Asia/Shanghai"))
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    world.now = NINE - MINUTE
    await world.poll()
    await at(world, NINE + MINUTE / 4)
    await at(world, NINE + MINUTE)
    assert world.digest_lines() == ["Digest · failures: 1 · open incidents: 1"]


async def test_after_an_upgrade_across_nine_one_digest_tells_what_the_daily_line_did_not(world):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    await world.store.set_note("digest " + OPS, "")
    await world.store.set_note("sign of life", "2026-11-21")  # version 0.1.0 was stopped before nine
    world.start()
    await at(world, NINE + 20 * MINUTE)
    await at(world, NINE + 21 * MINUTE)
    assert world.digest_lines() == ["Digest · failures: 1 · open incidents: 1"]


async def test_after_an_upgrade_what_the_daily_line_told_is_not_told_again(world):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    await world.store.set_note("digest " + OPS, "")
    await world.store.set_note("sign of life", "2026-11-22")
    world.start()
    await at(world, NINE + 20 * MINUTE)
    assert world.digest_lines() == []
    await at(world, NINE + DAY)
    assert world.digest_lines() == ["Digest · failures: 0 · open incidents: 1"]


async def test_off_and_on_again_waits_for_the_next_hour_and_loses_nothing(world):
    commands = await AnswerWorld.begun(world.store)
    joins(FINANCE, JONAS.user)(commands)
    await at(world, NINE)
    for name, when in (("report", NINE + MINUTE), ("turbine", NINE + 3 * DAY)):
        commands.now = when + MINUTE
        await commands.maya.says("prefs digest " + ("off" if name == "report" else "09:00"), channel=OPS)
        world.enos.put(f"{3370 + len(name)}-{when:%Y%m%d}00", name=name, end=f"{when:%Y-%m-%d} 02:00:00")
        await at(world, when + 2 * MINUTE)
    assert len(world.digest_lines()) == 1
    await at(world, NINE + 4 * DAY - MINUTE)
    await at(world, NINE + 4 * DAY)
    await at(world, NINE + 5 * DAY)
    assert world.digest_lines()[1:] == [f"Digest · failures: {n} · open incidents: 2" for n in (2, 0)]


async def test_an_earlier_hour_said_after_it_waits_for_tomorrow(world):
    commands = await AnswerWorld.begun(world.store)
    await at(world, NINE)
    commands.now = NINE + MINUTE
    await commands.maya.says("prefs digest 17:00", channel=OPS)
    await at(world, NINE + 8 * timedelta(hours=1))
    commands.now = NINE + DAY + timedelta(hours=1)
    await commands.maya.says("prefs digest 09:00", channel=OPS)
    await at(world, commands.now + MINUTE)
    assert len(world.digest_lines()) == 2
    await at(world, NINE + 2 * DAY)
    assert len(world.digest_lines()) == 3


async def test_off_is_off(world_of_two):
    await prefers(world_of_two, "off")
    for day in range(3):
        await at(world_of_two, NINE + day * DAY)
    assert world_of_two.digest_lines() == []


async def test_an_hour_changed_to_a_later_one_has_another_digest_today_without_what_was_told(world_of_two):
    world = world_of_two
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    await at(world, NINE)
    await prefers(world, "17:00")
    await at(world, NINE + timedelta(hours=7))
    assert len(world.digest_lines()) == 1
    await at(world, NINE + timedelta(hours=8))
    assert world.digest_lines() == [f"Digest · failures: {n} · open incidents: 1" for n in (1, 0)]


async def test_an_hour_changed_to_an_earlier_one_has_its_next_digest_tomorrow(world_of_two):
    await at(world_of_two, NINE)
    await prefers(world_of_two, "08:00")
    await at(world_of_two, NINE + timedelta(hours=1))
    assert len(world_of_two.digest_lines()) == 1
    await at(world_of_two, NINE + DAY - timedelta(hours=1))
    assert len(world_of_two.digest_lines()) == 2


async def test_it_says_what_is_snoozed_and_why(world_of_two):
    flow, until = FlowId(3377), NINE + 30 * DAY
    snooze = Snooze(SnoozeId("s1"), flow, "report", MAYA, NINE - DAY, until, "moving the source", until_success=True)
    await world_of_two.store.change_snoozes(lambda _known, _incidents: ChangeSet(snoozes=(snooze,)))
    await at(world_of_two, NINE)
    assert "snoozed by <@U0MAYA00001> until the next success · Reason: moving the source" in str(world_of_two.digests())


async def test_it_says_who_reran_what_recovered_and_as_what_a_person_closed(world_of_two):
    world = world_of_two
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    world.enos.put("2809-2026112100", name="turbine", end="2026-11-21 02:00:00")
    await world.poll()
    report, turbine = world.store.kept.values()
    await world.incident_actions.close(turbine.id, JONAS, world.now, "a typo", resolution=Resolution.FIXED)
    rerun = InstanceId("3377-20261121000000")
    await world.store.put_run(
        Run(rerun, FlowId(3377), "report", str(MAYA), "p", world.now, OPS, verb="rerun", incident=report.id)
    )
    done = replace(report, phase=report.phase.RECOVERED, ended_at=world.now, recovered_by=rerun)
    await world.store.change(report.id, lambda _: ChangeSet(incidents=(done,)))
    await at(world, NINE)
    shown = str(world.digests())
    assert "with a rerun by <@U0MAYA00001>" in shown
    assert "closed by <@U0JONAS0001> as fixed · Note: a typo" in shown


async def test_after_a_start_it_waits_for_the_first_complete_poll_a_few_minutes_at_most(world_of_two):
    world = world_of_two
    world.start()
    world.now = NINE
    await world.follow()
    assert world.digest_lines() == []
    await world.poll()
    await world.follow()
    assert len(world.digest_lines()) == 1
