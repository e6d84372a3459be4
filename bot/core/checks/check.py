"""Checks as values: what ``flowbot doctor`` finds, one line each, and what that makes of the whole."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from bot.core.text.escape import clean
from bot.core.values import dataclass

NAMED = 8  # things that a line names; the others are counted


class CheckState(Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  # flowbot works, but not as well as it should
    FAILED = "failed"  # something that people rely on does not work


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str  # short and stable, e.g. "slack channel"
    state: CheckState
    says: str  # what was found, a sentence
    fix: str = ""  # what to do about it

    def __post_init__(self) -> None:
        """Make it one line, whatever texts from outside it holds."""
        for name in ("says", "fix"):
            object.__setattr__(self, name, " ".join(clean(getattr(self, name)).split()))


def ok(name: str, says: str) -> Check:
    """A check that ended well."""
    return Check(name, CheckState.OK, says)


def warning(name: str, says: str, fix: str) -> Check:
    """A check that found something to fix."""
    return Check(name, CheckState.WARNING, says, fix)


def failed(name: str, says: str, fix: str = "") -> Check:
    """A check that found something broken. ``says`` may hold what to do as well."""
    return Check(name, CheckState.FAILED, says, fix)


def exit_code(checks: Sequence[Check]) -> int:
    """0 where nothing failed, else 1. Warnings are allowed."""
    return 1 if any(check.state is CheckState.FAILED for check in checks) else 0


def lines(checks: Sequence[Check]) -> str:
    """The checks for a terminal: a line each, what to do below it, and a line that sums up."""
    width = max((len(check.name) for check in checks), default=0)
    rows: list[str] = []
    for check in checks:
        rows.append(f"{check.state.value:<8} {check.name:<{width}}  {check.says}")
        rows += [f"{'':<{width + 11}}How to fix: {check.fix}"] if check.fix else []
    return "\n".join([*rows, "", summary(checks)]) + "\n"


def summary(checks: Sequence[Check]) -> str:
    """How many checks ended how."""
    count = {state: sum(check.state is state for check in checks) for state in CheckState}
    failed, warnings = count[CheckState.FAILED], count[CheckState.WARNING]
    if failed:
        return f"Checks: {len(checks)}. Failed: {failed}. Warnings: {warnings}."
    if warnings:
        return f"Nothing failed. Checks: {len(checks)}. Warnings: {warnings}."
    return f"All good. Checks: {len(checks)}."


def report(checks: Sequence[Check]) -> Mapping[str, Any]:
    """The checks for a machine."""
    return {
        "ok": exit_code(checks) == 0,
        "checks": [
            {"name": check.name, "state": check.state.value, "says": check.says, "mend": check.fix} for check in checks
        ],
    }


def some(things: Sequence[str], most: int = NAMED) -> str:
    """The first ``most`` things, and how many more there are."""
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more
