"""Where failures go: cards in the channels that watch them, quiet hours that end, watches whose channel is lost."""

from datetime import UTC, datetime, time, timedelta

import pytest
from monitor_world import JONAS, START, World

from bot.core.outbox.conversations import Channel, SlackUnreachable
from bot.core.routing.prefs import Prefs
from bot.core.routing.quiet import QuietHours
from bot.core.routing.watch import Filters, Watch
from bot.work.monitor.routing import RoutingMonitor

ALERTS, GRID, SOLAR = "C0DATAOPS1", "C0GRIDOPS1", "C0SOLAROPS"
FAILED = "3377-2026112100"
NIGHT = QuietHours(time(22), time(10), "UTC")  # the clock begins at nine


class SlackChannels:
    """Which channels can be posted to again."""

    def __init__(self):
        self.well = set()
        self.asked = []

    async def channel(self, channel):
        self.asked.append(channel)
        if channel == "C0SILENT01":
            raise SlackUnreachable("no answer")
        return Channel(channel, member=channel in self.well)


@pytest.fixture
async def world():
    world = await World().begin()
    world.lost, world.slack = set(), SlackChannels()

    async def recovered(channel):
        world.lost.discard(channel)

    world.routing = RoutingMonitor(
        world.store,
        world.slack,
        lambda: world.now,
        alert_channel=ALERTS,
        lost=lambda: world.lost,
        recovered=recovered,
    )
    return world


async def watch(world, channel=GRID, **filters):
    made, _ = await world.store.add_watch(Watch(0, channel, Filters(**filters), JONAS, START), lambda _new: ())
    return made


async def fails(world, instance=FAILED, end="2026-11-21 02:00:00", **more):
    world.enos.put(instance, end=end, name=more.pop("name", "report"), **more)
    return await world.poll()


def places(world):
    """The channels of all first messages about incidents."""
    posts = [post.new for post in world.store.posts.values()]
    return [new.channel for new in posts if new.incident and new.thread_of is None and new.target is None]


async def test_without_a_watch_a_failure_goes_to_the_alert_channel(world):
    await fails(world)
    assert places(world) == [ALERTS]


async def test_a_watch_takes_it_to_its_channel_instead(world):
    await watch(world)
    await fails(world)
    assert places(world) == [GRID]
    assert [card.channel for card in world.only().cards] == [GRID]


async def test_two_channels_get_a_card_each_and_one_incident(world):
    await watch(world)
    await watch(world, SOLAR)
    await fails(world)
    assert places(world) == [GRID, SOLAR]
    assert [card.channel for card in world.only().cards] == [GRID, SOLAR]


async def test_watches_that_overlap_in_one_channel_are_one_card(world):
    await watch(world)
    await watch(world, glob="rep*")
    await fails(world)
    assert places(world) == [GRID]


async def test_a_personal_watch_adds_a_direct_message(world):
    await watch(world, JONAS.user)
    await fails(world)
    assert places(world) == [ALERTS, JONAS.user]


async def test_from_the_second_failure_in_a_row_the_other_channel_has_a_card_too(world):
    await watch(world, after=2)
    await fails(world)
    assert places(world) == [ALERTS]
    await fails(world, "3377-2026112200", "2026-11-22 02:00:00")
    assert places(world) == [ALERTS, GRID]
    threads = [post.new.channel for post in world.store.posts.values() if post.new.thread_of]
    assert threads == [ALERTS]  # the new card shows the newest failure: a reply would say it twice


async def test_a_card_stays_where_its_watch_is_removed(world):
    made = await watch(world)
    await fails(world)
    assert await world.store.remove_watch(made, ())
    await fails(world, "3377-2026112200", "2026-11-22 02:00:00")
    assert places(world) == [GRID, ALERTS]


async def test_the_failures_of_a_lost_channel_go_to_the_alert_channel(world):
    await watch(world)
    world.lost_places = {GRID}
    world.start()
    await fails(world)
    assert places(world) == [ALERTS]


async def test_in_quiet_hours_owners_are_named_and_not_mentioned(world):
    await watch(world, quiet=NIGHT)
    await fails(world, owners=("maya.chen",))
    said = str([post.new.body for post in world.store.posts.values() if post.new.channel == GRID])
    assert "maya.chen" in said
    assert "<@U0MAYA00001>" not in said


