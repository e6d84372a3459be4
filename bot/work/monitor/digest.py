"""The digests: one a day in each channel that wants one, so that silence is never mistaken for health.

A digest is posted at its hour, or as soon as the bot runs after that; nothing holds it, not even that EnOS cannot be
reached, which it says. Its channel's note is written in the same transaction, so that a crash repeats none.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core import digest
from bot.core.digest import LEFT_FOR, Contents, DigestPlan, Known, LastDigest, Timing, WatchState
from bot.core.flow.run import Run
from bot.core.incident.groups import Occasion
from bot.core.incident.model import IncidentId
from bot.core.outbox.notices import NoticeUpdate
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind
from bot.messages.cards import digest as cards
from bot.work.monitor.settings import MonitorSettings
from bot.work.ports import NewId

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

_MOST = 5000  # incidents
_DAILY_LINE = "sign of life"  # the note of version 0.1.0


class Digests:
    """Posts each channel's digest once a day."""

    def __init__(
        self,
        store: "Store",
        new_id: NewId,
        settings: MonitorSettings,
        link: Callable[[Post | None], Awaitable[str]],  # to a message that is in Slack, else ""
        platform_zone: Callable[[], timedelta | None],
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._settings = settings
        self._link = link
        self._platform_zone = platform_zone
        self._told: dict[str, datetime] = {}  # by channel: the last moment for which nothing is left to do

    async def tick(self, now: datetime, until: datetime, state: WatchState) -> None:
        """Post what is due. What was seen from ``until`` on is left to the next digest."""
        rules = await self._store.routing_rules()
        for plan in digest.plans(rules.prefs, self._settings.channel):
            slot = digest.latest_slot(plan.at, plan.zone or self._settings.timezone, now)
            if self._told.get(plan.channel) != slot:
                await self._tell(plan, slot, now, until, state)
                self._told[plan.channel] = slot

    async def _tell(self, plan: DigestPlan, slot: datetime, now: datetime, until: datetime, state: WatchState) -> None:
        note = digest.note_of(plan.channel)
        last = await self._last(plan.channel, note)
        planned_at = now if last is not None else await self._planned_at(plan.channel, now)
        timing = digest.when(last, slot, now, planned_at)
        log.info("Digest of %s: %s", plan.channel, timing.value)
        if timing is Timing.TOLD:
            return
        new, posts = LastDigest(slot, None if last is None else last.until), tuple[NewPost, ...]()
        if timing is Timing.DUE:
            since, end = digest.covered(last, until)
            new, posts = LastDigest(slot, end), (await self._post(plan, slot, (since, end), now, state),)
        await self._store.update_note(note, lambda _: NoticeUpdate(new.written(), posts))

    async def _last(self, channel: str, note: str) -> LastDigest | None:
        """A channel's last digest; of the alert channel also the last daily line of version 0.1.0."""
        notes = await self._store.notes()
        last, day = LastDigest.read(notes.get(note, "")), notes.get(_DAILY_LINE, "")
        if last is None and day and channel == self._settings.channel:
            return LastDigest.of_daily_line(day, self._settings.timezone)
        return last

    async def _planned_at(self, channel: str, now: datetime) -> datetime:
        """When a channel without a note got its plan: the alert channel has one since the first start."""
        groups = await self._store.incident_groups() if channel == self._settings.channel else ()
        return min((each.began_at for each in groups if each.occasion is Occasion.FIRST_START), default=now)

    async def _post(
        self, plan: DigestPlan, slot: datetime, window: tuple[datetime, datetime], now: datetime, state: WatchState
    ) -> NewPost:
        since, until = window
        is_alert_channel = plan.channel == self._settings.channel
        contents = digest.contents(
            await self._store.incidents(live=False, since=min(since, until - LEFT_FOR), limit=_MOST),
            [each for each in await self._store.snoozes() if now < each.until],
            plan.channel,
            since,
            until,
            is_alert_channel=is_alert_channel,
            slow=await self._store.slow_runs(since, until) if is_alert_channel else (),
        )
        shown, more = contents.cut()
        body = cards.digest(
            shown,
            state,
            await self._known(shown, plan.channel),
            more=more,
            command=self._settings.command,
            zone=self._platform_zone(),
        )
        day = slot.astimezone(plan.zone or self._settings.timezone).date()
        post = PostId(f"digest-{plan.channel}-{day}-{self._new_id()}")
        return NewPost(post, PostKind.MESSAGE, Lane.HOUSEKEEPING, plan.channel, body, now)

    async def _known(self, shown: Contents, channel: str) -> Known:
        """What is to be looked up for the incidents that have a row."""
        links, runs = dict[IncidentId, str](), dict[IncidentId, Run]()
        for incident in shown.incidents:
            card = incident.card_in(channel)
            if card is not None and (link := await self._link(await self._store.post(card.post))):
                links[incident.id] = link
        for incident in shown.recovered:
            if incident.recovered_by and (run := await self._store.run(incident.recovered_by)):
                runs[incident.id] = run
        return Known(links, runs)
