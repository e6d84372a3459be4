"""A failed run is run again from Slack: from the failed task, for the same data time, and what it heals is told."""

from journey_kit import ALEX, DATA_OPS, JONAS, MAYA
from journey_stage import story


@story()
async def test_a_rerun_from_the_card_recovers_the_incident(world):
    flow = world.flow("hourly-load", freq="0 5 * * * ? *", parameters=(("path", "/day"),))
    extract, transform, load = flow.shape.order
    failed = world.breaks(flow, transform)
    card = await world.card(flow, "FAIL", "transform")
    world.enos.recover(flow.id)

    world.press(JONAS, card, "Rerun")
    await world.hears(JONAS, "are not one", "@Maya Chen")
    preview = await world.previewed(MAYA, card, "Rerun")
    assert world.says(preview, "Runs 2 of 3 tasks", "Does not run: *extract*", "Nothing has started yet")
    world.press(MAYA, preview, "Rerun")
    world.press(MAYA, preview, "Rerun")
    message = await world.reply(card, "@Maya Chen", "succeeded", "from task *transform*")
    assert world.says(message, "Not run again: *extract*", f"rerun {failed.id}")
    await world.reply(card, "recovered", "(1 failure)")
    green = await world.sees(card, "RECOVERED", f"{flow.id}-")
    assert "no successful run" not in world.shown(green), "the rerun was for the same data time"
    await world.hears(MAYA, "you pressed this")

    (again,) = [each for each in world.enos.instances(flow.id) if each.triggered]
    assert again.trigger == failed.trigger
    assert [each.status.name for each in again.tasks.values()] == ["SKIP", "SUCCESS", "SUCCESS"]
    (call,) = world.enos.called("triggerFromTask")
    assert call.user_id == "u15432100000000011"
    assert (int(call.body["flowId"]), int(call.body["taskId"])) == (flow.id, transform)
    answer = await world.asks(MAYA, f"/flow failed last 2d of {flow.id}", "Failed runs: ", failed.id)
    assert world.says(answer, "a rerun succeeded")
    assert load != extract


@story()
async def test_a_rerun_that_fails_again_points_at_its_incident_instead_of_a_second_alarm(world):
    flow = world.flow("stubborn-load")
    failed = world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.say(MAYA, "@flowbot rerun", thread=card)
    message = await world.reply(card, "@Maya Chen", "failed in task", "Its incident")
    assert world.says(message, "↳ `rerun`", "[View log]")
    assert failed.id != message.text
    (again,) = [each for each in world.enos.instances(flow.id) if each.triggered]
    await world.sees(card, "Failures in a row*\n2", again.id)
    assert len(world.cards(flow)) == 1


@story()
async def test_what_cannot_be_rerun_says_why_and_what_remains(world):
    changed, forked = (
        world.flow("changed-load", parameters=(("path", "/day"),)),
        world.flow("forked-load", owners=["maya.chen", "alex.kim"], tasks=("north", "south"), edges=()),
    )
    fine = world.flow("good-load")
    good = world.runs(fine)
    bad = world.breaks(forked, forked.shape.order)
    first = world.breaks(changed)
    card = await world.card(changed, "FAIL")
    world.enos.edit(changed.id, parameters=(("path", "/other"),))

    world.press(MAYA, card, "Rerun")
    await world.hears(MAYA, "had other parameters", f"trigger {changed.id} at")
    await world.asks(MAYA, f"/flow rerun {good.id}", "no failed task", f"rerun {good.id} from {fine.shape.order[0]}")
    await world.asks(MAYA, f"/flow rerun {forked.id}-20990101000000", "shows you no run")
    await world.until(lambda: bad.end is not None)
    north, south = forked.shape.order
    answer = await world.asks(ALEX, f"/flow rerun {bad.id}", "2 tasks failed", "north", "south")
    assert world.says(answer, f"rerun {bad.id} from {north}", f"rerun {bad.id} from {south}")
    assert not world.enos.called("triggerFromTask")

    # The named task decides; what else failed stays reported.
    world.enos.recover(forked.id)
    forked_card = await world.card(forked, "FAIL")
    world.say(ALEX, f"@flowbot rerun {bad.id} from {south}", thread=forked_card)
    await world.reply(forked_card, "@Alex Kim", "succeeded", "from task *south*")
    await world.sees(forked_card, "RECOVERED", "no successful run")
    assert first.end is not None
    assert not world.all_of(DATA_OPS, "did not confirm")
