"""A look that fails delays the looks at its place, and no other: whom it concerns waits, everybody else goes on."""

import asyncio
from datetime import timedelta

import pytest
from delivery_fakes import (
    START,
    Always,
    Lost,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    Vanished,
    edit,
    ephemeral,
    file,
    message,
    until,
)

from bot.core.errors import TemporaryFailure
from bot.core.outbox.posts import Lane
from bot.core.text.message import verbatim

FAULTS = {
    "unclear": lambda: SlackUnclear("HTTP 500"),
    "unreachable": lambda: SlackUnreachable("no such name"),
    "refused": lambda: SlackRefused("missing_scope"),
    "a bug": lambda: ValueError("could not convert string to float"),
}


@pytest.fixture(params=FAULTS)
def fault(request):
    return Always(FAULTS[request.param])


def limited(method, seconds):
    failure = SlackLimited(seconds)
    failure.method = method
    return failure


async def test_a_channel_whose_history_fails_delays_no_other(world, fault):
    world.slack.faults |= {"find C1": fault, "post": [Lost(), Lost()]}
    await world.queue(message("a"), message("b", "C2"))
    await world.pass_time(120)
    assert [await world.state(id_) for id_ in ("a", "b")] == ["unclear", "sent"]
    world.slack.faults["post"] = [Lost(), Lost()]
    await world.queue(message("c", "C2", due=world.clock()), message("d", "C3", due=world.clock()))
    await world.pass_time(8)
    assert [await world.state(id_) for id_ in ("c", "d")] == ["sent", "sent"]
    assert world.slack.standing() == ["a", "b", "c", "d"]
    assert world.slack.calls.count("find C1") <= 7, "it is asked less and less often"
    del world.slack.faults["find C1"]
    await world.pass_time(300, until=lambda: world.slack.calls[-1] == "find C1")
    assert await world.state("a") == "sent"


async def test_threads_fail_by_themselves(world, fault):
    await world.queue(message("one"), message("two", "C2"))
    await world.tick()
    world.slack.faults |= {"find C1": fault, "post": [Lost(), Lost()]}
    await world.queue(message("reply", thread_of="one"))
    await world.pass_time(120)
    await world.queue(message("other", "C2", thread_of="two", due=world.clock()))
    await world.pass_time(8)
    assert [await world.state(id_) for id_ in ("reply", "other")] == ["unclear", "sent"]


@pytest.mark.parametrize("failure", [SlackUnclear("HTTP 500"), SlackUnreachable("x"), ValueError("x")])
async def test_a_person_whose_messages_fail_delays_no_other(world, failure):
    world.slack.faults |= {"find U1": Always(lambda: failure), "ephemeral": [Vanished() for _ in range(7)]}
    await world.queue(ephemeral("w1"))
    await world.pass_time(120)
    people = range(2, 8)
    await world.queue(*(ephemeral(f"w{each}", f"U{each}", channel=f"C{each}", due=world.clock()) for each in people))
    await world.pass_time(12)
    assert await world.state("w1") == "unclear"
    assert {await world.state(f"w{each}") for each in people} == {"sent"}


async def test_private_answers_to_somebody_whose_messages_fail_is_too_old_in_the_end(world):
    world.slack.faults |= {"find U1": Always(FAULTS["unclear"]), "ephemeral": [Vanished()]}
    await world.queue(ephemeral("w"))
    await world.pass_time(60 * 40, step=10)
    assert await world.state("w") == "given up"
    assert world.slack.ephemerals == []


async def test_places_that_hang_leave_room_for_people_and_files(world):
    world.slack.faults["post"] = [Lost() for _ in range(5)]
    gates = [f"find C{number}" for number in range(1, 6)]
    world.slack.gates |= {gate: asyncio.Event() for gate in gates}
    await world.queue(*(message(f"m{number}", f"C{number}") for number in range(1, 6)))
    await world.tick()
    world.clock.now += timedelta(seconds=5)
    hanging = asyncio.create_task(world.tick())
    await until(lambda: sum(call in gates for call in world.slack.calls) == 4)
    world.slack.faults |= {"ephemeral": [Vanished()], "upload": [Lost()]}
    await world.queue(ephemeral("w", due=START), file("f", "C9", due=START))
    await world.pass_time(8)
    assert [await world.state(id_) for id_ in ("w", "f")] == ["sent", "sent"]
    for gate in gates:
        world.slack.gates[gate].set()
    await hanging
    await world.pass_time(5)
    assert [await world.state(f"m{number}") for number in range(1, 6)] == ["sent"] * 5


