"""Sending: the token in the middle of calls, throttling, and what closing does to calls on their way."""

import asyncio
import logging

import httpx
import pytest
from aiohttp import web
from enos_gateway import (
    answering,
    broken,
    expire,
    html,
    refused,
    silent,
    throttled,
    told,
)

from bot.core.errors import Refusal, TemporaryFailure, Unclear
from bot.core.flow.model import Parameter
from bot.enos import transport as transport_module
from bot.enos.calls import Call, Kind
from bot.enos.errors import (
    AnswerLost,
    NoResponse,
    ServiceUnavailable,
    TemporarilyUnavailable,
    Throttled,
    TokenRejected,
    Unreachable,
)
from bot.enos.transport import Transport

USER = "u15432100000000011"


FLOW = {"flowId": 3377, "flowName": "daily", "active": 1}


@pytest.mark.parametrize("how", ["401", "bare 401", "apim", "200"])
@pytest.mark.parametrize("act", ["get", "enable"])
async def test_a_token_that_ends_in_the_middle_is_renewed_and_the_call_repeated_once(gateway, client, how, act):
    gateway.turn_away = how
    gateway.answers = {"get": FLOW, "enable": ""}
    gateway.faults = [(act, expire)]
    await (client.flow(3377) if act == "get" else client.enable(3377, as_user=USER))
    assert gateway.actions() == [act, act]
    assert gateway.asked[0].token != gateway.asked[1].token


async def test_twenty_calls_with_an_expired_token_cause_one_sign_in(gateway, client):
    gateway.answers["get"] = FLOW
    await client.flow(3377)
    gateway.expire_tokens()
    await asyncio.gather(*(client.flow(3377) for _ in range(20)))
    assert gateway.signs == ["get", "get"]


async def test_a_token_that_is_never_taken_is_told_after_one_renewal(gateway, client):
    gateway.faults = [("get", refused(1203, "expired"))] * 9
    with pytest.raises(TokenRejected, match="clock"):
        await client.flow(3377)
    assert gateway.actions() == ["get", "get"]


async def test_a_wrong_secret_is_told_in_a_sentence_without_it(client_of, gateway):
    client = client_of(secret="not-the-secret")
    with pytest.raises(Refusal) as raised:
        await client.flow(3377)
    assert raised.value.reason == "wrong_secret"
    assert "not-the-secret" not in str(raised.value)
    assert gateway.actions() == []


async def test_a_sign_in_that_gets_no_answer_leaves_a_change_unsent(gateway, client_of):
    client = client_of(total_seconds=0.2)
    gateway.sign_fault = lambda _what: told(1005, "internal")
    with pytest.raises(TemporaryFailure) as raised:
        await client.enable(3377, as_user=USER)
    assert not isinstance(raised.value, Unclear)
    assert gateway.actions() == []


async def test_retry_after_holds_all_calls_back(gateway, client):
    gateway.answers["get"] = FLOW
    gateway.faults = [("get", throttled("7"))]
    await client.flow(3377)
    assert gateway.actions() == ["get", "get"]
    assert [round(seconds) for seconds in client.pauses] == [7]


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        (429, Throttled, "EnOS asks for fewer requests. Try again in 5 min."),
        (503, ServiceUnavailable, "EnOS is out of service right now. Try again in 5 min."),
    ],
)
async def test_a_long_wait_is_told_with_its_reason_and_no_call_is_made_meanwhile(
    gateway, client, status, kind, sentence
):
    gateway.faults = [("get", throttled("300", status))]
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailable) as raised:
            await client.flow(3377)
        assert type(raised.value) is kind
        assert 290 < raised.value.seconds <= 300
        assert str(raised.value) == sentence
    assert gateway.actions() == ["get"]


@pytest.mark.parametrize("fault", [throttled(""), throttled("", 503), refused(430, "traffic limit")])
async def test_without_retry_after_the_wait_grows(gateway, client, fault):
    gateway.faults = [("get", fault)] * 4
    with pytest.raises(TemporarilyUnavailable):
        await client.flow(3377)
    first, second, third = client.pauses
    assert 0.7 < first < 1.3
    assert first < second < third
    assert third < 6


async def test_what_waited_too_long_at_the_gate_is_never_sent(gateway):
    transport = Transport(gateway.url, total=0.2)
    call = Call("GET", "/batch-processing-service/v2.1/flows", (("action", "get"),), None, Kind.MUTATION)
    gateway.faults = [("get", silent)] * 9
    results = await asyncio.gather(*(transport.send(call, {}) for _ in range(6)), return_exceptions=True)
    assert [type(result) for result in results].count(NoResponse) == transport_module.MUTATIONS
    assert [type(result) for result in results].count(Unreachable) == 2
    gateway.release.set()
    await transport.close()
    assert len(gateway.asked) == transport_module.MUTATIONS
    gateway.wrong.clear()  # unsigned on purpose


async def test_a_cancelled_caller_abandons_its_call_and_the_pool_lives(gateway, client):
    gateway.answers["get"] = FLOW
    await client.flow(3377)
    gateway.faults = [("get", silent)] * 8
    callers = [asyncio.create_task(client.flow(3377)) for _ in range(8)]
    await gateway.arrived(9)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    gateway.release.set()
    for _ in range(10):
        assert (await client.flow(3377)).name == "daily"


