"""Requests to an owner that nobody runs: declined, withdrawn, over or refused; and who is asked directly."""

from dataclasses import replace

from answer_world import FAILED, OPS
from asking_kit import JONAS, MAYA, asks, message, offers
from handover_kit import time_passes

from bot.core.incident.facts import ChangeSet
from bot.core.outbox.posts import PostId


async def test_declined_the_asker_reads_so(world):
    question = message(await asks(world), "dm maya")
    seen = await world.maya.presses(question, "Decline")
    assert f"{MAYA} declined to run this for you: `trigger 3377`" in message(seen, "dm jonas").text
    assert (
        f"You declined. I told {JONAS}."
        in message([each for each in seen if each is not question], "only maya sees").text
    )
    assert f"{MAYA} declined to run this for {JONAS}: `trigger 3377`" in question.text
    assert not question.buttons


async def test_only_who_was_asked_declines(world):
    card = await world.breaks()
    (refused,) = await world.jonas.mentions("disable", thread=card.ts)
    question = message(await world.jonas.presses(refused, "Ask an owner"), "thread in #data-ops")
    (refusal,) = await world.alex.presses(question, "Decline")
    assert f"Only the people who were asked can answer this: {MAYA}. Nothing was changed." in refusal.text
    (refusal,) = await world.maya.presses(question, "Withdraw")
    assert "who asked, can withdraw this" in refusal.text


async def test_withdrawn_it_cannot_be_run(world):
    seen = await asks(world)
    question, answer = message(seen, "dm maya"), message(seen, "only jonas sees")
    run_it = question.buttons["Run it"]
    await world.jonas.presses(answer, "Withdraw")
    assert f"{JONAS} withdrew this request: `trigger 3377`" in question.text
    (refusal,) = await world.maya.carries(question, run_it)
    assert f"{JONAS} withdrew this request" in refusal.text
    assert world.enos.done() == []


async def test_after_an_hour_it_is_over_and_that_is_said_once(world):
    question = message(await asks(world), "dm maya")
    run_it = question.buttons["Run it"]
    assert not await time_passes(world, minutes=59)
    seen = await time_passes(world, minutes=1)
    assert "Nobody answered your request within 1 h: `trigger 3377`" in message(seen, "dm jonas").text
    assert f"Nobody answered {JONAS} within 1 h, so this was not run: `trigger 3377`" in question.text
    (refusal,) = await world.maya.carries(question, run_it)
    assert "because nobody answered it" in refusal.text
    assert not await time_passes(world, minutes=1)


async def test_three_may_be_open_and_the_fourth_is_refused_with_them(world):
    for words in ("trigger 3377", "enable 3377", "disable 3377"):
        await asks(world, words)
    (refusal,) = await asks(world, "runbook 3377 call the grid team")
    assert "You have 3 open requests, and more are not possible. Nothing was changed." in refusal.text
    assert "1. `trigger 3377`" in refusal.text
    assert list(refusal.buttons) == ["Withdraw 1", "Withdraw 2", "Withdraw 3"]
    await world.jonas.presses(refusal, "Withdraw 2")
    assert len(await offers(world)) == 2
    assert len(await asks(world, "runbook 3377 call the grid team")) == 2


async def test_the_same_is_not_asked_twice(world):
    await asks(world)
    (refusal,) = await asks(world)
    assert "You already asked for this." in refusal.text
    await world.jonas.presses(refusal, "Withdraw")
    assert len(await asks(world)) == 2


async def test_a_request_too_old_to_know_is_refused(world):
    (refusal,) = await world.maya.says("accept 0123456789abcdef")
    assert "This request is too old" in refusal.text


async def test_a_time_that_comes_twice_is_refused_without_a_button(world):
    world.slack.person(world.jonas.person, "jonas", timezone="America/New_York")
    (refusal,) = await world.jonas.says('ask "trigger 3377 at 2026-11-01 01:30"')
    assert "comes twice in America/New_York" in refusal.text
    assert not refusal.buttons
    assert not await offers(world)


async def test_of_an_incident_that_only_the_asker_reads_the_owners_are_asked_directly(world):
    card = await world.breaks(channel="U0JONAS0001")
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    (refused,) = await world.jonas.presses(card, "Rerun")
    seen = await world.jonas.presses(refused, "Ask an owner")
    question = message(seen, "dm maya")
    assert f"asks you to run `rerun {FAILED}`" in question.text
    assert [each for each in seen if "Run it" in each.buttons] == [question]


async def test_who_reads_another_channel_of_the_incident_is_asked_directly(world):
    card = await world.breaks()
    world.slack.joined |= {OPS: {"U0JONAS0001"}, "C0FINANCE1": {"U0MAYA00001"}}
    incident = await world.incident()
    second = replace(incident.home, channel="C0FINANCE1", post=PostId("elsewhere"))
    await world.store.change(incident.id, lambda old: ChangeSet(incidents=(replace(old, cards=(*old.cards, second)),)))
    (refused,) = await world.jonas.mentions("disable", thread=card.ts)
    seen = await world.jonas.presses(refused, "Ask an owner")
    assert {each.place for each in seen if "Run it" in each.buttons} == {"thread in #data-ops", "dm maya"}
