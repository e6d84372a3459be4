"""On call: the members of the on-call groups, and a notice to the admins about a group that reaches nobody."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people import on_call as oncall
from bot.core.people.on_call import EMPTY, LAST_READ_COUNTS_FOR, SILENT, OnCallGroup
from bot.core.text.escape import EMPTY as NOTHING
from bot.core.text.escape import code
from bot.core.text.message import Text, layout, msg, sentences
from bot.messages.cards import answers
from bot.work.ports import Clock, NewId, Slack

if TYPE_CHECKING:
    from bot.store.store import Store

NOTE = "on call"
_PATIENCE = 2.0  # seconds to wait for the names of groups
UNKNOWN_PEOPLE = frozenset({"user_not_found", "users_not_found"})


class OnCall:
    """Reads the on-call groups. Where Slack does not answer, the last reading counts for 15 minutes."""

    def __init__(self, slack: Slack, groups: Sequence[str], clock: Clock) -> None:
        self._slack = slack
        self._groups = tuple(groups)
        self._clock = clock
        self._names: Mapping[str, str] = {}
        self._last: dict[str, tuple[datetime, frozenset[str]]] = {}

    async def on_call_status(self, user: str) -> tuple[bool, Text]:
        """Whether this person, known to be active, is on call; and which groups could not be read, in sentences."""
        read = [await self._members(group) for group in self._groups]
        if any(user in group.active for group in read):
            return True, NOTHING
        return False, oncall.unread(read)

    async def read(self) -> tuple[OnCallGroup, ...]:
        """The groups with those of their members who are active, and with their names."""
        groups = [await self._counted(await self._members(group)) for group in self._groups]
        names = await self._read_names()
        return tuple(replace(group, name=names.get(group.id, "")) for group in groups)

    async def _read_names(self) -> Mapping[str, str]:
        """The names of groups; where Slack does not answer soon, those that it said last. Nobody is called later."""
        if self._groups:
            with contextlib.suppress(*SLACK_FAILURES, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    self._names = await self._slack.group_names()
        return self._names

    async def _members(self, group: str) -> OnCallGroup:
        """A group with all of its members, active or not."""
        now = self._clock()
        try:
            members = await self._slack.group(group)
        except SlackRefused as refused:
            return OnCallGroup(group, word=refused.error)
        except SLACK_FAILURES:
            at, members = self._last.get(group, (now - 2 * LAST_READ_COUNTS_FOR, frozenset()))
            return (
                OnCallGroup(group, members)
                if abs(now - at) <= LAST_READ_COUNTS_FOR
                else OnCallGroup(group, word=SILENT)
            )
        self._last[group] = now, members
        return OnCallGroup(group, members)

    async def _counted(self, group: OnCallGroup) -> OnCallGroup:
        if group.word:
            return group
        active = frozenset([user for user in sorted(group.active) if await self._is_active(user)])
        return OnCallGroup(group.id, active, "" if active else EMPTY)

    async def _is_active(self, user: str) -> bool:
        """Whether somebody can be mentioned; True also where Slack does not answer now."""
        try:
            return oncall.can_be_on_call(await self._slack.profile(user))
        except SlackRefused as refused:
            return refused.error not in UNKNOWN_PEOPLE
        except SLACK_FAILURES:
            return True


class OnCallMonitor:
    """Tells the admins about groups that reach nobody: once when it begins, and once when it is over."""

    def __init__(self, store: "Store", on_call: OnCall, admins: Sequence[str], new_id: NewId) -> None:
        self._store = store
        self._on_call = on_call
        self._admins = tuple(admins)
        self._new_id = new_id
        self.troubles: tuple[Text, ...] = ()  # what was wrong at the last tick, for ``status``

    async def tick(self, now: datetime) -> None:
        """Read the groups and report changes."""
        groups = await self._on_call.read()
        self.troubles = oncall.problems(groups)
        noted = json.loads((await self._store.notes()).get(NOTE, "") or "{}")
        change = oncall.compare(noted, groups)
        if dict(change.noted) != noted:
            posts = [post for group in change.begun for post in self._told(_begun(group), now)]
            posts += [post for group in change.ended for post in self._told(_ended(group), now)]
            await self._store.set_note(NOTE, json.dumps(change.noted) if change.noted else "", posts=posts)

    def _told(self, text: Text, now: datetime) -> list[NewPost]:
        body = answers.told("", text)
        return [
            NewPost(PostId(self._new_id()), PostKind.MESSAGE, Lane.HOUSEKEEPING, admin, body, now)
            for admin in self._admins
        ]


def _begun(group: OnCallGroup) -> Text:
    return sentences(
        layout("⚠️ {sentence}", sentence=oncall.sentence(group)),
        msg("Reminders still mention it.") if group.mentioned else msg("Escalation skips it and calls the next group."),
        oncall.fix(group.word),
    )


def _ended(group: OnCallGroup) -> Text:
    return msg("🟢 The on-call group {group} works again. Somebody in it is active.", group=code(group.id))
