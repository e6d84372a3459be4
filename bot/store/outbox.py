"""The outbox: in which order queued posts may go, and what became of them.

A *line* is what must go one after another: a thread, the top level of a channel in one lane, the edits of one
message, the ephemeral messages to one person in one channel. Within a line the order is by ``due``, then by arrival;
in a thread a post that waits to be tried again (``retry_at``) keeps its place, and the line waits with it. An unclear
post holds its thread, too. At the top level of a channel, where every message begins a conversation of its own, neither
holds another; and a message of the alert lane, which tells what broke, waits for nothing in its line at all.

Replies name the post that began their thread (``thread_of``) and wait until it is settled. Where it was given
up, or is not a message, they go to the channel themselves: nothing is lost.
"""

import json
from dataclasses import replace
from datetime import datetime
from sqlite3 import Row
from typing import TYPE_CHECKING

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind, PostState, sole_reader
from bot.store.database import Database
from bot.store.moved_cards import TOLD_THERE, has_other_card, move_cards
from bot.store.transactions import (
    ROWS,
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    read,
    timestamp,
    transaction,
)

if TYPE_CHECKING:
    from bot.store.incident_cache import IncidentCache

REPLACED = "replaced"  # in the database only: an edit whose words a newer one, or its own target, now has
WITHDRAWN = "withdrawn: it says what is true no more"
text_of = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # a body as it is stored

_LIVE = "('queued', 'sending', 'unclear')"

# Posts as they would be sent now: a reply in its thread, an edit at its message.
_POSTS = """
    SELECT p.*,
           parent.ts AS parent_ts, parent.stands_in AS parent_in,
           target.ts AS target_ts, target.stands_in AS target_in,
           (SELECT group_concat(l.ts) FROM lost_messages l WHERE l.post = p.id) AS lost,
           (SELECT group_concat(l.ts) FROM lost_messages l WHERE l.post = p.thread_of) AS threads
    FROM posts p
    LEFT JOIN posts parent ON parent.id = p.thread_of AND parent.state = 'sent' AND parent.kind = 'message'
    LEFT JOIN posts target ON target.id = p.target
"""

_WIDTH = 8  # posts of a channel, lane and kind that are due at once

# Whether the post of this alias begins a conversation about failures; or (the second) belongs to no conversation.
_FIRST = "({0}.kind = 'message' AND {0}.lane = 'alert' AND {0}.thread_of IS NULL AND {0}.thread = '')"
_ALONE = "({0}.thread_of IS NULL AND {0}.thread = '' AND {0}.target IS NULL)"

# The queued posts that may go: at most :width of a channel, lane and kind, first messages apart, so that no backlog
# hides another; and the newest of each, by which is found out first whether Slack takes anything again.
_DUE = f"""
    WITH free AS (
      SELECT q.id, q.due, q.seq,
             row_number() OVER (PARTITION BY q.channel, q.lane, q.kind, {_FIRST.format("q")}
                                ORDER BY q.due, q.seq) AS place,
             row_number() OVER (PARTITION BY q.channel, q.lane, q.kind, {_FIRST.format("q")}
                                ORDER BY q.due DESC, q.seq DESC) AS newest
      FROM posts q
      WHERE q.state = 'queued' AND q.due <= :now AND q.retry_at <= :now
        AND (q.thread_of IS NULL OR NOT EXISTS (
          SELECT 1 FROM posts parent WHERE parent.id = q.thread_of AND parent.state IN {_LIVE}))
        AND (q.target IS NULL OR EXISTS (
          SELECT 1 FROM posts target WHERE target.id = q.target AND target.state = 'sent'))
        AND ({_FIRST.format("q")} OR NOT EXISTS (
          SELECT 1 FROM posts e
          WHERE e.line = q.line AND e.state IN {_LIVE} AND e.id <> q.id
            AND (e.state = 'sending'
                 OR e.state = 'unclear' AND NOT {_ALONE.format("e")}
                 OR e.state = 'queued' AND (e.retry_at <= :now OR NOT {_ALONE.format("e")})
                    AND (e.due < q.due OR e.due = q.due AND e.seq < q.seq))))
    )
    SELECT id FROM free WHERE place <= :width OR newest = 1 ORDER BY due, seq LIMIT :limit
"""  # noqa: S608  constants only


