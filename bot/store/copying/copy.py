"""Copying a database: table by table, a few rows at a time; then all that was written is read again, and compared.

The new database appears once that is done. Until then, whatever happens, there is nothing at its address.
"""

import hashlib
import marshal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.values import dataclass
from bot.store.copying import sqlite
from bot.store.copying.sides import Batch, Part, Side, Target, refused
from bot.store.postgres import schema

if TYPE_CHECKING:
    from bot.store.store import ServerAddress

Told = Callable[[str, int, int], None]  # of a table, how many rows are done, and of how many

ITS_OWN = frozenset({"sqlite_sequence", "unscrubbed", "replicas"})  # what each database has its own of


@dataclass(frozen=True, slots=True)
class Report:
    """What was copied."""

    rows: int
    tables: int
    changed: int  # rows with NUL characters, which PostgreSQL does not hold
    was_older: bool  # the source was brought to the newest version first


def copy(from_: "Path | ServerAddress", to: "Path | ServerAddress", copied: Told, compared: Told) -> Report:
    """Copy a database that nobody uses to where there is none. Raises ``Refusal``: then there is still none.

    ``copied`` and ``compared`` are called after each few rows.
    """
    with _source(from_) as source, _target(to, from_) as target:
        parts = [_part(name, source, target) for name in schema.tables() if name not in ITS_OWN]
        written = [_written(part, source, target, copied) for part in parts]
        target.finish(source.last_numbers())
        for part, run in zip(parts, written, strict=True):
            _compare(part, run, target, compared)
        return Report(
            rows=sum(run.rows for run in written),
            tables=len(parts),
            changed=sum(run.changed for run in written),
            was_older=source.was_older,
        )


def _part(name: str, source: Side, target: Side) -> Part:
    table = schema.tables()[name]
    if source.has_rowid(name) and target.has_rowid(name):
        return Part(name, ("rowid", *table.columns), ("rowid",))
    return Part(name, table.columns, table.key)


class _Run:
    """Once through the rows of a table: how many there are, and a sum over all that they say, in their order."""

    def __init__(self, table: str, total: int, told: Told) -> None:
        self._table, self._total, self._told = table, total, told
        self._sum = hashlib.blake2b(digest_size=16)
        self.rows = self.changed = 0

    @property
    def found(self) -> tuple[int, bytes]:
        """What is equal where the rows were."""
        return self.rows, self._sum.digest()

    def over(self, batches: Iterable[Batch], fitting: Callable[[Batch], tuple[Batch, int]]) -> Iterator[Batch]:
        """Pass the rows on."""
        for found in batches:
            batch, changed = fitting(found)
            self._sum.update(marshal.dumps(batch, 2))  # in this version, equal values are equal bytes
            self.rows += len(batch)
            self.changed += changed
            yield batch
            self._told(self._table, self.rows, self._total)


def _written(part: Part, source: Side, target: Target, told: Told) -> _Run:
    run = _Run(part.table, source.count(part.table), told)
    target.write(part, run.over(source.batches(part), target.fitting))
    return run


def _compare(part: Part, written: _Run, target: Target, told: Told) -> None:
    """Raise ``Refusal("differs")`` unless what is there now is what was written."""
    run = _Run(part.table, written.rows, told)
    for _batch in run.over(target.batches(part), _as_they_are):
        pass
    if run.found != written.found:
        raise refused("differs", f"The table {part.table} reads otherwise than it was written.", "Check the disk.")


def _as_they_are(batch: Batch) -> tuple[Batch, int]:
    return batch, 0


def _source(address: "Path | ServerAddress") -> AbstractContextManager[Side]:
    if isinstance(address, Path):
        return sqlite.source(address)
    from bot.store.copying import postgres

    return postgres.source(address)


def _target(address: "Path | ServerAddress", source: "Path | ServerAddress") -> AbstractContextManager[Target]:
    if isinstance(address, Path):
        return sqlite.target(address, source if isinstance(source, Path) else None)
    from bot.store.copying import postgres

    return postgres.target(address)
