"""Channel health: a channel that refuses all posts is reported once, and once more when it accepts them again.

    another channel       reported in the default channel, where its posts go until it is fixed; then its messages are
                          drawn as they are now
    the default channel   reported to the admins in direct messages; its posts wait, and none is given up. A notice
                          waits with them, so that there is always a post that shows when the channel works again

What was reported is a notice (``core/outbox/notices.py``), so that a restart does not repeat it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.outbox import notices
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind, is_direct
from bot.core.outbox.slack_errors import Verdict, meaning
from bot.core.text.escape import mention_channel
from bot.core.text.message import Text, msg, sentences
from bot.messages.cards import answers
from bot.work.delivery.reachability import Reachability
from bot.work.ports import Clock

if TYPE_CHECKING:
    from bot.store.store import Store

BAD_CHANNEL = "bad channel "  # begins the names of the notes


class ChannelHealth:
    """Which channels refuse all posts, and what was reported about them."""

    def __init__(self, store: "Store", clock: Clock, reachability: Reachability, *, default_channel: str) -> None:
        self._store = store
        self._clock = clock
        self._reachability = reachability
        self._default_channel = default_channel
        self.unhealthy: dict[str, str] = {}  # with Slack's error word

    async def load(self) -> Text | None:
        """Read what an earlier process reported. The sentence of the default channel's alarm, None where it works."""
        notes = await self._store.notes()
        self._reachability.load(notes)
        bad = {name.removeprefix(BAD_CHANNEL): note for name, note in notes.items() if name.startswith(BAD_CHANNEL)}
        self.unhealthy = {channel: told.about for channel, note in bad.items() if (told := Notice.read(note))}
        for channel in self.unhealthy:  # the settings may have changed
            await self._store.retry_now(self._clock(), channel)
        error = self.unhealthy.get(self._default_channel)
        return alarm_text(error) if error else None

    def bad(self, error: str) -> list[str]:
        """The channels that refuse all posts with this error word."""
        return [channel for channel, why in self.unhealthy.items() if why == error]

    async def failed(self, post: Post, error: str, *, bad: bool) -> None:
        """Report, once, a channel that refuses all posts. ``bad``: it refuses what other channels accept."""
        now = self._clock()
        said = notice_posts(post, error, self._default_channel, self._reachability.admins(), now, bad=bad)
        if said is None or post.channel in self.unhealthy:
            return
        # Many posts may be refused at once: the first one written reports it.
        notice = Notice(PostId(f"notice-{post.new.id}"), now, error)
        await self._store.update_note(BAD_CHANNEL + post.channel, notices.begins(notice, said))
        self.unhealthy[post.channel] = error

    async def succeeded(self, post: Post) -> None:
        """A channel accepted a message: report that to those who were told that it did not."""
        if post.new.kind is not PostKind.MESSAGE or post.channel not in self.unhealthy:
            return
        await self._store.requeue_missed_edits(post.channel, self.unhealthy[post.channel])
        await self._store.update_note(
            BAD_CHANNEL + post.channel, notices.ends(lambda told: self._recovery_posts(told, post.channel))
        )
        self.unhealthy.pop(post.channel, None)
        await self._store.retry_now(self._clock(), post.channel)

    async def recovered(self, channel: str) -> None:
        """Slack shows a channel that refused all posts as one that takes them: the next post will tell."""
        if error := self.unhealthy.get(channel, ""):
            await self._store.requeue_missed_edits(channel, error)
        self.unhealthy.pop(channel, None)
        await self._store.set_note(BAD_CHANNEL + channel, "")

    def _recovery_posts(self, told: Notice, channel: str) -> tuple[NewPost, ...]:
        if channel != self._default_channel:
            return ()
        text = sentences(
            msg("🟢 I can post in the alert channel {channel} again.", channel=mention_channel(channel)),
            msg("The messages that waited follow there now."),
        )
        headline = msg("🟢 I can post in the alert channel again.")
        return _to_admins(f"{told.post}-mended", text, headline, self._reachability.admins(), self._clock())


def alarm_text(error: str) -> Text:
    """The alarm about a default channel that refuses all posts."""
    return sentences(msg("Alerts can't be posted in the alert channel."), meaning(error).told)


def notice_posts(
    post: Post, error: str, default_channel: str, admins: Sequence[str], now: datetime, *, bad: bool = False
) -> tuple[NewPost, ...] | None:
    """The notices about a channel that refuses all posts; None where it is not one. Their ids contain the post's."""
    told = meaning(error)
    dead = bad or told.verdict is Verdict.ELSEWHERE
    if not dead or is_direct(post.channel) or post.new.kind is PostKind.EPHEMERAL:
        return None  # a private answer may be refused only because its person is not in the channel
    id_ = f"notice-{post.new.id}"
    channel = mention_channel(post.channel)
    if post.channel == default_channel:
        back = sentences(  # in another one, where that is set meanwhile: so it is named
            msg("From {time} on, I couldn't post in {channel}.", channel=channel, time=now),
            msg("Reason at that time: {reason}", reason=told.sentence),
            msg("The messages that waited follow now."),
        )
        text = sentences(
            msg("🔴 I can't post in the alert channel {channel}.", channel=channel),
            told.told,
            msg("Its messages wait. Nothing is lost."),
        )
        return (
            _message(f"{id_}-back", default_channel, back, msg("I can post here again."), now),
            *_to_admins(id_, text, msg("🔴 I can't post in the alert channel."), admins, now),
        )
    if post.new.lane is Lane.ANSWER:
        return None
    text = sentences(
        msg("⚠️ I can't post in {channel}.", channel=channel),
        told.told_all,
        msg("Until then its messages are posted here."),
    )
    return (_message(id_, default_channel, text, msg("⚠️ I can't post in one of the channels."), now),)


def _to_admins(id_: str, text: Text, headline: Text, admins: Sequence[str], now: datetime) -> tuple[NewPost, ...]:
    return tuple(_message(f"{id_}-{admin}", admin, text, headline, now) for admin in admins)


def _message(id_: str, channel: str, text: Text, headline: Text, now: datetime) -> NewPost:
    body = answers.told("", text, headline=headline)
    return NewPost(PostId(id_), PostKind.MESSAGE, Lane.HOUSEKEEPING, channel, body, now)
