"""Past runs come back as they were, newest first; what changes replaces what was; what is too much goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_makers import NOW, in_transaction

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import TERMINAL, Status
from bot.core.history.background import FlowRef
from bot.core.history.runs import Dependencies, PastRun, SlowRun
from bot.store import history

HOUR = timedelta(hours=1)


def past(flow=1, at=NOW, status=1, *, digits=14, **more) -> PastRun:
    instance = InstanceId(f"{flow}-{at:%Y%m%d%H%M%S}"[: len(str(flow)) + 1 + digits])
    return PastRun(instance, FlowId(flow), at, status, **{"freq": "0 0 0 * * ? *", "flow_name": f"flow {flow}", **more})


EACH_FORM = [
    past(at=datetime(2026, 11, 21, tzinfo=UTC), digits=8),
    past(at=datetime(2026, 11, 21, 14, tzinfo=UTC), digits=10),
    past(at=datetime(2026, 11, 21, 14, 30, tzinfo=UTC), digits=12),
    past(at=datetime(2026, 11, 21, 14, 30, tzinfo=UTC), digits=14),
    past(at=datetime(2026, 11, 21, 14, 30, 7, tzinfo=UTC), digits=14),
]


async def test_each_form_of_id_comes_back(store):
    await store.add_past_runs(EACH_FORM)
    assert set(await store.past_runs(FlowId(1))) == set(EACH_FORM)


@pytest.mark.parametrize(
    "instance", ["1-2026112114300", "2-20261121143000", "01-20261121143000", "1-20261121153000", "x", ""]
)
async def test_a_run_whose_id_says_something_else_is_not_kept(store, instance):
    await store.add_past_runs([replace(past(), instance=InstanceId(instance)), past(2)])
    assert await store.past_runs(FlowId(1)) == ()
    assert len(await store.past_runs(FlowId(2))) == 1


async def test_all_fields_come_back(store):
    run = past(7, NOW, -1, started_at=NOW - timedelta(seconds=3), ended_at=NOW + HOUR, kind=2)
    await store.add_past_runs([run])
    assert await store.past_runs(FlowId(7)) == (run,)


async def test_what_is_new_or_has_changed_is_named_and_nothing_is_doubled(store):
    waits, other = past(status=5), past(2)
    assert await store.add_past_runs([waits, other]) == (waits.instance, other.instance)
    assert await store.add_past_runs([waits, other]) == ()
    ended = past(started_at=NOW, ended_at=NOW + HOUR)
    assert await store.add_past_runs([waits, ended, other]) == (ended.instance,)
    assert await store.past_runs(FlowId(1)) == (ended,)


async def test_the_newest_come_first_and_the_limit_holds(store):
    runs = [past(at=NOW - n * HOUR) for n in range(5)]
    await store.add_past_runs(runs[::-1])
    assert await store.past_runs(FlowId(1)) == tuple(runs)
    assert await store.past_runs(FlowId(1), limit=2) == tuple(runs[:2])
    assert await store.past_runs_of([FlowId(1), FlowId(9)], limit=1) == {1: (runs[0],)}


async def test_a_flow_keeps_its_last_runs_only(store, monkeypatch):
    monkeypatch.setattr(history, "MOST_RUNS", 3)
    runs = [past(at=NOW - n * HOUR) for n in range(6)]
    await store.add_past_runs(runs)
    assert await store.past_runs(FlowId(1)) == tuple(runs[:3])
    await store.add_past_runs([past(at=NOW + HOUR), past(2)])
    assert len(await store.past_runs(FlowId(1))) == 3
    assert len(await store.past_runs(FlowId(2))) == 1


async def test_what_has_not_ended_is_running(store):
    runs = [past(n + 1, NOW - n * HOUR, int(status)) for n, status in enumerate(Status)] + [past(99, status=42)]
    await store.add_past_runs(runs)
    running = {run for run in runs if run.status not in TERMINAL}
    found = await store.running()
    assert set(found) == running
    assert [run.triggered_at for run in found] == sorted((run.triggered_at for run in running), reverse=True)


async def test_runs_are_forgotten(store, caplog):
    runs = [past(n % 7 + 1, at=NOW - n * HOUR) for n in range(700)]
    await store.add_past_runs([*EACH_FORM, *runs])
    await store.forget_past_runs({run.instance for run in runs} | {InstanceId("x"), InstanceId("9-20261121143000")})
    assert await store.past_flows() == (FlowRef(FlowId(1), "flow 1"),)
    left = {run.instance for run in EACH_FORM} - {run.instance for run in runs}
    assert {run.instance for run in await store.past_runs(FlowId(1))} == left
    assert "touched" not in caplog.text


async def test_a_flow_has_its_newest_name(store):
    await store.add_past_runs([past(flow_name="old"), past(2, flow_name="")])
    await store.add_past_runs([past(at=NOW + HOUR, flow_name="new")])
    await store.add_past_runs([past(at=NOW + 2 * HOUR, flow_name="")])
    assert {run.flow_name for run in await store.past_runs(FlowId(1))} == {"new"}
    assert await store.past_flows() == (FlowRef(FlowId(1), "new"), FlowRef(FlowId(2), ""))


async def test_many_runs_take_several_transactions(store, caplog):
    runs = [past(n, freq=f"0 0 0 {n} * ? *") for n in range(1, 700)]
    assert len(await store.add_past_runs(runs)) == 699
    assert "touched" not in caplog.text


def flow(number, name=None):
    return FlowRef(FlowId(number), f"flow {number}" if name is None else name)


async def test_dependencies_are_those_of_the_newest_graph(store):
    await store.put_dependencies([Dependencies(flow(1), (flow(2), flow(3)), NOW)])
    await store.put_dependencies([Dependencies(flow(4), (flow(2),), NOW)])
    await store.put_dependencies([Dependencies(flow(5), (), NOW)])
    await store.put_dependencies([Dependencies(flow(1), (flow(9),), NOW - HOUR)])
    assert await store.dependencies([FlowId(n) for n in (1, 2, 5)]) == {1: (flow(2), flow(3)), 5: ()}
    assert await store.downstream(FlowId(2)) == (flow(1), flow(4))
    await store.put_dependencies([Dependencies(flow(1), (flow(3),), NOW + HOUR)])
    assert await store.dependencies([FlowId(1)]) == {1: (flow(3),)}
    assert await store.downstream(FlowId(2)) == (flow(4),)
    assert await store.graphs_read() == {1: NOW + HOUR, 4: NOW, 5: NOW}
    assert await store.past_flows() == ()


async def test_many_dependencies_take_several_transactions(store, caplog):
    found = [Dependencies(flow(n), tuple(flow(n + each) for each in range(200)), NOW) for n in range(1, 30)]
    await store.put_dependencies(found)
    kept = await store.dependencies([FlowId(n) for n in range(1, 30)])
    assert {len(upstream) for upstream in kept.values()} == {99}  # a hundred, without itself
    assert "touched" not in caplog.text


async def rows(store, table):
    return await in_transaction(store, lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def test_what_is_older_than_ninety_days_goes(store):
    old, new = NOW - timedelta(days=90, seconds=1), NOW - timedelta(days=90)
    await store.add_past_runs([past(at=old), past(at=new), past(2, at=old), past(3, at=old), past(4, at=NOW)])
    await store.put_dependencies(
        [
            Dependencies(flow(2), (flow(5),), old),  # no run, and no graph since
            Dependencies(flow(3), (flow(6),), NOW),  # a graph is known since
            Dependencies(flow(1), (flow(7),), old),
        ]
    )
    await store.prune(NOW)
    assert [run.triggered_at for run in await store.past_runs(FlowId(1))] == [new]
    assert await store.past_flows() == (flow(1), flow(4))
    assert set(await store.dependencies([FlowId(n) for n in range(1, 9)])) == {1, 3}
    assert await rows(store, "past_flows") == 5


async def test_many_old_runs_go_in_several_transactions(store, caplog):
    await store.add_past_runs([past(n % 7 + 1, at=NOW - timedelta(days=100, hours=n)) for n in range(1200)])
    await store.prune(NOW)
    assert await rows(store, "past_runs") == 0
    assert "touched" not in caplog.text


async def test_schedules_that_no_run_has_go_once_they_are_many(store):
    await store.add_past_runs([past(n, at=NOW - timedelta(days=91), freq=f"schedule {n}") for n in range(1, 600)])
    await store.add_past_runs([past(freq="kept")])
    await store.prune(NOW)
    assert await rows(store, "schedules") == 600
    await store.add_past_runs([past(n, at=NOW - timedelta(days=91), freq=f"schedule {n}") for n in range(600, 1100)])
    await store.prune(NOW)
    assert await rows(store, "schedules") == 600
    assert (await store.past_runs(FlowId(1)))[0].freq == "kept"


async def test_slow_runs_are_compared_with_the_others(store):
    begin = datetime(2026, 11, 21, 2, tzinfo=UTC)

    def runs(flow, *minutes, kind=1):
        times = [begin - timedelta(days=n) for n in range(len(minutes))]
        return [
            past(flow, at, digits=10, kind=kind, started_at=at, ended_at=at + timedelta(minutes=took))
            for at, took in zip(times, minutes, strict=True)
        ]

    await store.add_past_runs([*runs(1, 90, *[30] * 10), *runs(2, 90, *[30] * 9), *runs(3, 59, *[30] * 10)])
    await store.add_past_runs([*runs(4, 8, *[1] * 10), *runs(5, 90, *[30] * 10, kind=0), *runs(6, 200, *[30] * 10)])
    first, sixth = (SlowRun(FlowId(n), f"flow {n}", took * HOUR / 60, HOUR / 2) for n, took in ((1, 90), (6, 200)))
    assert await store.slow_runs(begin, begin + 12 * HOUR) == (sixth, first)
    assert await store.slow_runs(begin, begin + 2 * HOUR) == (first,)
    assert await store.slow_runs(begin + 24 * HOUR, begin + 48 * HOUR) == ()


async def test_the_last_run_of_each_flow_is_the_one_triggered_last_and_not_ahead(store):
    await store.add_past_runs(
        [past(1, NOW - HOUR), past(1, NOW, -1), past(1, NOW + HOUR, 0), past(2, NOW + HOUR, 0), past(3, NOW - HOUR, 2)]
    )
    found = await store.last_runs([FlowId(1), FlowId(2), FlowId(3), FlowId(4)], NOW)
    assert {flow: run.status for flow, run in found.items()} == {1: -1, 3: 2}
    assert found[FlowId(1)].triggered_at == NOW.replace(microsecond=0)
