"""A thousand flows fail within a minute: the real database, the real delivery, and a Slack that counts."""

import itertools
from datetime import timedelta

import pytest
from delivery_fakes import FakeSlack, HandClock
from memory_enos import MemoryEnos
from monitor_world import MAYA, People
from new_database import new_database

from bot.core.flow.status import Status
from bot.core.incident.model import IncidentId, Phase
from bot.store.store import Store
from bot.work.commands.incident_actions import IncidentActions
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

pytestmark = pytest.mark.many

CHANNEL = "C0DATAOPS1"
FLOWS = 1000


class Town:
    """The bot around a database file, with a clock, a platform and a Slack that outlive it."""

    def __init__(self, path):
        self.path, self.clock = path, HandClock()
        self.enos, self.slack = MemoryEnos(), FakeSlack(self.clock)
        self.ids = itertools.count(1)
        self.edits = []
        self.open()

    def open(self):
        """Start the bot."""
        self.store = Store.open(self.path)
        self.delivery = Delivery(
            self.store, self.slack, self.clock, default_channel=CHANNEL, on_alarm=lambda _alarm: None
        )
        settings = MonitorSettings(channel=CHANNEL, user="u15432100000000001")
        args = (self.enos, self.store, People(), self.clock, self.new_id, settings)
        self.monitor = Monitor(*args, mask=str, jitter=lambda: 0.5)
        self.incident_actions = IncidentActions(self.store, People(), self.new_id, wake=self.monitor.incident_changed)

    def new_id(self):
        return f"p{next(self.ids)}"

    async def restart(self):
        """Kill it, whatever is under way, and start it again."""
        await self.monitor.stop()
        self.store.close()
        self.open()

    async def pass_time(self, seconds, step=0.5):
        for _ in range(int(seconds / step)):
            self.clock.now += timedelta(seconds=step)
            await self.monitor.refresh_groups()
            await self.delivery.tick(self.clock())

    async def poll(self):
        await self.monitor.poll(self.clock())

    def break_flows(self, first, count):
        for number in range(first, first + count):
            owner = "maya.chen" if number == 4777 else f"owner.{number % 300}"
            self.enos.put(f"{number}-2026112114", name=f"flow-{number}", kind=number % 3, owners=(owner,))

    def threads(self):
        return [each for each in self.slack.messages if not each.thread]

    def storm(self):
        (message,) = (each for each in self.threads() if each.headline.startswith("ALERT STORM"))
        return message


@pytest.fixture
async def town(tmp_path):
    town = Town(new_database(tmp_path / "flowbot.db"))
    await town.poll()
    await town.pass_time(5)
    town.slack.messages.clear()
    town.slack.posted.clear()
    town.slack.calls.clear()
    yield town
    await town.monitor.stop()
    town.store.close()


def gaps(town):
    times = town.slack.posted[CHANNEL]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


async def test_nothing_is_lost_nothing_doubled_and_slack_is_not_pressed(town):
    town.break_flows(4000, 4)
    await town.poll()
    await town.pass_time(20)
    assert len(town.threads()) == 4
    town.break_flows(4004, 500)
    began = town.clock().timestamp()
    await town.poll()
    await town.pass_time(30)
    assert town.slack.posted[CHANNEL][4] - began <= 2.0, "the first message within two seconds of the poll"
    assert town.storm().texts == []
    assert town.storm().headline.startswith("ALERT STORM · 504 incidents · 504 open")
    town.break_flows(4504, FLOWS - 504)
    await town.poll()
    await town.pass_time(30)
    assert town.storm().headline == "ALERT STORM · 1,000 incidents · 1,000 open, 0 acknowledged, 0 recovered"
    assert len(town.threads()) == 5
    kept = await town.store.incidents(limit=5000)
    assert sorted(each.flow_id for each in kept) == list(range(4000, 4000 + FLOWS))
    assert min(gaps(town)) >= 1.0
    assert len(town.slack.messages) <= 7, "five messages, and at most two that mention owners"
    assert len([call for call in town.slack.calls if call.startswith("edit")]) <= 12
    mine = [each for each in kept if "maya.chen" in each.owners]
    assert [each.flow_name for each in mine] == ["flow-4777"]


async def test_each_has_its_own_life(town):
    town.break_flows(4000, FLOWS)
    await town.poll()
    await town.pass_time(5)
    (mine,) = [each for each in await town.store.incidents(limit=5000) if each.flow_id == 4777]
    await town.incident_actions.acknowledge(mine.id, MAYA, town.clock())
    await town.pass_time(10)
    assert town.storm().headline == "ALERT STORM · 1,000 incidents · 999 open, 1 acknowledged, 0 recovered"
    await town.incident_actions.open_thread(mine.id, MAYA, town.clock())
    await town.pass_time(5)
    card = next(each for each in town.threads() if "flow-4777" in each.headline)
    assert card.headline.startswith("ACKNOWLEDGED · flow-4777")
    for number in range(4700, 4800):
        town.enos.put(f"{number}-2026112114", Status.SUCCESS, kind=number % 3, end="2026-11-21 15:00:00")
    before = len(town.slack.messages)
    await town.poll()
    await town.pass_time(2)
    await town.monitor.follow(town.clock())
    await town.pass_time(660, step=10)
    await town.monitor.follow(town.clock())
    await town.pass_time(10)
    assert town.storm().headline == "ALERT STORM OVER · 1,000 incidents · 900 open, 0 acknowledged, 100 recovered"
    assert {(await town.store.incident(IncidentId(mine.id))).phase} == {Phase.RECOVERED}
    told = [each for each in town.slack.messages[before:] if each.headline.startswith("RECOVERED · ")]
    assert [each.thread for each in told] == [card.ts], "only who has a thread is told of a recovery"


async def test_deaths_in_the_middle_lose_and_double_nothing(town):
    town.break_flows(4000, FLOWS)
    pages = itertools.count(1)

    class DiedError(Exception):
        pass

    def die(_page):
        if next(pages) in {3, 17, 40}:
            raise DiedError

    town.enos.on_page = die
    for _ in range(4):
        await town.poll()  # a bug met in the middle of a reading ends it, as a death would
        await town.pass_time(2)
        await town.restart()
        await town.pass_time(40, step=2)
    storms = [each for each in town.threads() if each.headline.startswith("ALERT STORM · ")]
    assert [each.headline for each in storms] == [
        "ALERT STORM · 1,000 incidents · 1,000 open, 0 acknowledged, 0 recovered"
    ]
    kept = await town.store.incidents(limit=5000)
    assert len(kept) == len({each.flow_id for each in kept}) == FLOWS
