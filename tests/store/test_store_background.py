"""What is stored around incidents comes back; looking for it uses indexes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_makers import MAYA, NOW, in_transaction, incident, occurrence

from bot.core.flow.model import FlowId
from bot.core.history.background import Background, Cause, Consequence, FlowRef
from bot.core.history.runbook import Runbook
from bot.core.history.runs import Dependencies
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentId, Phase
from bot.store.background import _SAME_ERROR

DAY = timedelta(days=1)
BOOK = Runbook(FlowId(1), "report", "call the grid team", MAYA, NOW)


async def waits(store, flow, *upstream):
    await store.put_dependencies([Dependencies(ref(flow), tuple(map(ref, upstream)), NOW)])


def ref(flow):
    return FlowRef(FlowId(flow), f"flow-{flow}")


async def put(store, *incidents):
    await store.observe([], [], lambda _: ChangeSet(incidents=incidents))


async def test_flows_upstream_and_downstream(store):
    await waits(store, 4, 3)
    await waits(store, 3, 1, 2)
    await waits(store, 2)
    assert await store.upstream([FlowId(4)]) == {4: (ref(3),), 3: (ref(1), ref(2)), 2: ()}
    assert await store.upstream([FlowId(1), FlowId(9)]) == {}  # their graphs were not read
    assert await store.downstream(FlowId(1)) == (ref(3), ref(4))
    assert await store.downstream(FlowId(4)) == ()


async def test_flows_that_wait_for_each_other(store):
    await waits(store, 1, 2)
    await waits(store, 2, 1)
    assert await store.upstream([FlowId(1)]) == {1: (ref(2),), 2: (ref(1),)}
    assert await store.downstream(FlowId(1)) == (ref(2),)


async def test_many_flows_are_bounded(store):
    def act(db):
        numbers = [(each, 1) for each in range(2, 4_000)]
        db.conn.executemany("INSERT INTO dependencies VALUES (?, ?)", numbers)
        db.conn.executemany("INSERT INTO past_flows VALUES (?, '', 1)", [(each,) for each, _ in numbers])

    await in_transaction(store, act)
    assert len(await store.downstream(FlowId(1))) == 1_999


def failing(id_, line, day=0, flow=1, phase=Phase.RECOVERED):
    at = NOW + day * DAY
    failure = replace(occurrence(day), error_line=line, instance=f"{flow}-2026112{day}00")
    made = incident(id_, flow=flow, phase=phase, opened_at=at, occurrences=(failure,))
    return replace(made, ended_at=None if phase is Phase.OPEN else at + DAY / 2)


async def test_the_last_incident_with_the_same_error(store):
    ours = failing("now", "ORA-00942: table t_9 is missing", 5, phase=Phase.OPEN)
    older, newer = (
        failing("a", "ORA-00942: table t_1 is missing", 1),
        failing("b", "ORA-00942: table t_2 is missing", 2),
    )
    others = failing("c", "ORA-01017: table t_1 is missing", 3), failing("d", older.occurrences[0].error_line, 4, 11)
    await put(store, ours, older, newer, *others)
    found, times = await store.same_error(ours)
    assert (found.id, times) == ("b", 2)
    assert await store.same_error(failing("x", "", 5)) == (None, 0)
    assert await store.same_error(failing("x", "another error", 5)) == (None, 0)


async def test_the_same_error_is_found_by_an_index(sqlite_store):
    values = {"error": "x", "flow": "1", "not_this": "i"}
    plan = await in_transaction(
        sqlite_store, lambda db: db.execute(f"EXPLAIN QUERY PLAN {_SAME_ERROR}", values).fetchall()
    )
    assert any("occurrences_error (error_key=? AND instance>? AND instance<?)" in row["detail"] for row in plan)


async def test_when_flows_recovered(store):
    line = "ORA-00942"
    await put(store, failing("a", line, 1), failing("b", line, 2), failing("c", line, 3, phase=Phase.CLOSED))
    await put(store, failing("d", line, 3, 2, Phase.OPEN), failing("e", line, 3, 3))
    assert await store.recovered([FlowId(1), FlowId(2)]) == {1: NOW + 2 * DAY + DAY / 2}


async def test_what_follows_from_an_incident(store):
    cause = Cause(ref(1), "failed", NOW, "i1")
    first = replace(incident("i2", flow=2), background=Background(cause=cause))
    second = replace(incident("i3", flow=3, opened_at=NOW + DAY), background=Background(cause=cause))
    lone = replace(incident("i4", flow=4), background=Background(cause=replace(cause, incident="")))
    await put(store, first, second, lone)
    found = await store.consequences([IncidentId("i1"), IncidentId("")])
    assert found == {
        "i1": (
            Consequence(FlowRef(FlowId(3), second.flow_name), "i3", "open"),
            Consequence(FlowRef(FlowId(2), first.flow_name), "i2", "open"),
        )
    }
    await put(store, replace(first, background=Background()))
    assert len((await store.consequences([IncidentId("i1")]))["i1"]) == 1


async def test_a_runbook(store):
    assert await store.runbook(FlowId(1)) is None
    await store.change_runbook(FlowId(1), lambda _: ChangeSet(runbooks=(BOOK,)))
    assert await store.runbook(FlowId(1)) == BOOK
    other = replace(BOOK, text="another")
    await store.change_runbook(FlowId(1), lambda _: ChangeSet(runbooks=(other,)))
    assert await store.runbook(FlowId(1)) == other
    await store.change_runbook(FlowId(1), lambda _: ChangeSet(runbooks=(replace(BOOK, text=""),)))
    assert await store.runbook(FlowId(1)) is None


@pytest.mark.parametrize("phase", list(Phase))
async def test_a_runbook_is_decided_with_the_live_incidents_of_its_flow(store, phase):
    await put(store, incident("i1", phase=phase), incident("i2", flow=2))
    seen = []
    await store.change_runbook(FlowId(1), lambda live: seen.extend(live) or ChangeSet())
    assert [each.id for each in seen] == (["i1"] if phase in {Phase.OPEN, Phase.ACKNOWLEDGED} else [])


async def test_the_owners_of_a_flow_are_those_when_it_last_broke(store):
    old, new = failing("i1", "x", day=0, flow=7), failing("i2", "x", day=1, flow=7)
    await put(store, replace(old, owners=("maya.chen",)), replace(new, owners=("jonas.weber", "li.wei")))
    await put(store, replace(failing("i3", "x", flow=8), owners=()))
    assert await store.remembered_owners([FlowId(7), FlowId(8), FlowId(9)]) == {7: ("jonas.weber", "li.wei")}


async def test_the_tasks_that_failed_are_there_once_for_each_flow(store):
    def with_task(id_, day, flow, *ids):
        made = failing(id_, "x", day=day, flow=flow)
        (failure,) = made.occurrences
        return replace(made, occurrences=(replace(failure, failed_task_name="load", failed_tasks=ids),))

    nameless = failing("i4", "x", flow=9)
    nameless = replace(nameless, occurrences=(replace(nameless.occurrences[0], failed_task_name=""),))
    await put(store, with_task("i1", 0, 7, 1, 2), with_task("i2", 1, 7, 1, 2), with_task("i3", 2, 8, 3), nameless)
    found = await store.failed_tasks()
    assert [(each.flow.id, each.name, each.ids) for each in found] == [(7, "load", (1, 2)), (8, "load", (3,))]
