"""The health of one of several replicas: what is its own is judged by each, the promise by the one that leads."""

from datetime import timedelta

import pytest
from app_kit import ALEX, served
from replica_apps import get, metric, told, two_bots

from bot.core.flow.model import FlowId
from bot.core.health.promise import Promise
from bot.core.text.message import msg, plain
from bot.ops.clocks import ClockJump
from bot.ops.clocks import wall as now
from bot.work.delivery.alarms import Alarm


@pytest.fixture
async def bots(tmp_path):
    async with served() as running, two_bots(running, tmp_path, FLOWBOT_ADMINS=ALEX) as both:
        both.world = running.world
        await running.world.workspace.until(lambda: len(running.world.workspace.sockets.connections) > 3, 20)
        for each in (both.leader, both.follower):
            await each.jobs.count_sockets()
            await each.jobs.update_metrics()
        yield both


async def test_one_that_follows_is_ready_though_it_reads_nothing(bots):
    assert bots.follower.monitor.reads() == {}
    assert await get(bots.follower, "/readyz") == (200, "ready\n")
    assert [await metric(each, "flowbot_leads") for each in (bots.leader, bots.follower)] == ["1.0", "0.0"]
    assert [await metric(each, "flowbot_replicas") for each in (bots.leader, bots.follower)] == ["2.0", "2.0"]


async def test_what_only_the_leader_counts_alarms_nobody_at_the_other(bots):
    names = ("flowbot_poll_lag_seconds", 'flowbot_oldest_post_seconds{state="queued"}', 'flowbot_posts{state="queued"}')
    assert [await metric(bots.follower, name) for name in names] == ["0.0", "0.0", "0.0"]
    assert await metric(bots.follower, 'flowbot_posts{state="sent"}') is None
    assert await metric(bots.leader, 'flowbot_posts{state="sent"}') is not None
    assert [await metric(bots.follower, f"flowbot_flows_{name}") for name in ("known", "watched")] == ["NaN", "NaN"]


async def test_its_own_socket_is_its_own_health(bots):
    bots.follower.metrics_updater.connected = 0
    assert await get(bots.follower, "/readyz") == (503, "Slack is not connected.\n")


async def test_where_nobody_leads_it_is_not_ready(bots, monkeypatch):
    monkeypatch.setattr(bots.follower.replica, "unled_for", lambda: 11.0)
    status, said = await get(bots.follower, "/readyz")
    assert (status, said) == (503, "No replica of flowbot leads right now. Alerts wait until one does.\n")
    monkeypatch.setattr(bots.follower.replica, "unled_for", lambda: 100.0)
    status, said = await get(bots.follower, "/readyz")
    assert (status, said) == (503, "No replica of flowbot has led the others for 1 min. Nobody reads EnOS.\n")


async def test_status_is_what_the_leader_knows(bots):
    await told(bots.leader, bots.follower)
    own, other = (each.bot_health.status(now()) for each in (bots.leader, bots.follower))
    assert plain(other.watching) == plain(own.watching) != "not compared yet"
    assert plain(other.history) == plain(own.history)
    assert plain(other.last_read) != "never"


async def test_what_is_wrong_with_flowbot_is_said_by_each(bots):
    bots.leader.bot_health.note_alarm(Alarm("slack", msg("It is {since}.", since=now())))
    bots.leader.metrics_updater.connected = 0  # of which the other knows better
    await told(bots.leader, bots.follower)
    own, other = (each.bot_health.status(now()).judgement for each in (bots.leader, bots.follower))
    assert [plain(each) for each in own.broken][1:] == ["Slack is not connected."]
    assert other.broken == own.broken[:1]
    assert (await get(bots.follower, "/readyz"))[0] == 200  # it can do its own work


async def test_the_watchdog_of_one_that_follows_leaves_the_promise_to_the_leader(bots):
    steady = bots.follower.watchdog._steady
    bots.follower.watchdog._steady = lambda: steady() + timedelta(hours=1)
    bots.follower.watchdog._looked_at = bots.follower.watchdog._answered_at = bots.follower.watchdog._steady()
    assert bots.follower.watchdog.late() == ()
    bots.follower.replica.leads = True  # from now on it counts
    assert bots.follower.watchdog.late() == ()
    steady_later = bots.follower.watchdog._steady
    bots.follower.watchdog._steady = lambda: steady_later() + timedelta(minutes=5)
    assert Promise.READ in {each.promise for each in bots.follower.watchdog.late()}


@pytest.mark.parametrize("is_first", [True, False])
async def test_where_nobody_leads_one_of_them_tells_the_admins(bots, is_first, monkeypatch):
    watchdog, replica = bots.follower.watchdog, bots.follower.replica
    monkeypatch.setattr(replica, "unled_for", lambda: 100.0)
    for seconds in (0, 6):
        assert watchdog._debounced.check(watchdog._steady() + timedelta(seconds=seconds), broken=True) == bool(seconds)
    replica.is_first = is_first
    assert watchdog._admins_to_tell(watchdog._steady()) == ([ALEX] if is_first else [])


async def test_what_the_leader_found_out_is_what_the_other_says(bots):
    leader, follower = bots.leader, bots.follower
    fire = now()
    leader.lateness._said = {FlowId(3377): ("its schedule is off", fire, fire)}
    leader.delivery.channel_health.unhealthy["C1"] = "is_archived"
    leader.zone.offset = timedelta(hours=5)
    leader.history.read_since = lambda _now: fire
    drawn = []
    follower.homes.changed = lambda: drawn.append(1)
    await told(leader, follower)
    assert follower.lateness.said == leader.lateness.said
    assert follower.services.lost() == {"C1"}
    assert follower.services.platform_zone() == timedelta(hours=5)
    assert follower.shares.read_since(now()) == fire
    await told(leader, follower)
    assert drawn == [1]  # open homes are drawn again, but only where history was read again


async def test_one_alone_tells_nobody(bots):
    before = (await bots.leader.store.notes())["shared"]
    bots.leader.zone.offset = timedelta(hours=7)
    bots.leader.replica.living = 1
    await bots.leader.jobs.share()
    assert (await bots.leader.store.notes())["shared"] == before


async def test_a_clock_that_is_set_back_moves_each_scheduler_and_only_the_leader_corrects_the_database(bots):
    for bot, corrects in ((bots.leader, True), (bots.follower, False)):
        moved = []
        bot.scheduler.shift_back = moved.append
        bot.jobs._on_clock_jump(ClockJump(-timedelta(hours=1), bot.steady()))
        assert bot.jobs.clock_went_back is corrects
        assert moved == [timedelta(hours=1)]
        assert any("watch_clock" in repr(task.get_coro()) for task in bot._background)
