"""The scenes in which a flow, or all, are snoozed."""

from answer_scenes import Scenes

from bot.core.flow.model import InstanceId
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet

SCENES = Scenes()
scene = SCENES.scene
REASON = "because of TICKET-17"


async def recovers(world):
    """The incident ends with a success."""
    (incident,) = await world.store.incidents()
    over = lifecycle.recovered(incident, InstanceId("3377-2026112108"), world.now)[0]
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(over,)))


@scene("a snooze without a reason, or with an end that cannot be")
async def _(world):
    await world.breaks()
    for words in (
        "snooze 3377",
        "snooze 3377 for 3d",
        f"snooze 3377 {REASON}",
        f"snooze 3377 for 31d {REASON}",
        f"snooze 3377 until yesterday 09:00 {REASON}",
        f"snooze 3377 until 08:00 {REASON}",
    ):
        await world.maya.says(words)
    await world.alex.says(f"snooze all until success {REASON}")


@scene("a flow is snoozed and is not any more")
async def _(world):
    await world.breaks()
    await world.maya.says(f"snooze 3377 for 2h {REASON}")
    await world.maya.says("incidents")
    await world.maya.says("snoozes")
    world.later(minutes=5)
    await world.maya.says("unsnooze 3377")
    await world.maya.says("unsnooze 3377")
    await world.maya.says("snoozes")


@scene("a flow that does not fail is snoozed")
async def _(world):
    await world.maya.says(f"snooze 3377 until success {REASON}")
    await world.maya.says("unsnooze daily-energy-report")


@scene("a flow that has just recovered is snoozed")
async def _(world):
    await world.breaks()
    await recovers(world)
    world.later(minutes=9)
    await world.maya.says(f"snooze 3377 for 2h {REASON}")


@scene("all flows are snoozed and are not any more")
async def _(world):
    await world.alex.says(f"snooze all for 2h {REASON}")
    await world.maya.says("status")
    await world.maya.says("snoozes")
    await world.maya.says("unsnooze 3377")
    await world.maya.says("unsnooze all")
    await world.alex.says("unsnooze all")
    await world.alex.says("unsnooze all")
