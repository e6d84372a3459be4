"""The scenes in which people read, act on incidents, and ask about people and the bot itself."""

from datetime import timedelta

from answer_enos import LOAD
from answer_scenes import AT_WORK, DONE, RUN, Scenes, failed_run, flow
from answer_world import FAILED, Lost

from bot.core.flow.status import Status
from bot.core.outbox.conversations import SlackRefused
from bot.core.pictures.model import NoPicture
from bot.core.text.message import msg
from bot.enos.errors import NoResponse

SCENES = Scenes()
LATE = msg("The last complete poll of EnOS was {duration} ago.", duration=timedelta(seconds=400))
scene, asked = SCENES.scene, SCENES.asked


# ── reading ──


def some_runs(world):
    failed_run(world)
    world.enos.run("2809-202611210900", DONE)
    world.enos.run("4410-2026112103", Status.TIMEOUT)
    world.enos.run("3318-20261121100000", 42, kind=2)


asked("what failed", "maya", "failed", some_runs)
asked("nothing failed", "maya", "failed yesterday of 3377 by me")
asked("what ran", "maya", "runs", some_runs)
asked("what ran, filtered", "maya", "runs last 3h running fail of 3377 by <@U0JONAS0001>")
asked("a flow", "maya", "show 3377")
asked("a flow that pings", "maya", "show 4410")
asked("a flow without tasks that is off", "maya", "show 4102", flow(4102, active=False, freq="", cycle="", owners=()))
asked("a locked flow is shown", "alex", "show 2957", flow(2957, user_locked=True, description="Bills <!here> & such"))
asked("a run", "maya", f"show {FAILED}", failed_run)
asked("a run under way", "maya", f"show {RUN}", lambda world: world.enos.run(RUN, AT_WORK, start="2026-11-21 22:30:01"))
asked("a task graph of a flow", "maya", "graph 3377")
asked("a task graph of a run", "maya", f"graph {FAILED}", failed_run)
asked("a task graph of a run that is not there", "maya", "graph 3377-2026112199")
asked("a task graph of a flow that is not there", "maya", "graph 9")
asked("a task graph without tasks", "maya", "graph 4102")
asked("a task graph of a locked flow that is not mine", "jonas", "graph 2957")
for reason in NoPicture:
    asked(f"no picture: {reason.value}", "maya", "graph 2809", lambda world, why=reason: setattr(world, "picture", why))
asked("a log", "maya", f"log {FAILED} tail 3", failed_run)
asked("no log", "maya", f"log {FAILED}", lambda world: world.enos.run(FAILED))
asked("a log of one line", "maya", f"log {FAILED} of {LOAD}", lambda world: world.enos.run(FAILED, log="only this"))
asked("a log of a task that is not there", "maya", f"log {FAILED} of 7", failed_run)
asked(
    "a log of a run without tasks",
    "maya",
    "log 4102-2026112102",
    lambda world: world.enos.run("4102-2026112102"),
)
asked("a long log", "maya", f"log {FAILED} tail 500", lambda world: world.enos.run(FAILED, log="x" * 4000))


@scene("a list of two pages")
async def _(world):
    for hour in range(12):
        world.enos.run(f"3377-20261121{hour:02}", DONE)
    (first,) = await world.jonas.says("runs of 3377")
    await world.jonas.presses(first, "Next")


