"""Who and what is in Slack now: the bot, people, groups and channels, each remembered for minutes at most.

An answer that says ``ok`` and nothing of what was asked (no user, another user, no list of members, a mark that is
neither yes nor no) raises ``SlackUnclear``: it never makes somebody a member or a colleague, or a group empty.
"""

import asyncio
import logging
import zoneinfo
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Generic, TypeVar

from bot.core.outbox.conversations import Channel, SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.people.model import Person, Profile
from bot.core.text.escape import EMPTY, legible
from bot.core.text.language import EN, language_of
from bot.core.text.message import Text, msg
from bot.core.values import dataclass
from bot.slack.calls import Answer, Calls, cursor_of

log = logging.getLogger(__name__)

PEOPLE_SECONDS = 15 * 60.0
GROUP_SECONDS = 2 * 60.0
PRESENCE_SECONDS = 60.0
LANGUAGE_SECONDS = 1.0  # for which a post waits to learn whose language it speaks
CHANNEL_SECONDS = 5.0  # only so that many who ask at once share an answer
LONGEST_NAME = 200  # characters; Slack allows 80
MEMBER_PAGES, MEMBER_PAGE = 1000, 400  # far beyond any real channel
MEMBER_SECONDS = 300.0
A_DAY = 86_400
EXCHANGED = 400  # user ids in one call of migration.exchange
NOT_OFFERED = frozenset({"missing_scope", "unknown_method", "no_permission", "not_allowed_token_type"})

