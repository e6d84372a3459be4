"""Events reach their receivers at least once and in order; a receiver that is down delays nothing else."""

import asyncio
import itertools
import logging
from datetime import timedelta

import pytest
from bridge_fakes import DOWN, LOST, OK, SILENT, BridgeWorld, closed, incident, taken
from crash_injection import StatementBudget, crashing_store
from endings import STEPS, ends_though_woken
from new_database import new_store

from bot.core.bridges.model import Bridge, BridgeSettings, EventState
from bot.core.bridges.outcomes import Answer
from bot.core.errors import TemporaryFailure
from bot.core.text.message import plain

W, P = Bridge.WEBHOOK, Bridge.PAGERDUTY


@pytest.fixture
async def store(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        yield await crashing_store(store, StatementBudget())  # it never crashes, but does not wait for the disk


@pytest.fixture
def world(store):
    return BridgeWorld(store)


async def test_the_steps_of_an_incident_arrive_in_their_order(world):
    for each in (incident(), taken(), incident(), closed()):
        await world.put(each)
    await world.tick()
    assert world.receivers.steps(W) == ["opened", "acknowledged", "handed_back", "closed"]
    assert world.receivers.steps(P) == []
    assert world.counted == [("webhook", "accepted")] * 4


async def test_a_page_is_called_acknowledged_and_resolved(world):
    await world.put(incident(), pages=("i1",))
    await world.put(taken())
    await world.put(closed())
    await world.tick()
    assert world.receivers.steps(P) == ["trigger", "acknowledge", "resolve"]


async def test_an_event_whose_answer_was_lost_is_sent_again_under_the_same_id(world):
    world.receivers.answers[W] = LOST
    await world.put(incident())
    await world.put(taken())
    await world.tick()
    world.receivers.answers[W] = OK
    await world.pass_time(3)
    ids = [id_ for *_, id_ in world.receivers.got]
    assert world.receivers.steps(W) == ["opened", "opened", "acknowledged"]
    assert ids[0] == ids[1] != ids[2]


async def test_a_receiver_that_is_down_gets_growing_pauses_and_then_everything_in_order(world):
    world.receivers.answers[W] = DOWN
    await world.put(incident())
    await world.put(taken())
    await world.tick()
    await world.pass_time(4000)
    times = [at for *_, at in world.receivers.tried]
    pauses = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert max(pauses) == 900
    world.receivers.answers[W] = OK
    await world.pass_time(900)
    assert world.receivers.steps(W) == ["opened", "acknowledged"]


async def test_many_incidents_do_not_hammer_a_receiver_that_is_down(world):
    world.receivers.answers[W] = DOWN
    await world.put(*(incident(f"i{n}") for n in range(100)))
    await world.tick()
    assert len(world.receivers.tried) == 4
    await world.pass_time(600)
    assert len(world.receivers.tried) < 4 + 600 / 30 + 10
    world.receivers.answers[W] = OK
    await world.pass_time(31)
    assert len(world.receivers.got) == 100


async def test_an_incident_that_its_receiver_refuses_does_not_delay_the_others(world):
    world.receivers.of_incident["i1"] = Answer(500)
    await world.put(incident())
    await world.tick()
    await world.pass_time(1000)
    await world.put(incident("i2"))
    await world.pass_time(31)
    assert world.receivers.steps(W, "i2") == ["opened"]


async def test_a_webhook_that_hangs_does_not_delay_pagerduty(world):
    world.receivers.hang[W] = asyncio.Event()
    await world.put(incident(), pages=("i1",))
    webhook, pagerduty = world.bridges.deliveries
    hangs = asyncio.create_task(webhook.tick(world.clock()))
    await pagerduty.tick(world.clock())
    assert world.receivers.steps(P) == ["trigger"]
    world.receivers.hang[W].set()
    await hangs
    assert world.receivers.steps(W) == ["opened"]


async def test_it_wakes_for_a_new_event_and_delivers_by_itself(world):
    world.store.on_bridge_events = world.bridges.wake
    running = asyncio.create_task(world.bridges.run())
    accepted = asyncio.Event()
    send = world.receivers.send

    async def noted(event):
        answer = await send(event)
        accepted.set()
        return answer

    world.receivers.send = noted
    await world.tick()
    await world.put(incident())
    await asyncio.wait_for(accepted.wait(), 20)
    running.cancel()


@pytest.mark.parametrize("steps", STEPS)
async def test_it_ends_when_told_in_the_moment_in_which_it_is_woken(world, steps):
    await ends_though_woken(world.bridges.deliveries[0], steps)


async def test_a_receiver_may_ask_for_a_pause(world):
    world.receivers.answers[P] = Answer(429, retry_after=120)
    await world.put(incident(), pages=("i1",))
    await world.tick()
    world.receivers.answers[P] = OK
    await world.pass_time(119)
    assert world.receivers.steps(P) == []
    await world.pass_time(2)
    assert world.receivers.steps(P) == ["trigger"]


# ── trouble ──


async def test_a_receiver_that_is_down_for_minutes_is_an_alarm_that_ends_and_the_admins_hear_both_once(world):
    world.receivers.answers[W] = SILENT
    await world.put(incident())
    await world.pass_time(299)
    assert world.alarms == []
    await world.pass_time(600)
    (alarm,) = world.alarms
    assert alarm.name == "webhook"
    assert plain(alarm.sentence).startswith("The webhook does not accept incident events (no answer within 15 s). They")
    (told,) = await world.told()
    assert "The webhook has not accepted incident events" in told
    world.receivers.answers[W] = OK
    await world.pass_time(900)
    assert [each.over for each in world.alarms] == [False, True]
    assert "accepts incident events again" in (await world.told())[-1]
    await world.pass_time(60)
    assert len(await world.told()) == 2


async def test_a_restart_tells_the_admins_nothing_twice_and_no_end_that_nothing_shows(world):
    world.receivers.answers[W] = DOWN
    await world.put(incident())
    await world.pass_time(400)
    world.bridges = world.new_bridges()
    await world.bridges.start()
    await world.pass_time(400)
    assert [each.over for each in world.alarms] == [False, False]  # each process has its own
    assert len(await world.told()) == 1
    await world.store.settle_event("e1", EventState.GIVEN_UP, world.clock())
    world.bridges = world.new_bridges()
    await world.pass_time(100)
    assert len(await world.told()) == 1
    world.receivers.answers[W] = OK
    await world.put(incident("i2"))
    await world.pass_time(2)
    assert "accepts incident events again" in (await world.told())[1]


async def test_after_three_days_an_event_is_given_up_and_told(world, caplog):
    world.receivers.answers[W] = DOWN
    await world.put(incident())
    await world.put(incident("i2"))
    await world.tick()
    await world.pass_time(400)
    world.clock.now = world.clock.after(74 * 3600)
    await world.pass_time(60)
    counts = await world.store.event_counts()
    assert counts == {("webhook", "given up"): 2}
    assert len([each for each in caplog.records if "was given up: HTTP 503" in each.getMessage()]) == 2
    told = [each for each in await world.told() if "not* delivered" in each]
    assert len(told) == 1
    assert not any(each.over for each in world.alarms)  # nothing shows that it works
    await world.put(incident("i3"))
    world.receivers.answers[W] = OK
    await world.pass_time(60)
    assert world.alarms[-1].over


async def test_what_pagerduty_refuses_is_given_up_at_once_with_an_alarm_until_it_accepts_one(world, caplog):
    world.receivers.answers[P] = Answer(400, "Invalid routing key")
    await world.put(incident(), pages=("i1",))
    await world.tick()
    assert await world.store.event_counts() == {("webhook", "sent"): 1, ("pagerduty", "given up"): 1}
    (alarm,) = world.alarms
    assert (alarm.name, alarm.over) == ("pagerduty refused", False)
    assert "(HTTP 400: Invalid routing key)" in plain(alarm.sentence)
    assert "FLOWBOT_PAGERDUTY_KEY" in plain(alarm.sentence)
    assert "was given up: HTTP 400: Invalid routing key" in caplog.text
    assert "did *not* accept a page" in (await world.told())[0]
    world.receivers.answers[P] = OK
    await world.put(incident("i2"), pages=("i2",))
    await world.tick()
    assert [each.over for each in world.alarms] == [False, True]


async def test_a_webhook_that_is_gone_is_an_alarm_at_once_and_loses_nothing_if_it_comes_back(world):
    world.receivers.answers[W] = Answer(410)
    await world.put(incident())
    await world.tick()
    assert [each.name for each in world.alarms] == ["webhook"]
    await world.put(incident("i2"))
    await world.pass_time(899)
    assert len(world.receivers.tried) == 1
    world.receivers.answers[W] = OK
    await world.pass_time(1000)
    assert len(world.receivers.got) == 2
    assert world.alarms[-1].over


async def test_nobody_is_told_where_no_admin_is_set(store):
    world = BridgeWorld(store, W)
    object.__setattr__(world.bridges.deliveries[0]._tools, "admins", ())
    world.receivers.answers[W] = DOWN
    await world.put(incident())
    await world.pass_time(400)
    assert await world.told() == []
    assert len(world.alarms) == 1


# ── the database and the process ──


async def test_a_start_sends_again_what_was_being_sent_and_drops_what_no_bridge_takes(world, caplog):
    caplog.set_level(logging.INFO)
    await world.put(incident(), pages=("i1",))
    await world.store.start_event("e1")
    world.store.use_bridges(BridgeSettings(frozenset({W})))
    world.configured = (W,)
    world.bridges = world.new_bridges()
    await world.bridges.start()
    await world.tick()
    assert world.receivers.steps(W) == ["opened"]
    assert await world.store.event_counts() == {("webhook", "sent"): 1, ("pagerduty", "given up"): 1}
    assert "1 events were being sent when flowbot stopped" in caplog.text


async def test_an_outcome_that_cannot_be_written_is_written_later_and_nothing_is_sent_twice(world):
    await world.put(incident())
    settle, failing = world.store.settle_event, [True, True]

    async def settled(*what):
        if failing:
            failing.pop()
            raise TemporaryFailure
        await settle(*what)

    world.store.settle_event = settled
    await world.tick()
    with pytest.raises(TemporaryFailure):
        await world.tick()
    await world.tick()
    assert len(world.receivers.got) == 1
    assert await world.store.event_counts() == {("webhook", "sent"): 1}


@pytest.mark.parametrize(("trouble", "said"), [(TemporaryFailure(), "wait for the database"), (KeyError("x"), "a bug")])
async def test_neither_the_database_nor_a_bug_ends_the_delivery(world, caplog, trouble, said):
    (webhook, _), calls = world.bridges.deliveries, []
    again = asyncio.Event()

    async def tick(_now):
        calls.append(1)
        webhook.wake()
        if len(calls) == 1:
            raise trouble
        again.set()

    webhook.tick = tick
    running = asyncio.create_task(webhook.run())
    await asyncio.wait_for(again.wait(), 20)
    running.cancel()
    assert said in caplog.text
    assert [each.name for each in world.alarms] == (["bug"] if isinstance(trouble, KeyError) else [])


async def test_it_sleeps_no_longer_than_until_something_is_due(world):
    webhook = world.bridges.deliveries[0]
    assert await webhook._pause() == 30
    world.receivers.answers[W] = Answer(429, retry_after=10)
    await world.put(incident())
    assert await webhook._pause() == 0.05
    await world.tick()
    assert 9.9 < await webhook._pause() <= 10
    world.clock.now += timedelta(seconds=20)
    assert await webhook._pause() == 0.05
