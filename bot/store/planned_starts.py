"""Backfills and their starts: rows before anything is started."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from sqlite3 import Row

from bot.core.flow.backfill import (
    Backfill,
    BackfillChange,
    BackfillStart,
    BackfillState,
    PauseReason,
    StartState,
    unknown_backfill,
)
from bot.core.flow.backfill_times import Basis, Slot
from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.outbox.posts import NewPost, PostId
from bot.core.people.model import AttemptResult
from bot.store import transactions
from bot.store.database import Database
from bot.store.people import end_attempt, require_link
from bot.store.queueing import put
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    person,
    read,
    timestamp,
    timestamp_or_none,
    transaction,
)

_AT_ONCE = 400  # starts that are written in one transaction
_MILLISECOND = timedelta(milliseconds=1)
_OPEN = "state IN ('running', 'paused', 'stopping')"
_INSERT = f"""
    INSERT INTO backfills (
      flow_id, flow_name, made_by, user_name, at, channel, post, basis, zone, slot,
      task, attempt, usual, state, reason, detail, acted_by, turn, shown, ended_at)
    VALUES ({", ".join("?" * 20)}) RETURNING number
"""  # noqa: S608  constants only


class Backfills(Transactional):
    """Reading and changing backfills."""

    async def plan_backfill(self, backfill: Backfill, starts: Sequence[BackfillStart]) -> int:
        """Write a backfill that has not begun, in several transactions; return its number."""
        number = await self._new_backfill(backfill)
        for first in range(0, len(starts), _AT_ONCE):
            await self._add_starts(number, starts[first : first + _AT_ONCE])
        return number

    @transaction
    def _new_backfill(self, db: Database, backfill: Backfill) -> int:
        return int(db.execute(_INSERT, _row(backfill)).fetchone()["number"])

    @transaction
    def _add_starts(self, db: Database, number: int, starts: Sequence[BackfillStart]) -> None:
        transactions.replace(db, "backfill_starts", [_start_row(number, each) for each in starts], key=2)

    @transaction
    def begin_backfill(
        self,
        db: Database,
        number: int,
        posts: Sequence[NewPost],
        *,
        shown: str = "",
        attempt_result: AttemptResult | None = None,
    ) -> Backfill | None:
        """Begin a planned backfill, with its message (``shown`` is its fingerprint) and the end of the attempt.

        Returns the flow's backfill that has not ended, where there is one: then nothing is written. Raises
        Refusal("link_changed") where the link that the attempt depends on has changed.
        """
        require_link(db, attempt_result.linked if attempt_result else None)
        new = _load(db, number)
        if (other := _of_flow(db, new.flow_id)) is not None:
            return other
        _put(db, replace(new, state=BackfillState.RUNNING, shown=shown))
        put(db, posts)
        end_attempt(db, attempt_result)
        return None

    @transaction
    def change_backfill(
        self,
        db: Database,
        number: int,
        decide: Callable[[Backfill, tuple[BackfillStart, ...]], BackfillChange],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> BackfillChange:
        """Read a backfill with its starts, ask ``decide``, write what it returns and end the attempt.

        What ``decide`` raises undoes all. Raises Refusal: "unknown_backfill" where there is none, "link_changed" where
        the link that the attempt depends on has changed.
        """
        require_link(db, attempt_result.linked if attempt_result else None)
        change = decide(_load(db, number), _starts(db, number))
        if change.backfill is not None:
            _put(db, change.backfill)
        if change.starts:
            transactions.replace(db, "backfill_starts", [_start_row(number, each) for each in change.starts], key=2)
        put(db, change.posts)
        end_attempt(db, attempt_result)
        return change

    @read
    def open_backfills(self, db: Database) -> tuple[Backfill, ...]:
        """Those that have begun and not ended, oldest first."""
        return tuple(map(_backfill, db.execute(f"SELECT * FROM backfills WHERE {_OPEN} ORDER BY number")))  # noqa: S608

    @read
    def backfill(self, db: Database, number: int) -> tuple[Backfill, tuple[BackfillStart, ...]]:
        """One backfill with its starts, in order. Raises Refusal: "unknown_backfill" where there is none."""
        return _load(db, number), _starts(db, number)

    @read
    def backfill_of(self, db: Database, flow: FlowId) -> Backfill | None:
        """The backfill of a flow that has not ended."""
        return _of_flow(db, flow)


def started_by_one(db: Database, instances: Collection[InstanceId]) -> frozenset[InstanceId]:
    """Those of these runs that a backfill has started, or may have."""
    rows = db.execute(
        "SELECT instance FROM runs WHERE verb = 'backfill' AND instance IN (SELECT value FROM json_each(?))",
        [json.dumps(list(instances))],
    )
    return frozenset(InstanceId(row["instance"]) for row in rows)


def _load(db: Database, number: int) -> Backfill:
    row = db.execute("SELECT * FROM backfills WHERE number = ?", [number]).fetchone()
    if row is None:
        raise unknown_backfill(number)
    return _backfill(row)


def _of_flow(db: Database, flow: FlowId) -> Backfill | None:
    row = db.execute(f"SELECT * FROM backfills WHERE flow_id = ? AND {_OPEN}", [flow]).fetchone()  # noqa: S608
    return None if row is None else _backfill(row)


def _starts(db: Database, number: int) -> tuple[BackfillStart, ...]:
    rows = db.execute("SELECT * FROM backfill_starts WHERE backfill = ? ORDER BY place", [number])
    return tuple(map(_start, rows))


def _put(db: Database, backfill: Backfill) -> None:
    db.execute(
        "UPDATE backfills SET made_by = ?, user_name = ?, state = ?, reason = ?, detail = ?, acted_by = ?, turn = ?,"
        " shown = ?, ended_at = ? WHERE number = ?",
        [
            str(backfill.by),
            backfill.user_name,
            backfill.state.value,
            backfill.reason.value,
            backfill.detail,
            str(backfill.acted_by) if backfill.acted_by else None,
            backfill.turn,
            backfill.shown,
            timestamp_or_none(backfill.ended_at),
            backfill.number,
        ],
    )


def _row(backfill: Backfill) -> transactions.Row:
    return (
        backfill.flow_id,
        backfill.flow_name,
        str(backfill.by),
        backfill.user_name,
        timestamp(backfill.at),
        backfill.channel,
        backfill.post,
        backfill.basis.value,
        backfill.zone,
        backfill.slot.value,
        backfill.task,
        backfill.attempt,
        backfill.usual // _MILLISECOND if backfill.usual is not None else None,
        backfill.state.value,
        backfill.reason.value,
        backfill.detail,
        str(backfill.acted_by) if backfill.acted_by else None,
        backfill.turn,
        backfill.shown,
        timestamp_or_none(backfill.ended_at),
    )


def _backfill(row: Row) -> Backfill:
    return Backfill(
        number=row["number"],
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        by=person(row["made_by"]),
        user_name=UserName(row["user_name"]),
        at=from_timestamp(row["at"]),
        channel=row["channel"],
        post=PostId(row["post"]),
        basis=Basis(row["basis"]),
        zone=row["zone"],
        slot=Slot(row["slot"]),
        task=row["task"],
        attempt=row["attempt"],
        usual=None if row["usual"] is None else row["usual"] * _MILLISECOND,
        state=BackfillState(row["state"]),
        reason=PauseReason(row["reason"]),
        detail=row["detail"],
        acted_by=person(row["acted_by"]) if row["acted_by"] else None,
        turn=row["turn"],
        shown=row["shown"],
        ended_at=from_timestamp_or_none(row["ended_at"]),
    )


def _start_row(number: int, start: BackfillStart) -> transactions.Row:
    return (
        number,
        start.place,
        timestamp(start.at),
        start.state.value,
        start.attempt,
        start.instance,
        start.status,
        timestamp_or_none(start.started_at),
        timestamp_or_none(start.ended_at),
        start.why,
    )


def _start(row: Row) -> BackfillStart:
    return BackfillStart(
        place=row["place"],
        at=from_timestamp(row["at"]),
        state=StartState(row["state"]),
        attempt=row["attempt"],
        instance=InstanceId(row["instance"]) if row["instance"] else "",
        status=row["status"],
        started_at=from_timestamp_or_none(row["started_at"]),
        ended_at=from_timestamp_or_none(row["ended_at"]),
        why=row["why"],
    )
