"""Messages: sentences that people read, as values, until it is known who reads them.

    msg("{person} acknowledged {flow}.", person=mention(user), flow=bold(name))

The English sentence is the key in the catalogues (``catalogue.py``). A placeholder holds data only, and its type says
how it is shown, in each language:

    Markup         mrkdwn that is escaped already: ``code``, ``bold``, ``mention`` and their kind make it
    str            text from outside: escaped
    int            with a separator for thousands; ids are text, not numbers
    timedelta      "2 h 10 min"
    datetime       a moment in the reader's own zone
    Message        a sentence or label within another
    Joined         several, one after the other
    a function     text that a library makes: it is called with the language, and its result escaped

``rendered`` makes mrkdwn of a message, ``plain`` the text for surfaces without markup: buttons, logs, terminals.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Union

from bot.core.text import catalogue
from bot.core.text.escape import Markup, clean, escape
from bot.core.text.language import EN, ZH
from bot.core.text.shown_times import IN_FULL, told_apart
from bot.core.values import dataclass

SLACK_DATE = re.compile(r"<!date\^[^<>|]*\|([^<>]*)>")  # its group is the fallback, which names its zone
PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SPACED_PLACEHOLDER = re.compile(r"( ?)\{(\w+)\}( ?)")
_WIDE = re.compile("[\u2e80-\u9fff\uff00-\uffef]")
_WIDE_PUNCTUATION = "，。：；！？、（）“”「」"
_MARKS = re.compile(r"`[^`\n]*`|(?<![*A-Za-z0-9_])\*[^*\n]+\*(?![A-Za-z0-9_])|<[^<>\n]+>")


@dataclass(frozen=True)
class Message:
    """A sentence with its data."""

    text: str  # English, with {named} placeholders
    values: Mapping[str, "Value"] = field(default_factory=dict)
    plural: str = ""  # the English sentence for a number other than one, if there is one
    number: int = 1  # which decides between the two

    def __hash__(self) -> int:
        """By its sentence: the data may hold what has no hash."""
        return hash(self.text)

    def __str__(self) -> str:
        """English without markup, as in a log."""
        return plain(self)


@dataclass(frozen=True)
class Joined:
    """Texts one after the other, without those that are None or empty.

    ``by`` is what is between them: a line end, the space between two sentences (none in Chinese), or what separates
    the entries of a list.
    """

    parts: tuple["Text | None", ...]
    by: str

    def __str__(self) -> str:
        """English without markup, as in a log."""
        return plain(self)


Text = Union[Markup, Message, Joined]  # noqa: UP007  names that are defined above
Value = Union[str, int, timedelta, datetime, Callable[[str], str], Text]  # noqa: UP007

LINES, SENTENCES, LIST, DOTS = "\n", " ", ", ", " · "
_BETWEEN = {ZH: {SENTENCES: "", LIST: "、"}}


def msg(text: str, /, **values: Value) -> Message:
    """A message; ``text`` is a literal, so that translators' tools find it."""
    return Message(text, values)


layout = msg  # for what has no words, such as ``{mark} {status}``: translators' tools look for ``msg`` alone


def plural(one: str, other: str, n: int, /, **values: Value) -> Message:
    """A message that depends on a number, which is its placeholder ``{n}``; both texts are literals."""
    return Message(one, {"n": n, **values}, other, n)


def verbatim(text: str) -> Message:
    """Text that is the same in every language: English for operators."""
    return layout("{text}", text=text)


def lines(*parts: "Text | None") -> Joined:
    """Texts, each on a line of its own."""
    return Joined(parts, LINES)


def sentences(*parts: "Text | None") -> Joined:
    """Sentences in one paragraph."""
    return Joined(parts, SENTENCES)


def dots(*parts: "Text | None") -> Joined:
    """Texts in one line with a dot between them."""
    return Joined(parts, DOTS)


def listed(items: "Iterable[Text]", total: int = 0) -> "Text":
    """Some entries of a list, "A, B and 3 more"; ``total`` is how many there are in all, where not all are given."""
    shown = Joined(tuple(items), LIST)
    more = total - len(shown.parts)
    return plural("{items} and {n} more", "{items} and {n} more", more, items=shown, total=total) if more > 0 else shown


def link(url: str, label: "Text") -> Message:
    """A link with a label."""
    return layout("<{url}|{label}>", url=Markup(html.escape(url, quote=False)), label=label)


