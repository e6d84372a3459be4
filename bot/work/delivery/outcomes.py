"""What becomes of a post after each outcome, as pure decisions with a named reason.

answered            ─► Delivered
asked to wait       ─► Retry
refused             ─► Retry, Reroute, Replace, Unclear, MessageLost or GiveUp, by the table of Slack's error words
outside its thread  ─► OutsideThread
nobody knows        ─► Unclear, and after a look-up ─► Delivered, OutsideThread, Retry, Reroute, Replace or GiveUp
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Body
from bot.core.outbox.posts import Lane, NewPost, Post, PostKind, is_direct, is_first
from bot.core.outbox.slack_errors import Verdict, is_not_there, is_of_person, meaning
from bot.core.text.escape import code
from bot.core.text.message import Text, msg, sentences
from bot.core.values import dataclass

LONGEST_WAIT = 300.0  # seconds
PLAIN_TEXT = 3000  # characters that every method accepts
LOOKUP_AFTER = 3.0  # seconds until an unclear post is looked up; doubled each time it is unclear again
RECHECK_AFTER = timedelta(seconds=20)  # from a second sending to the look-up of a late double, and to the next one
RECHECK_UNTIL = timedelta(seconds=40)  # after a second sending; a double that arrives later is not looked for
PATIENCE = timedelta(hours=1)  # an answer that is older helps nobody; an alert is never too old
PRIVATE_PATIENCE = timedelta(minutes=30)  # an answer to one person: a response_url lives no longer either
CHORE_PATIENCE = timedelta(days=1)  # housekeeping
FILE_DOUBTS = 3
ARRIVES_WITHIN = timedelta(minutes=2)  # after its last try; a look-up need not read later messages

# For how long look-ups may fail after the last try. A failure that nobody reads of is worse than one posted twice, so
# an alert is then sent again, knowingly; later look-ups delete the double they find. Only alerts are worth that.
UNKNOWN_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Delivered:
    """It is there; ``extra`` are further copies of it, to be deleted."""

    channel: str
    ts: str
    extra: tuple[str, ...] = ()
    why: str = "sent"


@dataclass(frozen=True, slots=True)
class Retry:
    """It is certainly not there: try again after ``seconds``."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Reroute:
    """Post it in another place, outside of any thread; a private answer as a message to its person."""

    channel: str
    why: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Send something else under its id."""

    new: NewPost
    why: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody knows: look it up later."""

    why: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It will not be sent."""

    why: str


@dataclass(frozen=True, slots=True)
class MessageLost:
    """An edit's message is gone, or cannot be edited: it is posted once more (``lost_messages.py``)."""

    why: str


@dataclass(frozen=True, slots=True)
class OutsideThread:
    """A reply is outside of its thread, whose first message is gone; ``extra`` are further copies of it."""

    channel: str
    ts: str
    extra: tuple[str, ...] = ()
    orphan: bool = True  # the thread that it would be posted in now has lost its first message


Resolution = Delivered | Retry | Reroute | Replace | GiveUp | OutsideThread
NextStep = Resolution | Unclear | MessageLost


def backoff(tries: int, jitter: float) -> float:
    """Seconds to wait after a number of failures: 1, 2, 4 … 300, cut by up to half by ``jitter`` in [0, 1)."""
    return min(LONGEST_WAIT, 2.0 ** min(max(tries, 1) - 1, 20)) * (1 - jitter / 2)


def lookup_delay(doubts: int) -> timedelta:
    """How long to wait for a look-up: 3 seconds when a post is first unclear, doubled each time, 300 at most."""
    return timedelta(seconds=min(LONGEST_WAIT, LOOKUP_AFTER * 2 ** min(max(doubts, 1) - 1, 20)))


