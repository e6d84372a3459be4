"""Messages about the monitoring itself: EnOS out of reach, what it cannot see, and the daily line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.flow.model import FlowName, LeftOut
from bot.core.health.daily import Day
from bot.core.incident.lifecycle import not_backfilled
from bot.core.outbox.card import Card, fit
from bot.core.text.escape import code, escape, one_line
from bot.core.text.message import duration
from bot.core.text.shown_times import slack_date
from bot.messages import blocks
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words
from bot.messages.symbols import GREEN, RED

_NAMES = 10

# ── EnOS out of reach ──


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What the first complete poll after an outage found."""

    failures: int = 0
    rows: int = 0


def unreachable(since: datetime, why: str) -> Card:
    """The one notice that EnOS cannot be read."""
    text = "EnOS cannot be read · failures are not seen until it answers"
    lines = [
        f"🔴 *EnOS cannot be read* since {slack_date(since)}, so I do not see failures at the moment.",
        f"> {escape(fit(one_line(why), 300))}",
        (
            "I keep trying, less often the longer it lasts, and then read everything that happened meanwhile: "
            "nothing is lost. If it stays so, look at the EnOS gateway and at `doctor`."
        ),
    ]
    return blocks.body(text, [blocks.section("\n".join(lines))], RED)


def was_unreachable(since: datetime, until: datetime) -> Card:
    """The notice as it is edited once EnOS answers again."""
    text = f"EnOS answers again, after {duration(until - since)}"
    line = f"🟢 *EnOS answers again.* It could not be read from {slack_date(since)} to {slack_date(until)}."
    return blocks.body(text, [blocks.section(line)], GREEN)


def all_clear(since: datetime, until: datetime, caught_up: CaughtUp) -> Card:
    """The one all-clear, with what was caught up."""
    if caught_up.failures:
        found = f"{caught_up.failures} {'failure' if caught_up.failures == 1 else 'failures'}, told here"
    else:
        found = "nothing that failed meanwhile"
    text = f"EnOS answers again after {duration(until - since)}. I have read all of that time and found {found}."
    return blocks.body(text, [blocks.section(f"🟢 {text}")])


# ── what cannot be seen, or not be trusted ──


def gap(watching: int, total: int, missing: Sequence[FlowName], user: str) -> Card:
    """The alarm that some flows cannot be watched; ``user`` is the EnOS user the watcher reads as."""
    names = ", ".join(f"{flows.bold(fit(each.name, 80))} ({code(str(each.id))})" for each in missing[:_NAMES])
    more = f" and {len(missing) - _NAMES} more" if len(missing) > _NAMES else ""
    text = f"I watch {watching} of {total} flows: failures of the others are not seen"
    lines = [
        (
            f"🟠 *I watch {watching} of {total} flows.* EnOS shows me only flows related to the user {code(user)}, "
            "so I do not see failures of the others."
        ),
        f"Not watched: {names}{more}.",
        (
            "To mend it, add that user to these flows in EnOS, or set `ENOS_USER_ID` to a user who sees them. "
            "I look again every day."
        ),
    ]
    return blocks.body(text, [blocks.section("\n".join(lines))])


def left_out(rows: Sequence[LeftOut]) -> Card:
    """The notice that EnOS lists runs that cannot be read or stored; each is named in one such notice only."""
    runs = "1 run" if len(rows) == 1 else f"{len(rows)} runs"
    text = f"I can't read {runs} that EnOS lists"
    shown = [f"• {code(fit(each.shown, 120))}: {escape(fit(str(each.why), 200))}" for each in rows[:_NAMES]]
    more = [f"• and {len(rows) - _NAMES} more"] if len(rows) > _NAMES else []
    lines = [
        f"🟠 *{text}.* I don't see whether they fail. All other runs are read as usual.",
        *shown,
        *more,
        (
            "Look at them in the EnOS console, and ask your EnOS administrator to fix them. "
            "If a line names a reference, show it to a flowbot admin."
        ),
    ]
    return blocks.body(text, [blocks.section(fit("\n".join(lines), 3000))])


LEFT_OUT = (
    "EnOS lists runs that flowbot cannot read or store, so it does not see whether they fail. All other runs are read. "
    "The alert channel and the log name them."
)


