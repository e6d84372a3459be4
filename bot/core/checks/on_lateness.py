"""Whether late runs are reported, and of how many flows enough is known for that. Pure."""

from bot.core.checks.check import Check, ok
from bot.core.values import dataclass

AUTO, EXPECTED = "auto", "expected"  # FLOWBOT_LATE


@dataclass(frozen=True, slots=True)
class LateFacts:
    """Of how many flows is known when they are usually done, and what people said of flows."""

    flows: int  # that have runs in history
    known: int  # with enough runs under one schedule to learn from
    promised: int
    off: int  # flows whose lateness nobody wants to hear of


def lateness(mode: str, facts: LateFacts | None) -> Check:
    """The check; ``mode`` is what FLOWBOT_LATE is set to, ``facts`` are None where they cannot be had."""
    says = [f"FLOWBOT_LATE is {mode}: {_MEANS.get(mode, _OFF)}"]
    if facts is not None and mode == AUTO:
        says.append(f"Flows with enough runs to learn from: {facts.known} of {facts.flows}.")
    if facts is not None and mode in _MEANS:
        says.append(f"Promised by expect: {facts.promised}. Switched off by expect: {facts.off}.")
    return ok("lateness", " ".join(says))


_OFF = "late runs are not reported."
_MEANS = {
    AUTO: "runs are reported that are late by what flowbot learned, or by a promise.",
    EXPECTED: "only runs that break a promise are reported.",
}
