"""What the journeys need from the platform and from Slack, as Protocols. The store is its own (decision 17)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.bridges.model import BridgeEvent
from bot.core.bridges.outcomes import Answer
from bot.core.flow.model import (
    Flow,
    FlowId,
    FlowName,
    Instance,
    InstanceId,
    Page,
    Parameter,
    Search,
    TaskId,
    UserId,
    UserName,
)
from bot.core.forms.model import OpenView, View
from bot.core.outbox.blocks import Body
from bot.core.outbox.conversations import (
    Channel,
    SearchResult,
    SlackLimited,
    SlackOutsideThread,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
)
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person, Profile
from bot.core.pictures.model import Drawing, NoPicture
from bot.core.text.language import EN

__all__ = [
    "AccountLookup",
    "Channel",
    "Clock",
    "Draw",
    "Enos",
    "EventSender",
    "NewId",
    "OwnerLookup",
    "SearchResult",
    "Slack",
    "SlackLimited",
    "SlackOutsideThread",
    "SlackRefused",
    "SlackUnclear",
    "SlackUnreachable",
    "Views",
]

Clock = Callable[[], datetime]  # aware, UTC
Draw = Callable[[Drawing], Awaitable[bytes | NoPicture]]  # a PNG, or why there is none; takes seconds, never raises
NewId = Callable[[], str]  # short, unguessable, url-safe


class Enos(Protocol):
    """The batch API. Every call names the user it is made as; None means the bot's own user.

    Raises ``Refusal`` (final), ``TemporaryFailure`` (may help to ask again) and, for calls that change something,
    ``Unclear`` when the answer was lost after the request may have been received.
    """

    def search(
        self, terms: Search, *, newest: str = "update_time", as_user: UserId | None = None
    ) -> AsyncIterator[Page]:
        """Yield pages, sorted by ``newest`` descending where the server allows, until nothing is new."""
        ...

    async def instance(self, instance: InstanceId, *, as_user: UserId | None = None) -> Instance | None:
        """One instance with its graph; None where EnOS has none."""
        ...

    async def cancel(self, instance: InstanceId, *, as_user: UserId) -> None:
        """Cancel the instance; EnOS does it some time later."""
        ...

    async def flow(self, flow: FlowId, *, as_user: UserId | None = None) -> Flow:
        """The flow as this user sees it; raises ``Refusal("unknown_flow")`` where EnOS shows none."""
        ...

    async def my_flows(self, expression: str = "", *, as_user: UserId | None = None) -> tuple[FlowName, ...]:
        """The flows related to the user."""
        ...

    async def all_flows(self, expression: str = "", *, as_user: UserId | None = None) -> tuple[FlowName, ...]:
        """The flows of the whole organization, all pages."""
        ...

    async def trigger(self, flow: FlowId, at_ms: int, *, as_user: UserId) -> InstanceId:
        """Trigger Flow: run all tasks, for the trigger time ``at_ms`` (epoch milliseconds)."""
        ...

    async def trigger_from_task(self, flow: FlowId, task: TaskId, at_ms: int, *, as_user: UserId) -> InstanceId:
        """Trigger Flow From Task: run the task and everything downstream of it."""
        ...

    async def trigger_with(
        self, flow: FlowId, at_ms: int, parameters: Sequence[Parameter], *, as_user: UserId
    ) -> InstanceId:
        """Update And Trigger Flow: run all tasks once with these parameters."""
        ...

    async def enable(self, flow: FlowId, *, as_user: UserId) -> None:
        """Turn scheduling on."""
        ...

    async def disable(self, flow: FlowId, *, as_user: UserId) -> None:
        """Turn scheduling off."""
        ...

    async def log(self, task_instance: str, *, as_user: UserId | None = None) -> str | None:
        """The log of a task; None where it has none."""
        ...


class Slack(Protocol):
    """What the bot asks of Slack. Raises only the errors in ``core/outbox/conversations.py``."""

    async def post(
        self, channel: str, body: Body, *, id: PostId, thread: str = "", broadcast: bool = False
    ) -> tuple[str, str]:
        """Post a message with ``id`` in its metadata; returns the channel it was posted in and its ts.

        ``broadcast``: a reply that the channel shows too.
        Raises ``SlackOutsideThread`` where Slack posted a reply outside of its thread.
        """
        ...

    async def edit(self, channel: str, ts: str, body: Body, *, id: PostId) -> None:
        """Replace a message of ours. ``channel`` may be a user id, as for ``post``, ``find`` and ``delete``."""
        ...

    async def post_ephemeral(
        self, channel: str, user: str, body: Body, *, thread: str = "", response_url: str = ""
    ) -> None:
        """Show something to one person only: by ``response_url`` if given, else as an ephemeral message.

        Raises ``SlackRefused`` where neither reaches them; the caller then sends a direct message.
        """
        ...

    async def upload(
        self,
        channel: str,
        body: Body,
        *,
        thread: str = "",
        reserved: Callable[[str], Awaitable[None]] | None = None,
    ) -> str:
        """Upload a file (see ``PostKind.FILE``); returns the file id.

        ``reserved`` is awaited with the file id before anybody can see the file, so that ``shared`` can tell after a
        lost answer whether it was uploaded.
        """
        ...

    async def shared(self, file: str) -> bool:
        """Whether a file of ours has been shown anywhere (files.info: it has a share)."""
        ...

    async def find(
        self,
        channel: str,
        ids: Collection[PostId],
        *,
        thread: str = "",
        since: float = 0,
        until: float = 0,
        rest: str = "",
    ) -> SearchResult:
        """Search for our messages that carry one of the ids, posted from ``since`` to ``until``.

        Both are epoch seconds; without ``since`` only the newest page is read, without ``until`` everything up to now.
        One call reads a few pages; another call with its ``rest`` reads on. ``channel`` may be a user id, for direct
        messages.
        """
        ...

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours."""
        ...

    async def profile(self, user: str, *, team: str = "") -> Profile:
        """What Slack says of a person now; cached for minutes."""
        ...

    async def language(self, user: str) -> str:
        """The language to speak to a person: one of ``LANGUAGES``. Never raises, and takes a second at most."""
        ...

    def known_language(self, user: str) -> str:
        """The language to speak to a person, as far as it is known without asking."""
        ...

    async def presence(self, user: str) -> bool | None:
        """Whether a person is active in Slack now; None where Slack does not say. Cached for a minute."""
        ...

    async def group(self, group: str) -> frozenset[str]:
        """The user ids of a user group; cached for minutes."""
        ...

    async def group_names(self) -> Mapping[str, str]:
        """The handles of all user groups, such as ``@grid-oncall``, by id; cached for minutes."""
        ...

    async def channel(self, channel: str) -> Channel:
        """The conversation; cached for seconds."""
        ...

    async def members(self, channel: str) -> frozenset[str]:
        """The user ids of a channel's members; cached for minutes."""
        ...

    async def permalink(self, channel: str, ts: str) -> str:
        """A link to a message, computed without a call where possible."""
        ...


