"""Figures of a period: as a picture to be drawn, and the same in words."""

from collections.abc import Mapping
from datetime import timedelta

from bot.core.history.stats import Bucket, End, Stats, WorstFlow
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.pictures.model import Bar, Bars, Chart
from bot.core.text.message import Message, Text, dots, layout, lines, msg, on_day, plain, plural, sentences
from bot.messages.cards import flows
from bot.messages.cards.pictures import counted

_ENDS: Mapping[End, Message] = {
    End.ITSELF: msg("Recovered by a later run"),
    End.RERUN: msg("Recovered by a rerun"),
    End.FIXED: msg("Closed as fixed"),
    End.EXPECTED: msg("Closed as expected"),
    End.DUPLICATE: msg("Closed as a duplicate"),
    End.UNNEEDED: msg("Closed as not needed"),
    End.CLOSED: msg("Closed without a resolution"),
}
_NONE = msg("None")


def title(flow: str) -> Message:
    """What the figures are about."""
    return msg("Failures of {flow}", flow=flow) if flow else msg("Failures and recoveries")


def card_parts(stats: Stats) -> list[Block]:
    """All figures in words."""
    fields = [lines(layout("*{label}*", label=label), value) for label, value in _figures(stats)]
    parts = [blocks.section(msg("*Figures*"), fields)]
    for heading, rows, nothing in (
        (_by_day(stats), [_row(_on(each), each.failures) for each in stats.buckets if each.failures], _NO_FAILURES),
        (_WORST, [_row(flows.flow_name(each.id, each.name), each.failures) for each in stats.worst], _NO_FAILURES),
        (_HOW, [_row(label, count) for label, count in _ends(stats)], _NO_INCIDENTS),
    ):
        parts.append(blocks.section(lines(layout("*{label}*", label=heading), *(rows or [nothing]))))
    return parts


_NO_FAILURES, _NO_INCIDENTS = msg("No failures."), msg("No new incidents.")
_WORST, _HOW = msg("Flows that failed most"), msg("How incidents ended")


def _by_day(stats: Stats) -> Message:
    return msg("Failures a week, from Monday") if stats.weekly else msg("Failures a day")


def _figures(stats: Stats) -> list[tuple[Message, Text]]:
    acknowledged, recovered = stats.to_acknowledge, stats.to_recover
    return [
        (msg("Failures"), layout("{n}", n=stats.failures)),
        (msg("Incidents"), layout("{n}", n=stats.incidents)),
        (msg("Time to acknowledge (median)"), _span(acknowledged.median if acknowledged else None)),
        (msg("90% acknowledged within"), _span(acknowledged.ninetieth if acknowledged else None)),
        (msg("Time to recover (median)"), _span(recovered.median if recovered else None)),
        (msg("90% recovered within"), _span(recovered.ninetieth if recovered else None)),
    ]


def _span(span: timedelta | None) -> Text:
    return _NONE if span is None else layout("{span}", span=span)


def _ends(stats: Stats) -> list[tuple[Message, int]]:
    live = [(msg("Not ended yet"), stats.live)] if stats.live else []
    return [*((_ENDS[end], count) for end, count in stats.ends), *live]


def _row(label: Text, count: int) -> Text:
    return layout("• {entry}", entry=counted(label, count))


def _on(bucket: Bucket) -> Text:
    return on_day(bucket.first)


def summary(stats: Stats) -> Text:
    """The picture in a few sentences, for those who cannot see it."""
    worst = stats.worst[0] if stats.worst else None
    ended = [counted(label, count) for label, count in _ends(stats)]
    return sentences(
        plural("{n} failure in this period.", "{n} failures in this period.", stats.failures),
        *(msg("{label}: {figure}.", label=label, figure=figure) for label, figure in _figures(stats)[1:]),
        msg("Most failures: {flow}, {n}.", flow=_name(worst), n=worst.failures) if worst else None,
        msg("{states}.", states=dots(*ended)) if ended else None,
    )


def _name(flow: WorstFlow) -> str:
    return f"{flow.id} {flows.short(flow.name)}".strip()


def drawing(stats: Stats, heading: Text, period: Text, language: str) -> Chart:
    """What is to be drawn, with its words in a language."""

    def say(text: Text) -> str:
        return plain(text, language)

    charts = (
        Bars(
            say(_by_day(stats)), tuple(_bar(say(_on(each)), each.failures) for each in stats.buckets), "", upright=True
        ),
        Bars(say(_WORST), tuple(_bar(_name(each), each.failures) for each in stats.worst), say(_NO_FAILURES)),
        Bars(say(_HOW), tuple(_bar(say(label), count) for label, count in _ends(stats)), say(_NO_INCIDENTS)),
    )
    figures = tuple((say(label), say(value)) for label, value in _figures(stats))
    return Chart(say(heading), say(period), figures, charts)


def _bar(label: str, count: int) -> Bar:
    return Bar(label, count, f"{count:,}")