def gap_closed(total: int) -> Card:
    """The all-clear of that alarm."""
    text = f"I watch all {total} flows of the organization now."
    return blocks.body(text, [blocks.section(f"🟢 {text}")])


def order_unreliable(kind: int) -> Card:
    """The notice that EnOS does not sort a scheduling type by change."""
    runs = {0: "manual runs", 1: "periodic runs", 2: "temporary runs"}.get(kind, f"runs of type {kind}")
    text = f"EnOS did not list {runs} in the order they changed"
    line = (
        f"{text}: a full reading found what a quick one had missed. It is told now, and from now on I read these runs "
        "to the end each time. Nothing is lost and there is nothing to do; EnOS just answers more requests."
    )
    return blocks.body(text, [blocks.section(line)])


# ── lag ──

LATE = (
    "flowbot has not read EnOS to the end for long, so failures are told late. "
    "Look at its log, at the machine it runs on, and at how fast EnOS answers."
)


def late(since: datetime) -> Card:
    """The one notice that no read has ended since a time."""
    text = "Reading EnOS takes too long · failures are told late"
    lines = [
        f"🟠 *Reading EnOS takes too long:* I have not read it to the end since {slack_date(since)}.",
        "Failures are told late, and none is lost: I go on reading.",
        "If it stays so, look at how fast EnOS answers, and at `status` and `doctor`.",
    ]
    return blocks.body(text, [blocks.section("\n".join(lines))])


def in_time_again(lasted: timedelta) -> Card:
    """The one all-clear."""
    text = f"I read EnOS in time again, after {duration(lasted)}. What failed meanwhile is told."
    return blocks.body(text, [blocks.section(f"🟢 {text}")])


# ── the promise ──


def promise_broken(why: str) -> Card:
    """The direct message to an admin: failures may not be reported now. ``why`` is whole sentences."""
    text = "flowbot is not keeping up: failures may be told late"
    lines = [
        f"🔴 *{text}.* {escape(why)}",
        f"Look at {code('status')}, at `flowbot doctor` and at its log. I'll tell you when it is over.",
    ]
    return blocks.body(text, [blocks.section("\n".join(lines))], RED)


def promise_kept() -> Card:
    """The direct message to an admin when that is over."""
    text = "flowbot keeps up again: alerts are on time"
    return blocks.body(text, [blocks.section(f"🟢 *{text}.*")], GREEN)


# ── the daily line ──


def sign_of_life(
    day: Day, watched: tuple[int, int] | None, trouble: str, *, command: str, zone: timedelta | None = None
) -> Card:
    """The line of the day; ``watched`` is how many flows the watcher sees, of how many.

    ``trouble`` is what is wrong, if anything, as whole sentences; ``zone`` is that of the times EnOS
    prints.
    """
    state = "flowbot runs, but not all is well" if trouble else "flowbot is well"
    watching = f"watching {watched[0]} of {watched[1]} flows" if watched is not None else "watching"
    failed = f"{_many(day.failures, 'failure', 'failures')} of {_many(day.flows, 'flow', 'flows')}"
    failures = failed if day.failures else "no failures"
    taken = f", {day.acknowledged} of them acknowledged" if day.acknowledged else ""
    live = day.open + day.acknowledged
    standing = _many(live, "incident", "incidents") if live else "nothing"
    text = f"{state} · {watching} · {failures} in the last day · {standing} open"
    lines = [f"{'🟠' if trouble else '🟢'} *{state}*, {watching}. In the last day: {failures}."]
    lines.append(f"Open now: {standing}{taken}.")
    if trouble:
        lines.append(escape(fit(one_line(trouble), 600)))
    if day.missing:
        named = [f"{words.bold(each)} {words.times(not_backfilled(each), zone)}" for each in day.missing[:_NAMES]]
        others = len(day.missing) - _NAMES
        more = f" and {_many(others, 'more flow', 'more flows')}" if others > 0 else ""
        lines.append(f"No good run for: {'; '.join(named)}{more}.")
    if live:
        lines.append(f"{code(command + ' incidents')} lists what is open.")
    return blocks.body(text, [blocks.section(fit("\n".join(lines), 3000))])


def _many(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
