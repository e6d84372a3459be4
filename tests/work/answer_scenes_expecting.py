"""The scenes in which somebody promises when a flow is done."""

from answer_scenes import Scenes

SCENES = Scenes()
scene = SCENES.scene


@scene("a flow is promised, is never late, and is learned again")
async def _(world):
    await world.maya.says("expect 3377 by 06:00 mon-fri")
    await world.maya.says("expect 3377 by 06:00")
    await world.maya.says("show 3377")
    await world.maya.says("expect 3377 off")
    await world.maya.says("expect 3377 auto")


@scene("a promise that says too little, or too much, or is somebody else's")
async def _(world):
    for words in ("expect 3377", "expect 3377 mon-fri", "expect 3377 by 06:00 off", "expect 3377 by noon"):
        await world.maya.says(words)
    await world.jonas.says("expect 3377 by 06:00")
