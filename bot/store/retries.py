"""Retry rules, and the failed runs that they were about; written by ``ChangeSets``."""

from collections.abc import Sequence
from datetime import timedelta
from sqlite3 import Row

from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.incident.model import IncidentId
from bot.core.incident.retries import Retry, RetryId, RetryReason, RetryRule, RetryState, RuleEnd, RuleId
from bot.store.database import Database
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    person,
    read,
    timestamp,
    timestamp_or_none,
)

_MILLISECOND = timedelta(milliseconds=1)
_MOST = 500  # rows that are read at once
_OPEN = "state IN ('waiting', 'starting')"


class Retries(Transactional):
    """Reading retry rules and retries."""

    @read
    def retry_rules(self, db: Database) -> tuple[RetryRule, ...]:
        """The rules that have not ended, oldest first."""
        return tuple(map(_rule, db.execute("SELECT * FROM retry_rules WHERE ended_at IS NULL ORDER BY at, id")))

    @read
    def open_retries(self, db: Database) -> tuple[Retry, ...]:
        """The retries that wait or are being started, oldest first."""
        return tuple(map(_retry, db.execute(f"SELECT * FROM retries WHERE {_OPEN} ORDER BY made_at, id")))  # noqa: S608  constants only

    @read
    def retries_of(self, db: Database, flow: FlowId) -> tuple[Retry, ...]:
        """The newest retries of a flow, newest first."""
        return of_flow(db, flow)


def rules_of(db: Database, flow: FlowId) -> tuple[RetryRule, ...]:
    """The rules of a flow that have not ended: one, or none."""
    return tuple(map(_rule, db.execute("SELECT * FROM retry_rules WHERE flow_id = ? AND ended_at IS NULL", [flow])))


def of_flow(db: Database, flow: FlowId) -> tuple[Retry, ...]:
    """The newest retries of a flow, newest first."""
    rows = db.execute("SELECT * FROM retries WHERE flow_id = ? ORDER BY made_at DESC, id LIMIT ?", [flow, _MOST])
    return tuple(map(_retry, rows))


def put_rules(db: Database, rules: Sequence[RetryRule]) -> None:
    """Insert new ones, and end those that have ended. One that had ended before stays as it ended."""
    for each in rules:
        db.execute(
            """
            INSERT INTO retry_rules VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, ended_at = excluded.ended_at
            WHERE retry_rules.ended_at IS NULL
            """,
            [
                each.id,
                each.flow_id,
                each.flow_name,
                each.text,
                each.wait // _MILLISECOND,
                str(each.by),
                each.user_name,
                timestamp(each.at),
                each.end.value if each.end else "",
                timestamp_or_none(each.ended_at),
            ],
        )


def put(db: Database, retries: Sequence[Retry]) -> None:
    """Insert new ones, one for each failed run, and move on those that are open. One that has ended stays so."""
    for each in retries:
        db.execute(
            f"""
            INSERT INTO retries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE
            SET state = excluded.state, reason = excluded.reason, started = excluded.started
            WHERE retries.{_OPEN}
            """,  # noqa: S608  constants only
            [
                each.id,
                each.incident,
                each.flow_id,
                each.instance,
                each.rule,
                each.text,
                str(each.by),
                each.user_name,
                timestamp(each.made_at),
                timestamp(each.due),
                each.state.value,
                each.reason.value,
                each.started,
            ],
        )


def _rule(row: Row) -> RetryRule:
    return RetryRule(
        id=RuleId(row["id"]),
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        text=row["text"],
        wait=row["wait"] * _MILLISECOND,
        by=person(row["made_by"]),
        user_name=UserName(row["user_name"]),
        at=from_timestamp(row["at"]),
        end=RuleEnd(row["ended"]) if row["ended"] else None,
        ended_at=from_timestamp_or_none(row["ended_at"]),
    )


def _retry(row: Row) -> Retry:
    return Retry(
        id=RetryId(row["id"]),
        incident=IncidentId(row["incident"]),
        flow_id=FlowId(row["flow_id"]),
        instance=InstanceId(row["instance"]),
        rule=RuleId(row["rule"]),
        text=row["text"],
        by=person(row["made_by"]),
        user_name=UserName(row["user_name"]),
        made_at=from_timestamp(row["made_at"]),
        due=from_timestamp(row["due"]),
        state=RetryState(row["state"]),
        reason=RetryReason(row["reason"]),
        started=row["started"],
    )
