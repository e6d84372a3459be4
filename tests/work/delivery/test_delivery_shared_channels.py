"""Channels in which another organization reads: they hear of no failure, unless the settings name them."""

import asyncio
import logging
from itertools import pairwise

import pytest
from delivery_fakes import (
    DEFAULT,
    START,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    Untold,
    edit,
    ephemeral,
    file,
    message,
    until,
)

from bot.core.outbox.posts import Lane
from bot.core.text.message import slack_date
from bot.work.delivery.shared_channels import SharedChannelPolicy

ADMIN = "UADMIN1"
WAIT = 300  # seconds: the longest between two tries


@pytest.fixture
def world(world):
    restart(world)
    return world


def restart(world, **settings):
    world.restart(**{"admins": [ADMIN]} | settings)


def standing(world):
    return [str(alarm.sentence) for alarm in world.active_alarms()]


def answer(id_, channel=DEFAULT, **more):
    return message(id_, channel, lane=Lane.ANSWER, **more)


REASON = "The channel is shared with another organization, and its people would read the alerts."
WAY_OUT = "Set another channel in FLOWBOT_CHANNEL, stop sharing this one, or add it to FLOWBOT_SHARED_CHANNELS."
TROUBLE = f"Alerts can't be posted in the alert channel. {REASON} {WAY_OUT}"


# ── what strangers read ──


async def test_a_shared_default_channel_hears_nothing_and_the_admins_are_told_once(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT), message("h", DEFAULT, lane=Lane.HOUSEKEEPING), message("r", thread_of="a"))
    await world.pass_time(60)
    for _ in range(2):
        restart(world)
        await world.pass_time(7200, step=60)
    assert world.slack.texts(DEFAULT) == []
    assert [call for call in world.slack.calls if DEFAULT in call] == []
    (told,) = world.slack.texts("DADMIN1")
    assert told == (
        f"🔴 I can't post in the alert channel <#{DEFAULT}>. {REASON} {WAY_OUT} Its messages wait. Nothing is lost."
    )
    assert standing(world) == [TROUBLE]


async def test_after_the_sharing_all_that_waited_goes_at_the_next_try(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT), message("b", DEFAULT), message("r", thread_of="a"))
    await world.pass_time(3600, step=20)
    world.slack.foreign.clear()
    await world.pass_time(WAIT, step=1, until=lambda: world.slack.texts(DEFAULT))
    await world.pass_time(10)
    (first,) = [each for each in world.slack.messages if each.id == "a"]
    back, *rest = sorted(world.slack.texts(DEFAULT))
    assert back == (
        f"From {slack_date(START)} on, I couldn't post in <#{DEFAULT}>. Reason at that time: {REASON} "
        "The messages that waited follow now."
    )
    assert (rest, world.slack.texts(DEFAULT, first.ts)) == (["a", "b"], ["r"])
    assert "I can post in" in world.slack.texts("DADMIN1")[1]
    assert standing(world) == []


async def test_a_named_channel_is_told_and_not_even_looked_at(world):
    restart(world, shared_channels=[DEFAULT])
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT), message("r", thread_of="a"), edit("e", "a", "changed"))
    await world.pass_time(10)
    assert world.slack.texts(DEFAULT) == ["changed"]
    assert world.slack.channel_lookups == []


