"""This replica among the others: it keeps its lease, and leads when nobody else does.

    follower ──(nobody holds the lock)──► leader          it never goes back: who has lost
        └──────────────┬────────────────────┘             its lead, or was declared dead, is
                       ▼                                  lost and starts over (process.py)
                     lost

A lease is renewed about each second and lasts for six. What cannot be undone (a message, the start of a flow) is done
only while it surely lasts: a process that was stopped for a while and wakes does nothing before it has asked. While the
database cannot be reached nobody is lost: whoever comes back and finds everything as it was goes on.

It stands for election once Slack can be reached from here. A leader that loses Slack for a minute gives up its lead
where another one is ready, and starts over.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from bot.core.errors import DatabaseUnavailable, DatabaseUnreachable, Superseded
from bot.core.values import dataclass

log = logging.getLogger("bot")

LEASE = 6.0  # seconds
MARGIN = 1.0  # seconds before its end in which nothing is begun any more
EVERY = 1.0  # seconds between two renewals
PATIENCE = 3.0  # seconds that the database may take to answer
UNREACHED = 60.0  # seconds without a connection to Slack after which another one is to lead
GIVES_WAY = 3.0  # seconds after the database was away in which its leader may come back before others stand
PAUSE = 0.5  # seconds before it is asked again
AGAIN = "again"  # is heard after what others told may have been missed


@dataclass(frozen=True, slots=True)
class Moment:
    """The time by a clock that goes on while the machine sleeps, and by the wall clock, in seconds."""

    since_boot: float
    wall: float


def moment() -> Moment:
    """Now. Where a whole virtual machine was stopped, only the wall clock knows."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Moment(time.clock_gettime(clock), time.time())


class Standing(Protocol):
    """What the database says of a replica."""

    @property
    def lives(self) -> bool:
        """Whether nobody has declared it dead."""

    @property
    def leader(self) -> str:
        """The id of the leader."""

    @property
    def living(self) -> int:
        """How many replicas live."""

    @property
    def is_led(self) -> bool:
        """Whether the leader lives."""

    @property
    def is_replaceable(self) -> bool:
        """Whether another replica is ready to lead."""

    @property
    def is_first(self) -> bool:
        """Whether it is the first of those that follow."""


class Session(Protocol):
    """The connection that keeps the lease. Every method raises ``DatabaseUnavailable``."""

    async def renew(self, lease: float, *, is_ready: bool) -> Standing:
        """Renew the lease of so many seconds, and say whether this one could lead."""

    async def lock(self) -> bool:
        """Take the leader's lock, or say that it is held here already."""

    async def cut_off(self, lease: float) -> bool:
        """Take the lock from a leader whose lease has run out."""

    async def hear(self, seconds: float, heard: Callable[[str], None]) -> None:
        """Hear what is told, for so long."""

    async def close(self) -> None:
        """Close the connection."""


class Records(Protocol):
    """The store, as far as a replica needs it."""

    id: str
    out_of_reach: DatabaseUnavailable | None

    async def lead(self) -> int:
        """Become the leader."""

    async def forget_dead(self, lease: float) -> tuple[str, ...]:
        """Declare dead who has not renewed."""


class Alone:
    """One flowbot with a database of its own: it leads, and nothing can be taken from it."""

    leads = True
    living = 1
    is_first = False

    def __init__(self) -> None:
        self.lost, self.has_led = asyncio.Event(), asyncio.Event()
        self.why_lost: DatabaseUnavailable | None = None

    async def run(self) -> None:
        """Nothing is to be kept."""

    def lose(self, why: DatabaseUnavailable) -> None:
        """Nothing is lost."""

    def is_sure(self) -> bool:
        """Always."""
        return True

    def stand(self) -> None:
        """It leads already."""

    def note_slack(self, *, is_reached: bool) -> None:
        """Nobody else could lead."""

    def silent_since(self) -> datetime | None:
        """Never."""

    def unled_for(self) -> float:
        """Not a second."""
        return 0.0