OnListEnd = Callable[[str, Text], None]  # what is listed; why its list was given up, or "" where it ended
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is: the answer of ``auth.test``, as far as flowbot needs it."""

    team: str  # T…
    user: str  # the bot's user id, U…: what a mention names
    bot: str  # the bot's id, B…: what its messages carry
    url: str = ""  # https://workspace.slack.com/
    enterprise: str = ""  # E…, only inside an Enterprise organisation
    name: str = "flowbot"  # the bot user's name, for words only
    scopes: frozenset[str] = frozenset()

    @property
    def workspace_key(self) -> str:
        """What people of this workspace are known by: the enterprise, else the team."""
        return self.enterprise or self.team


class ExpiringCache(Generic[Value]):
    """Remembers answers for ``seconds``, ``most`` of them; failures are not remembered, and nothing is served stale."""

    def __init__(self, seconds: float, clock: Callable[[], float], *, most: int = 5_000) -> None:
        self.seconds = seconds
        self.clock = clock
        self.most = most
        self._known: dict[str, tuple[float, Value]] = {}
        self._asked: dict[str, asyncio.Task[Value]] = {}

    async def get(self, key: str, ask: Callable[[], Awaitable[Value]]) -> Value:
        """What is known of the key, else the answer of ``ask``, which all who want the same meanwhile share."""
        until, value = self._known.get(key, (0.0, None))
        if value is not None and self.clock() < until:
            return value
        task = self._asked.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask(key, ask))
            self._asked[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)  # whoever stops waiting does not take the answer from the others

    def known(self, key: str) -> Value | None:
        """What is known of the key; None where it would have to be asked for."""
        until, value = self._known.get(key, (0.0, None))
        return value if self.clock() < until else None

    def last_known(self, key: str) -> Value | None:
        """What was last known of the key, however long ago."""
        return self._known.get(key, (0.0, None))[1]

    def put(self, key: str, value: Value) -> None:
        """Remember an answer; the oldest one goes where there are too many."""
        self._known.pop(key, None)
        while len(self._known) >= self.most:
            del self._known[next(iter(self._known))]
        self._known[key] = (self.clock() + self.seconds, value)

    async def _ask(self, key: str, ask: Callable[[], Awaitable[Value]]) -> Value:
        value = await ask()
        self.put(key, value)
        return value

    def _forget(self, key: str, done: "asyncio.Task[Value]") -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited has it; where nobody waited, it is not logged


class Directory:
    """Reads about people, groups and conversations. Raises the four failures of a call.

    ``on_list_end(listed, why)`` is called when a list was given up because it does not end, and with an empty ``why``
    when one ended. ``language`` is spoken to people of whom Slack names no locale.
    """

    def __init__(
        self,
        calls: Calls,
        clock: Callable[[], float],
        on_list_end: OnListEnd = lambda _listed, _why: None,
        language: str = EN,
    ) -> None:
        self.calls = calls
        self._language = language
        self.me: Identity | None = None  # known after the preflight
        self._clock = clock
        self._on_list_end = on_list_end
        self._people: ExpiringCache[_Account] = ExpiringCache(PEOPLE_SECONDS, clock)
        self._groups: ExpiringCache[frozenset[str]] = ExpiringCache(GROUP_SECONDS, clock)
        self._group_names: ExpiringCache[Mapping[str, str]] = ExpiringCache(PEOPLE_SECONDS, clock)
        self._presence: ExpiringCache[bool | None] = ExpiringCache(PRESENCE_SECONDS, clock)
        self._channels: ExpiringCache[Channel] = ExpiringCache(CHANNEL_SECONDS, clock)
        self._members: ExpiringCache[frozenset[str]] = ExpiringCache(GROUP_SECONDS, clock, most=200)
        self._direct: ExpiringCache[str] = ExpiringCache(PEOPLE_SECONDS, clock)

    async def profile(self, user: str, *, team: str = "") -> Profile:
        """What Slack says of a person now; known for 15 minutes at most.

        ``team`` is the team or enterprise that their words came with: another one than the bot's makes them a
        stranger, whatever ``users.info`` says.
        """

        async def ask() -> _Account:
            asked = {"user": user, "include_locale": True}
            return _account(await self.calls.read("users.info", asked), user, self._language)

        return (await self._people.get(user, ask)).profile_for(self.me, team)

    def known(self, user: str) -> Profile | None:
        """What is known of a person; None where Slack would have to be asked."""
        account = self._people.known(user)
        return account.profile_for(self.me, "") if account is not None else None

    async def language(self, user: str, longest_wait: float = LANGUAGE_SECONDS) -> str:
        """The language to speak to a person. Never raises, and waits ``longest_wait`` seconds for Slack at most.

        A language that somebody changes in Slack is spoken within 15 minutes. Where Slack does not answer, it is the
        last one known of them.
        """
        try:
            async with asyncio.timeout(longest_wait):
                return (await self.profile(user)).language
        except (TimeoutError, SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable):
            return self.known_language(user)

    def known_language(self, user: str) -> str:
        """The language to speak to a person as far as it is known, without asking: for what may wait for nothing."""
        account = self._people.last_known(user)
        return account.profile.language if account is not None else self._language

    async def presence(self, user: str) -> bool | None:
        """Whether a person is active in Slack; known for a minute at most. None where Slack does not say."""

        async def ask() -> bool | None:
            try:
                answer = await self.calls.read("users.getPresence", {"user": user})
            except SlackRefused as refusal:
                if refusal.error not in NOT_OFFERED:
                    raise
                return None
            return {"active": True, "away": False}.get(str(answer.get("presence")))

        return await self._presence.get(user, ask)

    async def group(self, group: str) -> frozenset[str]:
        """The user ids of a user group; known for 2 minutes at most."""

        async def ask() -> frozenset[str]:
            answer = await self.calls.read("usergroups.users.list", {"usergroup": group})
            return frozenset(_ids(answer, "users"))

        return await self._groups.get(group, ask)

    async def group_names(self) -> Mapping[str, str]:
        """What people know the user groups by, by id; known for 15 minutes at most. Disabled ones are left out."""

        async def ask() -> Mapping[str, str]:
            listed = (await self.calls.read("usergroups.list", {})).get("usergroups")
            if not isinstance(listed, list):
                raise SlackUnclear("the answer has no usergroups")
            named = [_group_name(each) for each in listed if isinstance(each, dict)]
            return {group: name for group, name in named if group and name}

        return await self._group_names.get("", ask)

    async def channel(self, channel: str) -> Channel:
        """The conversation; a private one that the bot is not in is refused as ``channel_not_found``."""
        if channel.startswith(("D", "U", "W")):
            return Channel(channel, member=True)

        async def ask() -> Channel:
            try:
                answer = await self.calls.read("conversations.info", {"channel": channel})
            except SlackRefused as refusal:
                if refusal.error not in NOT_OFFERED:
                    raise
                # Without the right to ask, reading the history tells: only members may.
                await self.calls.read("conversations.history", {"channel": channel, "limit": 1})
                return Channel(channel, member=True, shared=None)
            return _channel(answer, channel)

        return await self._channels.get(channel, ask)

    async def members(self, channel: str) -> frozenset[str]:
        """The user ids of all of a channel's members; known for 2 minutes at most."""
        return await self._members.get(channel, lambda: self._all_members(channel))

    async def _all_members(self, channel: str) -> frozenset[str]:
        """The members that all pages list. Raises ``SlackUnclear``, and reports it, where the list does not end."""
        found: list[str] = []
        listed = f"members of {channel}"
        began, cursors = self._clock(), set[str]()
        async for page in self.calls.pages(
            "conversations.members", {"channel": channel, "limit": MEMBER_PAGE}, MEMBER_PAGES
        ):
            found += _ids(page, "members")
            cursor = cursor_of(page)
            if cursor in cursors or self._clock() - began > MEMBER_SECONDS:
                break
            if not cursor:
                self._on_list_end(listed, EMPTY)
                return frozenset(found)
            cursors.add(cursor)
        endless = msg(
            "Slack's list of the members of {channel} does not end. Reading stopped after {n}, and none is used. "
            "Check SLACK_API_URL: what answers there may repeat pages.",
            channel=channel,
            n=len(found),
        )
        log.error("%s", endless)
        self._on_list_end(listed, endless)
        raise SlackUnclear("the list of members does not end")

    async def conversation_id(self, channel: str) -> str:
        """A conversation's id; for a user id that of the direct messages with them."""
        if not channel.startswith(("U", "W")):
            return channel

        async def ask() -> str:
            answer = await self.calls.write("conversations.open", {"users": channel})
            return str(_part(answer, "channel").get("id") or channel)

        return await self._direct.get(channel, ask)

    async def global_ids(self, users: Sequence[str]) -> Mapping[str, str]:
        """Those of the users who go by another id, as the organization knows them, towards this app, with that id.

        Who had an account before their workspace joined has two ids. Which one an app is given depends on a setting
        of the app, so one of the new ids is asked for. Source: migration.exchange, docs.slack.dev (January 2026).
        """
        found: dict[str, str] = {}
        for first in range(0, len(users), EXCHANGED):
            some = ",".join(users[first : first + EXCHANGED])
            try:
                ids = _part(await self.calls.read("migration.exchange", {"users": some}), "user_id_map")
            except SlackRefused:
                return {}  # no organization, or no such method: all ids are as they were
            found.update({str(old): str(new) for old, new in ids.items() if new and new != old})
        for new in found.values():
            user = _part(await self.calls.read("users.info", {"user": new}), "user")
            return found if user.get("id") == new else {}
        return {}


