"""The jobs that flowbot does again and again: what hits a bug does not stop what comes after it."""

from types import SimpleNamespace

import pytest

from bot.core.errors import DatabaseUnavailable
from bot.ops.jobs import Jobs


class Part:
    def __init__(self, trouble=None):
        self.trouble, self.ticks = trouble, 0

    async def tick(self, _now):
        self.ticks += 1
        if self.trouble:
            raise self.trouble


@pytest.mark.parametrize("trouble", [RuntimeError("bug"), DatabaseUnavailable("locked")])
@pytest.mark.parametrize("broken", ["snoozes", "background"])
async def test_people_are_called_whatever_hits_a_bug_before(broken, trouble):
    snoozes, background = Part(trouble if broken == "snoozes" else None), Part(trouble)
    jobs = SimpleNamespace(snoozes=snoozes, monitor=SimpleNamespace(background=background), reminders=Part())
    await Jobs.remind(jobs)
    assert (snoozes.ticks, background.ticks, jobs.reminders.ticks) == (1, 1, 1)
