"""Hand over all that somebody has acknowledged, at the end of a shift."""

from dataclasses import replace

from answer_world import FAILED, ONCALL
from handover_kit import REDUCE, held, holder, questions, recovers, replies, time_passes

from bot.core.incident import handover as steps
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase


async def shift(world, who="jonas"):
    """Maya has three incidents and hands them over; returns the question."""
    for instance, flow, name in ((FAILED, 3377, "daily-energy-report"), (REDUCE, 3318, "reduce_entity")):
        await held(world, instance, flow=flow, name=name)
    answer, question = sorted(
        [
            each
            for each in await world.maya.says(f"handover to <@{world.actors[who].person.user}>")
            if each.kind != "edit"
        ],
        key=lambda each: "Accept" in each.buttons,
    )[-2:]
    return answer, question


async def test_all_is_offered_in_one_message_and_accepted_with_one_press(on_call):
    _answer, question = await shift(on_call)
    assert question.place == "dm jonas"
    assert "<@U0MAYA00001> asks you to take 2 incidents that they acknowledged." in question.text
    seen = await on_call.jonas.presses(question, "Accept")
    assert [await holder(on_call, each) for each in (FAILED, REDUCE)] == ["U0JONAS0001"] * 2
    assert len(replies(seen)) == 2
    (told,) = replies(seen, "dm maya")
    assert "<@U0JONAS0001> took over 2 incidents from you." in told.text
    assert "You took over 2 incidents from <@U0MAYA00001>." in next(e for e in seen if "only jonas" in e.place).text


async def test_declined_all_stays_and_the_asker_reads_so(on_call):
    answer, question = await shift(on_call)
    assert "Until they accept, they stay with you." in answer.text
    seen = await on_call.jonas.presses(question, "Decline")
    assert "<@U0JONAS0001> declined to take your incidents." in replies(seen, "dm maya")[0].text
    assert [await holder(on_call, each) for each in (FAILED, REDUCE)] == ["U0MAYA00001"] * 2


async def test_withdrawn_the_asked_one_reads_so(on_call):
    answer, _ = await shift(on_call)
    seen = await on_call.maya.presses(answer, "Withdraw")
    assert "no longer asks you to take their incidents" in replies(seen, "dm jonas")[0].text
    assert any("You withdrew the request to <@U0JONAS0001>." in each.text for each in seen)


async def test_unanswered_the_asker_reads_so_once(on_call):
    await shift(on_call)
    seen = await time_passes(on_call, minutes=30)
    assert "Everything stays with you." in replies(seen, "dm maya")[0].text
    assert not replies(seen), "nothing in the threads"
    assert not await time_passes(on_call, minutes=30)


async def test_what_recovered_meanwhile_does_not_move_and_is_said(on_call):
    _, question = await shift(on_call)
    await recovers(on_call)
    seen = await on_call.jonas.presses(question, "Accept")
    assert await holder(on_call, REDUCE) == "U0JONAS0001"
    assert (await on_call.incident()).phase is Phase.RECOVERED
    for place in ("dm maya", "only jonas sees"):
        (told,) = [each for each in seen if each.place == place]
        assert "1 incident did not move:" in told.text
        assert "This incident recovered" in told.text


async def test_where_nothing_is_left_that_is_said(on_call):
    _, question = await shift(on_call)
    for flow in (3377, 3318):
        await on_call.maya.says(f"close {flow}")
    (refusal,) = await on_call.jonas.presses(question, "Accept")
    assert "None of these incidents can move to you now. Nothing was changed." in refusal.text
    assert not await time_passes(on_call, minutes=30)


async def test_what_the_other_may_not_take_stays_and_is_named(world):
    """Jonas owns one of the two flows, and is not on call."""
    answer, question = await shift(world)
    assert "2 incidents" not in question.text
    assert "<@U0JONAS0001> is neither an owner of `3377` *daily-energy-report* nor on call." in answer.text
    await world.jonas.presses(question, "Accept")
    assert [await holder(world, each) for each in (FAILED, REDUCE)] == ["U0MAYA00001", "U0JONAS0001"]


async def test_what_the_other_may_not_take_any_more_stays(on_call):
    _, question = await shift(on_call)
    on_call.slack.groups[ONCALL] = set()
    seen = await on_call.jonas.presses(question, "Accept")
    assert [await holder(on_call, each) for each in (FAILED, REDUCE)] == ["U0MAYA00001", "U0JONAS0001"]
    assert "and people on call can do this" in replies(seen, "dm maya")[0].text
    assert (await on_call.incident()).ask is None


async def test_whoever_may_take_nothing_is_not_asked(world):
    await held(world)
    (refusal,) = await world.maya.says("handover to <@U0PRIYA0001>")
    assert "<@U0PRIYA0001> may take none of your incidents. Nothing was changed." in refusal.text


async def test_with_nothing_acknowledged_there_is_nothing_to_hand_over(on_call):
    (refusal,) = await on_call.maya.says("handover to <@U0JONAS0001>")
    assert "You have not acknowledged any incident" in refusal.text
    (refusal,) = await on_call.maya.says("handover to <@U0MAYA00001>")
    assert "You can't ask yourself." in refusal.text


async def test_whose_shift_is_over_can_still_hand_over(on_call):
    card = await on_call.breaks()
    await on_call.sam.presses(card, "Acknowledge")
    on_call.slack.groups[ONCALL] = {"U0JONAS0001"}
    seen = await on_call.sam.says("handover to <@U0JONAS0001>")
    assert questions(seen)


async def test_forty_are_one_message_and_more_than_sixty_are_not_offered_at_once(on_call, caplog):
    for number in range(65):
        await held(on_call, f"{5000 + number}-2026112102", flow=5000 + number, name=f"flow-{number}")
    seen = await on_call.maya.says("handover to <@U0JONAS0001>")
    (question,) = questions(seen)
    assert f"asks you to take {steps.MOST} incidents" in question.text
    assert "… and 40 more." in question.text
    (answer,) = [each for each in seen if "only maya" in each.place]
    assert "5 more do not fit into one request." in answer.text
    await on_call.jonas.presses(question, "Accept")
    mine = [each for each in await on_call.store.incidents() if each.acked_by.user == "U0JONAS0001"]
    assert len(mine) == steps.MOST
    assert not [each for each in caplog.records if "A transaction touched" in each.message]


async def test_incidents_that_one_message_lists_get_one_reply_together(on_call):
    await shift(on_call)
    first = (await on_call.incident()).home
    for instance in (FAILED, REDUCE):
        listed = replace((await on_call.incident(instance)).home, post=first.post, grouped=True, listed_in=first.post)
        await on_call.store.change(
            (await on_call.incident(instance)).id,
            lambda old, listed=listed: ChangeSet(incidents=(replace(old, cards=(listed,)),)),
        )
    (question,) = questions(await on_call.maya.says("handover to <@U0JONAS0001>"))
    (reply,) = replies(await on_call.jonas.presses(question, "Accept"))
    assert "<@U0JONAS0001> took over *daily-energy-report*, *reduce_entity* from <@U0MAYA00001>." in reply.text
