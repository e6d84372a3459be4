"""Assign an incident: who is asked, who is told, and when it moves."""

from dataclasses import replace

import pytest
from answer_world import ELSEWHERE, ONCALL, OPS
from handover_kit import asked, held, holder, questions, recovers, replies, time_passes

from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard
from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.outbox.posts import PostId


async def test_the_question_stands_in_the_thread_and_on_the_card_and_nothing_moves(on_call):
    card, question = await asked(on_call)
    assert question.place == "thread in #data-ops"
    assert [*question.buttons] == ["Accept", "Decline", "Withdraw"]
    assert "<@U0MAYA00001> asked <@U0JONAS0001> to take it." in card.text
    assert await holder(on_call) == "U0MAYA00001"
    (row,) = list(await on_call.maya.says("incidents"))
    assert "<@U0JONAS0001> was asked to take it" in row.text


@pytest.mark.parametrize(("reads", "place"), [((OPS, ELSEWHERE), OPS), ((ELSEWHERE,), ELSEWHERE)])
async def test_the_question_mentions_who_is_asked_in_one_thread_of_several(on_call, reads, place):
    on_call.slack.joined = {each: {"U0JONAS0001"} if each in reads else set() for each in (OPS, ELSEWHERE)}
    card = await held(on_call)
    there = IncidentCard(ELSEWHERE, PostId("there"), told_at=on_call.now)
    incident = await on_call.incident()
    await on_call.store.change(incident.id, lambda old: ChangeSet(incidents=(old.with_card(there),)))
    seen = await on_call.maya.mentions("assign to <@U0JONAS0001>", thread=card.ts)
    (question,) = [each for each in seen if "asks you to take" in each.text]
    (other,) = [each for each in seen if "Somebody was asked to take" in each.text]
    assert (question.channel, other.channel) == (place, ({OPS, ELSEWHERE} - {place}).pop())
    assert "<@" not in other.text.replace("`assign to <@U0JONAS0001>`", "")


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
