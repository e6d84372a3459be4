"""Whether this workspace takes tables: the newer ones do. A message with a table has a form without one, too.

no note ──tables are refused──▸ until in a week ──over──▸ tables are sent again

A table that is refused for another reason, such as its size, goes without, and says nothing of the next one.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import TemporaryFailure
from bot.core.outbox.blocks import Body
from bot.core.outbox.conversations import SlackRefusedTable
from bot.core.outbox.posts import Post
from bot.work.delivery.outcomes import Replace
from bot.work.ports import Clock

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

NOTE = "no tables until"
AGAIN_AFTER = timedelta(weeks=1)


class Tables:
    """Chooses the form of what is sent, and remembers in a note that tables are refused."""

    def __init__(self, store: "Store", clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._refused_until = datetime.min.replace(tzinfo=UTC)

    async def load(self) -> None:
        """Read what an earlier process has met."""
        if note := (await self._store.notes()).get(NOTE):
            self._refused_until = datetime.fromisoformat(note)

    def form(self, body: Body) -> Body:
        """What is sent of a body: without its table while those are refused."""
        bare: Body | None = body.get("fallback")
        return bare if bare and self._clock() < self._refused_until else body

    async def refused(self, post: Post, refused: SlackRefusedTable) -> Replace:
        """The post goes without its table, under its id. Where Slack takes none here, that is remembered for a week."""
        if _is_of_all(refused):
            log.info("Slack takes no tables in this workspace (%s). Lists are sent as text for a week.", refused)
            self._refused_until = self._clock() + AGAIN_AFTER
            with suppress(TemporaryFailure):  # this process knows; the next one asks once more
                await self._store.set_note(NOTE, self._refused_until.isoformat())
        else:
            log.warning("Slack refused the table of %s (%s). It is sent as text.", post.new.id, refused)
        return Replace(replace(post.new, body=post.body["fallback"]), refused.error)


def _is_of_all(refused: SlackRefusedTable) -> bool:
    """Whether the refusal is of all tables, not of this one."""
    return refused.error == "invalid_blocks" or refused.error.startswith("unsupported")
