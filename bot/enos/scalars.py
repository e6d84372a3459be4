"""Loose JSON scalars, lists and keys of the platform, turned into what they mean.

Source: the batch API prints ids as numbers, floats (``3381.0``) and strings, in one version or another
(List Workflow Directories says so explicitly), and keys of graphs in camelCase and snake_case.
"""

import json
import re
from collections.abc import Mapping

_UNDERSCORE = re.compile(r"_+([A-Za-z0-9])")
_DIGITS = re.compile(r"[+-]?\d{1,30}(\.0*)?")


def number(value: object) -> int | None:
    """Return the whole number in an int, float or string; None for anything else, fractions included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value.strip().split(".")[0])
    return None


def text(value: object) -> str:
    """Return a scalar as text: whole floats lose their fraction, null is empty, a structure is compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        whole = number(value)
        return str(value if whole is None else whole)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def flag(value: object) -> bool:
    """Return whether a boolean, number or word means yes; anything unreadable means no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() == "true":
        return True
    return number(value) not in (None, 0)


def names(value: object) -> tuple[str, ...]:
    """Return user names from ``a;b``, ``;a;b;``, blank-padded text, or a list; each once, in order."""
    parts = value if isinstance(value, list) else [value]
    found = (name.strip() for part in parts for name in text(part).split(";"))
    return tuple(dict.fromkeys(filter(None, found)))


def camel(row: Mapping[str, object]) -> dict[str, object]:
    """Return an object with its snake_case keys as camelCase; a camelCase key wins over its twin.

    Not deeper than its own keys: what they hold may be keyed by people (parameters).
    """
    snakes = [key for key in row if "_" in key.strip("_")]
    result = dict(row)
    for key in snakes:
        del result[key]
    for key in snakes:
        result.setdefault(_UNDERSCORE.sub(lambda found: found.group(1).upper(), key), row[key])
    return result


def one(value: object) -> dict[str, object] | None:
    """Return the object in an object or in a list of one, keys in camelCase; None where there is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    return camel(value) if isinstance(value, dict) and value else None


def rows(value: object) -> list[dict[str, object]]:
    """Return the objects in a list, keys in camelCase; empty ones and what is no object left out."""
    listed = value if isinstance(value, list) else [value]
    return [camel(row) for row in listed if isinstance(row, dict) and row]


def loads(raw: str | bytes) -> object:
    """Return the JSON value; raises ValueError. Control characters and stray bytes are forgiven."""
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8-sig", "replace")
    try:
        return json.loads(raw, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
