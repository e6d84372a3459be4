"""What the journeys need from the store, as a Protocol: each method is one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.audit import Attempt, Entry, Outcome
from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.incident.facts import ChangeSet, ReadState, Run, StoredState
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.lost_messages import LossOutcome
from bot.core.outbox.notices import NoticeUpdate
from bot.core.outbox.posts import NewPost, Post, PostId
from bot.core.people.model import IncomingMessage, Link, Person


class Store(Protocol):
    """One method is one transaction. Decisions handed in are pure functions, run inside it."""

    # what the watcher knows
    async def observe(
        self,
        instances: Collection[InstanceId],
        flows: Collection[FlowId],
        decide: Callable[[StoredState], ChangeSet],
        *,
        since: datetime | None = None,
    ) -> ChangeSet:
        """Read what is known of these, ask ``decide``, and write its facts: at most 500 rows.

        With ``since``, incidents told after it are known too.
        """
        ...

    def are_unchanged(self, rows: Collection[Instance]) -> bool:
        """Whether all these rows say what is written of them, so that there is nothing to observe; asks no disk."""
        ...

    async def readings(self) -> Mapping[int, ReadState]:
        """Return how reading each type went."""
        ...

    async def set_reading(self, reading: ReadState, *, posts: Sequence[NewPost] = ()) -> None:
        """Remember how reading a type went, with what is said about it."""
        ...

    async def unfinished(self, before: datetime, limit: int = 500) -> tuple[InstanceId, ...]:
        """Return instances last seen unfinished whose trigger time lies before the window."""
        ...

    async def searched_flows(self, since: datetime) -> frozenset[FlowId]:
        """Return the flows of which runs were seen since then."""
        ...

    async def is_new(self) -> bool:
        """Whether the database has never completed a poll."""
        ...

    async def set_note(self, name: str, value: str, *, posts: Sequence[NewPost] = ()) -> None:
        """Remember a small named value (page base, sort names, zone, …), and queue what is said about it with it."""
        ...

    async def notes(self) -> Mapping[str, str]:
        """Return all small named values."""
        ...

    async def update_note(self, name: str, decide: Callable[[str], NoticeUpdate | None]) -> bool:
        """Read a note, ask ``decide``, and write the note and the posts it returns; return whether it returned any."""
        ...

    # incidents
    async def incidents(
        self,
        *,
        live: bool = True,
        flow: FlowId | None = None,
        since: datetime | None = None,
        limit: int = 500,
    ) -> tuple[Incident, ...]:
        """Return incidents, newest first; ``live`` means open or acknowledged."""
        ...

    async def incident_groups(self) -> tuple[IncidentGroup, ...]:
        """Return the messages under which many incidents stand, those still shown, oldest first."""
        ...

    async def grouped(self, post: PostId) -> tuple[Incident, ...]:
        """Return the incidents that the message of a gathering lists, newest first."""
        ...

    async def incident(self, id: IncidentId) -> Incident | None:
        """Return one incident."""
        ...

    async def incident_of_thread(self, channel: str, thread: str) -> Incident | None:
        """Return the incident whose first message this is, or was before that was lost."""
        ...

    async def change(
        self,
        id: IncidentId,
        decide: Callable[[Incident], ChangeSet],
        *,
        attempt_result: "AttemptResult | None" = None,
    ) -> ChangeSet:
        """Read an incident, ask ``decide`` (which may raise a Refusal), write its facts and end the attempt."""
        ...

    # the outbox
    async def queue(
        self, posts: Sequence[NewPost], *, attempt_result: "AttemptResult | None" = None, delivery: str = ""
    ) -> None:
        """Queue posts, and end the attempt and the delivery they answer, in one transaction.

        An edit whose target is still queued changes the target's body; a queued edit of the same target is
        replaced.
        """
        ...

    async def due(self, now: datetime, limit: int = 200) -> tuple[Post, ...]:
        """Return queued posts whose time has come, in order, whose thread's first post is sent."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next queued post is due."""
        ...

    async def unclear(self) -> tuple[Post, ...]:
        """Return the unclear posts."""
        ...

    async def start_sending(self, id: PostId, now: datetime) -> Post | None:
        """Mark a queued post as being sent and return it as it is now; None if it is no longer queued."""
        ...

    async def mark_sent(self, id: PostId, channel: str, ts: str, now: datetime) -> None:
        """Settle: it stands there."""
        ...

    async def mark_unclear(self, id: PostId, why: str, now: datetime) -> None:
        """Settle: nobody knows; look it up after a few seconds."""
        ...

    async def retry_now(self, now: datetime, channel: str = "") -> None:
        """Let what waits for another try go now, in one channel or everywhere; not where Slack asked to wait."""
        ...

    async def requeue(
        self,
        id: PostId,
        due: datetime,
        why: str,
        *,
        channel: str = "",
        instead: NewPost | None = None,
    ) -> None:
        """Back to queued: it is certain that it does not stand.

        ``channel`` moves it elsewhere, out of its thread. ``instead`` is what is sent in its place, under the
        same id. It keeps its place in the order: what comes after it in its thread waits until ``due``.
        """
        ...

    async def give_up(self, id: PostId, why: str, now: datetime) -> None:
        """Settle: it will not be sent."""
        ...

    async def mark_lost(
        self,
        edit: PostId,
        channel: str,
        ts: str,
        now: datetime,
        *,
        still_visible: bool,
        if_too_often: Sequence[NewPost] = (),
    ) -> LossOutcome | None:
        """Settle: Slack takes no edit of the message at ``ts``. It is queued once more, as the edit would show it.

        ``still_visible`` says that people still see it. None where that was known before. ``if_too_often`` is queued
        where it is lost too often to be said again.
        """
        ...

    async def mark_outside_thread(
        self, reply: PostId, channel: str, ts: str, now: datetime, *, thread: str, if_too_often: Sequence[NewPost] = ()
    ) -> LossOutcome | None:
        """Settle: a reply to ``thread`` stands at ``ts``, outside of it. The thread's first message is queued again.

        The reply is unclear, and has a ``ts``, while it is to be deleted and said again.
        ``if_too_often`` as for ``mark_lost``.
        """
        ...

    async def lost_message(self, channel: str, ts: str) -> Post | None:
        """Return the message that stood at a place and was lost, as it is now."""
        ...

    async def set_file_id(self, id: PostId, file: str) -> None:
        """Remember the id of a file that is about to be shown, to settle a lost answer by."""
        ...

    async def maybe_duplicated(self, before: datetime) -> tuple[Post, ...]:
        """Return messages sent before a time, after an unclear try, and not yet looked at once more."""
        ...

    async def mark_not_duplicated(self, id: PostId, *, again: datetime | None = None) -> None:
        """Settle: a look at ``again`` has shown that it stands once; None: it need not be looked at any more."""
        ...

    async def mark_interrupted(self) -> int:
        """At start: posts left as sending become unclear. Return how many."""
        ...

    async def post(self, id: PostId) -> Post | None:
        """Return one post."""
        ...

    async def post_counts(self) -> Mapping[str, int]:
        """Return the number of posts by state."""
        ...

    # people
    async def link(self, person: Person) -> Link | None:
        """Return a person's link."""
        ...

    async def links(self) -> tuple[Link, ...]:
        """Return all links."""
        ...

    async def put_links(self, links: Sequence[Link], *, posts: Sequence[NewPost] = ()) -> None:
        """Add or change links, all or nothing. Raises Refused("taken") where an EnOS user has another person."""
        ...

    async def remove_link(self, person: Person, *, posts: Sequence[NewPost] = ()) -> Link | None:
        """Remove a link and return what it was."""
        ...

    async def mark_proven(self, link: Link) -> bool:
        """Mark this very link as proven; False where it stands no more, or is another one now."""
        ...

    # the audit
    async def begin_attempt(self, attempt: Attempt, *, delivery: str = "") -> int | None:
        """Write an attempt; None if one with this key is open or has acted (``Outcome.frees``)."""
        ...

    async def attempt_by_key(self, key: str) -> Entry | None:
        """Return the attempt that is open or has acted under a key."""
        ...

    async def set_attempt_detail(self, attempt: int, detail: str, *, linked: Link | None = None) -> None:
        """Write, before the call, what is needed to look it up should its answer be lost.

        Raises Refused("link_changed") where ``linked`` stands no more.
        """
        ...

    async def unfinished_attempts(self) -> tuple[Entry, ...]:
        """Return attempts without an end."""
        ...

    async def audit_entries(
        self, since: datetime, until: datetime, person: Person | None = None, limit: int = 500
    ) -> tuple[Entry, ...]:
        """Return entries, newest first."""
        ...

    # deliveries, stashed words, followed runs
    async def record_delivery(self, key: str, now: datetime, said: IncomingMessage | None = None) -> bool:
        """Whether this delivery (event, envelope, trigger id) has not been seen before; remembers it.

        What was said is kept until ``queue`` or ``attempt`` names the delivery.
        """
        ...

    async def stash(self, text: str, now: datetime) -> str:
        """Keep a text that is too long for a button's value; return a short id."""
        ...

    async def stashed(self, id: str) -> str | None:
        """Return a stashed text."""
        ...

    async def put_run(
        self,
        run: Run,
        *,
        posts: Sequence[NewPost] = (),
        attempt_result: "AttemptResult | None" = None,
        linked: Link | None = None,
    ) -> None:
        """Add or change a followed run, with what is said about it.

        Raises Refused("link_changed") where ``linked`` stands no more.
        """
        ...

    async def runs(self, *, live: bool = True, flow: FlowId | None = None, limit: int = 200) -> tuple[Run, ...]:
        """Return followed runs, newest first; ``live`` means asked or running."""
        ...

    async def run(self, instance: InstanceId) -> Run | None:
        """Return one followed run."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The end of an attempt."""

    attempt: int
    outcome: Outcome
    at: datetime
    request: str = ""
    user_id: str = ""
    answer: str = ""
    linked: Link | None = None  # the link that the act depends on: Refused("link_changed") where it stands no more
