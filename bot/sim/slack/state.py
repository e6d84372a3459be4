"""Who and what there is in the workspace, and how others learn that something changed."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from bot.sim.slack.faults import Faults
from bot.sim.slack.pace import Pace
from bot.sim.slack.things import (
    SLACKBOT,
    App,
    Call,
    Channel,
    File,
    Forbidden,
    Group,
    Hook,
    Person,
    Team,
    Trigger,
)

LOOK_AGAIN_SECONDS = 0.05
TRIGGER_SECONDS = 3.0
HOOK_SECONDS = 30 * 60.0
HOOK_USES = 5

KEPT = 20_000

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

Found = TypeVar("Found")


class State:
    """People, channels, groups, files, one-time ids; and a version that grows with every visible change."""

    def __init__(self, clock: Callable[[], float], *, team: Team, app: App, seed: int = 0) -> None:
        self.clock = clock
        self.team = team
        self.teams = {team.id: team}
        self.app = app
        self.random = Random(seed)
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, Group] = {}
        self.files: dict[str, File] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.calls: list[Call] = []
        self.faults = Faults()
        self.pace = Pace()
        self.base_url = ""
        self.version = 0
        self.closed = False
        self._last_ts = 0
        self._stir: asyncio.Future[None] | None = None
        self.add_person(Person(id=SLACKBOT, handle="slackbot", real_name="Slackbot", team=team.id, bot=True))
        self.add_person(Person(id=app.bot_user, handle=app.name, real_name=app.name, team=team.id, bot=True))

    # ── change and waiting ───────────────────────────────────────────────────

    def changed(self) -> None:
        """Something a person can see is different: a new version, and everyone who waits is woken."""
        self.version += 1
        self.stir()

    def stir(self) -> None:
        """Wake everyone who waits, without a new version."""
        if self._stir is not None and not self._stir.done():
            self._stir.set_result(None)

    async def stirred(self) -> None:
        """Return at the next change, call or connection."""
        await asyncio.shield(self._next_stir())

    def _next_stir(self) -> asyncio.Future[None]:
        if self._stir is None or self._stir.done():
            self._stir = asyncio.get_running_loop().create_future()
        return self._stir

    def until(self, predicate: Callable[[], Found], timeout: float = 60.0) -> Coroutine[Any, Any, Found]:
        """Wait until the predicate holds and return its value.

        Looks again at every change here, and now and then for predicates that concern something else.
        Raises ``TimeoutError`` after ``timeout`` seconds.
        """
        return self._until(predicate, timeout)

    async def _until(self, predicate: Callable[[], Found], seconds: float) -> Found:
        try:
            async with asyncio.timeout(seconds):
                while not (value := predicate()):
                    await asyncio.wait({self._next_stir()}, timeout=LOOK_AGAIN_SECONDS)
        except TimeoutError:
            newest = self.calls[-8:]
            last = [f"{call.method} → {call.status} {(call.answer or {}).get('error', 'ok')}" for call in newest]
            raise TimeoutError(f"not so after {seconds} s; last calls: {last}") from None
        return value

    # ── ids and time ─────────────────────────────────────────────────────────

    def new_ts(self) -> str:
        """Return a message timestamp that is later than every one before."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, prefix: str, length: int = 10) -> str:
        """Return an id that was not given before, in Slack's form."""
        return prefix + "".join(self.random.choices(_ALPHABET, k=length))

    def new_trigger(self, person: str, view: str | None = None) -> str:
        """Return a trigger id for what the person has just done."""
        number = self.random.randrange(10**12, 10**13)
        trigger = Trigger(id=f"{number}.{number % 9973}.{self.new_id('', 16).lower()}", person=person, at=self.clock())
        trigger.view = view
        self.triggers[trigger.id] = trigger
        _forget_oldest(self.triggers)
        return trigger.id

    def new_hook(self, person: str, channel: str, *, source: str | None = None, typed: str | None = None) -> Hook:
        """Return a fresh response_url for what the person has just done in this channel."""
        hook = Hook(
            id=self.new_id("", 24),
            person=person,
            channel=channel,
            at=self.clock(),
            source=source,
            typed=typed,
        )
        self.hooks[hook.id] = hook
        _forget_oldest(self.hooks)
        return hook

    def hook_url(self, hook: Hook) -> str:
        """Return the address the app posts to."""
        return f"{self.faults.origin('response', self.base_url)}/response/{hook.id}"

    # ── people and places ────────────────────────────────────────────────────

    def add_person(self, person: Person) -> Person:
        """Let someone in, or change who they are."""
        self.people[person.id] = person
        self.changed()
        return person

    def becomes_part_of(self, enterprise: str) -> None:
        """Let the workspace join an organization; leave it with an empty id."""
        self.team = replace(self.team, enterprise=enterprise)
        self.teams[self.team.id] = self.team

    def change_person(self, who: str, **facts: Any) -> Person:
        """Change facts about someone: deleted, guest, zone and the like."""
        return self.add_person(replace(self.person(who), **facts))

    def add_channel(self, channel: Channel) -> Channel:
        """Make a channel."""
        channel.created = channel.created or int(self.clock())
        self.channels[channel.id] = channel
        self.changed()
        return channel

    def add_group(self, group: Group) -> Group:
        """Make a user group, or change it."""
        self.groups[group.id] = group
        self.changed()
        return group

    def person(self, key: str) -> Person:
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
        """Return the person's direct messages with the app, opened if need be."""
        person = self.person(who)
        channel_id = "D" + person.id[1:]
        if channel_id not in self.channels:
            members = [person.id, self.app.bot_user]
            self.add_channel(Channel(id=channel_id, name=person.handle, kind="im", members=members))
        return self.channels[channel_id]

    def sees(self, who: str, channel: Channel) -> bool:
        """Whether this person can open the channel: public ones for full members, the rest by membership."""
        person = self.people[who]
        if who in channel.members:
            return True
        return channel.kind == "public" and person.team == self.team.id and not person.guest

    def has_app(self, channel: Channel) -> bool:
        """Whether the app is a member of the channel."""
        return self.app.bot_user in channel.members

    def stranger(self, person: Person) -> bool:
        """Whether someone belongs to another team."""
        return person.team != self.team.id


def _forget_oldest(kept: dict[str, Any]) -> None:
    """Drop the older half once there are too many; a pretend Slack may run for days."""
    if len(kept) > KEPT:
        for key in list(kept)[: KEPT // 2]:
            del kept[key]
