"""Queues posts, alone or together with the run that they are about; and keeps texts that are too long for a button.

An edit replaces an earlier one that waits, a reply finds its thread, a message that was lost is queued once more, and
reminders that have not gone are withdrawn where they are true no longer. A newer reminder replaces those before it, but
not those that call somebody whom it does not call.

What is queued of those is given up. What is being sent, or unclear, may be in Slack already: it is marked, and given up
should it turn out not to be there. No reply depends on a reminder, so none is lost with it.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Row

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.rerun import MINUTE
from bot.core.flow.run import Run, RunState
from bot.core.incident.model import Incident
from bot.core.outbox.lost_messages import LossOutcome, after_loss
from bot.core.outbox.posts import NewPost, PostId, PostKind, PostState
from bot.core.people.model import AttemptResult, Link
from bot.store.database import Database
from bot.store.outbox import REPLACED, WITHDRAWN, give_up, line_of, message_of, rendered, row_of, text_of
from bot.store.people import end_attempt, mark_answered, require_link
from bot.store.transactions import Transactional, from_timestamp, read, timestamp, transaction

TAKEN_OVER = "its message was lost and took it in"

_REMINDERS = """
    SELECT id, state, due FROM posts
    WHERE reminds_of = ? AND reminds_of <> '' AND state IN ('queued', 'sending', 'unclear')
"""
_CALLS = """
    SELECT id, state, due FROM posts
    WHERE reminds_of > ? || '#' AND reminds_of < ? || '$' AND reminds_of <> ''
      AND state IN ('queued', 'sending', 'unclear')
"""  # "$" is the character after "#"
_UNTAKEN = """
    SELECT 1 FROM cards c JOIN incidents i ON i.id = c.incident
    WHERE c.listed_in = ? AND c.gathered = 1 AND i.phase = 'open' LIMIT 1
"""
_ENDED_CARD = """
    SELECT 1 FROM cards c JOIN incidents i ON i.id = c.incident
    WHERE c.post = ? AND c.gathered = 0 AND i.phase NOT IN ('open', 'acknowledged')
"""
_HOLDER = """
    SELECT * FROM runs
    WHERE flow_id = :flow AND state IN ('asked', 'running', 'ended') AND (instance = :instance OR started_at > :since)
    ORDER BY instance = :instance DESC, started_at DESC LIMIT 1
