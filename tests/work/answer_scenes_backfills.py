"""The scenes of backfills."""

from answer_scenes import Scenes
from backfill_kit import AT, MINUTE, WORDS, Filling

from bot.core.errors import Refusal
from bot.core.flow.status import Status
from bot.core.text.message import verbatim

SCENES = Scenes()
scene = SCENES.scene


async def begins(world, words=WORDS):
    """Maya starts a backfill by its confirmed words; returns it and its message."""
    filling = Filling(world)
    (message,) = await world.maya.says(f"{words} confirmed")
    return filling, message


@scene("a backfill that cannot be")
async def _(world):
    for words in (
        "backfill",
        "backfill 3377",
        "backfill 3377 from now",
        "backfill 3377 from 2026-11-18 to 2026-11-10",
        "backfill 3377 from 2026-11-18 to 2026-12-18",
        "backfill 3377 from 2026-11-18 to 2026-11-20 every year",
        "backfill 3377 from 2026-01-01 to 2026-11-20 every hour",
        "backfill 3377 from 2020-01-01 to 2026-11-20 every hour",
        "backfill 3377 from 2026-11-18 to 2026-11-20 task 99",
        "backfill 3377 again 12",
        "backfills pause",
        "backfills pause 12",
    ):
        await world.maya.says(words)
    await world.jonas.says(WORDS)
    await world.priya.says(WORDS)


@scene("what a backfill would start, and what is left out")
async def _(world):
    world.enos.run("3377-2026111802", Status.SUCCESS)
    world.enos.run("3377-2026111902", Status.RUNNING)
    await world.maya.says(f"{WORDS} dry-run")
    await world.maya.says("backfill 3377 from 2026-11-19 to today every hour task 108580 dry-run")
    await world.maya.says("backfill 3377 from 2026-11-18 to 2026-11-18")
    world.enos.change(4501, active=False)
    world.slack.person(world.maya.person, "maya", timezone="Europe/Berlin", language=world.slack.spoken)
    await world.maya.says("backfill 4501 from 2026-10-24 to 2026-10-26 every hour dry-run")
    await world.maya.says("backfill 4501 from 2026-03-28 to 2026-03-30 every hour dry-run")
    await world.maya.says("backfill 4501 from 2026-01-31 to 2026-05-31 every month dry-run")
    await world.maya.says("backfill 4501 from 2026-11-01 to 2026-11-20 every week dry-run")


@scene("a backfill with a failure, and the rest of it")
async def _(world):
    (question,) = await world.maya.says(WORDS)
    filling = Filling(world)
    (message,) = await world.maya.carries(question, next(iter(question.buttons.values())))
    await filling.passes(4)
    await world.maya.says("show 3377")
    await world.maya.says("status")
    await world.maya.says("backfill 3377 from 2026-11-01 to 2026-11-02")
    world.enos.becomes(AT[0], Status.FAIL, [Status.SUCCESS, Status.FAIL, Status.INIT])
    await filling.all_end()
    await world.maya.carries(message, next(iter(message.buttons.values())))
    await world.alex.says("audit")


@scene("a backfill is paused, goes on and is stopped")
async def _(world):
    filling, message = await begins(world)
    await filling.passes(4)
    for _ in range(2):
        await world.maya.carries(message, next(iter(message.buttons.values())))
        await filling.passes(4)
    await world.maya.carries(message, list(message.buttons.values())[-1])
    await filling.passes(4)
    await filling.ends(AT[0])


@scene("a backfill pauses, because its owner lost the flow a second ago")
async def _(world):
    filling, _ = await begins(world)
    world.enos.change(3377, owners=("jonas.weber",))
    await filling.passes(6)


@scene("a backfill pauses, because EnOS refuses")
async def _(world):
    filling, _ = await begins(world)
    world.enos.faults["trigger"] = [Refusal("no_task", verbatim("something <!channel> new"))]
    await filling.passes(6)


@scene("a backfill whose starts are not confirmed, taken and lost")
async def _(world):
    filling, _ = await begins(world, "backfill 3377 from 2026-11-17 to 2026-11-20")
    await filling.passes(4)
    world.enos.becomes(AT[0].replace("17", "16"), Status.SUCCESS, [Status.SUCCESS] * 3)
    world.enos.run("3377-2026111802", Status.SUCCESS)
    await filling.passes(MINUTE)
    await filling.passes(MINUTE)
    world.enos.rows.clear()
    world.later(hours=25)
    await filling.passes(30)
