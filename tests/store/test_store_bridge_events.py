"""Events are written with the incident that they tell of, for the bridges that there are, and kept in order."""

import itertools
import json
import sqlite3
from dataclasses import replace

import pytest
from sqlite_utils import Database
from store_makers import INTEGRITY_ERRORS, MAYA, NOW, edit, in_transaction, incident, later, message, occurrence

from bot.core.bridges.model import Bridge, BridgeSettings, EventState
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase
from bot.core.outbox.posts import PostId
from bot.store.schema import STEPS
from bot.store.sqlite import migrate

OPEN = incident(occurrences=[occurrence(1)])
TAKEN = replace(OPEN, phase=Phase.ACKNOWLEDGED, acked_by=MAYA, acked_at=NOW, ack_until=later(hours=4))
CLOSED = replace(OPEN, phase=Phase.CLOSED, ended_at=NOW, ended_by=MAYA)


@pytest.fixture
def clock():
    class Clock:
        now = NOW

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def bridged(store, clock):
    """The store with these bridges."""

    def made(*bridges):
        ids = itertools.count(1)
        links = lambda _incident, place: {"slack": "/".join(place)} if place[1] else {}  # noqa: E731
        store.use_bridges(BridgeSettings(frozenset(bridges), "urn:flowbot:o1", clock, lambda: f"e{next(ids)}", links))
        return store

    return made


async def put(store, *incidents, **more):
    await store.observe([], [], lambda _: ChangeSet(incidents=incidents, **more))


async def steps(store, bridge, id_="i1"):
    return [each.step for each in await store.events_of(id_) if each.bridge is bridge]


async def test_each_step_is_an_event_of_the_webhook(bridged):
    store = bridged(Bridge.WEBHOOK)
    for each in (OPEN, TAKEN, OPEN, CLOSED, OPEN):
        await put(store, each)
    assert await steps(store, Bridge.WEBHOOK) == ["opened", "acknowledged", "handed_back", "closed", "reopened"]
    first = (await store.events_of("i1"))[0]
    body = json.loads(first.body)
    assert (body["id"], body["type"], body["subject"]) == (first.id, "io.flowbot.incident.opened.v1", "i1")
    assert (body["source"], body["time"]) == ("urn:flowbot:o1", "2026-11-21T14:30:00.000Z")


async def test_what_does_not_change_is_no_event(bridged):
    store = bridged(Bridge.WEBHOOK)
    await put(store, OPEN)
    await put(store, OPEN)
    await put(store, replace(OPEN, cards=(replace(OPEN.home, told_at=NOW),)))
    assert await steps(store, Bridge.WEBHOOK) == ["opened"]


async def test_an_acknowledgement_that_is_over_expires(bridged, clock):
    store = bridged(Bridge.WEBHOOK)
    await put(store, TAKEN)
    clock.now = later(hours=4)
    await put(store, OPEN)
    assert await steps(store, Bridge.WEBHOOK) == ["opened", "expired"]


async def test_without_bridges_nothing_is_written(store):
    await put(store, OPEN, pages=(OPEN.id,))
    assert await store.events_of("i1") == ()


async def test_pagerduty_hears_only_of_incidents_that_were_paged(bridged):
    store = bridged(Bridge.PAGERDUTY)
    for each in (OPEN, TAKEN, OPEN, CLOSED):
        await put(store, each)
    assert await store.events_of("i1") == ()


async def test_a_page_is_acknowledged_and_resolved_as_its_incident_goes(bridged):
    store = bridged(Bridge.PAGERDUTY)
    await put(store, OPEN, pages=(OPEN.id,))
    await put(store, OPEN, pages=(OPEN.id,))
    assert await steps(store, Bridge.PAGERDUTY) == ["trigger"]
    await put(store, TAKEN)
    await put(store, OPEN)
    assert await steps(store, Bridge.PAGERDUTY) == ["trigger", "acknowledge"]
    await put(store, OPEN, pages=(OPEN.id,))
    await put(store, CLOSED, pages=(OPEN.id,))
    assert await steps(store, Bridge.PAGERDUTY) == ["trigger", "acknowledge", "resolve", "trigger", "resolve"]
    body = json.loads((await store.events_of("i1"))[0].body)
    assert (body["dedup_key"], body["payload"]["source"]) == ("i1", "urn:flowbot:o1")
    assert "routing_key" not in body


async def test_only_an_open_incident_is_paged_and_one_that_there_is(bridged):
    store = bridged(Bridge.PAGERDUTY)
    await put(store, TAKEN, incident("i2", phase=Phase.RECOVERED), pages=("i1", "i2", "i3"))
    assert await store.event_counts() == {}


async def test_a_page_that_pagerduty_refused_does_not_count(bridged):
    store = bridged(Bridge.PAGERDUTY)
    await put(store, OPEN, pages=(OPEN.id,))
    await store.settle_event("e1", EventState.GIVEN_UP, NOW, "HTTP 400")
    await put(store, TAKEN)
    await put(store, OPEN, pages=(OPEN.id,))
    assert await steps(store, Bridge.PAGERDUTY) == ["trigger", "trigger"]


async def test_a_link_to_its_message_is_there_once_that_is_posted(bridged):
    store = bridged(Bridge.WEBHOOK)
    await put(store, OPEN, posts=(message("p-i1"), edit("x", "p-i1")))
    await store.start_sending(PostId("p-i1"), NOW)
    await store.mark_sent(PostId("p-i1"), "C1", "1.5", NOW)
    await put(store, TAKEN)
    opened, taken = [json.loads(each.body)["data"]["links"] for each in await store.events_of("i1")]
    assert (opened, taken) == ({}, {"slack": "C1/1.5"})


