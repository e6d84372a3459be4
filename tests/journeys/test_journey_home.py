"""Somebody looks at the app's home: a failure appears in it, is acknowledged from it, and is gone once it recovered."""

import json

from journey_kit import DATA_OPS, DIRECT, MAYA, PRIYA
from journey_stage import story


def home(world, who):
    """What the app shows on somebody's Home tab."""
    return world.slack.modals.home(who)


def shows(world, who, *words):
    view = home(world, who)
    text = json.dumps(view.content["blocks"], ensure_ascii=False) if view else ""
    return all(word in text for word in words)


@story()
async def test_a_home_follows_what_happens_while_it_is_open(world):
    flow = world.flow("homely-load")
    world.slack.interactions.open_home(MAYA)
    world.slack.interactions.open_home(PRIYA)
    await world.until(lambda: shows(world, MAYA, "Your flows", flow.name, "maya.chen"))
    await world.until(lambda: shows(world, PRIYA, "not linked to an EnOS user yet"))
    assert not shows(world, PRIYA, flow.name)

    world.breaks(flow)
    await world.card(flow, "FAIL")
    await world.until(lambda: shows(world, MAYA, "Your incidents", "not acknowledged", f"ack {flow.id}"))
    old = next(
        each
        for block in home(world, MAYA).content["blocks"]
        for each in block.get("elements", ())
        if each.get("value", "").endswith(f"|ack {flow.id}")
    )
    assert old["text"]["text"] == "Acknowledge"
    ours = next(block for block in home(world, MAYA).content["blocks"] if old in block.get("elements", ()))
    world.slack.interactions.click(MAYA, home(world, MAYA), ours["block_id"], old["action_id"])
    await world.hears(MAYA, "You acknowledged", flow.name, where=DIRECT)
    await world.until(lambda: shows(world, MAYA, "acknowledged by you until", f"unack {flow.id}"))
    card = await world.card(flow)
    await world.sees(card, "ACKNOWLEDGED")

    world.fixes(flow)
    await world.sees(card, "RECOVERED")
    await world.until(lambda: not shows(world, MAYA, f"unack {flow.id}"))
    assert world.all_of(DATA_OPS, flow.name)
