"""Context: what the verbs share, what is known of one command, the answer that a verb returns, and its posts.

Questions and refusals go to the asker only; a mention's question is answered in its thread. A change is
one message in the channel, or in the incident's thread. Where the asker would not see it there, a private line says
where it is.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from bot.core.command import buttons
from bot.core.command.requests import Request
from bot.core.command.rights import Caller
from bot.core.command.row import Row
from bot.core.errors import DatabaseUnavailable, Failure, Offer, Refusal, TemporaryFailure, Unclear
from bot.core.flow.model import FlowId, UserId
from bot.core.health.promise import BotStatus
from bot.core.history.background import FlowRef
from bot.core.incident.handover import Offer as CommandOffer
from bot.core.incident.model import Incident, IncidentCard
from bot.core.outbox.blocks import Body, Card
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.pointers import PostPresence, post_presence
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind, is_direct
from bot.core.people.model import DONE, AttemptResult, Ending, IncomingMessage, Link, Outcome, Surface
from bot.core.pictures.model import Drawing, NoPicture
from bot.core.text.escape import EMPTY
from bot.core.text.mask import Mask, Seal, without_secrets
from bot.core.text.message import Text
from bot.core.values import dataclass
from bot.messages.cards import answers, flows
from bot.work.commands.flow_access import FlowAccess
from bot.work.commands.flow_list import FlowLists
from bot.work.commands.incident_actions import IncidentActions
from bot.work.monitor.flow_outlook import Outlook
from bot.work.monitor.on_call import OnCall
from bot.work.ports import Clock, Draw, Enos, NewId, OwnerLookup, Slack, Views

if TYPE_CHECKING:
    from bot.store.store import Store

REPEATED = 300  # characters of a command that answers and the audit repeat
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
    bridges: tuple[str, ...] = ()  # the other programs that hear of every incident
    shared_channels: tuple[str, ...] = ()  # where failures may be posted though another organization reads there
    remind_every: timedelta = timedelta(minutes=30)  # between two steps of an escalation
    pagerduty: bool = False  # whether PagerDuty can be called


class SecretCommands:
    """Commands with a secret in them, in memory only, for the buttons that say them. A restart forgets them.

    Where there are several replicas, the name of a command ends with the one that keeps it.
    """

    def __init__(self, most: int = MOST_SECRET_COMMANDS) -> None:
        self._most = most
        self._commands: dict[str, str] = {}

    def keep(self, command: str, new_id: Callable[[], str], replica: str = "") -> str:
        """Keep a command and return its name; the oldest is dropped where there are too many."""
        name = f"{new_id()}@{replica}" if replica else new_id()
        self._commands[name] = command
        if len(self._commands) > self._most:
            del self._commands[next(iter(self._commands))]
        return name

    def get(self, name: str) -> str | None:
        """The command of that name; None where it was dropped or forgotten."""
        return self._commands.get(name)


async def no_pictures(_drawing: Drawing) -> NoPicture:
    """Nothing can be drawn."""
    return NoPicture.NO_LIBRARY


async def no_outlook(_flow: FlowRef, _now: datetime) -> Outlook | None:
    """Nothing is known of any flow."""
    return None


@dataclass(frozen=True, slots=True)
class Services:
    """What the verbs reach EnOS, Slack and the database by, and what they share."""

    enos: Enos
    slack: Slack
    views: Views
    store: "Store"
    owners: OwnerLookup
    incident_actions: IncidentActions
    clock: Clock
    steady: Clock  # for waiting: never set back
    new_id: NewId
    answer_settings: AnswerSettings
    schedule_words: Callable[[str], Callable[[str], str]]  # a Quartz expression in words of a language
    status: Callable[[], BotStatus]
    platform_zone: Callable[[], timedelta | None]  # offset of the times EnOS prints, None while unknown
    wake: Callable[[], None]  # there is something to deliver
    # A run was started (at this steady time) that may end an incident: poll without waiting.
    poll_soon: Callable[[datetime], None] = lambda _at: None
    # A lock for each flow: where two people start it at once, the second is checked after the first.
    flow_locks: WeakValueDictionary[FlowId, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    # Without a given key each process has its own: fingerprints of an earlier process then never compare as equal.
    seal: Seal = field(default_factory=lambda: Seal(secrets.token_hex()))
    secret_commands: SecretCommands = field(default_factory=SecretCommands)
    flow_access: FlowAccess = field(default_factory=FlowAccess)
    flow_lists: FlowLists = field(default_factory=FlowLists)
    lost: Callable[[], frozenset[str]] = frozenset  # channels and people that cannot be posted to now
    draw: Draw = no_pictures
    outlook: Callable[[FlowRef, datetime], Awaitable[Outlook | None]] = no_outlook  # whether a flow is late
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
    changes: bool = False  # it is to change something: such a verb may also just show what is set
    previews: bool = False  # it shows what it would start, or starts what was shown
    attempt: int | None = None  # the audit row of a verb that changes something
    incident: Incident | None = None  # of the thread it was written in, or of the pressed card
    quiet: bool = False  # one of many: an alert storm's message shows what it does, and no post of its own
    is_first: bool = False  # what this person says to flowbot for the first time
    replacement: Post | None = None  # where the message it was said to was lost: the one that replaces it
    offer: CommandOffer | None = None  # what somebody else asked to have run, and is run with this person's rights

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
    rows: Sequence[Mapping[str, str]] = ()  # what a list holds, for a shell: ids, words of EnOS, ISO times


async def posts_for(services: Services, context: CommandContext, answer: Answer) -> tuple[NewPost, ...]:
    """The posts that show this answer: itself, and a line that says where it is, or a file, where that is needed."""
    origin, asker, spare = context.incoming.origin, context.incoming.by.user, PostId(services.new_id())
    is_shell = origin.surface is Surface.SHELL
    if answer.body is None or context.quiet or (is_shell and not (answer.public or answer.in_incident)):
        return ()
    if (incident := answer.in_incident) is not None:
        thread = thread_of(context, incident)
        reply = in_thread(incident, thread.channel, context.post, answer.body, context.now, asker)
        if is_shell or sees_thread(context, incident):
            return (reply,)
        first = post_presence(await services.store.post(thread.post))
        named = flows.flow_name(incident.flow_id, incident.flow_name)
        return reply, ephemeral(context, spare, answers.see_thread(context.words, named, first, thread.channel))
    member = True
    in_direct = origin.surface is Surface.DIRECT or (not origin.response_url and is_direct(origin.channel))
    if answer.public and not in_direct and origin.surface is not Surface.MENTION:  # Slack delivers those to members
        try:
            channel = await services.slack.channel(origin.channel)
            member = channel.member and not channel.archived
        except SLACK_FAILURES:
            member = False  # the person's direct messages are safe
    if in_direct or (answer.public and member):
        post = _message(context, context.post, origin.channel, answer.body, thread=origin.thread)
    elif answer.public:
        post = _message(context, context.post, asker, answer.body)
        return post, ephemeral(context, spare, answers.see_direct_messages(context.words))
    elif origin.surface is Surface.MENTION and not answer.private:
        post = _message(context, context.post, origin.channel, answer.body, thread=origin.thread or origin.message)
    else:
        post = ephemeral(context, context.post, answer.body)
    if answer.file is None:
        return (post,)
    return post, _message(context, spare, asker, answer.file, kind=PostKind.FILE)


async def public_posts(services: Services, context: CommandContext) -> Callable[[Card], tuple[NewPost, ...]]:
    """How a card for everybody becomes posts: for a verb whose answer is made in the transaction of its change."""
    posts = await posts_for(services, context, Answer(Card(EMPTY, ()), public=True))
    return lambda card: tuple(replace(post, body=card) if post.id == context.post else post for post in posts)


def sees_thread(context: CommandContext, incident: Incident) -> bool:
    """Whether the asker sees a reply in this incident's thread: they wrote in it, or pressed its card."""
    same = context.incident is not None and context.incident.id == incident.id and context.replacement is None
    return same and _is_here(context, thread_of(context, incident))


