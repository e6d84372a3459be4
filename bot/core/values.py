"""``dataclass`` as everywhere, but lean: flowbot has hundreds of them.

For each frozen class the standard library writes and compiles eight functions. That was a fifth of the time of a start,
and a twentieth of the memory (decision 38). Here a class gets a constructor, and shares everything else with all
others. mypy takes it for the standard library's, and it is mypy that keeps values frozen: at run time nothing does.
"""

import dataclasses
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self.compared_by(self) == self.compared_by(other)


def _hash(self: Any) -> int:
    return hash(self.compared_by(self))


def _shown(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  so that others may import it
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, **options: bool) -> Any:
        """Make a class a dataclass; the options are the standard library's, but for ``order``."""
        if cls is None:
            return partial(dataclass, frozen=frozen, eq=eq, **options)
        shared = {"__repr__": _shown}
        if eq:
            shared |= {"__eq__": _equal, "__hash__": _hash if frozen else None}
        for name, function in shared.items():
            if vars(cls).get(name) is None:
                setattr(cls, name, function)
        made = dataclasses.dataclass(repr=False, eq=False, **options)(cls)
        made.compared_by = attrgetter("__class__", *(each.name for each in dataclasses.fields(made) if each.compare))
        return made
