"""A watcher with a platform, a store and a clock in hand."""

import itertools
from datetime import UTC, datetime, timedelta

from memory_enos import MemoryEnos
from watched_store import WatchedStore

from bot.core.people.model import Person
from bot.core.people.on_call import EMPTY, OnCallGroup
from bot.work.commands.incident_actions import IncidentActions
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings, no_link

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DIGESTS = ("All quiet", "Digest", "Something needs attention")
MAYA = Person("T0DEMO0001", "U0MAYA00001")
JONAS = Person("T0DEMO0001", "U0JONAS0001")


class People:
    """Maya is linked, nobody else."""

    async def people_of(self, owners):
        return {name: MAYA for name in owners if name == "maya.chen"}


SAM, LEE = "U0SAMLEE001", "U0LEE000001"
GROUPS = (
    OnCallGroup("S0ONCALL01", frozenset({SAM, MAYA.user})),
    OnCallGroup("S0EMPTY001", word=EMPTY),
    OnCallGroup("S0SECOND01", frozenset({LEE})),
)


async def on_call():
    """The on-call groups: nobody in the second is active."""
    return GROUPS


async def members(_channel):
    """Who reads the channel: Maya, but nobody else who is called."""
    return frozenset({MAYA.user})


class World:
    """What a test needs to tell a story of polls."""

    def __init__(self, *, enos=None, store=None, link=no_link, **settings):
        self.enos = enos or MemoryEnos()
        self.store = store or WatchedStore()
        self.now = START
        self.link = link
        self.troubles = ()  # what keeps flowbot from its work
        self.lost_places = ()  # channels and people that cannot be posted to
        self.ids = itertools.count(1)
        self.settings = MonitorSettings(channel="C0DATAOPS1", user="u15432100000000001", **settings)
        self.monitor = self.start()
        self.incident_actions = IncidentActions(self.store, People(), self.new_id)

    def new_id(self):
        return f"p{next(self.ids)}"

    def start(self):
        """Start the process, again where one was killed: what it held in memory is gone."""
        self.monitor = Monitor(
            self.enos,
            self.store,
            People(),
            lambda: self.now,
            self.new_id,
            self.settings,
            mask=lambda text: text.replace("hunter2", "•••"),
            jitter=lambda: 0.5,
            troubles=lambda: self.troubles,
            lost=lambda: self.lost_places,
            link=self.link,
        )
        return self.monitor

    async def begin(self):
        """A first poll, whose message is over and done with: the database is not new any more."""
        await self.poll()
        self.store.forget("posts", "notes", "gatherings")
        self.start()
        self.enos.calls.clear()
        return self

    async def begin_with_a_failure(self):
        """A first poll, then one in which one flow has failed."""
        await self.begin()
        self.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
        await self.poll()
        return self

    async def poll(self, after=30):
        """A poll, ``after`` seconds since the last, with the details that it reads; then the posts are sent."""
        self.now += timedelta(seconds=after)
        await self.monitor.poll(self.now)
        await self.monitor.wait_until_idle()
        return self.store.deliver(self.now + timedelta(seconds=3))

    async def follow(self, after=0):
        """A tick of following; then the posts go."""
        self.now += timedelta(seconds=after)
        await self.monitor.follow(self.now)
        await self.monitor.wait_until_idle()
        return self.store.deliver(self.now + timedelta(seconds=3))

    def only(self):
        (incident,) = self.store.kept.values()
        return incident

    def told(self):
        """Return every failure that an incident tells, with its times."""
        return sorted(
            (each.instance, each.end_time) for incident in self.store.kept.values() for each in incident.occurrences
        )

    def lines(self):
        """Return what a phone shows of each message in the channel, but for the digests."""
        return [card["text"] for card in self.store.cards() if not card["text"].startswith(DIGESTS)]

    def digests(self, channel="C0DATAOPS1"):
        """Return the digests of a channel."""
        named = f"digest-{channel}-"
        return [self.store.shown(id_) for id_ in self.store.posts if id_.startswith(named)]

    def digest_lines(self):
        """Return what a phone shows of the digests of the alert channel."""
        return [card["text"] for card in self.digests()]
