"""Runs are started from chat: in every form, once, and followed to their end in one message."""

from datetime import timedelta

from journey_kit import DATA_OPS, JONAS, MAYA
from journey_stage import story


def started(world, flow, *words):
    return world.message(flow.name, *words)


def calls(world, action, flow):
    """What EnOS was asked to start of a flow."""
    return [call for call in world.enos.called(action) if str(flow.id) in _flow_ids(call)]


def _flow_ids(call):
    """The flow that a call names: its number may also be found in a moment, or in another number."""
    said = [call.query, call.body if isinstance(call.body, dict) else {}]
    return {str(each["flowId"]) for each in said if "flowId" in each}


@story()
async def test_a_run_is_started_from_a_task_for_a_time_and_with_parameters(world):
    whole, later, past, changed = (
        world.flow(f"{name}-load", parameters=(("path", "/day"), ("overwrite", "true")))
        for name in ("whole", "later", "past", "changed")
    )
    task = later.shape.order[1]
    yesterday = (world.now() - timedelta(days=1)).replace(hour=3, minute=20, second=0, microsecond=0)
    world.say(MAYA, f"/flow trigger {whole.id}")
    world.say(MAYA, f"/flow trigger {later.id} from {task}")
    world.say(MAYA, f"/flow trigger {past.name} at {yesterday:%Y-%m-%dT%H:%MZ}")
    world.say(MAYA, f"/flow trigger {changed.id} with path=“/x y=z” region=north api_token=s3cret")

    message = await started(world, whole, "succeeded", "All 3 tasks are done")
    (run,) = world.enos.instances(whole.id)
    assert world.says(message, "@Maya Chen", run.id)
    (call,) = calls(world, "trigger", whole)
    assert call.user_id == "u15432100000000011"
    assert len(world.all_of(DATA_OPS, run.id)) == 1, "progress and result are one message"

    message = await started(world, later, "succeeded", "from task *transform*")
    (run,) = world.enos.instances(later.id)
    assert [each.status.name for each in run.tasks.values()] == ["SKIP", "SUCCESS", "SUCCESS"]
    assert isinstance(calls(world, "triggerFromTask", later)[0].body["taskId"], int)

    message = await started(world, past, "succeeded")
    (run,) = world.enos.instances(past.id)
    assert run.id == f"{past.id}-{yesterday:%Y%m%d%H%M}00"
    assert world.says(message, f"trigger time {yesterday:%Y-%m-%d %H:%M} UTC", "data date")

    message = await started(world, changed, "succeeded", "For this run only", "not parameters of this flow", "region")
    (run,) = world.enos.instances(changed.id)
    assert dict(run.parameters) == {
        "path": "/x y=z",
        "overwrite": "true",
        "region": "north",
        "api_token": "s3cret",
    }
    assert changed.parameters == (("path", "/day"), ("overwrite", "true")), "it holds for this run only"
    assert "s3cret" not in world.transcript().replace("/flow trigger", "")
    assert "s3cret" not in world.log()


@story()
async def test_a_run_waits_for_its_time_and_for_the_one_before_it(world):
    busy, future = world.flow("busy-load"), world.flow("future-load")
    before = world.breaks(busy, seconds=600.0)
    await world.until(lambda: before.tasks[busy.shape.order[1]].status.name == "RUNNING")
    world.enos.recover(busy.id)
    at = (world.now() + timedelta(hours=2)).replace(second=0, microsecond=0)
    world.say(MAYA, f"/flow trigger {busy.id}")
    world.say(MAYA, f"/flow trigger {future.id} at {at:%Y-%m-%dT%H:%MZ}")

    await started(world, busy, "Waiting for its turn")
    assert before.end is None
    world.enos.cancel(before.id)
    await started(world, future, "Waiting for its turn or its time.", f"{at:%Y-%m-%d %H:%M} UTC")
    await started(world, busy, "succeeded")
    _, after = world.enos.instances(busy.id)
    assert before.end <= after.start

    (waiting,) = world.enos.instances(future.id)
    asked = await world.asks(MAYA, f"/flow cancel {waiting.id}", "Cancel run")
    world.press(MAYA, asked, "Cancel run")
    await started(world, future, "asked EnOS to cancel")
    await started(world, future, "was canceled")