class Outbox(Transactional):
    """Which posts may be sent, and what became of them. ``queue`` is in ``queueing.py``."""

    _incident_cache: "IncidentCache"

    @read
    def due(self, db: Database, now: datetime, limit: int = 200) -> tuple[Post, ...]:
        """Queued posts that may be sent now, in order."""
        ids = [row["id"] for row in db.execute(_DUE, {"now": timestamp(now), "width": _WIDTH, "limit": limit})]
        found = {post.new.id: post for post in posts(db, "p.id IN (SELECT value FROM json_each(?))", json.dumps(ids))}
        return tuple(found[id_] for id_ in ids)

    @read
    def next_due(self, db: Database, now: datetime) -> tuple[bool, datetime | None]:
        """Whether a queued post may be sent already, and when the next one may, judging by their own times alone."""
        row = db.execute(
            "SELECT min(at) <= :now, min(at) FILTER (WHERE at > :now)"
            " FROM (SELECT max(due, retry_at) AS at FROM posts WHERE state = 'queued') AS waiting",
            {"now": timestamp(now)},
        ).fetchone()
        return bool(row[0]), from_timestamp_or_none(row[1])

    @read
    def post(self, db: Database, id: PostId) -> Post | None:
        """One post."""
        found = posts(db, "p.id = ?", id)
        return found[0] if found else None

    @read
    def to_look_up(self, db: Database, before: datetime) -> tuple[tuple[Post, ...], tuple[Post, ...]]:
        """The unclear posts, oldest first; and messages that may be there twice.

        The place of an unclear post must be known: that of a reply is its thread's first message. A message may be
        there twice after an unclear try, and counts where it was sent, or last looked up, ``before`` a time.
        """
        unclear = posts(
            db,
            "p.state = 'unclear' AND (p.stands_in <> '' OR NOT EXISTS ("  # noqa: S608  constants only
            f" SELECT 1 FROM posts first WHERE first.id = p.thread_of AND first.state IN {_LIVE}))"
            " ORDER BY p.seq LIMIT 500",
        )
        twice = "p.look_again > 0 AND p.look_again <= ? ORDER BY p.look_again LIMIT 500"
        return unclear, posts(db, twice, timestamp(before))

    @transaction
    def start_sending(self, db: Database, id: PostId, now: datetime) -> Post | None:
        """Mark a queued post as being sent and return it as it is now; None if it is no longer queued."""
        changed = db.execute(
            "UPDATE posts SET state = 'sending', attempts = attempts + 1, first_tried = coalesce(first_tried, ?),"
            " tried_at = ? WHERE id = ? AND state = 'queued'",
            [timestamp(now), timestamp(now), id],
        ).rowcount
        return posts(db, "p.id = ?", id)[0] if changed else None

    @transaction
    def mark_sent(self, db: Database, id: PostId, channel: str, ts: str, now: datetime) -> None:
        """Settle: it is at ``ts`` in the channel. After an unclear answer and another try it is to be looked up again.

        What an edit said is what its message shows from now on, should that have to be said again. What was for one
        person alone, a log among it, is deleted at once.
        """
        mark_sent(db, id, channel, ts, now)

    @transaction
    def mark_unclear(self, db: Database, id: PostId, why: str, now: datetime) -> None:
        """Settle: it is unknown whether it was sent."""
        db.execute(
            "UPDATE posts SET state = 'unclear', doubts = doubts + 1, why = ?, settled_at = ?"
            " WHERE id = ? AND state = 'sending'",
            [why, timestamp(now), id],
        )

    @transaction
    def mark_interrupted(self, db: Database) -> int:
        """At start: posts left as sending become unclear. Return how many."""
        return db.execute(
            "UPDATE posts SET state = 'unclear', doubts = doubts + 1, why = 'interrupted' WHERE state = 'sending'"
        ).rowcount

    @transaction
    def retry_now(self, db: Database, now: datetime, channel: str = "") -> None:
        """Let what waits for another try go now, in one channel or everywhere; not where Slack asked to wait."""
        db.execute(
            "UPDATE posts SET retry_at = :now WHERE seq IN (SELECT seq FROM posts"
            " WHERE state = 'queued' AND retry_at > :now AND why <> 'ratelimited' AND :channel IN ('', channel)"
            " ORDER BY due, seq LIMIT :rows)",
            {"now": timestamp(now), "channel": channel, "rows": ROWS},
        )

    @transaction
    def requeue(
        self,
        db: Database,
        id: PostId,
        due: datetime,
        why: str,
        *,
        channel: str = "",
        instead: NewPost | None = None,
    ) -> None:
        """Back to queued, for it is certain that it was not sent; not to be tried before ``due``.

        ``channel`` moves it elsewhere, out of its thread, and with it the cards whose first message it is; where its
        incident has a card of its own there, it is given up, and is no card any more. ``instead`` is what is sent in
        its place, under the same id. It keeps its place in the order: what comes after it in its thread waits until
        ``due``.
        """
        requeue(db, id, due, why, channel=channel, instead=instead)
        if channel:
            move_cards(db, self._incident_cache, id, channel)

    @transaction
    def give_up(self, db: Database, id: PostId, why: str, now: datetime) -> None:
        """Settle: it will not be sent, and neither will its edits. Its replies go to the channel."""
        give_up(db, id, why, now)

    @transaction
    def set_file_id(self, db: Database, id: PostId, file: str) -> None:
        """Remember the id of a file that is about to be shown, to settle by it should the answer be lost."""
        db.execute("UPDATE posts SET ts = ? WHERE id = ? AND state = 'sending'", [file, id])

    @transaction
    def mark_not_duplicated(self, db: Database, id: PostId, *, again: datetime | None = None) -> None:
        """Settle: a look has shown that it is there once. It is to be looked up again after ``again``; None: never."""
        db.execute("UPDATE posts SET look_again = ? WHERE id = ?", [0 if again is None else timestamp(again), id])