async def test_a_request_that_outlives_its_time_is_cut_with_its_pool(gateway, monkeypatch):
    monkeypatch.setattr(transport_module, "GRACE", 0.2)
    transport = Transport(gateway.url, total=0.1)
    call = Call("GET", "/batch-processing-service/v2.1/flows", (("action", "get"),))
    before = transport._gated_pools[Kind.READ].pool

    async def hang(_request):
        await asyncio.Event().wait()

    closed = []

    class Hanging(httpx.MockTransport):
        async def aclose(self):
            closed.append(self)

    before.transport = Hanging(hang)
    with pytest.raises(NoResponse):
        await transport.send(call, {})
    await asyncio.wait(transport._tasks)
    await asyncio.gather(*transport._closing)
    assert closed == [before.transport]
    gateway.answers["get"] = FLOW
    transport.total = 60.0
    reply = await transport.send(call, {"apim-timestamp": str(gateway.clock.ms)})
    assert reply.status == 401
    await transport.close()
    gateway.wrong.clear()  # unsigned on purpose


async def test_after_closing_nothing_is_sent(gateway, client):
    await client.close()
    with pytest.raises(Unreachable, match="shutting down"):
        await client.enable(3377, as_user=USER)
    assert gateway.signs == []


async def test_closing_waits_for_what_is_on_its_way(gateway, client_of):
    client = client_of()
    await client.sign_in()
    gateway.faults = [("enable", silent)]
    gateway.answers["enable"] = ""
    change = asyncio.create_task(client.enable(3377, as_user=USER))
    await gateway.arrived(1)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    assert not closing.done()
    gateway.release.set()
    await closing
    with pytest.raises(AnswerLost):  # an empty page came back
        await change


async def test_closing_waits_no_longer_than_a_call_may_take(gateway):
    transport = Transport(gateway.url, total=0.1)
    gateway.faults = [("get", silent)]
    call = Call("GET", "/batch-processing-service/v2.1/flows", (("action", "get"),))
    hanging = asyncio.create_task(transport.send(call, {}))
    await gateway.arrived(1)
    transport.total = 0.01
    await transport.close()
    with pytest.raises(NoResponse):
        await hanging
    gateway.wrong.clear()  # unsigned on purpose


async def test_a_call_goes_by_the_proxy(gateway, monkeypatch):
    monkeypatch.setenv("http_proxy", gateway.url)
    monkeypatch.setenv("no_proxy", "")
    transport = Transport("http://enos.invalid")
    reply = await transport.send(Call("GET", "/x", (), b""), {})
    assert reply.status == 404  # the gateway was asked, as a proxy is
    await transport.close()


async def test_no_secret_and_no_token_is_ever_logged(gateway, client, caplog):
    caplog.set_level(logging.DEBUG)
    gateway.answers = {"get": FLOW, "enable": ""}
    gateway.faults = [("get", html()), ("enable", expire)]
    await client.flow(3377)
    await client.enable(3377, as_user=USER)
    gateway.faults = [("get", refused(62108, "odd"))]
    with pytest.raises(Refusal):
        await client.flow(3377)
    everything = caplog.text + repr(client) + str(vars(client._tokens)["_held"])
    for secret in ("f0e1d2c3", "APIM-TOKEN", "apim-signature"):
        assert secret not in everything
    assert "flows.get" in caplog.text


async def test_calls_are_counted_by_outcome_with_their_time(gateway, client_of):
    counted = []
    client = client_of(on_call=lambda action, outcome, seconds: counted.append((action, outcome, seconds >= 0)))
    gateway.answers = {"get": FLOW, "enable": ""}
    gateway.faults = [
        ("get", broken()),
        ("enable", html()),
        ("disable", throttled("1")),
        ("cancel", refused(62103, "no")),
    ]
    await client.flow(3377)
    for act in (
        client.enable(3377, as_user=USER),
        client.disable(3377, as_user=USER),
        client.cancel("3377-1", as_user=USER),
    ):
        with pytest.raises((TemporaryFailure, Refusal)):
            await act
    assert counted == [
        ("flows.get", "internal", True),
        ("flows.get", "ok", True),
        ("flows.enable", "unclear", True),
        ("flows.disable", "throttled", True),
        ("flowInstances.cancel", "refused", True),
    ]


async def test_an_abandoned_call_is_counted_as_such(gateway, client_of):
    counted = []
    client = client_of(on_call=lambda action, outcome, seconds: counted.append((action, outcome)))
    await client.sign_in()
    gateway.faults = [("get", silent)]
    caller = asyncio.create_task(client.flow(3377))
    await gateway.arrived(1)
    caller.cancel()
    await asyncio.wait([caller])
    assert counted == [("flows.get", "abandoned")]


async def test_a_request_id_is_logged_where_there_is_one(gateway, client, caplog):
    caplog.set_level(logging.INFO)
    body = {"code": 62103, "msg": "no", "requestId": "r-123", "data": None}
    gateway.faults = [("get", answering(lambda: web.json_response(body)))]
    with pytest.raises(Refusal):
        await client.flow(3377)
    assert "(request r-123)" in caplog.text


async def test_bodies_and_queries_arrive_as_signed(gateway, client):
    gateway.answers = {"getMyFlow": [], "updateAndTrigger": {"flowInstanceId": "3377-20261121120000"}}
    await client.my_flows("日报 A+B/1 %20 & = ~")
    assert gateway.asked[0].query["expression"] == "日报 A+B/1 %20 & = ~"
    await client.trigger_with(3377, 5, [Parameter("路径", 'a "quoted" \\ b\n')], as_user=USER)
    assert gateway.asked[1].body["parameters"] == [{"key": "路径", "value": 'a "quoted" \\ b\n'}]
