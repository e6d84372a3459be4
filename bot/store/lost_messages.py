"""Messages that are lost: in one transaction a message stands no more, and is queued to be said again.

It keeps its row and its id, so that everything that names it goes on: incidents, lists, runs, replies, edits and
buttons. Where it stood is remembered, for words that are said there and for looks that might take the old for the new.
Decided by ``core/outbox/lost_messages.py``.
"""

import json
from datetime import datetime
from sqlite3 import Row

from sqlite_utils import Database

from bot.core.outbox.lost_messages import LossOutcome, after_loss
from bot.core.outbox.posts import PostId, PostKind, PostState
from bot.store.posts import REPLACED, give_up, mark_sent, requeue, row_of
from bot.store.timestamps import from_timestamp, timestamp

OUTSIDE_THREAD = "outside of its thread"
TAKEN_OVER = "its message was lost and took it in"

_ENDED_CARD = """
    SELECT 1 FROM incidents WHERE post = ? AND gathered = 0 AND phase NOT IN ('open', 'acknowledged')
"""
_NOT_AGAIN = tuple(each.value for each in LossOutcome if each is not LossOutcome.REPOSTED)
_LIVE = (PostState.QUEUED.value, PostState.SENDING.value, PostState.UNCLEAR.value)


def mark_lost_by_edit(
    db: Database, edit: PostId, channel: str, ts: str, now: datetime, *, still_visible: bool
) -> LossOutcome | None:
    """Settle that Slack took no edit of the message at ``ts``: it is lost. None where another has found that before.

    ``still_visible`` says that people still see it; where it is not said again, it then keeps its thread.
    """
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
    return step


def mark_lost_by_reply(
    db: Database, reply: PostId, channel: str, ts: str, thread: str, now: datetime
) -> LossOutcome | None:
    """Settle that a reply stands at ``ts``, outside of the thread it was posted in: that one's first message is lost.

    Where its thread goes on, it is unclear until it has been deleted; else it stays where it stands.
    """
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
    return step


def requeue_lost(db: Database, message: Row, body: str, now: datetime) -> bool:
    """Say a lost message again that was not, where a new edit has reason to; return whether it is."""
    if message["state"] != PostState.GIVEN_UP.value or message["why"] not in _NOT_AGAIN:
        return False
    if _decision(db, message["id"], body, now) is not LossOutcome.REPOSTED:
        return False
    _requeue(db, message["id"], body, now)
    return True


def at(db: Database, channel: str, ts: str) -> PostId | None:
    """Return the message that stood at a place and was lost."""
    row = db.execute("SELECT post FROM lost_messages WHERE channel = ? AND ts = ?", [channel, ts]).fetchone()
    return None if row is None else PostId(row["post"])


def _lose(
    db: Database, message: str, channel: str, ts: str, now: datetime, *, by: str = "", still_visible: bool = False
) -> LossOutcome | None:
    """Settle that a message stands no more where it did; None where it does not stand there, so that nothing is lost.

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
    step = _decision(db, message, body, now, lost=True)
    if step is LossOutcome.REPOSTED or not still_visible:
        db.execute(
            "INSERT INTO lost_messages (post, generation, channel, ts, at) VALUES (?, ?, ?, ?, ?)",
            [message, row["generation"], channel, ts, timestamp(now)],
        )
    if step is LossOutcome.REPOSTED:
        _requeue(db, message, body, now)
    elif not still_visible:
        _give_up(db, message, step, now)
    for edit in edits:
        _settle_edit(db, edit["id"], REPLACED if step is LossOutcome.REPOSTED else PostState.GIVEN_UP.value, now)
    return step


def _decision(db: Database, message: str, body: str, now: datetime, *, lost: bool = False) -> LossOutcome:
    """Return what becomes of a message that was lost before, or (``lost``) now."""
    losses = [from_timestamp(row["at"]) for row in db.execute("SELECT at FROM lost_messages WHERE post = ?", [message])]
    losses += [now] if lost else []
    over = db.execute(_ENDED_CARD, [message]).fetchone() is not None
    return after_loss(losses, now, over=over, bare=not json.loads(body))


def _requeue(db: Database, message: str, body: str, now: datetime) -> None:
    """Queue a message as if it had never gone, under its next name."""
    db.execute(
        "UPDATE posts SET state = 'queued', generation = (SELECT count(*) FROM lost_messages WHERE post = posts.id),"
        " body = ?, due = ?, retry_at = 0, attempts = 0, doubts = 0, tried_at = NULL,"
        " first_tried = iif(doubts > 0 AND attempts > 1 OR look_again > 0, first_tried, NULL),"
        " stands_in = '', ts = '', why = ?, settled_at = NULL,"
        " look_again = iif(doubts > 0 AND attempts > 1 OR look_again > 0, ?, 0) WHERE id = ?",
        [body, timestamp(now), LossOutcome.REPOSTED.value, timestamp(now), message],
    )


def _give_up(db: Database, message: str, step: LossOutcome, now: datetime) -> None:
    """Settle that a lost message is not said again: what replies to it goes to the channel."""
    db.execute(
        "UPDATE posts SET state = 'given up', why = ?, settled_at = ?, stands_in = '', ts = '' WHERE id = ?",
        [step.value, timestamp(now), message],
    )


def _settle_edit(db: Database, edit: str, state: str, now: datetime) -> None:
    if state == REPLACED:
        db.execute("UPDATE posts SET state = ?, body = '{}', why = ? WHERE id = ?", [REPLACED, TAKEN_OVER, edit])
    else:
        give_up(db, PostId(edit), "its message was lost", now)
