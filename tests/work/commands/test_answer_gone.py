"""Flows that EnOS does not show any more: their incidents stay, and the people last known for them can end them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_enos import refusal
from answer_world import OPS

from bot.core.flow.model import UserId, UserName
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase
from bot.core.people.model import Link
from bot.core.text.message import msg
from bot.enos.errors import NoResponse, Unreachable
from bot.work.commands.flow_access import report_if_gone
from bot.work.monitor.reminders import ReminderChecks, Reminders

GONE = "EnOS no longer shows me"


def told(world, words):
    return [each for each in world.seen if words in each.text]


async def deleted(world):
    card = await world.breaks()
    del world.enos.flows[3377]
    return card


@pytest.mark.parametrize("way", ["typed", "pressed"])
async def test_the_owner_of_a_deleted_flow_ends_its_incident(world, maya, way):
    card = await deleted(world)
    if way == "pressed":
        await maya.presses(card, "Acknowledge")
    else:
        await maya.says("ack 3377")
    assert (await world.incident()).acked_by == maya.person
    assert len(told(world, GONE)) == 1
    for words, phase in (("unack", Phase.OPEN), ("close", Phase.CLOSED), ("reopen", Phase.OPEN)):
        await maya.says(f"{words} 3377")
        assert (await world.incident()).phase is phase
    assert len(told(world, GONE)) == 1  # said once
    assert told(world, "has no flow") == []


async def test_the_reply_that_says_so_has_a_button_that_closes(world, maya):
    await deleted(world)
    await maya.says("ack 3377")
    (said,) = told(world, GONE)
    assert said.channel == OPS
    await maya.presses(said, "Close")
    assert (await world.incident()).phase is Phase.CLOSED


async def test_others_learn_nothing_of_a_flow_that_enos_does_not_show(world, jonas):
    await deleted(world)
    said, refused = await jonas.says("close 3377")
    assert GONE in said.text
    assert (refused.place, "I found no incident of flow `3377`" in refused.text) == ("only jonas sees", True)
    assert "daily-energy-report" not in refused.text


async def test_on_the_card_itself_others_read_who_the_owners_are(world, jonas):
    card = await deleted(world)
    seen = await jonas.presses(card, "Acknowledge")
    assert any("Ask <@U0MAYA00001>" in each.text for each in seen)


async def test_whoever_acknowledged_it_hands_it_back_and_closes_it_though_no_longer_on_call(world):
    await world.breaks()
    await world.sam.says("ack 3377")
    world.slack.groups["S0ONCALL01"] = {"U0SOMEBODY1"}
    world.enos.names["u15432100000000021"] = "sam.lee"
    await world.store.put_links([Link(world.sam.person, UserId("u15432100000000021"), UserName("sam.lee"))])
    (refused,) = await world.sam.says("close 3377")
    assert "people on call can do this" in refused.text
    del world.enos.flows[3377]
    await world.sam.says("close 3377")
    assert (await world.incident()).phase is Phase.CLOSED


async def test_people_may_hand_back_what_they_acknowledged_at_any_time(world):
    await world.breaks()
    await world.sam.says("ack 3377")
    world.slack.groups["S0ONCALL01"] = {"U0SOMEBODY1"}
    await world.store.put_links([Link(world.sam.person, UserId("u15432100000000021"), UserName("sam.lee"))])
    await world.sam.says("unack 3377")
    assert (await world.incident()).phase is Phase.OPEN


@pytest.mark.parametrize("why", ["no_right", "wrong_user", "unknown_flow"])
async def test_a_flow_hidden_only_from_its_owner_is_judged_by_what_the_monitor_reads(world, maya, why):
    await world.breaks()
    if why == "unknown_flow":
        world.enos.hidden[3377] = {"u15432100000000011"}
    else:
        world.enos.faults["flow"] = [refusal(why, "no")]
    seen = await maya.says("close 3377")
    assert (await world.incident()).phase is Phase.CLOSED
    assert told(world, GONE) == []
    assert all("may" not in each.text for each in seen)


async def test_an_earlier_owner_from_whom_enos_hides_the_flow_may_not_and_learns_nothing(world, maya):
    await world.breaks()
    world.enos.change(3377, owners=(UserName("jonas.weber"),))
    world.enos.hidden[3377] = {"u15432100000000011"}
    (refused,) = await maya.says("close 3377")
    assert "I found no incident of flow `3377`" in refused.text
    assert (await world.incident()).phase is Phase.OPEN


async def test_while_enos_is_down_nobody_reads_that_they_may_not(world, jonas, maya):
    await world.breaks()
    world.enos.faults["flow"] = [Unreachable(msg("refused")), Unreachable(msg("refused"))]
    (unread,) = await jonas.says("ack 3377")
    assert "I could not read who owns this flow" in unread.text
    assert "People on call can still do it." in unread.text
    await maya.says("ack 3377")
    assert (await world.incident()).acked_by == maya.person


async def test_while_only_the_monitor_is_refused_known_owners_count_and_the_flow_is_not_gone(world, maya, jonas):
    await world.breaks()
    world.enos.faults["flow"] = [refusal("wrong_user", "no"), refusal("wrong_user", "no")]
    (unread,) = await jonas.says("close 3377")
    assert "I could not read who owns this flow" in unread.text
    world.enos.faults["flow"] = [refusal("wrong_user", "no"), NoResponse()]
    await maya.says("close 3377")
    assert (await world.incident()).phase is Phase.CLOSED
    assert told(world, GONE) == []


@pytest.mark.parametrize("proves", [True, False])
async def test_an_owner_whose_link_is_not_proven_proves_it_by_another_flow(world, proves):
    await world.breaks("4410-2026112102", flow=4410, name="weather", owners=("lina.gomez",))
    del world.enos.flows[4410]
    if not proves:
        world.enos.change(4501, owners=(UserName("maya.chen"),))
    await world.lina.says("ack 4410")
    assert (await world.store.link(world.lina.person)).verified is proves
    assert ((await world.incident("4410-2026112102")).acked_by is not None) is proves


async def test_while_enos_is_down_an_unproven_owner_reads_that_it_could_not_be_read(world):
    await world.breaks("4501-2026112102", flow=4501, name="forecast-small", owners=("lina.gomez",))
    world.enos.faults["flow"] = [Unreachable(msg("refused"))]
    (unread,) = await world.lina.says("ack 4501")
    assert "I could not read who owns this flow" in unread.text


async def test_a_flow_that_is_shown_again_is_not_gone(world, maya):
    await world.breaks()
    flow = world.enos.flows.pop(3377)
    await maya.says("ack 3377")
    assert (await world.incident()).gone
    world.enos.flows[3377] = flow
    await maya.says("ack 3377 for 2h")
    assert not (await world.incident()).gone


async def test_a_run_of_a_deleted_flow_is_not_followed_forever(world, maya):
    from answer_world import Lost

    world.enos.faults["trigger"] = [Lost(effect=True)]
    await maya.says("trigger 3377")
    del world.enos.flows[3377]
    world.restart()
    await world.tick(seconds=91)
    assert len(await world.store.runs(live=True)) == 1
    await world.tick(hours=25)
    assert await world.store.runs(live=True) == ()


# ── reminders ──


def reminders(world):
    async def gone(incident, now):
        return await report_if_gone(world.enos, world.services.incident_actions, incident, now)

    checks = ReminderChecks(world.services.on_call.read, world.slack.members, gone)
    return Reminders(world.store, world.services.owners, world.new_id, timedelta(minutes=30), checks)


async def reminded(world, minutes):
    world.later(minutes=minutes)
    await reminders(world).tick(world.now)
    return [each.text for each in await world.delivered()]


async def test_reminders_of_a_deleted_flow_say_so_once_and_stop(world):
    await deleted(world)
    (said,) = await reminded(world, 31)
    assert GONE in said
    for _ in range(8):
        assert await reminded(world, 24 * 60) == []


async def test_an_acknowledged_incident_gets_no_question_either(world, maya):
    await world.breaks()
    await maya.says("ack 3377")
    del world.enos.flows[3377]
    (said,) = await reminded(world, 4 * 60 - 10)
    assert GONE in said
    assert await reminded(world, 24 * 60) == []
    assert (await world.incident()).phase is Phase.ACKNOWLEDGED


@pytest.mark.parametrize("fault", [Unreachable(msg("refused")), refusal("no_right", "no"), refusal("wrong_user", "no")])
async def test_reminders_continue_while_enos_does_not_answer(world, fault):
    await world.breaks()
    await world.breaks("2809-202611211000", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    world.enos.faults["flow"] = [fault]
    assert sum("has been failing for 31 min" in each for each in await reminded(world, 31)) == 4  # each to Sam, too


async def test_a_new_failure_of_a_flow_that_is_shown_again_has_reminders(world, maya):
    from bot.core.incident import lifecycle

    card = await deleted(world)
    await reminded(world, 31)
    incident = await world.incident()
    assert incident.gone
    newer = replace(incident.occurrences[0], instance="3377-2026112202", seen_at=world.now, end_time="2026-11-22")
    await world.store.change(incident.id, lambda old: ChangeSet(incidents=(lifecycle.failed(old, newer, ())[0],)))
    assert not (await world.incident()).gone
    assert card.channel == OPS
