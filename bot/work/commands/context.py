"""Asking: what a journey knows of one request, and the answer it returns."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any
from weakref import WeakValueDictionary

from bot.core.command.requests import Request
from bot.core.command.rights import Standing
from bot.core.command.table import Row
from bot.core.flow.model import FlowId, UserId
from bot.core.incident.model import Incident
from bot.core.outbox.posts import Body, Post, PostId
from bot.core.people.model import Link, Person, Said
from bot.core.text.mask import Mask
from bot.core.text.sealed import Seal
from bot.work.commands.held import Held
from bot.work.commands.incident_actions import Desk
from bot.work.commands.sight import Sight
from bot.work.monitor.on_call import OnCall
from bot.work.ports import Clock, Enos, NewId, Slack
from bot.work.ports_store import Settlement, Store


@dataclass(frozen=True, slots=True)
class Manners:
    """The settings that answers depend on."""

    channel: str
    admins: frozenset[str]
    oncall: tuple[str, ...]
    timezone: tzinfo
    command: str
    mask: Mask
    alert_statuses: tuple[int, ...]
    console_url: str = ""


class Turns:
    """A lock for each flow: two people who start it at once are looked at one after the other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[FlowId, asyncio.Lock] = WeakValueDictionary()

    def of(self, flow: FlowId) -> asyncio.Lock:
        """Return the flow's lock."""
        return self._locks.setdefault(flow, asyncio.Lock())


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the journeys reach the outside by."""

    enos: Enos
    slack: Slack
    store: Store
    desk: Desk
    clock: Clock
    steady: Clock  # for what waits: never put back
    new_id: NewId
    manners: Manners
    schedule_words: Callable[[str], str]  # a Quartz expression in words
    health: Callable[[], Mapping[str, Any]]  # what ``status`` shows
    platform_zone: Callable[[], timedelta | None]  # offset of the times EnOS prints, None while unknown
    wake: Callable[[], None]  # there is something to deliver
    nudge: Callable[[], None] = lambda: None  # a run was started that may heal: the watcher looks soon
    turns: Turns = field(default_factory=Turns)
    # A key of this process's own where none is given: what a former one sealed is then not known, and never equal.
    seal: Seal = field(default_factory=lambda: Seal(secrets.token_hex()))
    held: Held = field(default_factory=Held)
    sight: Sight = field(default_factory=Sight)
    on_call: OnCall = field(init=False)

    def __post_init__(self) -> None:
        """Make what is made of the others."""
        object.__setattr__(self, "on_call", OnCall(self.slack, self.manners.oncall, self.steady))


@dataclass(frozen=True, slots=True)
class Ask:
    """One request with all that was looked up about it."""

    said: Said
    request: Request
    row: Row
    words: str  # the command as understood
    standing: Standing
    zone: tzinfo
    now: datetime
    post: PostId  # the id of the answer's message: its buttons stand on it
    attempt: int | None = None  # the audit row of a verb that changes something
    incident: Incident | None = None  # of the thread it was said in, or of the pressed card
    moved: Post | None = None  # it was said to a message that was lost since: that one as it is now

    @property
    def person(self) -> Person:
        """The asker."""
        return self.said.by

    @property
    def link(self) -> Link:
        """The asker's link; the table of commands has made sure that there is one."""
        if self.standing.link is None:
            raise LookupError("this verb needs a link, and the table of commands does not say so")
        return self.standing.link

    @property
    def proven_link(self) -> Link:
        """The link as it must stand where an owner's right is used: proven, though it may have become so just now."""
        return replace(self.link, proven=True)

    @property
    def as_user(self) -> UserId | None:
        """The EnOS user to read as; None (the watcher's own) for people without a link."""
        return self.standing.link.user_id if self.standing.link else None

    def about(self, flow: FlowId) -> Incident | None:
        """Return the incident it was said to, if it is one of this flow: a change stands in its thread."""
        return self.incident if self.incident is not None and self.incident.flow_id == flow else None

    def settled(
        self,
        at: datetime,
        outcome: str = "done",
        *,
        request: str = "",
        answer: str = "",
        linked: Link | None = None,
    ) -> Settlement | None:
        """Return the end of this attempt, to be written with what is told about it; None where there is none.

        ``linked`` is the link that must stand for what is written with it.
        """
        if self.attempt is None:
            return None
        user = self.standing.link.user_id if request and self.standing.link else ""
        return Settlement(self.attempt, outcome, at, request, user, answer, linked)


@dataclass(frozen=True, slots=True)
class Answer:
    """The one visible outcome of a command."""

    body: Body | None  # None: what was told in the incident's thread is the outcome
    public: bool = False  # a change, for all to see
    private: bool = False  # for the asker alone, even where a mention is answered in its thread
    in_incident: Incident | None = None  # told in this incident's thread
    file: Body | None = None  # for the asker's direct messages
    queued: bool = False  # the journey has queued its posts and its end itself
    outcome: str = "done"
    request: str = ""  # the platform action, for the audit
    result: str = ""  # e.g. the new instance id, for the audit