async def test_slack_asks_to_wait_of_a_method_and_what_needs_another_method_continues(world):
    await world.queue(message("one"))
    await world.tick()
    world.slack.faults |= {
        "find C2": [limited("conversations.history", 60)],
        "post": [Lost(), Lost(), Lost()],
        "upload": [Lost()],
    }
    await world.queue(message("a", "C2"))
    await world.pass_time(5)
    due = world.clock()
    await world.queue(message("b", "C3", due=due), message("reply", thread_of="one", due=due), file("f", due=due))
    await world.pass_time(20)
    names = ("a", "b", "reply", "f")
    assert [await world.state(name) for name in names] == ["unclear", "unclear", "sent", "sent"]
    assert sum(call in {"find C2", "find C3"} for call in world.slack.calls) == 1, "Slack asked to wait"
    await world.pass_time(60)
    assert [await world.state(name) for name in names] == ["sent"] * 4


async def test_what_needs_no_look_waits_for_none(world):
    await world.queue(message("m"), message("n", "C2"))
    await world.tick()
    world.slack.faults |= {"find": [SlackLimited(3600)], "post": [Lost()], "edit": [Vanished()]}
    await world.queue(message("a", "C3"), edit("e", "m"))
    await world.pass_time(8)
    assert [await world.state(name) for name in ("a", "e")] == ["unclear", "sent"]


async def test_one_place_that_refuses_is_one_alarm_for_as_long_as_it_does(world):
    world.slack.faults |= {"find C1": Always(FAULTS["refused"]), "post": [Lost() for _ in range(4)]}
    await world.queue(message("a"))
    for number in range(3):
        await world.queue(message(f"b{number}", "C2", due=world.clock()))
        await world.pass_time(20)
    assert [(alarm.name, alarm.over) for alarm in world.alarms] == [("look", False)]
    assert world.slack.standing() == ["a", "b0", "b1", "b2"]
    del world.slack.faults["find C1"]
    await world.pass_time(120)
    assert [(alarm.name, alarm.over) for alarm in world.alarms] == [("look", False), ("look", True)]


async def test_the_alarm_ends_with_what_was_looked_for(world):
    world.slack.faults |= {"find C1": Always(FAULTS["refused"]), "post": [Lost()]}
    await world.queue(message("a", lane=Lane.ANSWER, user="U1"))
    await world.pass_time(60 * 80, step=20)
    assert await world.state("a") == "given up"
    assert [(alarm.name, alarm.over) for alarm in world.alarms] == [("look", False), ("look", True)]


async def test_an_alert_is_told_though_every_look_for_it_meets_a_bug(world, caplog):
    world.slack.faults |= {"find C1": Always(FAULTS["a bug"]), "post": [Vanished()]}
    await world.queue(message("a"))
    await world.pass_time(60 * 45, step=10)
    assert "A look-up hit a bug" in caplog.text
    assert [alarm.name for alarm in world.alarms] == ["bug"]
    assert world.slack.standing() == ["a"]


class Rebelling:
    """A store that does not take what was found out of one post."""

    def __init__(self, store) -> None:
        self.store = store
        self.failures: list = []

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def mark_sent(self, id_, *rest):
        if id_ == "a" and self.failures:
            raise self.failures.pop()
        await self.store.mark_sent(id_, *rest)


@pytest.mark.parametrize("failure", [TemporaryFailure(verbatim("locked")), KeyError("x")])
async def test_what_cannot_be_written_of_one_place_is_written_later_and_delays_no_other(world, failure, caplog):
    store = Rebelling(world.store)
    world.delivery = world.new_delivery(store)
    world.slack.faults["post"] = [Lost(), Lost()]
    store.failures = [failure] * 3
    await world.queue(message("a"), message("b", "C2"))
    await world.pass_time(5)
    assert [await world.state(id_) for id_ in ("a", "b")] == ["unclear", "sent"]
    assert world.slack.calls.count("find C1") <= 3
    await world.pass_time(20)
    assert await world.state("a") == "sent"
    assert world.slack.standing() == ["a", "b"]
