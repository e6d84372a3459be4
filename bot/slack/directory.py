"""Who and what is in Slack now: people, groups, channels, each remembered for minutes at most.

An answer that says ``ok`` and tells nothing of what was asked (no user, another user, no list of members, a mark that
is neither yes nor no) has not been read: it is ``SlackUnclear``, and never a member, a colleague or an empty group.
"""

import logging
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.core.outbox.conversations import Channel, SlackRefused, SlackUnclear
from bot.core.people.model import Person, Profile
from bot.core.text.escape import legible
from bot.slack.cache import ExpiringCache
from bot.slack.calls import Answer, Calls, cursor_of
from bot.slack.identity import Identity

log = logging.getLogger(__name__)

PEOPLE_SECONDS = 15 * 60.0
GROUP_SECONDS = 2 * 60.0
CHANNEL_SECONDS = 5.0  # many who ask at once share an answer; who remembers it longer knows why
LONGEST_NAME = 200  # characters; Slack allows 80
MEMBER_PAGES, MEMBER_PAGE = 1000, 400  # far beyond any real channel
MEMBER_SECONDS = 300.0
A_DAY = 86_400
EXCHANGED = 400  # user ids in one question about them
NOT_OFFERED = frozenset({"missing_scope", "unknown_method", "no_permission", "not_allowed_token_type"})


OnListEnd = Callable[[str, str], None]  # what is listed; why its list was given up, or "" where it ended


def _ignore(_listed: str, _why: str) -> None:
    return


class Directory:
    """Reads about people, groups and conversations. Raises the four failures of a call.

    ``on_list_end(listed, why)`` is called when a list was given up because it does not end, and with an empty ``why``
    when one ended.
    """

    def __init__(self, calls: Calls, clock: Callable[[], float], on_list_end: OnListEnd = _ignore) -> None:
        self.calls = calls
        self._clock = clock
        self._on_walk = on_list_end
        self.me: Identity | None = None  # known after the preflight
        self._people: ExpiringCache[Answer] = ExpiringCache(PEOPLE_SECONDS, clock)
        self._groups: ExpiringCache[frozenset[str]] = ExpiringCache(GROUP_SECONDS, clock)
        self._channels: ExpiringCache[Channel] = ExpiringCache(CHANNEL_SECONDS, clock)
        self._members: ExpiringCache[frozenset[str]] = ExpiringCache(GROUP_SECONDS, clock, most=200)
        self._direct: ExpiringCache[str] = ExpiringCache(PEOPLE_SECONDS, clock)

    async def profile(self, user: str, *, team: str = "") -> Profile:
        """Return what Slack says of a person now.

        ``team`` is the team or enterprise that their words came with; another one than the bot's makes them a
        stranger, whatever ``users.info`` says.
        """

        async def ask() -> Answer:
            return _user(await self.calls.read("users.info", {"user": user}), user)

        return _profile(await self._people.get(user, ask), user, team, self.me)

    def known(self, user: str) -> Profile | None:
        """Return what is known of a person; None where Slack would have to be asked."""
        told = self._people.known(user)
        return _profile(told, user, "", self.me) if told is not None else None

    async def group(self, group: str) -> frozenset[str]:
        """Return the user ids of a user group."""

        async def ask() -> frozenset[str]:
            answer = await self.calls.read("usergroups.users.list", {"usergroup": group})
            return frozenset(_ids(answer, "users"))

        return await self._groups.get(group, ask)

    async def channel(self, channel: str) -> Channel:
        """Return the conversation; a private one that the bot is not in is ``channel_not_found``."""
        if channel.startswith(("D", "U", "W")):
            return Channel(channel, member=True)

        async def ask() -> Channel:
            try:
                answer = await self.calls.read("conversations.info", {"channel": channel})
            except SlackRefused as refusal:
                if refusal.error not in NOT_OFFERED:
                    raise
                # Without the right to ask, a look into the history tells: only members may read it.
                await self.calls.read("conversations.history", {"channel": channel, "limit": 1})
                return Channel(channel, member=True, shared=None)
            return _channel(answer, channel)

        return await self._channels.get(channel, ask)

    async def members(self, channel: str) -> frozenset[str]:
        """Return the user ids of all of a channel's members."""

        async def ask() -> frozenset[str]:
            return frozenset(await self._all("conversations.members", channel, "members"))

        return await self._members.get(channel, ask)

    async def _all(self, method: str, channel: str, listed: str) -> list[str]:
        """Return what all pages list. Part of them is never all: a list that does not end is no answer, and told."""
        found: list[str] = []
        what = f"{listed} of {channel}"
        began, cursors = self._clock(), set[str]()
        async for page in self.calls.pages(method, {"channel": channel, "limit": MEMBER_PAGE}, MEMBER_PAGES):
            found += _ids(page, listed)
            cursor = cursor_of(page)
            if cursor in cursors or self._clock() - began > MEMBER_SECONDS:
                break
            if not cursor:
                self._on_walk(what, "")
                return found
            cursors.add(cursor)
        endless = (
            f"Slack's list of {what} does not end: flowbot stopped after {len(found):,} of them, and reads none of it. "
            "Check SLACK_API_URL: what answers there may repeat pages."
        )
        log.error("%s", endless)
        self._on_walk(what, endless)
        raise SlackUnclear(f"the list of {listed} does not end")

    async def conversation_id(self, channel: str) -> str:
        """Return a conversation's id; for a user id that of the direct messages with them."""
        if not channel.startswith(("U", "W")):
            return channel

        async def ask() -> str:
            answer = await self.calls.write("conversations.open", {"users": channel})
            return str(_part(answer, "channel").get("id") or channel)

        return await self._direct.get(channel, ask)

    async def global_ids(self, users: Sequence[str]) -> Mapping[str, str]:
        """Return which of these users go by another id, as the organization knows them, towards this app.

        Who had an account before their workspace joined has two ids. Which one an app is told depends on a setting
        of the app, so one of the new ids is looked at. Source: migration.exchange, docs.slack.dev (January 2026).
        """
        found: dict[str, str] = {}
        for first in range(0, len(users), EXCHANGED):
            some = ",".join(users[first : first + EXCHANGED])
            try:
                told = _part(await self.calls.read("migration.exchange", {"users": some}), "user_id_map")
            except SlackRefused:
                return {}  # no organization, or no such method: all ids are as they were
            found.update({str(old): str(new) for old, new in told.items() if new and new != old})
        for new in found.values():
            user = _part(await self.calls.read("users.info", {"user": new}), "user")
            return found if user.get("id") == new else {}
        return {}

    def remember_conversation(self, channel: str, conversation_id: str) -> None:
        """Remember where direct messages to a user stand."""
        if channel != conversation_id:
            self._direct.put(channel, conversation_id)


