"""Runs are started from chat: in every form, once, and followed to their end in one message."""

from datetime import timedelta

from journey_kit import DATA_OPS, JONAS, MAYA, story


def started(town, flow, *words):
    return town.message(flow.name, *words)


def calls(town, action, flow):
    """Return what EnOS was asked to start of a flow."""
    return [call for call in town.enos.called(action) if str(flow.id) in _flow_ids(call)]


def _flow_ids(call):
    """The flow that a call names: its number may also be found in a moment, or in another number."""
    said = [call.query, call.body if isinstance(call.body, dict) else {}]
    return {str(each["flowId"]) for each in said if "flowId" in each}


@story()
async def test_a_run_is_started_from_a_task_for_a_time_and_with_parameters(town):
    whole, later, past, changed = (
        town.flow(f"{name}-load", parameters=(("path", "/day"), ("overwrite", "true")))
        for name in ("whole", "later", "past", "changed")
    )
    task = later.shape.order[1]
    yesterday = (town.now() - timedelta(days=1)).replace(hour=3, minute=20, second=0, microsecond=0)
    town.say(MAYA, f"/flow trigger {whole.id}")
    town.say(MAYA, f"/flow trigger {later.id} from {task}")
    town.say(MAYA, f"/flow trigger {past.name} at {yesterday:%Y-%m-%dT%H:%MZ}")
    town.say(MAYA, f"/flow trigger {changed.id} with path=“/x y=z” region=north api_token=s3cret")

    message = await started(town, whole, "ended with SUCCESS", "All 3 tasks are done")
    (run,) = town.enos.instances(whole.id)
    assert town.says(message, "@Maya Chen", run.id)
    (call,) = calls(town, "trigger", whole)
    assert call.user_id == "u15432100000000011"
    assert len(town.all_of(DATA_OPS, run.id)) == 1, "progress and result are one message"

    message = await started(town, later, "from *transform*", "ended with SUCCESS")
    (run,) = town.enos.instances(later.id)
    assert [each.status.name for each in run.tasks.values()] == ["SKIP", "SUCCESS", "SUCCESS"]
    assert isinstance(calls(town, "triggerFromTask", later)[0].body["taskId"], int)

    message = await started(town, past, "ended with SUCCESS")
    (run,) = town.enos.instances(past.id)
    assert run.id == f"{past.id}-{yesterday:%Y%m%d%H%M}00"
    assert town.says(message, f"for {yesterday:%Y-%m-%d %H:%M} UTC", "data date")

    message = await started(town, changed, "ended with SUCCESS", "For this run only", "no parameters", "region")
    (run,) = town.enos.instances(changed.id)
    assert dict(run.parameters) == {
        "path": "/x y=z",
        "overwrite": "true",
        "region": "north",
        "api_token": "s3cret",
    }
    assert changed.parameters == (("path", "/day"), ("overwrite", "true")), "it holds for this run only"
    assert "s3cret" not in town.transcript().replace("/flow trigger", "")
    assert "s3cret" not in town.log()


@story()
async def test_a_run_waits_for_its_time_and_for_the_one_before_it(town):
    busy, future = town.flow("busy-load"), town.flow("future-load")
    before = town.breaks(busy, seconds=600.0)
    await town.until(lambda: before.tasks[busy.shape.order[1]].status.name == "RUNNING")
    town.enos.recover(busy.id)
    at = (town.now() + timedelta(hours=2)).replace(second=0, microsecond=0)
    town.say(MAYA, f"/flow trigger {busy.id}")
    town.say(MAYA, f"/flow trigger {future.id} at {at:%Y-%m-%dT%H:%MZ}")

    await started(town, busy, "waiting for its turn")
    assert before.end is None
    town.enos.cancel(before.id)
    await started(town, future, "waiting for its turn or its time", f"{at:%Y-%m-%d %H:%M} UTC")
    await started(town, busy, "ended with SUCCESS")
    _, after = town.enos.instances(busy.id)
    assert before.end <= after.start

    (waiting,) = town.enos.instances(future.id)
    asked = await town.asks(MAYA, f"/flow cancel {waiting.id}", "Stop")
    town.press(MAYA, asked, "Stop the run")
    await started(town, future, "asked EnOS to stop")
    await started(town, future, "ended with CANCEL")


