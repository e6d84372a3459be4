"""No field of any value is forgotten on the way into the database and back."""

from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import pytest
from new_database import new_store
from store_makers import NOW

from bot.core.flow.run import Run
from bot.core.history.background import Background
from bot.core.incident.facts import ChangeSet, ReadState, Seen
from bot.core.incident.handover import Offer, OfferState
from bot.core.incident.model import Ask, Incident, IncidentCard, Occurrence, Snooze
from bot.core.outbox.posts import NewPost, PostKind
from bot.core.people.model import Attempt, Link, Person
from bot.store.store import Store


def sample(kind, name):
    """Return a value of a type that is not what its field defaults to."""
    kind = getattr(kind, "__supertype__", kind)
    if get_origin(kind) in (Union, UnionType):
        return sample(next(each for each in get_args(kind) if each is not type(None)), name)
    if get_origin(kind) is tuple:
        return (sample(get_args(kind)[0], f"{name} 1"), sample(get_args(kind)[0], f"{name} 2"))
    if kind is IncidentCard:
        return filled(IncidentCard, channel=name)
    if kind is Snooze:
        return filled(Snooze)
    if kind is Occurrence:
        return filled(Occurrence, instance=f"1-{name[-1]}")
    if kind is Ask:
        return filled(Ask)
    if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == Background.__module__:
        return filled(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[1]
    known = {str: name, int: 7, bool: True, datetime: NOW, timedelta: timedelta(minutes=7), Person: Person("T1", name)}
    return known.get(kind, {"text": name})


def filled(cls, /, **given):
    hints = get_type_hints(cls)
    made = cls(**{field.name: given.get(field.name, sample(hints[field.name], field.name)) for field in fields(cls)})
    for field in fields(cls):
        assert field.default is MISSING or field.name in given or getattr(made, field.name) != field.default
    return made


@pytest.fixture
async def again(address):
    """Write with one store, read with the next."""

    async def written_and_read(write, read):
        async with new_store(address) as store:
            await write(store)
        async with Store.open(address) as store:
            return await read(store)

    return written_and_read


async def test_runs(again):
    run = filled(Run)
    assert await again(lambda s: s.put_run(run), lambda s: s.run(run.instance)) == run


async def test_incidents_and_occurrences(again):
    made = filled(Incident)
    changes = ChangeSet(incidents=(made,), snoozes=(made.snooze,))
    assert await again(lambda s: s.observe([], [], lambda _: changes), lambda s: s.incident(made.id)) == made


async def test_offers(again):
    made = filled(Offer, state=OfferState.DECLINED)
    changes = ChangeSet(offers=(made,))
    found = await again(lambda s: s.observe([], [], lambda _: changes), lambda s: s.offer(made.id))
    assert found == (made, ())


async def test_instances(again):
    made = filled(Seen)
    known = []

    def keep(found):
        known.append(found)
        return ChangeSet()

    await again(
        lambda s: s.observe([], [], lambda _: ChangeSet(seen=(made,))), lambda s: s.observe([made.instance], [], keep)
    )
    assert known[0].seen == {made.instance: made}


async def test_readings(again):
    reading = filled(ReadState, early_stop=False)
    assert await again(lambda s: s.set_reading(reading), lambda s: s.readings()) == {7: reading}


async def test_links(again):
    link = filled(Link)
    assert await again(lambda s: s.put_links([link]), lambda s: s.links()) == (link,)


async def test_attempts(again):
    attempt = filled(Attempt, by=Person("T1", "U1"))
    (entry,) = await again(lambda s: s.begin_attempt(attempt), lambda s: s.unfinished_attempts())
    assert entry.attempt == attempt


async def test_posts(again):
    new = filled(NewPost, kind=PostKind.EPHEMERAL, thread_of=None, target=None)
    assert (await again(lambda s: s.queue([new]), lambda s: s.post(new.id))).new == new


async def test_posts_of_a_large_import(again):
    news = [filled(NewPost, id=f"p{n}", kind=PostKind.EPHEMERAL, thread_of=None, target=None) for n in range(300)]
    assert (await again(lambda s: s.put_links([], posts=news), lambda s: s.post("p299"))).new == news[299]
