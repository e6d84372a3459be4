"""Whatever is done in whatever order, a store on PostgreSQL answers as one on SQLite does, and holds the same rows."""

import asyncio
import json
import sqlite3
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st
from new_database import new_address, new_store
from store_makers import JONAS, MAYA, NOW, attempt, edit, in_transaction, incident, later, link, message, occurrence
from store_makers import run as run_of
from store_makers import seen as seen_of
from test_store_history import past
from test_store_offers import OFFER
from test_store_retries import RETRY, RULE
from test_store_snoozes import OWN
from thorough import examples

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import RunState
from bot.core.history.background import FlowRef
from bot.core.history.runs import Dependencies
from bot.core.incident.escalation import CallReason, EscalationStep
from bot.core.incident.facts import ChangeSet, ReadState
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.handover import OfferState
from bot.core.incident.model import Phase, SnoozeEnd
from bot.core.incident.retries import RetryState, RuleEnd
from bot.core.incident.snoozes import ended
from bot.core.outbox.posts import Lane, PostKind
from bot.core.people.model import DONE, AttemptResult, IncomingMessage, Origin, Person, Surface
from bot.core.routing.prefs import DEFAULTS
from bot.core.routing.watch import Filters, Watch
from bot.store.postgres.schema import tables
from bot.store.workspace_keys import KeyChange

ONLY_IN_FILES = {"sqlite_sequence", "unscrubbed"}

SAID = IncomingMessage("k", "status", MAYA, Origin(Surface.DIRECT, "D1"), NOW)
FLOWS, CHANNELS = (1, 2, 10), ("C1", "C2")
flow, channel = st.sampled_from(FLOWS), st.sampled_from(CHANNELS)
small = st.integers(0, 4)
at = st.integers(-3, 3).map(lambda hours: later(hours=hours))
post, told = st.sampled_from([f"p{n}" for n in range(6)]), st.sampled_from([f"i{n}" for n in range(4)])
whose = st.sampled_from((MAYA, JONAS, Person("T1", "U3")))
word = st.sampled_from(("a", "B", "é", "zz", "b%c", "It's", "😀"))


def optional(strategy):
    return st.none() | strategy


incidents = st.builds(
    lambda id_, flow, phase, opened, ended, failures, words, group, listed, note, told: incident(
        id_,
        flow,
        phase=phase,
        opened_at=opened,
        ended_at=ended if phase in (Phase.RECOVERED, Phase.CLOSED) else None,
        occurrences=[occurrence(n, error_line=words, failed_task_name=words) for n in failures],
        group=f"{flow}-{group}" if group else "",
        listed_in=listed,
        note=note,
        told_at=told,
        acked_by=MAYA if phase is Phase.ACKNOWLEDGED else None,
        acked_at=opened if phase is Phase.ACKNOWLEDGED else None,
    ),
    *(told, flow, st.sampled_from(Phase), at, at, st.lists(small, max_size=4, unique=True), word),
    *(st.sampled_from(("", "", "x")), st.sampled_from(("", "g1")), word, optional(at)),
)
seen = st.builds(
    lambda flow, n, status, end, at, trigger: seen_of(
        f"{flow}-{n}", status, end_time=end, at=at, trigger_at=trigger, kind=1
    ),
    *(flow, small, st.sampled_from((-1, 1, 2)), word, at, optional(at)),
)
messages = st.one_of(
    st.builds(lambda id_, channel, due, lane: message(
        id_, channel, due=due, lane=lane), post, channel, at, st.sampled_from(Lane)),
    st.builds(lambda id_, channel, first: message(id_, channel, lane=Lane.ALERT, thread_of=first), post, channel, post),
    st.builds(lambda id_, channel, n: message(id_, channel, thread=f"{n}.0"), post, channel, small),
    st.builds(lambda id_, target, text, due: edit(id_, target, text, due=due), post, post, word, at),
    st.builds(lambda id_, channel, text: message(
        id_, channel, text, kind=PostKind.EPHEMERAL, user="U1"), post, channel, word),
    st.builds(lambda id_, channel, of: message(id_, channel, incident=of, reminds_of=of), post, channel, told),
)  # fmt: skip
runs = st.builds(lambda flow, when, status, took, digits: past(
    flow, when, status, digits=digits, started_at=when, ended_at=None if took is None else when + timedelta(hours=took)
), flow, at, st.sampled_from((-1, 1, 2)), optional(small), st.sampled_from((10, 14)))  # fmt: skip


def act(does, *values):
    """Something that is done with a store and some values."""
    return st.tuples(st.just(does), *values)


def observe(store, **changes):
    return store.observe([], [], lambda _: ChangeSet(**changes))


