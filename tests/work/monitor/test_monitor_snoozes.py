"""Snoozed flows: counted on the card, nobody is notified; the end is said once, also after a crash."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from monitor_world import JONAS, MAYA, People, World, members, on_call
from watched_store import Killed

from bot.core.flow.model import FlowId
from bot.core.flow.status import Status
from bot.core.incident.model import Phase, Snooze, SnoozeEnd, SnoozeId
from bot.core.routing.watch import Filters, Watch
from bot.messages.cards import snoozes as cards
from bot.work.commands.snooze_actions import all_message
from bot.work.monitor.reminders import ReminderChecks, Reminders
from bot.work.monitor.snoozes import SnoozeMonitor

HOURS = timedelta(hours=1)
CHANNEL = "C0DATAOPS1"


@pytest.fixture
async def world():
    world = await World().begin()
    world.reminders = Reminders(world.store, People(), world.new_id, HOURS / 2, ReminderChecks(on_call, members))
    world.snoozes = SnoozeMonitor(world.store, People(), world.new_id, channel=CHANNEL)
    return world


async def fails(world, run="3377-2026112100", end="2026-11-21 02:00:00"):
    world.enos.put(run, name="report", end=end)
    await world.poll()


async def recovers(world):
    world.enos.put("3377-2026112200", name="report", status=Status.SUCCESS, end="2026-11-22 02:00:00")
    await world.follow()


async def snooze(world, hours=2, flow=3377, **more):
    new = Snooze(
        SnoozeId(world.new_id()),
        None if flow is None else FlowId(flow),
        "report",
        JONAS,
        world.now,
        world.now + hours * HOURS,
        "known",
    )
    new = replace(new, **more)
    told = [] if flow else [all_message(CHANNEL, cards.all_begins(new, "b"), f"{new.id}-began", world.now)]
    await world.incident_actions.snoozes.begin(new, attempt_result=None, words="snooze", elsewhere=told)
    return new


async def at(world, hours=0.0):
    """Tick after so many hours, as the scheduler does."""
    world.now += hours * HOURS
    await world.snoozes.tick(world.now)
    await world.reminders.tick(world.now)
    world.store.deliver(world.now + timedelta(seconds=3))


def incident(world):
    return max(world.store.kept.values(), key=lambda each: each.opened_at)


def thread(world):
    """What a phone shows of the replies in the incident's thread."""
    return [body["text"] for body in world.store.replies(incident(world).home.post)]


def card(world):
    return str(world.store.shown(incident(world).home.post))


def ended(world, snooze):
    def act(db):
        return db.execute("SELECT ended FROM snoozes WHERE id = ?", [snooze.id]).fetchone()["ended"]

    return world.store._now(act)


# ── while it lasts ──


async def test_further_failures_are_counted_on_the_card_and_said_nowhere(world):
    await fails(world)
    await snooze(world)
    before = thread(world)
    await fails(world, "3377-2026112101", end="2026-11-21 03:00:00")
    await at(world, 1.5)
    assert thread(world) == before == ["SNOOZED · report"]
    assert len(incident(world).occurrences) == 2
    assert "Failures in a row*\\n2" in card(world)
    assert "🌙 *SNOOZED*" in card(world)


async def test_a_new_incident_has_its_card_which_mentions_no_owner(world):
    await snooze(world)
    await fails(world)
    await at(world, 1)
    assert incident(world).snooze is not None
    assert thread(world) == []
    assert "🌙 *SNOOZED*" in card(world)
    assert MAYA.user not in card(world)


async def test_an_acknowledgement_does_not_expire_while_it_is_snoozed(world):
    await fails(world)
    await world.incident_actions.acknowledge(incident(world).id, MAYA, world.now)
    await snooze(world, hours=6)
    await at(world, 5)
    assert incident(world).phase is Phase.ACKNOWLEDGED
    assert thread(world) == ["ACKNOWLEDGED · report", "SNOOZED · report"]