def _profile(user: Answer, asked: str, team: str, me: Identity | None) -> Profile:
    shown = _part(user, "profile")
    theirs = {
        str(user.get("team_id") or ""),
        str(_part(user, "enterprise_user").get("enterprise_id") or ""),
    } - {""}
    stranger = _mark(user, "is_stranger") or _is_foreign(team, theirs, me)
    workspace_key = me.workspace_key if me and not stranger else team or next(iter(sorted(theirs)), "")
    return Profile(
        person=Person(workspace_key, asked),
        name=legible(str(shown.get("display_name") or shown.get("real_name") or user.get("name") or ""), LONGEST_NAME),
        timezone=_zone(user.get("tz")),
        offset=_offset(user.get("tz_offset")),
        deleted=_mark(user, "deleted"),
        bot=_mark(user, "is_bot") or asked == "USLACKBOT",
        guest=_mark(user, "is_restricted") or _mark(user, "is_ultra_restricted"),
        stranger=stranger,
    )


def _is_foreign(team: str, theirs: set[str], me: Identity | None) -> bool:
    """Whether somebody is of another team: by what Slack knows, or by what their words came with."""
    if me is None:
        return False
    own = {me.team, me.enterprise} - {""}
    if not own:  # Slack never said which team is ours; then its own word for strangers is all there is
        return False
    known_elsewhere = bool(theirs) and not own & theirs
    spoke_elsewhere = bool(team) and team not in own and team not in theirs
    return known_elsewhere or spoke_elsewhere


def _user(answer: Answer, asked: str) -> Answer:
    """Return the user that was asked for; a person inside an organization goes by a second id there."""
    user = _part(answer, "user")
    if asked not in (user.get("id"), _part(user, "enterprise_user").get("id")):
        raise SlackUnclear("the answer does not tell of this user")
    for name in _MARKS:
        _mark(user, name)
    return user


_MARKS = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
_WORDS = {"true": True, "1": True, "false": False, "0": False, "": False}


def _mark(told: Answer, name: str) -> bool:
    """Return a mark; one that is left out is no. Raises ``SlackUnclear`` for what is neither yes nor no."""
    value = told.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    known = _WORDS.get(str(value).strip().casefold())
    if known is None:
        raise SlackUnclear(f"the answer says neither yes nor no to {name}")
    return known


def _ids(answer: Answer, name: str) -> list[str]:
    """Return a list of user ids. Raises ``SlackUnclear`` where the answer has none."""
    listed = answer.get(name)
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        raise SlackUnclear(f"the answer has no {name}")
    return listed


def _channel(answer: Answer, asked: str) -> Channel:
    told = _part(answer, "channel")
    if told.get("id") != asked:
        raise SlackUnclear("the answer does not tell of this channel")
    return Channel(
        id=asked,
        name=legible(str(told.get("name") or ""), LONGEST_NAME),
        member=_mark(told, "is_im") or _mark(told, "is_member"),
        archived=_mark(told, "is_archived"),
        shared=_mark(told, "is_ext_shared") or _mark(told, "is_pending_ext_shared"),
    )


def _zone(name: Any) -> str:
    """Return the IANA name; empty where Slack names none that Python knows, so that the offset counts."""
    try:
        zoneinfo.ZoneInfo(str(name or ""))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return str(name)


def _offset(seconds: Any) -> timedelta | None:
    """Return ``tz_offset``, seconds from UTC; None where Slack tells none that a clock can have."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < A_DAY:
        return None
    return timedelta(seconds=int(seconds))


def _part(answer: Answer, name: str) -> Answer:
    part = answer.get(name)
    return part if isinstance(part, dict) else {}