async def knows(store, flows, instances, since):
    """What a decision is made of."""
    found = []
    flows = [FlowId(each) for each in flows]
    await store.observe([*instances, "1-x"], flows, lambda state: found.append(state) or ChangeSet(), since=since)
    return found


async def ends(store, key, whose, when):
    number = await store.begin_attempt(attempt(key, whose, when))
    if number is not None:
        await store.queue([], attempt_result=AttemptResult(number, DONE, when))
    return number


async def plans(store, flow, when):
    await store.put_run(run_of(f"{flow}-1", flow, started_at=when))
    return await store.runs_of(FlowId(flow), InstanceId(f"{flow}-1"))


async def snoozes(store, whether, when):
    await store.change_snoozes(
        lambda *_: ChangeSet(snoozes=(replace(OWN, at=when) if whether else ended(OWN, SnoozeEnd.TIME, when),))
    )
    return await store.snoozes()


async def retries(store, state, end):
    rule = replace(RULE, end=end, ended_at=None if end is None else NOW)
    await store.change_retries(
        FlowId(1), lambda *_: ChangeSet(retry_rules=(rule,), retries=(replace(RETRY, state=state),))
    )
    return await store.retry_rules(), await store.open_retries(), await store.retries_of(FlowId(1))


async def offers(store, state, when):
    change = ChangeSet(offers=(replace(OFFER, state=state, asked_at=when, command="status"),))
    await store.change_commands(MAYA, when, lambda _: change)
    return await store.open_offers(), await store.running_offers()


# Each act is made of a few values, and does the same to either store.
ACTS = st.one_of(
    act(lambda s, posts: s.queue(posts), st.lists(messages, min_size=1, max_size=3)),
    act(lambda s, posts: s.queue(posts), st.lists(messages, min_size=1, max_size=3)),
    act(lambda s, id_, now: s.start_sending(id_, now), post, at),
    act(lambda s, id_, where, n, now: s.mark_sent(id_, where, f"{n}.0", now), post, channel, small, at),
    act(lambda s, id_, now: s.mark_unclear(id_, "x", now), post, at),
    act(lambda s, id_, now, to: s.requeue(id_, now, "x", channel=to), post, at, st.sampled_from(("", "C2"))),
    act(lambda s, id_, now: s.give_up(id_, "x", now), post, at),
    act(lambda s, where, now: s.retry_now(now, where), st.sampled_from(("", *CHANNELS)), at),
    act(lambda s, id_, where, n, now, seen: s.mark_lost(
        id_, where, f"{n}.0", now, still_visible=seen), post, channel, small, at, st.booleans()),
    act(lambda s, id_, where, n, now: s.mark_outside_thread(
        id_, where, "9.0", now, thread=f"{n}.0"), post, channel, small, at),
    act(lambda s, id_, now: s.move_storm(id_, "C2", now), post, at),
    act(lambda s, where: s.requeue_missed_edits(where, "x"), channel),
    act(lambda s: s.mark_interrupted()),
    act(lambda s, some, rows: observe(s, incidents=some, seen=rows),
              st.lists(incidents, max_size=3, unique_by=lambda each: each.id), st.lists(seen, max_size=3)),
    act(lambda s, some: observe(s, incidents=some), st.lists(
        incidents, min_size=1, max_size=3, unique_by=lambda each: each.id)),
    act(lambda s, rows: observe(s, forget=tuple(row.instance for row in rows)), st.lists(seen, max_size=2)),
    act(lambda s, id_, when, over: observe(s, incident_groups=(IncidentGroup(
        id_, "C1", Occasion.STORM, when, when, over, ("a",), "x", 2),)),
        st.sampled_from(("g1", "p0")), at, optional(at)),
    act(lambda s, of, when: observe(s, escalated=(EscalationStep(of, 1, when, CallReason.GROUP),)), told, at),
    act(lambda s, flows, n, since: knows(s, flows, [f"1-{n}"], since), st.lists(flow), small, optional(at)),
    act(offers, st.sampled_from(OfferState), at),
    act(snoozes, st.booleans(), at),
    act(retries, st.sampled_from(RetryState), optional(st.sampled_from(RuleEnd))),
    act(lambda s, some: s.put_links(some), st.lists(st.builds(
        lambda whose, n, name: link(whose, f"u{n}", name), whose, small, word), max_size=3)),
    act(lambda s, whose: s.remove_link(whose), whose),
    act(lambda s, key, whose, when: ends(s, f"k{key}", whose, when), small, whose, at),
    act(plans, flow, at),
    act(lambda s, flow, when: s.put_run(run_of(
        f"{flow}-1", flow, started_at=when, state=RunState.ENDED)), flow, at),
    act(lambda s, some: s.add_past_runs(some), st.lists(runs, max_size=4)),
    act(lambda s, some: s.forget_past_runs([each.instance for each in some]), st.lists(runs, max_size=2)),
    act(lambda s, of, some, when: s.put_dependencies([Dependencies(
        FlowRef(FlowId(of), "x"), tuple(FlowRef(FlowId(each), "y") for each in some), when)]),
        flow, st.lists(flow), at),
    act(lambda s, of, when: s.set_note(of, json.dumps({"post": "p1", "since": 1, "until": when.hour})),
              st.sampled_from(("outage", "digest C1", "zone")), at),
    act(lambda s, key, when, said: s.record_delivery(key, when, said), word, at, optional(st.just(SAID))),
    act(lambda s, text, when: s.stash(text, when), word, at),
    act(lambda s, user, greets: s.set_language(user, "zh", greets=greets), word, st.booleans()),
    act(lambda s, where, glob: s.add_watch(
        Watch(0, where, Filters(glob=glob), MAYA, NOW, ""), lambda _: []), channel, word),
    act(lambda s, where: s.change_prefs(where, lambda _: replace(DEFAULTS, mentions=False), lambda _: []), channel),
    act(lambda s, when: s.set_reading(ReadState(1, swept_at=when, read_at=when)), at),
    act(lambda s, days: s.prune(later(days=days)), st.sampled_from((0, 3, 15, 91, 401))),
    act(lambda s, when: s.correct_future_times(when), at),
    act(lambda s, users: s.change_person_keys(KeyChange(
        ("T1",), "E1", users, Person("E1", "UBOT"), "{}", NOW)), st.sampled_from(({}, {"UMAYA": "U9"}))),
)  # fmt: skip