def patience(post: Post) -> timedelta | None:
    """For how long a post is worth another try; None for an alert, which is never too old."""
    if post.new.kind in (PostKind.EPHEMERAL, PostKind.FILE):
        return PRIVATE_PATIENCE
    match post.new.lane:
        case Lane.ALERT:
            return None
        case Lane.ANSWER:
            return PRIVATE_PATIENCE if is_direct(post.channel) else PATIENCE
        case Lane.HOUSEKEEPING:
            return CHORE_PATIENCE
        case lane:
            assert_never(lane)


def is_too_late(post: Post, now: datetime) -> bool:
    """Whether it is too old to help anybody."""
    longest = patience(post)
    return longest is not None and now - post.new.due > longest


def too_late(post: Post, why: str) -> NextStep:
    """The step for a post that failed until it is too old to help: the person who asked for a file is told."""
    if post.new.kind is not PostKind.FILE:
        return GiveUp(f"too late: {why}")
    reason = msg("Slack accepted no file for {duration}. Ask for it again later.", duration=PRIVATE_PATIENCE)
    return _without_file(post, reason, f"too late: {why}")


def in_time(post: Post, step: NextStep, *, default_channel: str, wait: float, now: datetime) -> NextStep:
    """The step, unless it is another try and the post is too old, or a first message would be given up.

    Housekeeping of the default channel keeps waiting, so that a post shows when the channel works again.
    """
    if isinstance(step, GiveUp) and is_first(post) and not is_direct(post.channel):
        return Retry(wait, step.why)
    keeps = post.new.lane is Lane.HOUSEKEEPING and post.channel == default_channel
    return too_late(post, step.why) if isinstance(step, Retry) and is_too_late(post, now) and not keeps else step


def after_refusal(
    post: Post, error: str, *, default_channel: str, wait: float, now: datetime, here_only: bool = False
) -> NextStep:
    """The step after Slack refused a post with an error word; ``wait`` are the seconds where it helps to wait.

    ``here_only``: other places accept such posts, so that the word concerns this place, whatever else it may mean.
    """
    if post.new.kind is PostKind.EPHEMERAL and (here_only or is_not_there(error)):
        return Reroute(post.new.user, error) if post.new.user else GiveUp(error)
    if here_only and is_direct(post.channel) and not is_of_person(error):
        return Retry(wait, error)  # no other place is right, and perhaps all places refuse after all
    if here_only:
        return _elsewhere(post, error, default_channel=default_channel, wait=wait, now=now)
    match meaning(error).verdict:
        case Verdict.WAIT | Verdict.STOP | Verdict.BARRED:
            return too_late(post, error) if is_too_late(post, now) else Retry(wait, error)
        case Verdict.UNCLEAR:
            return Unclear(error)
        case Verdict.OUTSIDE if post.new.thread:
            return Reroute(post.channel, error)
        case Verdict.ELSEWHERE | Verdict.OUTSIDE:
            return _elsewhere(post, error, default_channel=default_channel, wait=wait, now=now)
        case Verdict.GONE:
            return MessageLost(error) if post.new.kind is PostKind.EDIT else GiveUp(error)
        case Verdict.PLAIN | Verdict.BUG:
            return _in_words(post, error)
        case told:
            assert_never(told)


def _elsewhere(post: Post, error: str, *, default_channel: str, wait: float, now: datetime) -> NextStep:
    """Where a post goes whose place refuses all: never from somebody's direct messages into a channel."""
    if post.new.kind is PostKind.EDIT and post.channel == default_channel:
        return Retry(wait, error)  # it shows the present state as soon as the channel works
    if post.new.kind is not PostKind.MESSAGE or is_direct(post.channel):
        return GiveUp(error)
    if post.new.lane is Lane.ANSWER and post.new.user:
        return Reroute(post.new.user, error)
    if post.channel != default_channel:
        return Reroute(default_channel, error)
    late = post.new.lane is Lane.ANSWER and is_too_late(post, now)
    return GiveUp(f"too late: {error}") if late else Retry(wait, error)


