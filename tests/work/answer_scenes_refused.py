"""The scenes in which something is refused: who may not, what cannot be understood, what EnOS says."""

from answer_enos import refusal
from answer_scenes import Scenes, failed_run, fault, flow
from answer_world import FAILED

from bot.core.command.buttons import OLD_BUTTON
from bot.core.outbox.conversations import SlackLimited
from bot.enos.errors import BadResponse, NoResponse, ServerError, Throttled, TimestampReused, TokenRejected, Unreachable

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked


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


@scene("an admin without a link")
async def _(world):
    await world.store.remove_link(world.alex.person)
    await world.alex.says("trigger 3377")
    await world.alex.says("whoami")


@scene("nobody is an admin")
async def _(world):
    world.answer_settings = world.answer_settings.__class__(
        **{**fields_of(world.answer_settings), "admins": frozenset()}
    )
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
    world.answer_texts.clear()
    await world.maya.carries(card, f"1|p|{OLD_BUTTON}")


# ── what EnOS says ──

for name, trouble in {
    "EnOS is not there": Unreachable("connection refused"),
    "EnOS does not answer": NoResponse(30),
    "EnOS answers with HTML": BadResponse("it is an HTML page (HTTP 502)"),
    "EnOS asks to wait": Throttled(20),
    "EnOS asks to wait without saying how long": Throttled(),
    "EnOS fails inside": ServerError(500),
    "EnOS answers with an unknown code": ServerError(200, 62999, "something <!channel> new"),
    "EnOS turns the sign-in away": TokenRejected("code 1003"),
    "EnOS counts milliseconds": TimestampReused(),
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
