"""The scenes in which something is started, canceled or switched."""

from answer_enos import chain
from answer_scenes import AT_WORK, DONE, FAIL, RUN, WAITS, Scenes, failed_run, fault
from answer_world import FAILED, Lost

from bot.core.flow.model import Parameter
from bot.core.flow.status import Status

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked


# ── starting ──

asked("a run is started", "maya", "trigger 3377")
asked("a run is started from a task", "maya", "trigger 3377 from 108580")
asked(
    "a run is started with parameters", "maya", 'trigger 3377 with path="/a b=c" api_key=s3cret colour=red shape=round'
)
asked("a task that the flow lacks", "maya", "trigger 3377 from 7")
asked("another run holds the minute", "maya", "trigger 3377", lambda world: world.enos.run(RUN, AT_WORK))
asked("an answer is lost", "maya", "trigger 3377 from 108580", fault("triggerFromTask", Lost(effect=True)))
asked("a rerun", "maya", f"rerun {FAILED}", failed_run)
asked("a rerun that is only shown", "maya", f"rerun {FAILED} dry-run", failed_run)


@scene("a start that is only shown, and changes before it is pressed")
async def _(world):
    (seen,) = await world.maya.says("trigger 3377 at tomorrow 02:00 with path=/a api_key=s3cret dry-run")
    world.enos.change(3377, active=False, graph=chain((1, "read"), (2, "sum")), parameters=[Parameter("path", "/b")])
    (again,) = await world.maya.presses(seen, "Trigger")
    await world.maya.presses(again, "Trigger")


@scene("a second start within the minute")
async def _(world):
    await world.maya.says("trigger 3318")
    world.answer_texts.clear()
    world.later(seconds=20)
    await world.jonas.says("trigger 3318")
    world.later(seconds=60)
    await world.jonas.says("trigger 3318 at 2026-11-21T14:30Z")


@scene("a run from its beginning to its end")
async def _(world):
    await world.maya.says("trigger 4500")
    run = "4500-20261121143000"
    for states in (
        [WAITS] * 7,
        [DONE, DONE, AT_WORK, AT_WORK, WAITS, WAITS, WAITS],
    ):
        world.enos.becomes(run, AT_WORK, states)
        await world.tick(seconds=4)
    world.enos.becomes(run, Status.WAIT, [WAITS] * 7)
    await world.tick(seconds=4)
    world.enos.becomes(run, DONE, [DONE] * 7, start="2026-11-21 22:30:15", end="2026-11-21 22:34:20")
    await world.tick(seconds=4)


@scene("runs that end otherwise")
async def _(world):
    for status, states in (
        (FAIL, [DONE, FAIL, WAITS]),
        (Status.TIMEOUT, [DONE, Status.TIMEOUT, WAITS]),
        (Status.CANCEL, [DONE, Status.CANCEL, Status.CANCEL]),
    ):
        world.enos.rows.clear()
        await world.maya.says("trigger 3377")
        run = f"3377-{world.now:%Y%m%d%H%M}00"
        world.enos.becomes(run, status, states)
        await world.tick(seconds=4)
        await world.breaks(run)
        await world.tick(seconds=4)
        world.later(minutes=2)


@scene("a run whose answer was lost: found, another's, not there")
async def _(world):
    for effect, before in ((True, None), (False, {"parameters": (Parameter("path", "/else"),)}), (False, None)):
        world.enos.faults["trigger"] = [Lost(effect=effect)]
        await world.maya.says("trigger 3377")
        run = f"3377-{world.now:%Y%m%d%H%M}00"
        if before:
            world.enos.run(run, AT_WORK, **before)
        await world.tick(seconds=4)
        await world.tick(seconds=70)
        await world.tick(seconds=4)
        world.later(minutes=2)


@scene("a run that does not end")
async def _(world):
    await world.maya.says("trigger 3377")
    await world.tick(hours=25)


# ── reruns that are not guessed ──

asked(
    "a rerun with other parameters",
    "maya",
    f"rerun {FAILED}",
    lambda world: world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", parameters=()),
)
asked(
    "a rerun without a failed task",
    "maya",
    f"rerun {FAILED}",
    lambda world: world.enos.run(FAILED, DONE, trigger_time="2026-11-21 10:00:00"),
)
asked(
    "a rerun whose minutes nobody knows",
    "maya",
    f"rerun {FAILED}",
    lambda world: world.enos.run(FAILED, trigger_time="soon"),
)
asked(
    "a rerun of an id that names no time", "maya", "rerun 3377-20261121", lambda world: world.enos.run("3377-20261121")
)
asked(
    "a rerun in a taken minute",
    "maya",
    f"rerun {FAILED}",
    lambda world: (failed_run(world), world.enos.run("3377-20261121020000", kind=2)),
)


def two_failed(world):
    world.enos.change(3377, graph=chain((1, "left"), (2, "right <!here>"), edges=()))
    world.enos.run(FAILED, tasks={1: FAIL, 2: FAIL}, trigger_time="2026-11-21 10:00:00")


asked("a rerun of two branches", "maya", f"rerun {FAILED}", two_failed)


def no_room(world):
    world.enos.run("2809-202611210200", tasks={201: DONE, 202: FAIL})
    world.enos.run("2809-20261121020000", kind=2)


asked("a rerun without a free minute", "jonas", "rerun 2809-202611210200", no_room)


@scene("a rerun whose own rerun holds the minute")
async def _(world):
    world.enos.run("2809-202611210200", tasks={201: DONE, 202: FAIL})
    await world.jonas.says("rerun 2809-202611210200")
    world.answer_texts.clear()
    world.later(minutes=3)
    await world.jonas.says("rerun 2809-202611210200")
    world.enos.becomes("2809-20261121020000", FAIL, [Status.SKIP, FAIL])
    await world.jonas.says("rerun 2809-202611210200")


# ── scheduling and stopping ──

asked("enable", "jonas", "enable 3318")
asked("enable what is on", "maya", "enable 3377")
asked("disable what is off", "maya", "disable 3318")
asked("disable, whose answer is lost", "maya", "disable 3377 confirmed", fault("disable", Lost(effect=True)))
asked("disable, which had no effect", "maya", "disable 3377 confirmed", fault("disable", Lost(effect=False)))
asked("cancel what has ended", "maya", f"cancel {FAILED}", failed_run)
asked(
    "cancel, whose answer is lost",
    "maya",
    f"cancel {RUN} confirmed",
    lambda world: (world.enos.run(RUN, AT_WORK), fault("cancel", Lost(effect=True))(world)),
)


@scene("disable asks once")
async def _(world):
    (question,) = await world.maya.says("disable 3377")
    await world.maya.presses(question, "Disable schedule")
    await world.maya.presses(question, "Disable schedule")


@scene("cancel asks once")
async def _(world):
    world.enos.run(RUN, AT_WORK)
    (question,) = await world.maya.says(f"cancel {RUN}")
    await world.maya.presses(question, "Cancel run")


@scene("cancel, whose answer is lost, and the run is not shown")
async def _(world):
    world.enos.run(RUN, AT_WORK)
    world.enos.faults["cancel"] = [Lost(effect=True)]
    world.enos.faults["instance"] = [None, None]
    world.enos.before["cancel"] = lambda: world.enos.hidden.update({3377: {"u15432100000000011"}})
    await world.maya.says(f"cancel {RUN} confirmed")