@pytest.mark.parametrize(
    ("new", "goes"),
    [
        (message("p", DEFAULT), False),
        (message("p", DEFAULT, lane=Lane.HOUSEKEEPING), False),
        (answer("p", incident="i1"), False),
        (file("p", DEFAULT, incident="i1"), False),
        (answer("p"), True),
        (file("p", DEFAULT), True),
        (ephemeral("p", channel=DEFAULT, incident="i1"), True),
        (ephemeral("p", channel=DEFAULT, incident="i1", response_url="https://hooks.example/1"), True),
        (message("p", "U7", incident="i1"), True),
        (message("p", "D7", incident="i1", lane=Lane.HOUSEKEEPING), True),
    ],
    ids=lambda row: str(row) if isinstance(row, bool) else f"{row.kind.value} {row.lane.value} {row.channel}",
)
async def test_only_what_a_whole_channel_would_read_of_failures_is_kept_from_it(world, new, goes):
    world.slack.foreign |= {DEFAULT, "U7", "D7"}
    await world.queue(new)
    await world.pass_time(3)
    assert (await world.state("p") == "sent") is goes
    assert (len([call for call in world.slack.calls if "UADMIN1" not in call]) == 1) is goes


async def test_an_answer_about_an_incident_goes_to_its_asker(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(answer("p", incident="i1", user="U7"))
    await world.pass_time(3)
    assert (world.slack.texts("D7"), world.slack.texts(DEFAULT)) == (["p"], [])


async def test_answers_that_go_there_are_no_sign_that_failures_may_be_told(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT))
    for number in range(20):
        await world.queue(answer(f"answer{number}", due=world.clock()))
        await world.pass_time(60, step=5)
    assert len(world.slack.texts(DEFAULT)) == 20
    assert len(world.slack.texts("DADMIN1")) == 1
    assert standing(world) == [TROUBLE]
    restart(world)
    await world.queue(answer("after a restart", due=world.clock()))
    await world.pass_time(5)
    assert (len(world.slack.texts("DADMIN1")), standing(world)) == (1, [TROUBLE])


async def test_edits_of_what_stood_there_before_wait_and_the_newest_goes(world):
    await world.queue(message("a", DEFAULT))
    await world.pass_time(2)
    world.slack.foreign.add(DEFAULT)
    world.clock.now = world.clock.after(15 * 60)
    await world.queue(edit("e1", "a", "older", due=world.clock()))
    await world.pass_time(900, step=10)
    await world.queue(edit("e2", "a", "newest", due=world.clock()))
    await world.pass_time(900, step=10)
    assert world.slack.texts(DEFAULT) == ["a"]
    world.slack.foreign.clear()
    await world.pass_time(WAIT, step=5)
    assert world.slack.texts(DEFAULT)[0] == "newest"
    assert world.slack.messages[0].texts == ["newest"]


async def test_what_belongs_into_another_shared_channel_goes_to_the_default_one(world):
    await world.queue(message("card"))
    await world.pass_time(2)
    world.slack.foreign.add("C1")
    world.clock.now = world.clock.after(15 * 60)
    await world.queue(edit("e", "card"), message("reply", thread_of="card"), message("new", due=world.clock()))
    await world.pass_time(5)
    assert world.slack.texts("C1") == ["card"]
    *rest, told = sorted(world.slack.texts(DEFAULT))
    assert told.startswith(f"⚠️ I can't post in <#C1>. {REASON}")
    assert rest == ["new", "reply"]
    assert await world.state("e") == "given up"


async def test_where_every_channel_is_shared_it_waits(world):
    world.slack.foreign |= {DEFAULT, "C1"}
    await world.queue(message("a"), message("b", "C2"))
    await world.pass_time(600, step=5)
    assert world.slack.texts("C2") == ["b"]
    assert (await world.state("a"), world.slack.texts("C1"), world.slack.texts(DEFAULT)) == ("queued", [], [])
    world.slack.foreign.clear()
    await world.pass_time(WAIT, step=5)
    assert "a" in world.slack.texts(DEFAULT)


# ── mended by other settings ──


async def test_a_channel_that_the_settings_name_now_hears_at_once_of_what_waited(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT), message("b", DEFAULT))
    await world.pass_time(3600, step=20)
    restart(world, shared_channels=[DEFAULT])
    await world.pass_time(5)
    assert sorted(world.slack.texts(DEFAULT))[1:] == ["a", "b"]
    assert standing(world) == []


