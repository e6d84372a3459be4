"""Backfills in the database: rows before anything is started, one of a flow at a time, and what becomes of old ones."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from store_makers import MAYA, NOW, in_transaction, later
from test_store_fields import filled

from bot.core.errors import Refusal
from bot.core.flow.backfill import (
    Backfill,
    BackfillChange,
    BackfillStart,
    BackfillState,
    PauseReason,
    StartState,
    ended,
)
from bot.core.flow.backfill_times import Basis, Slot
from bot.core.flow.model import FlowId, InstanceId, UserId, UserName
from bot.core.flow.run import Run
from bot.core.incident.facts import ChangeSet
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import DONE, AttemptResult, Link, Person
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange

NEW = Backfill(
    *(0, FlowId(1), "report", MAYA, UserName("maya.chen"), NOW, "C1", PostId("p1")),
    *(Basis.SCHEDULE, "UTC", Slot.DAY),
)
POST = NewPost(PostId("p1"), PostKind.MESSAGE, Lane.ANSWER, "C1", {"text": "begins"}, NOW)


def starts(count):
    return tuple(BackfillStart(place, later(days=place)) for place in range(count))


async def begun(store, new=NEW, count=3, posts=()):
    number = await store.plan_backfill(new, starts(count))
    assert await store.begin_backfill(number, posts, shown="first") is None
    return number


async def change(store, number, **fields):
    await store.change_backfill(number, lambda old, _: BackfillChange(replace(old, **fields)))


async def test_no_field_is_forgotten(address):
    kinds = {
        "by": MAYA,
        "acted_by": Person("T1", "U9"),
        "basis": Basis.CHOSEN,
        "slot": Slot.HOUR,
        "state": BackfillState.PAUSED,
        "reason": PauseReason.LOST,
    }
    new, start = filled(Backfill, number=1, **kinds), filled(BackfillStart, state=StartState.LOST)
    async with Store.open(address) as store:
        number = await store.plan_backfill(new, [start])
    async with Store.open(address) as store:
        assert await store.backfill(number) == (new, (start,))
        later_on = replace(
            new, by=Person("T1", "U8"), user_name=UserName("other"), turn=9, shown="x", reason=PauseReason.BUG
        )
        moved = replace(start, attempt=99, instance=InstanceId("1-2"), status=None, why="because")
        await store.change_backfill(number, lambda *_: BackfillChange(later_on, (moved,)))
    async with Store.open(address) as store:
        assert await store.backfill(number) == (later_on, (moved,))


async def test_what_is_only_planned_is_not_there_yet(store):
    number = await store.plan_backfill(NEW, starts(3))
    assert (await store.open_backfills(), await store.backfill_of(FlowId(1))) == ((), None)
    assert await store.begin_backfill(number, [POST], shown="first") is None
    (found,) = await store.open_backfills()
    assert (found.number, found.state, found.shown) == (number, BackfillState.RUNNING, "first")
    assert found == await store.backfill_of(FlowId(1))
    assert (await store.post(POST.id)).body == {"text": "begins"}


async def test_five_hundred_starts_are_written_a_part_at_a_time(store, caplog):
    number = await begun(store, count=500)
    assert len((await store.backfill(number))[1]) == 500
    assert "touched" not in caplog.text


async def test_a_flow_has_one_that_has_not_ended(store):
    first = await begun(store)
    second = await store.plan_backfill(NEW, starts(1))
    other = await store.begin_backfill(second, [POST])
    assert other.number == first
    assert await store.post(POST.id) is None
    await store.change_backfill(first, lambda old, _: BackfillChange(ended(old, NOW)))
    assert await store.begin_backfill(second, [POST]) is None
    assert [each.number for each in await store.open_backfills()] == [second]
    await begun(store, replace(NEW, flow_id=FlowId(2)))


async def test_who_decides_sees_it_as_it_is_and_what_they_raise_undoes_all(store):
    number = await begun(store)
    seen = []

    def decide(found, those):
        seen.append((found.state, [each.place for each in those]))
        raise Refusal("no", POST.body["text"])

    with pytest.raises(Refusal):
        await store.change_backfill(number, decide)
    assert seen == [(BackfillState.RUNNING, [0, 1, 2])]
    with pytest.raises(Refusal) as unknown:
        await store.backfill(99)
    assert unknown.value.reason == "unknown_backfill"


async def test_nothing_is_written_where_the_link_has_changed(store):
    number = await store.plan_backfill(NEW, starts(1))
    result = AttemptResult(1, DONE, NOW, linked=Link(MAYA, UserId("u1"), UserName("maya.chen")))
    with pytest.raises(Refusal, match="link"):
        await store.begin_backfill(number, [POST], attempt_result=result)
    assert await store.open_backfills() == ()
    with pytest.raises(Refusal, match="link"):
        await store.change_backfill(number, lambda old, _: BackfillChange(ended(old, NOW)), attempt_result=result)
    assert (await store.backfill(number))[0].state is BackfillState.PLANNING


async def test_what_ended_long_ago_is_deleted_and_what_is_open_is_kept(store):
    open_ = await begun(store)
    over = await begun(store, replace(NEW, flow_id=FlowId(2)), count=600)
    await change(store, over, state=BackfillState.STOPPED, ended_at=NOW)
    never = await store.plan_backfill(replace(NEW, flow_id=FlowId(3)), starts(2))
    await store.prune(later(days=89))
    assert len((await store.backfill(over))[1]) == 600
    await store.prune(later(days=91))
    assert [each.number for each in await store.open_backfills()] == [open_]
    for gone in (over, never):
        with contextlib.suppress(Refusal):
            assert not await store.backfill(gone)
    assert await in_transaction(store, lambda db: db.execute("SELECT count(*) FROM backfill_starts").fetchone()[0]) == 3


async def test_a_number_is_never_given_to_another(store):
    number = await begun(store)
    await change(store, number, state=BackfillState.ENDED, ended_at=NOW)
    await store.prune(later(days=91))
    assert await begun(store) == number + 1


async def test_a_clock_that_is_set_back_leaves_nothing_in_the_future(store):
    number = await begun(store)
    started = replace(starts(1)[0], state=StartState.STARTED, started_at=NOW, ended_at=later(minutes=1))
    await store.change_backfill(number, lambda *_: BackfillChange(starts=(started,)))
    back = NOW - timedelta(hours=5)
    await store.correct_future_times(back)
    found, those = await store.backfill(number)
    assert found.at == back
    assert (those[0].started_at, those[0].ended_at, those[0].at) == (back, back, NOW)


async def test_people_who_move_keep_their_backfills(store):
    number = await begun(store)
    await change(store, number, acted_by=MAYA)
    await store.change_person_keys(KeyChange((MAYA.team,), "E1", {}, Person("E1", "UBOT"), "note", NOW))
    found, _ = await store.backfill(number)
    assert (found.by, found.acted_by) == (Person("E1", MAYA.user), Person("E1", MAYA.user))


async def test_who_looks_at_failures_knows_which_runs_a_backfill_has_started(store):
    for instance, verb in (("1-20261121000000", "backfill"), ("1-20261121000100", "trigger")):
        await store.put_run(Run(InstanceId(instance), FlowId(1), "report", str(MAYA), "", NOW, "C1", verb=verb))
    seen = []

    def decide(known):
        seen.append(known.of_backfills)
        return ChangeSet()

    await store.observe(["1-20261121000000", "1-20261121000100", "1-2026112100"], [FlowId(1)], decide)
    await store.observe([], [], decide)
    assert seen == [{"1-20261121000000"}, frozenset()]
