"""Posts: what is queued for Slack, and the states of its delivery.

    queued ──► sending ──► sent
       ▲          │
       │          ├──► unclear ──(look up)──► sent, or queued again
       └──────────┴──► given up

A delivered message that is lost (a person deleted it, or Slack refuses to edit it) is queued once more, under the same
id: its replies and edits follow it (``lost_messages.py``). An unclear message that has a ``ts`` is a reply outside of
its thread: it is deleted, and queued again for where its thread is now.

A reminder that was not sent is given up as soon as its incident is acknowledged, handed back or over, and where a newer
one follows it: it would not be true any more. One that calls an on-call group is not replaced by the call of the next.

A post is a row before it is a call. Its id is in the message's metadata, so that a search finds it after a lost answer.
``body`` is a card; it is queued as Slack's JSON, in the language of those who read it: ``text``, ``blocks`` and, for
incidents, ``attachments``.
"""

from datetime import datetime
from enum import Enum
from typing import NewType, cast

from bot.core.outbox.blocks import Body, Card
from bot.core.values import dataclass

PostId = NewType("PostId", str)
BASE64 = "base64"  # the encoding of a file's content that is not text


class PostKind(Enum):
    """How a post reaches Slack."""

    MESSAGE = "message"  # chat.postMessage; ``channel`` may be a user id for a direct message
    EDIT = "edit"  # chat.update of the message that ``target`` became
    EPHEMERAL = "whisper"  # seen by ``user`` alone: response_url where given, else chat.postEphemeral, else a message
    # body {"filename", "content", "title", "comment"} to ``channel``; for a picture {"encoding", "alt_text"} as well
    FILE = "file"


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
    """A post to be queued. Ids are made by the caller, so that a card's buttons can name their post."""

    id: PostId
    kind: PostKind
    lane: Lane
    channel: str
    body: Card | Body  # a card until it is queued
    due: datetime  # not before
    thread_of: PostId | None = None  # reply in the thread of this post, once it is sent
    thread: str = ""  # or in the thread of this message
    target: PostId | None = None  # EDIT: the post to change
    user: str = ""  # EPHEMERAL: who sees it
    response_url: str = ""  # EPHEMERAL: a way that does not need membership
    incident: str = ""  # the incident the post belongs to, if any
    reminds_of: str = ""  # a reminder: the incident, or the storm's message, that it is about; or ``call_about`` it
    broadcast: bool = False  # a reply: the channel shows it too


@dataclass(frozen=True, slots=True)
class Post:
    """A post as the outbox holds it."""

    new: NewPost
    state: PostState
    attempts: int = 0
    channel: str = ""  # where it is in Slack: for a direct message the D… id
    ts: str = ""  # the message's id once sent; for a file its file id
    why: str = ""  # the last failure, in a word
    doubts: int = 0  # how often its outcome was unclear
    first_tried: datetime | None = None  # when it was first handed to Slack
    settled_at: datetime | None = None  # when it was last sent, given up or found unclear
    tried_at: datetime | None = None  # when it was last handed to Slack
    generation: int = 0  # how often it was lost and reposted
    lost: tuple[str, ...] = ()  # its earlier ts
    threads: tuple[str, ...] = ()  # of a reply: the earlier ts of its thread's first message

    @property
    def body(self) -> Body:
        """What Slack is sent."""
        return cast("Body", self.new.body)


def is_first(post: Post) -> bool:
    """Whether it begins a conversation of its own about failures: the first message of an incident or of a storm."""
    new = post.new
    return new.kind is PostKind.MESSAGE and new.lane is Lane.ALERT and new.thread_of is None and not new.thread


def tells_of_failures(post: Post) -> bool:
    """Whether a whole channel would read of failures in it. Answers are not about failures, except to an incident."""
    if post.new.lane is Lane.ANSWER and not post.new.incident:
        return False
    return post.new.kind is not PostKind.EPHEMERAL and not is_direct(post.channel)


def is_direct(channel: str) -> bool:
    """Whether a place is somebody's direct messages: a person's id, or a conversation with one."""
    return channel[:1] in {"U", "W", "D"}


def sole_reader(new: NewPost) -> str:
    """The user id of the one person who sees a post; empty where a whole channel does, or where it is not known who."""
    if new.channel[:1] in {"U", "W"}:
        return new.user or new.channel
    return new.user if new.kind is PostKind.EPHEMERAL or new.channel[:1] == "D" else ""


def call_about(thing: str, number: int) -> str:
    """What a reminder is of that calls somebody: a newer one does not replace it."""
    return f"{thing}#{number}"


def carried_id(post: PostId, generation: int) -> PostId:
    """The id in a message's metadata, by which it is found; ``generation`` is how often it was reposted."""
    return PostId(f"{post}~{generation}") if generation else post


def carried_ids(post: PostId, generation: int) -> tuple[PostId, ...]:
    """Every id that it has carried, the present one last."""
    return tuple(carried_id(post, each) for each in range(generation + 1))