async def test_another_default_channel_hears_at_once_of_what_waited(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT), message("b", DEFAULT))
    await world.pass_time(3600, step=20)
    restart(world, default_channel="COWN")
    await world.pass_time(5)
    back, *rest = sorted(world.slack.texts("COWN"))
    assert (rest, world.slack.texts(DEFAULT), standing(world)) == (["a", "b"], [], [])
    assert f"I couldn't post in <#{DEFAULT}>." in back


# ── how Slack is asked ──


async def test_one_look_serves_all_posts_for_a_quarter_of_an_hour(world):
    posts = [message(f"m{n}", thread=f"{n}.0") for n in range(40)]
    await world.queue(*posts)
    await world.pass_time(50)
    assert len(world.slack.messages) == 40
    assert world.slack.channel_lookups == ["C1"]
    world.slack.foreign.add("C1")
    world.clock.now = world.clock.after(15 * 60 - 50)
    await world.queue(message("later", due=world.clock()))
    await world.tick()
    assert world.slack.channel_lookups[:2] == ["C1", "C1"]
    assert "later" not in world.slack.texts("C1")


async def test_a_shared_channel_is_looked_up_at_most_as_often_as_it_is_tried(world):
    world.slack.foreign.add(DEFAULT)
    await world.queue(*(message(f"m{n}", DEFAULT, thread=f"{n}.0") for n in range(30)))
    await world.pass_time(3600, step=5)
    assert len(world.slack.channel_lookups) <= 3600 / WAIT + 10
    assert world.slack.texts(DEFAULT) == []


UNTOLD = [
    SlackRefused("missing_scope"),
    SlackRefused("unknown_method"),
    SlackUnclear("HTTP 500"),
    SlackUnreachable("no route"),
    SlackLimited(30),
    Untold(),
    ZeroDivisionError("a bug"),
]


@pytest.mark.parametrize("fault", UNTOLD, ids=str)
async def test_where_slack_never_told_the_post_goes_and_slack_is_asked_again_after_a_minute(world, fault):
    world.slack.foreign.add("C1")
    world.slack.faults["channel"] = [fault] * 2
    await world.queue(*(message(f"m{n}") for n in range(5)))
    await world.pass_time(59, step=1)
    assert len(world.slack.texts("C1")) == 5
    assert world.slack.channel_lookups == ["C1"]
    for number in range(2):
        world.clock.now = world.clock.after(1)
        await world.queue(message(f"later{number}", due=world.clock()))
        await world.pass_time(60, step=1)
    assert world.slack.texts("C1")[5:] == ["later0"]
    assert world.slack.channel_lookups[:3] == ["C1"] * 3


@pytest.mark.parametrize("fault", UNTOLD, ids=str)
async def test_where_slack_stops_answering_what_was_known_holds(world, fault):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT), message("b", "C2"))
    await world.pass_time(3)
    world.slack.foreign.clear()
    world.slack.faults["channel"] = [fault] * 1000
    await world.pass_time(3600, step=20)
    restart(world)
    world.clock.now = world.clock.after(1)
    await world.queue(message("c", DEFAULT, due=world.clock()), message("d", "C2", due=world.clock()))
    await world.pass_time(3600, step=20)
    assert (world.slack.texts(DEFAULT), world.slack.texts("C2")) == ([], ["b", "d"])
    world.slack.faults.clear()
    await world.pass_time(2 * WAIT, step=5)
    assert sorted(world.slack.texts(DEFAULT))[1:] == ["a", "c"]


async def test_a_long_wait_that_slack_asks_for_is_kept(world):
    world.slack.faults["channel"] = [SlackLimited(300)]
    for number in range(29):
        await world.queue(message(f"m{number}", due=world.clock()))
        await world.pass_time(10)
    assert world.slack.channel_lookups == ["C1"]


