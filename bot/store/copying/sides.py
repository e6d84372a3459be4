"""What the two sides of a copy have in common: what they are asked, and how they say why it cannot be done."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from bot.core.errors import DatabaseUnavailable, Refusal
from bot.core.text.message import plain, verbatim
from bot.core.values import dataclass

AT_ONCE = 500  # rows
Batch = list[tuple[Any, ...]]

# The store's own sentences end with what to do before a start.
_WAYS_OUT = {
    "locked": "Stop it first.",
    "linked": "Remove the other names.",
    "not_a_lock": "Move it away.",
    "unwritable": "Create the directory, or give this user the right to write there.",
    "newer_database": "Copy it with that flowbot.",
    "not_a_database": "Name another database, or restore a backup there.",
    "foreign_database": "Name a database of flowbot.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the copy: its columns, and by which of them both sides order its rows."""

    table: str
    columns: tuple[str, ...]
    order: tuple[str, ...]

    @property
    def select(self) -> str:
        """The statement that reads it."""
        return f"SELECT {quoted(self.columns)} FROM {self.table} ORDER BY {quoted(self.order)}"  # noqa: S608  names of ours only


class Side(Protocol):
    """One of the two databases."""

    was_older: bool  # it was brought to the newest version as it was opened

    def has_rowid(self, table: str) -> bool:
        """Whether the rows of a table are numbered as they arrive, though no column of ours says so."""

    def count(self, table: str) -> int:
        """How many rows a table has."""

    def batches(self, part: Part) -> Iterator[Batch]:
        """The rows of a table in order, a few at a time."""

    def last_numbers(self) -> Mapping[str, int]:
        """The last number that a table has given, though its row may be deleted by now."""


class Target(Side, Protocol):
    """The new database."""

    def fitting(self, batch: Batch) -> tuple[Batch, int]:
        """The rows as this database can hold them, and how many of them differ from what they were."""

    def write(self, part: Part, batches: Iterable[Batch]) -> None:
        """Add rows to a table that has none."""

    def finish(self, last_numbers: Mapping[str, int]) -> None:
        """Go on counting from there, and do what is sooner done once all rows are there."""


def quoted(columns: Iterable[str]) -> str:
    """Columns for a statement of either kind: one is named as a word of PostgreSQL."""
    return ", ".join(f'"{column}"' for column in columns)


# ── why not ──


@contextmanager
def opening(name: str) -> Iterator[None]:
    """Say which of the two cannot be opened, and what to do for a copy."""
    try:
        yield
    except Refusal as refusal:
        if refusal.reason not in _WAYS_OUT:
            raise
        raise refused(refusal.reason, f"{name}: {plain(refusal.sentence)}", _WAYS_OUT[refusal.reason]) from refusal
    except DatabaseUnavailable as unavailable:
        raise cannot("open", name, unavailable.reason) from unavailable


def cannot(act: str, name: str, why: str) -> Refusal:
    """What is said where a database does not let itself be opened, read or written."""
    return refused("unavailable", f"Can't {act} {name}: {why}.", "")


def refused(reason: str, sentence: str, way_out: str) -> Refusal:
    """A refusal of the copy."""
    return Refusal(reason, verbatim(sentence), verbatim(f"Nothing was copied. {way_out}".strip()))


def no_database(name: str) -> Refusal:
    """There is nothing to copy."""
    return refused("no_database", f"There is no database of flowbot at {name}.", "Check the path or the address.")


def not_empty(name: str, way_out: str) -> Refusal:
    """There is something where the copy should go."""
    return refused("not_empty", f"{name} is not empty.", way_out)


def same(name: str) -> Refusal:
    """Source and target are one."""
    return refused("same", f"{name} is the database that should be copied.", "Name another one.")
