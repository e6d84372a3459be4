"""Examining Slack: the tokens, what they may do, the channel, the people named in the settings, and a message."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from os import environ

import aiohttp

from bot.core.checks import on_slack
from bot.core.checks.check import Check, CheckState, ok
from bot.core.checks.on_bot import message, message_lost
from bot.core.outbox.blocks import rendered
from bot.core.outbox.conversations import Channel, SlackLimited, SlackRefused, SlackUnclear
from bot.core.outbox.posts import PostId
from bot.core.people import on_call as oncall
from bot.core.people.model import Link, Profile
from bot.core.values import dataclass
from bot.doctor.safe_check import safe_check
from bot.messages import home
from bot.messages.cards import doctor as cards
from bot.ops.new_ids import new_id
from bot.settings.table import Settings
from bot.slack import preflight
from bot.slack.calls import TIMEOUT, translated, web_client
from bot.slack.directory import Identity
from bot.slack.manifest import SCOPES
from bot.slack.poster import Poster
from bot.slack.views import SlackViews

ASKED = 200  # messages of a channel, in one call
NO_HASH = "0"  # of no view: a home that somebody looks at stays as it is
PEOPLE, PEOPLE_SECONDS = 50, 20.0  # linked people that are checked, and for how long


@dataclass(slots=True)
class SlackFindings:
    """What is known of Slack."""

    me: Identity | None = None
    channel: Channel | None = None  # where flowbot may post
    connects: bool = False  # the app token is good
    on_call: frozenset[str] | None = None  # users; None where no group is set, or none could be read


class SlackExam:
    """One examination of Slack. To be made inside the running event loop, and closed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)
        self._client = web_client(settings.slack_api_url, self._session, environ)
        self.poster = Poster(
            settings.slack_bot_token, api_url=settings.slack_api_url, session=self._session, environment=environ
        )
        self.findings = SlackFindings()

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def examine(self) -> list[Check]:
        """The checks, in the order in which they depend on each other."""
        found: list[Check] = []
        await safe_check("slack bot token", found, self._bot_token(found))
        if self._settings.mode == "socket":
            await safe_check("slack app token", found, self._app_token(found))
        if self.findings.me is None:
            return found
        await safe_check("slack clock", found, self._clock(found))
        await safe_check("slack channel", found, self._channel(found))
        await safe_check("slack admins", found, self._admins(found))
        await safe_check("slack on call", found, self._on_call(found))
        if self.findings.channel is not None:
            await safe_check("slack message", found, self._message(found, self.findings.channel))
            if found[-1].state is CheckState.OK:
                await safe_check("slack history", found, self._history(found, self.findings.channel))
        return found

    async def _bot_token(self, found: list[Check]) -> None:
        me = await preflight.identify(self.poster.calls.client)
        self.findings.me = self.poster.me = me
        found.append(ok("slack bot token", f"flowbot is @{me.name} at {me.url or me.team}."))
        found.extend(on_slack.scopes(me.scopes, SCOPES))

    async def _app_token(self, found: list[Check]) -> None:
        await preflight.may_connect(self._client, self._settings.slack_app_token)
        self.findings.connects = True
        found.append(ok("slack app token", "The app token can open connections."))

    async def _clock(self, found: list[Check]) -> None:
        before = datetime.now(UTC)
        with translated():
            answer = await self.poster.calls.client.auth_test()
        found.append(on_slack.clock(skew(answer.headers, before, datetime.now(UTC))))

    async def _channel(self, found: list[Check]) -> None:
        try:
            channel = await self.poster.channel(self._settings.channel)
        except SlackRefused as refusal:
            found.append(on_slack.channel_refused(self._settings.channel, refusal.error))
            return
        check = on_slack.channel(channel, self._settings.shared_channels)
        found.append(check)
        if check.state is CheckState.OK:
            self.findings.channel = channel

    async def _admins(self, found: list[Check]) -> None:
        troubles = {}
        for user in self._settings.admins:
            if (trouble := on_slack.admin(user, await self._profile(user))) is not None:
                troubles[user] = trouble
        found.extend(on_slack.admins(self._settings.admins, list(troubles.values())))
        if (admin := next((each for each in self._settings.admins if each not in troubles), None)) is not None:
            await safe_check("slack home", found, self._home(found, admin))

    async def _home(self, found: list[Check], user: str) -> None:
        """Find out whether the app has a Home tab: only a refusal tells. It is drawn when somebody opens theirs."""
        error = ""
        try:
            await SlackViews(self.poster.calls).publish(user, home.loading(), hash=NO_HASH)
        except SlackRefused as refusal:
            error = refusal.error
            if error not in {"not_enabled", "hash_conflict"}:
                raise
        found.append(on_slack.home(is_on=error != "not_enabled"))

    async def linked(self, links: Sequence[Link], found: list[Check]) -> None:
        """Check which linked people have left Slack. Only some are checked: a running bot uses the same rate limits."""
        looked_at: list[tuple[Link, Profile | None]] = []
        with contextlib.suppress(TimeoutError, SlackLimited):
            async with asyncio.timeout(PEOPLE_SECONDS):
                for link in links[:PEOPLE]:
                    looked_at.append((link, await self._profile(link.person.user)))  # noqa: PERF401  kept when time is up
        found.append(on_slack.linked(looked_at, len(links) - len(looked_at), self._settings.command))

    async def _profile(self, user: str) -> Profile | None:
        try:
            return await self.poster.profile(user)
        except SlackRefused as refusal:
            if refusal.error in {"user_not_found", "user_not_visible"}:
                return None
            raise

    async def _on_call(self, found: list[Check]) -> None:
        people: set[str] = set()
        troubles = []
        for group in self._settings.oncall:
            members, error = await self._members(group)
            active = {user for user in members or () if await self._counts(user)}
            people |= active
            inactive = len(members or ()) - len(active)
            trouble = on_slack.group(group, active if members is not None else None, error, inactive)
            troubles += [trouble] if trouble else []
        found.extend(on_slack.on_call(self._settings.oncall, people, troubles))
        self.findings.on_call = frozenset(people) if people else None

    async def _counts(self, user: str) -> bool:
        """Whether somebody can be on call: not deactivated, not an app, not of another organization."""
        profile = await self._profile(user)
        return profile is not None and oncall.can_be_on_call(profile)

    async def _members(self, group: str) -> tuple[frozenset[str] | None, str]:
        try:
            return await self.poster.group(group), ""
        except SlackRefused as refusal:
            return None, refusal.error

    async def _message(self, found: list[Check], channel: Channel) -> None:
        """Post, find, edit and delete a message; it is deleted whatever happens, if possible."""
        id_, began = PostId(new_id()), time.monotonic()
        where = on_slack.named(channel)
        try:
            place, ts = await self.poster.post(channel.id, rendered(cards.passing(id_)), id=id_)
        except SlackUnclear:
            for lost in await self._found(channel.id, id_):
                await self.poster.delete(channel.id, lost)
            raise
        try:
            seen = await self._found(place, id_)
            await self.poster.edit(place, ts, rendered(cards.passing(id_, edited=True)), id=id_)
        finally:
            await self.poster.delete(place, ts)
        if ts in seen:
            found.append(message(where, time.monotonic() - began))
        else:
            found.append(message_lost(where, "Add the history scopes of the manifest, and reinstall the app."))

    async def _found(self, place: str, id_: PostId) -> tuple[str, ...]:
        return (await self.poster.find(place, [id_], since=time.time() - 60)).stamps.get(id_, ())

    async def _history(self, found: list[Check], channel: Channel) -> None:
        """Check how much of the channel Slack shows at once. Comes last: it may use up the minute's rate limit."""
        try:
            page = await self.poster.calls.read("conversations.history", {"channel": channel.id, "limit": ASKED})
        except SlackLimited as limited:
            found.append(on_slack.history_slow(limited.seconds))
            return
        shown = len(page.get("messages") or ())
        found.append(on_slack.history(shown, ASKED, more=bool(page.get("has_more"))))


def skew(headers: Mapping[str, str], before: datetime, after: datetime) -> timedelta | None:
    """How far the other side's clock is ahead of ours by its Date header, to the second; None without one."""
    named = {name.lower(): text for name, text in headers.items()}.get("date", "")
    try:
        told = parsedate_to_datetime(named)
    except ValueError:
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    # A Date is cut to the second, and the answer was made at any moment between ``before`` and ``after``.
    earliest, latest = told - after, told + timedelta(seconds=1) - before
    return timedelta() if earliest <= timedelta() <= latest else min(earliest, latest, key=abs)