def _in_words(post: Post, error: str) -> NextStep:
    """Send the text of a post only, once; a file is replaced by the sentence that it failed."""
    if post.new.kind is PostKind.FILE:
        refused = msg("Slack refused it ({error}). Ask a flowbot admin to check the log.", error=code(error))
        return _without_file(post, refused, error)
    words = plain(post.body)
    return GiveUp(error) if words == post.body else Replace(replace(post.new, body=words), error)


def _without_file(post: Post, reason: Text, why: str) -> Replace:
    name = code(str(post.body.get("filename", "")))
    failed = msg("I couldn't upload {file}.", file=name) if name else msg("I couldn't upload the file.")
    text = sentences(failed, reason)
    return Replace(replace(post.new, kind=PostKind.MESSAGE, body=blocks.Card(text, [blocks.section(text)])), why)


def plain(body: Body) -> Body:
    """What a body says as text alone, as long as every method accepts."""
    return {"text": blocks.as_words(body, PLAIN_TEXT) or "–"}


def after_lookup(
    post: Post, found: Sequence[str], now: datetime, *, in_channel: Sequence[str] = (), orphan: bool = False
) -> Resolution:
    """The step after a look-up of an unclear message: ``found`` are its ts, oldest first.

    ``in_channel`` are the ts of a reply in the channel itself, outside of its thread; ``orphan`` says that the first
    message of the thread is not there.
    """
    if found:
        return Delivered(post.channel, found[0], (*found[1:], *in_channel), "found")
    if in_channel:
        return OutsideThread(post.channel, in_channel[0], tuple(in_channel[1:]), orphan)
    return GiveUp("too late: unclear") if is_too_late(post, now) else Retry(0, "not there")


def after_failed_lookup(post: Post, now: datetime) -> Retry | GiveUp | None:
    """The step for an unclear message while look-ups fail; None: look it up again."""
    if is_too_late(post, now):
        return GiveUp("too late: unclear")
    tried = post.tried_at or post.settled_at or post.new.due
    if post.new.lane is Lane.ALERT and now - tried > UNKNOWN_FOR:
        return Retry(0, "unknown for too long, and said again")
    return None


def after_unclear(post: Post, now: datetime) -> Resolution:
    """The step for an unclear post that cannot be looked up: an edit, a private answer.

    A private answer is tried once more; where that is unclear too, it is sent as a message, which can be looked up.
    """
    if is_too_late(post, now):
        return GiveUp("too late: unclear")
    if post.new.kind is PostKind.EPHEMERAL and post.doubts > 1:
        return Reroute(post.new.user, "unclear twice")
    return Retry(0, "unclear")


def after_file(post: Post, *, shared: bool, certain: bool, now: datetime) -> Resolution | None:
    """The step for an unclear file; None where Slack may show it a little later.

    Without an id the call ended before the file could be seen. When it is given up, who asked for it is told.
    """
    if post.ts and shared:
        return Delivered(post.channel, post.ts, (), "found")
    if post.ts and not certain:
        return None
    if post.doubts < FILE_DOUBTS and not is_too_late(post, now):
        return Retry(0, "not there")
    return _unconfirmed(post)


def after_no_file(post: Post, now: datetime) -> Replace | None:
    """The step for an unclear file while Slack does not say whether it is there; None: ask again."""
    return _unconfirmed(post) if is_too_late(post, now) else None


def _unconfirmed(post: Post) -> Replace:
    return _without_file(post, msg("Slack did not confirm the upload. Ask for the file again."), "unclear")


def duplicates(post: Post, found: Sequence[str]) -> tuple[str, ...]:
    """The copies of a sent message to delete: the recorded one stays, since replies are under it."""
    keep = post.ts if post.ts in found else next(iter(found), "")
    return tuple(ts for ts in found if ts != keep)


def needs_recheck(post: Post, now: datetime) -> bool:
    """Whether a message that was sent again, and was looked up now, is to be looked up once more."""
    return post.settled_at is not None and now - post.settled_at < RECHECK_UNTIL
