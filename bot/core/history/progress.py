"""How far history has been read: what of the past is still to be read, newest first, and what that means.

start          the past since the last complete read, and what was left then, are to be read
a window read  it is not to be read any more
once a day     the last two days are read again: changes may have been missed
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.flow.ids import milliseconds
from bot.core.values import dataclass

KEPT = timedelta(days=90)
RECENT = timedelta(days=2)  # what has to be read before anything may be called missing
AHEAD = timedelta(days=1)  # trigger times may lie ahead of our clock
_DAY = timedelta(days=1)
_MOST = 4  # spans; more are joined


@dataclass(frozen=True, slots=True)
class Span:
    """Trigger times from ``since`` to before ``until``."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """``read_at``: when the last complete read of changes began. ``left`` is newest first, each apart from the next."""

    read_at: datetime | None = None
    left: tuple[Span, ...] = ()

    def back_to(self, now: datetime) -> datetime | None:
        """Since when all runs are known; None where not even the newest are."""
        if not self.left:
            return now - KEPT
        return None if self.left[0].until > now else self.left[0].until

    def knows(self, since: datetime, now: datetime) -> bool:
        """Whether all runs triggered since then are known."""
        back = self.back_to(now)
        return back is not None and back <= max(since, now - KEPT)

    def window(self, width: timedelta) -> Span | None:
        """What to read next: the newest part, at most so wide; None where nothing is left."""
        if not self.left:
            return None
        first = self.left[0]
        return Span(max(first.since, first.until - width), first.until)


def to_text(progress: Progress) -> str:
    """As a note keeps it."""
    left = [[milliseconds(span.since), milliseconds(span.until)] for span in progress.left]
    return json.dumps({"read_at": None if progress.read_at is None else milliseconds(progress.read_at), "left": left})


def from_text(text: str) -> Progress:
    """What ``to_text`` wrote; nothing known where there is something else."""
    try:
        kept = json.loads(text)
        read_at = None if kept["read_at"] is None else _time(kept["read_at"])
        return Progress(read_at, tuple(Span(_time(since), _time(until)) for since, until in kept["left"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return Progress()


def begun(noted: Progress, now: datetime, unfinished: datetime | None) -> Progress:
    """What is to be read after a start, or after the clock was put back.

    A run may have been triggered a day before the last read and have ended after it. ``unfinished``: the trigger time
    of the oldest run that is known not to have ended.
    """
    read_at = noted.read_at
    if read_at is None or not now - KEPT <= read_at <= now + _DAY:
        return again(Progress(), now - KEPT, now)
    since = min(read_at, now) - _DAY
    return again(
        replace(noted, read_at=min(read_at, now)), since if unfinished is None else min(since, unfinished), now
    )


def again(progress: Progress, since: datetime, now: datetime) -> Progress:
    """Read again what was triggered since then, and what is planned."""
    oldest, newest = now - KEPT, now + AHEAD
    spans = [Span(max(since, oldest), newest)]
    spans += [Span(max(each.since, oldest), min(each.until, newest)) for each in progress.left]
    return replace(progress, left=_joined(spans))


def without(progress: Progress, window: Span) -> Progress:
    """What is left when a window has been read."""
    parts = [
        part
        for each in progress.left
        for part in (
            Span(max(each.since, window.until), each.until),
            Span(each.since, min(each.until, window.since)),
        )
    ]
    return replace(progress, left=_joined(parts))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans, newest first; those that touch are one, and those that are empty are gone."""
    joined: list[Span] = []
    for span in sorted((each for each in spans if each.since < each.until), key=lambda each: each.until, reverse=True):
        if joined and (span.until >= joined[-1].since or len(joined) == _MOST):
            joined[-1] = Span(min(span.since, joined[-1].since), joined[-1].until)
        else:
            joined.append(span)
    return tuple(joined)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
