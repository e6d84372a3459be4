"""Messages about the monitoring itself: EnOS out of reach, what it cannot see, and whether it is in time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.flow.model import FlowName, LeftOut
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card, fit
from bot.core.text.escape import code
from bot.core.text.message import Text, layout, lines, listed, msg, plural, sentences, verbatim
from bot.messages.cards import flows
from bot.messages.symbols import GREEN, RED

_NAMES = 10
_KINDS = {0: msg("manual"), 1: msg("periodic"), 2: msg("temporary")}

# ── EnOS out of reach ──


def unreachable(since: datetime, why: Text) -> Card:
    """The one notice that EnOS cannot be read."""
    text = lines(
        msg(
            "🔴 I have not reached EnOS since {time}. I don't see failures now. I'll catch up when it answers.",
            time=since,
        ),
        layout("> {why}", why=why),
        msg("If this lasts, ask an operator to run `flowbot doctor`."),
    )
    return blocks.Card(msg("Can't reach EnOS · failures are not seen now"), [blocks.section(text)], RED)


def was_unreachable(since: datetime, until: datetime) -> Card:
    """The notice as it is edited once EnOS answers again."""
    line = msg("🟢 EnOS answers again. I couldn't reach it from {since} to {until}.", since=since, until=until)
    return blocks.Card(_answers_again(until - since), [blocks.section(line)], GREEN)


def all_clear(since: datetime, until: datetime, failures: int) -> Card:
    """The one all-clear, with the number of failures that were caught up."""
    lasted = until - since
    if failures:
        line = plural(
            "🟢 EnOS answers again after {duration}. {n} failure in that time, posted here.",
            "🟢 EnOS answers again after {duration}. {n} failures in that time, posted here.",
            failures,
            duration=lasted,
        )
    else:
        line = msg("🟢 EnOS answers again after {duration}. No failures in that time.", duration=lasted)
    return blocks.Card(_answers_again(lasted), [blocks.section(line)])


def _answers_again(lasted: timedelta) -> Text:
    return msg("EnOS answers again after {duration}", duration=lasted)


# ── what cannot be seen, or not be trusted ──


def gap(watching: int, total: int, missing: Sequence[FlowName], user: str) -> Card:
    """The alarm that some flows cannot be watched; ``user`` is the EnOS user the watcher reads as."""
    named = [layout("{flow} ({id})", flow=flows.bold(each.name), id=code(str(each.id))) for each in missing[:_NAMES]]
    text = lines(
        msg(
            "⚠️ I watch {n} of {total} flows. I can't see failures of: {flows}",
            n=watching,
            total=total,
            flows=listed(named, len(missing)),
        ),
        msg("EnOS shows me only flows that the user {user} can see.", user=code(user)),
        msg("How to fix: add that user to these flows in EnOS, or ask an operator to set another ENOS_USER_ID."),
        msg("I check again every day."),
    )
    return blocks.Card(_watching(watching, total), [blocks.section(text)])


def _watching(watching: int, total: int) -> Text:
    return msg("Watching {n} of {total} flows", n=watching, total=total)


def left_out(rows: Sequence[LeftOut]) -> Card:
    """The notice that EnOS lists runs that cannot be read or stored; each is named in one such notice only."""
    number, more = len(rows), len(rows) - _NAMES
    text = lines(
        sentences(
            plural(
                "⚠️ *I can't read {n} run that EnOS lists.* I don't see whether it fails.",
                "⚠️ *I can't read {n} runs that EnOS lists.* I don't see whether they fail.",
                number,
            ),
            msg("All other runs are read as usual."),
        ),
        *map(_left_out, rows[:_NAMES]),
        plural("… and {n} more", "… and {n} more", more) if more > 0 else None,
        msg("Look at them in the EnOS console, and ask your EnOS administrator to fix them."),
        msg("If a line names a reference, show it to a flowbot admin."),
    )
    headline = plural("I can't read {n} run that EnOS lists", "I can't read {n} runs that EnOS lists", number)
    return blocks.Card(headline, [blocks.section(text)])


def _left_out(row: LeftOut) -> Text:
    return layout("• {run}: {why}", run=code(fit(row.shown, 120)), why=row.why)


LEFT_OUT = verbatim(
    "EnOS lists runs that can't be read or stored, so nobody sees whether they fail. All other runs are read as usual. "
    "The alert channel and the log name them."
)


def gap_closed(total: int) -> Card:
    """The all-clear of that alarm."""
    line = msg("🟢 I watch all {total} flows of the organization now.", total=total)
    return blocks.Card(msg("Watching all {total} flows", total=total), [blocks.section(line)])


def order_unreliable(kind: int) -> Card:
    """The notice that EnOS does not sort a scheduling type by change."""
    type_ = _KINDS.get(kind) or str(kind)
    line = sentences(
        msg("⚠️ EnOS did not list runs of the type {type} in the order in which they changed.", type=type_),
        msg("A quick poll missed some of them. A full poll found them, and they are posted now."),
        msg(
            "From now on, each poll reads these runs in full, which means more requests to EnOS. "
            "You don't need to do anything."
        ),
    )
    text = msg("EnOS does not list runs in the order in which they changed")
    return blocks.Card(text, [blocks.section(line)])


# ── lag ──

LATE = msg("Polling EnOS takes too long, so alerts come late. Check the log, the machine, and how fast EnOS answers.")


def late(since: datetime) -> Card:
    """The one notice that no read has ended since a time."""
    text = lines(
        msg("⚠️ *Polling EnOS takes too long.* The last complete poll was {time}.", time=since),
        msg("Alerts come late, but none is lost."),
        msg("If this lasts, check how fast EnOS answers, and ask an operator to run `flowbot doctor`."),
    )
    return blocks.Card(msg("Polling EnOS takes too long · alerts come late"), [blocks.section(text)])


def in_time_again(lasted: timedelta) -> Card:
    """The one all-clear."""
    line = msg(
        "🟢 Polling EnOS is on time again after {duration}. Failures from that time are posted here.", duration=lasted
    )
    return blocks.Card(msg("Polling EnOS is on time again after {duration}", duration=lasted), [blocks.section(line)])


# ── the promise ──


def promise_broken(why: Iterable[Text]) -> Card:
    """The direct message to an admin: failures may not be reported now."""
    text = lines(
        sentences(msg("🔴 *Alerts may be late.*"), *why),
        msg("Check `status`, `flowbot doctor` and the log. I'll tell you when it is over."),
    )
    return blocks.Card(msg("flowbot is in trouble · alerts may be late"), [blocks.section(text)], RED)


def promise_kept() -> Card:
    """The direct message to an admin when that is over."""
    line = msg("🟢 *Alerts are on time again.*")
    return blocks.Card(msg("flowbot is fine · alerts are on time again"), [blocks.section(line)], GREEN)
