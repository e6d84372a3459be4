"""Take over, assign and hand over, as people do it: who is asked, who is told, and what moves."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED, ONCALL, OPS

from bot.core.incident import handover as steps
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase
from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.work.commands.offer_expiry import OfferExpiry

REDUCE = "3318-2026112102"
TURBINE = "2809-202611210200"


@pytest.fixture
def on_call(world):
    """Sam and Jonas are on call; all but Sam read the channel."""
    world.slack.groups[ONCALL] = {"U0SAMLEE001", "U0JONAS0001"}
    world.slack.joined[OPS] = {"U0MAYA00001", "U0JONAS0001"}
    return world


def expiry(world):
    return OfferExpiry(world.store, world.slack, world.services.incident_actions.offers)


async def time_passes(world, **span):
    world.later(**span)
    await expiry(world).tick(world.now)
    return await world.delivered()


def questions(seen):
    return [each for each in seen if "Accept" in each.buttons]


def replies(seen, place="thread in #data-ops"):
    return [each for each in seen if each.place == place and each.kind == "message"]


async def holder(world, instance=FAILED):
    incident = await world.incident(instance)
    return incident.acked_by and incident.acked_by.user


async def held(world, instance=FAILED, **more):
    """Maya has acknowledged an incident for some time."""
    card = await world.breaks(instance, **more)
    await world.maya.presses(card, "Acknowledge")
    world.later(minutes=5)
    return card


async def asked(world, who="jonas"):
    """Maya has asked somebody to take her incident; returns the card and the question in its thread."""
    card = await held(world)
    seen = await world.maya.mentions(f"assign to <@{world.actors[who].person.user}>", thread=card.ts)
    return card, questions(seen)[0]


# ── take over ──


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


# ── assign ──


async def test_the_question_stands_in_the_thread_and_on_the_card_and_nothing_moves(on_call):
    card, question = await asked(on_call)
    assert question.place == "thread in #data-ops"
    assert [*question.buttons] == ["Accept", "Decline", "Withdraw"]
    assert "<@U0MAYA00001> asked <@U0JONAS0001> to take it." in card.text
    assert await holder(on_call) == "U0MAYA00001"
    (row,) = list(await on_call.maya.says("incidents"))
    assert "<@U0JONAS0001> was asked to take it" in row.text


async def test_accepted_it_moves(on_call):
    card, question = await asked(on_call)
    (reply,) = replies(await on_call.jonas.presses(question, "Accept"))
    assert "<@U0JONAS0001> took over *daily-energy-report* from <@U0MAYA00001>" in reply.text
    assert await holder(on_call) == "U0JONAS0001"
    assert "asked" not in card.text
    (again,) = await on_call.jonas.presses(question, "Decline")
    assert "<@U0JONAS0001> already accepted this" in again.text


async def test_declined_it_stays_and_the_asker_reads_so(on_call):
    card, question = await asked(on_call)
    (reply,) = replies(await on_call.jonas.presses(question, "Decline"))
    assert "<@U0MAYA00001>, <@U0JONAS0001> declined to take *daily-energy-report*." in reply.text
    assert await holder(on_call) == "U0MAYA00001"
    assert "asked" not in card.text
    assert not await time_passes(on_call, minutes=31)


async def test_only_the_two_answer(on_call):
    _, question = await asked(on_call)
    for who, label in (("maya", "Accept"), ("sam", "Accept"), ("sam", "Decline")):
        (refusal,) = await on_call.actors[who].presses(question, label)
        assert "Only <@U0JONAS0001> can answer this. Nothing was changed." in refusal.text
    (refusal,) = await on_call.jonas.presses(question, "Withdraw")
    assert "Only <@U0MAYA00001>, who asked, can withdraw this." in refusal.text
    (reply,) = replies(await on_call.maya.presses(question, "Withdraw"))
    assert "no longer asks <@U0JONAS0001>" in reply.text
    (over,) = await on_call.jonas.presses(question, "Accept")
    assert "<@U0MAYA00001> withdrew this request" in over.text


async def test_who_is_not_in_the_channel_is_asked_in_direct_messages_and_accepts_there(on_call):
    on_call.slack.joined[OPS] = {"U0JONAS0001"}
    card = await held(on_call)
    seen = await on_call.maya.mentions("assign to <@U0SAMLEE001>", thread=card.ts)
    (direct,) = [each for each in questions(seen) if each.place == "dm sam"]
    assert [*direct.buttons] == ["Accept", "Decline"]
    seen = await on_call.sam.presses(direct, "Accept")
    assert await holder(on_call) == "U0SAMLEE001"
    assert replies(seen, "dm maya"), "she is not in the channel either"


async def test_silence_leaves_it_where_it_was_and_is_said_once_even_after_a_restart(on_call):
    card, question = await asked(on_call)
    assert not await time_passes(on_call, minutes=29)
    on_call.restart()
    seen = await time_passes(on_call, minutes=1)
    (reply,) = replies(seen)
    assert "⏰ <@U0MAYA00001>, <@U0JONAS0001> did not answer within 30 min" in reply.text
    assert "<@U0MAYA00001> is still on it." in reply.text
    assert "asked" not in card.text
    assert not await time_passes(on_call, hours=1)
    (late,) = await on_call.jonas.presses(question, "Accept")
    assert "This request expired" in late.text


async def test_a_second_question_takes_the_place_of_the_first(on_call):
    card, first = await asked(on_call)
    (second,) = questions(await on_call.maya.mentions("assign to <@U0SAMLEE001>", thread=card.ts))[:1]
    assert "This replaces the earlier request to <@U0JONAS0001>." in second.text
    (late,) = await on_call.jonas.presses(first, "Accept")
    assert "A newer request to <@U0SAMLEE001> replaced this one." in late.text
    assert not await time_passes(on_call, minutes=1), "the first ends without a word"
    assert replies(await time_passes(on_call, minutes=30))
    assert not await time_passes(on_call, minutes=30)


@pytest.mark.parametrize("error", ["user_not_found", None])
async def test_who_leaves_while_asked_ends_it(on_call, error):
    await asked(on_call)
    jonas = on_call.slack.profiles["U0JONAS0001"]
    if error:
        del on_call.slack.profiles["U0JONAS0001"]
    else:
        on_call.slack.profiles["U0JONAS0001"] = replace(jonas, deleted=True)
    (reply,) = replies(await time_passes(on_call, seconds=15))
    assert "their account is not active any more. <@U0MAYA00001> is still on it." in reply.text
    assert not await time_passes(on_call, hours=1)


@pytest.mark.parametrize("trouble", [SlackUnclear(), SlackRefused("fatal_error")])
async def test_silence_of_slack_ends_nothing(on_call, trouble):
    await asked(on_call)
    on_call.slack.broken["profile"] = trouble
    assert not await time_passes(on_call, minutes=1)


async def recovers(world):
    await world.store.change(
        (await world.incident()).id,
        lambda old: ChangeSet(incidents=(lifecycle.recovered(old, "3377-2026112103", world.now)[0],)),
    )


async def closes(world):
    await world.maya.says("close 3377")


async def is_taken(world):
    await world.sam.says("take 3377")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (recovers, "This incident recovered"),
        (closes, "closed this incident"),
        (is_taken, "<@U0SAMLEE001> is on it now."),
    ],
)
async def test_what_happens_meanwhile_ends_it_and_buttons_answer_so(on_call, what, why):
    _, question = await asked(on_call)
    await what(on_call)
    for label in ("Accept", "Decline"):
        (answer,) = await on_call.jonas.presses(question, label)
        assert why in answer.text
    assert not await time_passes(on_call, hours=1)


async def test_handed_back_while_asked_it_can_still_be_accepted(on_call):
    _, question = await asked(on_call)
    await on_call.maya.says("unack 3377")
    await on_call.jonas.presses(question, "Accept")
    assert await holder(on_call) == "U0JONAS0001"


@pytest.mark.parametrize(
    ("whom", "why"),
    [
        ("maya", "You can't ask yourself. Nothing was changed. Use `take 3377`."),
        ("robot", "is an app, and only people can take incidents. Nothing was changed."),
        ("stranger", "is not in this workspace."),
        ("gone", "is deactivated. Nothing was changed."),
        ("guest", "is a guest who is not linked to an EnOS user."),
        ("priya", "<@U0PRIYA0001> is neither an owner of `3377` *daily-energy-report* nor on call."),
        ("alex", "<@U0ALEX00001> is neither an owner of `3377` *daily-energy-report* nor on call."),
    ],
)
async def test_whom_nobody_can_ask(on_call, whom, why):
    card = await held(on_call)
    (refusal,) = await on_call.maya.mentions(f"assign to <@{on_call.actors[whom].person.user}>", thread=card.ts)
    assert refusal.place == "only maya sees"
    assert why in refusal.text
    assert (await on_call.incident()).ask is None


async def test_whom_slack_does_not_know_or_flowbot_cannot_judge(on_call):
    await held(on_call)
    (refusal,) = await on_call.maya.says("assign 3377 to <@U0NOBODY001>")
    assert "Slack doesn't show me this person" in refusal.text
    on_call.slack.broken["group"] = SlackRefused("missing_scope")
    (refusal,) = await on_call.maya.says("assign 3377 to <@U0SAMLEE001>")
    assert "I can't tell now whether <@U0SAMLEE001> may take" in refusal.text


async def test_an_owner_whose_link_is_not_verified_is_refused_with_that(on_call):
    on_call.enos.names.pop("u15432100000000015")  # Lina's user may edit nothing
    await held(on_call, "4501-2026112102", flow=4501, name="forecast-small", owners=("maya.chen", "lina.gomez"))
    (refusal,) = await on_call.maya.says("assign 4501 to <@U0LINA00001>")
    assert "their link to EnOS is not verified yet" in refusal.text


async def test_rights_are_checked_again_when_it_is_accepted(on_call):
    _, question = await asked(on_call)
    on_call.slack.groups[ONCALL] = {"U0SAMLEE001"}
    (refusal,) = await on_call.jonas.presses(question, "Accept")
    assert "and people on call can do this" in refusal.text
    assert await holder(on_call) == "U0MAYA00001"
    await on_call.jonas.presses(question, "Decline")
    assert (await on_call.incident()).ask is None


async def test_without_a_link_nobody_assigns(on_call):
    await on_call.breaks()
    (refusal,) = await on_call.sam.says("assign 3377 to <@U0JONAS0001>")
    assert "You're not linked to an EnOS user yet" in refusal.text


async def test_a_button_of_an_offer_that_is_forgotten(on_call):
    _, question = await asked(on_call)
    (refusal,) = await on_call.jonas.carries(question, question.buttons["Accept"] + "0")
    assert "This request is too old" in refusal.text


# ── hand over ──


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


# ── close as ──


async def test_a_close_says_as_what_and_the_closed_card_offers_it(on_call):
    card = await on_call.breaks()
    await on_call.maya.presses(card, "Close")
    (reply,) = replies(await on_call.maya.presses(card, "Mark as a duplicate"))
    assert "<@U0MAYA00001> marked *daily-energy-report* as a duplicate." in reply.text
    assert "Closed as a duplicate." in card.text
    assert "Mark as fixed" not in card.buttons
    seen = await on_call.maya.says("failed of 3377")
    assert seen
