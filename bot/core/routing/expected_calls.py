"""Expected calls: who would be reminded of a failure that nobody acknowledges, and when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.flow.model import UserName
from bot.core.incident.reminders import MAX_REMINDERS


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """One step: how long after the failure was told, and whom it calls."""

    number: int  # from 1 on
    after: timedelta
    owners: tuple[UserName, ...] = ()
    groups: tuple[str, ...] = ()  # ids of on-call groups


def expected_calls(every: timedelta, owners: Sequence[UserName], groups: Sequence[str]) -> tuple[ExpectedCall, ...]:
    """All steps. ``owners`` can be mentioned; ``groups`` are those that reminders mention."""
    return tuple(
        ExpectedCall(number, every * ((1 << number) - 1), tuple(owners), tuple(groups))
        for number in range(1, MAX_REMINDERS + 1)
    )
