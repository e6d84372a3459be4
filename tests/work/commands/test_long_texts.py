"""Work on a megabyte of log does not block the event loop."""

import asyncio

from bot.core.text.log_text import error_line, own_words
from bot.core.text.mask import DEFAULT
from bot.work.commands.long_texts import without_blocking

HOSTILE = ("=====\ncmdline:\n" + 'password="a.a.a.' * 50 + "\n") * 1200


async def turns_while(work):
    """How often the loop ran something else."""
    task, turns = asyncio.ensure_future(work), 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    return turns, await task


async def test_the_loop_runs_while_a_long_log_is_worked_on():
    assert len(HOSTILE) > 900_000
    turns, shown = await turns_while(without_blocking(lambda log: DEFAULT(own_words(log)), HOSTILE))
    assert turns > 20
    assert shown == DEFAULT(own_words(HOSTILE))
    turns, _ = await turns_while(without_blocking(lambda log: error_line(log, DEFAULT), "fine\n" * 200_000))
    assert turns > 20


async def test_a_short_text_is_done_at_once():
    turns, shown = await turns_while(without_blocking(DEFAULT, "password=x"))
    assert (turns, shown) == (1, "password=•••")
