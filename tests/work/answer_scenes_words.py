"""The scenes of unclear words: names that match nothing, ambiguous times, talk and edits."""

from answer_enos import refusal
from answer_scenes import Scenes, fault
from answer_world import OPS

from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.people.model import Link, Origin, Surface
from bot.enos.errors import NoResponse

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked


def in_new_york(world):
    world.slack.person(world.maya.person, "maya", timezone="America/New_York")


def with_runs(world):
    world.enos.run("3377-2026112102", Status.SUCCESS)
    world.enos.run("2809-202611201000", Status.SUCCESS)


def away(world):
    world.enos.faults.update({"flow": [NoResponse()], "search": [NoResponse()]})


# ── names that match nothing ──

asked("failures of an owner mistyped", "maya", "failed by jonas.webber", with_runs)
asked("runs of an owner nobody knows", "maya", "runs by zacharias", with_runs)
asked("incidents of an owner mistyped", "maya", "incidents by maya.chem", with_runs)
asked("failures of a flow that is not there", "maya", "failed of 99999999")
asked("runs of a flow with a digit wrong", "maya", "runs yesterday of 3378")
asked("incidents of a flow with a digit wrong", "maya", "incidents of 33777")
asked("a status that there is not", "maya", "runs 42")
asked("a flow's name mistyped", "maya", "failed of daily-enregy-report")
asked("an audit of nobody", "alex", "audit <@U0NOBODY001>")
asked("an audit of somebody who is not linked", "alex", "audit <@U0PRIYA0001>")
asked("incidents while EnOS is away", "maya", "incidents of 99999999 by ann.leee", away)
asked("failures by somebody who is not linked", "maya", "failed by <@U0PRIYA0001>")
asked("failures of a flow without the right", "maya", "failed of 2957", fault("flow", refusal("no_right", "no right")))


# ── ambiguous times ──

asked("failures of a year mistyped", "maya", "failed 2062-11-20", with_runs)

asked("a local time that comes twice", "maya", "trigger 3377 at 2026-11-01 01:30 with path=/a", in_new_york)
asked("a start a year ahead", "maya", "trigger 3377 at 2027-11-21 02:00 with path=/a")
asked("a start in a year mistyped", "maya", "trigger 3377 from 108580 at 2006-11-21 02:00")


# ── talk and edits ──


@scene("a mention in words for others")
async def _(world):
    origin = Origin(Surface.MENTION, OPS, "", world.new_ts())
    await world.say(world.maya, "the team says <@U0FLOWBOT1> knows", origin, hint="talk")


@scene("an edit of a direct message")
async def _(world):
    origin = Origin(Surface.DIRECT, "D0MAYA00001", "", world.new_ts())
    await world.say(world.maya, "trigger 3377 with password=hunter2", origin, hint="edited")


# ── the first words ──


def somebody_new(world, name, user, **more):
    world._actor(name, user, **more)
    return getattr(world, name)


@scene("the first words of somebody who is not linked")
async def _(world):
    await somebody_new(world, "otto", "U0OTTO00001").says("help failed")


@scene("the first words of somebody on call")
async def _(world):
    ona = somebody_new(world, "ona", "U0ONA000001")
    world.slack.groups["S0ONCALL01"] = {"U0ONA000001"}
    await ona.says("oncall")


@scene("the first words of somebody linked")
async def _(world):
    nora = somebody_new(world, "nora", "U0NORA00001")
    await world.store.put_links([Link(nora.person, UserId("u31"), UserName("nora"), verified=True)])
    await nora.says("help ack")
