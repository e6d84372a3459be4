"""The scenes of watches and preferences: what goes to a channel or a person, and how flowbot speaks there."""

from answer_enos import refusal
from answer_scenes import Scenes, fault
from answer_world import ELSEWHERE, FAILED, FINANCE, OPS

from bot.enos.errors import NoResponse

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked


def joins(channel, *users):
    return lambda world: world.slack.joined.setdefault(channel, set()).update(users)


@scene("watches are added, listed and removed")
async def _(world):
    joins(FINANCE, "U0MAYA00001", "U0JONAS0001")(world)
    await world.maya.says("watch of 3377", channel=FINANCE)
    await world.jonas.says("watch by me after 3 quiet 22:00-07:00", channel=FINANCE)
    await world.maya.says("watch matching *forecast*", channel=FINANCE)
    (shown,) = await world.maya.says("watches", channel=FINANCE)
    await world.jonas.carries(shown, next(value for _, value in all_buttons(shown) if value.endswith("unwatch 1")))
    await world.maya.says("watches", channel=FINANCE)


def all_buttons(message):
    return [
        (block["accessory"]["text"]["text"], block["accessory"]["value"])
        for block in message.body["blocks"]
        if "accessory" in block
    ]


@scene("a person's own watches")
async def _(world):
    await world.maya.writes("watches")
    await world.maya.writes("watch")
    await world.maya.writes("watches")
    await world.maya.writes("unwatch")


@scene("more watches than a page holds")
async def _(world):
    for number in range(2, 13):
        await world.maya.says(f"watch after {number}")
    world.answer_texts.clear()
    await world.maya.says("watches")
    await world.maya.says("watches page 2")


async def two(world):
    await world.maya.says("watch of 3377")
    await world.maya.says("watch of 3377 after 3")


asked("a channel without watches", "maya", "watches")
asked("a watch in the alert channel", "maya", "watch by jonas.weber quiet 22:00-07:00")
asked("a watch of every flow", "maya", "watch")
asked("a watch of names that no flow has", "maya", "watch matching metre-*")
asked("a watch of a flow that is not there", "maya", "watch of 3378")
asked("a watch of a name that is not there", "maya", "watch of daily-enregy-report")
asked("a watch of a flow that EnOS cannot show now", "maya", "watch of 3377", fault("flow", NoResponse()))
asked(
    "a watch of a flow that EnOS refuses to show",
    "maya",
    "watch of 3377",
    fault("flow", refusal("wrong_user", "user not found")),
)
asked("a watch by an owner mistyped", "maya", "watch by jonas.webber", lambda w: w.enos.run("2809-202611201000"))
asked("a watch by an owner while EnOS is silent", "maya", "watch by nina.roth", fault("search", NoResponse()))
asked("a watch while EnOS lists no flows", "maya", "watch matching forecast-*", fault("all_flows", NoResponse()))
asked("the same watch again", "maya", "watch of 3377", two)


@scene("a watch where flowbot is not")
async def _(world):
    joins(ELSEWHERE, "U0LINA00001")(world)
    await world.lina.says("watch", channel=ELSEWHERE)


@scene("a watch where another organization reads")
async def _(world):
    world.slack.shared.add(OPS)
    joins(OPS, "U0ALEX00001")(world)
    await world.maya.says("watch")
    await world.alex.says("watch")


asked("a watch by somebody who is not in the channel", "alex", "watch")
asked("a watch that is not clear", "maya", "unwatch of 3377 quiet 22:00-07:00", two)
asked("a watch to remove that several may be", "maya", "unwatch", two)
asked("a watch to remove that is not there", "maya", "unwatch 77", two)
asked("a watch to remove where there are none", "maya", "unwatch of 3377")


# ── drills, and why it goes where it goes ──


def lost(*channels):
    return lambda world: world.slack.archived.update(channels)


@scene("a drill in the alert channel")
async def _(world):
    await world.alex.says("drill")


@scene("a drill along watches that lead to several channels")
async def _(world):
    world.enos.change(3377, owners=("maya.chen", "jonas.weber"))
    joins(FINANCE, "U0MAYA00001")(world)
    await world.maya.says("watch of 3377 quiet 22:00-09:00", channel=FINANCE)
    await world.maya.says("watch of 2809", channel=FINANCE)
    await world.maya.says("watch by maya.chen")
    await world.jonas.writes("watch of 2809")
    await world.maya.says("prefs mentions off")
    world.later(hours=3)
    world.answer_texts.clear()
    world.answer_bodies.clear()
    await world.alex.says("drill", channel=FINANCE)
    await world.alex.says("drill")


@scene("a drill along a channel that is archived")
async def _(world):
    joins(FINANCE, "U0MAYA00001")(world)
    await world.maya.says("watch of 3377", channel=FINANCE)
    lost(FINANCE)(world)
    world.answer_texts.clear()
    await world.alex.says("drill", channel=FINANCE)


asked("a drill where nothing can be posted", "alex", "drill", lost(OPS))
asked("a drill where no failures go", "alex", "drill", way="writes")


@scene("a drill in a channel without watches")
async def _(world):
    await world.alex.says("drill", channel=FINANCE)


@scene("where a flow's failures go")
async def _(world):
    joins(FINANCE, "U0MAYA00001")(world)
    await world.maya.says("watch of 2809 quiet 22:00-09:00", channel=FINANCE)
    await world.maya.writes("watch of 2809")
    await world.jonas.writes("watch of 2809")
    world.later(hours=3)
    world.answer_texts.clear()
    world.answer_bodies.clear()
    await world.maya.says("show 2809")
    await world.breaks()
    world.enos.run(FAILED)
    await world.maya.says("show 3377")
    await world.maya.says(f"show {FAILED}")


@scene("preferences are shown and changed")
async def _(world):
    (shown,) = await world.maya.says("prefs")
    (changed,) = await world.maya.presses(shown, "Turn mentions off")
    await world.jonas.says("prefs replies channel digest 08:30 reminders off")
    await world.jonas.presses(changed, "Turn mentions on")


@scene("preferences of a person")
async def _(world):
    await world.maya.writes("prefs")
    await world.maya.writes("prefs digest 08:30")
    await world.maya.writes("prefs mentions off")
