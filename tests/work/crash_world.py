"""A world that continues while its bot dies: a database file, a platform, a Slack, and what has happened."""

import asyncio
import itertools
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from answer_views import AnswerViews
from crash_asks import all_offers
from crash_channels import NOT_MAYAS, OPS, Channels
from crash_databases import follows, leads, opened
from crash_injection import CrashingProxy, ProcessDied, StatementBudget, crashing_store, in_transaction
from crash_invariants import check_invariants
from crash_platforms import JONAS, LINA, MAYA, ONCALL, CrashWorldEnos, CrashWorldSlack
from delivery_fakes import HandClock
from lost_connections import Line
from monitor_world import members, on_call
from reminder_invariants import EVERY

from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.health.promise import BotStatus
from bot.core.people.model import IncomingMessage, Link, Origin, Surface
from bot.core.text.mask import DEFAULT, Seal
from bot.work.commands.context import AnswerSettings, Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.incident_actions import IncidentActions
from bot.work.commands.offer_expiry import OfferExpiry
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.reminders import ReminderChecks, Reminders
from bot.work.monitor.settings import MonitorSettings
from bot.work.monitor.snoozes import SnoozeMonitor
from bot.work.runs import crash_recovery
from bot.work.runs.progress import RunTracker

MAYA_ID, LINA_ID = "u15432100000000011", "u15432100000000015"
FLOWS = (3377, 3378, 3379, 3380)
POLL = 30  # seconds
PLAIN = {  # orders without a reason: what tells one from all others is missing in them
    "take": "take {flow}",
    "unsnooze": "unsnooze {flow}",
    "unsnooze all": "unsnooze all",
    "assign": f"assign {{flow}} to <@{JONAS.user}>",
    "handover": f"handover to <@{JONAS.user}>",
}


class Process:
    """One life of the bot: what it holds in memory is gone with it."""

    def __init__(self, world, store, budget):
        self.budget = budget
        self.store = store
        self.world = world
        slack, enos = CrashingProxy(world.slack, budget), CrashingProxy(world.enos, budget)
        people = _Names(store)
        self.delivery = Delivery(
            store,
            slack,
            world.clock,
            default_channel=OPS,
            on_alarm=world.alarms.append,
            jitter=lambda: 0.0,
        )
        settings = MonitorSettings(channel=OPS, user="u15432100000000001", poll_seconds=POLL, storm=world.storm)
        self.monitor = Monitor(
            enos,
            store,
            people,
            world.clock,
            world.new_id,
            settings,
            mask=lambda text: text,
            jitter=lambda: 0.5,
            lost=self.delivery.lost_places,
        )
        services = Services(
            enos=enos,
            slack=slack,
            views=AnswerViews(),
            store=store,
            owners=people,
            incident_actions=IncidentActions(store, people, world.new_id),
            clock=world.clock,
            steady=world.clock,
            new_id=world.new_id,
            answer_settings=AnswerSettings(
                OPS, frozenset({MAYA.user}), (ONCALL,), ZoneInfo("UTC"), "/flow", DEFAULT, (-1, 7)
            ),
            schedule_words=lambda quartz: lambda _language: quartz,
            status=BotStatus,
            platform_zone=lambda: timedelta(hours=8),
            seal=Seal("the secret key of the EnOS application"),
            wake=lambda: None,
        )
        self.reminders = Reminders(store, people, world.new_id, EVERY, ReminderChecks(on_call, members, pagerduty=True))
        self.snoozes = SnoozeMonitor(store, people, world.new_id, channel=OPS)
        self.offer_expiry = OfferExpiry(store, slack, services.incident_actions.offers)
        self.services = services
        self.dispatcher = Dispatcher(services)
        self.run_tracker = RunTracker(services)
        self.beside = world.channels and world.channels.work_beside(store, slack, self.delivery, budget)
        self._begun = False

    async def run_all(self, *work):
        """Begin all at once; raise Dead where it ends in death."""
        results = await asyncio.gather(*work, return_exceptions=True)
        if self.budget.is_spent:
            await self.monitor.stop()
            await self.delivery.close()
            raise ProcessDied
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def second(self, *, poll=False, remind=False):
        """One second: what was left open is answered first."""
        now = self.world.clock()
        if not self._begun:
            self._begun = True
            await self.run_all(self._begin())
        if remind and self.world.channels:
            await self.world.channels.sees_prefs(now)
        work = [self.delivery.tick(now), self.run_tracker.tick(now)]
        if poll:
            work += [self._poll(now), self.monitor.follow(now)]
        if remind:
            work += [self._remind(now), self.offer_expiry.tick(now)]
        if self.beside:
            work += self.beside.second(now, remind=remind)
        await self.run_all(*work)
        if remind:
            self.world.check_times.append(now)

    async def _remind(self, now):
        await self.snoozes.tick(now)
        await self.reminders.tick(now)

    async def said(self, said):
        """A command arrives."""
        await self.run_all(self._asked(said, self._received(said)))

    async def _received(self, said):
        if await self.dispatcher.record_arrival(said):
            await self.dispatcher.answer(said)

    async def _asked(self, said, work):
        self.world.enos.asked_by = said.key
        try:
            await work
        finally:
            self.world.enos.asked_by = None

    async def _begin(self):
        if self.beside:
            await self.beside.bridges.start()
        left, unanswered = await crash_recovery.open_attempts(self.services), await self.store.unanswered()
        await crash_recovery.close_attempts(self.services, left)
        for said in unanswered:
            await self._asked(said, self.dispatcher.answer_left_over([said]))

    async def _poll(self, now):
        await self.monitor.poll(now)
        await self.monitor.wait_until_idle()


