"""Backfills at work: the order, EnOS's rules, in whose name, and every reason to pause."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from backfill_kit import AT, MINUTE, WORDS, Filling

from bot.core.errors import Refusal
from bot.core.flow.backfill import PauseReason
from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.people.model import Link
from bot.core.text.message import msg

MAYA_ID, JONAS_ID = "u15432100000000011", "u15432100000000012"


@pytest.fixture
def filling(world):
    return Filling(world)


def ids(filling):
    return [f"{call[2]}-{call[-1]}" for call in filling.started]


async def only_note(world, filling, seconds=4):
    """What the person reads directly when it pauses."""
    return [each for each in await filling.passes(seconds) if each.place == "dm maya"]


# ── one after the other ──


async def test_runs_start_one_after_the_other_oldest_first_one_a_minute_at_most(world, filling):
    message = await filling.begins()
    await filling.passes(4)
    assert [*world.enos.rows] == AT[:1]
    assert f"Running now: `{AT[0]}`" in message.text
    await filling.passes(3 * MINUTE)
    assert [*world.enos.rows] == AT[:1], "the one before has not ended"
    await filling.ends(AT[0])
    assert [*world.enos.rows] == AT[:2]
    await filling.ends(AT[1], Status.FAIL, seconds=20)
    assert [*world.enos.rows] == AT[:2], "EnOS's minute"
    assert "2 of 3 done. 1 succeeded. 1 failed." in message.text
    await filling.passes(50)
    assert [*world.enos.rows] == AT
    await filling.ends(AT[2])
    assert await filling.states() == ["succeeded", "failed", "succeeded"]
    assert "3 of 3 done. 2 succeeded. 1 failed." in message.text
    assert f"`{AT[1]}` · failed" in message.text
    assert [*message.buttons] == ["Backfill the rest"]
    assert await world.store.open_backfills() == ()
    assert await filling.passes(3 * MINUTE) == []
    assert [call[:3] for call in filling.started] == [("trigger", MAYA_ID, 3377)] * 3


async def test_each_start_is_on_record_in_the_name_of_who_asked(world, filling):
    await filling.begins()
    await filling.all_end()
    rows = [row for row in await world.audited() if row[3]]
    assert [row[:6] for row in rows] == [
        ("maya", f"trigger 3377 at 2026-11-{day}T16:00Z", "done", "trigger", MAYA_ID, run)
        for day, run in zip((17, 18, 19), AT, strict=True)
    ]


async def test_all_that_people_see_is_one_message(world, filling):
    message = await filling.begins()
    before = len(world.messages)
    await filling.all_end()
    assert len(world.messages) == before
    assert "3 of 3 done. 3 succeeded." in message.text
    assert message.buttons == {}


async def test_it_is_edited_every_three_seconds_at_most_and_only_where_it_changes(world, filling):
    await filling.begins()
    edits = [number for number in range(60) if await filling.passes(2)]
    assert len(edits) == 1
    world.enos.becomes(AT[0], Status.SUCCESS, [Status.SUCCESS] * 3)
    times = [world.now for _ in range(40) if await filling.passes(2)]
    assert len(times) > 1
    assert all(later - sooner >= timedelta(seconds=3) for sooner, later in pairwise(times))


async def test_from_a_task(world, filling):
    await filling.begins(f"{WORDS} task 108580")
    await filling.passes(4)
    ((call, _, flow, task, _),) = filling.started
    assert (call, flow, task) == ("triggerFromTask", 3377, 108580)


async def test_the_rest_is_backfilled_with_its_button_as_rerun_does_it(world, filling):
    message = await filling.begins()
    await filling.passes(4)
    world.enos.becomes(AT[0], Status.FAIL, [Status.SUCCESS, Status.FAIL, Status.INIT])
    await filling.all_end()
    (question,) = await world.maya.presses(message, "Backfill the rest")
    assert "Start 1 run of `3377`" in question.text
    assert "those of backfill 1 that still need a run" in question.text
    (second,) = await world.maya.presses(question, "Start backfill")
    await filling.passes(MINUTE)
    (call, _, _, task, _) = filling.started[-1]
    assert (call, task) == ("triggerFromTask", 108580), "from the task that failed"
    rerun = [*world.enos.rows][-1]
    assert rerun == "3377-20261117160100", "in the next minute of that day"
    await filling.ends(rerun)
    assert "1 of 1 done. 1 succeeded." in second.text


async def test_a_failed_run_that_holds_the_minute_and_cannot_be_rerun_is_followed_by_a_whole_one(world, filling):
    world.enos.run(AT[0], Status.FAIL, parameters=(), kind=2)
    await filling.begins()
    await filling.passes(4)
    (call,) = filling.started
    assert call[0] == "trigger"
    assert [*world.enos.rows] == [AT[0], "3377-20261117160100"]


async def test_where_no_minute_is_free_the_next_one_goes_on(world, filling):
    world.enos.change(3377, cycle="mi")
    world.enos.run(AT[0], Status.CANCEL, kind=2)
    message = await filling.begins()
    await filling.all_end()
    assert await filling.states() == ["not started", "succeeded", "succeeded"]
    assert "not started: no minute of its data date is free" in message.text
    assert ("maya", "trigger 3377 at 2026-11-17T16:00Z", "refused:no_free_minute") in [
        row[:3] for row in await world.audited()
    ]


async def test_where_a_failed_run_has_the_only_minute_the_next_one_goes_on(world, filling):
    world.enos.change(3377, cycle="mi")
    world.enos.run(AT[0], Status.FAIL, kind=2)
    await filling.begins()
    await filling.all_end()
    assert await filling.states() == ["not started", "succeeded", "succeeded"]


# ── somebody else ──


async def test_a_run_that_somebody_else_starts_meanwhile_counts_for_its_data(world, filling):
    message = await filling.begins()
    await filling.passes(4)
    world.enos.run("3377-2026111902", Status.SUCCESS)
    world.enos.run("3377-2026112002", Status.RUNNING)
    await filling.ends(AT[0])
    await filling.passes(MINUTE)
    assert await filling.states() == ["succeeded", "taken", "taken"]
    assert "For 2 somebody else started a run." in message.text
    assert len(filling.started) == 1


async def test_a_start_of_somebody_else_in_this_minute_is_waited_for(world, filling):
    await filling.begins()
    await world.maya.says("trigger 3377")
    await filling.passes(20)
    assert len(filling.started) == 1
    await filling.passes(MINUTE)
    assert len(filling.started) == 2


@pytest.mark.parametrize("reason", ["not_created", "minute_taken"])
async def test_a_minute_that_enos_refuses_is_tried_again(world, filling, reason):
    await filling.begins()
    world.enos.faults["trigger"] = [Refusal(reason, msg("EnOS did not create the run."))]
    await filling.passes(4)
    assert await filling.states() == ["planned", "planned", "planned"]
    await filling.passes(MINUTE)
    assert (await filling.states())[0] == "started"


# ── rights, asked before each start ──


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        ({"owners": ("jonas.weber",)}, PauseReason.NOT_OWNER, "`maya.chen` is not an owner of `3377`"),
        ({"locked": True}, PauseReason.FLOW_LOCKED, "is locked in EnOS. Unlock it there"),
        ({"user_locked": True}, PauseReason.USER_LOCKED, "EnOS has locked the user `maya.chen`"),
    ],
)
async def test_it_pauses_where_the_owner_may_not_any_more_and_tells_them(world, filling, change, reason, says):
    message = await filling.begins()
    await filling.passes(4)
    world.enos.change(3377, **change)
    await filling.ends(AT[0])
    notes = await only_note(world, filling, MINUTE)
    (note,) = notes
    assert "Your backfill of `3377` *daily-energy-report* is paused." in note.text
    assert says in note.text
    assert says in message.text
    assert (await filling.row())[0].reason is reason
    assert [*message.buttons] == ["Go on", "Stop"]
    assert len(filling.started) == 1
    assert await filling.passes(5 * MINUTE) == []


async def test_another_owner_lets_it_go_on_and_it_runs_as_them(world, filling):
    message = await filling.begins()
    world.enos.change(3377, owners=("jonas.weber",))
    await filling.passes(6)
    await world.jonas.presses(message, "Go on")
    await filling.passes(4)
    assert filling.started[0][1] == JONAS_ID
    assert (await filling.row())[0].user_name == "jonas.weber"


async def test_a_flow_that_is_gone_pauses_it(world, filling):
    message = await filling.begins()
    del world.enos.flows[3377]
    await filling.passes(6)
    assert (await filling.row())[0].reason is PauseReason.HIDDEN
    assert "EnOS does not show `3377` *daily-energy-report* to `maya.chen` any more." in message.text


async def test_a_person_who_is_not_linked_any_more_pauses_it(world, filling):
    message = await filling.begins()
    await world.alex.says("unlink <@U0MAYA00001>")
    await filling.passes(6)
    assert (await filling.row())[0].reason is PauseReason.NOT_LINKED
    assert "the link of the person behind `maya.chen` has changed" in message.text


async def test_a_person_who_is_another_user_now_pauses_it(world, filling):
    await filling.begins()
    link = Link(world.maya.person, UserId("u15432100000000099"), UserName("maya.other"), verified=True)
    await world.store.put_links([link])
    await filling.passes(6)
    assert (await filling.row())[0].reason is PauseReason.NOT_LINKED


async def test_a_person_who_has_left_pauses_it(world, filling):
    message = await filling.begins()
    profiles = world.slack.profiles
    profiles["U0MAYA00001"] = replace(profiles["U0MAYA00001"], deleted=True)
    await filling.passes(6)
    assert "is not active in Slack any more" in message.text
    assert world.enos.done() == []


async def test_a_task_that_is_gone_pauses_it_with_the_name_of_the_refusal(world, filling):
    message = await filling.begins(f"{WORDS} task 108580")
    world.enos.change(3377, graph=world.enos.flows[2809].graph)
    await filling.passes(6)
    assert "the next run was refused (`unknown_task`)" in message.text


async def test_what_enos_refuses_pauses_it_and_the_person_reads_why(world, filling):
    await filling.begins()
    world.enos.faults["trigger"] = [Refusal("no_task", msg("The flow has no tasks, so there is nothing to run."))]
    (note,) = await only_note(world, filling)
    assert "The flow has no tasks" in note.text
    assert await filling.states() == ["planned"] * 3
    assert (await world.audited())[-1][2] == "refused:no_task"


async def test_with_its_schedule_off_it_goes_on(world, filling):
    await filling.begins()
    world.enos.change(3377, active=False)
    await filling.all_end()
    assert await filling.states() == ["succeeded"] * 3
