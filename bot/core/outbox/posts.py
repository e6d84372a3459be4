"""Posts: what is queued for Slack, and what a delivery may become.

    queued ──► sending ──► sent
       ▲          │
       │          ├──► unclear ──(look up)──► sent, or queued again
       └──────────┴──► given up

A delivered message that is lost (a person deleted it, or Slack takes no edit of it) is queued once more, under the
same id: its replies and edits go on there (``lost_messages.py``). An unclear message that has a ``ts`` is a reply
outside of its thread: it is deleted, and queued again for where its thread is now.

A reminder that has not gone is given up as soon as what it reminds of is taken, given back or over, and where a newer
one follows it: it would say what is true no more.

A post is a row before it is a call. Its id travels in the message's metadata, so that a lost answer can be
looked up. ``body`` is Slack's JSON: ``text``, ``blocks`` and, for incidents, ``attachments``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, NewType

PostId = NewType("PostId", str)
Body = Mapping[str, Any]  # {"text": …, "blocks": […]}


class PostKind(Enum):
    """How a post reaches Slack."""

    MESSAGE = "message"  # chat.postMessage; ``channel`` may be a user id for a direct message
    EDIT = "edit"  # chat.update of the message that ``target`` became
    EPHEMERAL = "whisper"  # seen by ``user`` alone: response_url where given, else chat.postEphemeral, else a message
    FILE = "file"  # body {"filename", "content", "title", "comment"} to ``channel``


class Lane(Enum):
    """Budgets that do not wait for each other."""

    ALERT = "alert"
    ANSWER = "answer"
    HOUSEKEEPING = "housekeeping"


class PostState(Enum):
    """See the drawing above."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCLEAR = "unclear"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to be queued. Ids are made by the caller, so that cards can name the post they stand on."""

    id: PostId
    kind: PostKind
    lane: Lane
    channel: str
    body: Body
    due: datetime  # not before
    thread_of: PostId | None = None  # reply in the thread of this post, once it is sent
    thread: str = ""  # or in the thread of this message
    target: PostId | None = None  # EDIT: the post to change
    user: str = ""  # WHISPER: who sees it
    response_url: str = ""  # WHISPER: the way that needs no membership
    incident: str = ""  # the incident the post belongs to, if any
    reminds_of: str = ""  # a reminder: the incident, or the storm's message, that it calls to mind


@dataclass(frozen=True, slots=True)
class Post:
    """A post as the outbox holds it."""

    new: NewPost
    state: PostState
    attempts: int = 0
    channel: str = ""  # where it stands: for a direct message the D… id
    ts: str = ""  # the message's id once sent; for a file its file id
    why: str = ""  # the last failure, in a word
    doubts: int = 0  # how often its outcome was unclear
    first_tried: datetime | None = None  # when it was first handed to Slack
    settled_at: datetime | None = None  # when it was last sent, given up or found unclear
    tried_at: datetime | None = None  # when it was last handed to Slack
    generation: int = 0  # how often it was lost and said again
    lost: tuple[str, ...] = ()  # the ts at which it stood before
    threads: tuple[str, ...] = ()  # of a reply: the ts at which its thread's first message stood before
