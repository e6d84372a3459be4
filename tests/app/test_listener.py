"""Listening where strangers come: whoever asks at once is answered, and the log stays small."""

import asyncio
import contextlib
import logging
import resource
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from bot.ops import listener, logs, process, rare_log
from bot.ops.listener import Listener
from bot.ops.rare_log import RareLogFilter

CAP = 16
WITHIN = 30.0  # seconds: a ceiling, not a wait


@pytest.fixture(autouse=True)
def _nothing_was_said_lately():
    for log in (listener.log, listener._library):
        for each in log.filters:
            if isinstance(each, RareLogFilter):
                each._last.clear()
                each._held.clear()


def application(hold=None, came=None):
    async def ok(_request):
        return web.Response(text="ok\n")

    async def held(_request):
        came.release()
        await hold.wait()
        return web.Response(text="held\n")

    async def bug(_request):
        raise ValueError("a bug")

    app = web.Application(client_max_size=1000)
    app.router.add_route("*", "/ok", ok)
    app.router.add_get("/held", held)
    app.router.add_get("/bug", bug)
    return app


@contextlib.asynccontextmanager
async def listening(app=None, **how):
    made = Listener(app or application(), **{"cap": CAP, "seconds": WITHIN, "shutdown_timeout": 0.1} | how)
    await made.start("127.0.0.1", 0)
    try:
        yield made
    finally:
        await made.cleanup()
        assert made.connections == 0


@contextlib.asynccontextmanager
async def connected(made, sends=b""):
    host, port = made.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sends)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def answer(made, sends=b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"):
    async with connected(made, sends) as (reader, _):
        return (await asyncio.wait_for(reader.read(), WITHIN)).decode()


async def ended(reader):
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), WITHIN)


UNFINISHED = {
    "silent": b"",
    "half a line": b"GET /o",
    "half a head": b"GET /ok HTTP/1.1\r\nHost: x\r\nX-More: ",
    "half a body": b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf",
    "half a chunk": b"POST /ok HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "no such path": b"POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf",
}


@pytest.mark.parametrize("sends", UNFINISHED.values(), ids=UNFINISHED)
async def test_a_crowd_that_never_ends_its_requests_keeps_no_other_out(sends):
    async with listening() as made, AsyncExitStack() as crowd:
        for _ in range(20):
            for _ in range(CAP):
                await crowd.enter_async_context(connected(made, sends))
            assert (await answer(made)).startswith("HTTP/1.1 200 OK")
            assert made.connections <= CAP


@pytest.mark.parametrize("sends", UNFINISHED.values(), ids=UNFINISHED)
async def test_a_request_that_does_not_end_is_cut_off_in_time(sends, caplog):
    async with listening(seconds=0.1) as made, connected(made, sends) as (reader, _):
        await ended(reader)
    assert caplog.records == []


async def test_bytes_that_drip_do_not_buy_more_time():
    async with listening(seconds=0.3) as made, connected(made, b"GET /ok HTTP/1.1\r\n") as (reader, writer):

        async def drips():
            while True:
                writer.write(b"X-More: x\r\n"[: 1 + len(asked) % 2])
                asked.append(1)
                await asyncio.sleep(0.01)

        asked = []
        dripping = asyncio.create_task(drips())
        await ended(reader)
        dripping.cancel()
        assert asked