class Views(Protocol):
    """Forms and homes in Slack. Raises only the errors in ``core/outbox/conversations.py``.

    ``SlackRefused`` names ``expired_trigger_id`` or ``exchanged_trigger_id``, ``hash_conflict`` where somebody else has
    updated the view, ``not_found`` where it was closed, ``not_enabled`` where the home is off.
    """

    async def open(self, trigger: str, view: View, language: str = EN) -> OpenView:
        """Open a modal; a trigger id works once, for three seconds."""
        ...

    async def push(self, trigger: str, view: View, language: str = EN) -> OpenView:
        """Put a modal on top of the open one."""
        ...

    async def update(self, shown: OpenView, view: View, language: str = EN) -> OpenView:
        """Show something else in a modal; where ``shown`` has a hash, only if it still shows that."""
        ...

    async def publish(self, user: str, view: View, language: str = EN, *, hash: str = "") -> OpenView:  # noqa: A002
        """Show a person's home; with a hash, only if it still shows that."""
        ...


class EventSender(Protocol):
    """Sends events of incidents to other programs."""

    async def send(self, event: BridgeEvent) -> Answer:
        """Send an event once. Never raises, and takes seconds at most."""
        ...


class AccountLookup(Protocol):
    """Which accounts are deactivated; Slack is asked sparingly."""

    async def deactivated(self, users: Sequence[str], longest_wait: float) -> frozenset[str]:
        """The user ids, of these, that are known to be deactivated after at most ``longest_wait`` seconds."""
        ...


class OwnerLookup(Protocol):
    """Owners of flows, by EnOS user name, as people who can be mentioned."""

    async def people_of(self, owners: Sequence[UserName]) -> Mapping[UserName, Person]:
        """The owners, by user name, who can be mentioned."""
        ...
