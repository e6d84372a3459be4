"""Who and what there is in the workspace, and how others learn that something changed."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from bot.sim.slack.faults import Faults
from bot.sim.slack.model import (
    SLACKBOT,
    Channel,
    File,
    Forbidden,
    InstalledApp,
    RecordedMethodCall,
    ResponseUrl,
    SlackError,
    SlackUser,
    Team,
    TriggerId,
    UserGroup,
)
from bot.sim.slack.rate_limits import RateLimits

RECHECK_SECONDS = 0.05
TRIGGER_ID_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5

KEPT = 20_000

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

Found = TypeVar("Found")


class WorkspaceState:
    """People, channels, groups, files, one-time ids; and a version that grows with every visible change.

    ``clock`` gives seconds since 1970. Messages are kept by ``MessageBoard``, modals by ``ModalStack``.
    """

    def __init__(self, clock: Callable[[], float], *, team: Team, app: InstalledApp, seed: int = 0) -> None:
        self.clock = clock
        self.team = team
        self.teams = {team.id: team}
        self.app = app
        self.random = Random(seed)
        self.people: dict[str, SlackUser] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self.away: set[str] = set()  # ids of people who are not active now
        self.takes_tables = True  # older workspaces do not
        self.files: dict[str, File] = {}
        self.trigger_ids: dict[str, TriggerId] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.calls: list[RecordedMethodCall] = []
        self.faults = Faults()
        self.rate_limits = RateLimits()
        self.base_url = ""
        self.version = 0
        self.closed = False
        self._last_ts = 0
        self._next_change: asyncio.Future[None] | None = None
        self.add_person(SlackUser(id=SLACKBOT, handle="slackbot", real_name="Slackbot", team=team.id, bot=True))
        self.add_person(SlackUser(id=app.bot_user, handle=app.name, real_name=app.name, team=team.id, bot=True))

    # ── change and waiting ───────────────────────────────────────────────────

    def changed(self) -> None:
        """Count a change that a person can see, and wake everyone who waits."""
        self.version += 1
        self.wake()

    def wake(self) -> None:
        """Wake everyone who waits, without a new version."""
        if self._next_change is not None and not self._next_change.done():
            self._next_change.set_result(None)

    async def next_change(self) -> None:
        """Wait for the next change, call or connection."""
        await asyncio.shield(self._change())

    def _change(self) -> asyncio.Future[None]:
        if self._next_change is None or self._next_change.done():
            self._next_change = asyncio.get_running_loop().create_future()
        return self._next_change

    def until(self, predicate: Callable[[], Found], timeout: float = 60.0) -> Coroutine[Any, Any, Found]:
        """Wait until the predicate gives something true, and return that.

        It is asked at every change here, and every 50 ms for what changes elsewhere.
        Raises ``TimeoutError`` after ``timeout`` seconds.
        """
        return self._until(predicate, timeout)

    async def _until(self, predicate: Callable[[], Found], seconds: float) -> Found:
        try:
            async with asyncio.timeout(seconds):
                while not (value := predicate()):
                    await asyncio.wait({self._change()}, timeout=RECHECK_SECONDS)
        except TimeoutError:
            newest = self.calls[-8:]
            last = [f"{call.method} → {call.status} {(call.answer or {}).get('error', 'ok')}" for call in newest]
            raise TimeoutError(f"not so after {seconds} s; last calls: {last}") from None
        return value

    # ── ids and time ─────────────────────────────────────────────────────────

    def new_ts(self) -> str:
        """Make a message timestamp that is later than every one before."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, prefix: str, length: int = 10) -> str:
        """Make a random id in Slack's form: the prefix, then ``length`` capitals and digits."""
        return prefix + "".join(self.random.choices(_ALPHABET, k=length))

    def new_trigger_id(self, person: str, view: str | None = None) -> str:
        """Issue a trigger id for what the person has just done."""
        number = self.random.randrange(10**12, 10**13)
        issued = TriggerId(id=f"{number}.{number % 9973}.{self.new_id('', 16).lower()}", person=person, at=self.clock())
        issued.view = view
        self.trigger_ids[issued.id] = issued
        _forget_oldest(self.trigger_ids)
        return issued.id

    def use_trigger_id(self, trigger_id: str) -> TriggerId:
        """Use up a trigger id; raises ``SlackError`` for one that is unknown, used, or too old."""
        issued = self.trigger_ids.get(trigger_id)
        if issued is None:
            raise SlackError("invalid_trigger_id")
        if issued.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() - issued.at > TRIGGER_ID_SECONDS:
            raise SlackError("expired_trigger_id")
        issued.used = True
        return issued

    def new_response_url(
        self, person: str, channel: str, *, source: str | None = None, typed: str | None = None
    ) -> ResponseUrl:
        """Issue a response_url for what the person has just done in this channel."""
        issued = ResponseUrl(
            id=self.new_id("", 24),
            person=person,
            channel=channel,
            at=self.clock(),
            source=source,
            typed=typed,
        )
        self.response_urls[issued.id] = issued
        _forget_oldest(self.response_urls)
        return issued

    def address_of(self, response_url: ResponseUrl) -> str:
        """Give the address that the app posts its response to."""
        return f"{self.faults.origin('response', self.base_url)}/response/{response_url.id}"

    # ── people and channels ──────────────────────────────────────────────────

    def add_person(self, person: SlackUser) -> SlackUser:
        """Add an account, or replace the one with this id."""
        self.people[person.id] = person
        self.changed()
        return person

    def becomes_part_of(self, enterprise: str) -> None:
        """Make the workspace part of an organization; an empty id takes it out again."""
        self.team = replace(self.team, enterprise=enterprise)
        self.teams[self.team.id] = self.team

    def change_person(self, who: str, **facts: Any) -> SlackUser:
        """Change fields of a person's account: deleted, guest, zone and the like."""
        return self.add_person(replace(self.person(who), **facts))

    def set_active(self, who: str, *, active: bool) -> None:
        """Let somebody be active, or away."""
        person = self.person(who).id
        self.away = self.away - {person} if active else self.away | {person}
        self.changed()

    def is_active(self, person: SlackUser) -> bool:
        """Whether somebody is active now; whoever is deactivated is away."""
        return person.id not in self.away and not person.deleted

    def add_channel(self, channel: Channel) -> Channel:
        """Add a channel; it is created now unless it says when."""
        channel.created = channel.created or int(self.clock())
        self.channels[channel.id] = channel
        self.changed()
        return channel

    def add_group(self, group: UserGroup) -> UserGroup:
        """Add a user group, or replace the one with this id."""
        self.groups[group.id] = group
        self.changed()
        return group

    def change_group(self, group: str, **facts: Any) -> UserGroup:
        """Change a group: members (their ids), disabled. Raises ``Forbidden`` where there is no such group."""
        if group not in self.groups:
            raise Forbidden(f"there is no group {group}")
        return self.add_group(replace(self.groups[group], **facts))

    def person(self, key: str) -> SlackUser:
        """Find someone by id, handle, or name; raises ``Forbidden`` where there is nobody."""
        if key in self.people:
            return self.people[key]
        wanted = key.removeprefix("@").casefold()
        for person in self.people.values():
            if wanted in {person.handle.casefold(), person.real_name.casefold()}:
                return person
        raise Forbidden(f"there is nobody called {key}")

    def channel(self, key: str) -> Channel:
        """Find a channel by id or name; raises ``Forbidden`` where there is none."""
        if key in self.channels:
            return self.channels[key]
        wanted = key.removeprefix("#")
        for channel in self.channels.values():
            if channel.name == wanted and channel.kind != "im":
                return channel
        raise Forbidden(f"there is no channel {key}")

    def dm(self, who: str) -> Channel:
        """Find a person's direct messages with the app; they are opened if need be."""
        person = self.person(who)
        channel_id = "D" + person.id[1:]
        if channel_id not in self.channels:
            members = [person.id, self.app.bot_user]
            self.add_channel(Channel(id=channel_id, name=person.handle, kind="im", members=members))
        return self.channels[channel_id]

    def dm_partner(self, channel: Channel) -> str:
        """Find the id of the person who has these direct messages with the app."""
        return next(member for member in channel.members if member != self.app.bot_user)

    def sees(self, who: str, channel: Channel) -> bool:
        """Whether this person can open the channel: public ones for full members, the rest by membership."""
        person = self.people[who]
        if who in channel.members:
            return True
        return channel.kind == "public" and person.team == self.team.id and not person.guest

    def has_app(self, channel: Channel) -> bool:
        """Whether the app is a member of the channel."""
        return self.app.bot_user in channel.members

    def stranger(self, person: SlackUser) -> bool:
        """Whether someone belongs to another team."""
        return person.team != self.team.id


def _forget_oldest(kept: dict[str, Any]) -> None:
    """Drop the older half once there are too many; a pretend Slack may run for days."""
    if len(kept) > KEPT:
        for key in list(kept)[: KEPT // 2]:
            del kept[key]
