"""The flows that EnOS lists for a person, with what flowbot knows of each; and which a few typed letters mean."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from heapq import nsmallest
from typing import Any

from bot.core.command.characters import CORNERS, QUOTES
from bot.core.flow.model import FlowId, UserName
from bot.core.history.runs import FailedTask
from bot.core.text.likeness import likeness, unmarked
from bot.core.values import dataclass

_AROUND = QUOTES + "".join((*CORNERS, *CORNERS.values())) + " "


@dataclass(frozen=True, slots=True)
class KnownFlow:
    """A flow in the list of one person."""

    id: FlowId
    name: str
    looks: str  # the likeness of the name, by which it is searched
    editable: bool = False  # EnOS lets this person change it: they own it
    cycle: str = ""  # M, W, D, H, mi
    owners: tuple[UserName, ...] = ()  # as far as they are known
    status: int | None = None  # of its last run, where history has one
    at: datetime | None = None  # when that was triggered


def known_flow(id: FlowId, name: str, **more: Any) -> KnownFlow:
    """A flow with this name; most look as they are written, and then that is one text in memory."""
    looks = likeness(name)
    return KnownFlow(id, name, name if looks == name else looks, **more)


def with_task(failed: Iterable[FailedTask], typed: str) -> dict[FlowId, FailedTask]:
    """The flows in which a task failed that is meant by a part of its name, or by its ID; one task of each."""
    wanted = _wanted(typed)
    found: dict[FlowId, FailedTask] = {}
    for each in failed:
        if wanted in likeness(each.name) or wanted in map(str, each.ids):
            found.setdefault(each.flow.id, each)
    return found


def search(flows: Iterable[KnownFlow], typed: str, limit: int) -> tuple[KnownFlow, ...]:
    """The flows that are meant by a part of a name, an ID or an owner, best first; by name where nothing is typed.

    Capitals, full-width letters and marks around the text do not matter. Several words may stand in any order.
    """
    wanted = _wanted(typed)
    words = wanted.split()
    found = ((rank, flow) for flow in flows if (rank := _rank(flow, wanted, words)) is not None)
    best = nsmallest(limit, found, key=lambda each: (each[0], not each[1].editable, each[1].looks, each[1].id))
    return tuple(flow for _, flow in best)


def _wanted(typed: str) -> str:
    return unmarked(typed.strip(_AROUND))


def _rank(flow: KnownFlow, wanted: str, words: list[str]) -> int | None:
    """How near a flow is to what was typed, 0 is nearest; None where it does not match."""
    id_, name = str(flow.id), flow.looks
    if wanted in {id_, name}:
        return 0
    if name.startswith(wanted):
        return 1
    if id_.startswith(wanted):
        return 2
    if wanted in name:
        return 3
    where = f"{name} {_looks_of(flow.owners)}"
    for word in words:
        if word not in where and not id_.startswith(word):
            return None
    return 4


@lru_cache(maxsize=1000)  # the same few owners have thousands of flows
def _looks_of(owners: tuple[UserName, ...]) -> str:
    return " ".join(map(likeness, owners))
