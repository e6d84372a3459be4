"""Values for the store's tests, with the fields that do not matter filled in."""

import sqlite3
from datetime import UTC, datetime, timedelta

import psycopg
from incident_cards import on_one_card

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run
from bot.core.incident.facts import Seen
from bot.core.incident.model import Incident, IncidentId, Occurrence, Phase
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Attempt, Link, Person

INTEGRITY_ERRORS = (sqlite3.IntegrityError, psycopg.IntegrityError)
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
MAYA = Person("T1", "UMAYA")
JONAS = Person("T1", "UJONAS")


def in_transaction(store, act):
    """Do something with the store's database that none of its methods does."""
    return store._run(lambda: store._transact(act))


def later(**span) -> datetime:
    return NOW + timedelta(**span)


def message(id_="p1", channel="C1", text="hello", *, due=NOW, lane=Lane.ALERT, **more) -> NewPost:
    return NewPost(
        id=PostId(id_),
        kind=more.pop("kind", PostKind.MESSAGE),
        lane=lane,
        channel=channel,
        body={"text": text},
        due=due,
        **more,
    )


def edit(id_, target, text="changed", **more) -> NewPost:
    return message(id_, text=text, kind=PostKind.EDIT, target=PostId(target), **more)


def seen(
    instance="1-20261121143000", status=-1, *, end_time="2026-11-21 14:31:00", at=NOW, trigger_at=NOW, kind=1
) -> Seen:
    flow = FlowId(int(instance.split("-")[0]))
    return Seen(InstanceId(instance), flow, kind, status, end_time, trigger_at, at)


def occurrence(number=0, **more) -> Occurrence:
    return Occurrence(
        instance=InstanceId(f"1-{number:014d}"),
        status=-1,
        trigger_time="2026-11-21 14:30:00",
        end_time="2026-11-21 14:31:00",
        seen_at=more.pop("seen_at", NOW),
        **more,
    )


def incident(id_="i1", flow=1, *, occurrences=(), **more) -> Incident:
    values = {"channel": "C1", "phase": Phase.OPEN, "opened_at": NOW, "post": PostId(f"p-{id_}"), **more}
    return on_one_card(
        id=IncidentId(id_), flow_id=FlowId(flow), flow_name=f"flow {flow}", occurrences=tuple(occurrences), **values
    )


def link(person=MAYA, user_id="u1", name="maya.chen", *, verified=False) -> Link:
    return Link(person, user_id, name, verified)


def attempt(key="k1", by=MAYA, at=NOW) -> Attempt:
    return Attempt(key, by, "C1", "", "command", "trigger 3377", "trigger", at)


def run(instance="1-20261121143000", flow=1, **more) -> Run:
    return Run(InstanceId(instance), FlowId(flow), "flow", str(MAYA), "p1", more.pop("started_at", NOW), "C1", **more)
