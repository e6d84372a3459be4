"""What people expect of flows. A change and what is said of it are one transaction."""

from collections.abc import Mapping, Sequence
from datetime import time
from sqlite3 import Row

from bot.core.flow.model import FlowId
from bot.core.history.expectations import Expectation
from bot.core.outbox.posts import NewPost
from bot.core.people.model import AttemptResult
from bot.store.database import Database
from bot.store.people import end_attempt, require_link
from bot.store.queueing import put
from bot.store.transactions import Transactional, from_timestamp, person, read, timestamp, transaction


class Expectations(Transactional):
    """What people expect of flows, by flow."""

    @read
    def expectations(self, db: Database) -> Mapping[FlowId, Expectation]:
        """All of them."""
        return {each.flow_id: each for each in map(_expectation, db.execute("SELECT * FROM expectations"))}

    @transaction
    def expect(
        self,
        db: Database,
        flow: FlowId,
        new: Expectation | None,
        posts: Sequence[NewPost] = (),
        *,
        attempt_result: AttemptResult | None = None,
    ) -> None:
        """Change what is expected of a flow; None: nothing. Queue what is said of it, and end the attempt.

        Raises Refusal("link_changed") where the attempt's link has changed.
        """
        require_link(db, attempt_result.linked if attempt_result else None)
        if new is None:
            db.execute("DELETE FROM expectations WHERE flow_id = ?", [flow])
        else:
            db.execute("INSERT OR REPLACE INTO expectations VALUES (?, ?, ?, ?, ?, ?, ?)", _values(new))
        put(db, posts)
        end_attempt(db, attempt_result)


def _values(expected: Expectation) -> list[str | int]:
    return [
        expected.flow_id,
        expected.flow_name,
        expected.by.isoformat("minutes") if expected.by else "",
        "".join(map(str, expected.days)),
        expected.zone,
        str(expected.person),
        timestamp(expected.at),
    ]


def _expectation(row: Row) -> Expectation:
    return Expectation(
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        person=person(row["made_by"]),
        at=from_timestamp(row["at"]),
        by=time.fromisoformat(row["by_clock"]) if row["by_clock"] else None,
        days=tuple(map(int, row["days"])),
        zone=row["zone"],
    )
