"""A town that lives on while its bot dies: a database file, a platform and a Slack with memories."""

import asyncio
import itertools
import json
import os
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from answer_enos import AnswerEnos
from answer_slack import AnswerSlack
from deliver_fakes import FakeSlack, HandClock
from mortal import Dead, Life, Mortal, mortal
from mortal_reminders import EVERY, reminded

from bot.core.audit import frees
from bot.core.cards.incident import Look, card
from bot.core.flows import Graph, Page, UserId, UserName
from bot.core.mask import DEFAULT
from bot.core.pages import TOLD_ONE_BY_ONE
from bot.core.people import Link, Person, Said, Surface, Where
from bot.core.posts import Kind, Lane, PostId, State
from bot.core.status import Status
from bot.core.storms import Occasion, numbers
from bot.store.store import Store
from bot.work import left_open
from bot.work.answer import Answers
from bot.work.asking import Manners, Rooms
from bot.work.deliver import Delivery
from bot.work.desk import Desk
from bot.work.follow import Follow
from bot.work.remind import Reminders
from bot.work.watch import Watch
from bot.work.watch_settings import WatchSettings

OPS = "C0DATAOPS1"
MAYA = Person("T0DEMO0001", "U0MAYA00001")
MAYA_ID = "u15432100000000011"
FLOWS = (3377, 3378, 3379, 3380)
POLL = 30  # seconds
HISTORIES = int(os.environ.get("FLOWBOT_HISTORIES", "0"))  # set where there is time: for all that could happen


class Platform(AnswerEnos):
    """Lists what changed last first, in small pages; knows who asks for what."""

    page = 3

    def __init__(self):
        super().__init__()
        self._changes = itertools.count(1)
        self._changed = {}
        self._minutes = itertools.count()
        self.sorted_by = "update_time"
        self.asked_by = None  # the command whose call this is
        self.acts = []  # (command, call) of each call that changes something

    def ends(self, flow, end, status, *, again=None):
        """A new instance of a flow ends, or ``again`` an old one."""
        due = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(minutes=next(self._minutes))
        id_ = again or f"{flow}-{due:%Y%m%d%H%M}"
        self.run(id_, status, end=end)
        self._changed[id_] = next(self._changes)

    def shown(self):
        """Return every failure that a search shows now."""
        broken = {Status.FAIL, Status.TIMEOUT}
        return {(id_, row.end_time) for id_, row in self.rows.items() if row.status in broken}

    async def search(self, terms, *, newest="update_time", as_user=None):
        rows = [row for row in self.rows.values() if self._matches(row, terms)]
        rows.sort(key=lambda row: -self._changed.get(row.id, 0))
        for first in range(0, max(len(rows), 1), self.page):
            self._met("search", as_user, terms)
            page = tuple(_bare(row) for row in rows[first : first + self.page])
            yield Page(page, last=first + self.page >= len(rows), sorted_by=self.sorted_by)

    async def time_zone(self):
        return "GMT+8"

    def _met(self, name, as_user, *what):
        if name in {"trigger", "triggerFromTask", "updateAndTrigger", "enable", "disable", "cancel"}:
            self.acts.append((self.asked_by, (name, *what)))
        return super()._met(name, as_user, *what)


def _bare(row):
    return replace(row, graph=Graph())