@story()
async def test_what_cannot_be_started_is_told_with_the_way_out(town):
    flow, strict, private = town.flow(), town.flow(), town.flow(owners=["jonas.weber"])
    locked, failing = town.flow(locked=True), town.flow()
    task = flow.shape.order[0]
    answers = {
        f"trigger {flow.id} from {task} with path=/x": ["from", "with"],
        f"trigger {flow.id} from 5": ["has no task 5", "Its tasks are", "extract"],
        f"trigger {flow.id} at 2026-13-45": ["at"],
        f"trigger {flow.id} with path": ["="],
        f"trigger {flow.name[:-1]}": ["flow"],
        "trigger 4102": ["has no task", "Add a task"],
        "trigger 999999": ["999999"],
        f"trigger {private.id}": ["not an owner", "@Jonas Weber"],
        f"trigger {locked.id}": ["is locked in EnOS", "Unlock it"],
        "trigger": ["flow"],
        "triger 3377": ["trigger"],
    }
    for text, words in answers.items():
        await town.asks(MAYA, f"/flow {text}", *words)
    assert not town.enos.called("triggerFromTask")
    assert not town.enos.called("updateAndTrigger")

    town.enos.faults.arm("internal", action="trigger", calls=1)
    town.say(MAYA, f"/flow trigger {failing.id}")
    await started(town, failing, "failed inside, code 62109", "do not send it again")
    assert len(calls(town, "trigger", failing)) == 1, "a start is never sent again by itself"

    # Somebody has triggered it in the console, for this very minute or just before.
    town.enos.switch("minute_rule", "clock")
    town.enos.start(strict, (town.now() - timedelta(hours=1)).timestamp())
    await town.asks(MAYA, f"/flow trigger {strict.id}", "already triggered within this minute", "wait a minute")


@story()
async def test_a_lost_answer_is_looked_up_and_never_sent_again(town):
    took, gone, slow = town.flow("took-effect"), town.flow("never-sent"), town.flow("cut-short")
    town.enos.faults.arm("lost", action="trigger", calls=1)
    town.say(MAYA, f"/flow trigger {took.id}")
    await started(town, took, "EnOS does not say who started it", "@Maya Chen")
    await started(town, took, "ended with SUCCESS")

    town.enos.faults.arm("gone", action="triggerFromTask", calls=1)
    town.enos.faults.arm("half", action="updateAndTrigger", calls=1)
    town.say(MAYA, f"/flow trigger {gone.id} from {gone.shape.order[1]}")
    town.say(MAYA, f"/flow trigger {slow.id} with path=/x")
    await started(town, slow, "ended with SUCCESS")
    await started(town, gone, "answer was lost", "do not send it again")
    await town.asks(MAYA, f"/flow trigger {gone.id}", "EnOS takes one start of a flow in a minute")
    assert not town.enos.instances(gone.id)
    for action, flow in (("trigger", took), ("triggerFromTask", gone), ("updateAndTrigger", slow)):
        assert len(calls(town, action, flow)) == 1
    assert len(town.enos.instances(took.id)) == len(town.enos.instances(slow.id)) == 1


@story()
async def test_two_people_and_two_clicks_start_one_run(town):
    flow = town.flow("shared-load", owners=["maya.chen", "jonas.weber"], seconds=2)
    await town.slack.fault("duplicate", times=1)
    town.say(MAYA, f"/flow trigger {flow.id}")
    await started(town, flow, "@Maya Chen started")
    await town.asks(JONAS, f"/flow trigger {flow.id}", "@Maya Chen started", "one start", "Ask again in")
    await started(town, flow, "ended with SUCCESS")

    shown = await town.asks(MAYA, "/flow show 3318", "scheduling is on")
    town.press(MAYA, shown, "Trigger")
    town.press(MAYA, shown, "Trigger")
    await town.message("reduce_entity", "started")
    await town.hears(MAYA, "A button acts once")
    assert len(calls(town, "trigger", flow)) == 1
    assert len(town.enos.called("trigger")) == 2
