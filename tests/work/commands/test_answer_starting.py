"""Trigger and rerun, as people say them: what is seen, and what EnOS is asked."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from answer_enos import PARAMETERS, TRANSFORM
from answer_world import FAILED, OPS, START, Lost

from bot.core.errors import DatabaseUnavailable
from bot.core.flow.model import Parameter
from bot.core.flow.run import Run
from bot.core.flow.status import Status
from bot.core.people.model import Origin, Surface
from bot.core.text.message import msg, slack_date
from bot.enos.errors import Throttled, Unreachable
from bot.work.commands.starting import second_start

MAYA = "u15432100000000011"
NOW_MS = int(START.timestamp() * 1000)
RUN = "3377-20261121143000"


def clock(hour, minute):
    """A minute of this day as a Slack date."""
    return slack_date(datetime(2026, 11, 21, hour, minute, tzinfo=UTC))


def ms(*moment):
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


async def test_a_run_is_started_from_a_task_and_the_channel_sees_who_did_it(world, maya):
    (seen,) = await maya.says("trigger 3377 from 108580")
    assert world.enos.done() == [("triggerFromTask", MAYA, 3377, TRANSFORM, NOW_MS)]
    assert seen.place == "#data-ops"
    assert "<@U0MAYA00001> started `3377` *daily-energy-report* from *transform*" in seen.text
    assert f"Run `{RUN}` · trigger time <!date^" in seen.text
    assert "data date 2026-11-20" in seen.text
    assert "↳ `trigger 3377 from 108580`" in seen.text
    assert await world.audited() == [("maya", "trigger 3377 from 108580", "done", "triggerFromTask", MAYA, RUN)]
    assert await world.store.unfinished_attempts() == ()


async def test_a_whole_flow_runs_by_its_name(world, maya):
    (seen,) = await maya.says("trigger daily-energy-report")
    assert world.enos.done() == [("trigger", MAYA, 3377, NOW_MS)]
    assert "started `3377` *daily-energy-report*." in seen.text


async def test_changed_parameters_send_the_whole_list_and_secrets_are_never_shown(world, maya):
    words = 'trigger 3377 with path="/new files/a=b" db_password=hunter2'
    (seen,) = await maya.says(words)
    sent = (("path", "/new files/a=b"), ("overwrite", "true"), ("db_password", "hunter2"))
    assert world.enos.done() == [("updateAndTrigger", MAYA, 3377, NOW_MS, sent)]
    assert "`path` = `/new files/a=b`" in seen.text
    assert "`db_password` = `•••`" in seen.text
    assert "`db_password` is not a parameter of this flow. I sent it anyway." in seen.text
    (edited,) = await world.tick(seconds=3)
    assert "`db_password` is not a parameter of this flow." in edited.text
    everything = [*map(str, world.seen), *map(str, await world.audited())]
    assert not [text for text in everything if "hunter2" in text]


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("trigger 3377 at 23:15", ms(2026, 11, 21, 15, 15)),  # Maya's evening, in Shanghai
        ("trigger 3377 at tomorrow 02:00", ms(2026, 11, 21, 18)),
        ("trigger 3377 at 2026-11-20 09:30", ms(2026, 11, 20, 1, 30)),
        ("trigger 3377 at 2026-11-20T09:30Z", ms(2026, 11, 20, 9, 30)),
        ("trigger 3377 at now", NOW_MS),
    ],
)
async def test_times_are_in_the_askers_zone(world, maya, words, at):
    await maya.says(words)
    assert world.enos.done() == [("trigger", MAYA, 3377, at)]


async def test_a_clock_time_in_the_past_asks_with_two_buttons(world, maya):
    (asked,) = await maya.says("trigger 3377 from 108580 at 08:00")
    assert asked.place == "only maya sees"
    assert "08:00 has already passed today (Asia/Shanghai)." in asked.text
    assert world.enos.done() == []
    await maya.starts(asked, "Now, for 08:00 (Asia/Shanghai)")
    assert world.enos.done() == [("triggerFromTask", MAYA, 3377, TRANSFORM, ms(2026, 11, 21))]


async def test_a_long_confirmed_command_is_kept_in_the_store(world, maya):
    value = "x" * 2500
    (asked,) = await maya.says(f"trigger 3377 at 08:00 with path={value}")
    assert asked.buttons["Now, for 08:00 (Asia/Shanghai)"].partition("|")[2].partition("|")[2].startswith("#")
    await maya.starts(asked, "Tomorrow 08:00 (Asia/Shanghai)")
    (call,) = world.enos.done()
    assert call == ("updateAndTrigger", MAYA, 3377, ms(2026, 11, 22), (("path", value), ("overwrite", "true")))


async def test_no_button_holds_a_secret(world, maya):
    (asked,) = await maya.says("trigger 3377 at 08:00 with password=hunter2")
    assert "hunter2" not in str(asked.body)
    await maya.starts(asked, "Now, for 08:00 (Asia/Shanghai)")
    assert ("password", "hunter2") in world.enos.done()[0][4]


async def test_within_the_minute_a_second_start_is_refused_and_names_the_first(world, maya):
    await maya.says("trigger 3318")
    world.later(seconds=20)
    (refused,) = await world.jonas.says("trigger 3318 at tomorrow 02:00")
    assert refused.place == "only jonas sees"
    assert (
        "<@U0MAYA00001> started `3318` *reduce_entity* 20 s ago as `3318-20261121143000`. "
        "EnOS allows one start a minute for each flow. Try again in 40 s."
    ) in refused.text
    assert refused.buttons == {"View run": f"1|{refused.buttons['View run'].split('|')[1]}|show 3318-20261121143000"}
    assert len(world.enos.done()) == 1
    world.later(seconds=41)
    await world.jonas.says("trigger 3318")
    assert len(world.enos.done()) == 2


async def test_two_people_who_start_one_flow_at_once_start_it_once(world, maya, jonas):
    await asyncio.gather(maya.says("trigger 3318"), jonas.says("trigger 3318"))
    assert len(world.enos.done()) == 1
    assert sorted(message.place for message in world.seen) in (
        ["#data-ops", "only jonas sees"],
        ["#data-ops", "only maya sees"],
    )


async def test_the_same_trigger_time_stays_taken(world, maya):
    await maya.says("trigger 3377 at 2026-11-20 09:30")
    world.later(minutes=10)
    (refused,) = await maya.says("trigger 3377 at 2026-11-20 09:30")
    assert "Name another time with `at`." in refused.text
    assert len(world.enos.done()) == 1


async def test_a_minute_taken_outside_of_flowbot_is_named(world, maya):
    world.enos.run(RUN, Status.RUNNING)
    (refused,) = await maya.says("trigger 3377")
    assert f"Run `{RUN}` already has that trigger time. EnOS does not say who started it." in refused.text
    assert world.enos.done() == []


async def test_a_refusal_of_enos_frees_the_minute(world, maya):
    world.enos.faults["trigger"] = [Throttled(30)]
    (refused,) = await maya.says("trigger 3377")
    assert "EnOS asks for fewer requests. Try again in 30 s." in refused.text
    await maya.says("trigger 3377")
    assert [call[0] for call in world.enos.done()] == ["trigger", "trigger"]
    assert [row[2] for row in await world.audited()] == ["outage:Throttled", "done"]


async def test_a_flow_without_tasks_is_refused_by_enos(world, maya):
    (refused,) = await maya.says("trigger 4102")
    assert refused.place == "only maya sees"
    assert "The flow has no tasks, so there is nothing to run." in refused.text
    assert [row[2] for row in await world.audited()] == ["refused:no_task"]


async def test_a_task_that_the_flow_lacks_is_refused_with_its_tasks(world, maya):
    (refused,) = await maya.says("trigger 3377 from 7")
    assert "`3377` *daily-energy-report* has no task `7`. Nothing was started." in refused.text
    assert "`108579` extract, `108580` transform, `108581` load" in refused.text
    assert world.enos.done() == []


async def test_where_the_graph_could_not_be_read_enos_decides(world, maya):
    (refused,) = await maya.says("trigger 4102 from 7")
    assert [call[0] for call in world.enos.done()] == ["triggerFromTask"]
    assert "The flow has no task" in refused.text


# ── rerun ──


async def test_a_rerun_starts_from_the_failed_task_for_the_same_trigger_time(world, maya):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    (seen,) = await maya.starts(card, "Rerun")
    assert world.enos.done() == [("triggerFromTask", MAYA, 3377, TRANSFORM, ms(2026, 11, 21, 2))]
    assert seen.place == "thread in #data-ops"
    assert "started `3377` *daily-energy-report* from *transform*" in seen.text
    assert "Not run again: *extract*" in seen.text
    assert "data date 2026-11-20" in seen.text


async def test_in_the_thread_the_run_need_not_be_named(world, maya):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    (seen,) = await maya.mentions("rerun", thread=card.ts)
    assert seen.place == "thread in #data-ops"
    assert world.enos.done()[0][:4] == ("triggerFromTask", MAYA, 3377, TRANSFORM)


async def test_outside_of_a_thread_the_run_must_be_named(world, maya):
    (refused,) = await maya.mentions("rerun")
    assert "Which run? `rerun` needs a run ID, for example" in refused.text
    assert refused.place == "only maya sees"


async def test_a_taken_minute_moves_inside_the_data_period_and_says_so(world, maya):
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    world.enos.run("3377-20261121020000", Status.FAIL, kind=2)
    (seen,) = await maya.says(f"rerun {FAILED}")
    assert world.enos.done()[0][4] == ms(2026, 11, 21, 2, 1)
    assert (
        f"{clock(2, 0)} already has a run, so this run has trigger time {clock(2, 1)}. The data date is the same."
        in seen.text
    )


async def test_a_period_without_a_free_minute_is_refused_with_a_way_out(world, jonas):
    world.enos.run("2809-202611210200", tasks={201: Status.SUCCESS, 202: Status.FAIL})
    world.enos.run("2809-20261121020000", kind=2)
    (refused,) = await jonas.says("rerun 2809-202611210200")
    assert f"`2809-20261121020000` has trigger time {clock(2, 0)}. EnOS does not say who started it." in refused.text
    assert "the same data date has no later free minute. Nothing was started." in refused.text
    assert refused.buttons["View run"].endswith("show 2809-20261121020000")
    assert world.enos.done() == []
    (command,) = [words for words in refused.text.split("`") if words.startswith("trigger ")]
    assert command == "trigger 2809 from 202 at 2026-11-21T02:01Z"
    await jonas.says(command)
    assert world.enos.done()[0][2:] == (2809, 202, ms(2026, 11, 21, 2, 1))


async def test_ones_own_rerun_that_has_the_minute_is_named_as_ones_own(world, jonas):
    world.enos.run("2809-202611210200", tasks={201: Status.SUCCESS, 202: Status.FAIL})
    await jonas.says("rerun 2809-202611210200")
    world.later(minutes=3)
    (refused,) = await jonas.says("rerun 2809-202611210200")
    assert f"`2809-20261121020000` has trigger time {clock(2, 0)}. You started it 3 min ago." in refused.text
    assert "It is for the same data date and has not ended (ready). Wait until it ends." in refused.text
    world.enos.becomes("2809-20261121020000", Status.FAIL, [Status.SKIP, Status.FAIL])
    (refused,) = await jonas.says("rerun 2809-202611210200")
    assert "It has ended (failed). Rerun `2809-20261121020000` in the EnOS console." in refused.text
    assert len(world.enos.done()) == 1


async def test_a_rerun_that_was_not_started_takes_no_minute(world, jonas):
    world.enos.run("2809-202611210200", tasks={201: Status.SUCCESS, 202: Status.FAIL})
    world.enos.faults["triggerFromTask"] = [Throttled(5)]
    await jonas.says("rerun 2809-202611210200")
    world.later(minutes=3)
    world.enos.run("2809-20261121020000", kind=2)  # somebody in the console
    (refused,) = await jonas.says("rerun 2809-202611210200")
    assert " EnOS does not say who started it." in refused.text


async def test_where_every_minute_in_reach_is_taken_the_console_remains(world, maya):
    started = datetime(2026, 11, 21, 2, tzinfo=UTC)
    for minute in range(121):
        world.enos.run(f"3377-{started + timedelta(minutes=minute):%Y%m%d%H%M}00", kind=2)
    (refused,) = await maya.says("rerun 3377-20261121020000")
    assert f"`3377-20261121035900` has trigger time {clock(3, 59)}." in refused.text
    assert "`trigger " not in refused.text.partition("↳")[0]


async def test_a_minute_taken_at_the_last_moment_is_refused(world, maya):
    """The search does not show it, and flowbot has no row of it."""
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    world.enos.run("3377-20261121020000", Status.RUNNING, kind=9)
    (seen,) = await maya.says(f"rerun {FAILED}")
    assert f"has trigger time {clock(2, 1)}." in seen.text


async def test_other_parameters_are_not_guessed(world, maya):
    other = (Parameter("path", "/elsewhere"), PARAMETERS[1])
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", parameters=other)
    (refused,) = await maya.says(f"rerun {FAILED}")
    assert f"Run `{FAILED}` had other parameters than flow `3377` has now" in refused.text
    assert "with its present parameters, use `trigger 3377 at 2026-11-21T02:00Z`." in refused.text


async def test_a_run_that_enos_does_not_show_is_refused(world, jonas):
    world.enos.run(FAILED)
    world.enos.hidden[3377] = {"u15432100000000012"}
    (refused,) = await jonas.says(f"rerun {FAILED}")
    assert f"EnOS shows you no run `{FAILED}`." in refused.text
    assert "`runs of 3377` lists the runs of that flow." in refused.text


async def test_outside_of_its_channels_the_bot_answers_in_direct_messages(world, maya):
    answer, note = await maya.says("trigger 3377", channel="C0GENERAL1")
    assert answer.place == "dm maya"
    assert "started `3377`" in answer.text
    assert note.place == "only maya sees"
    assert "I answered in our DMs" in note.text


async def test_only_the_instance_that_enos_answered_with_is_followed(world, maya):
    class Other(type(world.enos)):
        async def trigger(self, flow, at_ms, *, as_user):
            await super().trigger(flow, at_ms, as_user=as_user)
            return f"{flow}-20261121143100"

    world.enos.__class__ = Other
    (seen,) = await maya.says("trigger 3377")
    assert "Run `3377-20261121143100`" in seen.text
    assert [run.instance for run in await world.store.runs(live=True)] == ["3377-20261121143100"]


async def test_a_pressed_trigger_acts_once_and_then_shows_the_state(world, maya):
    (card,) = await maya.says("show 3377")
    (preview,) = await maya.presses(card, "Trigger")
    await maya.presses(preview, "Trigger")
    world.later(minutes=3)
    (again,) = await maya.presses(preview, "Trigger")
    assert len(world.enos.done()) == 1
    assert again.place == "only maya sees"
    assert "Already done: you pressed this 3 min ago." in again.text
    assert again.buttons["View run"].endswith("|show 3377-20261121143000")


async def test_a_refused_press_does_not_use_up_the_button(world, maya, jonas):
    (card,) = await maya.mentions("show 3377")
    (refused,) = await jonas.presses(card, "Trigger")
    assert (
        "Only owners can change `3377` *daily-energy-report*, and you (`jonas.weber` in EnOS) are not one."
        in refused.text
    )
    await maya.starts(card, "Trigger")
    assert [call[1] for call in world.enos.done()] == [MAYA]


async def test_a_redelivery_does_nothing(world, maya):
    origin = Origin(Surface.COMMAND, OPS)
    await world.say(maya, "trigger 3377", origin, key="trigger-1")
    assert await world.say(maya, "trigger 3377", origin, key="trigger-1") == []
    assert len(world.enos.done()) == 1


async def test_an_outage_before_the_start_says_that_nothing_was_sent(world, maya):
    world.enos.faults["flow"] = [Unreachable(msg("connection refused"))]
    (refused,) = await maya.says("trigger 3377")
    assert "No connection to EnOS (connection refused). Nothing was changed. Try again in a minute." in refused.text
    assert await world.store.runs(live=False) == ()


async def test_a_link_is_proven_by_the_first_flow_that_it_changes(world):
    await world.lina.says("trigger 4501")
    assert len(world.enos.done()) == 1
    assert (await world.store.link(world.lina.person)).verified


async def test_a_link_that_the_flow_does_not_prove_only_reads(world):
    world.enos.names.pop("u15432100000000015")  # this user id may edit nothing
    (refused,) = await world.lina.says("trigger 4501")
    assert "Your link to EnOS is not verified yet" in refused.text
    assert world.enos.done() == []


def test_the_wait_for_the_minute_is_never_zero():
    run = Run("1-20261121143000", 1, "flow", "T:U0MAYA00001", "p", START, OPS)
    assert "Try again in 1 s." in str(second_start(run, START + timedelta(seconds=59.9)))


def database_fails_after(world, monkeypatch, calls):
    """The row of a run is written so many times; then the database is locked once."""
    write, left = world.store.put_run, [calls]

    async def put_run(*args, **more):
        left[0] -= 1
        if left[0] == -1:
            raise DatabaseUnavailable("database is locked")
        return await write(*args, **more)

    monkeypatch.setattr(world.store, "put_run", put_run)


@pytest.mark.parametrize("faults", [[], [Lost(effect=True)]])
async def test_where_the_database_fails_after_the_call_nobody_hears_that_nothing_was_changed(
    world, maya, monkeypatch, faults
):
    world.enos.faults["trigger"] = faults
    database_fails_after(world, monkeypatch, 1)
    (seen,) = await maya.says("trigger 3377")
    assert seen.text.startswith(
        "`3377` *daily-energy-report* may have been started: I called EnOS, and then flowbot's database was not "
        f"available (database is locked). Look at the run with `show {RUN}` before you try again."
    )
    assert "Nothing was changed" not in seen.text
    assert [row[2] for row in await world.audited()] == ["unclear:NotNoted"]
    (message,) = await world.tick(seconds=91)
    assert "EnOS shows the run." in message.text
    assert message.place == "#data-ops"
    assert len(world.enos.done()) == 1


async def test_where_the_database_fails_before_the_call_nothing_was_changed(world, maya, monkeypatch):
    database_fails_after(world, monkeypatch, 0)
    (seen,) = await maya.says("trigger 3377")
    assert "not available right now (database is locked). Nothing was changed." in seen.text
    assert world.enos.done() == []
