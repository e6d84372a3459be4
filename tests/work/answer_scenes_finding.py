"""The scenes in which people find flows, and list their own."""

from answer_scenes import DONE, FAIL, Scenes

from bot.core.flow.ids import instance_moment
from bot.core.history.runs import PastRun
from bot.enos.errors import NoResponse

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked


async def past(world, *runs):
    """What history knows."""
    await world.store.add_past_runs(
        [
            PastRun(id_, int(id_.split("-")[0]), instance_moment(id_), int(status), freq="0 0 2 * * ? *", flow_name="x")
            for id_, status in runs
        ]
    )


async def known(world):
    await past(world, ("3377-2026112102", FAIL), ("2809-202611211420", DONE), ("4500-2026112103", 2))


async def failed(world):
    await world.breaks()
    await known(world)
    await past(world, ("3377-2026112002", DONE))


asked("flows are found by name", "maya", "find forecast", known)
asked("a flow is found by its ID", "jonas", "find 3377", known)
asked("flows are found by two words", "jonas", "find report energy", known)
asked("flows are found in other capitals and widths", "maya", "find ＦＯＲＥＣＡＳＴ", known)
asked("flows are found by a task that failed", "jonas", "find transform", failed)
asked("flows are found by an owner", "jonas", "find maya", lambda world: world.enos.run("4410-2026112103", DONE))
asked("flows are found by a person", "alex", "find <@U0JONAS0001>", lambda world: world.enos.run("2809-2026112103"))
asked("flows of somebody without a link", "alex", "find <@U0PRIYA0001>")
asked("nothing is found, but something near", "maya", "find dayly-energy-report")
asked("nothing is found", "maya", "find zzz")
asked("flows with a name that pings", "maya", "find weather")
asked("my flows, broken ones first", "maya", "mine", failed)
asked("my flows, all of them", "jonas", "mine", known)
asked("somebody without flows", "alex", "mine", lambda world: world.enos.flows.pop(2957))


@scene("find in Chinese, and my flows")
async def _(world):
    world.enos.add(5001, "能源日报", "maya.chen")
    await world.maya.says("查找日报")
    await world.maya.says("查找 日报")
    await world.maya.says("我的任务流")


@scene("my flows on several pages, and when EnOS is silent later")
async def _(world):
    for number in range(12):
        world.enos.add(6000 + number, f"meter-{number:02}", "jonas.weber")
    (first,) = await world.jonas.says("mine")
    await world.jonas.presses(first, "Next")
    world.later(minutes=3)
    world.enos.faults["my_flows"] = [NoResponse(30)]
    await world.jonas.says("mine page 2")
    world.later(seconds=1)
    await world.jonas.says("mine")


@scene("my flows that EnOS does not list")
async def _(world):
    world.enos.faults["my_flows"] = [NoResponse(30)]
    await world.jonas.says("mine")
