"""The scenes in which people read and write what is known around a flow."""

from dataclasses import replace
from datetime import timedelta

from answer_scenes import Scenes
from answer_world import FAILED

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import Status
from bot.core.history.background import Cause, FlowRef, MetBefore
from bot.core.history.runs import Dependencies, PastRun
from bot.core.incident.facts import ChangeSet

SCENES = Scenes()
scene = SCENES.scene
UPSTREAM = FlowRef(FlowId(2107), "meter-import")


async def history(world):
    """The flow takes 20 minutes, and waits for another one; a third waits for it."""
    hour = timedelta(hours=1)
    ats = [world.now.replace(minute=0, second=0) - hour * each for each in range(1, 13)]
    runs = [
        PastRun(InstanceId(f"3377-{at:%Y%m%d%H%M}"), FlowId(3377), at, int(Status.SUCCESS), at, at + hour / 3)
        for at in ats
    ]
    await world.store.add_past_runs(runs)
    ours = FlowRef(FlowId(3377), "daily-energy-report")
    await world.store.put_dependencies([Dependencies(ours, (UPSTREAM,), world.now)])
    await world.store.put_dependencies([Dependencies(FlowRef(FlowId(4102), "billing"), (ours,), world.now)])


@scene("a runbook is given, shown and removed")
async def _(world):
    await world.breaks()
    await world.maya.says("runbook 3377 call the grid team before a rerun")
    await world.maya.says("show 3377")
    await world.maya.says("runbook 3377 https://wiki.example.com/energy")
    await world.maya.says("runbook 3377 off")
    await world.maya.says("runbook 3377 off")


@scene("a runbook that is missing or too long")
async def _(world):
    await world.maya.says("runbook")
    await world.maya.says("runbook 3377")
    await world.maya.says(f"runbook 3377 {'x' * 301}")


@scene("what is known of a flow that is fine")
async def _(world):
    await history(world)
    await world.maya.says("show 3377")


@scene("what is known of a failure")
async def _(world):
    await history(world)
    await world.breaks()
    world.enos.run(FAILED)
    (incident,) = await world.store.incidents()
    known = replace(
        incident.background,
        cause=Cause(UPSTREAM, "failed", world.now, "i9", is_acknowledged=True),
        met_before=MetBefore(world.now - timedelta(days=9), "rerun", "maya.chen", timedelta(minutes=20), 2),
    )
    await world.store.change(incident.id, lambda old: ChangeSet(incidents=(replace(old, background=known),)))
    await world.maya.says("show 3377")
    await world.maya.says(f"show {FAILED}")
