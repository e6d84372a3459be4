"""A failed run is run again from Slack: from the failed task, for the same data time, and what it heals is told."""

from journey_kit import ALEX, DATA_OPS, JONAS, MAYA, story


@story()
async def test_a_rerun_from_the_card_heals_what_failed_and_ends_the_alarm(town):
    flow = town.flow("hourly-load", freq="0 5 * * * ? *", parameters=(("path", "/day"),))
    extract, transform, load = flow.shape.order
    failed = town.breaks(flow, transform)
    card = await town.card(flow, "FAIL", "transform")
    town.enos.recover(flow.id)

    town.press(JONAS, card, "Rerun")
    await town.hears(JONAS, "not an owner", "@Maya Chen")
    town.press(MAYA, card, "Rerun")
    town.press(MAYA, card, "Rerun")
    message = await town.reply(card, "@Maya Chen", "from *transform*", "ended with SUCCESS")
    assert town.says(message, "Not run again: extract", f"rerun {failed.id}")
    await town.reply(card, "recovered", "after one failure")
    green = await town.sees(card, "RECOVERED", f"{flow.id}-")
    assert "No good run for" not in town.shown(green), "the rerun was for the same data time"
    await town.hears(MAYA, "A button acts once")

    (again,) = [each for each in town.enos.instances(flow.id) if each.triggered]
    assert again.trigger == failed.trigger
    assert [each.status.name for each in again.tasks.values()] == ["SKIP", "SUCCESS", "SUCCESS"]
    (call,) = town.enos.called("triggerFromTask")
    assert call.user_id == "u15432100000000011"
    assert (int(call.body["flowId"]), int(call.body["taskId"])) == (flow.id, transform)
    answer = await town.asks(MAYA, f"/flow failed last 2d of {flow.id}", "*Failed*", failed.id)
    assert town.says(answer, "it has a good run since")
    assert load != extract


@story()
async def test_a_rerun_that_fails_again_points_at_its_incident_instead_of_a_second_alarm(town):
    flow = town.flow("stubborn-load")
    failed = town.breaks(flow)
    card = await town.card(flow, "FAIL")
    town.say(MAYA, "@flowbot rerun", thread=card)
    message = await town.reply(card, "@Maya Chen", "ended with FAIL", "Its incident")
    assert town.says(message, "↳ `rerun`", "[Log]")
    assert failed.id != message.text
    (again,) = [each for each in town.enos.instances(flow.id) if each.triggered]
    await town.sees(card, "Failures in a row*\n2", again.id)
    assert len(town.cards(flow)) == 1


@story()
async def test_what_cannot_be_rerun_says_why_and_what_remains(town):
    changed, forked = (
        town.flow("changed-load", parameters=(("path", "/day"),)),
        town.flow("forked-load", owners=["maya.chen", "alex.kim"], tasks=("north", "south"), edges=()),
    )
    fine = town.flow("good-load")
    good = town.runs(fine)
    bad = town.breaks(forked, forked.shape.order)
    first = town.breaks(changed)
    card = await town.card(changed, "FAIL")
    town.enos.edit(changed.id, parameters=(("path", "/other"),))

    town.press(MAYA, card, "Rerun")
    await town.hears(MAYA, "had other parameters", f"trigger {changed.id} at")
    await town.asks(MAYA, f"/flow rerun {good.id}", "no failed task", f"rerun {good.id} from {fine.shape.order[0]}")
    await town.asks(MAYA, f"/flow rerun {forked.id}-20990101000000", "shows you no run")
    await town.until(lambda: bad.end is not None)
    north, south = forked.shape.order
    answer = await town.asks(ALEX, f"/flow rerun {bad.id}", "2 tasks failed", "north", "south")
    assert town.says(answer, f"rerun {bad.id} from {north}", f"rerun {bad.id} from {south}")
    assert not town.enos.called("triggerFromTask")

    # The task that is named decides; what failed beside it stays told.
    town.enos.recover(forked.id)
    forked_card = await town.card(forked, "FAIL")
    town.say(ALEX, f"@flowbot rerun {bad.id} from {south}", thread=forked_card)
    await town.reply(forked_card, "@Alex Kim", "from *south*", "ended with SUCCESS")
    await town.sees(forked_card, "RECOVERED", "No good run for")
    assert first.end is not None
    assert not town.all_of(DATA_OPS, "answer was lost")
