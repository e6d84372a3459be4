"""Retry rules and retries in the database: one row for each failed run, and what has ended stays as it ended."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from store_makers import INTEGRITY_ERRORS, MAYA, NOW, in_transaction, incident, later
from test_store_fields import filled
from test_store_migrations import at_version

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId, UserId, UserName
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentId, Phase
from bot.core.incident.retries import Retry, RetryId, RetryReason, RetryRule, RetryState, RuleEnd, RuleId, ended_rule
from bot.core.people.model import DONE, AttemptResult, Link, Person
from bot.store.schema import STEPS
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange

FLOW = FlowId(1)
RULE = RetryRule(
    RuleId("r1"), FLOW, "report", "Connection reset", timedelta(minutes=1), MAYA, UserName("maya.chen"), NOW
)
RETRY = Retry(
    *(RetryId("t1"), IncidentId("i1"), FLOW, InstanceId("1-2026112100"), RuleId("r1"), "Connection reset", MAYA),
    *(UserName("maya.chen"), NOW, later(minutes=1), RetryState.WAITING),
)
BEFORE = next(version for version, step in enumerate(STEPS) if any("TABLE retry_rules" in each for each in step))


async def put(store, rules=(), retries=()):
    await store.change_retries(FLOW, lambda *_: ChangeSet(retry_rules=tuple(rules), retries=tuple(retries)))


async def test_no_field_is_forgotten(address):
    rule, retry = filled(RetryRule, end=None, ended_at=None, by=MAYA), filled(Retry, by=MAYA, state=RetryState.STARTING)
    async with Store.open(address) as store:
        await store.change_retries(rule.flow_id, lambda *_: ChangeSet(retry_rules=(rule,), retries=(retry,)))
    async with Store.open(address) as store:
        assert (await store.retry_rules(), await store.open_retries()) == ((rule,), (retry,))


async def test_a_rule_that_has_ended_stays_as_it_ended(store):
    await put(store, [RULE])
    assert await store.retry_rules() == (RULE,)
    await put(store, [ended_rule(RULE, RuleEnd.UNLINKED, NOW)])
    await put(store, [ended_rule(RULE, RuleEnd.PERSON, later(hours=1))])
    await put(store, [RULE])
    assert await store.retry_rules() == ()
    row = await in_transaction(store, lambda db: db.execute("SELECT ended FROM retry_rules").fetchone()["ended"])
    assert row == RuleEnd.UNLINKED.value


async def test_a_retry_moves_on_until_it_has_ended(store):
    starting = RETRY.ended(RetryState.STARTING)
    await put(store, retries=[RETRY])
    await put(store, retries=[starting])
    assert await store.open_retries() == (starting,)
    started = starting.ended(RetryState.STARTED, started="1-202611210001")
    await put(store, retries=[started])
    await put(store, retries=[RETRY])
    assert await store.open_retries() == ()
    assert await store.retries_of(FLOW) == (started,)


async def test_a_failed_run_has_one_row_for_ever(store):
    await put(store, retries=[RETRY.ended(RetryState.REFUSED, RetryReason.SNOOZED)])
    with pytest.raises(INTEGRITY_ERRORS):
        await put(store, retries=[replace(RETRY, id=RetryId("t2"))])


async def test_who_decides_sees_the_rules_the_retries_and_the_live_incidents_of_the_flow(store):
    live, over = incident("i1"), incident("i2", phase=Phase.CLOSED, ended_at=NOW)
    await store.observe([], [], lambda _: ChangeSet(incidents=(live, over)))
    await put(store, [RULE, replace(RULE, id=RuleId("r2"), flow_id=FlowId(2))], [RETRY])
    seen = []

    def decide(rules, retries, found):
        seen.append((rules, retries, [each.id for each in found]))
        return ChangeSet()

    await store.change_retries(FLOW, decide)
    await store.change_retries(FLOW, decide, incident=over.id)
    assert seen == [((RULE,), (RETRY,), ["i1"]), ((RULE,), (RETRY,), ["i2"])]


async def test_a_rule_is_not_written_where_the_link_has_changed(store):
    result = AttemptResult(1, DONE, NOW, linked=Link(MAYA, UserId("u1"), UserName("maya.chen")))
    with pytest.raises(Refusal, match="link"):
        await store.change_retries(FLOW, lambda *_: ChangeSet(retry_rules=(RULE,)), attempt_result=result)
    assert await store.retry_rules() == ()


async def test_what_ended_long_ago_is_deleted_and_what_is_open_is_kept(store):
    gone = replace(RULE, id=RuleId("old"))
    await put(store, [RULE, ended_rule(gone, RuleEnd.PERSON, NOW)])
    done = RETRY.ended(RetryState.STARTED, started="1-2")
    waits = replace(RETRY, id=RetryId("t2"), instance=InstanceId("1-2026112101"))
    await put(store, retries=[done, waits])
    await store.prune(later(days=91))
    assert await store.retries_of(FLOW) == (waits,)
    assert await in_transaction(store, lambda db: db.execute("SELECT count(*) FROM retry_rules").fetchone()[0]) == 1


async def test_a_clock_that_is_set_back_leaves_the_wait_as_long_as_it_was(store):
    await put(store, [RULE], [RETRY])
    back = NOW - timedelta(hours=5)
    await store.correct_future_times(back)
    (waits,), (rule,) = await store.open_retries(), await store.retry_rules()
    assert (waits.made_at, waits.due) == (back, back + timedelta(minutes=1))
    assert rule.at < back  # what fails from now on is seen after it was made


async def test_people_who_move_keep_their_rules_and_retries(store):
    await put(store, [RULE], [RETRY])
    change = KeyChange((MAYA.team,), "E1", {}, Person("E1", "UBOT"), "note", NOW)
    await store.change_person_keys(change)
    moved = Person("E1", MAYA.user)
    assert [each.by for each in await store.retry_rules()] == [moved]
    assert [each.by for each in await store.open_retries()] == [moved]


async def test_an_older_database_gets_the_tables(path):
    with contextlib.closing(at_version(path, BEFORE)):
        pass
    async with Store.open(path) as store:
        assert (await store.retry_rules(), await store.open_retries()) == ((), ())
