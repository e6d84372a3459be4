"""Take over an incident that somebody else acknowledged, and close one as something."""

from dataclasses import replace
from datetime import timedelta

from answer_world import OPS
from handover_kit import held, holder, replies

from bot.core.outbox.conversations import SlackUnclear


async def test_one_press_moves_it_and_the_former_reads_so(on_call):
    card = await held(on_call)
    seen = await on_call.jonas.presses(card, "Take over")
    (reply,) = replies(seen)
    assert "<@U0JONAS0001> took over *daily-energy-report* from <@U0MAYA00001>, until" in reply.text
    assert await holder(on_call) == "U0JONAS0001"
    assert "It came from <@U0MAYA00001>." in card.text
    assert not [each for each in seen if each.place.startswith("dm")]


async def test_who_is_not_in_the_channel_hears_by_direct_message(on_call):
    on_call.slack.joined[OPS] = {"U0JONAS0001"}
    card = await held(on_call)
    (direct,) = replies(await on_call.jonas.presses(card, "Take over"), "dm maya")
    assert "<@U0JONAS0001> took over *daily-energy-report* from <@U0MAYA00001>" in direct.text


async def test_where_slack_does_not_list_the_members_the_direct_message_is_safe(on_call):
    card = await held(on_call)
    on_call.slack.broken["members"] = SlackUnclear()
    assert replies(await on_call.jonas.presses(card, "Take over"), "dm maya")


async def test_of_two_who_press_at_once_the_second_reads_who_has_it_and_can_press_again(on_call):
    card = await held(on_call)
    shown = replace(card, body=dict(card.body))
    await on_call.jonas.presses(shown, "Take over")
    on_call.later(seconds=1)
    (refusal,) = await on_call.sam.presses(shown, "Take over")
    assert "<@U0JONAS0001> acknowledged this incident 1 s ago. Nothing was changed." in refusal.text
    assert await holder(on_call) == "U0JONAS0001"
    await on_call.sam.presses(refusal, "Take over")
    assert await holder(on_call) == "U0SAMLEE001"


async def test_one_press_of_one_person_acts_once(on_call):
    card = await held(on_call)
    shown = replace(card, body=dict(card.body))
    await on_call.jonas.presses(shown, "Take over")
    (again,) = await on_call.jonas.presses(shown, "Take over")
    assert "Already done" in again.text


async def test_the_person_who_has_it_is_answered_kindly(on_call):
    card = await held(on_call)
    (answer,) = await on_call.maya.presses(card, "Take over")
    assert "You already have this incident until" in answer.text
    assert "`take 3377 for 4h`" in answer.text


async def test_typed_it_acknowledges_renews_and_lasts_as_long_as_is_said(on_call):
    await on_call.breaks()
    reply, *_, pointer = await on_call.maya.says("take 3377")
    assert "<@U0MAYA00001> acknowledged" in reply.text
    assert "You acknowledged" in pointer.text
    await on_call.maya.says("take 3377 for 2h")
    assert (await on_call.incident()).ack_until == on_call.now + timedelta(hours=2)


async def test_neither_owner_nor_on_call_may_take_it(world):
    await held(world)
    (refusal,) = await world.jonas.says("take 3377")
    assert "and people on call can do this" in refusal.text
    assert await holder(world) == "U0MAYA00001"


async def test_a_close_says_as_what_and_the_closed_card_offers_it(on_call):
    card = await on_call.breaks()
    await on_call.maya.submits(await on_call.maya.presses(card, "Close"))
    (reply,) = replies(await on_call.maya.presses(card, "Mark as a duplicate"))
    assert "<@U0MAYA00001> marked *daily-energy-report* as a duplicate." in reply.text
    assert "Closed as a duplicate." in card.text
    assert "Mark as fixed" not in card.buttons
    seen = await on_call.maya.says("failed of 3377")
    assert seen
