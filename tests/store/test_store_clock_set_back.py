"""The wall clock was put back: what lies ahead is taken as of now, and nothing else changes."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from incident_cards import changed
from store_makers import MAYA, NOW, edit, incident, later, message, occurrence, run

from bot.core.digest import LastDigest
from bot.core.flow.model import FlowId
from bot.core.history.expectations import Expectation
from bot.core.incident.facts import ChangeSet, ReadState
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.outbox.lost_messages import LOSS_WINDOW, MAX_IN_WINDOW, LossOutcome
from bot.core.outbox.notices import NoticeUpdate
from bot.core.outbox.posts import Lane

HOUR = timedelta(hours=1)
BACK = NOW - HOUR  # what the clock says after it was put back


async def test_posts_go_now_in_their_old_order(store):
    names = {"a": NOW - 2 * HOUR, "b": NOW, "c": later(seconds=2)}
    await store.queue([message(name, lane=Lane.ANSWER, due=due) for name, due in names.items()])
    await store.start_sending("b", NOW)
    await store.requeue("b", later(seconds=300), "unreachable")
    assert [post.new.id for post in await store.due(BACK)] == ["a"]
    await store.correct_future_times(BACK)
    assert [post.new.id for post in await store.due(BACK, 10)][:1] == ["a"]
    await store.start_sending("a", BACK)
    await store.mark_sent("a", "C0DATAOPS1", "1.0", BACK)
    assert [post.new.id for post in await store.due(BACK)] == ["b"], "c waits for b, which came first"


async def test_an_unclear_post_was_tried_before_now(store):
    await store.queue([message("a")])
    await store.start_sending("a", NOW)
    await store.mark_unclear("a", "cut", later(seconds=5))
    await store.correct_future_times(BACK)
    (post,) = (await store.to_look_up(NOW))[0]
    assert (post.first_tried, post.settled_at, post.new.due) == (BACK, BACK, BACK)


async def test_when_a_message_was_tried_last_bounds_no_look_any_more(store):
    await store.queue([message("a"), message("b", channel="C0OTHER001"), message("c", channel="C0OTHER002")])
    for name in ("a", "b"):
        await store.start_sending(name, NOW)
        await store.mark_unclear(name, "cut", NOW)
    await store.requeue("b", NOW, "not there")
    await store.start_sending("b", NOW)
    await store.mark_sent("b", "C0OTHER001", "1.0", NOW)
    await store.start_sending("c", NOW - 2 * HOUR)
    await store.mark_unclear("c", "cut", NOW - 2 * HOUR)
    await store.correct_future_times(BACK)
    assert [(await store.post(name)).tried_at for name in "abc"] == [None, None, NOW - 2 * HOUR]
    assert [(await store.post(name)).settled_at for name in "abc"] == [BACK, BACK, NOW - 2 * HOUR]
    assert [post.new.id for post in (await store.to_look_up(BACK))[1]] == ["b"]


async def test_what_was_lost_ahead_was_lost_now_and_may_be_said_again_an_hour_later(store):
    async def lost(number, now):
        await store.start_sending("a", now)
        await store.mark_sent("a", "C0DATAOPS1", f"{number}.0", now)
        await store.queue([edit(f"e{number}", "a", due=now)])
        return await store.mark_lost(f"e{number}", "C0DATAOPS1", f"{number}.0", now, still_visible=False)

    await store.queue([message("a")])
    ahead = BACK + timedelta(days=30)
    assert [await lost(number, ahead) for number in range(MAX_IN_WINDOW)] == [LossOutcome.REPOSTED] * MAX_IN_WINDOW
    assert await store.correct_future_times(BACK) > MAX_IN_WINDOW
    assert await lost(MAX_IN_WINDOW, BACK + LOSS_WINDOW) is LossOutcome.REPOSTED


async def test_an_open_incident_began_at_the_latest_now_and_lasts_as_long_as_was_said(store):
    one = changed(
        incident("i1"),
        opened_at=NOW,
        told_at=NOW,
        reminded_at=later(seconds=60),
        acked_at=later(seconds=5),
        ack_until=later(seconds=600),
    )
    await store.observe((), (), lambda _: ChangeSet(incidents=(one,)))
    assert await store.correct_future_times(BACK) == 4
    found = await store.incident("i1")
    assert (found.opened_at, found.home.told_at, found.reminded_at, found.acked_at) == (BACK, BACK, BACK, BACK)
    assert found.ack_until == later(seconds=600)


async def test_runs_storms_and_sweeps_began_at_the_latest_now(store):
    await store.put_run(replace(run(), started_at=NOW))
    storm = IncidentGroup("p1", "C0DATAOPS1", Occasion.STORM, NOW, later(seconds=60))
    await store.observe((), (), lambda _: ChangeSet(incident_groups=(storm,)))
    await store.set_reading(ReadState(1, swept_at=NOW, read_at=later(seconds=30)))
    await store.set_reading(ReadState(2))
    await store.correct_future_times(BACK)
    assert (await store.runs())[0].started_at == BACK
    (found,) = await store.incident_groups()
    assert (found.began_at, found.last_at) == (BACK, BACK)
    readings = await store.readings()
    assert (readings[1].swept_at, readings[1].read_at) == (BACK, BACK)
    assert readings[2].swept_at is None


async def test_what_lies_ahead_within_the_margin_stays(store):
    await store.queue([message("a", due=later(seconds=2))])
    assert await store.correct_future_times(NOW, margin=HOUR) == 0
    assert await store.due(NOW) == ()


@pytest.mark.parametrize("happened", ["tried", "unclear", "read", "swept"])
async def test_there_is_no_margin_where_something_happened_later_than_now(store, happened):
    await store.queue([message("a", due=later(seconds=2)), message("b")])
    match happened:
        case "tried":
            await store.start_sending("b", NOW)
            await store.requeue("b", later(seconds=40), "ratelimited")
        case "unclear":
            await store.start_sending("b", later(seconds=-60))
            await store.mark_unclear("b", "cut", NOW)
        case _:
            await store.set_reading(ReadState(1, **{f"{happened}_at": NOW}))
    now = later(seconds=-20)
    assert await store.correct_future_times(now, margin=HOUR) > 0
    assert {post.new.id for post in await store.due(now, 10)} | {"b"} == {"a", "b"}
    assert (await store.post("a")).new.due == now


async def test_what_waits_to_be_tried_again_waits_where_the_clock_was_not_put_back(store):
    await store.queue([message("a")])
    await store.start_sending("a", NOW)
    await store.requeue("a", later(seconds=40), "ratelimited")
    await store.set_reading(ReadState(1, swept_at=NOW, read_at=NOW))
    assert await store.correct_future_times(later(seconds=1), margin=HOUR) == 0
    assert await store.due(later(seconds=1)) == ()


async def test_many_rows_go_in_steps(store):
    await store.queue([message(f"p{number}") for number in range(400)])
    await store.queue([message(f"q{number}") for number in range(400)])
    assert await store.correct_future_times(BACK) == 800
    assert await store.correct_future_times(BACK) == 0


@pytest.mark.parametrize("speaks", [True, False])
async def test_a_note_and_its_posts_are_written_together(store, speaks):
    posts = (message("a"),) if speaks else ()
    assert await store.update_note("weather", lambda note: NoticeUpdate(f"{note}rain", posts)) is speaks
    assert (await store.notes())["weather"] == "rain"
    assert (await store.post("a") is not None) is speaks


async def test_a_note_is_read_by_who_decides_and_may_be_left_as_it_is(store):
    await store.set_note("weather", "rain")
    heard = []
    assert await store.update_note("weather", heard.append) is False
    assert heard == ["rain"]
    assert (await store.notes())["weather"] == "rain"


async def test_where_the_posts_cannot_be_written_neither_is_the_note(store):
    broken = replace(message("a"), body=object())
    with pytest.raises(TypeError):
        await store.update_note("weather", lambda _: NoticeUpdate("rain", (broken,)))
    assert "weather" not in await store.notes()


async def test_a_failure_stays_on_its_side_of_the_end_of_the_last_digest(store):
    told, untold, old = (occurrence(n, seen_at=NOW + timedelta(minutes=m)) for n, m in ((1, -5), (2, 5), (3, -90)))
    broken = incident(occurrences=(old, told, untold))
    await store.observe((), (), lambda _: ChangeSet(incidents=(broken,)))
    await store.set_note("digest C1", LastDigest(NOW, NOW).written())
    await store.set_note("digest C2", LastDigest(NOW).written())
    await store.correct_future_times(BACK)
    (kept,) = await store.incidents()
    assert [each.seen_at for each in kept.occurrences] == [old.seen_at, BACK - timedelta(milliseconds=1), BACK]
    notes = await store.notes()
    assert LastDigest.read(notes["digest C1"]) == LastDigest(NOW, BACK)
    assert LastDigest.read(notes["digest C2"]) == LastDigest(NOW)


async def test_a_promise_counts_from_now_on(store):
    await store.expect(FlowId(3377), Expectation(FlowId(3377), "report", MAYA, NOW, time(6)))
    await store.correct_future_times(BACK)
    assert (await store.expectations())[FlowId(3377)].at == BACK
