"""What flows are called: a new name is shown wherever flowbot draws from then on, and is not news by itself.

    a row of a search   compared with the name it was listed with before: a look at a dictionary, and no request
    Get Flow, a list    what it names is today's name
    a single run        its name counts unless the run is older than the newest failure: it may be an earlier name

The card of each live incident is redrawn; ended incidents take the name silently (``store/incidents.py``).
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.core.flow.model import Flow, FlowId, FlowName, Instance, InstanceId, Page
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident
from bot.messages import incident_posts
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import Clock, Enos, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

_Call = Callable[..., Coroutine[Any, Any, Any]]

_MAX_NAMES = 20_000  # runs, and flows, whose printed names are remembered
_LIVE, _OF_ONE = 5000, 100  # incidents looked at


class ListedNames:
    """The flow's name that each run was last listed with; a run that is not remembered is not news."""

    def __init__(self, limit: int = _MAX_NAMES) -> None:
        self._limit = limit
        self._names: dict[InstanceId, str] = {}

    def renamed(self, rows: Iterable[Instance]) -> frozenset[InstanceId]:
        """The runs that are listed with another name than before."""
        known = self._names
        return frozenset(row.id for row in rows if row.flow_name != known.get(row.id, row.flow_name))

    def remember(self, rows: Sequence[Instance]) -> None:
        """Remember how rows are listed, once what they say is written."""
        if len(self._names) + len(rows) > self._limit:
            self._names.clear()
        self._names.update((row.id, row.flow_name) for row in rows if row.flow_name)


class FlowNames:
    """Brings the names on cards up to date. ``wake`` is called after each incident that takes another name."""

    def __init__(self, store: "Store", owner_resolver: OwnerResolver, new_id: NewId, wake: Callable[[], None]) -> None:
        self._store = store
        self._owner_resolver = owner_resolver
        self._new_id = new_id
        self._wake = wake
        self._from_runs: dict[FlowId, tuple[str, InstanceId]] = {}  # from single runs, which are read often

    async def learn(self, found: Flow | Instance | tuple[FlowName, ...] | None, now: datetime) -> None:
        """Take over the names that EnOS's answer holds: of a flow, of the flow of a run, or of listed flows."""
        if isinstance(found, tuple):
            if live := await self._store.incidents(live=True, limit=_LIVE):
                await self._rename(live, {each.id: each.name for each in found}, now)
            return
        if found is None:
            return
        if isinstance(found, Flow):
            flow, name, run = found.id, found.name, None
        else:
            flow, name, run = found.flow_id, found.flow_name, found.id
        if not name or (run is not None and self._from_runs.get(flow) == (name, run)):
            return
        if incidents := await self._store.incidents(live=False, flow=flow, limit=_OF_ONE):
            await self._rename(incidents, {flow: name}, now, run)
        if run is not None:
            if len(self._from_runs) >= _MAX_NAMES:
                self._from_runs.clear()
            self._from_runs[flow] = name, run

    async def _rename(
        self,
        incidents: Sequence[Incident],
        names: Mapping[FlowId, str],
        now: datetime,
        run: InstanceId | None = None,
    ) -> None:
        """Give the incidents of a flow its name: the live ones, and the newest, which the ended ones follow."""
        newest: set[tuple[FlowId, str]] = set()
        for incident in incidents:  # newest first
            name, key = names.get(incident.flow_id, ""), (incident.flow_id, incident.group)
            if (lifecycle.is_live(incident) or key not in newest) and _renamed(incident, name, run):
                await self._change(incident, name, now, run)
            newest.add(key)

    async def _change(self, incident: Incident, name: str, now: datetime, run: InstanceId | None) -> None:
        render_context = await self._owner_resolver.resolve(incident.owners, now)
        terms = incident_posts.Terms(
            now,
            frozenset(),
            self._new_id,
            render_context=render_context,
            rules=await self._store.routing_rules(),
        )

        def decide(old: Incident) -> ChangeSet:
            return incident_posts.changed(old, *lifecycle.renamed(old, name, run), terms)

        await self._store.change(incident.id, decide)
        self._wake()


def _renamed(incident: Incident, name: str, run: InstanceId | None) -> bool:
    return lifecycle.renamed(incident, name, run)[1] is lifecycle.Transition.RENAMED


class NameTrackingEnos:
    """EnOS, where what is read is shown to ``FlowNames`` first. Who reads a search compares the names of its rows."""

    search: Callable[..., AsyncIterator[Page]]  # this and the following are passed on
    log: _Call
    cancel: _Call
    enable: _Call
    disable: _Call
    trigger: _Call
    trigger_with: _Call
    trigger_from_task: _Call

    def __init__(self, enos: Enos, flow_names: FlowNames, clock: Clock) -> None:
        self._enos = enos

        def learning(call: str) -> _Call:
            async def read_and_learn(*asked: object, **more: object) -> object:
                found = await getattr(enos, call)(*asked, **more)
                await flow_names.learn(found, clock())
                return found

            return read_and_learn

        self.instance, self.flow = learning("instance"), learning("flow")
        self.my_flows, self.all_flows = learning("my_flows"), learning("all_flows")

    def __getattr__(self, name: str) -> Any:
        """Pass on all other calls."""
        return getattr(self._enos, name)