# ── inside a transaction ──


def posts(db: Database, where: str, *values: str | int) -> tuple[Post, ...]:
    """The posts of which a condition is true; ``p`` is the post's row."""
    return tuple(map(_post, db.execute(f"{_POSTS} WHERE {where}", values)))


def mark_sent(db: Database, id_: PostId, channel: str, ts: str, now: datetime) -> None:
    """As ``Outbox.mark_sent``."""
    db.execute(
        "UPDATE posts SET body = edit.body FROM posts edit WHERE edit.id = ? AND edit.kind = 'edit'"
        " AND edit.state <> 'sent' AND posts.id = edit.target AND posts.state = 'sent' AND posts.ts = ?",
        [id_, ts],
    )
    db.execute(
        "UPDATE posts SET state = 'sent', stands_in = ?, ts = ?, why = '', response_url = '', settled_at = ?,"
        " body = CASE WHEN kind IN ('edit', 'file', 'whisper') THEN '{}' ELSE body END,"
        " look_again = CASE WHEN kind = 'message' AND doubts > 0 AND attempts > 1 THEN ? ELSE look_again END"
        " WHERE id = ? AND state <> 'sent'",
        [channel, ts, timestamp(now), timestamp(now), id_],
    )


def requeue(db: Database, id_: PostId, retry_at: datetime, why: str, *, channel: str, instead: NewPost | None) -> None:
    """As ``Outbox.requeue``."""
    row = row_of(db, id_)
    if row is None or row["state"] not in ("sending", "unclear"):
        return
    if row["kind"] == PostKind.EDIT.value and _has_newer(db, row):
        db.execute(
            "UPDATE posts SET state = ?, body = '{}', why = 'a newer edit took its place' WHERE id = ?", [REPLACED, id_]
        )
        return
    if row["withdrawn"]:
        give_up(db, id_, WITHDRAWN, retry_at)
        return
    if channel and has_other_card(db, row, channel):
        give_up(db, id_, TOLD_THERE, retry_at)
        return
    new = _new(row) if instead is None else rendered(db, instead)
    if channel:
        new = _moved(new, channel)
    db.execute(
        "UPDATE posts SET state = 'queued', retry_at = ?, why = ?, kind = ?, channel = ?, body = ?,"
        " thread_of = ?, thread = ?, user = ?, response_url = ?, line = ?,"
        " ts = CASE WHEN ? = 1 THEN ts ELSE '' END, stands_in = '' WHERE id = ?",
        [
            timestamp(retry_at),
            why,
            new.kind.value,
            new.channel,
            text_of(new.body),
            new.thread_of,
            new.thread,
            new.user,
            new.response_url,
            line_of(new),
            int(new.kind is not PostKind.MESSAGE),  # a file keeps its id
            id_,
        ],
    )


def _has_newer(db: Database, edit: Row) -> bool:
    """Whether a newer edit of the same message waits, or was replaced: an older one must not come after it."""
    newer = "SELECT 1 FROM posts WHERE target = ? AND seq > ? AND state IN ('queued', 'replaced')"
    return db.execute(newer, [edit["target"], edit["seq"]]).fetchone() is not None


