"""Ask an owner: who may not do something sends the command to those who may, and one of them runs it once."""

import pytest
from answer_world import FAILED, OPS, Lost
from asking_kit import AT_WORK, JONAS, LINA, MAYA, asks, entries, message, offers
from handover_kit import time_passes

from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.incident.handover import OfferState
from bot.core.people.model import Link
from bot.enos.errors import NoResponse

# ── asked, and run ──


async def test_the_owner_gets_the_exact_command_and_runs_it_with_their_rights(world):
    seen = await asks(world, "trigger 3377 with path=/x")
    question = message(seen, "dm maya")
    assert f"{JONAS} asks you to run `trigger 3377 with path=/x`." in question.text
    why = f"Only owners can change `3377` *daily-energy-report*, and {JONAS} (`jonas.weber` in EnOS) is not one."
    assert why in question.text
    answer = message(seen, "only jonas sees")
    assert f"I asked {MAYA} to run `trigger 3377 with path=/x`." in answer.text
    assert list(answer.buttons) == ["Withdraw"]
    seen = await world.maya.presses(question, "Run it")
    assert [call[:2] for call in world.enos.done()] == [("updateAndTrigger", "u15432100000000011")]
    assert f"{MAYA} ran this for {JONAS}: `trigger 3377 with path=/x`" in question.text
    assert not question.buttons
    told = message(seen, "dm jonas")
    assert f"{MAYA} ran this for you: `trigger 3377 with path=/x`" in told.text
    assert "View run" in told.buttons
    asked, ran = (await world.audited())[-2:]
    assert asked[:3] == ("jonas", 'ask "trigger 3377 with path=/x"', "done")
    assert ran[:5] == ("maya", "trigger 3377 with path=/x", "done", "updateAndTrigger", "u15432100000000011")


async def test_both_names_are_on_record(world):
    await world.maya.presses(message(await asks(world), "dm maya"), "Run it")
    entry = (await entries(world))[0]
    assert (entry.attempt.by.user, entry.attempt.asker.user) == ("U0MAYA00001", "U0JONAS0001")
    (listed,) = await world.alex.says(f"audit {JONAS}")
    assert f"asked by {JONAS}" in listed.text


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("trigger 3377", "trigger 3377"),
        ("trigger daily-energy-report from 108580", "trigger 3377 from 108580"),
        ("trigger 3377 at tomorrow 02:00", "trigger 3377 at 2026-11-22T01:00Z"),  # Jonas is in Berlin
        ("backfill 3377 from 11-18 to yesterday", "backfill 3377 from 2026-11-18 to 2026-11-20"),
        (f"rerun {FAILED}", f"rerun {FAILED}"),
        (f"cancel {AT_WORK}", f"cancel {AT_WORK}"),
        ("enable 3377", "enable 3377"),
        ("disable 3377", "disable 3377"),
        ("runbook 3377 call the grid team", "runbook 3377 call the grid team"),
        ('retry 3377 on "Connection reset"', 'retry 3377 on "Connection reset"'),
        ("expect 3377 by 06:00", "expect 3377 by 06:00"),
    ],
)
async def test_every_verb_of_owners_can_be_asked_for(world, words, command):
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    world.enos.run(AT_WORK, Status.RUNNING)
    if words.startswith("enable"):
        world.enos.change(3377, active=False)
    question = message(await asks(world, words), "dm maya")
    assert f"asks you to run `{command}`." in question.text
    await world.maya.presses(question, "Run it")
    assert f"{MAYA} ran this for {JONAS}: `{command}`" in question.text
    assert (await world.audited())[-1][:3] == ("maya", command, "done")


async def test_times_are_those_of_the_asker(world):
    question = message(await asks(world, "expect 3377 by 06:00"), "dm maya")
    await world.maya.presses(question, "Run it")
    (kept,) = (await world.store.expectations()).values()
    assert kept.zone == "Europe/Berlin"


async def test_in_an_incidents_thread_the_owners_are_asked_there(world):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    (refused,) = await world.jonas.mentions("rerun", thread=card.ts)
    seen = await world.jonas.presses(refused, "Ask an owner")
    question = message(seen, "thread in #data-ops")
    assert f"{MAYA}, {JONAS} asks you to run `rerun {FAILED}`." in question.text
    assert list(question.buttons) == ["Run it", "Decline", "Withdraw"]
    assert not [each for each in seen if each.place == "dm maya"], "she reads the channel"
    seen = await world.maya.presses(question, "Run it")
    assert [each for each in seen if each.place == "thread in #data-ops" and each is not question]
    assert f"{MAYA} ran this for {JONAS}: `rerun {FAILED}`" in question.text