def thread_of(context: CommandContext, incident: Incident) -> IncidentCard:
    """The card whose thread is for this asker: that of the channel they wrote in, else the first."""
    return next((card for card in incident.cards if _is_here(context, card)), incident.home)


def _is_here(context: CommandContext, card: IncidentCard) -> bool:
    """Whether a card is where the asker wrote."""
    origin, asker = context.incoming.origin, context.incoming.by.user
    return card.channel == origin.channel or (is_direct(origin.channel) and card.channel == asker)


def in_thread(incident: Incident, channel: str, post: PostId, body: Card, now: datetime, user: str) -> NewPost:
    """A reply in the incident's thread there; if that cannot be posted, it goes to the user's direct messages."""
    card = incident.card_in(channel) or incident.home
    return NewPost(
        id=post,
        kind=PostKind.MESSAGE,
        lane=Lane.ANSWER,
        channel=card.channel,
        body=body,
        due=now,
        thread_of=card.post,
        user=user,
        incident=incident.id,
    )


def ephemeral(context: CommandContext, post: PostId, body: Card) -> NewPost:
    """A post that only the asker sees, where they asked."""
    origin = context.incoming.origin
    stays = origin.surface is Surface.DIRECT or (not origin.response_url and is_direct(origin.channel))
    kind = PostKind.MESSAGE if stays else PostKind.EPHEMERAL
    return _message(context, post, origin.channel, body, kind=kind, thread=origin.thread)


