"""What a transaction is handed: a database that runs statements, SQLite's (``sqlite.py``) or PostgreSQL's.

The statements are SQLite's; ``postgres/sql.py`` is the one place that translates them. Rows are read by name and by
position, on both.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from bot.core.bridges.model import BridgeSettings

CACHES = ("incidents", "seen", "rules")  # what the store keeps of rows, as long as nobody else writes them


class Row(Protocol):
    """A row, read by the name or the position of a column."""

    def __getitem__(self, column: str | int) -> Any: ...


class Cursor(Protocol):
    """What a statement has returned."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """The connection with what a transaction says besides.

    ``forget`` is called with names of ``CACHES`` whose rows somebody else has written; nobody else writes a file.
    """

    is_shared: bool  # others may write it, too
    has_queued_posts: bool  # in this transaction
    has_bridge_events: bool  # the same for events
    bridges: BridgeSettings
    language: str  # of messages that a channel reads, and of those for people whose language is not known
    forget: Callable[[Iterable[str]], None]
    me: str  # the id of this replica; empty where there is but one

    @property
    def conn(self) -> Any:
        """The connection underneath, as SQLite's is."""

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None, /) -> Cursor:
        """Run a statement."""

    def insert_rows(self, head: str, rows: Sequence[Sequence[Any]], tail: str = "") -> Any:
        """Insert rows with one statement: ``INSERT … INTO table``, maybe with columns; ``tail``: what on a conflict."""

    def table(self, table_name: str, *, pk: Any) -> Any:
        """A table, whose rows ``upsert`` inserts or changes; ``pk`` names its key."""

    def probe(self) -> None:
        """Write something. Raises ``DatabaseUnavailable``."""
