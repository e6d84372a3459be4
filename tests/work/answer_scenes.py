"""The scenes of the golden file: each is a few commands, and what people then see."""

from answer_enos import LOAD, chain, refusal
from answer_world import FAILED, Lost

from bot.core.conversations import SlackLimited, SlackRefused
from bot.core.flows import Parameter
from bot.core.status import Status
from bot.enos.errors import Broken, KeyUsed, Silence, Throttled, TokenStale, Unreachable, Unreadable
from bot.work.answer import OLD_BUTTON

RUN = "3377-20261121143000"
DONE, FAIL, AT_WORK, WAITS = Status.SUCCESS, Status.FAIL, Status.RUNNING, Status.INIT
LOG = "\n".join(f"line {number}" for number in range(1, 41)) + "\nERROR password=hunter2 column kwh not found"

SCENES = {}


def scene(title):
    """A named scene: whatever people see in it stands in the golden file."""

    def keep(tell):
        assert title not in SCENES, title
        SCENES[title] = tell
        return tell

    return keep


def asked(title, who, words, prepare=None, way="says"):
    """A scene of one command."""

    @scene(title)
    async def tell(world):
        if prepare is not None:
            ready = prepare(world)
            if hasattr(ready, "__await__"):
                await ready
        world.told.clear()
        await getattr(getattr(world, who), way)(words)


def fault(call, *faults):
    return lambda world: world.enos.faults.update({call: list(faults)})


def flow(id_=3377, **fields):
    return lambda world: world.enos.change(id_, **fields)


def failed_run(world):
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", log=LOG)


# ── who may ──

asked("a bot asks", "robot", "status")
asked("somebody of another workspace asks", "stranger", "failed")
asked("a deactivated account asks", "gone", "failed")
asked("a guest without a link asks", "guest", "help")
asked("somebody without a link asks", "priya", "failed")
asked("somebody without a link wants a change", "priya", "trigger 3377")
asked("no admin for an admin's verb", "maya", "people")
asked("no owner", "jonas", "enable 3377")
asked("a locked flow", "alex", "trigger 2957")
asked("a locked user", "maya", "trigger 3377", flow(user_locked=True))
asked("a link that is not proven", "lina", "disable 4501", lambda world: world.enos.names.pop("u15432100000000015"))
asked("no responder", "jonas", "ack 3377", lambda world: world.breaks())
asked("on call, but a close needs a link", "sam", "close 3377", lambda world: world.breaks())
asked("Slack does not say who somebody is", "maya", "help", lambda world: world.slack.profiles.clear())
asked(
    "Slack is slow to say who somebody is",
    "maya",
    "help",
    lambda world: world.slack.broken.update(profile=SlackLimited(30)),
)


@scene("nobody is an admin")
async def _(world):
    world.manners = world.manners.__class__(**{**fields_of(world.manners), "admins": frozenset()})
    world.restart()
    await world.priya.says("runs")
    await world.priya.says("whoami")
    await world.alex.says("audit")


def fields_of(value):
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


# ── what cannot be understood ──

for bad in (
    "trigge 3377",
    "3377",
    "trigger",
    "trigger 3377 from",
    "trigger 3377 from transform",
    "trigger 3377 from 108580 with path=/x",
    "trigger 3377 with path",
    "trigger 3377 at 25:00",
    "rerun 3377",
    "runs 2026-11-20..2026-11-10",
    "failed of",
    "show 3377 now",
    "link @maya",
    "help dance",
    "help trigge",
):
    asked(f"words: {bad}", "alex", bad)

asked("a clock time that has passed", "maya", "trigger 3377 from 108580 at 08:00")
asked("an unknown flow", "maya", "trigger 99")
asked("an unknown name", "maya", "show nothing-like-it")
asked("a name that several flows begin with", "maya", "show forecast")
asked("a name that a change does not guess", "maya", "trigger forecast")
asked("an unknown run", "maya", "show 3377-20200101000000")
asked("no run is named", "maya", "log")
asked("no flow is named", "maya", "enable")
asked("no incident is named", "maya", "ack")
asked("no incident of a flow", "maya", "ack 2809")
asked("no incident of a run", "maya", f"ack {FAILED}")
asked("an owner who is not linked", "maya", "runs by <@U0PRIYA0001>")


@scene("a button that this version cannot read")
async def _(world):
    (card,) = await world.maya.says("status")
    world.told.clear()
    await world.maya.carries(card, f"1|p|{OLD_BUTTON}")