"""
_NOT_AGAIN = tuple(each.value for each in LossOutcome if each is not LossOutcome.REPOSTED)


class Queueing(Transactional):
    """Posts on their own; most are queued together with the facts they tell."""

    @transaction
    def queue(
        self,
        db: Database,
        posts: Sequence[NewPost],
        *,
        attempt_result: AttemptResult | None = None,
        delivery: str = "",
    ) -> None:
        """Queue posts, and end the attempt and the delivery they answer. An id is queued once.

        An edit whose target is still queued changes the target's body; a queued edit of the same target is
        replaced.
        """
        put(db, posts)
        end_attempt(db, attempt_result)
        mark_answered(db, delivery)


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
        begins: datetime | None = None,
    ) -> Run | None:
        """Add or change a followed run, with what is said about it.

        ``begins``: it is about to be started. Where another run has its minute, or one of its flow began within a
        minute, nothing is written, and that run is returned. Raises Refusal("link_changed") where ``linked`` has
        changed.
        """
        require_link(db, linked)
        if begins is not None:
            asked = {"flow": run.flow_id, "instance": run.instance, "since": timestamp(begins - MINUTE)}
            if held := db.execute(_HOLDER, asked).fetchone():
                return _run(held)
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
                "result": run.result,
                "notes": run.notes,
            }
        )
        put(db, posts)
        end_attempt(db, attempt_result)
        return None

    @read
    def runs(self, db: Database, *, live: bool = True, flow: FlowId | None = None, limit: int = 200) -> tuple[Run, ...]:
        """Followed runs, newest first; ``live`` means asked or running."""
        whose, values = ("", []) if flow is None else ("AND flow_id = ?", [flow])
        which = "state IN ('asked', 'running')" if live else "true"
        rows = db.execute(
            f"SELECT * FROM runs WHERE {which} {whose} ORDER BY started_at DESC, rowid DESC LIMIT ?",  # noqa: S608  constants only
            [*values, limit],
        )
        return tuple(_run(row) for row in rows)

    @read
    def newest_runs(self, db: Database, since: datetime) -> Mapping[FlowId, Run]:
        """The newest followed run of each flow of which one was started since then."""
        rows = db.execute("SELECT * FROM runs WHERE started_at >= ? ORDER BY started_at, rowid", [timestamp(since)])
        return {run.flow_id: run for run in map(_run, rows)}

    @read
    def runs_of(self, db: Database, flow: FlowId, instance: InstanceId) -> tuple[Run, ...]:
        """The followed run of an instance, then the newest ones of its flow."""
        newest = "SELECT instance FROM runs WHERE flow_id = ? ORDER BY started_at DESC, rowid DESC LIMIT 5"
        rows = db.execute(
            f"SELECT * FROM runs WHERE instance = ? OR instance IN ({newest})"  # noqa: S608  constants only
            " ORDER BY instance = ? DESC, started_at DESC, rowid DESC",
            [instance, flow, instance],
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


def put(db: Database, posts: Sequence[NewPost]) -> None:
    """Queue posts. A post whose id is there already is the same post."""
    for thing in dict.fromkeys(post.reminds_of for post in posts if post.reminds_of and row_of(db, post.id) is None):
        _withdraw(db, _REMINDERS, [thing])
    for post in posts:
        db.has_queued_posts = True
        if row_of(db, post.id) is not None:
            continue
        new = rendered(db, post)
        if new.kind is PostKind.EDIT:
            _put_edit(db, new)
            continue
        _insert(db, _in_thread(db, new) if new.thread_of is not None or new.thread else new)


def _put_edit(db: Database, new: NewPost) -> None:
    """Queue an edit, or change the message itself while it has not gone."""
    target = message_of(db, new.target)
    if target is None or target["state"] == PostState.GIVEN_UP.value:
        if target is not None and requeue_lost(db, target, text_of(new.body), new.due):
            _insert(db, replace(new, target=PostId(target["id"]), body={}), REPLACED, TAKEN_OVER)
        else:
            _insert(db, new, PostState.GIVEN_UP.value, "there is no such message to edit")
        return
    at_target = replace(new, target=PostId(target["id"]), channel=target["channel"])
    waiting = "SELECT min(due) FROM posts WHERE target = ? AND state = 'queued'"
    earlier = db.execute(waiting, [target["id"]]).fetchone()[0]
    db.execute(
        "UPDATE posts SET state = 'replaced', body = '{}', why = 'a newer edit took its place'"
        " WHERE target = ? AND state IN ('queued', 'unclear')",
        [target["id"]],
    )
    if target["state"] == PostState.QUEUED.value:
        db.execute("UPDATE posts SET body = ? WHERE id = ?", [text_of(new.body), target["id"]])
        if not target["doubts"]:
            _insert(db, replace(at_target, body={}), REPLACED, "its message had not gone and took it in")
            return
        # An earlier try may yet be found in Slack, with the words of then: the edit goes as well.
    # The earliest due time is kept, or a card that changes every second would never be edited.
    first = new.due if earlier is None else min(new.due, from_timestamp(earlier))
    _insert(db, replace(at_target, due=first))


def _insert(db: Database, new: NewPost, state: str = PostState.QUEUED.value, why: str = "") -> None:
    """Write a new row."""
    db.execute(
        "INSERT INTO posts (id, kind, lane, channel, body, due, thread_of, thread, target, user,"
        " response_url, incident, reminds_of, broadcast, line, state, why, settled_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            new.id,
            new.kind.value,
            new.lane.value,
            new.channel,
            text_of(new.body),
            timestamp(new.due),
            new.thread_of,
            new.thread,
            new.target,
            new.user,
            new.response_url,
            new.incident,
            new.reminds_of,
            new.broadcast,
            line_of(new),
            state,
            why,
            None if state == PostState.QUEUED.value else timestamp(new.due),
        ],
    )


def _in_thread(db: Database, new: NewPost) -> NewPost:
    """The post with its thread named by the post that began it, where that is one of ours."""
    if new.thread_of is not None:
        first = row_of(db, new.thread_of)
        if first is not None and first["kind"] == PostKind.EDIT.value:
            first = row_of(db, first["target"])
        if first is not None and (first["thread_of"] or first["thread"]):  # a reply: join its thread
            return replace(new, thread_of=first["thread_of"], thread=first["thread"])
        if first is None or first["kind"] != PostKind.MESSAGE.value:
            return replace(new, thread_of=None)
        return replace(new, thread_of=PostId(first["id"]))
    ours = db.execute(
        "SELECT id FROM posts WHERE stands_in = ? AND ts = ? AND ts <> '' AND kind = 'message'",
        [new.channel, new.thread],
    ).fetchone()
    return new if ours is None else replace(new, thread_of=PostId(ours["id"]))


# ── reminders that have not gone ──


def withdraw_for(db: Database, passed_on: Iterable[Incident]) -> None:
    """Withdraw the reminders of incidents that someone else has now, and of groups in which none is still open."""
    groups = set[str]()
    for incident in passed_on:
        _withdraw_all(db, incident.id)
        groups |= {card.listed_in for card in incident.cards}
    for group in groups - {""}:
        if db.execute(_UNTAKEN, [group]).fetchone() is None:
            _withdraw_all(db, group)


def _withdraw_all(db: Database, thing: str) -> None:
    _withdraw(db, _REMINDERS, [thing])
    _withdraw(db, _CALLS, [thing, thing])


def _withdraw(db: Database, which: str, values: Sequence[str]) -> None:
    for row in db.execute(which, list(values)).fetchall():
        if row["state"] == PostState.QUEUED.value:
            give_up(db, PostId(row["id"]), WITHDRAWN, from_timestamp(row["due"]))
        else:
            db.execute("UPDATE posts SET withdrawn = 1 WHERE id = ?", [row["id"]])


# ── messages that were lost ──


def requeue_lost(db: Database, message: Row, body: str, now: datetime) -> bool:
    """Queue a lost message that was given up, where a new edit has reason to; return whether it was queued."""
    if message["state"] != PostState.GIVEN_UP.value or message["why"] not in _NOT_AGAIN:
        return False
    if loss_outcome(db, message["id"], body, now) is not LossOutcome.REPOSTED:
        return False
    repost(db, message["id"], body, now)
    return True


def loss_outcome(db: Database, message: str, body: str, now: datetime, *, lost: bool = False) -> LossOutcome:
    """What becomes of a message that was lost before, or (``lost``) now."""
    losses = [from_timestamp(row["at"]) for row in db.execute("SELECT at FROM lost_messages WHERE post = ?", [message])]
    losses += [now] if lost else []
    over = db.execute(_ENDED_CARD, [message]).fetchone() is not None
    return after_loss(losses, now, over=over, bare=not json.loads(body))


def repost(db: Database, message: str, body: str, now: datetime) -> None:
    """Queue a message as if it had never gone, under its next name."""
    db.execute(
        "UPDATE posts SET state = 'queued', generation = (SELECT count(*) FROM lost_messages WHERE post = posts.id),"
        " body = ?, due = ?, retry_at = 0, attempts = 0, doubts = 0, tried_at = NULL,"
        " first_tried = CASE WHEN doubts > 0 AND attempts > 1 OR look_again > 0 THEN first_tried END,"
        " stands_in = '', ts = '', why = ?, settled_at = NULL,"
        " look_again = CASE WHEN doubts > 0 AND attempts > 1 OR look_again > 0 THEN ? ELSE 0 END WHERE id = ?",
        [body, timestamp(now), LossOutcome.REPOSTED.value, timestamp(now), message],
    )


# ── runs that were started from chat ──


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
        result=row["result"],
        notes=row["notes"],
    )