async def test_a_reminder_that_waits_is_not_sent_once_it_is_snoozed(world):
    await fails(world)
    world.now += HOURS
    await world.reminders.tick(world.now)
    await snooze(world)
    sent = [str(each.body) for each in world.store.deliver(world.now + timedelta(seconds=3))]
    assert not any("STILL OPEN" in each for each in sent)
    assert any("SNOOZED" in each for each in sent)


# ── its time has come ──


async def test_still_broken_it_is_open_again_with_mentions_and_reminders_start_again(world):
    await fails(world)
    await at(world, 0.6)
    await snooze(world)
    await at(world, 2)
    assert thread(world)[-1] == "OPEN AGAIN · report · task transform"
    assert f"<@{MAYA.user}>, who can take it?" in str(world.store.replies(incident(world).home.post)[-1])
    assert "*FAILED*" in card(world)
    await at(world, 0.4)
    assert thread(world)[-1] == "OPEN AGAIN · report · task transform"
    await at(world, 0.2)
    assert thread(world)[-1] == "STILL OPEN · report · task transform"
    steps = await world.store.escalation_steps([incident(world).id])
    assert [(each.number, each.group) for each in steps[incident(world).id]] == [(1, "S0ONCALL01"), (1, "S0ONCALL01")]


async def test_an_acknowledgement_that_lasts_longer_is_kept(world):
    await fails(world)
    await world.incident_actions.acknowledge(incident(world).id, MAYA, world.now)
    await snooze(world, hours=1)
    await at(world, 1)
    assert incident(world).phase is Phase.ACKNOWLEDGED
    assert thread(world)[-1] == "SNOOZE ENDED · report"


async def test_the_flow_is_fine_so_only_who_snoozed_it_hears(world):
    await fails(world)
    held = await snooze(world)
    await recovers(world)
    said = thread(world)
    await at(world, 2)
    assert thread(world) == said
    (told,) = [post for post in world.store.posts.values() if post.channel == JONAS.user]
    assert "is over. The flow is not failing now." in str(told.new.body)
    assert ended(world, held) == SnoozeEnd.TIME.value


async def test_a_failure_after_its_time_and_before_the_tick_is_told_as_ever(world):
    await fails(world)
    await snooze(world, hours=1)
    world.now += HOURS
    await fails(world, "3377-2026112101", end="2026-11-21 03:00:00")
    assert thread(world)[-1].startswith("FAILED AGAIN")
    await at(world)
    assert thread(world)[-1].startswith("OPEN AGAIN")


async def test_the_clock_is_set_back_and_the_end_is_said_once(world):
    await fails(world)
    await snooze(world, hours=1)
    await at(world, 1)
    await at(world, -2)
    await at(world, 2.1)
    assert sum(each.startswith("OPEN AGAIN") for each in thread(world)) == 1


# ── the next success ──


async def test_until_success_ends_with_the_recovery_which_says_so(world):
    await fails(world)
    held = await snooze(world, hours=700, until_success=True)
    await recovers(world)
    assert "The snooze ended with it." in str(world.store.replies(incident(world).home.post)[-1])
    assert ended(world, held) == SnoozeEnd.SUCCESS.value
    await fails(world, "3377-2026112203", end="2026-11-22 05:00:00")
    assert incident(world).phase is Phase.OPEN
    assert incident(world).snooze is None


async def test_what_recovered_before_is_snoozed_until_the_success_after_the_next_failure(world):
    await fails(world)
    await recovers(world)
    held = await snooze(world, hours=700, until_success=True)
    world.enos.put("3377-2026112201", name="report", status=Status.SUCCESS, end="2026-11-22 03:00:00")
    await world.poll()
    await world.follow()
    assert ended(world, held) == ""
    await fails(world, "3377-2026112203", end="2026-11-22 05:00:00")
    assert incident(world).snooze == held


# ── people ──


async def test_another_snooze_replaces_the_first(world):
    await fails(world)
    first = await snooze(world, hours=1)
    second = await snooze(world, hours=5)
    await at(world, 2)
    assert ended(world, first) == SnoozeEnd.REPLACED.value
    assert incident(world).snooze == second
    assert thread(world) == ["SNOOZED · report", "SNOOZED · report"]


