"""A world of events: a store with incidents, a receiver with a memory, and the delivery between them."""

import asyncio
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crash_injection import in_transaction
from delivery_fakes import HandClock

from bot.core.bridges.model import Bridge, BridgeSettings
from bot.core.bridges.outcomes import Answer
from bot.core.flow.model import FlowId, InstanceId
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident, IncidentCard, IncidentId, Occurrence, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.work.bridges.delivery import Bridges, BridgeTools
from bot.work.delivery.alarms import Alarms

MAYA = Person("T1", "UMAYA")
OK, DOWN, SILENT = Answer(202), Answer(503), Answer(0, "no answer within 15 s")
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Receivers:
    """Accept events, or answer as they were told: by bridge, and by incident."""

    def __init__(self, clock):
        self.clock = clock
        self.answers = {}  # by bridge: what to answer until that changes
        self.of_incident = {}
        self.got = []  # (bridge, incident, step, id) of what was accepted
        self.tried = []  # (bridge, id, when)
        self.hang = {}  # by bridge: an event to wait for

    async def send(self, event):
        self.tried.append((event.bridge, event.id, self.clock()))
        if event.bridge in self.hang:
            await self.hang[event.bridge].wait()
        answer = self.of_incident.get(event.incident) or self.answers.get(event.bridge, OK)
        if 200 <= answer.status < 300 or answer is LOST:
            self.got.append((event.bridge, event.incident, event.step, event.id))
        return answer

    def steps(self, bridge, incident="i1"):
        return [step for where, of, step, _ in self.got if (where, of) == (bridge, incident)]


LOST = Answer(0, "its answer was lost")  # the receiver has it


def incident(id_="i1", **more):
    failure = Occurrence(InstanceId("1-20261121"), -1, "2026-11-21 08:00:00", "2026-11-21 09:00:00", START)
    card = IncidentCard("C1", PostId(f"p-{id_}"))
    base = Incident(IncidentId(id_), FlowId(1), "report", Phase.OPEN, START, (card,), occurrences=(failure,))
    return replace(base, **more)


def taken(id_="i1"):
    until = START + timedelta(hours=400)
    return incident(id_, phase=Phase.ACKNOWLEDGED, acked_by=MAYA, acked_at=START, ack_until=until)


def closed(id_="i1"):
    return incident(id_, phase=Phase.CLOSED, ended_at=START, ended_by=MAYA)


class BridgeWorld:
    """``bridges``: the delivery, as of one process."""

    def __init__(self, store, *configured, clock=None, receivers=None, first_id=1):
        self.store, self.configured = store, configured or tuple(Bridge)
        self.clock = clock or HandClock()
        self.receivers = receivers or Receivers(self.clock)
        self.alarms, self.counted = [], []
        self._ids = itertools.count(first_id)
        store.use_bridges(BridgeSettings(frozenset(self.configured), "urn:flowbot:o1", self.clock, self.new_id))
        self.bridges = self.new_bridges()

    def new_id(self):
        return f"e{next(self._ids)}"

    def new_bridges(self, store=None, sender=None):
        tools = BridgeTools(
            store=store or self.store,
            sender=sender or self.receivers,
            clock=self.clock,
            steady=self.clock,
            new_id=lambda: f"n{next(self._ids)}",
            alarms=Alarms(self.alarms.append),
            admins=("UADMIN",),
            counted=lambda *what: self.counted.append(what),
            jitter=lambda: 1.0,
        )
        return Bridges(self.configured, tools)

    async def put(self, *incidents, **more):
        await self.store.observe([], [], lambda _: ChangeSet(incidents=incidents, **more))

    async def tick(self):
        await asyncio.gather(*(each.tick(self.clock()) for each in self.bridges.deliveries))

    async def pass_time(self, seconds):
        """Tick whenever the deliveries would by themselves."""
        end = self.clock.after(seconds)
        while self.clock() < end:
            pauses = [await each._pause() for each in self.bridges.deliveries]
            self.clock.now = min(end, self.clock.after(min(pauses)))
            await self.tick()

    async def told(self):
        """What the admins were told."""
        query = "SELECT body FROM posts WHERE channel = 'UADMIN' ORDER BY seq"
        bodies = await in_transaction(self.store, lambda db: [row[0] for row in db.execute(query)])
        return [json.dumps(json.loads(body), ensure_ascii=False) for body in bodies]
