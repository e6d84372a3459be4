"""The digest: once a day in each channel that wants one, whatever happens to the bot, EnOS or the clock."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from answer_scenes_routing import joins
from answer_world import FINANCE
from answer_world import World as AnswerWorld
from memory_enos import Down
from monitor_world import JONAS, MAYA, START, World
from watched_store import Killed

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run
from bot.core.flow.status import Status
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard, Snooze, SnoozeId
from bot.core.incident.resolution import Resolution
from bot.core.outbox.posts import Lane, PostId
from bot.core.routing.watch import Filters, Watch
from bot.core.text.message import msg, slack_date

OPS, GENERAL = "C0DATAOPS1", "C0GENERAL1"
NINE = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # in Shanghai
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
async def world():
    return await started(World(timezone=ZoneInfo("Asia/Shanghai")))  # 17:00 there at the start


async def started(world):
    await world.begin()
    await world.poll()
    await world.follow()
    return world


async def at(world, when):
    world.now = when
    await world.monitor.poll(world.now)
    await world.follow()


async def test_it_comes_once_a_day_at_nine(world):
    await at(world, START + 5 * MINUTE)
    await at(world, NINE - MINUTE)
    assert world.digest_lines() == [], "the first day had its announcement"
    for later in (0 * MINUTE, MINUTE, 14 * 60 * MINUTE):
        await at(world, NINE + later)
    assert world.digest_lines() == ["All quiet · failures: 0 · open incidents: 0"]
    for day in (1, 2, 3):
        await at(world, NINE + day * DAY)
    assert len(world.digest_lines()) == 4
    (lane,) = {post.new.lane for post in world.store.posts.values()}
    assert lane is Lane.HOUSEKEEPING


async def test_a_restart_repeats_none(world):
    await at(world, NINE)
    for _ in range(3):
        world.start()
        await at(world, world.now + 10 * MINUTE)
    assert len(world.digest_lines()) == 1


async def test_what_nine_o_clock_missed_comes_once_when_the_bot_is_back(world):
    world.start()
    await at(world, NINE + 3 * DAY + timedelta(hours=5))
    assert len(world.digest_lines()) == 1
    await at(world, NINE + 4 * DAY)
    assert len(world.digest_lines()) == 2


async def test_a_bot_that_begins_in_the_morning_tells_at_nine():
    world = World(timezone=ZoneInfo("Asia/Shanghai"))
    world.now = NINE - timedelta(hours=2)
    await started(world)
    await at(world, NINE)
    assert len(world.digest_lines()) == 1


@pytest.mark.parametrize("writes", range(4))
async def test_a_death_at_any_write_repeats_none_and_loses_none(world, writes):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    world.now = NINE
    await world.monitor.poll(world.now)
    world.store.die_after = writes
    with contextlib.suppress(Killed):
        await world.follow()
    world.store.die_after = None
    world.start()
    await at(world, NINE + MINUTE)
    world.start()
    await at(world, NINE + 2 * MINUTE)
    assert world.digest_lines() == ["Digest · failures: 1 · open incidents: 1"]
    await at(world, NINE + DAY)
    assert world.digest_lines()[1:] == ["Digest · failures: 0 · open incidents: 1"]


async def test_it_tells_how_the_day_was_and_how_things_stand(world):
    for hour in ("00", "06"):
        world.enos.put(f"3377-20261121{hour}", name="report", end=f"2026-11-21 {hour}:30:00")
    world.enos.put("2809-2026112100", name="turbine")
    world.enos.put("4102-2026112100", name="green", end="2026-11-21 02:00:00")
    await world.follow()
    await world.poll()
    world.enos.put("4102-2026112200", Status.SUCCESS, name="green", end="2026-11-22 00:30:00")
    turbine = next(each for each in world.store.kept.values() if each.flow_name == "turbine")
    await world.incident_actions.acknowledge(turbine.id, MAYA, world.now)
    await world.follow(after=90)
    await at(world, NINE)
    assert world.digest_lines() == ["Digest · failures: 4 · open incidents: 2"]
    shown = str(world.digests()[-1])
    assert "4 failures in 3 flows. Open: 2, acknowledged: 1." in shown
    assert "*turbine* · since" in shown
    assert "<@U0MAYA00001> is on it until" in shown
    assert "*green* · recovered by itself after" in shown
    midnight = slack_date(datetime(2026, 11, 21, tzinfo=UTC))
    assert f"*green*: {midnight} · Rerun: `/flow rerun 4102-2026112100`" in shown


async def test_each_failure_is_in_exactly_one(world):
    for number in range(6):
        world.enos.put(f"33{number}0-2026112100", name=f"flow {number}", end="2026-11-21 02:00:00")
        await at(world, NINE + (number - 2) * DAY / 4)
    await at(world, NINE + DAY)
    counts = [int(sign.split("failures: ")[1].split(" ")[0]) for sign in world.digest_lines()]
    assert sum(counts) == 6
    assert counts == [2, 4]


async def test_what_a_poll_is_still_writing_down_is_left_to_the_next_one(world):
    world.now = NINE - MINUTE / 2
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    observe, followed = world.store.observe, []

    async def slowly(*args, **more):
        if not followed:
            followed.append(True)
            world.now = NINE
            await world.monitor.follow(NINE)
        return await observe(*args, **more)

    world.store.observe = slowly
    await world.poll(after=0)
    assert followed
    assert world.digest_lines() == ["All quiet · failures: 0 · open incidents: 0"]
    await at(world, NINE + DAY)
    assert world.digest_lines()[1:] == ["Digest · failures: 1 · open incidents: 1"]


async def test_it_does_not_call_itself_well_while_something_is_wrong(world):
    world.now = NINE
    world.troubles = (msg("The last complete poll of EnOS was 9 min ago."),)
    await world.follow()
    (line,) = world.digest_lines()
    assert line.startswith("Something needs attention")
    assert "The last complete poll of EnOS was 9 min ago." in str(world.digests()[-1])


async def test_it_goes_while_enos_is_out_of_reach_and_says_so(world):
    world.enos.fail["search"] = [Down() for _ in range(30)]
    await at(world, NINE)
    (line,) = world.digest_lines()
    assert line.startswith("Something needs attention")
    assert "I can't reach EnOS now." in str(world.digests()[-1])


async def test_flows_that_nobody_watches_are_no_quiet_day():
    world = World(timezone=ZoneInfo("Asia/Shanghai"))
    for number in range(240):
        world.enos.flows[number] = type("", (), {"id": number, "name": f"flow {number}"})
    world.enos.seen_by_watcher = set(range(212))
    await started(world)
    await at(world, NINE)
    (line,) = world.digest_lines()
    assert line.startswith("Something needs attention")
    assert "Watching 212 of 240 flows." in str(world.digests()[-1])


# ── channels ──


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


# ── the clock ──


async def test_a_clock_that_steps_back_repeats_none_and_loses_no_failure(world):
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await at(world, NINE - MINUTE)
    await at(world, NINE)
    back = NINE - timedelta(hours=1)
    await world.store.correct_future_times(back)
    world.enos.put("2809-2026112100", name="turbine", end="2026-11-21 02:00:00")
    await at(world, back + MINUTE)
    await at(world, NINE)
    assert len(world.digest_lines()) == 1
    await at(world, NINE + DAY)
    assert world.digest_lines() == [f"Digest · failures: 1 · open incidents: {n}" for n in (1, 2)]


async def test_a_clock_that_was_a_month_ahead_delays_no_digest_for_a_month(world):
    await at(world, NINE + 30 * DAY)
    await world.store.correct_future_times(NINE - MINUTE)
    for day in range(3):
        await at(world, NINE + day * DAY)
    assert len(world.digest_lines()) == 3


async def test_after_a_start_it_waits_for_the_first_complete_poll_a_few_minutes_at_most(world_of_two):
    world = world_of_two
    world.start()
    world.now = NINE
    await world.follow()
    assert world.digest_lines() == []
    await world.poll()
    await world.follow()
    assert len(world.digest_lines()) == 1
