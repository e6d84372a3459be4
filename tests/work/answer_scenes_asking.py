"""The scenes in which people ask an owner to run a command, or ask to be linked."""

from answer_scenes import Scenes
from answer_world import FAILED

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked

ME = "link me u15432100000000013 priya.nair"


def at(seen, place):
    return next(each for each in seen if each.place == place)


async def asks(world, words="trigger 3377 at 2026-11-22 02:00"):
    (refused,) = await world.jonas.says(words)
    return await world.jonas.presses(refused, "Ask an owner")


async def a_pair_of_owners(world):
    world.enos.change(3377, owners=("maya.chen", "lina.gomez", "no.body"))


asked("a refusal that offers to ask an owner", "jonas", "trigger 3377")
asked("a refusal of a command with a secret", "jonas", "trigger 3377 with password=x")
asked("a refusal without a linked owner", "jonas", "trigger 3377", lambda w: w.enos.change(3377, owners=("no.body",)))
asked("a link request", "priya", ME)
asked("a link request of a guest", "guest", "link me u99 guest.name")
asked("a link request of the only admin", "alex", "link me u99 alex.new")
asked("a link request for the link that one has", "maya", "link me u15432100000000011 maya.chen")


@scene("an owner runs what was asked for")
async def _(world):
    await a_pair_of_owners(world)
    seen = await asks(world)
    await world.jonas.presses(at(seen, "dm maya"), "Run it")
    await world.maya.presses(at(seen, "dm maya"), "Run it")


@scene("an owner is asked in the thread, declines, and the asker is told")
async def _(world):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    (refused,) = await world.jonas.mentions("rerun", thread=card.ts)
    question = at(await world.jonas.presses(refused, "Ask an owner"), "thread in #data-ops")
    await world.alex.presses(question, "Decline")
    await world.maya.presses(question, "Decline")


@scene("asking is withdrawn, and asked three times more")
async def _(world):
    seen = await asks(world, "enable 3377")
    await world.jonas.presses(at(seen, "only jonas sees"), "Withdraw")
    for words in ("trigger 3377", "trigger 3377", "disable 3377", "runbook 3377 off", "enable 3377"):
        await asks(world, words)


@scene("a link request that a newer one replaces is approved")
async def _(world):
    first = at(await world.priya.says("link me u1 priya.nari"), "dm alex")
    second = at(await world.priya.says(ME), "dm alex")
    world.later(minutes=1)
    await world.priya.presses(second, "Approve")
    await world.alex.presses(second, "Approve")
    assert not first.buttons
