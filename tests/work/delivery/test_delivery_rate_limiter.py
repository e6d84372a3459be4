"""The pace: how many calls a minute, a channel and a lane are let through."""

from datetime import timedelta

from delivery_fakes import START, edit, ephemeral, message

from bot.core.outbox.posts import Lane, Post, PostState
from bot.work.delivery.rate_limiter import MAX_CALLS_PER_CHANNEL, MAX_CALLS_PER_LANE, RateLimiter, TokenBucket


def post(new, **more) -> Post:
    return Post(new, PostState.SENDING, 1, more.pop("channel", new.channel), **more)


def at(seconds):
    return START + timedelta(seconds=seconds)


def test_a_bucket_gives_a_burst_and_then_a_number_a_minute():
    bucket = TokenBucket(60, 3)
    assert [bucket.take(at(0)) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(at(1)) for _ in range(2)] == [True, False]
    assert [bucket.take(at(100)) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(at(50)) for _ in range(1)] == [False]  # a clock that went back gives nothing


def test_edits_of_many_messages_keep_within_their_tier():
    limiter, edits = RateLimiter(), [post(edit(f"e{n}", f"m{n}"), ts=f"{n}.0", channel=f"C{n % 9}") for n in range(200)]
    sent = 0
    for second in range(60):
        chosen = limiter.choose(edits, [], at(second))
        edits = [each for each in edits if each not in chosen]
        sent += len(chosen)
    assert 60 <= sent <= 70


def test_calls_that_hang_fill_neither_their_lane_nor_another():
    limiter, waiting = RateLimiter(), [post(message(f"m{n}", channel="C1", thread=f"{n}.0")) for n in range(50)]
    busy = []
    for second in range(60):
        chosen = limiter.choose(waiting, busy, at(second))
        busy += chosen
        waiting = [each for each in waiting if each not in chosen]
    assert len(busy) == MAX_CALLS_PER_CHANNEL
    busy += [post(message(f"x{n}", channel=f"X{n}")) for n in range(MAX_CALLS_PER_LANE)]
    assert limiter.choose([post(message("other", channel="C2"))], busy, at(60)) == []
    answer = post(message("answer", channel="C2", lane=Lane.ANSWER))
    assert limiter.choose([answer], busy, at(60)) == [answer]


def test_a_private_answer_by_response_url_waits_where_slack_asked_to_wait():
    limiter, each = RateLimiter(), post(ephemeral("w", response_url="https://hooks.example/1"))
    limiter.pause(each, at(5))
    assert list(limiter.not_before.values()) == [at(5)]
    assert limiter.choose([each], [], at(4)) == []
    assert limiter.choose([each], [], at(5)) == [each]


def test_what_is_over_is_forgotten():
    limiter = RateLimiter()
    for n in range(100):
        limiter.choose([post(message(f"m{n}", channel=f"C{n}"))], [], at(n * 10))
    assert len(limiter.not_before) == 1