def give_up(db: Database, id_: PostId, why: str, now: datetime) -> None:
    """As ``Outbox.give_up``."""
    db.execute(
        "UPDATE posts SET state = 'given up', why = ?, settled_at = ?, response_url = '',"
        " body = CASE WHEN kind = 'file' THEN '{}' ELSE body END"
        " WHERE id = ? AND state IN ('queued', 'sending', 'unclear')",
        [why, timestamp(now), id_],
    )
    db.execute(
        "UPDATE posts SET state = 'given up', why = 'its message was given up', settled_at = ?"
        " WHERE target = ? AND state = 'queued'",
        [timestamp(now), id_],
    )


def rendered(db: Database, post: NewPost) -> NewPost:
    """The post with its card as Slack is sent it.

    It speaks the language of the one person who reads it, where that is known, else the channel's.
    """
    if not isinstance(post.body, Card):
        return post
    reader, channel = sole_reader(post), post.channel
    if post.kind is PostKind.EDIT and (edited := message_of(db, post.target)) is not None:
        channel = edited["channel"]
        reader = sole_reader(replace(post, channel=channel, user=edited["user"]))
    known = db.execute("SELECT language FROM languages WHERE user = ?", [reader]).fetchone() if reader else None
    if known is None:
        known = db.execute("SELECT language FROM prefs WHERE channel = ? AND language <> ''", [channel]).fetchone()
    return replace(post, body=blocks.rendered(post.body, known["language"] if known is not None else db.language))


def line_of(new: NewPost) -> str:
    """The line that the post must keep its order in."""
    if new.kind is PostKind.EDIT:
        return f"edit {new.target}"
    if new.kind is PostKind.EPHEMERAL:
        return f"whisper {new.channel} {new.user}"
    if new.thread_of is not None:
        return f"thread {new.thread_of}"
    if new.thread:
        return f"thread {new.channel} {new.thread}"
    return f"channel {new.channel} {new.lane.value}"


def _moved(new: NewPost, channel: str) -> NewPost:
    """The post for another channel: what only one person was to see becomes a message there."""
    kind = PostKind.MESSAGE if new.kind is PostKind.EPHEMERAL else new.kind
    return replace(new, kind=kind, channel=channel, thread_of=None, thread="", response_url="")


# ── rows ──


def row_of(db: Database, id_: str | None) -> Row | None:
    """The row of a post."""
    row: Row | None = db.execute("SELECT * FROM posts WHERE id = ?", [id_]).fetchone()
    return row


def message_of(db: Database, id_: PostId | None) -> Row | None:
    """The message that an edit of this post changes: an edit of an edit changes its target."""
    row = row_of(db, id_)
    if row is not None and row["kind"] == PostKind.EDIT.value:
        row = row_of(db, row["target"])
    return row if row is not None and row["kind"] == PostKind.MESSAGE.value else None


def _new(row: Row) -> NewPost:
    return NewPost(
        id=PostId(row["id"]),
        kind=PostKind(row["kind"]),
        lane=Lane(row["lane"]),
        channel=row["channel"],
        body=json.loads(row["body"]),
        due=from_timestamp(row["due"]),
        thread_of=row["thread_of"],
        thread=row["thread"],
        target=row["target"],
        user=row["user"],
        response_url=row["response_url"],
        incident=row["incident"],
        reminds_of=row["reminds_of"],
        broadcast=bool(row["broadcast"]),
    )


def _post(row: Row) -> Post:
    """The post with its place: where it is, or where it would be sent now."""
    new = _new(row)
    channel, ts = row["stands_in"] or new.channel, row["ts"]
    if new.kind is PostKind.EDIT:
        channel, ts = row["target_in"] or channel, row["target_ts"] or ""
    elif row["parent_ts"]:
        new = replace(new, thread=row["parent_ts"])
        channel = row["stands_in"] or row["parent_in"]
    state = PostState.GIVEN_UP if row["state"] == REPLACED else PostState(row["state"])
    return Post(
        new=new,
        state=state,
        attempts=row["attempts"],
        channel=channel,
        ts=ts,
        why=row["why"],
        doubts=row["doubts"],
        first_tried=from_timestamp_or_none(row["first_tried"]),
        settled_at=from_timestamp_or_none(row["settled_at"]),
        tried_at=from_timestamp_or_none(row["tried_at"]),
        generation=row["generation"],
        lost=tuple(row["lost"].split(",")) if row["lost"] else (),
        threads=tuple(row["threads"].split(",")) if row["threads"] else (),
    )
