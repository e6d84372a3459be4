"""Lost messages: those that Slack lets nobody edit, and replies that it put outside of their thread.

    an edit is refused ─────────► its message is queued once more, as it would look now
    … of an active alert storm, since its channel is archived, say ──► it is queued once more in the default channel
    a reply is in the channel ──► its thread's first message is queued once more, and the reply is deleted and posted
                                  again in that thread

Either is one transaction, so that a crash before it repeats the call, and after it the queued posts are sent.
A reply that cannot be deleted stays where it is, and is not posted twice.
"""

import logging
from typing import TYPE_CHECKING

from bot.core.outbox.blocks import Body
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.lost_messages import REPEATED_LOSS, LossOutcome, repeated_loss_notice
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind, is_direct
from bot.core.outbox.slack_errors import Verdict, verdict
from bot.core.text.message import verbatim
from bot.messages.cards import answers
from bot.work.delivery.alarms import LOST, Alarms
from bot.work.delivery.outcomes import Delivered, OutsideThread, Retry
from bot.work.delivery.reachability import Reachability
from bot.work.ports import Clock, Slack

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

ARCHIVED = "is_archived"
_DELETED = "message_not_found"  # all other words concern messages that people still see
_INACTIVE = "is_inactive"  # chat.update: also of a channel that is archived, whose messages are not lost


class LostMessages:
    """Settles lost messages. The admins are told, once, about a channel where ours keep disappearing."""

    def __init__(self, store: "Store", slack: Slack, clock: Clock, alarms: Alarms, reachability: Reachability) -> None:
        self._store = store
        self._slack = slack
        self._clock = clock
        self._alarms = alarms
        self._reachability = reachability
        self._disappearing: set[str] = set()  # channels that the alarm is about

    async def edit(self, post: Post, body: Body) -> None:
        """Edit a message. Raises as ``Slack.edit`` does, and says what a word means that has two meanings there."""
        try:
            await self._slack.edit(post.channel, post.ts, body, id=post.new.id)
        except SlackRefused as refused:
            raise await self._interpreted(post, refused) from None

    async def _interpreted(self, post: Post, refused: SlackRefused) -> SlackRefused:
        if refused.error != _INACTIVE:
            return refused
        try:
            archived = (await self._slack.channel(post.channel)).archived
        except SlackRefused as other:
            return other if verdict(other.error) is Verdict.ELSEWHERE else refused
        except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
            log.info("Slack did not say whether %s is archived: %s", post.channel, trouble)
            return refused
        return SlackRefused(ARCHIVED) if archived else refused

    async def edit_refused(self, post: Post, why: str) -> None:
        """Settle an edit that Slack refused: its message is lost."""
        if_too_often = self._admin_notices(post.channel)
        step = await self._store.mark_lost(
            post.new.id, post.channel, post.ts, self._clock(), still_visible=why != _DELETED, if_too_often=if_too_often
        )
        self._report(post, step, why)

    async def board_moved(self, post: Post, why: str, default_channel: str) -> bool:
        """Whether a storm's message goes on in the default channel: its own takes no edit that tells what joined."""
        if post.new.kind is not PostKind.EDIT or verdict(why) is not Verdict.ELSEWHERE or is_direct(post.channel):
            return False
        moved = await self._store.move_storm(post.new.id, default_channel, self._clock())
        if moved:
            log.warning("The alert storm of %s is listed in %s: %s", post.channel, default_channel, why)
        return moved

    async def reply_left_thread(self, post: Post, astray: OutsideThread) -> None:
        """Settle a reply that is outside of its thread: the thread's first message is lost."""
        step = await self._store.mark_outside_thread(
            post.new.id,
            astray.channel,
            astray.ts,
            self._clock(),
            thread=post.new.thread if astray.orphan else "",
            if_too_often=self._admin_notices(astray.channel),
        )
        self._report(post, step, "a reply is outside of its thread")

    async def delete_reply(self, post: Post) -> Delivered | Retry | None:
        """Delete a reply that is outside of its thread. What follows; None where Slack does not answer now.

        Raises ``SlackLimited`` where Slack asks to wait.
        """
        try:
            await self._slack.delete(post.channel, post.ts)
        except SlackRefused as refused:
            if verdict(refused.error) in {Verdict.WAIT, Verdict.STOP, Verdict.UNCLEAR}:
                return None
            log.warning("Reply %s is outside of its thread and cannot be deleted: %s", post.new.id, refused)
            return Delivered(post.channel, post.ts)
        except (SlackUnclear, SlackUnreachable):
            return None
        return Retry(0, "it stood outside of its thread")

    def edit_accepted(self, post: Post) -> None:
        """An edit was accepted: messages in its channel no longer disappear."""
        if post.new.kind is PostKind.EDIT and post.channel in self._disappearing:
            self._disappearing.discard(post.channel)
            if not self._disappearing:
                self._alarms.resolve(LOST)

    def _report(self, post: Post, step: LossOutcome | None, why: str) -> None:
        if step is None:
            return
        log.warning("The message of post %s was lost (%s): %s", post.new.id, why, step.value)
        if step is LossOutcome.TOO_OFTEN:
            self._disappearing.add(post.channel)
            self._alarms.fire(
                LOST,
                verbatim(
                    f"Messages in {', '.join(sorted(self._disappearing))} are deleted again and again, or can't be "
                    "edited. Their updates are posted as separate messages. Find out which person, app or setting does "
                    "this."
                ),
            )

    def _admin_notices(self, channel: str) -> tuple[NewPost, ...]:
        """The notices to the admins about a channel; their ids let each be sent once while the outbox remembers it."""
        body, now = answers.told("", repeated_loss_notice(channel), headline=REPEATED_LOSS), self._clock()
        return tuple(
            NewPost(PostId(f"lost-{channel}-{admin}"), PostKind.MESSAGE, Lane.HOUSEKEEPING, admin, body, now)
            for admin in self._reachability.admins()
        )
