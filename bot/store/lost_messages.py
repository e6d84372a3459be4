"""Messages that are lost: in one transaction a message is marked as gone, and is queued to be said again.

It keeps its row and its id, so that everything that names it still works: incidents, lists, runs, replies, edits and
buttons. Where it was is remembered, for words that are said there and for lookups that might take the old for the new.
Decided by ``core/outbox/lost_messages.py``.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.outbox.lost_messages import LossOutcome
from bot.core.outbox.posts import NewPost, Post, PostId, PostKind, PostState
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.moved_cards import move_cards
from bot.store.outbox import REPLACED, give_up, line_of, mark_sent, posts, requeue, row_of
from bot.store.queueing import TAKEN_OVER, loss_outcome, put, repost, requeue_lost
from bot.store.transactions import ROWS, Transactional, read, timestamp, transaction

OUTSIDE_THREAD = "outside of its thread"
_MISSED = """
    UPDATE posts SET state = 'queued', retry_at = 0, attempts = 0, settled_at = NULL WHERE seq IN (
      SELECT e.seq FROM posts e JOIN posts target ON target.id = e.target AND target.state = 'sent'
      WHERE e.kind = 'edit' AND e.state = 'given up' AND e.channel = :channel AND e.why = :why
        AND e.seq = (SELECT max(seq) FROM posts WHERE target = e.target)
      ORDER BY e.seq DESC LIMIT :rows)
"""
_STORM = """
    SELECT p.id, p.stands_in, p.ts FROM posts p JOIN gatherings g ON g.post = p.id
    WHERE p.id = ? AND g.occasion = 'storm' AND g.ended_at IS NULL
