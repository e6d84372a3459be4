"""Putting posts into the outbox.

An edit replaces an earlier one that waits, a reply finds its thread, a message that was lost is queued once more, and
reminders that have not gone are withdrawn where they are true no longer.

What is queued of those is given up. What is being sent, or unclear, may be in Slack already: it is marked, and given up
should it turn out not to be there. No reply depends on a reminder, so none is lost with it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Row

from bot.core.audit import AttemptResult
from bot.core.incident.model import Incident
from bot.core.outbox.card import Card, rendered
from bot.core.outbox.lost_messages import LossOutcome, after_loss
from bot.core.outbox.posts import NewPost, PostId, PostKind, PostState
from bot.core.text.language import EN
from bot.store.audit import end_attempt, mark_answered
from bot.store.database import Database
from bot.store.outbox import REPLACED, WITHDRAWN, give_up, line_of, row_of, text_of
from bot.store.rows import from_timestamp, timestamp
from bot.store.transactions import Transactional, transaction

TAKEN_OVER = "its message was lost and took it in"

_REMINDERS = """
    SELECT id, state, due FROM posts
    WHERE reminds_of = ? AND reminds_of <> '' AND state IN ('queued', 'sending', 'unclear')
"""
_UNTAKEN = "SELECT 1 FROM incidents WHERE listed_in = ? AND gathered = 1 AND phase = 'open' LIMIT 1"
_ENDED_CARD = """
    SELECT 1 FROM incidents WHERE post = ? AND gathered = 0 AND phase NOT IN ('open', 'acknowledged')
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


def put(db: Database, posts: Sequence[NewPost]) -> None:
    """Queue posts. A post whose id is there already is the same post."""
    for post in posts:
        db.has_queued_posts = True
        if row_of(db, post.id) is not None:
            continue
        new = replace(post, body=rendered(post.body, EN)) if isinstance(post.body, Card) else post
        if new.kind is PostKind.EDIT:
            _put_edit(db, new)
            continue
        if new.reminds_of:
            _withdraw(db, new.reminds_of)
        _insert(db, _in_thread(db, new) if new.thread_of is not None or new.thread else new)


def _put_edit(db: Database, new: NewPost) -> None:
    """Queue an edit, or change the message itself while it has not gone."""
    target = _message(db, new.target)
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
        " response_url, incident, reminds_of, line, state, why, settled_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            line_of(new),
            state,
            why,
            None if state == PostState.QUEUED.value else timestamp(new.due),
        ],
    )


def _message(db: Database, id_: PostId | None) -> Row | None:
    """The message that an edit of this post changes: an edit of an edit changes its target."""
    row = row_of(db, id_)
    if row is not None and row["kind"] == PostKind.EDIT.value:
        row = row_of(db, row["target"])
    return row if row is not None and row["kind"] == PostKind.MESSAGE.value else None


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
        _withdraw(db, incident.id)
        groups.add(incident.listed_in)
    for group in groups - {""}:
        if db.execute(_UNTAKEN, [group]).fetchone() is None:
            _withdraw(db, group)


def _withdraw(db: Database, thing: str) -> None:
    for row in db.execute(_REMINDERS, [thing]).fetchall():
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
        " first_tried = iif(doubts > 0 AND attempts > 1 OR look_again > 0, first_tried, NULL),"
        " stands_in = '', ts = '', why = ?, settled_at = NULL,"
        " look_again = iif(doubts > 0 AND attempts > 1 OR look_again > 0, ?, 0) WHERE id = ?",
        [body, timestamp(now), LossOutcome.REPOSTED.value, timestamp(now), message],
    )