@dataclass(frozen=True, slots=True)
class _Account:
    """What ``users.info`` says of somebody, whoever asks: their profile is a stranger's only where Slack says so."""

    profile: Profile
    teams: frozenset[str]  # their team and enterprise, where Slack names them

    def profile_for(self, me: Identity | None, team: str) -> Profile:
        """The profile, a stranger's where Slack or ``team``, which their words came with, names another team than ours.

        Where Slack never said which team is ours, its own word for strangers is all there is.
        """
        own = {me.team, me.enterprise} - {""} if me else set[str]()
        known_elsewhere = bool(self.teams) and not own & self.teams
        came_from_elsewhere = bool(team) and team not in own | self.teams
        stranger = self.profile.stranger or (bool(own) and (known_elsewhere or came_from_elsewhere))
        key = me.workspace_key if me and not stranger else team or min(self.teams, default="")
        return replace(self.profile, person=Person(key, self.profile.person.user), stranger=stranger)


def _account(answer: Answer, asked: str, language: str) -> _Account:
    """The account that was asked for; a person inside an organization goes by a second id there.

    ``language`` is theirs where Slack names no locale.
    """
    user = _part(answer, "user")
    enterprise_user, shown = _part(user, "enterprise_user"), _part(user, "profile")
    if asked not in (user.get("id"), enterprise_user.get("id")):
        raise SlackUnclear("the answer does not tell of this user")
    name = str(shown.get("display_name") or shown.get("real_name") or user.get("name") or "")
    deleted, bot = _mark(user, "deleted"), _mark(user, "is_bot")
    restricted, ultra_restricted = _mark(user, "is_restricted"), _mark(user, "is_ultra_restricted")
    profile = Profile(
        person=Person("", asked),
        name=legible(name, LONGEST_NAME),
        timezone=_zone(user.get("tz")),
        offset=_offset(user.get("tz_offset")),
        deleted=deleted,
        bot=bot or asked == "USLACKBOT",
        guest=restricted or ultra_restricted,
        stranger=_mark(user, "is_stranger"),
        language=_language(user.get("locale")) or language,
    )
    teams = {str(user.get("team_id") or ""), str(enterprise_user.get("enterprise_id") or "")}
    return _Account(profile, frozenset(teams - {""}))


