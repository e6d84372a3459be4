"""Runbooks: read, and changed together with the cards that show them."""

from collections.abc import Sequence
from sqlite3 import Row

from bot.core.flow.model import FlowId
from bot.core.history.runbook import Runbook
from bot.store.database import Database
from bot.store.transactions import Transactional, from_timestamp, person, read, timestamp


class Runbooks(Transactional):
    """Reading runbooks; they are written by ``change_runbook`` (``change_sets.py``)."""

    @read
    def runbook(self, db: Database, flow: FlowId) -> Runbook | None:
        """The runbook of a flow, if it has one."""
        row = db.execute("SELECT * FROM runbooks WHERE flow_id = ?", [flow]).fetchone()
        return None if row is None else _runbook(row)


def put(db: Database, runbooks: Sequence[Runbook]) -> None:
    """Write runbooks; one without text is deleted."""
    for each in runbooks:
        if each.text:
            values = [each.flow_id, each.flow_name, each.text, str(each.by), timestamp(each.at)]
            db.execute("INSERT OR REPLACE INTO runbooks VALUES (?, ?, ?, ?, ?)", values)
        else:
            db.execute("DELETE FROM runbooks WHERE flow_id = ?", [each.flow_id])


def _runbook(row: Row) -> Runbook:
    return Runbook(
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        text=row["text"],
        by=person(row["made_by"]),
        at=from_timestamp(row["at"]),
    )
