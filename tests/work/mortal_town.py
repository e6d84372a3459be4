"""A town that lives on while its bot dies: a database file, a platform, a Slack, and what is known to have happened."""

import asyncio
import itertools
import os
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from deliver_fakes import HandClock
from mortal import Dead, Life, Mortal, mortal
from mortal_laws import held
from mortal_places import MAYA, Platform, TownSlack
from mortal_reminders import EVERY
from watch_world import on_call

from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.people.model import Link, Said, Surface, Where
from bot.core.text.mask import DEFAULT
from bot.core.text.sealed import Seal
from bot.store.store import Store
from bot.work.commands.context import Manners, Rooms
from bot.work.commands.dispatcher import Answers
from bot.work.commands.incident_actions import Desk
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Watch
from bot.work.monitor.reminders import Before, Reminders
from bot.work.monitor.settings import WatchSettings
from bot.work.runs import crash_recovery
from bot.work.runs.progress import Follow

OPS = "C0DATAOPS1"
MAYA_ID = "u15432100000000011"
FLOWS = (3377, 3378, 3379, 3380)
POLL = 30  # seconds
HISTORIES = int(os.environ.get("FLOWBOT_HISTORIES", "0"))  # set where there is time: for all that could happen


class Process:
    """One life of the bot: what it holds in memory is gone with it."""

    def __init__(self, town, store, life):
        self.life = life
        self.store = store
        self.town = town
        slack, enos = Mortal(town.slack, life), Mortal(town.enos, life)
        people = _Names(store)
        self.delivery = Delivery(
            store,
            slack,
            town.clock,
            default_channel=OPS,
            on_alarm=town.alarms.append,
            jitter=lambda: 0.0,
        )
        settings = WatchSettings(channel=OPS, user="u15432100000000001", poll_seconds=POLL, storm=town.storm)
        self.watch = Watch(
            enos, store, people, town.clock, town.new_id, settings, mask=lambda text: text, jitter=lambda: 0.5
        )
        rooms = Rooms(
            enos=enos,
            slack=slack,
            store=store,
            desk=Desk(store, people, town.new_id),
            clock=town.clock,
            steady=town.clock,
            new_id=town.new_id,
            manners=Manners(OPS, frozenset(), (), ZoneInfo("UTC"), "/flow", DEFAULT, (-1, 7)),
            schedule_words=str,
            health=dict,
            platform_zone=lambda: timedelta(hours=8),
            seal=Seal("the secret key of the EnOS application"),
            wake=lambda: None,
        )
        self.reminders = Reminders(store, people, town.new_id, EVERY, Before(on_call))
        self.rooms = rooms
        self.answers = Answers(rooms)
        self.follow = Follow(rooms)
        self._begun = False

    async def lives(self, *work):
        """Begin all at once; raise Dead where it ends in death."""
        results = await asyncio.gather(*work, return_exceptions=True)
        if self.life.dead:
            await self.watch.stop()
            await self.delivery.close()
            raise Dead
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def second(self, *, poll=False, remind=False):
        """One second: what was left open is answered first."""
        now = self.town.clock()
        if not self._begun:
            self._begun = True
            await self.lives(self._begin())
        work = [self.delivery.tick(now), self.follow.tick(now)]
        if poll:
            work += [self._poll(now), self.watch.follow(now)]
        if remind:
            work.append(self.reminders.tick(now))
        await self.lives(*work)
        if remind:
            self.town.looks.append(now)

    async def said(self, said):
        """A command arrives."""
        await self.lives(self._asked(said, self.answers.said(said)))

    async def _asked(self, said, work):
        self.town.enos.asked_by = said.key
        try:
            await work
        finally:
            self.town.enos.asked_by = None

    async def _begin(self):
        left, unanswered = await crash_recovery.open_attempts(self.rooms), await self.store.unanswered()
        await crash_recovery.close(self.rooms, left)
        for said in unanswered:
            await self._asked(said, self.answers.take_up([said]))

    async def _poll(self, now):
        await self.watch.poll(now)
        await self.watch.settled()


class _Names:
    def __init__(self, store):
        self._store = store

    async def people_of(self, owners):
        return {link.user_name: link.person for link in await self._store.links() if link.user_name in owners}


