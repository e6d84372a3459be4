"""The outbox: in which order queued posts may go, and what became of them.

A *line* is what must go one after another: a thread, the top level of a channel in one lane, the edits of one
message, the whispers to one person in one channel. Within a line the order is by ``due``, then by arrival; in a
thread a post that waits to be tried again (``retry_at``) keeps its place, and the line waits with it. An unclear post
holds its thread, too. At the top level of a channel, where every message begins a conversation of its own, neither
holds another; and a message of the alert lane, which tells what broke, waits for nothing in its line at all.

Replies name the post that began their thread (``thread_of``) and wait until it is settled. Where it was given
up, or is not a message, they go to the channel themselves: nothing is lost.
"""

import json
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Any

from sqlite_utils import Database

from bot.core.outbox.posts import (
    Lane,
    NewPost,
    Post,
    PostId,
    PostKind,
    PostState,
)
from bot.store.timestamps import from_timestamp, from_timestamp_or_none, timestamp

REPLACED = "replaced"  # in the database only: an edit that a newer one, or its own target, has taken in

WITHDRAWN = "withdrawn: it says what is true no more"
_LIVE = "('queued', 'sending', 'unclear')"

# A post as it would be sent now: a reply in its thread, an edit at its message.
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

_THESE = f"{_POSTS} WHERE p.id IN (SELECT value FROM json_each(?))"  # noqa: S608  constants only

# Whether a post of this name begins a conversation about failures, or (the second) stands in none.
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


def due(db: Database, now: datetime, limit: int, width: int = 8) -> tuple[Post, ...]:
    """Return the posts that may be sent now, in order."""
    ids = [row["id"] for row in db.execute(_DUE, {"now": timestamp(now), "width": width, "limit": limit})]
    found = {row["id"]: _post(row) for row in db.execute(_THESE, [json.dumps(ids)])}
    return tuple(found[id_] for id_ in ids)


def next_due(db: Database) -> datetime | None:
    """Return when the next queued post may go, as far as its own times tell."""
    row = db.execute("SELECT min(max(due, retry_at)) FROM posts WHERE state = 'queued'").fetchone()
    return from_timestamp_or_none(row[0])


def post(db: Database, id_: PostId) -> Post | None:
    """Return one post."""
    row = db.execute(_POSTS + "WHERE p.id = ?", [id_]).fetchone()
    return None if row is None else _post(row)


def unclear(db: Database) -> tuple[Post, ...]:
    """Return the unclear posts whose place is known, oldest first: a reply's is that of its thread's first message."""
    rows = db.execute(
        f"{_POSTS} WHERE p.state = 'unclear' AND (p.stands_in <> '' OR NOT EXISTS ("  # noqa: S608  constants only
        f" SELECT 1 FROM posts first WHERE first.id = p.thread_of AND first.state IN {_LIVE}))"
        " ORDER BY p.seq LIMIT 500"
    )
    return tuple(_post(row) for row in rows)


def maybe_duplicated(db: Database, before: datetime) -> tuple[Post, ...]:
    """Return messages sent, or last looked at, before a time, after an earlier try of theirs was unclear."""
    where = "WHERE p.look_again > 0 AND p.look_again <= ? ORDER BY p.look_again LIMIT 500"
    return tuple(_post(row) for row in db.execute(_POSTS + where, [timestamp(before)]))


def counts(db: Database) -> dict[str, int]:
    """Return the number of posts by state; edits that were taken in by others are counted as ``replaced``."""
    return dict(tuple(row) for row in db.execute("SELECT state, count(*) FROM posts GROUP BY state"))


def oldest(db: Database) -> dict[str, datetime]:
    """Return since when the oldest post that is not settled has been due, by state."""
    rows = db.execute(
        "SELECT state, min(due) FROM posts WHERE state IN ('queued', 'sending', 'unclear') GROUP BY state"
    )
    return {state: from_timestamp(due) for state, due in rows}


# ── settling ──


def start_sending(db: Database, id_: PostId, now: datetime) -> Post | None:
    """Mark a queued post as being sent; None if it is no longer queued."""
    changed = db.execute(
        "UPDATE posts SET state = 'sending', attempts = attempts + 1, first_tried = coalesce(first_tried, ?),"
        " tried_at = ? WHERE id = ? AND state = 'queued'",
        [timestamp(now), timestamp(now), id_],
    ).rowcount
    return post(db, id_) if changed else None


def mark_sent(db: Database, id_: PostId, channel: str, ts: str, now: datetime) -> None:
    """Settle: it stands there. After an unclear answer and another try it is to be looked at once more.

    What an edit said is what its message shows from now on, should that have to be said again. What was for one person
    alone, a log among it, is forgotten at once.
    """
    db.execute(
        "UPDATE posts SET body = edit.body FROM posts edit WHERE edit.id = ? AND edit.kind = 'edit'"
        " AND edit.state <> 'sent' AND posts.id = edit.target AND posts.state = 'sent' AND posts.ts = ?",
        [id_, ts],
    )
    db.execute(
        "UPDATE posts SET state = 'sent', stands_in = ?, ts = ?, why = '', response_url = '', settled_at = ?,"
        " body = iif(kind IN ('edit', 'file', 'whisper'), '{}', body),"
        " look_again = iif(kind = 'message' AND doubts > 0 AND attempts > 1, ?, look_again)"
        " WHERE id = ? AND state <> 'sent'",
        [channel, ts, timestamp(now), timestamp(now), id_],
    )


