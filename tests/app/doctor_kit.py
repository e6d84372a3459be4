"""Words of the doctor's tests."""

from dataclasses import replace

from app_kit import MAYA, SAM

from bot.core.checks.check import CheckState
from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link, Person
from bot.store.store import Store

HOME = "T0DEMO0001"
WATCHER = "u15432100000000001"


def bad(found):
    """What is not well, by name."""
    return {check.name: check for check in found if check.state is not CheckState.OK}


def named(found, name):
    return next(check for check in found if check.name == name)


def link(user, id_, name, *, verified=False):
    return Link(Person(HOME, user), UserId(id_), UserName(name), verified=verified)


MAYAS = link(MAYA, "u15432100000000011", "maya.chen")
SAMS = link(SAM, "u15432100000000015", "sam.lee")


async def linked(folder, *links):
    async with Store.open(folder / "flowbot.db") as store:
        await store.put_links(links)


def app_with(running, **changes):
    workspace = running.world.workspace
    workspace.state.app = replace(workspace.state.app, **changes)
