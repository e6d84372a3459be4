"""Loose JSON scalars, lists and keys of the platform, turned into what they mean.

Source: the batch API prints ids as numbers, floats (``3381.0``) and strings, in one version or another
(List Workflow Directories says so explicitly), and keys of graphs in camelCase and snake_case. Only what a database
and Slack can hold is read: whole numbers of 64 bits, and legible text (``core/text/escape.py``).
"""

import json
import re

from bot.core.text.escape import LARGEST, SMALLEST, legible

DEEPEST = 60  # levels of nesting that are read; graphs have five
NAME, TIME, ID = 300, 64, 200  # characters kept of a name and of a printed time; a longer id is not read as one

_UNDERSCORE = re.compile(r"_+([A-Za-z0-9])")
_DIGITS = re.compile(r"[+-]?\d{1,30}(\.0*)?")
_LONGEST_NUMBER = 40  # digits of a JSON number; Python refuses one of more than 4,300
# A string to its end, or to the end of the answer; the possessive marks keep a broken one from being tried again.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)


def number(value: object) -> int | None:
    """The whole number in an int, float or string; None for anything else, also for fractions.

    None, too, for a number of more than 64 bits: no database column holds it.
    """
    found: int | None = None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        found = value
    elif isinstance(value, float):
        found = int(value) if value.is_integer() else None
    elif isinstance(value, str) and len(value) < 2 * _LONGEST_NUMBER and _DIGITS.fullmatch(value.strip()):
        found = int(value.strip().split(".")[0])
    return found if found is not None and SMALLEST <= found <= LARGEST else None


def identity(value: object) -> int | None:
    """The ID in a scalar: a whole number above zero; None for anything else."""
    found = number(value)
    return found if found is not None and found > 0 else None


def text(value: object, limit: int | None = None) -> str:
    """A scalar as text: whole floats lose their fraction, null is empty, a structure is compact JSON.

    Illegible characters become �; text longer than ``limit`` is cut with ….
    """
    if isinstance(value, str):
        return legible(value, limit)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        whole = number(value)
        return str(value if whole is None else whole)
    try:
        return legible(json.dumps(value, ensure_ascii=False, separators=(",", ":")), limit)
    except RecursionError:
        return "…"


def flag(value: object) -> bool:
    """Whether a boolean, number or word means yes; anything unreadable means no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() == "true":
        return True
    return number(value) not in (None, 0)


def names(value: object) -> tuple[str, ...]:
    """User names from ``a;b``, ``;a;b;``, text padded with spaces, or a list; each once, in order."""
    parts = value if isinstance(value, list) else [value]
    found = (legible(name.strip(), NAME) for part in parts for name in text(part).split(";"))
    return tuple(dict.fromkeys(filter(None, found)))


def rows(value: object) -> list[dict[str, object]]:
    """The objects in a list, or in place of one, without empty ones; their keys in camelCase.

    A camelCase key wins over its snake_case twin. Keys further inside stay: people may have named them (parameters).
    """
    found = []
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict) or not row:
            continue
        snakes = [key for key in row if "_" in key.strip("_")]
        camel = {key: row[key] for key in row if key not in snakes} if snakes else dict(row)
        for key in snakes:
            camel.setdefault(_UNDERSCORE.sub(lambda found: found.group(1).upper(), key), row[key])
        found.append(camel)
    return found


def single_object(value: object) -> dict[str, object] | None:
    """The object in an object or at the head of a list, keys in camelCase; None where there is none."""
    found = rows(value[:1] if isinstance(value, list) else value)
    return found[0] if found else None


def loads(raw: str | bytes) -> object:
    """The JSON value; raises ValueError.

    Control characters and stray bytes are forgiven; what is nested too deep is null, and the rest is read.
    """
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8-sig", "replace")
    try:
        return _JSON.decode(raw)
    except RecursionError:
        pass
    try:
        return _JSON.decode(_shallow(raw))
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def value_of(data: bytes) -> object:
    """The JSON value, null where it cannot be read."""
    try:
        return loads(data)
    except ValueError:
        return None


def _whole(digits: str) -> int | str:
    """A JSON number; an absurdly long one as text that is not read as a number anywhere."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits[:_LONGEST_NUMBER] + "…"


_JSON = json.JSONDecoder(strict=False, parse_int=_whole)


def _shallow(raw: str) -> str:
    """The JSON with null in place of whatever is nested too deep."""
    kept, since, depth = [], 0, 0
    for sign in _STRUCTURE.finditer(raw):
        if sign[0] in ("[", "{"):
            depth += 1
            if depth == DEEPEST + 1:
                kept += [raw[since : sign.start()], "null"]
        elif sign[0] in ("]", "}"):
            depth -= 1
            if depth == DEEPEST:
                since = sign.end()
    return "".join(kept) + raw[since:] if depth <= DEEPEST else "".join(kept)
