"""Words that arrived before the process died: done once at the next start, or only after a press if they are old."""

import pytest
from answer_world import OPS

from bot.core.errors import DatabaseUnavailable, Superseded
from bot.core.people.model import IncomingMessage, Origin, Surface

COMMAND = Origin(Surface.COMMAND, OPS)


async def test_words_received_just_before_a_kill_are_done_once_at_the_next_start(world, maya):
    await world.killed_before_answering(maya, "trigger 3377", COMMAND)
    (seen,) = await world.answer_left_over()
    assert "<@U0MAYA00001> started `3377`" in seen.text
    assert await world.answer_left_over() == []
    assert [name for name, *_ in world.enos.done()] == ["trigger"]
    assert not await world.dispatcher.record_arrival(
        IncomingMessage("Ev1", "trigger 3377", maya.person, COMMAND, world.now)
    )


async def test_words_received_long_ago_are_done_only_after_a_press(world, maya):
    await world.killed_before_answering(maya, "trigger 3377", COMMAND)
    world.later(minutes=3)
    (seen,) = await world.answer_left_over()
    assert seen.place == "only maya sees"
    assert "Nothing was changed. If you still want it, send it again." in seen.text
    assert world.enos.done() == []
    (started,) = await maya.starts(seen, "Do it now")
    assert "<@U0MAYA00001> started `3377`" in started.text


async def test_a_question_is_answered_where_it_was_asked(world, maya):
    await world.killed_before_answering(maya, "whoami", Origin(Surface.MENTION, OPS, message="1.1"))
    (seen,) = await world.answer_left_over()
    assert "maya.chen" in seen.text


async def test_a_stranger_gets_the_same_answer_late_as_in_time(world):
    await world.killed_before_answering(world.stranger, "trigger 3377", COMMAND)
    world.later(minutes=3)
    (late,) = await world.answer_left_over()
    (in_time,) = await world.stranger.says("trigger 3377")
    assert late.text == in_time.text


async def test_a_command_that_cannot_be_answered_waits_for_the_next_start_and_blocks_no_other(world, maya, caplog):
    await world.killed_before_answering(maya, "whoami", COMMAND, key="Ev1")
    await world.killed_before_answering(maya, "status", COMMAND, key="Ev2")
    queue = world.store.queue

    async def refuses_the_first(posts, **more):
        if more["delivery"] == "Ev1":
            raise OSError("the disk is away")
        await queue(posts, **more)

    world.store.queue = refuses_the_first
    assert len(await world.answer_left_over()) == 1
    assert "stays unanswered until the next start" in caplog.text
    world.store.queue = queue
    assert len(await world.answer_left_over()) == 1


async def test_where_the_database_fails_once_at_the_end_the_answer_is_written_at_the_second_try(world, monkeypatch):
    """Nobody restarts: an attempt without an end would stay open."""
    queue, failures = world.store.queue, [DatabaseUnavailable("the connection was lost")]

    async def fails(*args, **more):
        if failures:
            raise failures.pop()
        await queue(*args, **more)

    monkeypatch.setattr(world.store, "queue", fails)
    (seen,) = await world.maya.says("disable 3377 confirmed")
    assert "disabled the schedule of" in seen.text
    assert [row[2] for row in await world.audited()] == ["done"]


async def test_who_was_replaced_does_not_try_to_answer_again(world, monkeypatch):
    tried = []

    async def replaced(*_args, **_more):
        tried.append(1)
        raise Superseded

    monkeypatch.setattr(world.store, "queue", replaced)
    with pytest.raises(Superseded):
        await world.maya.says("show 3377")
    assert tried == [1]
