"""What flows are called: a new name is shown wherever flowbot draws from then on, and is no news by itself.

    a row of a search   compared with the name it was listed with before: a look at a dictionary, and no request
    Get Flow, a list    what it names is today's name
    a single run        its name counts unless the run is older than the newest failure: it may be the name of then

The card of each incident that goes on is drawn anew; what has ended takes the name silently (``store/incidents.py``).
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.flow.model import (
    Flow,
    FlowId,
    FlowName,
    Instance,
    InstanceId,
    Page,
    Parameter,
    Search,
    TaskId,
    UserId,
)
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident
from bot.messages import incident_posts
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import Clock, Enos, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

_MAX_NAMES = 20_000  # runs, and flows, whose printed names are remembered
_LIVE, _OF_ONE = 5000, 100  # incidents looked at


class ListedNames:
    """The flow's name that each run was last listed with; what finds no room, or was forgotten, is no news."""

    def __init__(self, limit: int = _MAX_NAMES) -> None:
        self._limit = limit
        self._names: dict[InstanceId, str] = {}

    def renamed(self, rows: Iterable[Instance]) -> frozenset[InstanceId]:
        """Return the runs that are listed with another name than before."""
        known = self._names
        return frozenset(row.id for row in rows if row.flow_name != known.get(row.id, row.flow_name))

    def remember(self, rows: Sequence[Instance]) -> None:
        """Remember how rows are listed, once what they say is written."""
        if len(self._names) + len(rows) > self._limit:
            self._names.clear()
        self._names.update((row.id, row.flow_name) for row in rows if row.flow_name)


class FlowNames:
    """Brings the names on cards up to date."""

    def __init__(self, store: "Store", owner_resolver: OwnerResolver, new_id: NewId, wake: Callable[[], None]) -> None:
        self._store = store
        self._owner_resolver = owner_resolver
        self._new_id = new_id
        self._wake = wake
        self._from_runs: dict[FlowId, tuple[str, InstanceId]] = {}  # from single runs, which are read often

    async def flow(self, flow: FlowId, name: str, now: datetime) -> None:
        """Take in what a flow is called now."""
        if name:
            await self._rename(await self._store.incidents(live=False, flow=flow, limit=_OF_ONE), {flow: name}, now)

    async def flows(self, names: Iterable[FlowName], now: datetime) -> None:
        """Take in what flows are called now."""
        live = await self._store.incidents(live=True, limit=_LIVE)
        await self._rename(live, {each.id: each.name for each in names}, now)

    async def run(self, found: Instance, now: datetime) -> None:
        """Take in what the flow of a run is called, as the run tells it."""
        if found.flow_name and self._from_runs.get(found.flow_id) != (found.flow_name, found.id):
            incidents = await self._store.incidents(live=False, flow=found.flow_id, limit=_OF_ONE)
            await self._rename(incidents, {found.flow_id: found.flow_name}, now, found.id)
            if len(self._from_runs) >= _MAX_NAMES:
                self._from_runs.clear()
            self._from_runs[found.flow_id] = found.flow_name, found.id

    async def _rename(
        self,
        incidents: Sequence[Incident],
        names: Mapping[FlowId, str],
        now: datetime,
        run: InstanceId | None = None,
    ) -> None:
        """Give the incidents of a flow its name: those that go on, and the newest, which stands for the ended ones."""
        newest: set[tuple[FlowId, str]] = set()
        for incident in incidents:  # newest first
            name, key = names.get(incident.flow_id, ""), (incident.flow_id, incident.group)
            if (lifecycle.is_live(incident) or key not in newest) and _renamed(incident, name, run):
                await self._change(incident, name, now, run)
            newest.add(key)

    async def _change(self, incident: Incident, name: str, now: datetime, run: InstanceId | None) -> None:
        render_context = await self._owner_resolver.resolve(incident.owners, now)
        terms = incident_posts.Terms(now, frozenset(), incident.channel, self._new_id, render_context=render_context)

        def decide(old: Incident) -> ChangeSet:
            return incident_posts.changed(old, *lifecycle.renamed(old, name, run), terms)

        await self._store.change(incident.id, decide)
        self._wake()


def _renamed(incident: Incident, name: str, run: InstanceId | None) -> bool:
    return lifecycle.renamed(incident, name, run)[1] is lifecycle.Transition.RENAMED


class NameTrackingEnos:
    """EnOS as it is, with an ear for what it calls its flows. Changes are passed on as they are."""

    def __init__(self, enos: Enos, flow_names: FlowNames, clock: Clock) -> None:
        self._enos = enos
        self._flow_names = flow_names
        self._clock = clock

    def search(
        self, terms: Search, *, newest: str = "update_time", as_user: UserId | None = None
    ) -> AsyncIterator[Page]:
        """Pass the pages on; who reads them compares their names."""
        return self._enos.search(terms, newest=newest, as_user=as_user)

    async def instance(self, instance: InstanceId, *, as_user: UserId | None = None) -> Instance | None:
        """Return one instance, and hear its flow's name."""
        found = await self._enos.instance(instance, **_reader(as_user))
        if found is not None:
            await self._flow_names.run(found, self._clock())
        return found

    async def flow(self, flow: FlowId, *, as_user: UserId | None = None) -> Flow:
        """Return the flow, and hear its name."""
        found = await self._enos.flow(flow, **_reader(as_user))
        await self._flow_names.flow(found.id, found.name, self._clock())
        return found

    async def my_flows(self, expression: str = "", *, as_user: UserId | None = None) -> tuple[FlowName, ...]:
        """Return the user's flows, and hear their names."""
        found = await self._enos.my_flows(expression, **_reader(as_user))
        await self._flow_names.flows(found, self._clock())
        return found

    async def all_flows(self, expression: str = "", *, as_user: UserId | None = None) -> tuple[FlowName, ...]:
        """Return all flows, and hear their names."""
        found = await self._enos.all_flows(expression, **_reader(as_user))
        await self._flow_names.flows(found, self._clock())
        return found

    # what is passed on

    async def log(self, task_instance: str, *, as_user: UserId | None = None) -> str | None:
        """Return the task's log."""
        return await self._enos.log(task_instance, as_user=as_user)

    async def cancel(self, instance: InstanceId, *, as_user: UserId) -> None:
        """Ask for the instance to stop."""
        await self._enos.cancel(instance, as_user=as_user)

    async def trigger(self, flow: FlowId, at_ms: int, *, as_user: UserId) -> InstanceId:
        """Trigger Flow."""
        return await self._enos.trigger(flow, at_ms, as_user=as_user)

    async def trigger_from_task(self, flow: FlowId, task: TaskId, at_ms: int, *, as_user: UserId) -> InstanceId:
        """Trigger Flow From Task."""
        return await self._enos.trigger_from_task(flow, task, at_ms, as_user=as_user)

    async def trigger_with(
        self, flow: FlowId, at_ms: int, parameters: Sequence[Parameter], *, as_user: UserId
    ) -> InstanceId:
        """Update And Trigger Flow."""
        return await self._enos.trigger_with(flow, at_ms, parameters, as_user=as_user)

    async def enable(self, flow: FlowId, *, as_user: UserId) -> None:
        """Turn scheduling on."""
        await self._enos.enable(flow, as_user=as_user)

    async def disable(self, flow: FlowId, *, as_user: UserId) -> None:
        """Turn scheduling off."""
        await self._enos.disable(flow, as_user=as_user)


def _reader(user: UserId | None) -> dict[str, UserId]:
    """Return as whom to ask; what the watcher asks by itself names nobody."""
    return {} if user is None else {"as_user": user}
