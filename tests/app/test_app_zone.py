"""The zone of the times that EnOS prints: an idle poll does not pay for it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.text.message import msg
from bot.ops.platform_times import ASK_AGAIN, PlatformZone

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


class Printed:
    """An EnOS that answers one of these after the other, the last for ever."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_it_is_asked_once():
    enos = Printed("GMT+8")
    zone = PlatformZone("auto", enos)
    for _ in range(3):
        await zone.refresh(NOW)
    assert (zone.offset, enos.asked) == (timedelta(hours=8), 1)


async def test_a_zone_of_the_settings_is_not_asked_for():
    enos = Printed("GMT+8")
    zone = PlatformZone("GMT+1", enos)
    await zone.refresh(NOW)
    assert (zone.offset, enos.asked) == (timedelta(hours=1), 0)


@pytest.mark.parametrize("answer", ["", "CST", Refusal("not_offered", msg("This EnOS has no such action."))])
async def test_an_answer_without_a_zone_is_asked_again_only_after_minutes(answer: str | Exception):
    enos = Printed(answer, "GMT+8")
    zone = PlatformZone("auto", enos)
    for second in range(30):
        await zone.refresh(NOW + timedelta(seconds=second))
    assert (zone.offset, enos.asked) == (None, 1)
    await zone.refresh(NOW + ASK_AGAIN)
    assert zone.offset == timedelta(hours=8)


async def test_an_outage_is_left_to_the_monitor_to_report():
    enos = Printed(TemporaryFailure(), "GMT+8")
    zone = PlatformZone("auto", enos)
    await zone.refresh(NOW)
    await zone.refresh(NOW)
    assert zone.offset == timedelta(hours=8)