@scene("what failed: triggered before, recovered, closed, healed")
async def _(world):
    await world.breaks("3377-2026111902")
    await world.breaks("2809-202611202330", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    await world.jonas.says("close 2809 because not needed")
    world.answer_texts.clear()
    await world.maya.says("failed 2026-11-21")


# ── incidents ──

asked("no incidents", "maya", "incidents")
asked("no incidents of mine", "maya", "incidents mine of 3377 by me")
asked("open incidents", "maya", "incidents", lambda world: world.breaks())


@scene("an incident from ack to reopen")
async def _(world):
    await world.breaks()
    await world.maya.says("ack 3377 for 2h because I look")
    await world.sam.says("ack 3377")
    await world.maya.says("incidents")
    await world.maya.says(f"unack {FAILED}")
    await world.maya.says("unack 3377")
    await world.maya.says("close daily-energy-report because no need")
    await world.maya.says("ack 3377")
    await world.maya.says("reopen 3377")
    await world.maya.says("reopen 3377")


asked("figures of nothing", "maya", "stats")
asked("figures of a flow that is not there", "maya", "stats of 9")
asked("figures of long ago", "maya", "stats 2024-01-01..2024-01-31")


@scene("figures of a week and of a quarter")
async def _(world):
    await world.breaks("3377-2026111902")
    await world.breaks("2809-202611202330", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    world.later(minutes=12)
    await world.maya.says("ack 3377")
    await world.jonas.says("close 2809 as expected because no need")
    world.later(hours=2)
    await world.breaks("4410-2026112102", flow=4410, name="<!channel> weather & wind")
    world.answer_texts.clear()
    await world.maya.says("stats")
    await world.maya.says("stats 2026-09-01..2026-11-30 of 3377")
    await world.maya.says("stats 2024-11-01..2026-12-31")


@scene("in the thread of an incident")
async def _(world):
    card = await world.breaks()
    failed_run(world)
    world.answer_texts.clear()
    await world.maya.mentions("ack", thread=card.ts)
    await world.maya.mentions("show", thread=card.ts)
    await world.maya.mentions("graph", thread=card.ts)
    (private,) = await world.maya.mentions("log tail 2", thread=card.ts)
    await world.maya.presses(private, "Show in thread")
    await world.maya.mentions("cancel", thread=card.ts)
    await world.maya.mentions("trigger 3318", thread=card.ts)


@scene("a pressed button, twice, and while it is at work")
async def _(world):
    card = await world.breaks()
    failed_run(world)
    world.answer_texts.clear()
    (preview,) = await world.maya.presses(card, "Rerun")
    await world.maya.presses(preview, "Rerun")
    world.later(minutes=2)
    await world.maya.presses(preview, "Rerun")
    await world.jonas.presses(card, "Rerun")


# ── people and the bot itself ──

asked("help of a verb", "maya", "help trigger")
asked("whoami, linked", "maya", "whoami")
asked("whoami, not linked", "priya", "whoami")
asked("whoami, not proven", "lina", "whoami")
asked("whoami, an admin", "alex", "whoami")
asked("whoami, on call", "sam", "whoami")
asked("status", "maya", "status")
asked("status, not well", "priya", "status", lambda world: setattr(world, "trouble", (LATE,)))
asked("people", "alex", "people")


@scene("a link from first to last")
async def _(world):
    alex = world.alex
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    world.enos.add(7, "hers", "priya.nair")
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.other")
    world.enos.faults["my_flows"] = [NoResponse(30)]
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    await alex.says("link <@U0SAMLEE001> u15432100000000011 sam.lee")
    await alex.says("link <@U0NOBODY001> u15432100000000019 no.body")
    await alex.says("link <@U0GONE00001> u15432100000000019 no.body")
    await alex.says("unlink <@U0PRIYA0001>")
    await alex.says("unlink <@U0PRIYA0001>")


@scene("nobody is linked")
async def _(world):
    for link in await world.store.links():
        await world.store.remove_link(link.person)
    await world.alex.says("people")


@scene("the audit")
async def _(world):
    await world.maya.says("enable 3377")
    await world.jonas.says("enable 3318")
    world.enos.faults["trigger"] = [Lost(effect=True)]
    await world.maya.says("trigger 3377 with password=hunter2")
    world.answer_texts.clear()
    await world.alex.says("audit")
    await world.alex.says("audit yesterday <@U0MAYA00001>")


@scene("a bug of ours")
async def _(world):
    world.enos.faults["flow"] = [KeyError("bug")]
    await world.maya.says("trigger 3377")


@scene("where the bot is no member")
async def _(world):
    await world.maya.says("trigger 3377", channel="C0GENERAL1")


@scene("Slack does not say who is on call")
async def _(world):
    await world.breaks()
    world.answer_texts.clear()
    world.slack.broken["group"] = SlackRefused("missing_scope")
    await world.priya.says("ack 3377")
