"""All pages of Search Flow: the whole organization's flows, or a failure; never a part of them.

Where the page base is not set, both page 0 and page 1 are read: one of them is refused for its number, empty, or the
same as the other, and since the list is read to its end anyway, it does not matter which. Only where page 0 fails, the
rows of page 1 must tell whether page 0 holds some.
"""

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, FlowName
from bot.core.text.message import msg
from bot.enos.calls import ATTEMPTS, Actor, Call, search_flows
from bot.enos.errors import BadResponse, ServerError
from bot.enos.page_base import Ids, conclude_from_one, refuses_number
from bot.enos.reading_flows import flow_names_of
from bot.enos.server import PageLimit, Server

FLOWS = "flows"  # what is listed, in alarms and logs
_ENDLESS = msg("EnOS's list of flows does not end.")
FIELD = "create_time"  # a stable order: pages do not shift while they are read


async def all_flows(server: Server, expression: str, actor: Actor) -> tuple[FlowName, ...]:
    """Every flow once, in the server's order."""
    found: dict[FlowId, FlowName] = {}
    if server.base == "auto":
        number = await _begin(server, expression, actor, found)
    else:
        number = int(server.base)
    largest = 0
    limit = PageLimit(server, FLOWS, _ENDLESS)
    while True:
        limit.count_page()
        names, size = await _page(server, expression, number, actor)
        new = _add(names, found)
        short = size < largest  # than a page before: a server may hold its pages smaller than asked
        if not size or short or (not new and number > 1):
            limit.report_end()
            return tuple(found.values())
        number, largest = number + 1, size


async def _begin(server: Server, expression: str, actor: Actor, found: dict[FlowId, FlowName]) -> int:
    """Read page 0 if there is one: the number of the next page to read."""
    try:
        names, _ = await _page(server, expression, 0, actor, attempts=2)  # may break where pages count from 1
    except (Refusal, ServerError, BadResponse) as failure:
        if refuses_number(failure):
            return 1
        base = await _base_from_rows(server, expression, actor)
        if base is None:
            raise
        return base
    _add(names, found)
    return 1


async def _base_from_rows(server: Server, expression: str, actor: Actor) -> int | None:
    """The page base as the rows of this list, or of all flows, show it; None where they do not."""
    for words in dict.fromkeys((expression, "")):

        async def read(number: int, size: int, words: str = words) -> Ids:
            names, _ = await _page(server, words, number, actor, size=size)
            return tuple(name.id for name in names)

        base = await conclude_from_one(await read(1, server.size), read, server.size)
        if base is not None:
            return base
    return None


def _add(names: tuple[FlowName, ...], found: dict[FlowId, FlowName]) -> int:
    """Add a page to what was found: how many of its rows are new."""
    before = len(found)
    for name in names:
        found.setdefault(name.id, name)
    return len(found) - before


async def _page(
    server: Server, expression: str, number: int, actor: Actor, *, attempts: int = ATTEMPTS, size: int = 0
) -> tuple[tuple[FlowName, ...], int]:
    """The rows of a page that can be read, and how many it has."""

    def build(sort: str) -> Call:
        return search_flows(expression, number, sort, actor, size=size or server.size)

    envelope, _ = await server.ask_sorted("flows", FIELD, build, attempts=attempts)
    return flow_names_of(envelope.data)
