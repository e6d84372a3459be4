"""Notices: posted once when something begins and once when it ends, never the end without the beginning.

An active notice is a note in the database under its name. Note and posts are written in one transaction, so that a
crash does not double it.

    (no note) ──begins──▸ told ──about something else──▸ told again
        ▴                   └──────────ends──────────────┐
        └─────────────────────────────────────────────────┘
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.outbox.posts import NewPost, PostId
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """An active notice."""

    post: PostId  # the message that tells it
    since: datetime
    about: str = ""  # its subject: where that changes, it is posted again

    def written(self) -> str:
        """The text of its note."""
        return json.dumps({"post": self.post, "since": self.since.isoformat(), "about": self.about})

    @staticmethod
    def read(note: str) -> "Notice | None":
        """The notice that a note holds; None for an empty one."""
        if not note:
            return None
        held = json.loads(note)
        return Notice(PostId(held["post"]), datetime.fromisoformat(held["since"]), held["about"])


@dataclass(frozen=True, slots=True)
class NoticeUpdate:
    """What is to be written: the note's new text, empty to forget it, and the posts that go with it."""

    note: str
    posts: tuple[NewPost, ...] = ()


def begins(notice: Notice, posts: Sequence[NewPost]) -> Callable[[str], NoticeUpdate | None]:
    """The decision to post a notice, unless it is active and about the same."""

    def decide(note: str) -> NoticeUpdate | None:
        standing = Notice.read(note)
        if standing is not None and standing.about == notice.about:
            return None
        return NoticeUpdate(notice.written(), tuple(posts))

    return decide


def ends(say: Callable[[Notice], Sequence[NewPost]]) -> Callable[[str], NoticeUpdate | None]:
    """The decision to post that a notice is over, where it is active."""

    def decide(note: str) -> NoticeUpdate | None:
        standing = Notice.read(note)
        return None if standing is None else NoticeUpdate("", tuple(say(standing)))

    return decide
