"""The key of the bot's workspace, which is part of each person's: its enterprise's ID, else its team's. Set at start.

When the workspace joins an organization, or leaves it, all people get other keys: their links, acknowledgements, runs
and messages are moved to the new keys, and the audit finds them by both.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.people.model import Person, former_homes
from bot.core.values import dataclass
from bot.slack.directory import Identity
from bot.store.store import Store
from bot.store.workspace_keys import NOTE, KeyChange

log = logging.getLogger(__name__)

GlobalIds = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]  # user IDs that changed: old to new


@dataclass(frozen=True, slots=True)
class NotedWorkspace:
    """What an earlier start noted: the team, its key (``home``), and earlier keys."""

    team: str = ""
    home: str = ""
    former: tuple[str, ...] = ()

    @staticmethod
    async def of(store: Store) -> "NotedWorkspace":
        """Read it; empty before the first start."""
        stored = json.loads((await store.notes()).get(NOTE, "") or "{}")
        return NotedWorkspace(str(stored.get("team", "")), str(stored.get("home", "")), tuple(stored.get("former", ())))

    def __str__(self) -> str:
        """As it is stored."""
        return json.dumps({"team": self.team, "home": self.home, "former": self.former})


async def migrate(
    store: Store, me: Identity | None, now: datetime, global_ids: GlobalIds | None = None
) -> NotedWorkspace:
    """Move people to the keys that Slack uses for them now: the workspace as it is noted from now on.

    May be called again: without a change it only reads. ``global_ids`` is called only inside an organization.
    """
    noted = await NotedWorkspace.of(store)
    if me is None or not me.workspace_key:  # Slack was not asked
        return noted
    former = former_homes(noted.team, noted.home, team=me.team, home=me.workspace_key)
    kept = noted.former if noted.team == me.team else ()
    new = NotedWorkspace(me.team, me.workspace_key, tuple(sorted({*kept, *former} - {me.workspace_key})))
    users = await _other_ids(store, me, global_ids)
    keyed = {link.person.team for link in await store.links()} & set(former)
    if noted.home != me.workspace_key or users or keyed:
        change = KeyChange(former, me.workspace_key, users, Person(me.workspace_key, me.user), str(new), now)
        count = await store.change_person_keys(change) if former or users else 0
        if count:
            log.warning(
                "The key of this workspace changed from %s to %s (%d people)",
                ", ".join(former),
                me.workspace_key,
                count,
            )
        elif new != noted:
            await store.set_note(NOTE, str(new))
    return new


async def _other_ids(store: Store, me: Identity, global_ids: GlobalIds | None) -> Mapping[str, str]:
    """Linked people whose user ID is another one now; none where Slack does not say."""
    if global_ids is None or not me.enterprise:
        return {}
    try:
        return await global_ids([link.person.user for link in await store.links()])
    except SLACK_FAILURES as failure:
        log.warning("Slack did not say whether user IDs changed in the organization: %s", failure)
        return {}