def _comes(times, seconds):
    """Whether the first of the times is there; then it is taken away."""
    return bool(times) and times[0] <= seconds and bool(times.pop(0))


class _Names:
    def __init__(self, store):
        self._store = store

    async def people_of(self, owners):
        return {link.user_name: link.person for link in await self._store.links() if link.user_name in owners}


class CrashWorld:
    """What lives on while processes come and go, and what is known to have happened in it.

    ``channels``: where there are watches; else None, and all goes to the alert channel.
    """

    def __init__(self, address, storm, *, watched=False, has_standby=False):
        self.address = address
        self.storm = storm
        self.clock = HandClock()
        self.slack = CrashWorldSlack(self.clock)
        self.enos = CrashWorldEnos()
        self.enos.names |= {MAYA_ID: "maya.chen", LINA_ID: "lina.gomez"}
        for flow in FLOWS:
            self.enos.add(flow, f"flow-{flow}", "jonas.weber" if watched and flow == NOT_MAYAS else "maya.chen")
        self.channels = Channels(self) if watched else None
        self.alarms = []
        self.line = Line()  # to PostgreSQL
        self.expected = set()  # failures that a complete poll has been shown
        self.check_times = []  # when a process looked for reminders that are due, and lived on
        self.said = {}  # by its key, each command that was handed to a process
        self._ids = itertools.count(1)
        self._ends = itertools.count(1)
        self.process = None
        self.has_standby, self.standby = has_standby, None
        self.hanging = []  # stores of leaders that were replaced

    def new_id(self):
        return f"p{next(self._ids)}"

    @classmethod
    async def begun(cls, address, *, storm=0, watched=False, has_standby=False):
        """A world whose bot has been watching for a while, and knows Maya."""
        world = cls(address, storm, watched=watched, has_standby=has_standby)
        await world.starts()
        if watched:
            await world.channels.watch()
        links = [(MAYA, MAYA_ID, "maya.chen"), (LINA, LINA_ID, "lina.gomez")]
        await world.process.store.put_links(
            [Link(person, UserId(id_), UserName(name), verified=True) for person, id_, name in links]
        )
        await world.pass_time(10, poll_at=1)
        return world

    async def starts(self, left=None):
        """A new process on the same database, after the old one's connection is gone.

        With a standby it is that: it was there all the time, and the one that led hangs.
        """
        if self.process is not None:
            await self.process.monitor.stop()
            if self.has_standby:
                self.hanging.append(self.process.store)
            else:
                self.process.store.close()
        budget = StatementBudget(left, hangs=self.has_standby)
        if self.standby is None:
            store = await opened(self.address)
        else:
            store = self.standby
            await leads(store)
        if self.has_standby:
            self.standby = await follows(self.address)
        if store._db.is_shared:
            self.line.watch(store)
        await crashing_store(store, budget)
        self.process = Process(self, store, budget)

    async def ends(self):
        await self.process.monitor.stop()
        await self.process.delivery.close()
        self.process.store.close()
        for each in (*self.hanging, *filter(None, [self.standby])):
            each.close()

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
                and self.process.monitor.health(self.clock()).lag == timedelta()
            ):
                self.expected |= self.enos.shown()
            self.clock.now = self.clock.after(1)

    def sleeps(self, minutes):
        """The machine sleeps: nothing is read for some minutes."""
        self.clock.now = self.clock.after(60 * minutes)

    async def sleeps_until_nine(self, day):
        """The machine sleeps until it is nine in the morning, where that is not past."""
        nine = self.clock.now.replace(day=day, hour=9, minute=0, second=0)
        if self.clock.now < nine:
            self.clock.now = nine
            await self.looks_around()

    async def set_prefs(self, channel, **change):
        """Somebody changes the preferences of a channel."""
        store = self.process.store
        await self.process.run_all(store.change_prefs(channel, lambda old: replace(old, **change), lambda _: ()))

    async def looks_around(self):
        """A poll, and two looks for what is due; what they say goes."""
        await self.pass_time(2, poll_at=0, remind_at=1)
        await self.pass_time(5, remind_at=0)

    async def orders(self, what, flow):
        """Maya orders something that no other order of hers resembles."""
        number = len(self.said) + 1
        if what.startswith(("ack", "close", "snooze")):
            verb, _, promise = what.partition(" ")
            whom = "" if promise.startswith("all ") else flow
            await self.says(f"{verb} {whom} {promise} because n{number}x")
        elif what in PLAIN:
            await self.says(PLAIN[what].format(flow=flow))
        elif what in {"trigger", "ask"}:
            command = f"trigger {flow} at 2026-11-21T{number // 60:02}:{number % 60:02}"
            if what == "ask":
                await self.says(f'ask "{command}"', by=LINA)
            else:
                await self.says(command)
        else:
            self.enos.add(5000 + number, f"switched {number}", "maya.chen", active=what == "disable")
            await self.says(f"{what} {5000 + number}{' confirmed' if what == 'disable' else ''}")

    async def answers(self, word, number):
        """One of the offers that there ever were is answered by who was asked, or withdrawn by who asked."""
        with self.without_crashes():
            offers = await in_transaction(self.process.store, all_offers)
        if offers:
            offer = offers[number % len(offers)]
            await self.says(f"{word} {offer.id}", by=offer.by if word == "withdraw" else offer.to)

    async def says(self, text, *, key="", by=MAYA):
        """Somebody says something; with the key of an earlier one, Slack delivers that again."""
        key = key or f"say:{len(self.said) + 1}"
        origin = Origin(Surface.COMMAND, OPS, response_url="")
        said = self.said.setdefault(key, IncomingMessage(key, text, by, origin, self.clock()))
        await self.process.said(said)

    async def come_to_rest(self, *, in_new_process=True):
        """No fault, no death: what is left open comes to its end within a minute and the time Slack's pace takes."""
        self.enos.faults.clear()
        self.slack.faults.clear()
        self.line.left = None
        if self.channels:
            self.channels.receivers.answers.clear()
        if in_new_process:
            await self.starts()
        await self.pass_time(2, poll_at=1)
        seconds, polls, looks = 0, [45, 90], [20, 95]
        while seconds < 180 or await self._waits():
            await self.process.second(poll=_comes(polls, seconds), remind=_comes(looks, seconds))
            step = 1 if await self._waits() else 5
            self.clock.now = self.clock.after(step)
            seconds += step
            assert seconds < 600, "it never comes to rest"
        self.expected |= self.enos.shown()

    async def _waits(self):
        if self.channels and await self.channels.wait():
            return True
        counts = await self.process.store.post_counts()
        return bool(counts.keys() & {"queued", "sending", "unclear"})

    async def check_invariants(self):
        """Check the promise."""
        await check_invariants(self)

    # ── cards that are lost ──

    async def loses_a_card(self, number, *, word=""):
        """A person deletes a card or a list; with a word, Slack takes no edit of it any more."""
        with self.without_crashes():
            store = self.process.store
            firsts = {card.post for each in await store.incidents(live=False) for card in each.cards}
            firsts |= {each.post for each in await store.incident_groups()}
        cards = [each for each in self.slack.messages if each.id.partition("~")[0] in firsts]
        if cards:
            card = cards[number % len(cards)]
            if word:
                self.slack.fixed[card.ts] = word
            else:
                self.slack.person_deletes(card.ts)

    # ── posts of other hands ──

    @contextmanager
    def without_crashes(self):
        """What is done within costs no life, and no line."""
        budget, line = self.process.budget, self.line
        (left, budget.left), (until_cut, line.left) = (budget.left, None), (line.left, None)
        yield
        budget.left, line.left = left, until_cut

    async def queue(self, *posts):
        with self.without_crashes():
            await self.process.store.queue(posts)
