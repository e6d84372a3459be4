"""The wall clock was put back: what lies ahead is taken as of now, and nothing else changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_makers import NOW, edit, incident, later, message, run

from bot.core.incident.facts import Facts, Reading
from bot.core.incident.groups import Gathering, Occasion
from bot.core.outbox.lost_messages import OFTEN, WITHIN, AfterLoss
from bot.core.outbox.notices import Told
from bot.core.outbox.posts import Lane

HOUR = timedelta(hours=1)
BACK = NOW - HOUR  # what the clock says after it was put back


async def test_posts_go_now_in_their_old_order(store):
    names = {"a": NOW - 2 * HOUR, "b": NOW, "c": later(seconds=2)}
    await store.queue([message(name, lane=Lane.ANSWER, due=due) for name, due in names.items()])
    await store.sending("b", NOW)
    await store.requeue("b", later(seconds=300), "unreachable")
    assert [post.new.id for post in await store.due(BACK)] == ["a"]
    await store.take_as_now(BACK)
    assert [post.new.id for post in await store.due(BACK, 10)][:1] == ["a"]
    await store.sending("a", BACK)
    await store.sent("a", "C0DATAOPS1", "1.0", BACK)
    assert [post.new.id for post in await store.due(BACK)] == ["b"], "c waits for b, which came first"


async def test_an_unclear_post_was_tried_before_now(store):
    await store.queue([message("a")])
    await store.sending("a", NOW)
    await store.set_unclear("a", "cut", later(seconds=5))
    await store.take_as_now(BACK)
    (post,) = await store.unclear()
    assert (post.first_tried, post.settled_at, post.new.due) == (BACK, BACK, BACK)


async def test_when_a_message_was_tried_last_bounds_no_look_any_more(store):
    await store.queue([message("a"), message("b", channel="C0OTHER001"), message("c", channel="C0OTHER002")])
    for name in ("a", "b"):
        await store.sending(name, NOW)
        await store.set_unclear(name, "cut", NOW)
    await store.requeue("b", NOW, "not there")
    await store.sending("b", NOW)
    await store.sent("b", "C0OTHER001", "1.0", NOW)
    await store.sending("c", NOW - 2 * HOUR)
    await store.set_unclear("c", "cut", NOW - 2 * HOUR)
    await store.take_as_now(BACK)
    assert [(await store.post(name)).tried_at for name in "abc"] == [None, None, NOW - 2 * HOUR]
    assert [(await store.post(name)).settled_at for name in "abc"] == [BACK, BACK, NOW - 2 * HOUR]
    assert [post.new.id for post in await store.doubtful(BACK)] == ["b"]


async def test_what_was_lost_ahead_was_lost_now_and_may_be_said_again_an_hour_later(store):
    async def lost(number, now):
        await store.sending("a", now)
        await store.sent("a", "C0DATAOPS1", f"{number}.0", now)
        await store.queue([edit(f"e{number}", "a", due=now)])
        return await store.lost(f"e{number}", "C0DATAOPS1", f"{number}.0", now, stands=False)

    await store.queue([message("a")])
    ahead = BACK + timedelta(days=30)
    assert [await lost(number, ahead) for number in range(OFTEN)] == [AfterLoss.AGAIN] * OFTEN
    assert await store.take_as_now(BACK) > OFTEN
    assert await lost(OFTEN, BACK + WITHIN) is AfterLoss.AGAIN


async def test_an_open_incident_began_at_the_latest_now_and_lasts_as_long_as_was_said(store):
    one = replace(
        incident("i1"),
        opened_at=NOW,
        told_at=NOW,
        called_at=later(seconds=60),
        acked_at=later(seconds=5),
        ack_until=later(seconds=600),
    )
    await store.observe((), (), lambda _: Facts(incidents=(one,)))
    assert await store.take_as_now(BACK) == 4
    found = await store.incident("i1")
    assert (found.opened_at, found.told_at, found.called_at, found.acked_at) == (BACK, BACK, BACK, BACK)
    assert found.ack_until == later(seconds=600)


async def test_runs_storms_and_sweeps_began_at_the_latest_now(store):
    await store.put_run(replace(run(), started_at=NOW))
    storm = Gathering("p1", "C0DATAOPS1", Occasion.STORM, NOW, later(seconds=60))
    await store.observe((), (), lambda _: Facts(gatherings=(storm,)))
    await store.set_reading(Reading(1, swept_at=NOW, read_at=later(seconds=30)))
    await store.set_reading(Reading(2))
    await store.take_as_now(BACK)
    assert (await store.runs())[0].started_at == BACK
    (found,) = await store.gatherings()
    assert (found.began_at, found.last_at) == (BACK, BACK)
    readings = await store.readings()
    assert (readings[1].swept_at, readings[1].read_at) == (BACK, BACK)
    assert readings[2].swept_at is None


async def test_what_lies_ahead_within_the_margin_stays(store):
    await store.queue([message("a", due=later(seconds=2))])
    assert await store.take_as_now(NOW, margin=HOUR) == 0
    assert await store.due(NOW) == ()


@pytest.mark.parametrize("happened", ["tried", "unclear", "read", "swept"])
async def test_there_is_no_margin_where_something_happened_later_than_now(store, happened):
    await store.queue([message("a", due=later(seconds=2)), message("b")])
    match happened:
        case "tried":
            await store.sending("b", NOW)
            await store.requeue("b", later(seconds=40), "ratelimited")
        case "unclear":
            await store.sending("b", later(seconds=-60))
            await store.set_unclear("b", "cut", NOW)
        case _:
            await store.set_reading(Reading(1, **{f"{happened}_at": NOW}))
    now = later(seconds=-20)
    assert await store.take_as_now(now, margin=HOUR) > 0
    assert {post.new.id for post in await store.due(now, 10)} | {"b"} == {"a", "b"}
    assert (await store.post("a")).new.due == now


async def test_what_waits_to_be_tried_again_waits_where_the_clock_was_not_put_back(store):
    await store.queue([message("a")])
    await store.sending("a", NOW)
    await store.requeue("a", later(seconds=40), "ratelimited")
    await store.set_reading(Reading(1, swept_at=NOW, read_at=NOW))
    assert await store.take_as_now(later(seconds=1), margin=HOUR) == 0
    assert await store.due(later(seconds=1)) == ()


async def test_many_rows_go_in_steps(store):
    await store.queue([message(f"p{number}") for number in range(400)])
    await store.queue([message(f"q{number}") for number in range(400)])
    assert await store.take_as_now(BACK) == 800
    assert await store.take_as_now(BACK) == 0


@pytest.mark.parametrize("speaks", [True, False])
async def test_a_note_and_its_posts_are_written_together(store, speaks):
    posts = (message("a"),) if speaks else ()
    assert await store.tell("weather", lambda note: Told(f"{note}rain", posts)) is speaks
    assert (await store.notes())["weather"] == "rain"
    assert (await store.post("a") is not None) is speaks


async def test_a_note_is_read_by_who_decides_and_may_be_left_as_it_is(store):
    await store.note("weather", "rain")
    heard = []
    assert await store.tell("weather", heard.append) is False
    assert heard == ["rain"]
    assert (await store.notes())["weather"] == "rain"


async def test_where_the_posts_cannot_be_written_neither_is_the_note(store):
    broken = replace(message("a"), body=object())
    with pytest.raises(TypeError):
        await store.tell("weather", lambda _: Told("rain", (broken,)))
    assert "weather" not in await store.notes()