def duration(span: timedelta) -> Message:
    """A span in words: "45 s", "3 min", "2 h 5 min", "3 d 4 h".

    Negative where a clock was put back: that is less than a second.
    """
    seconds = int(span.total_seconds())
    if seconds < 1:
        return msg("less than a second")
    if seconds < 60:
        return msg("{seconds} s", seconds=seconds)
    hours, minutes = divmod(seconds // 60, 60)
    if hours == 0:
        return msg("{minutes} min", minutes=minutes)
    days, of_day = divmod(hours, 24)
    if days == 0:
        return (
            msg("{hours} h {minutes} min", hours=hours, minutes=minutes) if minutes else msg("{hours} h", hours=hours)
        )
    return msg("{days} d {hours} h", days=days, hours=of_day) if of_day else msg("{days} d", days=days)


def ago(span: timedelta) -> Message:
    """How long ago something was; "just now" also where a clock was put back."""
    return msg("{duration} ago", duration=span) if span >= timedelta(seconds=1) else msg("just now")


_MONTHS = (
    msg("Jan"),
    msg("Feb"),
    msg("Mar"),
    msg("Apr"),
    msg("May"),
    msg("Jun"),
    msg("Jul"),
    msg("Aug"),
    msg("Sep"),
    msg("Oct"),
    msg("Nov"),
    msg("Dec"),
)


def slack_date(at: datetime) -> Markup:
    """Mrkdwn that shows a moment in the reader's own zone, and in UTC where that is not supported.

    Source: docs.slack.dev, "Formatting message text" (date formatting; mrkdwn only).
    """
    return Markup(f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.astimezone(UTC):{IN_FULL}}>")


def in_utc(at: datetime) -> Message:
    """Such as "Nov 21, 18:00 UTC": the short form where Slack's dates do not work, such as on a button."""
    shown = at.astimezone(UTC)
    return msg("{month} {day}, {time} UTC", month=_MONTHS[shown.month - 1], day=str(shown.day), time=told_apart(shown))


def on_day(day: date) -> Message:
    """Such as "Nov 21"."""
    return msg("{month} {day}", month=_MONTHS[day.month - 1], day=str(day.day))


def as_printed(text: str, offset: timedelta | None) -> Message:
    """A time as EnOS prints it with the zone it is printed in, or with the remark that the zone is not known."""
    if offset is None:
        return msg("{time} (time zone not known)", time=text)
    return layout("{time} {zone}", time=text, zone=str(timezone(offset)))


def until_on_the_clock(begin: datetime, end: datetime, zone: tzinfo) -> Message:
    """Such as "2026-11-21 18:00 to 19:30, Europe/Berlin"; a time that comes twice is shown with its offset."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    day = "" if first.date() == last.date() else f"{last.date()} "
    return msg(
        "{begin} to {end}, {zone}",
        begin=f"{first.date()} {told_apart(first)}",
        end=f"{day}{told_apart(last)}",
        zone=str(zone),
    )


def with_data(text: "Text", change: Callable[[str], str]) -> "Text":
    """The text with every piece of data from outside changed, for example without secrets."""
    if isinstance(text, Joined):
        return replace(text, parts=tuple(part and with_data(part, change) for part in text.parts))
    if isinstance(text, Message):
        return replace(text, values={name: _changed(value, change) for name, value in text.values.items()})
    return Markup(change(text))


def rendered(text: "Text", language: str = EN) -> Markup:
    """The text as mrkdwn in a language."""
    shown = _filled(text, language, _as_mrkdwn)
    return Markup(_spaced(shown) if language == ZH else shown)


def plain(text: "Text", language: str = EN) -> str:
    """The text in a language for a surface that knows no markup. The code ticks of commands stay."""
    return _filled(text, language, _as_plain)


def _filled(text: "Text", language: str, show: Callable[["Value", str], str]) -> str:
    if isinstance(text, Joined):
        by = _BETWEEN.get(language, {}).get(text.by, text.by)
        shown = [*filter(None, (_filled(part, language, show) for part in text.parts if part))]
        if not by:  # bold ends only before a space, where Latin letters or digits follow
            shown[:-1] = [f"{each} " if each.endswith("*") else each for each in shown[:-1]]
        return by.join(shown)
    if not isinstance(text, Message):
        return show(text, language)
    if language == EN:
        sentence = text.plural if text.plural and text.number != 1 else text.text
    else:
        sentence = catalogue.of(language).sentence(text.text, text.plural, text.number)
    if language == ZH:
        return _SPACED_PLACEHOLDER.sub(lambda found: _put(text, found, language, show), sentence)
    values = text.values
    return PLACEHOLDER.sub(lambda found: show(values[found[1]], language), sentence)


def _put(text: Message, found: re.Match[str], language: str, show: Callable[["Value", str], str]) -> str:
    """A piece of data in a Chinese sentence: words of ours lose the spaces that names have beside Chinese words."""
    value, before, after = text.values[found[2]], found[1], found[3]
    shown = show(value, language)
    if isinstance(value, Message | timedelta):
        before = "" if _WIDE.match(found.string[found.start() - 1 :]) and _WIDE.match(shown) else before
        after = "" if _WIDE.match(found.string[found.end() :]) and _WIDE.match(shown[-1:]) else after
    return f"{before}{shown}{after}"


def _as_mrkdwn(value: "Value", language: str) -> str:
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return escape(value)
    return slack_date(value) if isinstance(value, datetime) else _worded(value, language, _as_mrkdwn)


def _as_plain(value: "Value", language: str) -> str:
    if isinstance(value, Markup):
        return html.unescape(SLACK_DATE.sub(r"\1", value))
    if isinstance(value, str):
        return clean(value)
    return _worded(in_utc(value) if isinstance(value, datetime) else value, language, _as_plain)


def _worded(
    value: "int | timedelta | Callable[[str], str] | Message | Joined",
    language: str,
    show: Callable[["Value", str], str],
) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if callable(value):
        return show(value(language), language)
    return _filled(duration(value) if isinstance(value, timedelta) else value, language, show)


def _changed(value: "Value", change: Callable[[str], str]) -> "Value":
    if isinstance(value, Message | Joined):
        return with_data(value, change)
    if isinstance(value, Markup):
        return Markup(change(value))
    return change(value) if isinstance(value, str) else value


def _spaced(text: str) -> str:
    """Mrkdwn with the spaces that Slack needs around bold and code beside wide characters, which have none."""
    parts: list[str] = []
    end = 0
    for found in _MARKS.finditer(text):
        start, is_link = found.start(), found[0][0] == "<"
        parts += text[end:start], _space(text[start - 1 : start], is_link=is_link), found[0]
        end = found.end()
        parts.append(_space(text[end : end + 1], is_link=is_link))
    return "".join((*parts, text[end:]))


def _space(neighbour: str, *, is_link: bool) -> str:
    """What is between a mark and its neighbour: a space beside a wide character, but for links beside punctuation."""
    is_wide = neighbour >= "⺀"  # where the East Asian blocks begin; an empty text is at an end
    return " " if is_wide and not (is_link and neighbour in _WIDE_PUNCTUATION) else ""