class Replica:
    """One of several. ``heard`` is called with what others tell, ``took_over`` with the names of the dead.

    ``heard`` is also called with ``AGAIN`` whenever it may have missed something. ``living`` is how many there are,
    ``is_first``: whether this one speaks for those that follow where nobody leads.
    """

    def __init__(
        self,
        store: Records,
        session: Session,
        *,
        heard: Callable[[str], None] = lambda _name: None,
        took_over: Callable[[tuple[str, ...]], None] = lambda _names: None,
        clock: Callable[[], Moment] = moment,
    ) -> None:
        self._store, self._session, self._clock = store, session, clock
        self.heard, self.took_over = heard, took_over
        self.leads = False
        self.living, self.is_first = 1, False
        self.has_led = asyncio.Event()
        self.lost = asyncio.Event()
        self.why_lost: DatabaseUnavailable | None = None
        self.leader = ""  # its id, as far as known
        self._sure_until = Moment(0.0, 0.0)
        self._stands = False
        self._answered = self._led = self._reached = clock()  # the last time: the database; a leader; Slack
        self._answering_since: float | None = None  # the database has answered each time
        self._gives_way_until = 0.0
        self._caring: asyncio.Task[None] | None = None

    def is_sure(self) -> bool:
        """Whether nobody can have taken over by now."""
        now = self._clock()
        lasts = now.since_boot < self._sure_until.since_boot and now.wall < self._sure_until.wall
        return lasts and not self.lost.is_set()

    @property
    def is_connected(self) -> bool:
        """Whether the database has answered the last time."""
        return self._answering_since is not None

    def silent_since(self) -> datetime | None:
        """Since when the database has not answered; None while it does."""
        silent = self._clock().since_boot - self._answered.since_boot > PATIENCE + EVERY
        return datetime.fromtimestamp(self._answered.wall, UTC) if silent else None

    def unled_for(self) -> float:
        """The seconds for which no replica is known to lead."""
        return max(0.0, self._clock().since_boot - self._led.since_boot)

    def stand(self) -> None:
        """Lead from now on whenever nobody else does: Slack can be reached from here."""
        self._stands, self._reached = True, self._clock()

    def note_slack(self, *, is_reached: bool) -> None:
        """Note whether Slack can be reached from here: who cannot tell anybody anything is not to lead for long."""
        if is_reached:
            self._reached = self._clock()

    def _is_ready(self) -> bool:
        return self._stands and self._clock().since_boot - self._reached.since_boot < UNREACHED

    def lose(self, why: DatabaseUnavailable) -> None:
        """Stop being anything: others have taken over."""
        if not self.lost.is_set():
            self.why_lost = why
            self.lost.set()

    async def run(self) -> None:
        """Keep the lease, stand for election, and hear the others, until cancelled or lost."""
        try:
            while not self.lost.is_set():
                try:
                    async with asyncio.timeout(PATIENCE):
                        await self.turn()
                    await self._session.hear(EVERY, self.heard)
                except Superseded as superseded:
                    self.lose(superseded)
                except (DatabaseUnavailable, TimeoutError) as trouble:
                    why = trouble.reason if isinstance(trouble, DatabaseUnavailable) else "no answer"
                    if self._answering_since is not None:
                        log.warning("The database does not answer (%s). flowbot tries again.", why)
                    self._answering_since, self._gives_way_until = None, self._clock().since_boot + GIVES_WAY
                    if self._clock().since_boot - self._answered.since_boot >= PATIENCE:
                        self._store.out_of_reach = DatabaseUnreachable(why)
                    await self._session.close()
                    await asyncio.sleep(PAUSE)
        finally:
            if self._caring is not None:
                self._caring.cancel()
            await self._session.close()

    async def turn(self) -> None:
        """Renew the lease once and do what follows from the answer. Raises ``DatabaseUnavailable``."""
        began = self._clock()
        standing = await self._session.renew(LEASE, is_ready=self._is_ready())
        self._store.out_of_reach = None
        self.leader, self.living, self.is_first = standing.leader, standing.living, standing.is_first
        if not standing.lives or (self.leads and standing.leader != self._store.id):
            raise Superseded
        lasts = LEASE - MARGIN
        self._sure_until = Moment(began.since_boot + lasts, began.wall + lasts)
        self._answered, self._led = began, began if standing.is_led else self._led
        if self._answering_since is None:
            self._answering_since = began.since_boot
            self.heard(AGAIN)
        if self.leads and standing.is_replaceable and not self._is_ready():
            raise Superseded("Slack cannot be reached from here, and another replica may reach it")
        if not self.leads and (not self._is_ready() or began.since_boot < self._gives_way_until):
            return
        if not await self._session.lock():
            if self.leads:
                raise Superseded
            await self._session.cut_off(LEASE)
        elif not self.leads:
            self.leads = bool(await self._store.lead())
            self.leader, self._led = self._store.id, began
            self.has_led.set()
        elif began.since_boot - self._answering_since > LEASE and (self._caring is None or self._caring.done()):
            # Who could not renew because the database did not answer has had a lease's time to do it.
            self._caring = asyncio.ensure_future(self._care())

    async def _care(self) -> None:
        """Declare dead who has not renewed; what they had in hand is taken up."""
        try:
            if names := await self._store.forget_dead(LEASE):
                log.warning("A replica does not answer any more: %s", ", ".join(names))
                self.took_over(names)
        except Superseded as superseded:
            self.lose(superseded)
        except DatabaseUnavailable as trouble:
            log.info("The replicas could not be looked at: %s", trouble)
            self.took_over(())  # they may be declared dead, though nobody has heard which