@pytest.mark.parametrize("word", ["channel_not_found", "not_in_channel"])
async def test_a_channel_that_slack_does_not_know_meets_slacks_own_answer(world, word):
    world.slack.foreign.add(DEFAULT)
    await world.queue(message("a", DEFAULT))
    await world.pass_time(5)
    assert standing(world) == [TROUBLE]
    world.slack.faults["channel"] = [SlackRefused(word)] * 100
    world.slack.closed[DEFAULT] = word
    await world.pass_time(30)
    assert standing(world)[0].endswith("Run `/invite @flowbot` there.")
    world.slack.faults.clear()
    world.slack.closed.clear()
    await world.queue(message("b", DEFAULT, thread="9.0", due=world.clock.after(10)))  # within the minute
    await world.pass_time(3600, step=10)
    assert (world.slack.texts(DEFAULT), world.slack.texts(DEFAULT, "9.0"), standing(world)) == ([], [], [TROUBLE])


async def test_a_look_that_hangs_holds_up_no_other_channel_and_costs_no_message_its_turn(world):
    world.slack.gates["channel C1"] = gate = asyncio.Event()
    await world.queue(*(message(f"m{n}", thread=f"{n}.0") for n in range(20)), answer("answer", "C1"))
    hanging = asyncio.create_task(world.tick())
    for number in range(20):
        await world.queue(message(f"other{number}", f"X{number}", due=world.clock()))
        asyncio.get_running_loop().create_task(world.delivery.tick(world.clock()))
        await until(lambda n=number: f"other{n}" in world.slack.standing())
    assert world.slack.texts("C1") == ["answer"]
    gate.set()
    await hanging
    await world.pass_time(25)
    assert len(world.slack.posted["C1"]) == 21
    assert all(later - earlier >= 0.99 for earlier, later in pairwise(world.slack.posted["C1"]))
    assert world.slack.channel_lookups.count("C1") == 1


async def test_what_is_kept_from_a_channel_costs_no_other_post_its_turn(world):
    await world.queue(*(message(f"card{n}", f"X{n}") for n in range(60)), message("own", "COWN"))
    await world.pass_time(20)
    world.slack.foreign |= {f"X{n}" for n in range(60)} | {DEFAULT}
    world.clock.now = world.clock.after(15 * 60)
    now = world.clock()
    await world.queue(*(edit(f"e{n}", f"card{n}", due=now) for n in range(60)), edit("e", "own", due=now))
    await world.queue(*(message(f"r{n}", DEFAULT, thread=f"{n}.0", due=now) for n in range(60)))
    await world.queue(*(answer(f"answer{n}", due=now) for n in range(5)))
    await world.pass_time(4)
    assert len(world.slack.texts(DEFAULT)) == 5
    assert world.slack.texts("COWN") == ["changed"]


async def test_a_look_waits_a_few_seconds_at_most(world, caplog):
    caplog.set_level(logging.INFO, "bot.work.delivery.shared_channels")
    world.slack.gates["channel C1"] = asyncio.Event()
    world.delivery._shared_channels = SharedChannelPolicy(world.slack, (), seconds=0.0)
    await world.queue(message("a"))
    await asyncio.wait_for(world.tick(), 60)
    assert world.slack.texts("C1") == ["a"]
    assert "whether C1 is shared: no answer in time" in caplog.text


async def test_a_token_that_was_revoked_makes_nobody_look(world):
    world.slack.faults["post"] = [SlackRefused("token_revoked")] * 2
    later = [message(f"m{n}", f"X{n}", due=world.clock.after(1)) for n in range(9)]
    await world.queue(message("a"), message("b", "C2"), *later)
    await world.pass_time(8)
    assert len(world.slack.channel_lookups) <= 2


def test_what_one_process_remembers_does_not_bar_what_the_settings_name(world):
    shared = SharedChannelPolicy(world.slack, ["C1"])
    shared.remember(["C1", "C2"])
    assert shared.barred == {"C2"}
