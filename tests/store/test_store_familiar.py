"""What a sweep finds as it was costs no transaction; what is not at hand, or has changed, does."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.flow.status import Status
from bot.core.incident.facts import Facts, Reading, Seen
from bot.store.retention import Keep
from bot.store.store import Store
from bot.store.watching import Familiar

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = InstanceId("3377-20261121110000")


def row(status=Status.FAIL, end="11:05"):
    return Instance(ID, FlowId(3377), "daily", status, end_time=end)


def seen(status=Status.FAIL, end="11:05", instance=ID):
    return Seen(instance, FlowId(3377), 1, int(status), end, NOW - timedelta(hours=1), NOW)


async def observe(store, *facts, forget=()):
    await store.observe([ID], [FlowId(3377)], lambda _known: Facts(seen=facts, forget=forget))


@pytest.fixture
async def store(tmp_path):
    async with Store.open(tmp_path / "flowbot.db") as opened:
        yield opened


async def test_only_what_says_the_same_is_known(store):
    assert not store.knows([row()])
    await observe(store, seen())
    assert store.knows([row()])
    assert store.knows([])
    assert not store.knows([row(end="11:06")])
    assert not store.knows([row(Status.TIMEOUT)])
    await observe(store, seen(Status.SUCCESS))
    assert not store.knows([row()])


async def test_after_a_restart_one_look_is_enough(store, tmp_path):
    await observe(store, seen())
    store.close()
    async with Store.open(tmp_path / "flowbot.db") as again:
        assert not again.knows([row()])
        await observe(again)
        assert again.knows([row()])


async def test_what_is_forgotten_is_not_known(store):
    await observe(store, seen())
    await observe(store, forget=(ID,))
    assert not store.knows([row()])


async def test_what_was_undone_is_not_known(store):
    await observe(store, seen())

    def dies(_known):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.observe([ID], [FlowId(3377)], dies)
    assert not store.knows([row()])


async def test_what_is_pruned_is_not_known(store):
    await observe(store, seen())
    await store.set_reading(Reading(1, swept_at=NOW, read_at=NOW))
    assert await store.prune(NOW + timedelta(days=1), Keep(seen=timedelta(hours=-2))) == 1
    assert not store.knows([row()])


def test_there_is_room_for_so_many():
    familiar = Familiar(room=1)
    familiar.put([seen(), seen(instance=InstanceId("3377-20261121120000"))])
    assert familiar.has([row()])
    familiar.put([seen(Status.TIMEOUT)])
    assert familiar.has([row(Status.TIMEOUT)])
    assert not familiar.has(
        [Instance(InstanceId("3377-20261121120000"), FlowId(3377), "", Status.FAIL, end_time="11:05")]
    )
