"""Context: what the verbs share, what is known of one command, and the answer that a verb returns."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from bot.core.audit import DONE, AttemptResult, Outcome
from bot.core.command.requests import Request
from bot.core.command.rights import Caller
from bot.core.command.table import Row
from bot.core.flow.model import FlowId, UserId
from bot.core.health.promise import BotStatus
from bot.core.incident.model import Incident
from bot.core.outbox.card import Body, Card
from bot.core.outbox.posts import Post, PostId
from bot.core.people.model import IncomingMessage, Link
from bot.core.text.mask import Mask, Seal
from bot.work.commands.flow_access import FlowAccess
from bot.work.commands.incident_actions import IncidentActions
from bot.work.monitor.on_call import OnCall
from bot.work.ports import Clock, Enos, NewId, OwnerLookup, Slack

if TYPE_CHECKING:
    from bot.store.store import Store

MOST_SECRET_COMMANDS = 500  # a button whose words were dropped asks for them again


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


class SecretCommands:
    """Commands with a secret in them, in memory only, for the buttons that say them. A restart forgets them."""

    def __init__(self, most: int = MOST_SECRET_COMMANDS) -> None:
        self._most = most
        self._commands: dict[str, str] = {}

    def keep(self, command: str, new_id: Callable[[], str]) -> str:
        """Keep a command and return its name; the oldest is dropped where there are too many."""
        name = new_id()
        self._commands[name] = command
        if len(self._commands) > self._most:
            del self._commands[next(iter(self._commands))]
        return name

    def get(self, name: str) -> str | None:
        """The command of that name; None where it was dropped or forgotten."""
        return self._commands.get(name)


@dataclass(frozen=True, slots=True)
class Services:
    """What the verbs reach EnOS, Slack and the database by, and what they share."""

    enos: Enos
    slack: Slack
    store: "Store"
    owners: OwnerLookup
    incident_actions: IncidentActions
    clock: Clock
    steady: Clock  # for waiting: never set back
    new_id: NewId
    answer_settings: AnswerSettings
    schedule_words: Callable[[str], str]  # a Quartz expression in words
    status: Callable[[], BotStatus]
    platform_zone: Callable[[], timedelta | None]  # offset of the times EnOS prints, None while unknown
    wake: Callable[[], None]  # there is something to deliver
    poll_soon: Callable[[], None] = lambda: None  # a run was started that may end an incident: poll without waiting
    # A lock for each flow: where two people start it at once, the second is checked after the first.
    flow_locks: WeakValueDictionary[FlowId, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    # Without a given key each process has its own: fingerprints of an earlier process then never compare as equal.
    seal: Seal = field(default_factory=lambda: Seal(secrets.token_hex()))
    secret_commands: SecretCommands = field(default_factory=SecretCommands)
    flow_access: FlowAccess = field(default_factory=FlowAccess)
    on_call: OnCall = field(init=False)

    def __post_init__(self) -> None:
        """Build what is built from the other fields."""
        object.__setattr__(self, "on_call", OnCall(self.slack, self.answer_settings.oncall, self.steady))


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One command with all that was looked up about it."""

    incoming: IncomingMessage
    request: Request
    row: Row
    words: str  # the command as understood
    caller: Caller
    zone: tzinfo
    now: datetime
    post: PostId  # the id of the answer's message, which its buttons carry
    attempt: int | None = None  # the audit row of a verb that changes something
    incident: Incident | None = None  # of the thread it was written in, or of the pressed card
    replacement: Post | None = None  # where the message it was said to was lost: the one that replaces it

    @property
    def link(self) -> Link:
        """The asker's link; the table of commands has made sure that there is one."""
        if self.caller.link is None:
            raise LookupError("this verb needs a link, and the table of commands does not say so")
        return self.caller.link

    @property
    def as_user(self) -> UserId | None:
        """The EnOS user to read as; None (the bot's own) for people without a link."""
        return self.caller.link.user_id if self.caller.link else None

    def about(self, flow: FlowId) -> Incident | None:
        """The incident it was said to, if that is of this flow: a change is then shown in its thread."""
        return self.incident if self.incident is not None and self.incident.flow_id == flow else None

    def attempt_result(
        self,
        at: datetime,
        outcome: Outcome = DONE,
        *,
        request: str = "",
        answer: str = "",
        linked: Link | None = None,
    ) -> AttemptResult | None:
        """The end of this attempt, to be written together with its answer; None for a verb that changes nothing.

        ``linked`` is the link that must still be the person's for it to be written.
        """
        if self.attempt is None:
            return None
        user = self.caller.link.user_id if request and self.caller.link else ""
        return AttemptResult(self.attempt, outcome, at, request, user, answer, linked)


@dataclass(frozen=True, slots=True)
class Answer:
    """The one visible outcome of a command."""

    body: Card | None  # None: the reply in the incident's thread is the outcome
    public: bool = False  # a change, for everybody to see
    private: bool = False  # only for the asker, even where a mention is answered in its thread
    in_incident: Incident | None = None  # shown in this incident's thread
    file: Body | None = None  # for the asker's direct messages
    queued: bool = False  # the verb has queued its posts and ended its attempt itself
    outcome: Outcome = DONE
    request: str = ""  # the platform action, for the audit
    result: str = ""  # e.g. the new instance id, for the audit