async def test_who_is_being_answered_is_not_cut_off_for_others(caplog):
    hold, came = asyncio.Event(), asyncio.Semaphore(0)
    async with listening(application(hold, came)) as made, AsyncExitStack() as crowd:
        answers = [asyncio.create_task(answer(made, b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")) for _ in range(CAP)]
        async with asyncio.timeout(WITHIN):
            for _ in range(CAP):
                await came.acquire()
        reader, _ = await crowd.enter_async_context(connected(made, b"GET /ok HTTP/1.1\r\n\r\n"))
        await ended(reader)  # no room: nobody asks whom it could take the place of
        hold.set()
        assert all(each.endswith("held\n") for each in await asyncio.gather(*answers))
        assert (await answer(made)).endswith("ok\n")
    assert sum("connections at once" in each.message for each in caplog.records) == 1


async def test_one_connection_brings_one_request():
    async with listening() as made:
        got = await answer(made, b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert got.count("200 OK") == 1
    assert "Connection: close" in got


@pytest.mark.parametrize(
    ("sends", "status"),
    [
        (b"GET /ok HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 400),
        (b"GET /ok?" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /ok HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: x\r\n" % n for n in range(100)) + b"\r\n", 400),
        (b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, 413),
        (b"POST /ok HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"\x16\x03\x01 this is TLS, secret-words\r\n\r\n", 400),
        (b"GET /ok secret-words\r\n\r\n", 400),
        (b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nsecret-words", 400),
        (b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ],
)
async def test_what_is_too_large_or_no_request_is_refused_and_none_of_it_is_logged(sends, status, caplog):
    async with listening() as made:
        for _ in range(30):
            assert (await answer(made, sends)).split()[1] == str(status)
    assert len(caplog.records) <= 1
    assert all(each.exc_info is None and each.levelno <= logging.WARNING for each in caplog.records)
    assert "secret-words" not in caplog.text


async def test_who_leaves_amid_a_request_causes_no_error(caplog):
    async with listening() as made:
        for _ in range(10):
            async with connected(
                made, b"POST /ok HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            ) as (
                reader,
                writer,
            ):
                writer.write_eof()
                await ended(reader)
    assert all(each.exc_info is None and each.levelno <= logging.WARNING for each in caplog.records)
    assert len(caplog.records) <= 1


async def test_a_bug_is_logged_whole_but_not_over_and_over(caplog):
    async with listening() as made:
        for _ in range(30):
            assert (await answer(made, b"GET /bug HTTP/1.1\r\nHost: x\r\n\r\n")).startswith("HTTP/1.1 500 ")
    (line,) = caplog.records
    assert "ValueError: a bug" in logging.Formatter().formatException(line.exc_info)


async def test_a_listener_can_end_before_it_began_and_twice():
    made = Listener(application())
    assert made.address == ""
    await made.cleanup()
    async with listening() as made:
        assert made.address.startswith("http://127.0.0.1:")
    assert made.address == ""


async def test_few_descriptors_make_a_small_cap(monkeypatch):
    monkeypatch.setattr(listener.resource, "getrlimit", lambda _which: (256, 256))
    assert Listener(application(), cap=100)._cap == 32


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_what_is_said_seldom_says_how_often_it_was_so():
    clock, said = Clock(), []
    log = logging.getLogger("tests.seldom")
    log.filters[:] = [RareLogFilter(clock=clock)]
    log.addHandler(handler := logging.Handler())
    handler.emit = lambda record: said.append(record.getMessage())
    for second in range(130):
        clock.now = 1000.0 + second
        log.warning("refused %s\nthe %s", second, "rest")
        log.warning("another")
    assert said == [
        "refused 0\nthe rest",
        "another",
        "refused 60\nthe rest (59 more since the last such line)",
        "another (59 more since the last such line)",
        "refused 120\nthe rest (59 more since the last such line)",
        "another (59 more since the last such line)",
    ]
    said.clear()
    for number in range(1000):
        log.warning(f"kind {number}")  # noqa: G004  as libraries do
    assert len(log.filters[0]._last) <= rare_log._MOST
    log.filters.clear()
    log.removeHandler(handler)


def test_a_socket_that_cannot_be_accepted_is_logged_once_a_minute(capsys):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        for _ in range(2):
            logs.configure("info", "text", secrets=[], mask=str)
        for number in range(100):
            logging.getLogger("asyncio").error(f"socket.accept() out of system resource\nsocket: {number}")  # noqa: G004
            logging.getLogger("asyncio").error("Task exception was never retrieved")
    finally:
        root.handlers[:], root.level = before
    written = capsys.readouterr().err
    assert written.count("socket.accept()") == 1
    assert written.count("never retrieved") == 100


def test_the_process_may_open_as_many_files_as_it_is_allowed():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(400, before[1]), before[1]))
        for _ in range(2):
            process._raise_descriptor_limit()
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(before[1], process.DESCRIPTORS), before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