async def test_an_undone_change_leaves_no_event(bridged):
    store = bridged(Bridge.WEBHOOK)
    with pytest.raises(INTEGRITY_ERRORS):
        await put(store, OPEN, incident("i2", flow=None))
    assert await store.event_counts() == {}


async def test_who_delivers_is_woken_by_events_alone(bridged):
    store, woken = bridged(Bridge.WEBHOOK), []
    store.on_bridge_events = lambda: woken.append(1)
    await put(store, OPEN)
    await put(store, OPEN)
    await store.notes()
    assert woken == [1]


# ── the outbox ──


async def due(store, bridge=Bridge.WEBHOOK, now=NOW, limit=10):
    return [each.id for each in await store.due_events(bridge, now, limit)]


@pytest.fixture
async def queued(bridged):
    """Two steps of one incident, e1 and e2, and one of another, e3."""
    store = bridged(Bridge.WEBHOOK)
    await put(store, OPEN)
    await put(store, TAKEN)
    await put(store, incident("i2"))
    return store


async def test_an_incident_s_events_go_one_after_another_and_incidents_do_not_wait_for_each_other(queued):
    assert await due(queued) == ["e1", "e3"]
    assert await due(queued, limit=1) == ["e1"]
    assert await queued.start_event("e1")
    assert not await queued.start_event("e1")
    assert await due(queued) == ["e3"]
    await queued.settle_event("e1", EventState.SENT, NOW)
    assert await due(queued) == ["e3", "e2"] or await due(queued) == ["e2", "e3"]
    assert await due(queued, Bridge.PAGERDUTY) == []


async def test_an_event_that_waits_to_be_tried_again_holds_its_incident(queued):
    await queued.start_event("e1")
    await queued.requeue_event("e1", later(seconds=8), "HTTP 503")
    assert await due(queued) == ["e3"]
    assert await due(queued, now=later(seconds=8)) == ["e3", "e1"]  # the least tried first
    assert await queued.next_event(Bridge.WEBHOOK) == NOW.fromtimestamp(0, NOW.tzinfo)
    await queued.settle_event("e3", EventState.SENT, NOW)
    assert await queued.next_event(Bridge.WEBHOOK) == later(seconds=8)
    await queued.retry_events(Bridge.WEBHOOK, NOW)
    assert await due(queued) == ["e1"]
    assert await queued.next_event(Bridge.PAGERDUTY) is None


async def test_what_was_being_sent_at_death_is_sent_again(queued):
    await queued.start_event("e1")
    assert await queued.requeue_interrupted_events() == 1
    assert (await queued.due_events(Bridge.WEBHOOK, NOW, 9))[-1].attempts == 1


async def test_events_of_a_bridge_that_is_not_configured_any_more_are_given_up(queued):
    queued.use_bridges(BridgeSettings(frozenset({Bridge.PAGERDUTY})))
    assert await queued.drop_unconfigured_events(NOW) == 3
    assert await queued.drop_unconfigured_events(NOW) == 0
    assert await queued.event_counts() == {("webhook", "given up"): 3}


async def test_all_events_are_given_up_where_no_bridge_is_configured_any_more(queued):
    queued.use_bridges(BridgeSettings())
    assert await queued.drop_unconfigured_events(NOW) == 3


async def test_the_oldest_and_the_late_are_known(queued):
    assert await queued.oldest_events() == {"webhook": NOW}
    assert await queued.late_event(Bridge.WEBHOOK, NOW) is None  # not tried yet
    await queued.start_event("e3")
    await queued.requeue_event("e3", NOW, "HTTP 503")
    late = await queued.late_event(Bridge.WEBHOOK, NOW)
    assert (late.id, late.why, late.attempts) == ("e3", "HTTP 503", 1)
    assert await queued.late_event(Bridge.WEBHOOK, later(seconds=-1)) is None


async def test_settled_events_are_deleted_after_two_weeks_but_for_the_page_of_what_is_still_open(bridged):
    store = bridged(*Bridge)
    await put(store, OPEN, pages=(OPEN.id,))
    for each in await store.events_of("i1"):
        await store.settle_event(each.id, EventState.SENT, NOW)
    await store.prune(later(days=13))
    assert len(await store.events_of("i1")) == 2
    await store.prune(later(days=15))
    assert [each.step for each in await store.events_of("i1")] == ["trigger"]
    await put(store, CLOSED)
    await store.prune(later(days=15))
    assert [(each.bridge, each.step) for each in await store.events_of("i1")] == [
        (Bridge.WEBHOOK, "closed"),
        (Bridge.PAGERDUTY, "resolve"),
    ]


async def test_a_clock_that_was_set_back_does_not_hold_events(queued):
    await queued.start_event("e1")
    await queued.requeue_event("e1", later(hours=30), "HTTP 503")
    assert await queued.correct_future_times(later(hours=-1)) >= 3
    assert set(await due(queued, now=later(hours=-1))) == {"e1", "e3"}


async def test_an_older_database_gets_the_table(path):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(Database(connection, execute_plugins=False), STEPS[:-1])
    assert migrate(Database(connection, execute_plugins=False)) == 1
    assert connection.execute("SELECT count(*) FROM bridge_events").fetchone() == (0,)
    connection.close()


async def test_no_event_holds_the_key_of_pagerduty(bridged):
    store = bridged(*Bridge)
    await put(store, OPEN, pages=(OPEN.id,))
    bodies = await in_transaction(store, lambda db: [row[0] for row in db.execute("SELECT body FROM bridge_events")])
    assert bodies
    assert "routing_key" not in "".join(bodies)
