import asyncio
import json
import ssl

import httpx
import pytest
from aiohttp import web
from enos_gateway import (
    answering,
    broken,
    dripping,
    garbage,
    html,
    oversize,
    refused,
    reset,
    silent,
    throttled,
    zipped,
)

from bot.core.errors import Refusal, TemporaryFailure, Unclear
from bot.core.flow.model import Parameter
from bot.enos.calls import Call, Kind
from bot.enos.errors import AnswerLost, BadResponse, NoResponse, ServerError, Throttled, Unreachable
from bot.enos.transport import Transport

USER = "u15432100000000011"
FLOW = {"flowId": 3377, "flowName": "daily", "active": 1}


def streamed(value):
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps(value).encode()))


SIGNED_IN = {"status": 0, "data": {"accessToken": "T", "expire": 7200}}


def mocked(error):
    def answer(request):
        if "token" in request.url.path:
            return streamed(SIGNED_IN)
        raise error

    return httpx.MockTransport(answer)


# reads are asked again


@pytest.mark.parametrize(
    "fault", [reset, html(), garbage(), broken(), broken(502), html(503), refused(62109, "Internal server exception")]
)
async def test_a_read_survives_one_fault(gateway, client, fault):
    gateway.answers["get"] = FLOW
    gateway.faults = [("get", fault)]
    assert (await client.flow(3377)).name == "daily"
    assert gateway.actions() == ["get", "get"]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (reset, NoResponse),
        (html(), BadResponse),
        (garbage(), BadResponse),
        (broken(), ServerError),
        (refused(62109, "Server internal exception"), ServerError),
    ],
)
async def test_a_fault_that_lasts_is_told_after_four_attempts(gateway, client, fault, failure):
    gateway.faults = [("get", fault)] * 9
    with pytest.raises(failure) as raised:
        await client.flow(3377)
    assert isinstance(raised.value, TemporaryFailure)
    assert gateway.actions() == ["get"] * 4


@pytest.mark.parametrize("fault", [zipped(), oversize(17 << 20)], ids=["compressed", "oversize"])
async def test_an_answer_that_would_fill_the_memory_is_refused_at_once(gateway, client, fault):
    gateway.faults = [("get", fault)]
    with pytest.raises(BadResponse):
        await client.flow(3377)
    assert gateway.actions() == ["get"]


async def test_compression_is_not_asked_for(gateway, client):
    seen = []

    async def look(_gateway, request):
        seen.append(request.headers["Accept-Encoding"])

    gateway.faults = [("get", look)]
    gateway.answers["get"] = FLOW
    await client.flow(3377)
    assert seen == ["identity"]


@pytest.mark.parametrize("fault", [silent, dripping])
async def test_a_call_ends_in_time_however_slow_the_answer_is(gateway, client_of, fault):
    client = client_of()
    await client.sign_in()
    client._transport.total = 0.3
    gateway.faults = [("get", fault)] * 9
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(NoResponse):
        await client.flow(3377)
    assert loop.time() - started < 30
    assert gateway.actions() == ["get"]  # a call that took its whole time is not repeated: somebody waits
    gateway.faults.clear()
    gateway.answers["get"] = FLOW
    client._transport.total = 60.0
    assert (await client.flow(3377)).name == "daily"


async def test_an_answer_that_drips_is_left_and_its_connection_given_back(gateway):
    transport = Transport(gateway.url, total=0.1)
    gateway.faults = [("get", dripping)]
    call = Call("GET", "/batch-processing-service/v2.1/flows", (("action", "get"),))
    pool = transport._gated_pools[Kind.READ].pool
    with pytest.raises(NoResponse):
        await transport.send(call, {})
    if transport._tasks:
        await asyncio.wait(transport._tasks, timeout=60)
    assert not transport._tasks
    assert transport._gated_pools[Kind.READ].pool is pool
    assert pool.users == 0
    await transport.close()
    gateway.wrong.clear()  # unsigned on purpose


async def test_a_redirect_is_not_followed_and_carries_no_token_away(gateway, client):
    gateway.faults = [
        ("get", answering(lambda: web.Response(status=302, headers={"Location": gateway.url + "/elsewhere"})))
    ]
    with pytest.raises(Refusal) as raised:
        await client.flow(3377)
    assert raised.value.reason == "gateway"
    assert gateway.actions() == ["get"]


# mutations are sent once


