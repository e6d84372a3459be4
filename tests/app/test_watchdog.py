"""The watchdog: each part of the whole bot is broken in turn, and it speaks, to whoever can be reached."""

import asyncio
import logging
import re
import threading
import time
from datetime import timedelta

import aiohttp
import pytest
from app_kit import ALEX, DATA_OPS, hears, running_bot, served

from bot.core.flow.model import KINDS
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.ops.clocks import wall
from bot.ops.watchdog import LoopWatch, Watchdog
from bot.store.waiting import Waiting

SAID = IncomingMessage("e1", "status", Person("T0DEMO0001", ALEX), Origin(Surface.COMMAND, DATA_OPS), wall())


class Time:
    """The monotonic clock, which a test may lead ahead."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


@pytest.fixture
async def world(tmp_path):
    """A bot that has read EnOS once and told what is broken."""
    clock = Time()
    async with (
        served() as running,
        running_bot(running, tmp_path, monotonic=clock, FLOWBOT_POLL_SECONDS="30", FLOWBOT_ADMINS=ALEX) as bot,
    ):
        await hears(bot, running)
        await running.world.workspace.until(lambda: running.world.workspace.messages(DATA_OPS), 20)
        yield bot, running.world, clock


async def ready(bot):
    async with aiohttp.ClientSession() as session, session.get(f"{bot.address}/readyz") as answer:
        return answer.status, await answer.text()


async def said(bot, metric):
    async with aiohttp.ClientSession() as session, session.get(f"{bot.address}/metrics") as answer:
        return next(line for line in (await answer.text()).splitlines() if line.startswith(metric)).split()[-1]


async def time_goes(bot, clock, seconds=80, *, wait_for=("admins", "records")):
    """Let time go by: the watchdog looks now and then, as it does by itself."""
    for step in (seconds, 1, 6):
        clock.ahead += step
        bot.watchdog.check()
        await asyncio.gather(*(bot.watchdog._running[name] for name in wait_for if name in bot.watchdog._running))


def told(world, user=ALEX):
    slack = world.workspace
    return [slack.shown(each) for each in slack.messages(slack.dm(user).id) if "Alerts " in slack.shown(each)]


async def test_a_bot_that_keeps_its_promise_is_ready(world):
    bot, _, _ = world
    assert (await ready(bot))[0] == 200
    assert bot.watchdog.late() == ()
    assert await said(bot, 'flowbot_promise_late_seconds{promise="read"}') == "0.0"


async def test_a_job_that_never_runs_again_is_told_to_the_admins_and_so_is_its_end(world):
    bot, there, clock = world
    bot.scheduler._scheduler.pause_job("poll")
    await time_goes(bot, clock)
    status, text = await ready(bot)
    assert status == 503
    assert re.match(r"The last complete poll of EnOS was 1 min ago\.\n", text)
    assert float(await said(bot, 'flowbot_promise_late_seconds{promise="read"}')) >= 80
    assert "The last complete poll of EnOS was" in str(bot.bot_health.judgement())
    assert ["may be late" in each for each in told(there)] == [True]
    await bot.jobs.poll()
    await time_goes(bot, clock, 1)
    assert ["may be late" in each for each in told(there)] == [True, False]
    assert (await ready(bot))[0] == 200


async def test_a_post_that_cannot_be_sent_is_a_failure_that_is_not_told(world):
    bot, there, clock = world
    post = bot.gateway.poster.post

    async def poisoned(channel, body, **more):
        if channel == DATA_OPS:
            raise ZeroDivisionError
        return await post(channel, body, **more)

    bot.gateway.poster.post = poisoned
    there.platform.fail(3377)
    there.platform.start_scheduled(3377, wall())
    async with asyncio.timeout(30):
        while not (await bot.store.waiting()).untold:
            await bot.jobs.poll()
    await bot.watchdog._ask()
    clock.ahead += 80
    await bot.jobs.poll()
    await time_goes(bot, clock, 1)
    assert "A failure was seen" in (await ready(bot))[1]
    assert len(told(there)) == 1, "a direct message takes another way than the posts that wait"


async def test_a_poll_that_meets_a_bug_each_time_is_noticed(world):
    bot, _, clock = world

    async def poisoned(*_, **__):
        raise OverflowError

    bot.store.set_reading = poisoned
    await bot.jobs.poll()
    clock.ahead += 80
    await bot.jobs.poll()
    assert "The last complete poll of EnOS was" in (await ready(bot))[1]


async def test_a_database_that_does_not_answer_is_told_past_it(world):
    bot, there, clock = world
    go = threading.Event()
    bot.store._database_thread.submit(go.wait)
    try:
        await time_goes(bot, clock, wait_for=["admins"])
        assert "The database has not answered for" in (await ready(bot))[1]
        assert "The database has not answered for" in told(there)[0]
    finally:
        go.set()


async def test_a_judge_that_does_not_look_any_more_is_late_itself(world):
    bot, _, clock = world
    await bot.jobs.poll()
    clock.ahead += 80
    assert "The last health check was 1 min ago." in (await ready(bot))[1]


async def test_people_who_wait_are_seen(world):
    bot, _, clock = world
    await bot.store.record_delivery("e1", bot.services.clock(), SAID)
    await bot.watchdog._ask()
    clock.ahead += 80
    await bot.jobs.poll()
    bot.watchdog.check()
    assert re.search(r"Somebody has waited 1 min for an answer\.", (await ready(bot))[1])


async def test_where_the_channel_was_told_of_an_outage_the_admins_are_not_told_again(world):
    bot, there, clock = world
    there.platform.faults.arm("gone")
    async with asyncio.timeout(60):
        while bot.monitor.health(bot.steady()).reachable:  # another poll may be under way
            await bot.jobs.poll()
        while not (await bot.store.waiting()).outage_told:
            await bot.delivery.tick(wall())
    await bot.watchdog._ask()
    await time_goes(bot, clock)
    assert "The last complete poll of EnOS was" in (await ready(bot))[1]
    assert told(there) == []


async def test_an_outage_that_the_channel_could_not_be_told_of_is_told_to_the_admins(world):
    bot, there, clock = world
    post = bot.gateway.poster.post

    async def limited(channel, body, **more):
        if channel == DATA_OPS:
            raise SlackLimited(3600)
        return await post(channel, body, **more)

    bot.gateway.poster.post = limited
    there.platform.faults.arm("gone")
    async with asyncio.timeout(60):
        while bot.monitor.health(bot.steady()).reachable:  # another poll may be under way
            await bot.jobs.poll()
    await time_goes(bot, clock)
    assert ["The last complete poll of EnOS was" in each for each in told(there)] == [True]


class Mouth:
    """A Slack that takes direct messages, where ``meets`` (by admin and number of the try) names no failure."""

    def __init__(self, meets):
        self.meets, self.tries, self.told = meets, [], []

    async def post(self, channel, body, *, id):
        self.tries.append(channel)
        failure = self.meets(channel, self.tries.count(channel))
        if failure is not None:
            raise failure
        self.told.append((channel, body["text"].startswith("flowbot is fine")))


class Empty:
    async def waiting(self):
        return Waiting({}, {})


async def judged(mouth, seconds=400, *, kept_after=10**6, admins=("U1", "U2")):
    """Let a watchdog watch a bot that reads nothing for this many seconds."""
    start = now = wall()
    watchdog = Watchdog(
        Empty(),
        lambda: now,
        10,
        lambda: dict.fromkeys(KINDS, now) if now - start > timedelta(seconds=kept_after) else {},
        slack=mouth,
        admins=admins,
    )
    while now - start < timedelta(seconds=seconds):
        now += timedelta(seconds=2)
        watchdog.check()
        await asyncio.gather(*watchdog._running.values())


@pytest.mark.parametrize("word", ["invalid_auth", "access_denied", "team_access_not_granted", "missing_scope"])
async def test_admins_are_told_as_soon_as_an_operator_has_fixed_it(word):
    mouth = Mouth(lambda _, number: SlackRefused(word) if number < 3 else None)
    await judged(mouth)
    assert mouth.told == [("U1", False), ("U2", False)]
    assert len(mouth.tries) == 6


@pytest.mark.parametrize("word", ["user_disabled", "messages_tab_disabled", "account_inactive", "msg_too_long"])
async def test_what_will_never_be_taken_is_not_said_for_ever(word):
    mouth = Mouth(lambda *_: SlackRefused(word))
    await judged(mouth)
    assert mouth.tries == ["U1", "U2"]


async def test_what_may_stand_is_not_said_twice():
    mouth = Mouth(lambda *_: SlackUnclear("HTTP 500"))
    await judged(mouth)
    assert mouth.tries == ["U1", "U2"]


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (SlackLimited(3600), 1),
        (SlackLimited(1), 7),
        (SlackUnreachable("no route"), 7),
        (SlackRefused("no_permission"), 7),
        (ValueError("a bug"), 7),
    ],
    ids=str,
)
async def test_an_admin_who_cannot_be_told_now_keeps_it_from_no_other(failure, tries):
    mouth = Mouth(lambda admin, _: failure if admin == "U1" else None)
    await judged(mouth)
    assert mouth.told == [("U2", False)]
    assert mouth.tries.count("U1") == tries, "once a minute, or when Slack has said"


async def test_who_was_never_told_that_it_is_broken_is_not_told_that_it_is_over():
    mouth = Mouth(lambda admin, _: SlackUnreachable("no route") if admin == "U1" else None)
    await judged(mouth, kept_after=200)
    assert mouth.told == [("U2", False), ("U2", True)]
    assert "U1" not in mouth.tries[6:]


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("sentence", "asked_before", "said", "jump", "seconds"),
    [
        ("What waits since before the start is as old as the wall clock says.", False, -HOUR, timedelta(), 3602),
        ("What is new is as old as it is.", True, timedelta(seconds=1), timedelta(), 1),
        ("A clock that is set ahead makes nobody wait longer.", True, timedelta(seconds=1), HOUR, 2),
        ("Nor does it make what was said after that.", True, HOUR + timedelta(seconds=1), HOUR, 1),
        ("What is older than the last look stays as old.", True, -HOUR, HOUR, 3602),
        ("A clock that is set back makes nothing younger than new.", True, timedelta(seconds=1), -HOUR, 0),
    ],
)
async def test_how_long_somebody_has_waited(sentence, asked_before, said, jump, seconds):
    start = steady = wall()
    ahead, waiting = timedelta(), Waiting({}, {})

    class Records:
        async def waiting(self):
            return waiting

    watchdog = Watchdog(Records(), lambda: steady, 10, dict, slack=Mouth(lambda *_: None), wall=lambda: steady + ahead)
    if asked_before:
        await watchdog._ask()
    steady, ahead = start + timedelta(seconds=2), jump
    waiting = Waiting({}, {"said e1": start + said})
    await watchdog._ask()
    assert watchdog.evidence().unanswered == seconds, sentence


async def test_a_blocked_loop_is_logged_with_the_place(caplog):
    seen = threading.Event()

    class Seen(logging.Handler):
        def emit(self, record):
            if record.levelno == logging.CRITICAL:
                seen.set()

    handler = Seen()
    logging.getLogger("bot.ops.watchdog").addHandler(handler)
    watch = LoopWatch(lambda: 100 * time.monotonic())  # in a hundredth of the time
    watch.start()
    try:
        assert seen.wait(30), "nobody turned the loop meanwhile: the thread has seen it"
        watch.beat()
        watch.check()
        assert "test_watchdog.py" in caplog.text
        assert "flowbot runs again after it was blocked" in caplog.text
    finally:
        watch.stop()
        logging.getLogger("bot.ops.watchdog").removeHandler(handler)
