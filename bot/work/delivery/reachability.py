"""People whom direct messages do not reach: logged once, with the fix, and no notice is queued for them for a week.

An admin who has left the workspace stays one in the settings until somebody changes them, and each start sends the
admins something. The other admins get it as before; an alarm is raised where none of them can be reached.

What is known of a person is a note in the database. It is deleted with the first message that reaches them.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.outbox.posts import Post, PostKind, is_direct
from bot.core.outbox.slack_errors import is_of_person, meaning
from bot.core.text.message import msg
from bot.work.delivery.alarms import Alarms
from bot.work.ports import Clock

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

UNREACHED = "unreached "  # begins the names of the notes
TRIED_AGAIN = timedelta(days=7)  # somebody may have come back
_ALARM = "admins"


def reachable(users: Iterable[str], notes: Mapping[str, str], now: datetime) -> list[str]:
    """Those whom a notice may reach, in their order: the others are left out for a week."""
    return [user for user in users if not _is_fresh(notes.get(UNREACHED + user, ""), now)]


class Reachability:
    """Who is not reached by direct messages."""

    def __init__(self, store: "Store", clock: Clock, alarms: Alarms, admins: Sequence[str]) -> None:
        self._store = store
        self._clock = clock
        self._alarms = alarms
        self._admins = tuple(admins)
        self.notes: dict[str, str] = {}  # of those who are not reached, by the names of the notes

    def load(self, notes: Mapping[str, str]) -> None:
        """Take over what an earlier process knew."""
        self.notes = {name: note for name, note in notes.items() if name.startswith(UNREACHED) and note}
        self._update_alarm()

    def admins(self) -> list[str]:
        """The admins whom a notice may reach."""
        return reachable(self._admins, self.notes, self._clock())

    async def failed(self, post: Post, error: str) -> bool:
        """Record that a direct message was given up; False where that says nothing about its person."""
        user = _person(post)
        if not (user and is_of_person(error)):
            return False
        known = UNREACHED + user in self.notes
        note = json.dumps([error, self._clock().isoformat()])
        await self._store.set_note(UNREACHED + user, note)
        self.notes[UNREACHED + user] = note
        if not known:
            log.warning("Direct messages do not reach %s: %s %s", user, meaning(error).sentence, self._way_out(user))
        self._update_alarm()
        return True

    async def succeeded(self, post: Post) -> None:
        """Forget that a person was not reached, since a direct message arrived."""
        user = _person(post)
        if post.new.kind is PostKind.MESSAGE and self.notes.pop(UNREACHED + user, ""):
            await self._store.set_note(UNREACHED + user, "")
            self._update_alarm()

    def _way_out(self, user: str) -> str:
        if user in self._admins:
            return "Take them out of FLOWBOT_ADMINS if they have left, or let them receive messages from flowbot."
        return "Unlink them if they have left: an admin says `unlink`."

    def _update_alarm(self) -> None:
        """Alarm where admins are set and none is reached."""
        if self._admins and all(UNREACHED + admin in self.notes for admin in self._admins):
            self._alarms.fire(_ALARM, _NOBODY)
        else:
            self._alarms.resolve(_ALARM)


def _person(post: Post) -> str:
    """The user id that a direct message is for; empty for other posts."""
    if not is_direct(post.channel):
        return ""
    return post.new.channel if post.new.channel[:1] in {"U", "W"} else post.new.user


def _is_fresh(note: str, now: datetime) -> bool:
    if not note:
        return False
    _, at = json.loads(note)
    return now - datetime.fromisoformat(at) < TRIED_AGAIN


_NOBODY = msg(
    "No flowbot admin can be reached by direct message. "
    "Set FLOWBOT_ADMINS to active people, or turn on the Messages tab under App Home on the app's page."
)
