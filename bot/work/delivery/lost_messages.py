"""Lost messages: what Slack took no edit of, and replies that it put outside of their thread.

    an edit is refused ─────────────► its message is queued once more, as it would show now
    a reply stands in the channel ──► so is its thread's first message, and the reply is deleted and said again there

Either is one transaction, so that a crash before it repeats the call, and one after it goes on with what is queued.
A reply that cannot be deleted stays where it stands, and is not said twice.
"""

import logging

from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.lost_messages import AfterLoss, disappearing
from bot.core.outbox.posts import Kind, Lane, NewPost, Post, PostId
from bot.core.outbox.slack_errors import Verdict, verdict
from bot.messages.cards import answers
from bot.work.delivery.alarms import LOST, Alarms
from bot.work.delivery.outcomes import Again, Astray, Stands
from bot.work.delivery.reach import Reach
from bot.work.ports import Clock, Slack
from bot.work.ports_store import Store

log = logging.getLogger(__name__)

ARCHIVED = "is_archived"
_DELETED = "message_not_found"  # all other words are of messages that people still see
_INACTIVE = "is_inactive"  # chat.update: also of a channel that is archived, whose messages are not lost


class LostMessages:
    """Settles what is lost. The admins are told, once, of a channel where messages of ours keep disappearing."""

    def __init__(self, store: Store, slack: Slack, clock: Clock, alarms: Alarms, reach: Reach) -> None:
        self._store = store
        self._slack = slack
        self._clock = clock
        self._alarms = alarms
        self._reach = reach
        self._disappearing: set[str] = set()  # channels that the alarm is about

    async def meant(self, post: Post, refused: SlackRefused) -> SlackRefused:
        """Return what a refusal of an edit means: one word stands for two things."""
        if refused.error != _INACTIVE or post.new.kind is not Kind.EDIT:
            return refused
        try:
            archived = (await self._slack.channel(post.channel)).archived
        except SlackRefused as other:
            return other if verdict(other.error) is Verdict.ELSEWHERE else refused
        except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
            log.info("Slack does not tell whether %s is archived: %s", post.channel, trouble)
            return refused
        return SlackRefused(ARCHIVED) if archived else refused

    async def edited(self, post: Post, why: str) -> None:
        """Settle an edit that Slack does not take: its message is lost."""
        often = self._often(post.channel)
        step = await self._store.lost(
            post.new.id, post.channel, post.ts, self._clock(), stands=why != _DELETED, often=often
        )
        self._told(post, step, why)

    async def replied(self, post: Post, astray: Astray) -> None:
        """Settle a reply that stands outside of its thread: the first message of that is lost."""
        step = await self._store.astray(
            post.new.id,
            astray.channel,
            astray.ts,
            self._clock(),
            thread=post.new.thread if astray.orphan else "",
            often=self._often(astray.channel),
        )
        self._told(post, step, "a reply stands outside of its thread")

    async def brought_back(self, post: Post) -> Stands | Again | None:
        """Delete a reply that stands outside of its thread; return what follows, None where Slack cannot say now.

        Raises ``SlackLimited`` where Slack asks to wait.
        """
        try:
            await self._slack.delete(post.channel, post.ts)
        except SlackRefused as refused:
            if verdict(refused.error) in {Verdict.WAIT, Verdict.STOP, Verdict.DOUBT}:
                return None
            log.warning("reply %s cannot be deleted where it stands, and stays there: %s", post.new.id, refused)
            return Stands(post.channel, post.ts)
        except (SlackUnclear, SlackUnreachable):
            return None
        return Again(0, "it stood outside of its thread")

    def edit_taken(self, post: Post) -> None:
        """Take in that a message takes edits: messages there stay again."""
        if post.new.kind is Kind.EDIT and post.channel in self._disappearing:
            self._disappearing.discard(post.channel)
            if not self._disappearing:
                self._alarms.over(LOST)

    def _told(self, post: Post, step: AfterLoss | None, why: str) -> None:
        if step is None:
            return
        log.warning("the message that post %s belongs to was lost (%s): %s", post.new.id, why, step.value)
        if step is AfterLoss.ENOUGH:
            self._disappearing.add(post.channel)
            self._alarms.raised(
                LOST,
                f"Messages of flowbot in {', '.join(sorted(self._disappearing))} keep being deleted, or refuse edits. "
                "Their updates are posted as separate messages. Find out which person, app or setting does this.",
            )

    def _often(self, channel: str) -> tuple[NewPost, ...]:
        """Return what the admins are told of a channel; its id says it once, for as long as the outbox remembers."""
        body, now = answers.told("", disappearing(channel)), self._clock()
        return tuple(
            NewPost(PostId(f"lost-{channel}-{admin}"), Kind.MESSAGE, Lane.HOUSEKEEPING, admin, body, now)
            for admin in self._reach.admins()
        )
