"""List Flow Instances: finds instances among many, and caches what was found."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.sim.enos.model import Flow, Instance, Status
from bot.sim.enos.runs import RunEngine

_CACHED = 32

_NO_TIME = float("-inf")  # rows without a time come first in ascending order, as in a MySQL index

ORDERS: dict[str, Callable[[Instance], float]] = {
    "create_time": lambda instance: instance.created,
    "update_time": lambda instance: instance.updated,
    "start_time": lambda instance: _NO_TIME if instance.start is None else instance.start,
    "trigger_time": lambda instance: instance.trigger,
    "end_time": lambda instance: _NO_TIME if instance.end is None else instance.end,
}


@dataclass(frozen=True, slots=True)
class SearchTerms:
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
    reader: str = ""  # the user who asks: each user is related to other flows


class Finder:
    """Answers searches; the result of the same search is cached until something changes."""

    def __init__(self, runs: RunEngine) -> None:
        self._runs = runs
        self._cache: OrderedDict[SearchTerms, tuple[object, list[Instance]]] = OrderedDict()

    def find(self, terms: SearchTerms, related: Callable[[Flow], bool], stamp: object = None) -> list[Instance]:
        """Find all instances that fit, in order.

        ``related`` says whether the user is related to a flow. The cached result counts only while ``stamp``,
        which represents everything else that the answer depends on, is the same.
        """
        version = (self._runs.version, stamp)
        cached = self._cache.get(terms)
        if cached is not None and cached[0] == version:
            self._cache.move_to_end(terms)
            return cached[1]
        found = self._search(terms, related)
        self._cache[terms] = (version, found)
        self._cache.move_to_end(terms)
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return found

    def _search(self, terms: SearchTerms, related: Callable[[Flow], bool]) -> list[Instance]:
        flows: dict[int, bool] = {}  # by the flow's address: asked once per flow, not once per row
        needle = terms.expression.casefold()
        statuses = list(Status) if terms.statuses is None else terms.statuses
        found = []
        for instance in self._runs.with_status(terms.kind, statuses):
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
