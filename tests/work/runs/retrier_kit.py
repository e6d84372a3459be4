"""A flow whose failures a rule retries, and what may come between."""

from dataclasses import replace

from answer_world import FAILED

from bot.core.incident.facts import ChangeSet

RULE = 'retry 3377 on "connection RESET"'
ERROR = "java.net.SocketException: Connection reset by peer"


async def learns(world, line=ERROR, instance=FAILED):
    """The error line of the newest failure is read."""
    incident = await world.incident(instance)
    newest = replace(incident.occurrences[-1], error_line=line)
    new = replace(incident, occurrences=(*incident.occurrences[:-1], newest))
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(new,)))


async def fails(world, rule=RULE):
    """Maya sets a rule, and the flow fails with what it is about; returns the card."""
    if rule:
        await world.maya.says(rule)
    world.later(minutes=1)
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    card = await world.breaks()
    await learns(world)
    return card


async def ticks(world, retrier, **span):
    """Let time pass; what people see then."""
    world.later(**span)
    await retrier.tick(world.now)
    return await world.delivered()


async def row(world):
    (found,) = await world.store.retries_of(3377)
    return found


class Instead:
    """A store, or a Slack, with other methods."""

    def __init__(self, inner, **methods):
        self._inner = inner
        self.__dict__.update(methods)

    def __getattr__(self, name):
        return getattr(self._inner, name)


def raising(error):
    async def method(*_args, **_more):
        raise error

    return method


def texts(messages):
    return "\n".join(message.text for message in messages)


async def leaves(world, _card):
    profiles = world.slack.profiles
    profiles["U0MAYA00001"] = replace(profiles["U0MAYA00001"], deleted=True)
