"""What a part of the soak says: one line of figures, or that a promise broke."""

from pathlib import Path


class BrokenError(Exception):
    """A promise did not hold."""


def must(holds: object, promise: str) -> None:
    """Raise BrokenError where a promise does not hold."""
    if not holds:
        raise BrokenError(promise)


def memory() -> float:
    """The resident memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")
