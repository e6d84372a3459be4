"""What people see before something is started: with ``dry-run``, after a press, and where it changed meanwhile."""

from datetime import UTC, datetime

import pytest
from answer_enos import PARAMETERS, TRANSFORM, chain
from answer_world import FAILED, Lost

from bot.core.flow.model import FlowId, Parameter
from bot.core.flow.status import Status
from bot.core.history.background import FlowRef
from bot.core.history.runs import Dependencies

MAYA = "u15432100000000011"
CHANGED = "*Something changed since the preview, so nothing was started.*"


def failed(world):
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")


async def test_a_dry_run_shows_the_run_and_starts_nothing(world, maya):
    await world.store.put_dependencies(
        [Dependencies(FlowRef(FlowId(9), "billing"), (FlowRef(FlowId(3377), "x"),), datetime(2026, 11, 1, tzinfo=UTC))]
    )
    (seen,) = await maya.says("trigger 3377 from 108580 dry-run")
    assert seen.place == "only maya sees"
    assert "Trigger `3377` *daily-energy-report* from task *transform*? Nothing has started yet." in seen.text
    assert "Runs 2 of 3 tasks: *transform*, *load*." in seen.text
    assert "Does not run: *extract*." in seen.text
    assert "Trigger time: when you press the button. Data date `2026-11-20`." in seen.text
    assert "1 flow waits for it: `9` *billing*." in seen.text
    assert world.enos.done() == []
    assert await world.audited() == []
    await maya.presses(seen, "Trigger")
    assert [call[:4] for call in world.enos.done()] == [("triggerFromTask", MAYA, 3377, TRANSFORM)]
    assert [entry[1] for entry in await world.audited()] == ["trigger 3377 from 108580"]


async def test_a_dry_run_shows_parameters_as_a_difference_and_no_secret(world, maya):
    (seen,) = await maya.says("trigger 3377 at tomorrow 02:00 with path=/new password=hunter2 dry-run")
    assert "`path`: `/data` → `/new`" in seen.text.replace(PARAMETERS[0].value, "/data")
    assert "`password`: `•••`. The flow has no parameter of this name. I send it anyway." in seen.text
    assert "1 parameter stays as it is." in seen.text
    assert "hunter2" not in str(seen.body)
    await maya.presses(seen, "Trigger")
    ((call, *_, sent),) = world.enos.done()
    assert call == "updateAndTrigger"
    assert ("password", "hunter2") in sent


async def test_a_rerun_is_shown_too_and_a_mention_is_answered_in_private(world, maya):
    failed(world)
    (seen,) = await maya.mentions(f"rerun {FAILED} dry-run")
    assert seen.place == "only maya sees"
    assert f"Rerun `{FAILED}` of `3377` *daily-energy-report* from task *transform*?" in seen.text
    assert list(seen.buttons) == ["Rerun"]
    assert world.enos.done() == []


@pytest.mark.parametrize("words", ["trigger 3377 dry-run", f"rerun {FAILED} dry-run"])
async def test_who_may_not_start_it_is_refused_the_preview_in_the_same_words(world, jonas, words):
    failed(world)
    (preview,) = await jonas.says(words)
    (real,) = await jonas.says(words.removesuffix(" dry-run"))
    first, *_, _command = preview.text.splitlines()
    assert first == real.text.splitlines()[0]
    assert "Only owners can change `3377`" in first
    assert preview.buttons == {}, "an owner is asked for a start, not for a look at one"


async def test_within_the_minute_of_another_start_the_preview_is_refused_like_the_start(world, jonas, maya):
    await maya.says("trigger 3318")
    (refused,) = await jonas.says("trigger 3318 dry-run")
    assert "EnOS allows one start a minute for each flow." in refused.text


async def test_several_reruns_have_no_dry_run(world, maya):
    (refused,) = await maya.says("rerun all mine dry-run")
    assert "A preview is about one run." in refused.text


