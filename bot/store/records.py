"""Frozen dataclasses of core as JSON text, for facts that are only read and written whole.

A record that an older version wrote lacks fields: they get their defaults. Fields that are no longer known are dropped.
"""

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from bot.store.transactions import from_timestamp, timestamp

_Record = TypeVar("_Record")
_MILLISECOND = timedelta(milliseconds=1)


def to_text(record: object) -> str:
    """A record as text; empty where all its fields have their defaults."""
    found = _plain(record)
    return json.dumps(found, ensure_ascii=False) if found else ""


def from_text(kind: type[_Record], text: str) -> _Record:
    """What ``to_text`` wrote. Raises ``ValueError`` or ``TypeError`` for what it did not write."""
    return _built(kind, json.loads(text)) if text else kind()


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, timedelta):
        return value // _MILLISECOND
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {
            each.name: _plain(held) for each in fields(value) if (held := getattr(value, each.name)) != each.default
        }
    return value


def _built(kind: Any, found: Any) -> Any:
    if found is None:
        return None
    origin = get_origin(kind)
    if origin in {types.UnionType, Union}:
        return _built(next(each for each in get_args(kind) if each is not type(None)), found)
    if origin is tuple:
        return tuple(_built(get_args(kind)[0], each) for each in found)
    if kind is datetime:
        return from_timestamp(found)
    if kind is timedelta:
        return found * _MILLISECOND
    if isinstance(kind, type) and is_dataclass(kind):
        known = _hints(kind)
        return kind(**{name: _built(known[name], held) for name, held in found.items() if name in known})
    return found


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)
