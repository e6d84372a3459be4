"""The flow cache: for each EnOS user the flows that EnOS lists as theirs, searched while somebody types.

Nobody waits for EnOS here. Whoever asks gets what is known, with its age, and the list is read again behind the
answer: at most once a minute for each person, and for two people at a time. A first read starts at once, because
somebody waits for it; a later one gives way to what people wait for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import Failure, Refusal, TemporaryFailure, internal_error
from bot.core.flow.known import KnownFlow, known_flow, search
from bot.core.flow.model import FlowId, FlowName, UserId, UserName
from bot.core.history.runs import PastRun
from bot.core.people.model import Link
from bot.core.values import dataclass

if TYPE_CHECKING:
    from bot.store.store import Store
    from bot.work.commands.context import Services

log = logging.getLogger(__name__)

MOST_FLOWS = 5000  # of one person
MOST_ROWS, MOST_PEOPLE = 30_000, 200  # of all, after which those who asked least recently are forgotten
READ_AGAIN = timedelta(minutes=1)  # how old a list is before it is read again
_AT_ONCE = 2  # people whose flows are read
_GIVES_WAY = timedelta(seconds=10)  # at most
_BREATH = 0.2  # seconds
_CHUNK = 500  # flows that the database is asked for at once


@dataclass(frozen=True, slots=True)
class FlowList:
    """The flows of one person, by name, as they were read; ``age`` is None where nothing was read yet."""

    flows: tuple[KnownFlow, ...] = ()
    age: timedelta | None = None
    at: datetime | None = None  # when that was, by the wall clock
    reading: bool = False  # they are being read now
    trouble: Failure | None = None  # why the last read failed
    left_out: int = 0  # flows beyond ``MOST_FLOWS``


@dataclass(slots=True)
class _Known:
    flows: tuple[KnownFlow, ...] = ()
    left_out: int = 0
    at: datetime | None = None  # when it was read, by the steady clock
    read_at: datetime | None = None  # and by the wall clock
    tried: datetime | None = None
    trouble: Failure | None = None
    task: "asyncio.Task[None] | None" = None


class FlowLists:
    """Remembers the flows of each person. ``is_busy``: whether something else needs EnOS."""

    def __init__(
        self,
        is_busy: Callable[[], bool] = lambda: False,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._is_busy, self._pause = is_busy, pause
        self._known: dict[UserId, _Known] = {}  # who asked last is the last
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self.on_read: Callable[[UserId], None] = lambda _user: None  # called after each read, failed or not

    def flows(self, services: "Services", link: Link) -> FlowList:
        """The flows of this person as they are known now. Never waits; an old list is read again meanwhile."""
        known = self._known.pop(link.user_id, None) or _Known()
        self._known[link.user_id] = known
        now = services.steady()
        if known.task is None and (known.tried is None or abs(now - known.tried) >= READ_AGAIN):
            known.tried = now
            known.task = asyncio.create_task(self._read(services, link, known), name=f"flows of {link.user_id}")
        return _seen(known, now)

    def known(self, services: "Services", link: Link) -> FlowList:
        """As ``flows``, without reading them again: for what nobody has asked for just now."""
        return _seen(self._known.get(link.user_id) or _Known(), services.steady())

    def search(self, services: "Services", link: Link, typed: str, limit: int) -> FlowList:
        """The flows of this person that the typed text means, best first. Never waits, as ``flows``."""
        known = self.flows(services, link)
        found = search(known.flows, typed, limit)
        return replace(known, flows=found)

    async def read(self, services: "Services", link: Link, seconds: float) -> FlowList:
        """The flows of this person, waiting for a read that is under way, but not longer than these seconds."""
        known = self.flows(services, link)
        task = self._known[link.user_id].task
        if known.age is None and task is not None:
            await asyncio.wait({task}, timeout=seconds)
            return self.flows(services, link)
        return known

    async def close(self) -> None:
        """Stop reading."""
        tasks = [known.task for known in self._known.values() if known.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, services: "Services", link: Link, known: _Known) -> None:
        try:
            async with self._turn:
                if known.at is not None:
                    await self._give_way(services)
                listed = await services.enos.my_flows(as_user=link.user_id)
                kept = sorted(listed, key=lambda each: (not each.editable, each.id))[:MOST_FLOWS]
                flows = await _with_knowledge(services.store, kept, link, services.clock())
            known.flows, known.left_out = flows, len(listed) - len(kept)
            known.at, known.read_at, known.trouble = services.steady(), services.clock(), None
            self._forget_others()
        except Refusal as refusal:  # what EnOS shows this user no more is not shown from memory either
            known.flows, known.left_out, known.at, known.read_at = (), 0, services.steady(), services.clock()
            known.trouble = refusal.with_traceback(None)
        except Failure as failure:
            known.trouble = failure.with_traceback(None)
        except Exception:  # somebody may wait: the unexpected is shown by a reference
            reference = services.new_id()[:8]
            log.exception("The flows of a person could not be read, reference %s", reference)
            known.trouble = TemporaryFailure(internal_error(reference))
        finally:
            known.task = None
        self.on_read(link.user_id)

    async def _give_way(self, services: "Services") -> None:
        until = services.steady() + _GIVES_WAY
        while self._is_busy() and services.steady() < until:
            await self._pause(_BREATH)

    def _forget_others(self) -> None:
        """Forget those who asked least recently, where there are too many; never the last one who asked."""
        rows = sum(len(known.flows) for known in self._known.values())
        for user in list(self._known)[:-1]:
            if rows <= MOST_ROWS and len(self._known) <= MOST_PEOPLE:
                return
            if self._known[user].task is None:
                rows -= len(self._known.pop(user).flows)


def _seen(known: _Known, now: datetime) -> FlowList:
    age = None if known.at is None else max(now - known.at, timedelta())
    return FlowList(known.flows, age, known.read_at, known.task is not None, known.trouble, known.left_out)


async def last_runs(store: "Store", flows: Sequence[FlowId], now: datetime) -> Mapping[FlowId, PastRun]:
    """The last run of each of many flows; those without one are left out."""
    runs: dict[FlowId, PastRun] = {}
    for start in range(0, len(flows), _CHUNK):
        runs |= await store.last_runs(flows[start : start + _CHUNK], now)
    return runs


async def _with_knowledge(
    store: "Store", listed: Sequence[FlowName], link: Link, now: datetime
) -> tuple[KnownFlow, ...]:
    """The flows by name, with what is remembered of each."""
    ids = [each.id for each in listed]
    runs = await last_runs(store, ids, now)
    owners: dict[FlowId, tuple[UserName, ...]] = {}
    for start in range(0, len(ids), _CHUNK):
        owners |= await store.remembered_owners(ids[start : start + _CHUNK])

    def known() -> tuple[KnownFlow, ...]:
        made = (_known_flow(each, link, runs.get(each.id), owners.get(each.id, ())) for each in listed)
        return tuple(sorted(made, key=lambda each: (each.looks, each.id)))

    return await asyncio.to_thread(known)  # thousands of names take a moment


def _known_flow(listed: FlowName, link: Link, run: PastRun | None, owners: tuple[UserName, ...]) -> KnownFlow:
    mine = (link.user_name,) if listed.editable and link.verified and link.user_name not in owners else ()
    return known_flow(
        listed.id,
        listed.name,
        editable=bool(listed.editable),
        cycle=listed.cycle,
        owners=owners + mine,
        status=None if run is None else run.status,
        at=None if run is None else run.triggered_at,
    )