"""
_LIVE = (PostState.QUEUED.value, PostState.SENDING.value, PostState.UNCLEAR.value)


class LostMessages(Transactional):
    """What Slack shows no longer, or not where it should."""

    _incident_cache: IncidentCache

    @transaction
    def mark_lost(
        self,
        db: Database,
        edit: PostId,
        channel: str,
        ts: str,
        now: datetime,
        *,
        still_visible: bool,
        if_too_often: Sequence[NewPost] = (),
    ) -> LossOutcome | None:
        """Settle that Slack took no edit of the message at ``ts``. It is queued once more, as the edit would show it.

        ``still_visible``: people still see it; where it is not said again, it then keeps its thread. None where
        another has found that before. ``if_too_often`` is queued where it is lost too often to be said again.
        """
        db.has_queued_posts = True
        row = row_of(db, edit)
        if row is None or row["state"] not in _LIVE:
            return None
        step = _lose(db, row["target"], channel, ts, now, by=edit, still_visible=still_visible)
        if step is None:
            target = row_of(db, row["target"])
            if target is None or target["state"] == PostState.GIVEN_UP.value:
                back = target is not None and requeue_lost(db, target, row["body"], now)
                _settle_edit(db, edit, REPLACED if back else PostState.GIVEN_UP.value, now)
            else:
                requeue(db, edit, now, "its message was lost", channel="", instead=None)
        put(db, if_too_often if step is LossOutcome.TOO_OFTEN else ())
        return step

    @transaction
    def mark_outside_thread(
        self,
        db: Database,
        reply: PostId,
        channel: str,
        ts: str,
        now: datetime,
        *,
        thread: str,
        if_too_often: Sequence[NewPost] = (),
    ) -> LossOutcome | None:
        """Settle that a reply to ``thread`` is at ``ts``, outside of it. The thread's first message is queued again.

        The reply is unclear, and has a ``ts``, while it is to be deleted and said again; where its thread is not
        continued, it stays where it is. ``if_too_often`` as for ``mark_lost``.
        """
        db.has_queued_posts = True
        row = row_of(db, reply)
        if row is None or row["state"] not in _LIVE:
            return None
        first = row_of(db, row["thread_of"])
        step = None if first is None else _lose(db, first["id"], first["stands_in"], thread, now)
        first = row_of(db, row["thread_of"])
        if first is None or first["state"] == PostState.GIVEN_UP.value:
            mark_sent(db, reply, channel, ts, now)
        else:
            db.execute(
                "UPDATE posts SET state = 'unclear', stands_in = ?, ts = ?, why = ?, settled_at = ? WHERE id = ?",
                [channel, ts, OUTSIDE_THREAD, timestamp(now), reply],
            )
        put(db, if_too_often if step is LossOutcome.TOO_OFTEN else ())
        return step

    @transaction
    def requeue_missed_edits(self, db: Database, channel: str, why: str) -> None:
        """Queue the edits that a channel refused again, the newest of each message: it can be posted to again."""
        db.has_queued_posts = True
        db.execute(_MISSED, {"channel": channel, "why": why, "rows": ROWS})

    @transaction
    def move_storm(self, db: Database, edit: PostId, channel: str, now: datetime) -> bool:
        """Post the message of a storm in another channel, as an edit shows it that its own channel refused.

        False where it is no storm, or one that is over: only what joins a storm is told by nothing but edits.
        """
        row = row_of(db, edit)
        storm = row and db.execute(_STORM, [row["target"]]).fetchone()
        if row is None or row["state"] not in _LIVE or not storm:
            return False
        step = _lose(db, storm["id"], storm["stands_in"], storm["ts"], now, by=edit, still_visible=True)
        if step is not LossOutcome.REPOSTED:
            return False
        (post,) = posts(db, "p.id = ?", storm["id"])
        there = replace(post.new, channel=channel)
        db.execute("UPDATE posts SET channel = ?, line = ? WHERE id = ?", [channel, line_of(there), there.id])
        move_cards(db, self._incident_cache, there.id, channel)
        db.has_queued_posts = True
        return True

    @read
    def lost_message(self, db: Database, channel: str, ts: str) -> Post | None:
        """The message that was at a place and was lost, as it is now."""
        row = db.execute("SELECT post FROM lost_messages WHERE channel = ? AND ts = ?", [channel, ts]).fetchone()
        found = () if row is None else posts(db, "p.id = ?", row["post"])
        return found[0] if found else None


def _lose(
    db: Database, message: str, channel: str, ts: str, now: datetime, *, by: str = "", still_visible: bool = False
) -> LossOutcome | None:
    """Settle that a message is not where it was any more; None where it was not there, so that nothing is lost.

    ``by`` is the edit that was refused: what it and the newest that wait would have shown is what is said again.
    """
    row = row_of(db, message)
    if row is None or row["kind"] != PostKind.MESSAGE.value or row["state"] != PostState.SENT.value:
        return None
    if (row["stands_in"], row["ts"]) != (channel, ts):
        return None
    edits = db.execute(
        "SELECT id, body FROM posts WHERE target = ? AND (state IN ('queued', 'unclear') OR id = ?) ORDER BY seq DESC",
        [message, by],
    ).fetchall()
    body = edits[0]["body"] if edits else row["body"]
    step = loss_outcome(db, message, body, now, lost=True)
    if step is LossOutcome.REPOSTED or not still_visible:
        db.execute(
            "INSERT INTO lost_messages (post, generation, channel, ts, at) VALUES (?, ?, ?, ?, ?)",
            [message, row["generation"], channel, ts, timestamp(now)],
        )
    if step is LossOutcome.REPOSTED:
        repost(db, message, body, now)
    elif not still_visible:
        _give_up(db, message, step, now)
    for edit in edits:
        _settle_edit(db, edit["id"], REPLACED if step is LossOutcome.REPOSTED else PostState.GIVEN_UP.value, now)
    return step


def _give_up(db: Database, message: str, step: LossOutcome, now: datetime) -> None:
    """Settle that a lost message is not said again: its replies go to the channel."""
    db.execute(
        "UPDATE posts SET state = 'given up', why = ?, settled_at = ?, stands_in = '', ts = '' WHERE id = ?",
        [step.value, timestamp(now), message],
    )


def _settle_edit(db: Database, edit: str, state: str, now: datetime) -> None:
    if state == REPLACED:
        db.execute("UPDATE posts SET state = ?, body = '{}', why = ? WHERE id = ?", [REPLACED, TAKEN_OVER, edit])
    else:
        give_up(db, PostId(edit), "its message was lost", now)