async def test_who_does_not_read_the_channel_gets_a_direct_message_too(world):
    world.slack.joined[OPS] = {"U0JONAS0001"}
    card = await world.breaks()
    (refused,) = await world.jonas.mentions("disable", thread=card.ts)
    seen = await world.jonas.presses(refused, "Ask an owner")
    direct, threaded = message(seen, "dm maya"), message(seen, "thread in #data-ops")
    seen = await world.maya.presses(direct, "Run it")
    assert f"{MAYA} ran this for {JONAS}" in direct.text
    assert f"{MAYA} ran this for {JONAS}" in threaded.text
    assert not {**direct.buttons, **threaded.buttons}


async def test_closing_and_snoozing_can_be_asked_for(world):
    await world.breaks()
    question = message(await asks(world, "close 3377 because known"), "dm maya")
    assert "Only owners of `3377` *daily-energy-report* and people on call can do this" in question.text
    await world.maya.presses(question, "Run it")
    assert (await world.incident()).ended_by == world.maya.person


# ── who can be asked ──


async def two_owners(world):
    world.enos.change(3377, owners=(UserName("maya.chen"), UserName("lina.gomez"), UserName("no.body")))


async def test_all_linked_owners_are_asked_and_the_others_are_named(world):
    await two_owners(world)
    seen = await asks(world)
    assert {each.place for each in seen} == {"dm maya", "dm lina", "only jonas sees"}
    text = message(seen, "only jonas sees").text
    assert f"I asked {LINA}, {MAYA} to run `trigger 3377`." in text
    assert "I could not ask `no.body`: nobody here is linked to them." in text


async def test_who_cannot_be_reached_is_said(world):
    await two_owners(world)
    await world.store.set_note("unreached U0LINA00001", f'["channel_not_found", "{world.now.isoformat()}"]')
    seen = await asks(world)
    assert {each.place for each in seen} == {"dm maya", "only jonas sees"}
    assert f"I can't reach {LINA} by direct message." in message(seen, "only jonas sees").text
    await world.store.set_note("unreached U0MAYA00001", f'["channel_not_found", "{world.now.isoformat()}"]')
    (refusal,) = await asks(world, "enable 3377")
    assert f"I can't reach {LINA}, {MAYA} by direct message. Nothing was changed." in refusal.text


@pytest.mark.parametrize("how", ["unlinked", "deactivated"])
async def test_without_an_owner_to_ask_there_is_no_button(world, how):
    if how == "unlinked":
        await world.alex.says(f"unlink {MAYA}")
    else:
        world.slack.person(world.maya.person, "maya", deleted=True)
    (refused,) = await world.jonas.says("trigger 3377")
    assert "None of the owners is linked to a person here, so I can't ask them for you." in refused.text
    assert "maya" in refused.text.casefold()
    assert not refused.buttons
    (typed,) = await world.jonas.says('ask "trigger 3377"')
    assert "None of the owners is linked to a person here" in typed.text


async def test_a_command_with_a_secret_is_not_sent_to_anybody(world):
    (refused,) = await world.jonas.says("trigger 3377 with password=hunter22")
    assert "This command holds a secret, so I can't send it to an owner." in refused.text
    assert not refused.buttons
    (typed,) = await world.jonas.says('ask "trigger 3377 with password=hunter22"')
    assert "hunter22" not in typed.text
    assert "hunter22" not in str(await entries(world))
    assert not await offers(world)


async def test_a_command_that_no_message_can_show_is_not_sent(world):
    (refused,) = await world.jonas.says(f"trigger 3377 with path={'x' * 1600}")
    assert "too long for me to send it to an owner" in refused.text
    assert not refused.buttons


@pytest.mark.parametrize(
    "words", ["incidents", "rerun all", "trigger daily-energy-report", "ack 3377", "snooze all because x"]
)
async def test_what_needs_no_owner_cannot_be_asked_for(world, words):
    (refusal,) = await world.jonas.says(f'ask "{words}"')
    assert "I can't ask an owner for this command. Nothing was changed." in refusal.text


async def test_without_a_link_nobody_is_asked(world):
    (refusal,) = await world.priya.says('ask "trigger 3377"')
    assert "not linked" in refusal.text


# ── once ──