async def all_answers(store):
    """What each question is answered."""
    flows = [FlowId(each) for each in FLOWS]
    asked = {
        "due": store.due(NOW), "next": store.next_due(NOW), "unclear": store.to_look_up(later(hours=9)),
        "live": store.incidents(), "all": store.incidents(live=False), "since": store.incidents(live=False, since=NOW),
        "thread": store.incident_of_thread("C1", "1.0"), "grouped": store.grouped("g1"),
        "groups": store.incident_groups(), "steps": store.escalation_steps([f"i{n}" for n in range(4)]),
        "waiting": store.waiting(), "counts": store.post_counts(), "oldest": store.oldest_posts(),
        "unfinished": store.unfinished(later(hours=1)), "searched": store.searched_flows(NOW), "notes": store.notes(),
        "links": store.links(), "audit": store.audit_entries(later(days=-1), later(days=1)),
        "mine": store.audit_entries(later(days=-1), later(days=1), Person("E1", "UMAYA")),
        "runs": store.runs(live=False), "newest": store.newest_runs(later(hours=-2)),
        "past": store.past_runs_of(flows), "last": store.last_runs(flows, NOW), "names": store.past_flows(),
        "slow": store.slow_runs(later(days=-1), later(days=1)), "learn": store.flows_to_learn_from(1),
        "up": store.upstream(flows), "down": store.downstream(FlowId(1)), "direct": store.dependencies(flows),
        "graphs": store.graphs_read(), "recovered": store.recovered(flows), "owners": store.remembered_owners(flows),
        "tasks": store.failed_tasks(), "rules": store.routing_rules(), "unanswered": store.unanswered(),
        "parts": store.bulk_entries(1), "open": store.unfinished_attempts(), "prefs": store.prefs("C1"),
    }  # fmt: skip
    return {name: await question for name, question in asked.items()}


async def outcome(store, does, *values):
    try:
        return await does(store, *values)
    except Refusal as refused:
        return refused.reason
    except (sqlite3.IntegrityError, psycopg.IntegrityError):
        return "not possible"


def all_rows(db):
    """What is in the tables, in no order."""
    return {
        name: sorted(map(repr, (values(row, table.columns) for row in db.execute(f"SELECT * FROM {name}"))))
        for name, table in tables().items()
        if name not in ONLY_IN_FILES
    }


def values(row, columns):
    """JSON is read: its text has other spaces where PostgreSQL has written it."""
    found = [row[column] for column in columns]
    return [json.loads(each) if isinstance(each, str) and each.startswith("{") else each for each in found]


@settings(max_examples=examples(8))
@given(acts=st.lists(ACTS, min_size=10, max_size=40))
def test_both_answer_the_same_and_hold_the_same(acts):
    async def story():
        with tempfile.TemporaryDirectory() as folder:
            async with new_store(Path(folder) / "flowbot.db") as one, new_store(new_address()) as other:
                for each in acts:
                    assert await outcome(one, *each) == await outcome(other, *each)
                assert await all_answers(one) == await all_answers(other)
                assert await in_transaction(one, all_rows) == await in_transaction(other, all_rows)

    asyncio.run(story())
