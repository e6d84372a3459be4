"""A world in which people use the bot: a real store, real incident actions, and fakes of EnOS and Slack with memory."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from answer_enos import AnswerEnos, Lost, chain
from answer_slack import AnswerSlack, Message
from answer_views import AnswerViews, FormActs
from incident_cards import on_one_card

from bot.core.command import buttons
from bot.core.flow.model import FlowId, InstanceId, TaskId, UserId, UserName
from bot.core.flow.status import Status
from bot.core.health.promise import BotStatus, Judgement
from bot.core.incident.model import IncidentId, Occurrence, Phase
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import IncomingMessage, Link, Origin, Person, Surface
from bot.core.text.mask import DEFAULT, Seal
from bot.core.text.message import ago, msg, plain
from bot.ops.platform_times import schedule_in_words
from bot.work.commands.context import AnswerSettings, Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.incident_actions import IncidentActions
from bot.work.forms.forms import Forms
from bot.work.monitor.owners import MentionableOwners
from bot.work.runs.progress import RunTracker

__all__ = ["FAILED", "HOME", "OPS", "START", "Lost", "World", "chain"]

START = datetime(2026, 11, 21, 14, 30, 12, tzinfo=UTC)
HOME = "T0DEMO0001"
OPS, FINANCE, ELSEWHERE = "C0DATAOPS1", "C0FINANCE1", "C0GENERAL1"
PLACES = {OPS: "#data-ops", FINANCE: "#finance-data", ELSEWHERE: "#general"}
FAILED = "3377-2026112102"  # this night's run, failed in transform
ONCALL = "S0ONCALL01"

LINKED = {  # name: Slack user, EnOS user id, EnOS user name
    "maya": ("U0MAYA00001", "u15432100000000011", "maya.chen"),
    "jonas": ("U0JONAS0001", "u15432100000000012", "jonas.weber"),
    "alex": ("U0ALEX00001", "u15432100000000014", "alex.kim"),
    "lina": ("U0LINA00001", "u15432100000000015", "lina.gomez"),
}
OTHERS = {
    "priya": ("U0PRIYA0001", {}),
    "sam": ("U0SAMLEE001", {}),  # on call, not linked
    "guest": ("U0GUEST0001", {"guest": True}),
    "stranger": ("U0STRANGE01", {"stranger": True}),
    "robot": ("U0ROBOT0001", {"bot": True}),
    "gone": ("U0GONE00001", {"deleted": True}),
}


@dataclass
class Actor(FormActs):
    """Somebody who uses the bot. Every method returns what people see after it."""

    world: "World"
    name: str
    person: Person

    async def says(self, text, channel=OPS):
        """A slash command."""
        origin = Origin(Surface.COMMAND, channel, response_url="https://hooks.slack.test/1")
        return await self.world.say(self, text, origin)

    async def mentions(self, text, thread="", channel=OPS):
        """@flowbot in a channel or a thread."""
        return await self.world.say(self, text, Origin(Surface.MENTION, channel, thread, self.world.new_ts()))

    async def writes(self, text):
        """A direct message."""
        origin = Origin(Surface.DIRECT, f"D{self.person.user[1:]}", "", self.world.new_ts())
        return await self.world.say(self, text, origin)

    async def presses(self, message, label):
        """A button of a message, by its label in English."""
        return await self.carries(message, message.buttons[plain(msg(label), self.world.slack.spoken)])

    async def starts(self, message, label):
        """A button that shows what it would start, and then the button of that preview."""
        (preview,) = await self.presses(message, label)
        (value,) = preview.buttons.values()
        return await self.carries(preview, value)

    async def carries(self, message, value):
        """Any value on a button of a message."""
        version, post, words = value.split("|", 2)
        assert version == "1"
        origin = Origin(
            Surface.BUTTON,
            message.channel,
            message.thread,
            message.ts,
            response_url="https://hooks.slack.test/2",
        )
        if buttons.asked_form(words) is not None:
            return await self.asks(self.asked_by(words, origin, post))
        return await self.world.say(self, words, origin, post)


class World:
    """``seen`` is everything that anybody saw so far; ``now`` is moved by ``later``."""

    def __init__(self, store):
        self.store = store
        self.enos = AnswerEnos()
        self.slack = AnswerSlack()
        self.views = AnswerViews()
        self.now = START
        self.zone = timedelta(hours=8)
        self.seen = []
        self.answer_texts = []  # the answers among it as text, each as it was when it was posted or edited
        self.answer_bodies = []
        self.messages = {}  # post id to the message it became
        self.trouble = ()  # messages of what is wrong with the bot
        self.secret_key = "the secret key of the EnOS application"
        self.drawings = []  # what was to be drawn
        self.picture = b"\x89PNG pretended"  # or why there is none
        self.polls_requested = 0  # how often a poll was asked for
        self._ids = itertools.count(1)
        self._stamps = itertools.count(1)
        self.actors = {}
        self.schedule_words = schedule_in_words
        self.answer_settings = AnswerSettings(
            channel=OPS,
            admins=frozenset({"U0ALEX00001"}),
            oncall=(ONCALL,),
            timezone=ZoneInfo("UTC"),
            command="/flow",
            mask=DEFAULT,
            alert_statuses=(-1, 7),
        )
        self.restart()

    def restart(self):
        """A new process: what the old one kept in memory is gone."""
        owners = MentionableOwners(self.store, self.slack)
        self.services = Services(
            enos=self.enos,
            slack=self.slack,
            views=self.views,
            store=self.store,
            owners=owners,
            incident_actions=IncidentActions(self.store, owners, self.new_id),
            clock=lambda: self.now,
            steady=lambda: self.now,
            new_id=self.new_id,
            answer_settings=self.answer_settings,
            schedule_words=self.schedule_words,
            status=lambda: BotStatus(
                Judgement(self.trouble),
                watching=msg("{n} of {total} flows", n=18, total=19),
                last_read=ago(timedelta(seconds=4)),
            ),
            platform_zone=lambda: self.zone,
            seal=Seal(self.secret_key),
            wake=lambda: None,
            poll_soon=self._count_poll,
            draw=self._draw,
        )
        self.dispatcher = Dispatcher(self.services)
        self.forms = Forms(self.services, self.dispatcher)
        self.run_tracker = RunTracker(self.services)

    @classmethod
    async def begun(cls, store):
        world = cls(store)
        enos, links = world.enos, []
        for name, (user, user_id, user_name) in LINKED.items():
            world._actor(name, user, timezone={"maya": "Asia/Shanghai", "jonas": "Europe/Berlin"}.get(name, "UTC"))
            enos.names[user_id] = user_name
            links.append(Link(Person(HOME, user), UserId(user_id), UserName(user_name), verified=name != "lina"))
        await store.put_links(links)
        for name, (user, more) in OTHERS.items():
            world._actor(name, user, **more)
        known = [[actor.person.user] for actor in world.actors.values()]  # none of them is new to flowbot
        greet = partial(store._db.conn.executemany, "INSERT INTO greeted VALUES (?)", known)
        store._database_thread.submit(greet).result()
        world.slack.groups[ONCALL] = {"U0SAMLEE001"}
        enos.names["u15432100000000013"] = "priya.nair"
        enos.add(3377, "daily-energy-report", "maya.chen")
        enos.add(2809, "turbine-10min", "jonas.weber", graph=chain((201, "read"), (202, "sum")), cycle="mi")
        enos.add(3318, "reduce_entity", "maya.chen", "jonas.weber", parameters=(), active=False)
        enos.add(2957, "billing-close", "alex.kim", locked=True)
        enos.add(4102, "empty-flow", "maya.chen", graph=chain(), parameters=())
        enos.add(4410, "<!channel> weather & wind", "maya.chen", "<@U0JONAS0001>")
        enos.add(4500, "forecast-wide", "maya.chen", graph=chain(*((n, f"step {n}") for n in range(501, 508))))
        enos.add(4501, "forecast-small", "maya.chen", "lina.gomez")
        return world

    def speaks(self, language):
        """From now on everybody reads this language, and ``FLOWBOT_LANGUAGE`` names it."""
        self.store._db.language = self.slack.spoken = language
        profiles = self.slack.profiles
        profiles.update({user: replace(profile, language=language) for user, profile in profiles.items()})

    async def _draw(self, drawing):
        self.drawings.append(drawing)
        return self.picture

    def _count_poll(self, _at):
        self.polls_requested += 1

    def _actor(self, name, user, **more):
        person = Person("T0FOREIGN1" if more.get("stranger") else HOME, user)
        self.slack.person(person, name, **more)
        self.actors[name] = Actor(self, name, person)
        setattr(self, name, self.actors[name])

    def new_id(self):
        return f"post{next(self._ids):04}"

    def new_ts(self):
        return f"1795000000.{next(self._stamps):06}"

    def later(self, **span):
        self.now += timedelta(**span)

    # ── what happens ──

    async def receive(self, incoming):
        """A delivery, as the app hands it over: recorded, and answered unless it is a repeat."""
        if await self.dispatcher.record_arrival(incoming):
            await self.dispatcher.answer(incoming)

    async def say(self, actor, text, origin, post="", key="", hint=""):
        """Hand words to the bot, deliver what it queues, and return what people see that they did not see before."""
        said = IncomingMessage(key or f"say:{self.new_ts()}", text, actor.person, origin, self.now, post, hint)
        await self.receive(said)
        assert await self.store.unanswered() == ()  # whatever it was: answered, or in the audit
        return await self.delivered()

    async def killed_before_answering(self, actor, text, origin, key="Ev1"):
        """Words arrive, the process dies before it works on them, and another one starts."""
        assert await self.dispatcher.record_arrival(IncomingMessage(key, text, actor.person, origin, self.now))
        self.restart()

    async def answer_left_over(self):
        """What a process does at its start with words that the one before did not answer."""
        await self.dispatcher.answer_left_over(await self.store.unanswered())
        return await self.delivered()

    async def tick(self, **span):
        """Let time pass, follow the runs that people started, and return what people see then."""
        self.later(**span)
        await self.run_tracker.tick(self.now)
        return await self.delivered()

    async def delivered(self):
        new = []
        while due := await self.store.due(self.now + timedelta(seconds=5)):
            for post in due:
                taken = await self.store.start_sending(post.new.id, self.now)
                if taken is not None:
                    message = await self._stands(taken)
                    new.append(message)
                    if taken.new.lane is not Lane.ALERT:
                        self.answer_bodies.append(message.body)
                        self.answer_texts.append(message.as_seen(edited=taken.new.kind is PostKind.EDIT))
        self.seen += new
        return new

    async def _stands(self, post):
        new = post.new
        if new.kind is PostKind.EDIT:
            message = self.messages[new.target]
            message.body, ts, channel = dict(new.body), message.ts, message.channel
            message.texts.append(message.text)
        else:
            ts = self.new_ts()
            channel = f"D{post.channel[1:]}" if post.channel.startswith("U") else post.channel
            message = Message(
                self._place(new, channel), channel, new.thread, ts, dict(new.body), new.kind.value, new.user
            )
            self.messages[new.id] = message
        await self.store.mark_sent(new.id, channel, ts, self.now)
        return message

    def _place(self, new, channel):
        who = {actor.person.user: actor.name for actor in self.actors.values()}
        if new.kind is PostKind.EPHEMERAL:
            return f"only {who[new.user]} sees"
        if new.kind is PostKind.FILE:
            return f"file for {who[new.channel]}"
        if channel.startswith("D"):
            return f"dm {who['U' + channel[1:]]}"
        return f"thread in {PLACES[channel]}" if new.thread else PLACES[channel]

    async def breaks(self, instance=FAILED, *, flow=3377, name="daily-energy-report", owners=("maya.chen",), **more):
        """A flow gets an incident, with its first message in the channel; returns the message."""
        id_ = IncidentId(f"incident-{instance}")
        first = PostId(self.new_id())
        failure = Occurrence(
            instance=InstanceId(instance),
            status=int(Status.FAIL),
            trigger_time="2026-11-21 10:00:00",
            end_time="2026-11-21 10:04:00",
            seen_at=more.pop("seen_at", self.now),
            failed_tasks=(TaskId(108580),),
            failed_task_name="transform",
        )
        incident = on_one_card(
            id=id_,
            flow_id=FlowId(flow),
            flow_name=name,
            channel=more.pop("channel", OPS),
            phase=Phase.OPEN,
            opened_at=failure.seen_at,
            post=first,
            occurrences=(failure,),
            owners=tuple(UserName(owner) for owner in owners),
        )
        await self.put(incident, first, **more)
        (message,) = await self.delivered()
        return message

    async def put(self, incident, first, **more):
        from bot.core.incident.facts import ChangeSet
        from bot.messages.cards.incident import RenderContext, card

        post = NewPost(
            first,
            PostKind.MESSAGE,
            Lane.ALERT,
            incident.home.channel,
            card(incident, first, RenderContext()),
            self.now,
            incident=incident.id,
        )
        await self.store.observe([], [], lambda _known: ChangeSet(incidents=(incident,), posts=(post,)))

    async def incident(self, instance=FAILED):
        return await self.store.incident(IncidentId(f"incident-{instance}"))

    async def audited(self):
        """The audit, oldest first, as (who, words, outcome, request, as whom, answer)."""
        names = {actor.person: actor.name for actor in self.actors.values()}
        entries = await self.store.audit_entries(START - timedelta(days=1), self.now + timedelta(days=1))
        return [
            (names[e.attempt.by], e.attempt.words, str(e.outcome or ""), e.request, e.user_id, e.answer)
            for e in reversed(entries)
        ]
