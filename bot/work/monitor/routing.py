"""Watches over time: quiet hours that end, and watches whose channel no longer accepts messages."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.core.incident.model import Incident, Phase
from bot.core.outbox import notices
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.notices import Notice, NoticeUpdate
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Watch
from bot.messages.cards import routing as cards
from bot.work.ports import Clock, Slack

if TYPE_CHECKING:
    from bot.store.store import Store

_MOST = 5000  # live incidents read in one tick
_TOLD_WITHIN = timedelta(hours=12)  # after the end of quiet hours; later nobody wants the list of a morning
_ASKED_EVERY = timedelta(minutes=5)  # whether a channel can be posted to again
_QUIET, _LOST = "quiet hours ", "lost watch "  # begin the names of the notes


class RoutingMonitor:
    """Lists what is still open where quiet hours end, and tells people of their watches that work no more.

    ``lost`` are the channels that cannot be posted to now; ``recovered`` is called with one that can be again.
    """

    def __init__(
        self,
        store: "Store",
        slack: Slack,
        steady: Clock,
        *,
        alert_channel: str,
        lost: Callable[[], Collection[str]],
        recovered: Callable[[str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._slack = slack
        self._steady = steady
        self._alert_channel = alert_channel
        self._lost = lost
        self._recovered = recovered
        self._told: dict[str, str] | None = None  # the notes about lost watches; None until they are read
        self._asked: datetime | None = None

    async def tick(self, now: datetime) -> None:
        """Tell what is due at ``now``."""
        rules = await self._store.routing_rules()
        if not rules.watches and not self._told:
            return
        await self._tell_lost(rules, now)
        if any(each.filters.quiet for each in rules.watches):
            await self._tell_quiet_ended(rules, now)

    # ── watches whose channel is lost ──

    async def _tell_lost(self, rules: RoutingRules, now: datetime) -> None:
        if self._told is None:
            self._told = {name: note for name, note in (await self._store.notes()).items() if name.startswith(_LOST)}
        watched = [each for each in rules.watches if not each.is_personal and each.channel != self._alert_channel]
        await self._ask_again({each.channel for each in watched} & set(self._lost()))
        lost = [each for each in watched if each.channel in self._lost()]
        for each in lost:
            if (name := f"{_LOST}{each.id}") not in self._told:
                notice = Notice(PostId(f"lost-watch-{each.id}-{int(now.timestamp())}"), now, each.channel)
                await self._store.update_note(name, notices.begins(notice, [self._notice(notice, each, now)]))
                self._told[name] = notice.written()
        still = {f"{_LOST}{each.id}" for each in lost}
        for name in [each for each in self._told if each not in still]:
            watch = next((each for each in watched if name == f"{_LOST}{each.id}"), None)
            await self._store.update_note(name, notices.ends(partial(self._works_again, watch, now)))
            del self._told[name]

    def _notice(self, notice: Notice, watch: Watch, now: datetime) -> NewPost:
        body = cards.lost(watch, self._alert_channel, notice.post)
        return NewPost(notice.post, PostKind.MESSAGE, Lane.HOUSEKEEPING, watch.by.user, body, now)

    def _works_again(self, watch: Watch | None, now: datetime, told: Notice) -> tuple[NewPost, ...]:
        """The message that a watch works again; none where somebody has removed it."""
        if watch is None:
            return ()
        post = PostId(f"{told.post}-again")
        return (NewPost(post, PostKind.MESSAGE, Lane.HOUSEKEEPING, watch.by.user, cards.works_again(watch), now),)

    async def _ask_again(self, channels: Collection[str]) -> None:
        """Ask Slack whether a channel can be posted to again: nothing is posted there that would tell."""
        if not channels or (self._asked is not None and self._steady() - self._asked < _ASKED_EVERY):
            return
        self._asked = self._steady()
        for channel in sorted(channels):
            try:
                found = await self._slack.channel(channel)
            except SLACK_FAILURES:
                continue
            if found.member and not found.archived:
                await self._recovered(channel)

    # ── quiet hours that have ended ──

    async def _tell_quiet_ended(self, rules: RoutingRules, now: datetime) -> None:
        ended = defaultdict[tuple[str, datetime], list[Incident]](list)
        places = {each.channel for each in rules.watches if each.filters.quiet and not each.is_personal}
        since = now - _TOLD_WITHIN
        for incident in await self._store.incidents(live=True, limit=_MOST):
            if incident.phase is Phase.OPEN:
                for channel in places & {card.channel for card in incident.cards}:
                    end = rules.quiet_ended(incident, channel, now)
                    if end is not None and max(since, incident.opened_at) < end:
                        ended[channel, end].append(incident)
        for (channel, end), incidents in ended.items():
            post = PostId(f"quiet-{channel}-{int(end.timestamp())}")
            body = cards.quiet_over(incidents, post)
            message = NewPost(post, PostKind.MESSAGE, Lane.ALERT, channel, body, now)
            await self._store.update_note(f"{_QUIET}{channel}", _once(end.isoformat(), message))


def _once(end: str, message: NewPost) -> Callable[[str], NoticeUpdate | None]:
    """The decision to post after quiet hours, once for each end; ``end`` is ISO, UTC."""

    def decide(note: str) -> NoticeUpdate | None:
        return None if note >= end else NoticeUpdate(end, (message,))

    return decide
