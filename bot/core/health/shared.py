"""Several replicas of one flowbot: who they are, and what the one that leads tells the others. Pure.

What only the leader's memory holds is shared, so that each of them shows people the same.
"""

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from bot.core.flow.model import FlowId
from bot.core.health.promise import Judgement
from bot.core.text import kept
from bot.core.values import dataclass

Said = tuple[str, datetime, datetime]  # a ``lateness.Reason``, and the trigger time and deadline that it is about


@dataclass(frozen=True, slots=True)
class Member:
    """One replica. Its times are those of the database's clock."""

    id: str
    name: str  # the machine and the process, for people
    version: str
    began_at: datetime
    leads_since: datetime | None = None  # None: it follows


@dataclass(frozen=True, slots=True)
class Shared:
    """What the leader tells: what is wrong, how far it has read, and what it has found out."""

    judgement: Judgement = Judgement()
    watched: tuple[int, int] | None = None  # flows of how many
    read_at: datetime | None = None  # the last complete poll
    known_since: datetime | None = None  # all runs
    history_at: datetime | None = None  # when the last complete read of history began
    offset: timedelta | None = None  # of the times that EnOS prints
    lost: frozenset[str] = frozenset()  # channels and people that cannot be posted to
    said: Mapping[FlowId, Said] = field(default_factory=dict)  # what a look at EnOS came to, of flows that seem late


def written(shared: Shared) -> str:
    """As text, for the database."""
    found = shared.judgement
    told = {
        "broken": [kept.written(each) for each in found.broken],
        "remarks": [kept.written(each) for each in found.remarks],
        "watched": shared.watched,
        "offset": None if shared.offset is None else shared.offset.total_seconds(),
        "lost": sorted(shared.lost),
        "said": [[id_, reason, fire.isoformat(), by.isoformat()] for id_, (reason, fire, by) in shared.said.items()],
    }
    times = {name: getattr(shared, name) for name in _TIMES}
    return json.dumps(told | {name: at and at.isoformat() for name, at in times.items()}, sort_keys=True)


def read(text: str) -> Shared:
    """What ``written`` wrote. What another version wrote otherwise, or did not write, is not known."""
    try:
        told = json.loads(text)
        watched, offset = told["watched"], told["offset"]
        return Shared(
            judgement=Judgement(*(tuple(map(kept.read, told[name])) for name in ("broken", "remarks"))),
            watched=None if watched is None else (int(watched[0]), int(watched[1])),
            offset=None if offset is None else timedelta(seconds=offset),
            lost=frozenset(map(str, told["lost"])),
            said={FlowId(int(id_)): (str(reason), _at(fire), _at(by)) for id_, reason, fire, by in told["said"]},
            **{name: _at(told[name]) if told[name] else None for name in _TIMES},
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return Shared()


_TIMES = ("read_at", "known_since", "history_at")


def _at(text: Any) -> datetime:
    return datetime.fromisoformat(text)
