"""Calling incidents to mind that nobody has taken, and ending promises that have run out."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.core import incident_posts, reminders
from bot.core.cards import incident_replies as replies
from bot.core.cards.incident import Look
from bot.core.desk import Reason
from bot.core.facts import Facts
from bot.core.incidents import Incident
from bot.core.posts import Body, PostId
from bot.work.ports import Names, NewId
from bot.work.ports_store import Store
from bot.work.watch_look import Looks

_MOST = 5000  # live incidents looked at in one tick


class Reminders:
    """Looks at what is live, and says what is due in its thread: one fact and one post in one transaction."""

    def __init__(
        self,
        store: Store,
        names: Names,
        new_id: NewId,
        every: timedelta,
        oncall: Sequence[str],
        *,
        console_url: str = "",
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._looks = Looks(names, console_url)
        self._new_id = new_id
        self._every = every
        self._oncall = tuple(oncall)
        self._wake = wake

    async def tick(self, now: datetime) -> None:
        """Say what is due at ``now``."""
        for incident in await self._store.incidents(live=True, limit=_MOST):
            due = reminders.next_call(incident, self._every)
            if due is not None and now >= due:
                await self._call(incident, now)

    async def _call(self, incident: Incident, now: datetime) -> None:
        look = await self._looks.of(incident.owners, now)
        terms = incident_posts.Terms(now, frozenset(), incident.channel, self._new_id, look=look)

        def decide(old: Incident) -> Facts:
            new, reason = reminders.step(old, self._every, now)
            if reason is Reason.NOTHING:
                return Facts()
            post = PostId(self._new_id())
            reply = incident_posts.in_thread(new, self._says(old, reason, look, post, now), terms, id_=post)
            return Facts(incidents=(new,), posts=(reply, *incident_posts.redrawn(old, new, terms)))

        facts = await self._store.change(incident.id, decide)
        if facts.posts:
            self._wake()

    def _says(self, incident: Incident, reason: Reason, look: Look, post: PostId, now: datetime) -> Body:
        if reason is Reason.CALLED:
            return replies.called(incident, self._oncall, look, post, now)
        if reason is Reason.PROMISE_ENDS:
            return replies.promise_ends(incident, post)
        return replies.lapsed(incident, post)
