"""The scenes in which incidents move from one person to another, or are closed as something."""

from answer_scenes import Scenes
from answer_world import FAILED, ONCALL, OPS

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked

JONAS, SAM = "<@U0JONAS0001>", "<@U0SAMLEE001>"
REDUCE = "3318-2026112102"


async def maya_has_it(world):
    world.slack.groups[ONCALL] = {"U0SAMLEE001", "U0JONAS0001"}
    world.slack.joined[OPS] = {"U0MAYA00001", "U0JONAS0001"}
    await world.breaks()
    await world.maya.says("ack 3377")
    world.later(minutes=5)


async def maya_has_two(world):
    await maya_has_it(world)
    await world.breaks(REDUCE, flow=3318, name="reduce_entity")
    await world.maya.says("ack 3318")
    world.later(minutes=5)


def question(seen):
    return next(each for each in seen if len(each.buttons) >= 2 and any("accept" in v for v in each.buttons.values()))


asked("taking over", "jonas", "take 3377", maya_has_it)
asked("taking over, elsewhere than everybody reads", "sam", "take 3377 for 2h", maya_has_it)
asked("taking over one's own", "maya", "take 3377 from <@U0MAYA00001>", maya_has_it)
asked("taking over what another was faster with", "jonas", f"take 3377 from {SAM}", maya_has_it)
asked("assigning without an incident", "maya", f"assign to {JONAS}", maya_has_it)
asked("assigning to oneself", "maya", "assign 3377 to <@U0MAYA00001>", maya_has_it)
asked("assigning to an app", "maya", "assign 3377 to <@U0ROBOT0001>", maya_has_it)
asked("assigning to somebody deactivated", "maya", "assign 3377 to <@U0GONE00001>", maya_has_it)
asked("assigning to a guest", "maya", "assign 3377 to <@U0GUEST0001>", maya_has_it)
asked("assigning to a stranger", "maya", "assign 3377 to <@U0STRANGE01>", maya_has_it)
asked("assigning to somebody who is neither owner nor on call", "maya", "assign 3377 to <@U0PRIYA0001>", maya_has_it)
asked("assigning to nobody that Slack knows", "maya", "assign 3377 to <@U0NOBODY001>", maya_has_it)
asked("assigning to who has it", "jonas", "assign 3377 to <@U0MAYA00001>", maya_has_it)
asked("handing over nothing", "jonas", "handover to <@U0MAYA00001>", maya_has_it)
asked("handing over to somebody who may take nothing", "maya", "handover to <@U0PRIYA0001>", maya_has_two)
asked("closing as expected", "maya", "close 3377 as expected because it is maintenance", maya_has_it)


async def asks(world, words=f"assign 3377 to {JONAS}"):
    await maya_has_it(world)
    return question(await world.maya.says(words))


asked("a list while somebody is asked", "maya", "incidents", asks)


@scene("assigning, refused by others, accepted, and pressed again")
async def _(world):
    first = await asks(world)
    for who, label in (("maya", "Accept"), ("jonas", "Withdraw"), ("jonas", "Accept"), ("jonas", "Decline")):
        await world.actors[who].presses(first, label)


@scene("assigning, declined")
async def _(world):
    await world.jonas.presses(await asks(world), "Decline")


@scene("assigning again, withdrawn")
async def _(world):
    first = await asks(world)
    second = question(await world.maya.says(f"assign 3377 to {SAM}"))
    await world.jonas.presses(first, "Accept")
    await world.maya.presses(second, "Withdraw")
    await world.sam.presses(second, "Accept")


@scene("handing over, accepted but for one")
async def _(world):
    await maya_has_two(world)
    world.answer_texts.clear()
    first = question(await world.maya.says(f"handover to {JONAS}"))
    await world.maya.says("close 3377 as fixed")
    await world.jonas.presses(first, "Accept")


@scene("handing over, declined and withdrawn")
async def _(world):
    await maya_has_two(world)
    world.answer_texts.clear()
    await world.jonas.presses(question(await world.maya.says(f"handover to {JONAS}")), "Decline")
    world.later(minutes=1)
    seen = await world.maya.says(f"handover to {JONAS}")
    await world.maya.presses(next(each for each in seen if "only maya" in each.place), "Withdraw")
    await world.jonas.presses(question(seen), "Accept")


@scene("marking as what it was closed")
async def _(world):
    card = await world.breaks(FAILED)
    await world.maya.submits(await world.maya.presses(card, "Close"))
    world.answer_texts.clear()
    await world.maya.presses(card, "Mark as fixed")
