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


async def test_what_starts_backfills_is_made_once_there_is_one():
    found, made = [], []

    async def open_backfills():
        return found

    def new_backfiller():
        made.append(Part())
        return made[-1]

    store = SimpleNamespace(open_backfills=open_backfills)
    jobs = SimpleNamespace(store=store, backfiller=None, new_backfiller=new_backfiller)
    await Jobs.backfill(jobs)
    assert made == []
    found.append("one")
    await Jobs.backfill(jobs)
    found.clear()
    await Jobs.backfill(jobs)
    assert [each.ticks for each in made] == [2], "it forgets what it knew of those that have ended"
