"""Finding instances among many: the terms of List Flow Instances, answered from shelves and remembered."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.sim.enos.model import Flow, Instance, Status
from bot.sim.enos.runs import Runs

_REMEMBERED = 32

_NOWHERE = float("-inf")  # rows without a time come first in ascending order, as in a MySQL index

ORDERS: dict[str, Callable[[Instance], float]] = {
    "create_time": lambda instance: instance.created,
    "update_time": lambda instance: instance.updated,
    "start_time": lambda instance: _NOWHERE if instance.start is None else instance.start,
    "trigger_time": lambda instance: instance.trigger,
    "end_time": lambda instance: _NOWHERE if instance.end is None else instance.end,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What to look for; times are epoch seconds."""

    kind: int
    since: float
    until: float
    closed: bool = False  # whether ``until`` itself belongs to the range
    statuses: frozenset[Status] | None = None  # None for any
    owner: str = ""
    expression: str = ""
    order: str = ""  # a name of ORDERS; empty for the order of creation
    descending: bool = False
    reader: str = ""  # the user who asks: what is related to whom differs


class Finder:
    """Answers searches. The same search costs nothing again until something changes."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._known: OrderedDict[Terms, tuple[object, list[Instance]]] = OrderedDict()

    def find(self, terms: Terms, related: Callable[[Flow], bool], stamp: object = None) -> list[Instance]:
        """Return all instances that fit, in order. ``stamp`` names whatever else the answer depends on."""
        version = (self._runs.version, stamp)
        known = self._known.get(terms)
        if known is not None and known[0] == version:
            self._known.move_to_end(terms)
            return known[1]
        found = self._look(terms, related)
        self._known[terms] = (version, found)
        self._known.move_to_end(terms)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    def _look(self, terms: Terms, related: Callable[[Flow], bool]) -> list[Instance]:
        flows: dict[int, bool] = {}  # by the flow's address: asking once per flow, not once per row
        needle = terms.expression.casefold()
        statuses = list(Status) if terms.statuses is None else terms.statuses
        found = []
        for instance in self._runs.shelf(terms.kind, statuses):
            if not terms.since <= instance.trigger < terms.until and not (
                terms.closed and instance.trigger == terms.until
            ):
                continue
            flow = instance.flow
            wanted = flows.get(id(flow))
            if wanted is None:
                wanted = flows[id(flow)] = related(flow) and (not terms.owner or terms.owner in flow.owners)
            if wanted and (not needle or needle in instance.id or needle in flow.name.casefold()):
                found.append(instance)
        if terms.order:
            key = ORDERS[terms.order]
            found.sort(key=lambda instance: (key(instance), instance.serial), reverse=terms.descending)
        else:
            found.sort(key=lambda instance: instance.serial)
        return found
