"""The wall clock is put back and ahead under a running bot, as NTP or a suspended machine does: nothing waits for it.

libfaketime moves the wall clock of the bot's process and leaves the monotonic one alone.
"""

import re
from pathlib import Path

from aiohttp import ClientSession
from journey_kit import JONAS, MAYA, free_port
from journey_stage import story

LIBRARY = next(
    Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("libfaketime.so.1")
)  # Debian's, or the path's


class Clock:
    """The bot's wall clock, off by a number of seconds."""

    def __init__(self, world):
        self._file = world.folder / "clock"
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",  # second between two reads of the file: each call would be slow
            "NO_FAKE_STAT": "1",  # files keep their times, or all modules would be compiled at each start
        }

    def is_off(self, seconds):
        """Put the clock; the file is replaced whole, since the bot reads it at any moment."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._file)


async def figure(address, name):
    async with ClientSession() as session, session.get(f"http://{address}/metrics") as answer:
        return float(re.search(rf"^{name} (\S+)$", await answer.text(), re.MULTILINE)[1])


@story(waits=True, first=True)
async def test_a_clock_that_is_put_back_and_ahead_delays_nothing(world):
    clock, address = Clock(world), f"127.0.0.1:{free_port()}"
    clock.is_off(600)  # EnOS takes calls up to 15 minutes off
    await world.start(FLOWBOT_LISTEN=address, FLOWBOT_REMIND_MINUTES="0.2", **clock.environment)
    before = world.flow("before", owners=("maya.chen", "jonas.weber"))
    world.breaks(before)
    card = await world.card(before, "FAIL")
    clock.is_off(-600)
    await world.until(lambda: "The wall clock was set back by 1200 s" in world.log())
    after = world.flow("after")
    world.breaks(after)
    await world.card(after, "FAIL")
    await world.reply(card, "⏰")  # the reminder is counted on
    assert await figure(address, "flowbot_poll_lag_seconds") >= 0
    answer = await world.asks(MAYA, "/flow status", "Clock")
    assert "was set back by 20 min" in world.shown(answer)
    assert " -" not in world.shown(answer), "no age is negative"
    world.say(JONAS, "/flow ack before for 1h")
    await world.sees(card, "ACKNOWLEDGED")
    clock.is_off(0)
    await world.until(lambda: "The wall clock was set ahead by 600 s" in world.log())
    world.fixes(before)
    await world.sees(card, "RECOVERED")
    last = world.flow("last")
    world.breaks(last)
    await world.card(last, "FAIL")


@story(waits=True)
async def test_a_start_with_a_clock_that_was_put_back_takes_up_what_waited(world):
    clock = Clock(world)
    clock.is_off(600)
    await world.start(**clock.environment)
    world.refusals |= {"chat.postMessage: ratelimited"}
    flow = world.flow("waited")
    await world.slack.fault("error", method="chat.postMessage", error="ratelimited", seconds=30)
    world.breaks(flow)
    await world.until(
        lambda: world.slack.calls and any("ratelimited" in str(each.answer) for each in world.slack.calls)
    )
    await world.kill()
    clock.is_off(-600)
    await world.slack.fault("none")
    await world.start()
    await world.card(flow, "FAIL")
