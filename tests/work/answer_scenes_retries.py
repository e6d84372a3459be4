"""The scenes of retry rules."""

from dataclasses import replace

from answer_scenes import Scenes, failed_run

from bot.core.incident.facts import ChangeSet
from bot.work.runs.retrier import Retrier

SCENES = Scenes()
scene = SCENES.scene
RULE = 'retry 3377 on "Connection reset"'


async def waits(world):
    """The flow fails with what Maya's rule is about."""
    await world.maya.says(RULE)
    world.later(minutes=1)
    failed_run(world)
    await world.breaks()
    (incident,) = await world.store.incidents()
    failure = replace(incident.occurrences[0], error_line="java.net.SocketException: Connection reset")
    new = replace(incident, occurrences=(failure,))
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(new,)))
    retrier = Retrier(world.services)
    await retrier.tick(world.now)
    await world.delivered()
    return retrier


@scene("a retry rule that cannot be")
async def _(world):
    for words in (
        "retry 3377",
        "retry 3377 on",
        'retry 3377 on "Connection reset" off',
        'retry 3377 on "ab"',
        'retry 3377 on "Connection reset" after 10s',
        'retry 3377 on "Connection reset" after 7h',
        "retry 3377 off",
    ):
        await world.maya.says(words)
    await world.jonas.says(RULE)
    await world.priya.says(RULE)


@scene("a retry rule is set, shown, replaced and ended")
async def _(world):
    await world.maya.says(f"{RULE} after 10m")
    await world.maya.says("show 3377")
    await world.maya.says('retry 3377 on "timed out"')
    await world.maya.says("retry 3377 off")
    await world.maya.says("unretry 3377")


@scene("a failure is retried, and that is stopped")
async def _(world):
    await waits(world)
    await world.sam.says("unretry 3377")


@scene("a failure is retried")
async def _(world):
    retrier = await waits(world)
    world.later(minutes=1)
    await retrier.tick(world.now)
    await world.delivered()
    await world.alex.says("audit")


@scene("a failure is not retried, because its owner lost the flow a second ago")
async def _(world):
    retrier = await waits(world)
    world.later(minutes=1)
    world.enos.change(3377, owners=("jonas.weber",))
    await retrier.tick(world.now)
    await world.delivered()
