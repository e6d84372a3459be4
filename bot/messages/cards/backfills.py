"""Backfills: the one message that shows how far one is, and what is said beside it.

What one would start is said by ``backfill_plans.py``.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from bot.core.flow.backfill import (
    Backfill,
    BackfillStart,
    BackfillState,
    PauseReason,
    Progress,
    StartState,
    expected_end,
    progress,
)
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.text.escape import Markup, code, escape, mention
from bot.core.text.message import Text, Value, dots, layout, lines, link, msg, plural, sentences, slack_date
from bot.messages.cards import answers, flows
from bot.messages.symbols import GREEN, GREY, RED

PAUSE, STOP, GO_ON = msg("Pause"), msg("Stop"), msg("Go on")
THE_REST = msg("Backfill the rest")
_LISTED = 20  # of what failed
_WIDTH = 20  # characters in the bar


# ── how far it is ──


def card(
    backfill: Backfill, starts: Sequence[BackfillStart], now: datetime, *, platform: timedelta | None = None
) -> Card:
    """The message of a backfill as it is now."""
    found = progress(starts)
    over = backfill.state in {BackfillState.ENDED, BackfillState.STOPPED}
    text = lines(
        _whose(backfill, starts, found),
        _counts(found),
        *_now(found, None if over else expected_end(backfill, starts, now)),
        _state(backfill, found),
    )
    parts: list[Block] = [blocks.section(text)]
    if found.total:
        filled = _WIDTH * found.over // found.total
        bar = "▰" * filled + "▱" * (_WIDTH - filled)
        done = msg("{done} of {total}", done=found.over, total=found.total)
        parts.append(blocks.context(layout("{bar}  {count}", bar=bar, count=done)))
    if over and found.not_done:
        parts.append(blocks.section(_what_failed(found.not_done, platform)))
    if row := answers.offered(_offers(backfill, found), backfill.post)[0]:
        parts.append(blocks.actions(*row))
    name = escape(flows.short(backfill.flow_name) or str(backfill.flow_id))
    count = msg("{done} of {total}", done=found.over, total=found.total)
    return blocks.Card(dots(_headline(backfill, found), name, count), parts, _color(backfill, found))


def fingerprint(card: Card) -> str:
    """What tells this message from any other."""
    return sha256(json.dumps(blocks.rendered(card)).encode()).hexdigest()[:16]


def _headline(backfill: Backfill, found: Progress) -> Text:
    match backfill.state:
        case BackfillState.PAUSED:
            return msg("Backfill paused")
        case BackfillState.STOPPING | BackfillState.STOPPED:
            return msg("Backfill stopped")
        case BackfillState.ENDED if found.not_done:
            return msg("Backfill done, with failures")
        case BackfillState.ENDED:
            return msg("Backfill done")
        case _:
            return msg("Backfill running")


def _color(backfill: Backfill, found: Progress) -> str | None:
    if backfill.state is BackfillState.ENDED:
        return RED if found.not_done else GREEN
    return GREY if backfill.state is BackfillState.STOPPED else None


def _whose(backfill: Backfill, starts: Sequence[BackfillStart], found: Progress) -> Text:
    return plural(
        "Backfill {number} of {flow}, as {person}: {n} run, for trigger times from {first} to {last}.",
        "Backfill {number} of {flow}, as {person}: {n} runs, for trigger times from {first} to {last}.",
        found.total,
        number=str(backfill.number),
        flow=_named(backfill),
        person=mention(backfill.by.user),
        first=starts[0].at if starts else backfill.at,
        last=starts[-1].at if starts else backfill.at,
    )


def _counts(found: Progress) -> Text:
    failed = sum(each.state is StartState.FAILED for each in found.not_done)
    not_started = sum(each.state is StartState.NOT_STARTED for each in found.not_done)
    lost = sum(each.state is StartState.LOST for each in found.not_done)
    return sentences(
        msg("{done} of {total} done.", done=found.over, total=found.total),
        plural("{n} succeeded.", "{n} succeeded.", found.succeeded) if found.succeeded else None,
        plural("{n} failed.", "{n} failed.", failed) if failed else None,
        plural("{n} was not started.", "{n} were not started.", not_started) if not_started else None,
        plural("I lost sight of {n} run.", "I lost sight of {n} runs.", lost) if lost else None,
        plural("For {n} somebody else started a run.", "For {n} somebody else started a run.", found.taken)
        if found.taken
        else None,
        plural(
            "{n} trigger time was left out, because it had a run.",
            "{n} trigger times were left out, because they had a run.",
            found.left_out,
        )
        if found.left_out
        else None,
    )


def _now(found: Progress, end: datetime | None) -> Iterable[Text]:
    current = found.current
    if current is not None and current.instance:
        yield msg("Running now: {run}, trigger time {time}.", run=code(current.instance), time=current.at)
    elif current is not None:
        yield msg("Starting now: trigger time {time}.", time=current.at)
    if end is not None:
        yield msg("At this pace it is done at about {time}.", time=end)


def _state(backfill: Backfill, found: Progress) -> Text | None:
    person = mention(backfill.acted_by.user) if backfill.acted_by else Markup()
    match backfill.state:
        case BackfillState.PAUSED:
            paused = _why_paused(backfill, person)
            return sentences(paused, msg("The run that is under way goes on.") if found.current else None)
        case BackfillState.STOPPING:
            return msg("{person} stopped it. The run that is under way goes on.", person=person)
        case BackfillState.STOPPED:
            return plural(
                "{person} stopped it. {n} run was not started.",
                "{person} stopped it. {n} runs were not started.",
                found.waiting,
                person=person,
            )
        case BackfillState.RUNNING if backfill.acted_by is not None:
            return msg("{person} let it go on.", person=person)
        case BackfillState.ENDED if found.not_done:
            return msg("Runs of a backfill that fail open no incident.")
        case _:
            return None


def _why_paused(backfill: Backfill, person: Markup) -> Text:
    """Why it is paused, and what lets it go on."""
    who, flow = code(flows.short(backfill.user_name)), _named(backfill)
    another = msg("An owner can let it go on, and then the runs start as that owner.")
    match backfill.reason:
        case PauseReason.PERSON:
            return msg("{person} paused it.", person=person)
        case PauseReason.NOT_OWNER:
            return sentences(msg("⚠️ Paused: {user} is not an owner of {flow} any more.", user=who, flow=flow), another)
        case PauseReason.NOT_LINKED | PauseReason.NOT_VERIFIED:
            return sentences(msg("⚠️ Paused: the link of the person behind {user} has changed.", user=who), another)
        case PauseReason.INACTIVE:
            gone = msg("⚠️ Paused: the person behind {user} is not active in Slack any more.", user=who)
            return sentences(gone, another)
        case PauseReason.FLOW_LOCKED:
            return msg("⚠️ Paused: {flow} is locked in EnOS. Unlock it there, then let it go on.", flow=flow)
        case PauseReason.USER_LOCKED:
            return sentences(msg("⚠️ Paused: EnOS has locked the user {user}.", user=who), another)
        case PauseReason.HIDDEN:
            return msg("⚠️ Paused: EnOS does not show {flow} to {user} any more.", flow=flow, user=who)
        case PauseReason.LOST:
            return msg("⚠️ Paused: I lost sight of its last run. Look at the runs of {flow} first.", flow=flow)
        case PauseReason.BUG:
            return msg(
                "⚠️ Paused: something broke on my side. Give a flowbot admin this reference: {reference}.",
                reference=code(backfill.detail),
            )
        case _:
            return msg("⚠️ Paused: the next run was refused ({reason}).", reason=code(backfill.detail))


def _what_failed(those: Sequence[BackfillStart], platform: timedelta | None) -> Text:
    rows = [_row(each, platform) for each in those[:_LISTED]]
    more = len(those) - len(rows)
    rest = plural("… and {n} more", "… and {n} more", more) if more else None
    return lines(layout("*{title}*", title=msg("Without a successful run")), *rows, rest)


def _row(start: BackfillStart, platform: timedelta | None) -> Text:
    if start.state is StartState.LOST:
        what: Text = msg("lost sight of it")
    elif start.state is StartState.NOT_STARTED and start.why:
        what = msg("not started: no minute of its data date is free")
    elif start.state is StartState.NOT_STARTED:
        what = msg("not started: EnOS did not confirm it")
    else:
        what = flows.status_word(start.status if start.status is not None else -1)
    date = flows.day_before(start.at, platform)
    run = code(start.instance) if start.instance else None
    row = dots(slack_date(start.at), msg("data date {date}", date=date) if date else None, run, what)
    return layout("• {row}", row=row)


def _offers(backfill: Backfill, found: Progress) -> list[tuple[Text, str]]:
    number, turn = backfill.number, backfill.turn + 1
    stop = (STOP, f"backfills stop {number} turn {turn}")
    match backfill.state:
        case BackfillState.RUNNING:
            return [(PAUSE, f"backfills pause {number} turn {turn}"), stop]
        case BackfillState.PAUSED:
            return [(GO_ON, f"backfills resume {number} turn {turn}"), stop]
        case BackfillState.ENDED | BackfillState.STOPPED if found.not_done or found.waiting:
            return [(THE_REST, f"backfill {backfill.flow_id} again {number}")]
        case _:
            return []


def _named(backfill: Backfill) -> Markup:
    return flows.flow_name(backfill.flow_id, backfill.flow_name)


# ── what is said beside it ──


def paused_note(backfill: Backfill, why: Text | None = None) -> Card:
    """The direct message to who started it, where it paused by itself; ``why``: for a reason without a sentence."""
    why = why if backfill.reason is PauseReason.REFUSED else None
    said = msg("Your backfill of {flow} is paused.", flow=_named(backfill))
    then = msg("Its message in the channel has the buttons *Go on* and *Stop*.")
    return blocks.Card(
        dots(msg("Backfill paused"), escape(flows.short(backfill.flow_name) or str(backfill.flow_id))),
        [blocks.section(lines(said, _why_paused(backfill, Markup()), why, then))],
    )


def has_one(backfill: Backfill, url: str) -> Text:
    """Why a second backfill of a flow is refused."""
    said = msg("{flow} has a backfill that has not ended. Nothing was started.", flow=_named(backfill))
    if not url:
        return said
    label = msg("its message")
    return sentences(said, msg("See {link}.", link=link(url, label)))


def shown(backfill: Backfill, starts: Sequence[BackfillStart], url: str) -> Text:
    """The line of ``show``."""
    found = progress(starts)
    values: dict[str, Value] = {"done": found.over, "total": found.total}
    if backfill.state is BackfillState.PAUSED:
        said = msg("*Backfill:* paused, {done} of {total} done.", **values)
    elif backfill.state is BackfillState.STOPPING:
        said = msg("*Backfill:* being stopped, {done} of {total} done.", **values)
    else:
        said = msg("*Backfill:* running, {done} of {total} done.", **values)
    return sentences(said, link(url, msg("View it")) if url else None)


def acted(backfill: Backfill, act: str) -> Text:
    """What the person who pressed a button reads."""
    flow = _named(backfill)
    if act == "pause":
        return msg("You paused the backfill of {flow}. A run that is under way goes on.", flow=flow)
    if act == "stop":
        return msg("You stopped the backfill of {flow}. A run that is under way goes on.", flow=flow)
    return msg("The backfill of {flow} goes on. Its next runs start as you.", flow=flow)


def counted(running: int, paused: int) -> Text | None:
    """The line of ``status``; None where there is no backfill."""
    return sentences(
        plural("{n} backfill is running.", "{n} backfills are running.", running) if running else None,
        plural("{n} backfill is paused.", "{n} backfills are paused.", paused) if paused else None,
    )
