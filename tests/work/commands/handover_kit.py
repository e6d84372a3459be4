"""What tests of take over, assign and hand over share."""

from answer_world import FAILED

from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.work.commands.offer_expiry import OfferExpiry

REDUCE = "3318-2026112102"
TURBINE = "2809-202611210200"


def expiry(world):
    return OfferExpiry(world.store, world.slack, world.services.incident_actions.offers)


async def time_passes(world, **span):
    world.later(**span)
    await expiry(world).tick(world.now)
    return await world.delivered()


def questions(seen):
    return [each for each in seen if "Accept" in each.buttons]


def replies(seen, place="thread in #data-ops"):
    return [each for each in seen if each.place == place and each.kind == "message"]


async def holder(world, instance=FAILED):
    incident = await world.incident(instance)
    return incident.acked_by and incident.acked_by.user


async def held(world, instance=FAILED, **more):
    """Maya has acknowledged an incident for some time."""
    card = await world.breaks(instance, **more)
    await world.maya.presses(card, "Acknowledge")
    world.later(minutes=5)
    return card


async def asked(world, who="jonas"):
    """Maya has asked somebody to take her incident; returns the card and the question in its thread."""
    card = await held(world)
    seen = await world.maya.mentions(f"assign to <@{world.actors[who].person.user}>", thread=card.ts)
    return card, questions(seen)[0]


async def recovers(world):
    await world.store.change(
        (await world.incident()).id,
        lambda old: ChangeSet(incidents=(lifecycle.recovered(old, "3377-2026112103", world.now)[0],)),
    )