def mark_unclear(db: Database, id_: PostId, why: str, now: datetime) -> None:
    """Settle: nobody knows whether it stands."""
    db.execute(
        "UPDATE posts SET state = 'unclear', doubts = doubts + 1, why = ?, settled_at = ?"
        " WHERE id = ? AND state = 'sending'",
        [why, timestamp(now), id_],
    )


def mark_interrupted(db: Database) -> int:
    """Turn what was being sent when the process ended into unclear; return how many."""
    return db.execute(
        "UPDATE posts SET state = 'unclear', doubts = doubts + 1, why = 'interrupted' WHERE state = 'sending'"
    ).rowcount


def mark_copy_unclear(copy: Connection, most: int) -> int:
    """Turn what waits in a copy into unclear: whoever puts the copy back may have said it since. Return how many.

    Edits stay: they are said again in any case. Files stay, too: nothing tells whether they were shown.
    """
    return copy.execute(
        "UPDATE posts SET state = 'unclear', doubts = doubts + 1, tried_at = NULL, why = 'of a copy' WHERE seq IN ("
        " SELECT seq FROM posts WHERE state = 'queued' AND kind IN ('message', 'whisper') LIMIT ?)",
        [most],
    ).rowcount


def retry_now(db: Database, now: datetime, channel: str, most: int) -> None:
    """Let queued posts that wait for another try go now; those that Slack asked to wait do."""
    db.execute(
        "UPDATE posts SET retry_at = :now WHERE seq IN (SELECT seq FROM posts"
        " WHERE state = 'queued' AND retry_at > :now AND why <> 'ratelimited' AND :channel IN ('', channel)"
        " ORDER BY due, seq LIMIT :rows)",
        {"now": timestamp(now), "channel": channel, "rows": most},
    )


def requeue(db: Database, id_: PostId, retry_at: datetime, why: str, *, channel: str, instead: NewPost | None) -> None:
    """Put it back to queued, perhaps elsewhere, perhaps in other words, in its old place in the order."""
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
    new = instead or _new(row)
    if channel:
        new = _moved(new, channel)
    db.execute(
        "UPDATE posts SET state = 'queued', retry_at = ?, why = ?, kind = ?, channel = ?, body = ?,"
        " thread_of = ?, thread = ?, user = ?, response_url = ?, line = ?,"
        " ts = iif(?, ts, ''), stands_in = '' WHERE id = ?",
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
            new.kind is not PostKind.MESSAGE,  # a message that has none stands nowhere
            id_,
        ],
    )


def _has_newer(db: Database, edit: Row) -> bool:
    """Whether a newer edit of the same message waits, or was taken in: an older one must not come after it."""
    newer = "SELECT 1 FROM posts WHERE target = ? AND seq > ? AND state IN ('queued', 'replaced')"
    return db.execute(newer, [edit["target"], edit["seq"]]).fetchone() is not None


def give_up(db: Database, id_: PostId, why: str, now: datetime) -> None:
    """Settle: it will not be sent, and neither will the edits that wait for it."""
    db.execute(
        "UPDATE posts SET state = 'given up', why = ?, settled_at = ?, response_url = '',"
        " body = iif(kind = 'file', '{}', body)"
        " WHERE id = ? AND state IN ('queued', 'sending', 'unclear')",
        [why, timestamp(now), id_],
    )
    db.execute(
        "UPDATE posts SET state = 'given up', why = 'its message was given up', settled_at = ?"
        " WHERE target = ? AND state = 'queued'",
        [timestamp(now), id_],
    )


def set_file_id(db: Database, id_: PostId, file: str) -> None:
    """Remember the id of a file that is about to be shown."""
    db.execute("UPDATE posts SET ts = ? WHERE id = ? AND state = 'sending'", [file, id_])


def mark_not_duplicated(db: Database, id_: PostId, again: datetime | None) -> None:
    """Settle: a look has shown that it stands once; it is to be looked at again after that, or never."""
    db.execute("UPDATE posts SET look_again = ? WHERE id = ?", [0 if again is None else timestamp(again), id_])


def line_of(new: NewPost) -> str:
    """Return what the post must keep its order within."""
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
    """Return a post said in another place: one that was for a person's eyes alone as a message there."""
    kind = PostKind.MESSAGE if new.kind is PostKind.EPHEMERAL else new.kind
    return replace(new, kind=kind, channel=channel, thread_of=None, thread="", response_url="")


# ── rows ──


def row_of(db: Database, id_: str | None) -> Row | None:
    """Return the row of a post."""
    row: Row | None = db.execute("SELECT * FROM posts WHERE id = ?", [id_]).fetchone()
    return row


def insert(db: Database, new: NewPost, state: str = PostState.QUEUED.value, why: str = "") -> None:
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
    )


def _post(row: Row) -> Post:
    """Return the post with its place: where it stands, or where it would be sent now."""
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
        lost=_listed(row["lost"]),
        threads=_listed(row["threads"]),
    )


def _listed(stamps: str | None) -> tuple[str, ...]:
    return tuple(stamps.split(",")) if stamps else ()


def text_of(body: Any) -> str:
    """Return a body as it is kept."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
