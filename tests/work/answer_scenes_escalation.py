"""The scenes in which people ask who is on call, who was called for an incident, and who comes next."""

from dataclasses import replace
from datetime import timedelta

from answer_scenes import Scenes, failed_run
from answer_world import FAILED, HOME, ONCALL
from permits import allowing

from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.people.model import Person
from bot.core.routing.mentions import Permission, Permit
from bot.work.monitor.reminders import ReminderChecks, Reminders

SCENES = Scenes()
scene, asked = SCENES.scene, SCENES.asked
SECOND, EMPTY = "S0SECOND01", "S0EMPTY001"


def with_groups(world, *groups, pagerduty=False):
    """Other groups are on call, one after the other."""
    world.answer_settings = replace(world.answer_settings, oncall=groups, pagerduty=pagerduty)
    world.slack.groups[SECOND] = {"U0JONAS0001", "U0PRIYA0001"}
    world.slack.groups[EMPTY] = {"U0GONE00001"}
    world.restart()


async def escalates(world, minutes, **checks):
    """So many minutes later, whoever is due is called."""
    world.later(minutes=minutes)
    services = world.services
    asked = ReminderChecks(services.on_call.read, world.slack.members, **checks)
    await Reminders(world.store, services.owners, world.new_id, timedelta(minutes=30), asked).tick(world.now)
    await world.delivered()


# ── who is on call ──


@scene("oncall, with groups that can be read and others")
async def _(world):
    with_groups(world, ONCALL, SECOND, EMPTY)
    world.slack.active = {"U0SAMLEE001": True, "U0JONAS0001": False}
    await world.priya.says("oncall")
    world.slack.broken["group"] = SlackRefused("missing_scope")
    await world.priya.says("oncall")
    world.slack.broken["group"] = SlackUnclear("too slow")
    world.later(hours=1)
    await world.priya.mentions("oncall")


@scene("oncall, where Slack tells nothing of people")
async def _(world):
    await world.maya.says("oncall")
    world.slack.broken["presence"] = SlackUnclear("too slow")
    world.slack.person(world.sam.person, "sam", timezone="")
    await world.maya.says("oncall")


@scene("oncall, with many people")
async def _(world):
    with_groups(world, ONCALL)
    crowd = [Person(HOME, f"U0CROWD{number:04}") for number in range(23)]
    for each in crowd:
        world.slack.person(each, "somebody")
    world.slack.groups[ONCALL] = {each.user for each in crowd}
    await world.maya.says("oncall")


asked("oncall, where no group is set", "maya", "oncall", with_groups)


# ── who was called, and who is next ──


@scene("show, while an incident is escalated")
async def _(world):
    with_groups(world, EMPTY, ONCALL, SECOND, pagerduty=True)
    await world.breaks()
    world.answer_texts.clear()
    await world.maya.says("show 3377")
    for _ in range(4):
        await escalates(world, 31, pagerduty=True)
        await world.maya.says("show 3377")
    for _ in range(2):
        await escalates(world, 60 * 24)
    await world.maya.says("show 3377")


@scene("show, of a run whose incident somebody acknowledged, and is gone")
async def _(world):
    card = await world.breaks()
    failed_run(world)
    await escalates(world, 31)
    await world.maya.mentions("ack", thread=card.ts)
    world.answer_texts.clear()
    await world.maya.says(f"show {FAILED}")
    await world.maya.mentions("unack", thread=card.ts)
    await world.services.incident_actions.gone((await world.incident()).id, world.now)
    await world.delivered()
    world.answer_texts.clear()
    await world.maya.says(f"show {FAILED}")


def nobody_to_mention(world):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()


@scene("show, where nobody can be mentioned")
async def _(world):
    nobody_to_mention(world)
    await world.breaks(owners=("somebody.else",))
    world.answer_texts.clear()
    await world.maya.says("show 3377")
    await escalates(world, 31)
    await world.maya.says("show 3377")


def why(permission, minutes=None):
    async def prepare(world):
        until = None if minutes is None else world.now + timedelta(minutes=minutes)
        await world.breaks()
        world.store.routing_rules = allowing(lambda _channel, _now: Permit(permission, until))

    return prepare


for permission in (Permission.QUIET_HOURS, Permission.SNOOZED):
    asked(f"show, until: {permission.value}", "maya", "show 3377", why(permission, 400))
for permission in (
    Permission.QUIET_HOURS,
    Permission.SNOOZED,
    Permission.REMINDERS_OFF,
    Permission.CAUSE_ACKNOWLEDGED,
):
    asked(f"show, why nobody is called: {permission.value}", "maya", "show 3377", why(permission))
