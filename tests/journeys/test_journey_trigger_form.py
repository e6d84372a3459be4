"""A run is started by a form: from the slash command to its end, with a flow that changes in between."""

from journey_kit import MAYA
from journey_stage import story

from bot.sim.slack.inputs import elements


def field(view, name):
    """The ids of a field of a view, by the name of the field."""
    return next(
        (block["block_id"], element["action_id"])
        for block, element in elements(view.content["blocks"])
        if element["action_id"] == f"field:{name}"
    )


def has(view, name):
    return any(element["action_id"] == f"field:{name}" for _, element in elements(view.content["blocks"]))


@story()
async def test_a_form_starts_a_run_and_asks_again_where_the_flow_changed(world):
    flow = world.flow("formed-load", parameters=(("path", "/day"), ("region", "cn-1")))
    modals, acts = world.slack.modals, world.slack.modal_acts

    world.say(MAYA, "/flow trigger")
    view = await world.until(lambda: next((each for each in [modals.top(MAYA)] if each and has(each, "flow")), None))
    offered = await world.comes(lambda: acts.load_options(MAYA, view, *field(view, "flow"), "formed"))
    (choice,) = offered["options"]
    assert choice["text"]["text"] == f"formed-load ({flow.id})"
    world.slack.interactions.click(MAYA, view, *field(view, "flow"), choice)
    await world.until(lambda: has(view, "p0"))

    await acts.submit(MAYA, {field(view, "p0")[0]: "/other"}, view)
    await world.until(lambda: has(view, "back"))
    assert world.enos.called("updateAndTrigger") == []
    world.enos.edit(flow.id, parameters=(("path", "/day"), ("region", "eu-1")))
    await acts.submit(MAYA, {}, view)
    assert modals.top(MAYA) is None

    asked = await world.hears(MAYA, "Something changed since the preview", "Parameter `region` has another value")
    assert world.enos.called("updateAndTrigger") == []
    world.press(MAYA, asked, "Trigger")
    message = await world.message("formed-load", "@Maya Chen", "succeeded")
    assert world.says(message, "For this run only", "/other", "with path=/other")
    (run,) = world.enos.instances(flow.id)
    assert dict(run.parameters) == {"path": "/other", "region": "eu-1"}