async def test_of_two_owners_one_runs_it_and_the_other_reads_who(world):
    await two_owners(world)
    await world.store.put_links(
        [Link(world.lina.person, UserId("u15432100000000015"), UserName("lina.gomez"), verified=True)]
    )
    seen = await asks(world)
    first, second = message(seen, "dm maya"), message(seen, "dm lina")
    buttons = second.buttons
    await world.maya.presses(first, "Run it")
    (refusal,) = await world.lina.carries(second, buttons["Run it"])
    assert f"{MAYA} already did this" in refusal.text
    assert len(world.enos.done()) == 1
    assert not second.buttons


@pytest.mark.parametrize("effect", [True, False])
async def test_while_its_answer_is_lost_the_other_reads_who_runs_it(world, effect):
    await two_owners(world)
    seen = await asks(world)
    first, second = message(seen, "dm maya"), message(seen, "dm lina")
    world.enos.faults["trigger"] = [Lost(effect=effect)]
    await world.maya.presses(first, "Run it")
    (refusal,) = await world.lina.presses(second, "Run it")
    assert f"{MAYA} is running this now. Nothing was changed." in refusal.text
    for _ in range(20):
        await world.tick(seconds=30)
    seen = await time_passes(world, minutes=1)
    if effect:
        assert f"{MAYA} ran this for you: `trigger 3377`" in message(seen, "dm jonas").text
        assert f"{MAYA} ran this for {JONAS}" in first.text
        assert f"{MAYA} ran this for {JONAS}" in second.text
    else:
        assert (await offers(world))[0].state is OfferState.OPEN
    assert len([call for call in world.enos.calls if call[0] == "trigger"]) == 1


async def test_what_is_not_known_is_told_as_not_known(world):
    question = message(await asks(world, "disable 3377"), "dm maya")
    world.enos.faults["disable"] = [Lost(effect=True)]
    world.enos.faults["flow"] = [None, NoResponse(30)]
    seen = await world.maya.presses(question, "Run it")
    assert "I don't know whether it was done" in message(seen, "dm jonas").text
    assert "I don't know whether it was done" in question.text


async def test_whoever_is_no_owner_cannot_run_it_and_it_stays_open(world):
    card = await world.breaks()
    (refused,) = await world.jonas.mentions("disable", thread=card.ts)
    question = message(await world.jonas.presses(refused, "Ask an owner"), "thread in #data-ops")
    (refusal,) = await world.alex.presses(question, "Run it")
    assert "Only owners can change" in refusal.text
    assert not refusal.buttons
    assert world.enos.done() == []
    (refusal,) = await world.priya.presses(question, "Run it")
    assert "not linked" in refusal.text
    await world.maya.presses(question, "Run it")
    assert len(world.enos.done()) == 1


async def test_what_enos_refuses_can_be_tried_again(world):
    question = message(await asks(world), "dm maya")
    world.enos.change(3377, locked=True)
    (refusal,) = await world.maya.presses(question, "Run it")
    assert "is locked in EnOS" in refusal.text
    assert list(question.buttons) == ["Run it", "Decline"]
    world.enos.change(3377, locked=False)
    await world.maya.presses(question, "Run it")
    assert len(world.enos.done()) == 1


async def test_the_asker_never_runs_it(world):
    question = message(await asks(world), "dm maya")
    (refusal,) = await world.jonas.carries(question, question.buttons["Run it"])
    assert "You asked for this, so somebody else has to answer it. Nothing was changed." in refusal.text
    assert list(refusal.buttons) == ["Withdraw"]
    world.enos.change(3377, owners=(UserName("maya.chen"), UserName("jonas.weber")))
    (refusal,) = await world.jonas.carries(question, question.buttons["Run it"])
    assert "You may do it yourself now." in refusal.text
    assert world.enos.done() == []
    await world.jonas.starts(refusal, "Run it")
    assert [call[1] for call in world.enos.done()] == ["u15432100000000012"]


async def test_whose_rights_have_come_meanwhile_is_told_so(world):
    (refused,) = await world.jonas.says("trigger 3377")
    world.enos.change(3377, owners=(UserName("maya.chen"), UserName("jonas.weber")))
    (refusal,) = await world.jonas.presses(refused, "Ask an owner")
    assert "You are an owner of this flow now, so you can do it yourself." in refusal.text
    await world.jonas.starts(refusal, "Run it")
    assert len(world.enos.done()) == 1


async def test_it_can_still_be_run_when_the_askers_rights_have_come(world):
    question = message(await asks(world), "dm maya")
    world.enos.change(3377, owners=(UserName("maya.chen"), UserName("jonas.weber")))
    await world.maya.presses(question, "Run it")
    assert len(world.enos.done()) == 1
