"""Channel health: a channel that takes nothing is told of once, and once more when it does again.

    another channel       told in the default channel, where its posts go until it is mended
    the default channel   told to the admins in direct messages; its posts wait, and none is given up. One more waits
                          with them, so that there is always one to find out by whether it takes messages again

What was told is a notice (``core/outbox/notices.py``), so that a restart does not repeat it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.outbox import notices
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind
from bot.core.outbox.slack_errors import Verdict, meaning
from bot.core.text.shown_times import slack_date
from bot.messages.cards import answers
from bot.work.delivery.outcomes import is_direct
from bot.work.delivery.reachability import Reachability
from bot.work.ports import Clock

if TYPE_CHECKING:
    from bot.store.store import Store

BAD_CHANNEL = "bad channel "  # begins the names of the notes


class ChannelHealth:
    """Knows which channels take nothing, and who was told."""

    def __init__(self, store: "Store", clock: Clock, reachability: Reachability, *, default_channel: str) -> None:
        self._store = store
        self._clock = clock
        self._reachability = reachability
        self._default_channel = default_channel
        self.unhealthy: dict[str, str] = {}  # with the word for why

    async def load(self) -> str:
        """Read what was told by an earlier process; return the alarm of the default channel, where it stands."""
        notes = await self._store.notes()
        self._reachability.load(notes)
        bad = {name.removeprefix(BAD_CHANNEL): note for name, note in notes.items() if name.startswith(BAD_CHANNEL)}
        self.unhealthy = {channel: told.about for channel, note in bad.items() if (told := Notice.read(note))}
        for channel in self.unhealthy:  # the settings may be others now
            await self._store.retry_now(self._clock(), channel)
        error = self.unhealthy.get(self._default_channel)
        return alarm_text(error) if error else ""

    def bad(self, error: str) -> list[str]:
        """Return the channels that take nothing for this reason."""
        return [channel for channel, why in self.unhealthy.items() if why == error]

    async def failed(self, post: Post, error: str, *, bad: bool) -> None:
        """Tell, once, of a channel that takes nothing; ``bad``: it refuses what others take."""
        now = self._clock()
        said = notice_posts(post, error, self._default_channel, self._reachability.admins(), now, bad=bad)
        if said is None or post.channel in self.unhealthy:
            return
        # Many posts may be refused at once: the first to be written tells it.
        notice = Notice(PostId(f"notice-{post.new.id}"), now, error)
        await self._store.update_note(BAD_CHANNEL + post.channel, notices.begins(notice, said))
        self.unhealthy[post.channel] = error

    async def succeeded(self, post: Post) -> None:
        """Take in that a channel took a message: tell those who were told that it did not."""
        if post.new.kind is not PostKind.MESSAGE or post.channel not in self.unhealthy:
            return
        await self._store.update_note(
            BAD_CHANNEL + post.channel, notices.ends(lambda told: self._recovery_posts(told, post.channel))
        )
        self.unhealthy.pop(post.channel, None)
        await self._store.retry_now(self._clock(), post.channel)

    def _recovery_posts(self, told: Notice, channel: str) -> tuple[NewPost, ...]:
        if channel != self._default_channel:
            return ()
        text = answers.channel_trouble("", channel, over=True)
        return _to_admins(f"{told.post}-mended", text, self._reachability.admins(), self._clock())


def alarm_text(error: str) -> str:
    """Return the alarm of a default channel that takes nothing."""
    told = meaning(error)
    return f"flowbot cannot post in its default channel: {told.sentence}. {told.way_out}"


def notice_posts(
    post: Post, error: str, default_channel: str, admins: Sequence[str], now: datetime, *, bad: bool = False
) -> tuple[NewPost, ...] | None:
    """Return what is told about a channel that takes nothing; None where it is no such. Their ids are of the post."""
    told = meaning(error)
    dead = bad or told.verdict is Verdict.ELSEWHERE
    if not dead or is_direct(post.channel) or post.new.kind is PostKind.EPHEMERAL:
        return None  # whom a whisper does not reach there may just not be there
    id_ = f"notice-{post.new.id}"
    if post.channel == default_channel:
        since = f"I could not post in <#{default_channel}> since {slack_date(now)}: {told.sentence}."
        back = f"{since} What was to be told there meanwhile comes now."  # in another one, where that is set meanwhile
        text = answers.channel_trouble(alarm_text(error), default_channel, over=False)
        return (_message(f"{id_}-back", default_channel, back, now), *_to_admins(id_, text, admins, now))
    if post.new.lane is Lane.ANSWER:
        return None
    text = (
        f"I could not post in <#{post.channel}>: {told.sentence}. What belongs there comes here until that is mended. "
        f"{told.way_out}"
    )
    return (_message(id_, default_channel, text, now),)


def _to_admins(id_: str, text: str, admins: Sequence[str], now: datetime) -> tuple[NewPost, ...]:
    return tuple(_message(f"{id_}-{admin}", admin, text, now) for admin in admins)


def _message(id_: str, channel: str, text: str, now: datetime) -> NewPost:
    body = answers.told("", text)
    return NewPost(PostId(id_), PostKind.MESSAGE, Lane.HOUSEKEEPING, channel, body, now)