@pytest.mark.parametrize(
    "fault",
    [reset, html(), garbage(), broken(), broken(503), zipped(), refused(62109, "Server internal exception")],
    ids=["reset", "html", "garbage", "500", "503", "gzip", "62109"],
)
@pytest.mark.parametrize("change", ["trigger", "enable", "disable", "cancel", "updateAndTrigger", "triggerFromTask"])
async def test_a_change_whose_answer_is_lost_is_unclear_and_never_sent_again(gateway, client, fault, change):
    gateway.faults = [(change, fault)]
    acts = {
        "trigger": lambda: client.trigger(3377, 1, as_user=USER),
        "triggerFromTask": lambda: client.trigger_from_task(3377, 5, 1, as_user=USER),
        "updateAndTrigger": lambda: client.trigger_with(3377, 1, [Parameter("a", "b")], as_user=USER),
        "enable": lambda: client.enable(3377, as_user=USER),
        "disable": lambda: client.disable(3377, as_user=USER),
        "cancel": lambda: client.cancel("3377-20261121120000", as_user=USER),
    }
    with pytest.raises(Unclear) as raised:
        await acts[change]()
    assert isinstance(raised.value, AnswerLost)
    assert gateway.actions() == [change]


async def test_a_change_that_gets_no_answer_in_time_is_unclear(gateway, client_of):
    client = client_of()
    await client.sign_in()
    client._transport.total = 0.2
    gateway.faults = [("enable", silent)]
    with pytest.raises(AnswerLost):
        await client.enable(3377, as_user=USER)
    assert gateway.actions() == ["enable"]


async def test_a_change_that_certainly_never_left_is_sent_again(client_of):
    seen = []

    def answer(request):
        if "token" in request.url.path:
            return streamed(SIGNED_IN)
        seen.append(request.url.params["action"])
        if len(seen) < 3:
            raise httpx.ConnectError("refused", request=request)
        return streamed({"code": 0, "data": ""})

    await client_of(http=httpx.MockTransport(answer)).enable(3377, as_user=USER)
    assert seen == ["enable"] * 3


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (httpx.ConnectError("x"), Unreachable),
        (httpx.ConnectTimeout("x"), Unreachable),
        (httpx.PoolTimeout("x"), Unreachable),
        (httpx.ProxyError("x"), Unreachable),
        (httpx.UnsupportedProtocol("x"), Unreachable),
        (httpx.ReadError("x"), AnswerLost),
        (httpx.ReadTimeout("x"), AnswerLost),
        (httpx.WriteError("x"), AnswerLost),
        (httpx.WriteTimeout("x"), AnswerLost),
        (httpx.RemoteProtocolError("x"), AnswerLost),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_each_error_of_the_library_is_one_of_ours(client_of, error, failure):
    with pytest.raises(failure):
        await client_of(http=mocked(error)).enable(3377, as_user=USER)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "certificate"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), "host name"),
        (httpx.UnsupportedProtocol("x"), "address"),
        (httpx.ProxyError("x"), "proxy"),
        (httpx.ConnectTimeout("x"), "in time"),
        (httpx.ConnectError("x"), "connection failed"),
    ],
)
async def test_what_cannot_be_reached_says_why(client_of, error, words):
    with pytest.raises(Unreachable, match=words):
        await client_of(http=mocked(error)).flow(3377)


async def test_an_address_without_a_listener_is_unreachable(client_of):
    client = client_of(url="http://127.0.0.1:9")
    with pytest.raises(Unreachable) as raised:
        await client.enable(3377, as_user=USER)
    assert str(raised.value) == (
        "No connection to EnOS (the connection failed). Nothing was changed. Try again in a minute."
    )


async def test_changes_use_a_fresh_connection_each_and_reads_keep_theirs(gateway, client):
    gateway.answers["get"] = FLOW
    gateway.answers["enable"] = ""
    for _ in range(3):
        await client.flow(3377)
    assert len(gateway.connections) == 1
    for _ in range(3):
        await client.enable(3377, as_user=USER)
    assert len(gateway.connections) == 4


async def test_a_throttled_change_is_told_and_not_sent_again(gateway, client):
    gateway.faults = [("enable", throttled("7"))]
    with pytest.raises(Throttled) as raised:
        await client.enable(3377, as_user=USER)
    assert raised.value.seconds == 7
    assert gateway.actions() == ["enable"]


# the token


# throttling


# the machinery


def test_certificates_are_checked_wherever_there_are_any():
    for url, trusted in (("HTTPS://gateway.example", True), ("http://127.0.0.1:1", False)):
        context = Transport(url)._gated_pools[Kind.READ].pool.transport._pool._ssl_context
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert bool(context.get_ca_certs()) is trusted
