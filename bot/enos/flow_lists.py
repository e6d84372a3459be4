"""Walking all pages of Search Flow: the whole organization's flows.

Both page 0 and page 1 are read where the base is not set: one of them is refused, empty or the other's twin, and a
list that is read to its end anyway need not know which.
"""

from bot.core.errors import Refusal
from bot.core.flows import FlowId, FlowName
from bot.enos.calls import ATTEMPTS, By, Call, search_flows
from bot.enos.errors import Broken, Unreadable
from bot.enos.paging import Server
from bot.enos.reading_flows import flow_names_of

FIELD = "create_time"  # a stable order: pages do not shift while they are read


async def all_flows(server: Server, expression: str, by: By) -> tuple[FlowName, ...]:
    """Return every flow once, in the server's order."""
    found: dict[FlowId, FlowName] = {}
    start = 0 if server.base == "auto" else int(server.base)
    if server.base == "auto":
        try:
            await _page(server, expression, 0, by, found)
        except (Refusal, Broken, Unreadable):
            found.clear()  # counts from 1; if something else is wrong, page 1 will tell
        start = 1
    number, largest = start, 0
    while True:
        new, size = await _page(server, expression, number, by, found)
        short = size < largest  # than a page before: a server may hold its pages smaller than asked
        if not size or short or (not new and number > 1):
            return tuple(found.values())
        number, largest = number + 1, size


async def _page(server: Server, expression: str, number: int, by: By, found: dict[FlowId, FlowName]) -> tuple[int, int]:
    """Add a page to what was found; return how many of its rows are new, and how many it has."""

    def build(sort: str) -> Call:
        return search_flows(expression, number, sort, by, size=server.size)

    attempts = 2 if number == 0 else ATTEMPTS  # page 0 may break on a server that counts from 1
    envelope, _ = await server.ask_sorted("flows", FIELD, build, attempts=attempts)
    names, size = flow_names_of(envelope.data)
    before = len(found)
    for name in names:
        found.setdefault(name.id, name)
    return len(found) - before, size
