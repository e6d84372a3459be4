"""Who may snooze and end a snooze, and what they read where EnOS or the flow is away."""

import pytest

from bot.core.incident.model import Phase
from bot.core.text.message import msg
from bot.enos.errors import Unreachable

SNOOZE = "snooze 3377 for 2h because known"


async def test_the_reason_keeps_no_secret(world, maya):
    await world.breaks()
    await maya.says("snooze 3377 for 2h because password=hunter2 is wrong")
    (held,) = await world.store.snoozes()
    assert held.because == "password=••• is wrong"
    assert "hunter2" not in str([each.text for each in world.seen])


async def test_the_buttons_of_the_card(world, maya):
    card = await world.breaks()
    await maya.submits(await maya.fills(await maya.presses(card, "Snooze"), note="known"))
    await maya.presses(card, "End snooze")
    assert await world.store.snoozes() == ()


async def test_the_list_ends_a_snooze_with_a_button(world, maya):
    await maya.says(SNOOZE)
    (listed,) = await maya.says("snoozes")
    await maya.presses(listed, "End snooze")
    assert await world.store.snoozes() == ()


async def test_an_acknowledged_incident_stays_acknowledged(world, maya):
    await world.breaks()
    await maya.says("ack 3377")
    await maya.says(SNOOZE)
    incident = await world.incident()
    assert (incident.phase, incident.acked_by) == (Phase.ACKNOWLEDGED, maya.person)
    assert incident.snooze is not None


async def test_who_snoozed_a_flow_that_is_gone_can_end_it(world, maya):
    await world.breaks()
    await maya.says(SNOOZE)
    del world.enos.flows[3377]
    world.enos.faults["flow"] = [Unreachable(msg("refused"))] * 9
    await maya.says("unsnooze daily-energy-report")
    assert await world.store.snoozes() == ()


async def test_on_call_people_end_a_snooze_without_a_link_but_begin_none(world, maya):
    await world.breaks()
    (refused,) = await world.sam.says(SNOOZE)
    assert "You're not linked" in refused.text
    await maya.says(SNOOZE)
    await world.sam.says("unsnooze 3377")
    assert await world.store.snoozes() == ()


async def test_others_may_neither_begin_nor_end_one(world, maya, jonas):
    await world.breaks()
    (refused,) = await jonas.says(SNOOZE)
    assert "people on call can do this" in refused.text
    await maya.says(SNOOZE)
    (refused,) = await jonas.says("unsnooze 3377")
    assert "people on call can do this" in refused.text
    assert len(await world.store.snoozes()) == 1


async def test_the_list_leaves_out_what_enos_hides(world, maya, jonas):
    await maya.says(SNOOZE)
    world.enos.hidden[3377] = {"u15432100000000012"}
    (seen,) = await jonas.says("snoozes")
    assert "daily-energy-report" not in seen.text
    (seen,) = await maya.says("snoozes")
    assert "daily-energy-report" in seen.text


async def test_a_flow_that_enos_does_not_have_is_not_snoozed(world, maya):
    (refused,) = await maya.says("snooze 99 for 2h because known")
    assert "99" in refused.text
    assert await world.store.snoozes() == ()


@pytest.mark.parametrize("times", [1, 2])
async def test_a_flow_is_snoozed_once_however_often_it_is_said(world, maya, times):
    for _ in range(times):
        await maya.says(SNOOZE)
        world.later(minutes=1)
    assert len(await world.store.snoozes()) == 1
