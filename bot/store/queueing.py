"""Putting posts into the outbox: edits that take each other in, and replies that find their thread."""

from collections.abc import Sequence
from dataclasses import replace
from sqlite3 import Row

from sqlite_utils import Database

from bot.core.outbox.posts import NewPost, PostId, PostKind, PostState
from bot.store import lost_messages, withdrawing
from bot.store.posts import REPLACED, insert, row_of, text_of
from bot.store.timestamps import from_timestamp


def put(db: Database, posts: Sequence[NewPost]) -> int:
    """Queue posts; return how many were new. A post whose id is there already is the same post."""
    count = 0
    for new in posts:
        if row_of(db, new.id) is None:
            count += 1
            if new.kind is PostKind.EDIT:
                _put_edit(db, new)
            else:
                withdrawing.withdraw_earlier(db, new)
                insert(db, _in_thread(db, new))
    return count


def _put_edit(db: Database, new: NewPost) -> None:
    """Queue an edit, or let the message itself take it in while it has not gone."""
    target = _message(db, new.target)
    if target is None or target["state"] == PostState.GIVEN_UP.value:
        if target is not None and lost_messages.requeue_lost(db, target, text_of(new.body), new.due):
            insert(db, replace(new, target=PostId(target["id"]), body={}), REPLACED, lost_messages.TAKEN_OVER)
        else:
            insert(db, new, PostState.GIVEN_UP.value, "there is no such message to edit")
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
            insert(db, replace(at_target, body={}), REPLACED, "its message had not gone and took it in")
            return
        # An earlier try may yet be found standing, with the words of then: the edit goes as well.
    # The earliest due time stands, or a card that changes every second would never be edited.
    first = new.due if earlier is None else min(new.due, from_timestamp(earlier))
    insert(db, replace(at_target, due=first))


def _message(db: Database, id_: PostId | None) -> Row | None:
    """Return the message that an edit of this post changes: an edit stands for its own target."""
    row = row_of(db, id_)
    if row is not None and row["kind"] == PostKind.EDIT.value:
        row = row_of(db, row["target"])
    return row if row is not None and row["kind"] == PostKind.MESSAGE.value else None


def _in_thread(db: Database, new: NewPost) -> NewPost:
    """Return the post with its thread named by the post that began it, where that is one of ours."""
    if new.thread_of is not None:
        first = row_of(db, new.thread_of)
        if first is not None and first["kind"] == PostKind.EDIT.value:
            first = row_of(db, first["target"])
        if first is not None and (first["thread_of"] or first["thread"]):  # a reply: join its thread
            return replace(new, thread_of=first["thread_of"], thread=first["thread"])
        if first is None or first["kind"] != PostKind.MESSAGE.value:
            return replace(new, thread_of=None)
        return replace(new, thread_of=PostId(first["id"]))
    if new.thread:
        ours = db.execute(
            "SELECT id FROM posts WHERE stands_in = ? AND ts = ? AND ts <> '' AND kind = 'message'",
            [new.channel, new.thread],
        ).fetchone()
        if ours is not None:
            return replace(new, thread_of=PostId(ours["id"]))
    return new
