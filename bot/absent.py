"""Modules that libraries import for functions which flowbot never calls: to read them takes time and memory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Self


class _Nothing(str):
    """The class of what an absent module holds under each name. As a function it gives an empty text."""

    __slots__ = ()

    def __new__(cls, *_given: Any, **_named: Any) -> Self:
        """Make it, whatever is given."""
        return super().__new__(cls)


class _Absent(ModuleType):
    """Stands for a module."""

    def __getattr__(self, name: str) -> Any:
        """Whatever is imported from it."""
        return type(name, (_Nothing,), {})


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let libraries that are imported meanwhile find nothing in these modules. What was imported before stays."""
    stand_ins = {name: _Absent(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
