"""How text from outside is made harmless in Slack: the one place where it is cleaned and escaped, and only once.

Slack reads ``<!channel>``, ``<@U…>`` and ``<url|label>`` in mrkdwn; escaped text can do none of it.
Source: docs.slack.dev, "Formatting message text" (exactly three characters are escaped).

Cleaning removes, for every surface, what makes a reader see something else than what is there:

    bidirectional controls        removed: one of them reverses the rest of a line, our own text included
    other controls, invisible     removed, with terminal commands and hidden words; tabs and line ends stay
    joiners (U+200C, U+200D)      kept where they join: behind an emoji, and behind letters of scripts that change
                                  their shape by them (Persian, the scripts of India); removed between other letters,
                                  where they only make two names look like one
    combining marks               four on one character stay, enough for every language; the rest is removed
    not text (NUL, half a pair)   becomes �: neither the database nor Slack can store it
    private use                   kept: such a character reverses nothing, and a name must be copied as it is

``legible`` does less, for all that is stored: half a UTF-16 pair (a lone surrogate such as U+D83D) has no UTF-8, and
NUL ends a text in SQLite. One such character in one name must not stop whatever else is written with it.
"""

import html
import re
import unicodedata
from collections.abc import Mapping

NO_TEXT = re.compile("[\x00\ud800-\udfff]")
# Bidirectional controls, zero-width spaces, soft hyphens, control characters: nobody sees them.
# Joiners (U+200C, U+200D) are left alone, since they change what people see.
INVISIBLE = "".join(
    map(chr, [*range(1, 9), *range(14, 28), *range(127, 133), *range(134, 160), 0xAD, 0x61C, 0x180E])
) + ("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff")
_UNSHOWN = re.compile(f"[{re.escape(INVISIBLE)}]")
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # whole numbers that SQLite holds


def legible(text: str, limit: int | None = None) -> str:
    """The text with � for what is not text, cut with … to ``limit`` characters."""
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return NO_TEXT.sub("�", text)


# What cannot be escaped is shown as a character that looks like it; ``likeness.py`` undoes that in what people copy.
SUBSTITUTES: Mapping[str, str] = {"`": "ˋ", "*": "∗"}


class Markup(str):
    """Mrkdwn that is escaped already."""

    __slots__ = ()


EMPTY = Markup()


_NOT_SHOWN = re.compile("[\x00\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TERMINAL = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)?"
)  # colours, titles, cursors
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x01-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Behind one of these a joiner joins: shaping scripts, and emoji with their colours and variants.
_SHAPED = "\u0600-\u109f\u1780-\u18af\ua840-\ua877\U00010a00-\U00010aff\U00011000-\U000116ff"
_EMOJI = "\u00a9\u00ae\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
_JOINERS = "\u200c\u200d"
_IDLE_JOINER = re.compile(rf"(?<![{_SHAPED}{_EMOJI}])[{_JOINERS}]|[{_JOINERS}](?=[\s{_JOINERS}]|\Z)")
_MARKS = 4  # on one character
_MARK = frozenset({"Mn", "Me"})  # the categories of combining marks
_BREAK = re.compile("[\r\n\u2028\u2029]")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{0,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")


def clean(text: str) -> str:
    """The text as it may be shown anywhere, see above. Lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_END.sub("\n", _NOT_SHOWN.sub("�", _TERMINAL.sub("", text)))
    text = _UNSEEN.sub("", text)
    if text.isascii():
        return text
    text = _IDLE_JOINER.sub("", text)
    if _MARK.isdisjoint(map(unicodedata.category, set(text))):  # nearly every text, Chinese included
        return text
    kept: list[str] = []
    marks = 0  # behind one another
    for sign in text:
        if unicodedata.category(sign) in _MARK:
            marks += 1
        elif sign not in _JOINERS:  # a joiner does not begin a new character
            marks = 0
        if marks and (not kept or kept[-1].isspace()):
            kept.append("◌")  # a mark without a character
        if marks <= _MARKS:
            kept.append(sign)
    return "".join(kept)


def escape(text: str) -> Markup:
    """Mrkdwn that shows ``text`` and does nothing: no mention, no link."""
    return Markup(html.escape(clean(text), quote=False))


def code(text: str) -> Markup:
    """``text`` escaped and in code ticks, on one line; nothing for an empty text."""
    line = one_line(text).replace("`", SUBSTITUTES["`"])
    return Markup(f"`{html.escape(line, quote=False)}`" if line else "")


def plain(text: str, limit: int) -> str:
    """``text`` for a plain_text object: one line, never empty, cut with … to ``limit`` characters.

    Slack parses nothing in plain_text, so nothing is escaped.
    """
    line = one_line(text) or "–"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """The text cleaned, without line breaks and without spaces around it."""
    # Not one expression with \s* before the break: on many spaces in a row it would start again at each of them.
    return " ".join(filter(None, map(str.strip, _BREAK.split(clean(text)))))


def mention(user: str) -> Markup:
    """The mention of a Slack user id; anything else is shown as text."""
    return Markup(f"<@{user}>") if _PERSON.fullmatch(user) else escape(user)


def mention_group(group: str) -> Markup:
    """The mention of a Slack user group id; anything else is shown as text."""
    return Markup(f"<!subteam^{group}>") if _GROUP.fullmatch(group) else escape(group)


def mention_channel(channel: str) -> Markup:
    """The link to a Slack channel by its id; anything else is shown as text."""
    return Markup(f"<#{channel}>") if _CHANNEL.fullmatch(channel) else escape(channel)


def visible(text: str) -> str:
    """A text that cannot disturb the sentence around it: one line, no controls, no code ticks."""
    return _UNSHOWN.sub("", re.sub(r"\s", " ", text)).replace("`", "ˋ")
