"""Runs that were started from chat, and words that were too long for a button."""

import base64
import hashlib
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from bot.core.flow.model import FlowId, InstanceId
from bot.core.incident.facts import Run, RunState
from bot.store.timestamps import from_timestamp, timestamp


def put_run(db: Database, new: Run) -> None:
    """Add or change a followed run."""
    db.table("runs", pk="instance").upsert(
        {
            "instance": new.instance,
            "flow_id": new.flow_id,
            "flow_name": new.flow_name,
            "person": new.by,
            "post": new.post,
            "started_at": timestamp(new.started_at),
            "channel": new.channel,
            "thread": new.thread,
            "verb": new.verb,
            "state": new.state.value,
            "incident": new.incident,
            "attempt": new.attempt,
            "trigger_ms": new.trigger_ms,
            "task": new.task,
            "parameters": new.parameters,
            "user_id": new.user_id,
            "words": new.words,
            "notes": new.notes,
        }
    )


def runs(db: Database, *, live: bool, flow: FlowId | None, limit: int) -> tuple[Run, ...]:
    """Return followed runs, newest first."""
    whose, values = ("", []) if flow is None else ("AND flow_id = ?", [flow])
    which = "state IN ('asked', 'running')" if live else "1"
    rows = db.execute(
        f"SELECT * FROM runs WHERE {which} {whose} ORDER BY started_at DESC, rowid DESC LIMIT ?",  # noqa: S608  constants only
        [*values, limit],
    )
    return tuple(_run(row) for row in rows)


def run(db: Database, instance: InstanceId) -> Run | None:
    """Return one followed run."""
    row = db.execute("SELECT * FROM runs WHERE instance = ?", [instance]).fetchone()
    return None if row is None else _run(row)


def stash(db: Database, text: str, now: datetime) -> str:
    """Keep a text and return its id, which is made of the text: keeping it again is keeping it longer."""
    id_ = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:12]).decode()
    db.table("stashes", pk="id").upsert({"id": id_, "text": text, "at": timestamp(now)})
    return id_


def stashed(db: Database, id_: str) -> str | None:
    """Return a stashed text."""
    row = db.execute("SELECT text FROM stashes WHERE id = ?", [id_]).fetchone()
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