@story()
async def test_what_cannot_be_started_is_told_with_the_way_out(world):
    flow, strict, private = world.flow(), world.flow(), world.flow(owners=["jonas.weber"])
    locked, failing = world.flow(locked=True), world.flow()
    task = flow.shape.order[0]
    answers = {
        f"trigger {flow.id} from {task} with path=/x": ["from", "with"],
        f"trigger {flow.id} from 5": ["has no task `5`", "Its tasks: ", "extract"],
        f"trigger {flow.id} at 2026-13-45": ["at"],
        f"trigger {flow.id} with path": ["="],
        f"trigger {flow.name[:-1]}": ["flow"],
        "trigger 4102": ["has no task", "Add a task"],
        "trigger 999999": ["999999"],
        f"trigger {private.id}": ["are not one", "@Jonas Weber"],
        f"trigger {locked.id}": ["is locked in EnOS", "Unlock it"],
        "trigger": ["flow"],
        "triger 3377": ["trigger"],
    }
    for text, words in answers.items():
        await world.asks(MAYA, f"/flow {text}", *words)
    assert not world.enos.called("triggerFromTask")
    assert not world.enos.called("updateAndTrigger")

    world.enos.faults.arm("internal", action="trigger", calls=1)
    world.say(MAYA, f"/flow trigger {failing.id}")
    await started(world, failing, "62109", "will not start it a second time")
    assert len(calls(world, "trigger", failing)) == 1, "a start is never sent again by itself"

    # Somebody has triggered it in the console, for this very minute or just before.
    world.enos.switch("minute_rule", "clock")
    world.enos.start(strict, (world.now() - timedelta(hours=1)).timestamp())
    await world.asks(MAYA, f"/flow trigger {strict.id}", "already triggered within this minute", "wait a minute")


@story()
async def test_a_lost_answer_is_looked_up_and_never_sent_again(world):
    took, gone, slow = world.flow("took-effect"), world.flow("never-sent"), world.flow("cut-short")
    world.enos.faults.arm("lost", action="trigger", calls=1)
    world.say(MAYA, f"/flow trigger {took.id}")
    await started(world, took, "EnOS does not say who started it", "@Maya Chen")
    await started(world, took, "succeeded")

    world.enos.faults.arm("gone", action="triggerFromTask", calls=1)
    world.enos.faults.arm("half", action="updateAndTrigger", calls=1)
    world.say(MAYA, f"/flow trigger {gone.id} from {gone.shape.order[1]}")
    world.say(MAYA, f"/flow trigger {slow.id} with path=/x")
    await started(world, slow, "succeeded")
    await started(world, gone, "did not confirm", "will not start it a second time")
    await world.asks(MAYA, f"/flow trigger {gone.id}", "EnOS allows one start a minute for each flow")
    assert not world.enos.instances(gone.id)
    for action, flow in (("trigger", took), ("triggerFromTask", gone), ("updateAndTrigger", slow)):
        assert len(calls(world, action, flow)) == 1
    assert len(world.enos.instances(took.id)) == len(world.enos.instances(slow.id)) == 1


@story()
async def test_two_people_and_two_clicks_start_one_run(world):
    flow = world.flow("shared-load", owners=["maya.chen", "jonas.weber"], seconds=2)
    await world.slack.fault("duplicate", times=1)
    world.say(MAYA, f"/flow trigger {flow.id}")
    await started(world, flow, "@Maya Chen started")
    await world.asks(JONAS, f"/flow trigger {flow.id}", "@Maya Chen started", "one start", "Try again in")
    await started(world, flow, "succeeded")

    shown = await world.asks(MAYA, "/flow show 3318", "schedule is on")
    preview = await world.previewed(MAYA, shown, "Trigger")
    world.press(MAYA, preview, "Trigger")
    world.press(MAYA, preview, "Trigger")
    await world.message("reduce_entity", "started")
    await world.hears(MAYA, "you pressed this")
    assert len(calls(world, "trigger", flow)) == 1
    assert len(world.enos.called("trigger")) == 2
