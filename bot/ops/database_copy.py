"""``flowbot database copy``: what it shows while it copies, and what it says in the end. It needs no settings."""

import sys
from collections.abc import Callable
from pathlib import Path

from bot.core.errors import Failure
from bot.core.postgres_address import PostgresAddress
from bot.core.text.escape import clean
from bot.settings.database import read_database
from bot.settings.readers import Problem
from bot.start import EXIT_SETTINGS, complain
from bot.store.copying.copy import Report, copy

EXIT_FAILED = 1


def run(from_: str, to: str) -> int:
    """Copy a database, say what was done, and return the exit code."""
    problems, addresses = list[str](), list[Path | PostgresAddress]()
    for name, text in (("FROM", from_), ("TO", to)):
        try:
            addresses.append(read_database(text))
        except Problem as problem:
            problems.append(problem.about(name))
    if problems:
        complain("Nothing was copied:", problems)
        return EXIT_SETTINGS
    source, target = addresses
    line = _Line()
    try:
        report = copy(source, target, line.shows("Copying"), line.shows("Comparing"))
    except Failure as failure:
        line.end()
        sys.stderr.write(clean(f"{failure}\n"))
        return EXIT_FAILED
    line.end()
    sys.stdout.write(clean(_said(report, source, target)))
    return 0


def _said(report: Report, source: Path | PostgresAddress, target: Path | PostgresAddress) -> str:
    was = "was only brought to this version" if report.was_older else "was not changed"
    done = f"Copied {report.rows:,} rows of {report.tables} tables: {source} {was}."
    next_ = f"From now on, start flowbot only with FLOWBOT_DATABASE={target}."
    lost = f"PostgreSQL does not hold NUL characters: {report.changed:,} rows have \ufffd there."
    return "".join(f"{line}\n" for line in (done, next_, lost if report.changed else "") if line)


class _Line:
    """The progress, a line for each table that has rows; on a terminal only."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._of = ""

    def shows(self, act: str) -> Callable[[str, int, int], None]:
        """What is called with a table, how many of its rows are done, and of how many."""
        return lambda table, done, total: self._show(f"{act} {table}", f"{done:,} of {total:,}")

    def end(self) -> None:
        """Begin a new line, where one was begun."""
        self._show("", "")

    def _show(self, of: str, how_far: str) -> None:
        if not self._is_shown:
            return
        if self._of and self._of != of:
            sys.stderr.write("\n")
        if of:
            sys.stderr.write(f"\r{of}: {how_far}")
            sys.stderr.flush()
        self._of = of
