"""What the tests of asking an owner share."""

from datetime import timedelta

MAYA, JONAS, LINA = "<@U0MAYA00001>", "<@U0JONAS0001>", "<@U0LINA00001>"
AT_WORK = "3377-2026112110"


def message(seen, place):
    (found,) = [each for each in seen if each.place == place]
    return found


async def asks(world, words="trigger 3377", who="jonas"):
    """Somebody who is no owner is refused, and asks; returns what is seen then."""
    (refused,) = await world.actors[who].says(words)
    return await world.actors[who].presses(refused, "Ask an owner")


async def offers(world):
    return [each for each, _ in await world.store.open_offers()]


async def entries(world):
    return await world.store.audit_entries(world.now - timedelta(days=1), world.now + timedelta(days=1))