def _message(
    context: CommandContext,
    post: PostId,
    channel: str,
    body: Card | Body,
    *,
    kind: PostKind = PostKind.MESSAGE,
    thread: str = "",
) -> NewPost:
    """A post; if its channel cannot be posted to, it goes to the asker's direct messages."""
    return NewPost(
        id=post,
        kind=kind,
        lane=Lane.ANSWER,
        channel=channel,
        body=body,
        due=context.now,
        thread=thread,
        user=context.incoming.by.user,
        response_url=context.incoming.origin.response_url if kind is PostKind.EPHEMERAL else "",
        incident=context.incident.id if context.incident is not None else "",
    )


def outcome_of(failure: Failure) -> Outcome:
    """How an attempt ends that a failure stopped."""
    match failure:
        case Refusal():
            return Outcome(Ending.REFUSED, failure.reason)
        case Unclear():
            return Outcome(Ending.UNCLEAR, type(failure).__name__)
        case TemporaryFailure():
            return Outcome(Ending.OUTAGE, type(failure).__name__)
        case _:
            return Outcome(Ending.REFUSED, type(failure).__name__)


class NotNoted(Unclear):
    """It was done, or may have been, and the database did not take or show what follows."""


@contextmanager
def acted(done: Callable[[str], Text]) -> Iterator[None]:
    """What follows an act: where the database fails there, it is ``done`` that is told, and why."""
    try:
        yield
    except DatabaseUnavailable as unavailable:
        raise NotNoted(done(unavailable.reason)) from unavailable


async def link_to(services: Services, message: Post | None) -> str:
    """A link to a message that is in Slack, else ""."""
    if message is None or post_presence(message) is not PostPresence.POSTED:
        return ""
    try:
        return await services.slack.permalink(message.channel, message.ts)
    except SLACK_FAILURES:
        return ""


async def fit_into_buttons(services: Services, context: CommandContext, offers: Sequence[Offer]) -> list[Offer]:
    """Offers whose commands fit into buttons: what is too long is kept in the store."""
    return [(label, await _button_value(services, context, command)) for label, command in offers]


async def _button_value(services: Services, context: CommandContext, command: str) -> str:
    """The words of a button. A secret is kept in memory only: the store keeps the words without it."""
    if (wanted := buttons.asked_form(command)) is not None:
        name, said = wanted
        carried = await _button_value(services, context, said)
        return command if carried == said else buttons.form(f"{name} {carried}")
    without_secret = without_secrets(command, services.answer_settings.mask)
    if without_secret != command:
        stashed = await services.store.stash(without_secret, context.now)
        kept = services.secret_commands.keep(command, services.new_id, services.store.replica)
        return buttons.reference(stashed, kept)
    if len(buttons.value(command, context.post)) <= buttons.VALUE_LIMIT:
        return command
    return buttons.reference(await services.store.stash(command, context.now))