_WORDS = {"true": True, "1": True, "false": False, "0": False, "": False}


def _mark(described: Answer, name: str) -> bool:
    """A yes-or-no field, no where it is left out. Raises ``SlackUnclear`` for what is neither."""
    value = described.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    known = _WORDS.get(str(value).strip().casefold())
    if known is None:
        raise SlackUnclear(f"the answer says neither yes nor no to {name}")
    return known


def _ids(answer: Answer, name: str) -> list[str]:
    """A list of user ids. Raises ``SlackUnclear`` where the answer has none."""
    listed = answer.get(name)
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        raise SlackUnclear(f"the answer has no {name}")
    return listed


def _group_name(group: Mapping[str, Any]) -> tuple[str, str]:
    """The id of a user group and what people know it by: its handle, else its name."""
    handle, name = (legible(str(group.get(part) or ""), LONGEST_NAME) for part in ("handle", "name"))
    return str(group.get("id") or ""), f"@{handle}" if handle else name


def _channel(answer: Answer, asked: str) -> Channel:
    found = _part(answer, "channel")
    if found.get("id") != asked:
        raise SlackUnclear("the answer does not tell of this channel")
    return Channel(
        id=asked,
        name=legible(str(found.get("name") or ""), LONGEST_NAME),
        member=_mark(found, "is_im") or _mark(found, "is_member"),
        archived=_mark(found, "is_archived"),
        shared=_mark(found, "is_ext_shared") or _mark(found, "is_pending_ext_shared"),
    )


def _zone(name: Any) -> str:
    """The IANA name; empty where Slack names none that Python knows, so that the offset counts."""
    try:
        zoneinfo.ZoneInfo(str(name or ""))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return str(name)


def _language(locale: Any) -> str:
    """The language of a locale; empty where Slack names none."""
    return language_of(locale) if isinstance(locale, str) and locale.strip() else ""


def _offset(seconds: Any) -> timedelta | None:
    """``tz_offset``, seconds from UTC; None where Slack gives none that a clock can have."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < A_DAY:
        return None
    return timedelta(seconds=int(seconds))


def _part(answer: Answer, name: str) -> Answer:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}