async def test_a_channel_may_want_replies_about_failures_outside_of_the_thread_too(world):
    await world.store.change_prefs(ALERTS, lambda _old: Prefs(replies="channel"), lambda _new: ())
    await fails(world)
    await fails(world, "3377-2026112200", "2026-11-22 02:00:00")
    replies = [post.new for post in world.store.posts.values() if post.new.thread_of]
    assert [reply.broadcast for reply in replies] == [True]


async def test_preferences_are_read_again_after_a_change(world):
    await world.store.routing_rules()
    await watch(world)
    assert len((await world.store.routing_rules()).watches) == 1
    await world.store.change_prefs(GRID, lambda _old: Prefs(mentions=False), lambda _new: ())
    assert not (await world.store.routing_rules()).prefs_of(GRID).may_mention


# ── quiet hours that end ──


async def listed(world, at):
    """What is posted in the channel at a time of day."""
    before = set(world.store.posts)
    world.now = datetime(2026, 11, 21, *at, tzinfo=UTC)
    await world.routing.tick(world.now)
    return [post.new for id_, post in world.store.posts.items() if id_ not in before]


async def test_when_quiet_hours_end_one_message_lists_what_is_still_open(world):
    await watch(world, quiet=NIGHT)
    await fails(world)
    assert await listed(world, (9, 59)) == []
    (told,) = await listed(world, (10, 0))
    assert told.channel == GRID
    assert "QUIET HOURS OVER · 1 open incident" in str(told.body)
    assert await listed(world, (10, 1)) == []
    world.routing = RoutingMonitor(
        world.store, world.slack, lambda: world.now, alert_channel=ALERTS, lost=set, recovered=None
    )
    assert await listed(world, (11, 0)) == []  # nor after a restart


async def test_what_was_acknowledged_in_the_night_is_not_listed(world):
    await watch(world, quiet=NIGHT)
    await fails(world)
    await world.incident_actions.acknowledge(world.only().id, JONAS, world.now)
    assert await listed(world, (10, 0)) == []


async def test_after_half_a_day_nobody_wants_the_list_of_the_morning(world):
    await watch(world, quiet=NIGHT)
    await fails(world)
    assert await listed(world, (21, 59)) != []
    await watch(world, SOLAR, quiet=QuietHours(time(22), time(9, 30), "UTC"))
    assert await listed(world, (21, 59)) == []


# ── watches whose channel is lost ──


def told(world, user=JONAS.user):
    return [str(post.new.body) for post in world.store.posts.values() if post.new.channel == user]


async def test_who_made_a_watch_hears_once_that_its_channel_is_lost_and_once_that_it_is_back(world):
    made = await watch(world)
    world.lost = {GRID}
    for _ in range(3):
        await world.routing.tick(world.now)
    (lost,) = told(world)
    assert "your watch there does not work" in lost
    assert f"unwatch {made.id}" in lost
    world.slack.well.add(GRID)
    world.now += timedelta(minutes=6)
    await world.routing.tick(world.now)
    assert world.lost == set()
    assert "I can post in" in told(world)[1]
    await world.routing.tick(world.now)
    assert len(told(world)) == 2


async def test_a_watch_that_was_removed_meanwhile_is_not_told_to_work(world):
    made = await watch(world)
    world.lost = {GRID}
    await world.routing.tick(world.now)
    await world.store.remove_watch(made, ())
    world.lost = set()
    await world.routing.tick(world.now)
    assert len(told(world)) == 1


async def test_a_restart_does_not_tell_it_again(world):
    await watch(world)
    world.lost = {GRID}
    await world.routing.tick(world.now)
    world.routing = RoutingMonitor(
        world.store, world.slack, lambda: world.now, alert_channel=ALERTS, lost=lambda: {GRID}, recovered=None
    )
    await world.routing.tick(world.now)
    assert len(told(world)) == 1


async def test_slack_is_asked_every_five_minutes_whether_a_lost_channel_is_back(world):
    await watch(world, "C0SILENT01")
    world.lost = {"C0SILENT01"}
    for _ in range(4):
        await world.routing.tick(world.now)
        world.now += timedelta(minutes=2)
    assert len(world.slack.asked) == 2
