"""Backfills as people ask for them: what is shown first, what begins, what is refused, and who may stop it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED, chain
from backfill_kit import WORDS, Filling

from bot.core.flow.model import InstanceId
from bot.core.flow.status import Status
from bot.core.history.runs import PastRun

NIGHT = "0 0 2 * * ? *"


@pytest.fixture
def filling(world):
    return Filling(world)


async def remembers(world, flow, hour, *, days=range(1, 21), took=timedelta(minutes=7), status=1, freq=NIGHT):
    """History knows the runs of these nights."""
    runs = []
    for day in days:
        at = world.now.replace(day=day, hour=hour, minute=0, second=0)
        id_ = InstanceId(f"{flow}-{at:%Y%m%d%H}")
        runs.append(PastRun(id_, flow, at, status, at, at + took, 1, freq, "daily-energy-report"))
    await world.store.add_past_runs(runs)


# ── the first answer ──


async def test_what_failed_of_another_flows_backfill_is_not_started(world, maya, filling):
    await filling.begins()
    await filling.all_end(Status.FAIL)
    (refused,) = await maya.says("backfill 4500 again 1")
    assert "Backfill 1 is not of flow `4500`. Nothing was started." in refused.text
    (asked,) = await maya.says("backfill daily-energy-report again 1")
    assert "Start 3 runs of `3377`" in asked.text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("backfill 3377", "From when to when? Write both dates. Nothing was started."),
        ("backfill 3377 from 2026-11-01", "From when to when?"),
        ("backfill 3377 from 2026-11-18 to 2026-11-10", "2026-11-10 is before 2026-11-18."),
        ("backfill 3377 from 2026-11-18 to 2026-11-23", "2026-11-23 is in the future (Asia/Shanghai)."),
        ("backfill 3377 from 2026-01-01 to 2026-11-20 every hour", "These are 7,776 runs"),
        ("backfill 3377 from 2026-11-18 to 2026-11-20 task 99", "Flow `3377` has no task `99` now."),
        ("backfill 99 from 2026-11-18 to 2026-11-20", "EnOS has no flow 99."),
        ("backfill 2957 from 2026-11-18 to 2026-11-20", "Only owners can change"),
        ("backfill 3377 again 12", "I don't have backfill 12 any more."),
    ],
)
async def test_what_cannot_be_is_refused_to_the_asker_alone(world, maya, words, says):
    (answer,) = await maya.says(words)
    assert answer.place == "only maya sees"
    assert says in answer.text
    assert world.enos.done() == []


async def test_the_plan_is_shown_to_the_asker_and_asks_once(world, maya, filling):
    (question,) = await maya.says(WORDS)
    assert question.place == "only maya sees"
    assert "Start 3 runs of `3377` *daily-energy-report*, one after the other?" in question.text
    assert "every day at midnight (Asia/Shanghai)" in question.text
    assert "First: `2026-11-18 00:00` (data date 2026-11-17)." in question.text
    assert "Last: `2026-11-20 00:00` (data date 2026-11-19)." in question.text
    assert "at least 2 min" in question.text
    assert [row[1:3] for row in await world.audited()] == [(WORDS, "asked")]
    (message,) = await maya.presses(question, "Start backfill")
    assert message.place == "#data-ops"
    assert "Backfill 1 of `3377` *daily-energy-report*, as <@U0MAYA00001>: 3 runs" in message.text
    assert [*message.buttons] == ["Pause", "Stop"]
    assert [row[1:3] for row in await world.audited()][1:] == [(f"{WORDS} confirmed", "done")]
    assert world.enos.done() == []  # the backfiller starts them
    (again,) = await maya.presses(question, "Start backfill")
    assert "Already done: you pressed this" in again.text
    assert len(await world.store.open_backfills()) == 1


async def test_a_dry_run_shows_the_same_without_a_button_and_is_no_change(world, maya):
    (shown,) = await maya.says(f"{WORDS} dry-run")
    assert "A backfill of `3377` *daily-energy-report* would start 3 runs" in shown.text
    assert "Nothing was started." in shown.text
    assert (shown.place, shown.buttons) == ("only maya sees", {})
    assert (await world.audited(), await world.store.open_backfills()) == ([], ())


async def test_in_chinese_too(world, maya):
    (question,) = await maya.says("补数据 3377 从 2026-11-18 到 2026-11-20 每天")
    assert "confirmed seen" in question.buttons["Start backfill"]
    assert (
        question.buttons["Start backfill"]
        .split("|")[2]
        .startswith("backfill 3377 from 2026-11-18 to 2026-11-20 every day")
    )


async def test_a_plan_that_has_changed_since_is_asked_again(world, maya):
    (question,) = await maya.says("backfill 3377 from 2026-11-18 to today")
    world.later(minutes=1)
    world.slack.profiles["U0MAYA00001"] = replace(world.slack.profiles["U0MAYA00001"], timezone="UTC")
    (again,) = await maya.presses(question, "Start backfill")
    assert "The plan has changed since I showed it, so I ask again." in again.text
    assert await world.store.open_backfills() == ()
    (message,) = await maya.presses(again, "Start backfill")
    assert "Backfill 1 of" in message.text


async def test_typed_with_its_confirmation_it_begins(world, maya):
    (message,) = await maya.says(f"{WORDS} confirmed")
    assert "Backfill 1 of" in message.text


# ── which trigger times ──


async def test_without_every_it_is_the_schedule_of_the_flow(world, maya):
    await remembers(world, 3377, 2, days=range(1, 15))
    (question,) = await maya.says(WORDS)
    assert "by the schedule of the flow as it is today: At 02:00 (EnOS's time zone)." in question.text
    assert "First: `2026-11-18 10:00` (data date 2026-11-17)." in question.text
    assert "It takes at least 21 min. A run usually takes 7 min" in question.text


async def test_what_has_a_run_is_left_out_as_history_and_enos_have_it(world, maya, filling):
    await remembers(world, 3377, 2, days=[18])
    world.enos.run("3377-2026111902", Status.RUNNING)
    (question,) = await maya.says("backfill 3377 from 2026-11-18 to 2026-11-21 every day")
    assert "Start 2 runs" in question.text
    assert "1 is left out, because its data has a successful run: `2026-11-18 00:00`." in question.text
    assert "1 is left out, because a run for its data has not ended: `2026-11-19 00:00`." in question.text
    (message,) = await maya.presses(question, "Start backfill")
    assert "0 of 2 done. 2 trigger times were left out, because they had a run." in message.text
    assert await filling.states() == ["has a successful run", "has a run that has not ended", "planned", "planned"]


async def test_enos_is_read_as_the_asker(world, maya):
    await maya.says(WORDS)
    assert {call[1] for call in world.enos.calls} == {"u15432100000000011"}


async def test_where_all_have_a_run_there_is_nothing_to_start(world, maya):
    for day in (18, 19, 20):
        world.enos.run(f"3377-202611{day}02", Status.SUCCESS)
    (answer,) = await maya.says(WORDS)
    assert "There is nothing to start for `3377` *daily-energy-report*. Nothing was started." in answer.text
    assert "3 are left out, because their data has a successful run" in answer.text
    assert answer.buttons == {}


async def test_a_flow_whose_schedule_is_off_is_backfilled_all_the_same(world, maya):
    world.enos.change(3377, active=False)
    (question,) = await maya.says(WORDS)
    assert "The schedule of this flow is off. A backfill does not need it." in question.text


async def test_what_enos_lists_without_end_is_not_read_to_the_end(world, maya, monkeypatch):
    monkeypatch.setattr("bot.work.commands.backfilling.MOST_ROWS", 50)
    for minute in range(60):
        world.enos.run(f"3377-2026111802{minute:02}", Status.FAIL)
    (question,) = await maya.says(WORDS)
    assert "EnOS lists too many runs to read them all now." in question.text


async def test_a_task_is_where_each_run_starts(world, maya):
    (question,) = await maya.says(f"{WORDS} task 108580")
    assert "Each run starts from task *transform*." in question.text
    world.enos.change(3377, graph=chain())
    (question,) = await maya.says(f"{WORDS} task 108580")
    assert "Each run starts from task *108580*." in question.text


async def test_in_the_thread_of_its_incident_the_flow_may_be_left_out(world, maya):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    (question,) = await maya.mentions("backfill from 2026-11-18 to 2026-11-20", thread=card.ts)
    assert "Start 3 runs of `3377`" in question.text


# ── one at a time ──


async def test_a_second_one_of_a_flow_is_refused_with_a_link_to_the_first(world, maya, filling):
    message = await filling.begins()
    (refused,) = await maya.says("backfill 3377 from 2026-11-01 to 2026-11-02")
    assert "`3377` *daily-energy-report* has a backfill that has not ended. Nothing was started." in refused.text
    assert f"See <https://slack.test/C0DATAOPS1/{message.ts}|its message>." in refused.text


async def test_two_who_press_at_once_start_one(world, maya, jonas, filling):
    world.enos.change(3377, owners=("maya.chen", "jonas.weber"))
    (first,) = await maya.says(WORDS)
    (second,) = await jonas.says("backfill 3377 from 2026-11-01 to 2026-11-02")
    begin = world.store.begin_backfill

    async def slow(*what, **more):
        world.store.begin_backfill = begin
        await jonas.presses(second, "Start backfill")
        return await begin(*what, **more)

    world.store.begin_backfill = slow
    (refused,) = await maya.presses(first, "Start backfill")
    assert "has a backfill that has not ended" in refused.text
    (found,) = await world.store.open_backfills()
    assert found.by == jonas.person


async def test_before_its_message_is_in_slack_there_is_no_link(world, maya):
    begun = world.delivered

    async def later():
        return []

    world.delivered = later
    await maya.says(f"{WORDS} confirmed")
    world.delivered = begun
    seen = await maya.says("backfill 3377 from 2026-11-01 to 2026-11-02")
    assert not any("|its message>" in each.text for each in seen)


# ── pause, stop, go on ──


async def test_it_is_paused_goes_on_and_is_stopped_by_any_owner(world, maya, jonas, filling):
    world.enos.change(3377, owners=("maya.chen", "jonas.weber"))
    message = await filling.begins()
    (said,) = await jonas.presses(message, "Pause")
    assert said.place == "only jonas sees"
    assert "You paused the backfill of `3377` *daily-energy-report*." in said.text
    await filling.passes(4)
    assert "<@U0JONAS0001> paused it." in message.text
    assert [*message.buttons] == ["Go on", "Stop"]
    (said,) = await jonas.presses(message, "Go on")
    assert "Its next runs start as you." in said.text
    await filling.passes(4)
    assert "as <@U0JONAS0001>" in message.text
    assert "<@U0JONAS0001> let it go on." in message.text
    assert world.enos.done()[0][1] == "u15432100000000012"
    (said,) = await maya.presses(message, "Stop")
    assert "You stopped the backfill" in said.text
    await filling.passes(4)
    assert "<@U0MAYA00001> stopped it. The run that is under way goes on." in message.text
    assert message.buttons == {}
    acts = [row[:3] for row in await world.audited() if row[1].startswith("backfills")]
    assert acts == [
        ("jonas", "backfills pause 1 turn 1", "done"),
        ("jonas", "backfills resume 1 turn 2", "done"),
        ("maya", "backfills stop 1 turn 3", "done"),
    ]


async def test_who_does_not_own_the_flow_may_not(world, jonas, filling):
    message = await filling.begins()
    for label in ("Pause", "Stop"):
        (refused,) = await jonas.presses(message, label)
        assert "Only owners can change" in refused.text
    assert (await filling.row())[0].state.value == "running"


async def test_in_its_incidents_thread_who_does_not_own_it_reads_so_too(world, jonas, filling):
    card = await world.breaks()
    (question,) = await world.maya.mentions(WORDS, thread=card.ts)
    await world.maya.presses(question, "Start backfill")
    (refused,) = await jonas.mentions("backfills pause 1", thread=card.ts)
    assert "Only owners can change" in refused.text
    assert not refused.buttons  # what a person asks an owner for is a command of their own


async def test_who_started_it_may_stop_it_though_the_flow_is_not_theirs_any_more(world, maya, filling):
    message = await filling.begins()
    world.enos.hidden[3377] = ["u15432100000000011"]
    (said,) = await maya.presses(message, "Pause")
    assert "You paused the backfill" in said.text
    await filling.passes(4)
    (refused,) = await maya.presses(message, "Go on")
    assert "EnOS has no flow 3377" in refused.text
    (said,) = await maya.presses(message, "Stop")
    assert "You stopped the backfill" in said.text
    await filling.passes(4)
    assert "<@U0MAYA00001> stopped it. 3 runs were not started." in message.text


async def test_a_press_on_what_has_changed_does_nothing(world, maya, filling):
    message = await filling.begins()
    old = dict(message.buttons)
    await maya.presses(message, "Pause")
    await filling.passes(4)
    (refused,) = await maya.carries(message, old["Stop"])
    assert "This backfill has changed since. Nothing was changed." in refused.text
    (refused,) = await maya.says("backfills pause 1")
    assert "This backfill is paused already." in refused.text
    (refused,) = await maya.says("backfills pause 9")
    assert "I don't have backfill 9 any more." in refused.text


# ── elsewhere ──


async def test_show_and_status_mention_it(world, maya, filling):
    (shown,) = await maya.says("show 3377")
    assert "Backfill" not in shown.text
    message = await filling.begins()
    (shown,) = await maya.says("show 3377")
    assert "*Backfill:* running, 0 of 3 done." in shown.text
    assert "|View it>" in shown.text
    (status,) = await maya.says("status")
    assert "1 backfill is running." in status.text
    await maya.presses(message, "Pause")
    (shown,) = await maya.says("show 3377")
    assert "*Backfill:* paused, 0 of 3 done." in shown.text
    (status,) = await maya.says("status")
    assert "1 backfill is paused." in status.text
    await filling.passes(4)
    await maya.presses(message, "Stop")
    (shown,) = await maya.says("show 3377")
    assert "*Backfill:* being stopped, 0 of 3 done." in shown.text


async def test_the_audit_says_that_a_backfill_did_it(world, filling):
    await filling.begins()
    await filling.passes(4)
    (answer,) = await world.alex.says("audit")
    assert "`trigger 3377 at 2026-11-17T16:00Z`" in answer.text
    assert answer.text.count("by a backfill") == 1