# ── what EnOS says ──

for name, trouble in {
    "EnOS is not there": Unreachable("connection refused"),
    "EnOS does not answer": Silence("no answer within 30 s"),
    "EnOS answers with HTML": Unreadable("it is an HTML page (HTTP 502)"),
    "EnOS asks to wait": Throttled(20),
    "EnOS asks to wait without saying how long": Throttled(),
    "EnOS fails inside": Broken(500),
    "EnOS answers with an unknown code": Broken(200, 62999, "something <!channel> new"),
    "EnOS turns the sign-in away": TokenStale("code 1003"),
    "EnOS counts milliseconds": KeyUsed(),
    "62101": refusal("wrong_user", "user not found"),
    "62102, another run in this minute": refusal("not_created", "Cannot create flow instance repeatedly"),
    "62102, a body that cannot be used": refusal("invalid_request", "request body is invalid"),
    "62103": refusal("no_right", "no access right"),
    "62104": refusal("no_task", "This workflow has no task. You cannot trigger it."),
    "62105": refusal("user_locked", "user is locked"),
    "99400": refusal("not_offered", "unknown action"),
}.items():
    asked(name, "maya", "trigger 3377", fault("trigger", trouble))

asked(
    "62109, no log",
    "maya",
    f"log {FAILED}",
    lambda world: (failed_run(world), fault("log", refusal("no_log", "no log found"))(world)),
)


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


@scene("a second start within the minute")
async def _(world):
    await world.maya.says("trigger 3318")
    world.told.clear()
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
    await world.maya.presses(question, "Turn scheduling off")
    await world.maya.presses(question, "Turn scheduling off")


@scene("cancel asks once")
async def _(world):
    world.enos.run(RUN, AT_WORK)
    (question,) = await world.maya.says(f"cancel {RUN}")
    await world.maya.presses(question, "Stop the run")


@scene("cancel, whose answer is lost, and the run is not shown")
async def _(world):
    world.enos.run(RUN, AT_WORK)
    world.enos.faults["cancel"] = [Lost(effect=True)]
    world.enos.faults["instance"] = [None, None]
    world.enos.before["cancel"] = lambda: world.enos.hidden.update({3377: {"u15432100000000011"}})
    await world.maya.says(f"cancel {RUN} confirmed")


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
    await world.jonas.presses(first, "Next →")


@scene("what failed: triggered before, recovered, closed, healed")
async def _(world):
    await world.breaks("3377-2026111902")
    await world.breaks("2809-202611202330", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    await world.jonas.says("close 2809 because not needed")
    world.told.clear()
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


@scene("in the thread of an incident")
async def _(world):
    card = await world.breaks()
    failed_run(world)
    world.told.clear()
    await world.maya.mentions("ack", thread=card.ts)
    await world.maya.mentions("show", thread=card.ts)
    (private,) = await world.maya.mentions("log tail 2", thread=card.ts)
    await world.maya.presses(private, "Show in thread")
    await world.maya.mentions("cancel", thread=card.ts)
    await world.maya.mentions("trigger 3318", thread=card.ts)


@scene("a pressed button, twice, and while it is at work")
async def _(world):
    card = await world.breaks()
    failed_run(world)
    world.told.clear()
    await world.maya.presses(card, "Rerun")
    world.later(minutes=2)
    await world.jonas.presses(card, "Rerun")


# ── people and the bot itself ──

asked("help of a verb", "maya", "help trigger")
asked("whoami, linked", "maya", "whoami")
asked("whoami, not linked", "priya", "whoami")
asked("whoami, not proven", "lina", "whoami")
asked("whoami, an admin", "alex", "whoami")
asked("whoami, on call", "sam", "whoami")
asked("status", "maya", "status")
asked("status, not well", "priya", "status", lambda world: setattr(world, "well", "EnOS was last read 400 s ago"))
asked("people", "alex", "people")


@scene("a link from first to last")
async def _(world):
    alex = world.alex
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    world.enos.add(7, "hers", "priya.nair")
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    await alex.says("link <@U0PRIYA0001> u15432100000000013 priya.other")
    world.enos.faults["my_flows"] = [Silence("no answer within 30 s")]
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
    world.told.clear()
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
    world.told.clear()
    world.slack.broken["group"] = SlackRefused("missing_scope")
    await world.priya.says("ack 3377")
