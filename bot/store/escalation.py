"""The steps of escalations: whom each called, when and why."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from sqlite3 import Row

from bot.core.incident.escalation import CallReason, EscalationStep
from bot.store.database import Database
from bot.store.transactions import Transactional, from_timestamp, read, timestamp

_STEPS = """
    SELECT * FROM escalation_steps WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY incident, place
"""
_ADD = """
    INSERT INTO escalation_steps (incident, place, number, at, reason, called, passed_over)
    VALUES (:of, (SELECT count(*) FROM escalation_steps WHERE incident = :of), :number, :at, :reason, :called, :passed)
"""


class Escalations(Transactional):
    """Reading steps; they are written by ``change`` (``change_sets.py``)."""

    @read
    def escalation_steps(self, db: Database, of: Sequence[str]) -> Mapping[str, tuple[EscalationStep, ...]]:
        """All steps of these incidents and storms, oldest first; nothing for one without any."""
        found = defaultdict[str, list[EscalationStep]](list)
        for row in db.execute(_STEPS, [json.dumps(list(of))]):
            found[row["incident"]].append(_step(row))
        return {each: tuple(steps) for each, steps in found.items()}


def add(db: Database, steps: Sequence[EscalationStep]) -> None:
    """Add steps that were taken."""
    for step in steps:
        called = {"owners": step.owners, "group": step.group}
        values = {
            "of": step.of,
            "number": step.number,
            "at": timestamp(step.at),
            "reason": step.reason.value,
            "called": json.dumps(called),
            "passed": json.dumps(step.passed_over),
        }
        db.execute(_ADD, values)


def _step(row: Row) -> EscalationStep:
    called = json.loads(row["called"])
    return EscalationStep(
        of=row["incident"],
        number=row["number"],
        at=from_timestamp(row["at"]),
        reason=CallReason(row["reason"]),
        owners=tuple(called["owners"]),
        group=called["group"],
        passed_over=tuple((group, word) for group, word in json.loads(row["passed_over"])),
    )