class TownSlack(FakeSlack):
    """A Slack with a memory for messages, and for people and channels."""

    def __init__(self, clock):
        super().__init__(clock)
        self.desk = AnswerSlack()
        self.desk.person(MAYA, "maya", timezone="UTC")
        for name in ("profile", "group", "channel", "members", "permalink"):
            setattr(self, name, getattr(self.desk, name))


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
            new_id=town.new_id,
            manners=Manners(OPS, frozenset(), (), ZoneInfo("UTC"), "/flow", DEFAULT, (-1, 7)),
            schedule_words=str,
            health=dict,
            platform_zone=lambda: timedelta(hours=8),
            wake=lambda: None,
        )
        self.reminders = Reminders(store, people, town.new_id, EVERY, ["S0ONCALL01"])
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
        left, unanswered = await left_open.open_attempts(self.rooms), await self.store.unanswered()
        await left_open.close(self.rooms, left)
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
    """What lives on while processes come and go, what is known to have happened in it, and what must hold of it."""

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
        """A poll, and two looks for what is due."""
        await self.pass_time(2, poll_at=0, remind_at=1)
        await self.pass_time(1, remind_at=0)

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

    # ── what must hold ──

    async def holds(self):
        """Check the promise."""
        store = self.process.store
        posts = await self._posts()
        self._stands_once(posts)
        self._threads_in_order(posts)
        await self._failures_told(store)
        alone = [each for each in await store.incidents(live=False) if not each.gathered]
        reminded(posts, alone, self.looks)
        await self._acted_once_and_told(store)

    async def _posts(self):
        """Return every message of the outbox, in the order in which they were queued."""
        store = self.process.store
        ids = await store._read(lambda db: [row[0] for row in db.execute("SELECT id FROM posts ORDER BY seq")])
        return [await store.post(PostId(id_)) for id_ in ids]

    def _stands_once(self, posts):
        standing = self.slack.standing()
        assert len(standing) == len(set(standing)), "something stands twice"
        given_up = [post for post in posts if post.state is State.GIVEN_UP and post.new.kind is not Kind.EDIT]
        assert {post.why for post in given_up} <= {"unclear twice", "too late: unclear"}, given_up
        assert all(post.new.lane is not Lane.ALERT for post in given_up), given_up
        messages = {post.new.id for post in posts if post.new.kind is Kind.MESSAGE}
        assert messages - {post.new.id for post in given_up} <= set(standing) <= messages

    def _threads_in_order(self, posts):
        by_id = {each.id: each for each in self.slack.messages}
        threads = {}
        for post in posts:
            if post.new.kind is Kind.MESSAGE and (stands := by_id.get(post.new.id)):
                if post.new.thread_of is not None:
                    assert stands.thread == by_id[post.new.thread_of].ts
                threads.setdefault(stands.thread, []).append((post.new.due, float(stands.ts)))
        for thread, replies in threads.items():
            for (due, ts), (later_due, later_ts) in itertools.combinations(replies, 2):
                assert not thread or due > later_due or ts < later_ts, "a thread is out of order"

    async def _failures_told(self, store):
        incidents = await store.incidents(live=False)
        told = sorted((each.instance, each.end_time) for incident in incidents for each in incident.occurrences)
        assert len(told) == len(set(told)), "a failure was told twice"
        assert self.expected <= set(told), "a failure that a poll was shown was not told"
        by_id = {each.id: each for each in self.slack.messages}
        look = Look({UserName("maya.chen"): MAYA})
        for storm in await store.gatherings():
            if storm.occasion is not Occasion.STORM:
                continue
            stand = numbers(await store.gathered(storm.post))
            counts = f"{stand.open} open, {stand.acknowledged} acknowledged, {stand.recovered} recovered"
            assert counts in by_id[storm.post].text, "a storm's message is behind"
        for incident in incidents:
            if incident.gathered:
                continue
            stands = by_id[incident.post]
            assert _without_ids(stands.body) == _without_ids(card(incident, "", look)), "an edit did not reach it"
            replies = [each.text for each in self.slack.messages if each.thread == stands.ts]
            again = [text for text in replies if text.startswith(("FAIL ", "TIMEOUT "))]
            at_once = Counter(each.seen_at for each in incident.occurrences)
            at_once[incident.opened_at] -= 1  # the card itself tells the first
            assert len(again) == sum(min(count, TOLD_ONE_BY_ONE) for count in at_once.values())

    async def _acted_once_and_told(self, store):
        keys = [key for key, _ in self.enos.acts]
        assert None not in keys, "something acted that nobody had asked for just then"
        assert len(keys) == len(set(keys)), "a command acted twice"
        assert not await store.unended(), "an attempt has no end"
        assert not await store.unanswered(), "something that was said has no answer"
        runs = await store.runs(live=False)
        assert not [run for run in runs if run.state == "asked"], "a run whose answer was lost was never looked up"
        seen = [json.dumps(each.body) for each in self.slack.messages]
        seen += [json.dumps(body) for body in self.slack.whispered]
        entries = await store.audit(self.clock.after(-1e6), self.clock.after(1))
        posts = await self._posts()
        dropped = [json.dumps(post.new.body) for post in posts if post.state is State.GIVEN_UP]
        for said in self.said.values():
            if await store._read(lambda db, key=said.key: _arrived(db, key)):
                assert any(_names(said.text, each) for each in (*seen, *dropped)), f"{said} was never answered"
        for entry in entries:
            token = _TOKEN.search(entry.attempt.words)[0]
            acted = self._acted(entry, token, posts)
            assert not (acted and frees(entry.outcome)), f"{entry} has acted, and says it has not"
            assert not (entry.outcome == "done" and not acted), f"{entry} has not acted, and says it has"

    def _acted(self, entry, token, posts):
        """Whether a command took effect."""
        told = {"ack": f"has acknowledged.*{token}", "close": f"closed.*{token}"}.get(entry.attempt.verb)
        if told:
            return any(re.search(told, post.new.body.get("text", "")) for post in posts)
        if entry.attempt.verb == "trigger":
            digits = re.sub(r"\D", "", token)
            flow = entry.attempt.words.split()[1]
            return any(id_.startswith(f"{flow}-{digits}") for id_ in self.enos.rows)
        return self.enos.flows[int(token)].active == (entry.attempt.verb == "enable")


_TOKEN = re.compile(r"n\d+x|2026-11-21[T ]\d\d:\d\d|50\d\d")  # what tells an order from all others


def _arrived(db, key):
    return db.execute("SELECT 1 FROM deliveries WHERE key = ?", [key]).fetchone() is not None


def _names(words, text):
    """Whether a message tells the outcome of a command: by its words, or by the run it started."""
    token = _TOKEN.search(words)[0]
    run = f"{words.split()[1]}-{re.sub('[^0-9]', '', token)}"
    return token in text or token.replace("T", " ") in text or (words.startswith("trigger") and run in text)


def _without_ids(body):
    return re.sub(r"1\|[^|\"]*\|", "1||", json.dumps(body, sort_keys=True))
