"""Spelling: how names, keys, values and notes are written so that the parser reads the same back."""

import re

from bot.core.command.characters import CORNERS, DOUBLE, PUNCTUATION, QUOTES, SINGLE, STRAIGHT
from bot.core.command.durations import parse_duration
from bot.core.command.markup import EQUALS, FULL_WIDTH, PAIRED, bare
from bot.core.command.tokens import CHINESE
from bot.core.flow.ids import is_instance
from bot.core.text.escape import INVISIBLE

_ENCODING = re.compile(r"&(?=(?:amp|lt|gt|#[0-9]{1,7});)|<(?=[@#!A-Za-z])")
_STRAIGHTENED = re.compile(f"[{re.escape(''.join(each for each in STRAIGHT if STRAIGHT[each] != each))}]")
# What makes the quote before it the closing one.
_CLOSES = rf"(?=[{re.escape(INVISIBLE + PUNCTUATION)}`]*\s|[{EQUALS}])"
_CLOSING = {'"': re.compile(f"[{DOUBLE}]{_CLOSES}"), "'": re.compile(f"[{SINGLE}]{_CLOSES}")}
_CLOSING_ZH = {'"': re.compile(f"[{DOUBLE}]"), "'": re.compile(f"[{SINGLE}]")}  # a word may follow without a space
_WORD = re.compile(r"\w[\w.-]*")
BLANK = "…"  # where an offered command has its reason
DRY_RUN = "dry-run"  # the one word of the grammar that is not letters only
# The others are, so a name with one of these is not a word of the grammar.
_NO_CLAUSE = re.compile(r"[0-9_.-]")
OF = re.compile(r"\Aof(?:\s+|\Z)", re.IGNORECASE)  # before a note: "because of the deploy"
_ENDS_KEY = re.compile(rf"[\s`{EQUALS}{re.escape(QUOTES)}]|^[{PAIRED}{''.join(CORNERS)}]")


def spell_value(value: str) -> str:
    """A value: bare, or quoted where it must be."""
    text = _encoded(value)
    if text and text[0] not in QUOTES and not any(map(str.isspace, text)):
        return text
    return _quoted(text)


def spell_name(name: str) -> str:
    """A name: bare where it cannot be anything else, or quoted."""
    is_free = name.casefold() != DRY_RUN and _NO_CLAUSE.search(name)
    if is_free and _is_word(name) and not _number(name) and not is_instance(name):
        return name if parse_duration(name) is None else _quoted(name)
    return _quoted(_STRAIGHTENED.sub(_entity, _encoded(name)))


def spell_word(word: str) -> str:
    """A word where no clause can be: bare unless it has characters that names do not have."""
    return word if _is_word(word) else spell_name(word)


def spell_key(key: str) -> str:
    """A key: bare, or quoted where it must be; what would be straightened is written as a number."""
    text = _STRAIGHTENED.sub(_entity, _encoded(key))
    chinese = CHINESE.search(text) is not None
    return _quoted(text) if chinese or _ENDS_KEY.search(text) or text.translate(FULL_WIDTH) != text else text


def spell_note(note: str) -> str:
    """A note, which is the rest of a command without an "of" before it."""
    return ("of " if OF.match(note) else "") + spell_rest(note)


def spell_rest(text: str) -> str:
    """The rest of a command, without the spaces around it."""
    text = _encoded(text)
    inner = text.strip()
    start = text.index(inner) if inner else len(text)
    edges = text[:start], text[start + len(inner) :]
    before, after = ("".join(f"&#{ord(each)};" for each in edge) for edge in edges)
    return before + inner + after


def _encoded(text: str) -> str:
    """A text, encoded where it looks like an encoding of Slack's."""
    return _ENCODING.sub(lambda match: "&amp;" if match[0] == "&" else "&lt;", text)


def _quoted(text: str) -> str:
    closes = _CLOSING_ZH if CHINESE.search(text) else _CLOSING
    for quote, closing in closes.items():
        if not closing.search(text):
            return f"{quote}{text}{quote}"
    return f'"{closes[chr(34)].sub(_entity, text)}"'


def _is_word(text: str) -> bool:
    """Whether a text is read as it stands: none of its characters could be a mark or punctuation."""
    if CHINESE.search(text):  # a part of it may be a word of the grammar
        return False
    return _WORD.fullmatch(text) is not None and bare(text) == text and not {text[0], text[-1]} & set(PAIRED)


def _number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