class Town:
    """What lives on while processes come and go, and what is known to have happened in it."""

    def __init__(self, path, storm):
        self.path = path
        self.storm = storm
        self.clock = HandClock()
        self.slack = TownSlack(self.clock)
        self.enos = Platform()
        self.enos.names[MAYA_ID] = "maya.chen"
        for flow in FLOWS:
            self.enos.add(flow, f"flow-{flow}", "maya.chen")
        self.alarms = []
        self.expected = set()  # failures that a complete poll has been shown
        self.looks = []  # when a process looked for what is to be called to mind, and lived on
        self.said = {}  # by its key, each command that was handed to a process
        self._ids = itertools.count(1)
        self._ends = itertools.count(1)
        self.process = None

    def new_id(self):
        return f"p{next(self._ids)}"

    @classmethod
    async def begun(cls, path, *, storm=0):
        """A town whose bot has been watching for a while, and knows Maya."""
        town = cls(path, storm)
        await town.starts()
        await town.process.store.put_links([Link(MAYA, UserId(MAYA_ID), UserName("maya.chen"), proven=True)])
        await town.pass_time(10, poll_at=1)
        return town

    async def starts(self, left=None):
        """A new process on the same database, after the old one's connection is gone."""
        if self.process is not None:
            await self.process.watch.stop()
            self.process.store.close()
        life = Life(left)
        store = await mortal(Store.open(self.path), life)
        self.process = Process(self, store, life)

    async def ends(self):
        await self.process.watch.stop()
        await self.process.delivery.close()
        self.process.store.close()

    # ── what happens ──

    def fails(self, flow, *, rerun=False, status=Status.FAIL):
        """A flow fails: in a new instance, or in its last one that the console has run again."""
        self._run_ends(flow, rerun, status)

    def succeeds(self, flow, *, rerun=False):
        """A flow ends well, in a new instance or in its last one."""
        self._run_ends(flow, rerun, Status.SUCCESS)

    def _run_ends(self, flow, rerun, status):
        mine = [id_ for id_ in self.enos.rows if id_.startswith(f"{flow}-")]
        number = next(self._ends)
        end = f"2026-11-21 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        self.enos.ends(flow, end, status, again=mine[-1] if rerun and mine else None)

    async def pass_time(self, seconds, *, poll_at=None, remind_at=None):
        """So many seconds pass; a poll, and a look for what is due, begin in those named."""
        for second in range(seconds + 1):
            await self.process.second(poll=second == poll_at, remind=second == remind_at)
            if (
                second == poll_at
                and not self.enos.faults.get("search")
                and self.process.watch.health(self.clock()).lag == timedelta()
            ):
                self.expected |= self.enos.shown()
            self.clock.now = self.clock.after(1)

    def sleeps(self, minutes):
        """The machine sleeps: nothing is looked at for so many minutes."""
        self.clock.now = self.clock.after(60 * minutes)

    async def looks_around(self):
        """A poll, and two looks for what is due; what they say goes."""
        await self.pass_time(2, poll_at=0, remind_at=1)
        await self.pass_time(5, remind_at=0)

    async def orders(self, what, flow):
        """Maya orders something that no other order of hers resembles."""
        number = len(self.said) + 1
        if what.startswith(("ack", "close")):
            verb, _, promise = what.partition(" ")
            await self.says(f"{verb} {flow} {promise} because n{number}x")
        elif what == "trigger":
            await self.says(f"trigger {flow} at 2026-11-21T{number // 60:02}:{number % 60:02}")
        else:
            self.enos.add(5000 + number, f"switched {number}", "maya.chen", active=what == "disable")
            await self.says(f"{what} {5000 + number}{' confirmed' if what == 'disable' else ''}")

    async def says(self, text, *, key=""):
        """Maya says something; with the key of an earlier one, Slack delivers that again."""
        key = key or f"say:{len(self.said) + 1}"
        where = Where(Surface.COMMAND, OPS, response_url="")
        said = self.said.setdefault(key, Said(key, text, MAYA, where, self.clock()))
        await self.process.said(said)

    async def rests(self):
        """No fault, no death: what is left open comes to its end within a minute and the time Slack's pace takes."""
        self.enos.faults.clear()
        self.slack.faults.clear()
        await self.starts()
        await self.pass_time(2, poll_at=1)
        seconds = 0
        while seconds < 180 or await self._waits():
            await self.process.second(poll=seconds in {45, 90}, remind=seconds in {20, 95})
            step = 1 if await self._waits() else 5
            self.clock.now = self.clock.after(step)
            seconds += step
            assert seconds < 600, "it never comes to rest"
        self.expected |= self.enos.shown()

    async def _waits(self):
        counts = await self.process.store.post_counts()
        return bool(counts.keys() & {"queued", "sending", "unclear"})

    async def holds(self):
        """Check the promise."""
        await held(self)

    # ── cards that are lost ──

    async def loses_a_card(self, number, *, word=""):
        """A person deletes a card or a list; with a word, Slack takes no edit of it any more."""
        with self.unharmed():
            store = self.process.store
            firsts = {each.post for each in await store.incidents(live=False)}
            firsts |= {each.post for each in await store.gatherings()}
        cards = [each for each in self.slack.messages if each.id.partition("~")[0] in firsts]
        if cards:
            card = cards[number % len(cards)]
            if word:
                self.slack.fixed[card.ts] = word
            else:
                self.slack.person_deletes(card.ts)

    # ── posts of other hands ──

    @contextmanager
    def unharmed(self):
        """What is done within costs no life."""
        life = self.process.life
        left, life.left = life.left, None
        yield
        life.left = left

    async def queue(self, *posts):
        with self.unharmed():
            await self.process.store.queue(posts)
