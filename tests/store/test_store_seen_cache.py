"""What a sweep finds as it was costs no transaction; what is not at hand, or has changed, does."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.flow.status import Status
from bot.core.incident.facts import ChangeSet, ReadState, Seen
from bot.store.monitor_state import SeenCache
from bot.store.retention import RetentionPeriods
from bot.store.store import Store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = InstanceId("3377-20261121110000")


def row(status=Status.FAIL, end="11:05"):
    return Instance(ID, FlowId(3377), "daily", status, end_time=end)


def seen(status=Status.FAIL, end="11:05", instance=ID):
    return Seen(instance, FlowId(3377), 1, int(status), end, NOW - timedelta(hours=1), NOW)


async def observe(store, *changes, forget=()):
    await store.observe([ID], [FlowId(3377)], lambda _known: ChangeSet(seen=changes, forget=forget))


@pytest.fixture
async def store(address):
    async with Store.open(address) as opened:
        yield opened


async def test_only_what_says_the_same_is_known(store):
    assert not store.are_unchanged([row()])
    await observe(store, seen())
    assert store.are_unchanged([row()])
    assert store.are_unchanged([])
    assert not store.are_unchanged([row(end="11:06")])
    assert not store.are_unchanged([row(Status.TIMEOUT)])
    await observe(store, seen(Status.SUCCESS))
    assert not store.are_unchanged([row()])


async def test_after_a_restart_one_look_is_enough(store, address):
    await observe(store, seen())
    store.close()
    async with Store.open(address) as again:
        assert not again.are_unchanged([row()])
        await observe(again)
        assert again.are_unchanged([row()])


async def test_what_is_forgotten_is_not_known(store):
    await observe(store, seen())
    await observe(store, forget=(ID,))
    assert not store.are_unchanged([row()])


async def test_what_was_undone_is_not_known(store):
    await observe(store, seen())

    def dies(_known):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.observe([ID], [FlowId(3377)], dies)
    assert not store.are_unchanged([row()])


async def test_what_is_pruned_is_not_known(store):
    await observe(store, seen())
    await store.set_reading(ReadState(1, swept_at=NOW, read_at=NOW))
    assert await store.prune(NOW + timedelta(days=1), RetentionPeriods(seen=timedelta(hours=-2))) == 1
    assert not store.are_unchanged([row()])


def test_there_is_room_for_so_many():
    seen_cache = SeenCache(capacity=1)
    seen_cache.put([seen(), seen(instance=InstanceId("3377-20261121120000"))])
    assert seen_cache.has([row()])
    seen_cache.put([seen(Status.TIMEOUT)])
    assert seen_cache.has([row(Status.TIMEOUT)])
    assert not seen_cache.has(
        [Instance(InstanceId("3377-20261121120000"), FlowId(3377), "", Status.FAIL, end_time="11:05")]
    )