async def test_a_reopened_incident_is_snoozed_as_its_flow_is(world):
    await fails(world)
    held = await snooze(world)
    await world.incident_actions.close(incident(world).id, MAYA, world.now)
    assert incident(world).snooze is None
    await world.incident_actions.reopen(incident(world).id, MAYA, world.now)
    await at(world)
    assert incident(world).snooze == held


# ── all flows ──


async def test_all_flows_are_told_in_the_alert_channel_once_at_the_beginning_and_at_the_end(world):
    await fails(world)
    await snooze(world, flow=None)
    await at(world)
    await at(world, 1)
    assert world.lines()[-1] == "All flows are snoozed"
    assert incident(world).snooze is not None
    assert thread(world) == []
    await at(world, 1)
    await at(world, 0.1)
    assert world.lines().count("The snooze of all flows is over") == 1
    assert thread(world) == ["OPEN AGAIN · report · task transform"]


async def test_the_end_of_that_of_all_leaves_the_snooze_of_a_flow(world):
    await fails(world)
    own = await snooze(world, hours=5)
    await snooze(world, flow=None, hours=1)
    await at(world, 1)
    assert incident(world).snooze == own
    assert thread(world) == ["SNOOZED · report"]


async def test_a_storm_while_all_flows_are_snoozed_mentions_nobody(world):
    await snooze(world, flow=None)
    for flow in range(12):
        world.enos.put(f"{4000 + flow}-2026112100", name=f"flow-{flow}", end="2026-11-21 02:00:00")
    await world.poll()
    await at(world, 1)
    assert world.lines()[-1].startswith("ALERT STORM")
    assert MAYA.user not in str(world.store.cards())
    assert "STILL OPEN" not in str([post.new.body for post in world.store.posts.values()])


# ── crashes ──


@pytest.mark.parametrize("transactions", range(4))
@pytest.mark.parametrize("flow", [3377, None])
async def test_killed_around_the_end_it_is_said_once_and_reminders_come_once(world, flow, transactions):
    await fails(world)
    await snooze(world, flow=flow, hours=1)
    await at(world)
    world.store.die_after = transactions
    world.now += HOURS
    with contextlib.suppress(Killed):
        await at(world)
    world.store.die_after = None
    world.snoozes = SnoozeMonitor(world.store, People(), world.new_id, channel=CHANNEL)
    await at(world)
    await at(world, 0.6)
    assert sum(each.startswith("OPEN AGAIN") for each in thread(world)) == 1
    assert sum(each.startswith("STILL OPEN") for each in thread(world)) == 1
    assert world.lines().count("The snooze of all flows is over") == (flow is None)


async def test_killed_while_it_is_noted_that_it_is_over_and_fine(world):
    await fails(world)
    await recovers(world)
    await snooze(world, hours=1)
    world.store.die_after = 0
    with pytest.raises(Killed):
        await at(world, 1)
    world.store.die_after = None
    await at(world)
    await at(world, 1)
    assert sum(post.channel == JONAS.user for post in world.store.posts.values()) == 1


async def test_a_channel_that_watches_from_the_second_failure_on_gets_its_card_also_while_it_is_snoozed(world):
    """Else it would not hear at all of a flow that fails until the snooze is over."""
    await world.store.add_watch(Watch(0, "C0GRIDOPS1", Filters(after=2), JONAS, world.now), lambda _: ())
    await fails(world)
    await snooze(world)
    await fails(world, "3377-2026112200", "2026-11-22 02:00:00")
    home, added = incident(world).cards
    assert (home.channel, added.channel) == (CHANNEL, "C0GRIDOPS1")
    shown = str(world.store.shown(added.post))
    assert "SNOOZED · report" in shown
    assert "<@U0MAYA00001>" not in shown
    await at(world, 2)
    assert [body["text"].split(" · ")[0] for body in world.store.replies(added.post)] == ["OPEN AGAIN"]