async def test_a_press_shows_first_and_the_second_press_of_the_preview_does_nothing(world, maya):
    card = await world.breaks()
    failed(world)
    (preview,) = await maya.presses(card, "Rerun")
    assert preview.place == "only maya sees"
    assert world.enos.done() == []
    assert await world.audited() == []
    (started,) = await maya.presses(preview, "Rerun")
    assert started.place == "thread in #data-ops"
    assert f"↳ `rerun {FAILED}`" in started.text
    world.later(minutes=2)
    (again,) = await maya.presses(preview, "Rerun")
    assert "Already done" in again.text
    assert len(world.enos.done()) == 1
    assert [entry[1:3] for entry in await world.audited()] == [(f"rerun {FAILED}", "done")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"parameters": (PARAMETERS[0], Parameter(PARAMETERS[1].key, "false"))},
            f"Parameter `{PARAMETERS[1].key}` has",
        ),
        ({"graph": chain((1, "extract"), (2, "check"))}, "Tasks *extract*, *check* were added."),
        ({"active": False}, "Its schedule was disabled."),
        ({"name": "nightly"}, "The flow is now named *nightly*."),
    ],
)
async def test_what_changed_between_preview_and_press_is_said_and_asked_again(world, maya, fields, said):
    (preview,) = await maya.says("trigger 3377 with colour=red dry-run")
    world.enos.change(3377, **fields)
    (again,) = await maya.presses(preview, "Trigger")
    assert CHANGED in again.text
    assert said in again.text
    assert world.enos.done() == []
    assert (await world.audited())[-1][1:3] == ("trigger 3377 with colour=red", "asked")
    await maya.presses(again, "Trigger")
    assert [call[0] for call in world.enos.done()] == ["updateAndTrigger"]


async def test_a_run_that_somebody_reran_meanwhile_is_asked_about_again(world, maya):
    failed(world)
    (preview,) = await maya.says(f"rerun {FAILED} dry-run")
    world.enos.becomes(FAILED, Status.TIMEOUT, [Status.SUCCESS, Status.FAIL, Status.INIT])
    (again,) = await maya.presses(preview, "Rerun")
    assert "The state of the run is now: timed out." in again.text
    assert world.enos.done() == []


async def test_a_right_lost_between_preview_and_press_is_refused(world, maya):
    (preview,) = await maya.says("trigger 3377 dry-run")
    world.enos.change(3377, owners=())
    (refused,) = await maya.presses(preview, "Trigger")
    assert "Only owners can change `3377`" in refused.text
    world.enos.change(3377, locked=True, owners=("maya.chen",))
    (refused,) = await maya.presses(preview, "Trigger")
    assert "is locked in EnOS" in refused.text
    assert world.enos.done() == []


async def test_where_the_preview_was_forgotten_it_is_asked_again(world, maya):
    (preview,) = await maya.says("trigger 3377 dry-run")
    (again,) = await maya.carries(preview, preview.buttons["Trigger"].rpartition(" ")[0] + " gone")
    assert CHANGED in again.text
    assert world.enos.done() == []


async def test_the_day_of_a_clock_time_is_that_of_the_preview(world, maya):
    (preview,) = await maya.says("trigger 3377 at tomorrow 02:00 dry-run")
    world.later(hours=12)
    await maya.presses(preview, "Trigger")
    ((_, _, _, at_ms),) = world.enos.done()
    assert datetime.fromtimestamp(at_ms / 1000, UTC) == datetime(2026, 11, 21, 18, tzinfo=UTC)


async def test_over_midnight_the_data_date_of_now_is_another(world, maya):
    (preview,) = await maya.says("trigger 3377 dry-run")
    world.later(hours=2)
    (again,) = await maya.presses(preview, "Trigger")
    assert "The data date is now `2026-11-21`." in again.text


async def test_an_answer_lost_after_a_preview_is_looked_up_like_any_other(world, maya):
    world.enos.faults["trigger"] = [Lost(effect=True)]
    (preview,) = await maya.says("trigger 3377 dry-run")
    (seen,) = await maya.presses(preview, "Trigger")
    assert "EnOS did not confirm" in seen.text
    await world.tick(seconds=4)
    assert len(world.enos.done()) == 1
