"""Asking: what a journey knows of one request, and the answer it returns."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from bot.core.audit import AttemptResult
from bot.core.command.requests import Request
from bot.core.command.rights import Caller
from bot.core.command.table import Row
from bot.core.flow.model import FlowId, UserId
from bot.core.incident.model import Incident
from bot.core.outbox.posts import Body, Post, PostId
from bot.core.people.model import IncomingMessage, Link, Person
from bot.core.text.mask import Mask, Seal
from bot.work.commands.flow_access import FlowAccess
from bot.work.commands.incident_actions import IncidentActions
from bot.work.commands.secret_commands import SecretCommands
from bot.work.monitor.on_call import OnCall
from bot.work.ports import Clock, Enos, NewId, Slack

if TYPE_CHECKING:
    from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """The settings that answers depend on."""

    channel: str
    admins: frozenset[str]
    oncall: tuple[str, ...]
    timezone: tzinfo
    command: str
    mask: Mask
    alert_statuses: tuple[int, ...]
    console_url: str = ""


class FlowLocks:
    """A lock for each flow: two people who start it at once are looked at one after the other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[FlowId, asyncio.Lock] = WeakValueDictionary()

    def of(self, flow: FlowId) -> asyncio.Lock:
        """Return the flow's lock."""
        return self._locks.setdefault(flow, asyncio.Lock())


@dataclass(frozen=True, slots=True)
class Services:
    """What the journeys reach the outside by."""

    enos: Enos
    slack: Slack
    store: "Store"
    incident_actions: IncidentActions
    clock: Clock
    steady: Clock  # for what waits: never put back
    new_id: NewId
    answer_settings: AnswerSettings
    schedule_words: Callable[[str], str]  # a Quartz expression in words
    health: Callable[[], Mapping[str, Any]]  # what ``status`` shows
    platform_zone: Callable[[], timedelta | None]  # offset of the times EnOS prints, None while unknown
    wake: Callable[[], None]  # there is something to deliver
    poll_soon: Callable[[], None] = lambda: None  # a run was started that may heal: the watcher looks soon
    flow_locks: FlowLocks = field(default_factory=FlowLocks)
    # A key of this process's own where none is given: what a former one sealed is then not known, and never equal.
    seal: Seal = field(default_factory=lambda: Seal(secrets.token_hex()))
    secret_commands: SecretCommands = field(default_factory=SecretCommands)
    flow_access: FlowAccess = field(default_factory=FlowAccess)
    on_call: OnCall = field(init=False)

    def __post_init__(self) -> None:
        """Make what is made of the others."""
        object.__setattr__(self, "on_call", OnCall(self.slack, self.answer_settings.oncall, self.steady))


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One request with all that was looked up about it."""

    incoming: IncomingMessage
    request: Request
    row: Row
    words: str  # the command as understood
    caller: Caller
    zone: tzinfo
    now: datetime
    post: PostId  # the id of the answer's message: its buttons stand on it
    attempt: int | None = None  # the audit row of a verb that changes something
    incident: Incident | None = None  # of the thread it was said in, or of the pressed card
    replacement: Post | None = None  # it was said to a message that was lost since: that one as it is now

    @property
    def person(self) -> Person:
        """The asker."""
        return self.incoming.by

    @property
    def link(self) -> Link:
        """The asker's link; the table of commands has made sure that there is one."""
        if self.caller.link is None:
            raise LookupError("this verb needs a link, and the table of commands does not say so")
        return self.caller.link

    @property
    def proven_link(self) -> Link:
        """The link as it must stand where an owner's right is used: proven, though it may have become so just now."""
        return replace(self.link, verified=True)

    @property
    def as_user(self) -> UserId | None:
        """The EnOS user to read as; None (the watcher's own) for people without a link."""
        return self.caller.link.user_id if self.caller.link else None

    def about(self, flow: FlowId) -> Incident | None:
        """Return the incident it was said to, if it is one of this flow: a change stands in its thread."""
        return self.incident if self.incident is not None and self.incident.flow_id == flow else None

    def attempt_result(
        self,
        at: datetime,
        outcome: str = "done",
        *,
        request: str = "",
        answer: str = "",
        linked: Link | None = None,
    ) -> AttemptResult | None:
        """Return the end of this attempt, to be written with what is told about it; None where there is none.

        ``linked`` is the link that must stand for what is written with it.
        """
        if self.attempt is None:
            return None
        user = self.caller.link.user_id if request and self.caller.link else ""
        return AttemptResult(self.attempt, outcome, at, request, user, answer, linked)


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
