"""What a pretend Slack is made of: people, channels, messages, files, views, and the app installed in it."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, kw_only=True)
class Team:
    """A Slack workspace; strangers of Slack Connect belong to another one.

    ``enterprise`` is the organization that it is part of, if any.
    """

    id: str
    name: str
    domain: str
    enterprise: str = ""


@dataclass(frozen=True, kw_only=True)
class SlackUser:
    """Someone with an account: a member, a guest, a stranger of another team, or a bot."""

    id: str
    handle: str
    real_name: str
    team: str
    zone: str = "UTC"
    locale: str = "en-US"
    email: str = ""
    guest: bool = False
    admin: bool = False
    bot: bool = False
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """A user group, mentioned as ``<!subteam^S…>``."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...]
    disabled: bool = False


@dataclass(kw_only=True)
class Channel:
    """A conversation; ``members`` keeps the order in which people joined."""

    id: str
    name: str
    kind: Literal["public", "private", "im"] = "public"
    members: list[str] = field(default_factory=list)
    archived: bool = False
    shared: bool = False
    read_only: bool = False
    topic: str = ""
    created: int = 0


@dataclass(kw_only=True)
class Message:
    """One message; with ``only_for`` it is an ephemeral that a single person sees and Slack does not keep."""

    ts: str
    channel: str
    user: str
    text: str
    by_app: bool = False
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    subtype: str | None = None
    only_for: str | None = None

    @property
    def top_level(self) -> bool:
        """Whether it is shown in the channel itself and not only in a thread."""
        return self.thread_ts is None or self.thread_ts == self.ts or self.broadcast

    @property
    def all_blocks(self) -> list[Json]:
        """Its blocks, those in attachments too."""
        attached = [block for attachment in self.attachments for block in attachment.get("blocks", ())]
        return [*self.blocks, *attached]


@dataclass(kw_only=True)
class File:
    """An uploaded file; ``processing`` counts the calls of ``files.info`` until Slack has finished with it."""

    id: str
    name: str
    length: int
    title: str = ""
    alt_text: str = ""
    content: bytes | None = None
    complete: bool = False
    processing: int = 0
    created: int = 0
    shares: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_picture(self) -> bool:
        """Whether its bytes are those of a PNG."""
        return (self.content or b"").startswith(b"\x89PNG")


@dataclass(kw_only=True)
class View:
    """A modal or Home tab as one person has it open; ``content`` is what the app sent."""

    id: str
    person: str
    content: Json
    hash: str
    root: str
    previous: str | None = None
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        """The external id that the app gave it, or an empty text."""
        return str(self.content.get("external_id") or "")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command of the app's manifest."""

    name: str
    hint: str = ""
    description: str = ""
    should_escape: bool = True


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A shortcut of the app's manifest."""

    name: str
    callback_id: str
    kind: Literal["global", "message"] = "global"


@dataclass(frozen=True, kw_only=True)
class InstalledApp:
    """The installed app: its tokens, what it was granted, and what it listens to."""

    id: str
    name: str
    bot_user: str
    bot: str
    bot_token: str
    app_token: str
    signing_secret: str
    scopes: frozenset[str]
    events: frozenset[str]
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    socket_mode: bool = True
    installed: bool = True
    home_tab: bool = True
    messages_tab: bool = True


@dataclass(kw_only=True)
class TriggerId:
    """A trigger id: valid for three seconds and one use."""

    id: str
    person: str
    at: float
    used: bool = False
    view: str | None = None


@dataclass(kw_only=True)
class ResponseUrl:
    """A response_url: valid for half an hour and five uses.

    ``source`` is the ts of the message that carried the component, ``typed`` the slash command as it was typed.
    """

    id: str
    person: str
    channel: str
    at: float
    uses: int = 0
    source: str | None = None
    typed: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryResult:
    """What the app did with a delivery: whether it acknowledged, with what payload, after how many seconds.

    ``why`` is Slack's word for a failure, ``no_retry`` that the app asked for no further attempt.
    """

    acked: bool
    payload: Json = field(default_factory=dict)
    seconds: float = 0.0
    why: str = ""
    no_retry: bool = False


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One delivery to the app, as Socket Mode wraps it."""

    id: str
    kind: Literal["slash_commands", "interactive", "events_api"]
    payload: Json
    attempt: int = 0
    reason: str = ""

    @property
    def takes_payload(self) -> bool:
        """Whether the acknowledgement may carry an answer."""
        return self.kind != "events_api"


@dataclass(frozen=True, kw_only=True)
class RecordedMethodCall:
    """One Web API call as it was received and answered; ``answer`` is None where none was sent."""

    method: str
    arguments: Json
    answer: Json | None
    status: int
    at: float


class SlackError(Exception):
    """``ok: false``: Slack's error word, and the fields that it adds to the answer."""

    def __init__(self, word: str, **more: Any) -> None:
        super().__init__(word)
        self.word = word
        self.more = more


class Forbidden(Exception):  # noqa: N818 - a person's act that Slack's own client would not offer
    """Slack's client does not offer what a person tried: not a member, archived, no such button."""
