"""Runs that were started from chat, and words that were too long for a button."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Row

from bot.core.audit import AttemptResult
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run, RunState
from bot.core.outbox.posts import NewPost
from bot.core.people.model import Link
from bot.store.audit import end_attempt
from bot.store.database import Database
from bot.store.people import require_link
from bot.store.queueing import put
from bot.store.rows import from_timestamp, timestamp
from bot.store.transactions import Transactional, read, transaction


class Runs(Transactional):
    """Followed runs, and stashed words."""

    @transaction
    def put_run(
        self,
        db: Database,
        run: Run,
        *,
        posts: Sequence[NewPost] = (),
        attempt_result: AttemptResult | None = None,
        linked: Link | None = None,
    ) -> None:
        """Add or change a followed run, with what is said about it.

        Raises Refused("link_changed") where ``linked`` has changed.
        """
        require_link(db, linked)
        db.table("runs", pk="instance").upsert(
            {
                "instance": run.instance,
                "flow_id": run.flow_id,
                "flow_name": run.flow_name,
                "person": run.by,
                "post": run.post,
                "started_at": timestamp(run.started_at),
                "channel": run.channel,
                "thread": run.thread,
                "verb": run.verb,
                "state": run.state.value,
                "incident": run.incident,
                "attempt": run.attempt,
                "trigger_ms": run.trigger_ms,
                "task": run.task,
                "parameters": run.parameters,
                "user_id": run.user_id,
                "words": run.words,
                "notes": run.notes,
            }
        )
        put(db, posts)
        end_attempt(db, attempt_result)

    @read
    def runs(self, db: Database, *, live: bool = True, flow: FlowId | None = None, limit: int = 200) -> tuple[Run, ...]:
        """Followed runs, newest first; ``live`` means asked or running."""
        whose, values = ("", []) if flow is None else ("AND flow_id = ?", [flow])
        which = "state IN ('asked', 'running')" if live else "1"
        rows = db.execute(
            f"SELECT * FROM runs WHERE {which} {whose} ORDER BY started_at DESC, rowid DESC LIMIT ?",  # noqa: S608  constants only
            [*values, limit],
        )
        return tuple(_run(row) for row in rows)

    @read
    def run(self, db: Database, instance: InstanceId) -> Run | None:
        """One followed run."""
        row = db.execute("SELECT * FROM runs WHERE instance = ?", [instance]).fetchone()
        return None if row is None else _run(row)

    @transaction
    def stash(self, db: Database, text: str, now: datetime) -> str:
        """Keep a text that is too long for a button's value, and return a short id.

        The id is made of the text: keeping it again is keeping it longer.
        """
        id_ = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:12]).decode()
        db.table("stashes", pk="id").upsert({"id": id_, "text": text, "at": timestamp(now)})
        return id_

    @read
    def stashed(self, db: Database, id: str) -> str | None:
        """A stashed text."""
        row = db.execute("SELECT text FROM stashes WHERE id = ?", [id]).fetchone()
        return None if row is None else str(row["text"])


def _run(row: Row) -> Run:
    return Run(
        instance=InstanceId(row["instance"]),
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        by=row["person"],
        post=row["post"],
        started_at=from_timestamp(row["started_at"]),
        channel=row["channel"],
        thread=row["thread"],
        verb=row["verb"],
        state=RunState(row["state"]),
        incident=row["incident"],
        attempt=row["attempt"],
        trigger_ms=row["trigger_ms"],
        task=row["task"],
        parameters=row["parameters"],
        user_id=row["user_id"],
        words=row["words"],
        notes=row["notes"],
    )
