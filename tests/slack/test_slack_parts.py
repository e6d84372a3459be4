"""The small parts: kept tasks, the cache, workers, secrets, and calls that were never sent."""

import asyncio
import gc
import io
import logging
import ssl
import weakref

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from fake_slack import Time

from bot.core.outbox.conversations import SlackUnreachable, SlackUntrusted
from bot.slack.calls import translated
from bot.slack.directory import ExpiringCache
from bot.slack.listeners import Workers, keep_tasks
from bot.slack.redacted import library_log, redact


# tasks
async def test_a_task_that_only_waits_for_itself_is_not_collected():
    loop = asyncio.get_running_loop()
    kept = keep_tasks(loop)
    assert keep_tasks(loop) is kept
    ended = []

    async def waits(box):
        box.append(loop.create_future())
        await box[0]
        ended.append(True)

    box = []
    alive = weakref.ref(asyncio.ensure_future(waits(box)))
    await asyncio.sleep(0)
    future = weakref.ref(box.pop())
    gc.collect()
    assert alive() is not None
    future().set_result(None)
    await alive()
    assert ended == [True]
    await asyncio.sleep(0)
    assert alive() not in kept.alive


# the cache
async def test_requests_at_the_same_time_share_the_answer():
    time, asked, gate = Time(), [], asyncio.Event()
    cache = ExpiringCache(60, time)

    async def ask():
        asked.append(1)
        await gate.wait()
        return "answer"

    waiting = [asyncio.ensure_future(cache.get("k", ask)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # one stops waiting, the others do not
    gate.set()
    assert await asyncio.gather(*waiting[1:]) == ["answer", "answer"]
    assert asked == [1]


async def test_failures_are_not_remembered():
    cache = ExpiringCache(60, Time())

    async def fails():
        raise RuntimeError

    async def works():
        return 1

    with pytest.raises(RuntimeError):
        await cache.get("k", fails)
    await asyncio.sleep(0)
    assert await cache.get("k", works) == 1


async def test_a_request_that_is_cancelled_is_sent_again():
    cache = ExpiringCache(60, Time())

    async def never():
        await asyncio.Event().wait()

    waiting = asyncio.ensure_future(cache.get("k", never))
    await asyncio.sleep(0)
    cache._asked["k"].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    assert cache._asked == {}


async def test_the_cache_forgets_the_oldest_when_it_is_full():
    cache = ExpiringCache(60, Time(), most=2)

    async def again():
        return "asked again"

    for key in "abc":
        cache.put(key, key)
    assert await cache.get("b", again) == "b"
    assert await cache.get("a", again) == "asked again"


# workers
async def test_jobs_run_a_few_at_a_time_in_their_order_and_the_rest_is_refused():
    time, gates, started = Time(), [asyncio.Event() for _ in range(4)], []
    workers = Workers(running=1, waiting=2, clock=time)

    def job(number):
        async def run():
            started.append(number)
            await gates[number].wait()

        return run

    assert [workers.submit(job(number)) for number in range(4)] == [True, True, True, False]
    await asyncio.sleep(0)
    time.seconds += 5
    assert (workers.load().running, workers.load().waiting, workers.load().oldest_seconds) == (1, 2, 5)
    assert started == [0]
    for gate in gates:
        gate.set()
    assert await workers.drain(1) == 0
    assert started == [0, 1, 2]
    assert not workers.submit(job(0))
    assert workers.load().oldest_seconds == 0


async def test_a_job_that_fails_is_logged_and_ends(caplog):
    workers = Workers(running=1, waiting=0, clock=Time())

    async def fails():
        raise RuntimeError("boom")

    workers.submit(fails)
    assert await workers.drain(1) == 0
    assert "boom" in caplog.text


# secrets
@pytest.mark.parametrize(
    ("told", "logged"),
    [
        ("token xoxb-1-2-abc ok", "token (secret) ok"),
        ("xoxe.xoxb-1-abc and xapp-1-A0-9-z", "(secret) and (secret)"),
        ("to https://hooks.slack.com/actions/T1/2/zz now", "to (secret) now"),
        ("https://hooks.slack.com/commands/T1/2/zz", "(secret)"),
        ("wss://w.slack.com/link?ticket=abc-1&app_id=A0", "wss://w.slack.com/link?ticket=(secret)&app_id=A0"),
        ("https://files.slack.com/upload/v1/ABC", "(secret)"),
        ("flow 3377 failed", "flow 3377 failed"),
    ],
)
def test_secrets_are_not_logged(told, logged):
    assert redact(told) == logged


def test_the_libraries_log_redacted_and_never_below_info():
    log = library_log()
    assert library_log() is log
    assert len(log.filters) == 1
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    try:
        try:
            int("xoxb-1-hush")
        except ValueError:
            log.exception("calling with %s", "xapp-1-hush")
        log.debug("a whole request")
    finally:
        log.removeHandler(handler)
    logged = stream.getvalue()
    assert "hush" not in logged
    assert "ValueError: invalid literal for int() with base 10: '(secret)'" in logged
    assert "a whole request" not in logged


def refused_by(status):
    return aiohttp.ClientHttpProxyError(None, (), status=status)


def not_connected(kind):
    key = ConnectionKey("slack.test", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)
    return kind(key, OSError("x"))


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (refused_by(407), "the proxy needs a user and a password; check those in HTTPS_PROXY"),
        (refused_by(403), "the proxy refused, HTTP 403"),
        (not_connected(aiohttp.ClientProxyConnectionError), "the proxy cannot be reached; check HTTPS_PROXY"),
        (
            not_connected(aiohttp.ClientConnectorDNSError),
            "the host name is unknown here; behind a proxy, set HTTPS_PROXY",
        ),
        (not_connected(aiohttp.ClientConnectorSSLError), "the server there does not use TLS"),
        (not_connected(aiohttp.ClientConnectorError), "ClientConnectorError"),
        (aiohttp.ConnectionTimeoutError(), "ConnectionTimeoutError"),
    ],
)
def test_a_call_that_was_never_sent_says_why(problem, says):
    with pytest.raises(SlackUnreachable) as told, translated():
        raise problem
    assert str(told.value).startswith(says)


def test_a_certificate_that_is_not_trusted_has_its_own_failure():
    doubt = ssl.SSLCertVerificationError(1, "x")
    doubt.verify_code, doubt.verify_message = 20, "unable to get local issuer certificate"
    key = not_connected(aiohttp.ClientConnectorError)._conn_key
    with pytest.raises(SlackUntrusted, match="unable to get local issuer certificate") as told, translated():
        raise aiohttp.ClientConnectorCertificateError(key, doubt)
    assert told.value.code == 20
