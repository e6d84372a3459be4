"""The gateway's door: tokens, signatures, freshness. Vectors computed apart from the code and from the vendor."""

import hashlib

import pytest
from platform_kit import MAYA, NOON, Caller, Clock, served, small_platform

from bot.sim.enos.gateway import Gateway, GatewayRefusal, _IssuedToken
from bot.sim.enos.platform import ACCESS_KEY, SECRET_KEY

TOKEN = "APIM-TOKEN-EXAMPLE-0001"
WHO = {"userId": "u15432100000000001", "orgId": "o15000000000001"}
BODY = (
    b'{"type":1,"expression":"","owner":"","fromTriggerTime":1699920000000,"toTriggerTime":1700006400000,'
    b'"status":"2,-1","pagination":{"pageNo":1,"pageSize":50,"sorters":[{"field":"start_time","order":"DESC"}]}}'
)
VENDOR_BODY = '{\n  "count": 20,\n  "page": 1,\n  "desc": "描述"\n}'.encode()


def gate(key=ACCESS_KEY, secret=SECRET_KEY, token=TOKEN, now=0.0):
    made = Gateway({key: secret})
    made._tokens[token] = _IssuedToken(key, now + 7200)
    return made


@pytest.mark.parametrize(
    ("query", "raw", "stamp", "signature"),
    [
        (
            {"flowInstId": "2809-20190808093200", **WHO, "action": "get"},
            b"",
            1700000001234,
            "0177e6548dd88e94841d472c722fec1b1fc773d252003dcffad4375685feb9a1",
        ),
        (
            {"action": "search", **WHO},
            BODY,
            1700000002345,
            "7186f448c56543aed3131b823089e8d6aeb87b2cc26a7ac90eb1211c2b6508e8",
        ),
        (
            {"action": "getMyFlow", "expression": "日报 A+B/1", **WHO},
            b"",
            1700000003456,
            "d450e266cea91b9e441489303a88b41d7a6928542694923376c143fd67f3a40c",
        ),
        (
            {"action": "getLog", "maxLength": "", "taskInstId": "105007-20190812013400", **WHO},
            b"",
            1700000003456,
            "82b32b4a349cd54f3d866ebc81d5ce23d45c308787dbe8e2cca1ae17eeaef12b",
        ),
        (
            {"action": "getTimeZone"},
            b"",
            1700000003456,
            "4814febd52259b52d2758c9100e27ce4a962d6eee2d9c2a9c88edd341295aa5a",
        ),
    ],
)
def test_the_worked_examples_pass_and_a_changed_byte_does_not(query, raw, stamp, signature):
    now = stamp / 1000
    headers = {"apim-accesstoken": TOKEN, "apim-timestamp": str(stamp), "apim-signature": signature}
    assert gate(now=now).check(headers, query, raw, now) == ACCESS_KEY
    with pytest.raises(GatewayRefusal) as refusal:
        gate(now=now).check(headers, query, raw + b" ", now)
    assert refusal.value.status == 1003


def test_a_token_request_as_in_the_worked_example():
    digest = "46bd3c0304f31fb60924c93701de3a448b54336199d44a550297658b025cb11c"
    body = {"appKey": ACCESS_KEY, "timestamp": 1700000000000, "encryption": digest}
    assert Gateway({ACCESS_KEY: SECRET_KEY}).get(body, 1_700_000_000.0)["expire"] == 7200
    as_string = body | {"timestamp": "1700000000000"}
    assert Gateway({ACCESS_KEY: SECRET_KEY}).get(as_string, 1_700_000_000.0)["expire"] == 7200


@pytest.fixture
def platform():
    return small_platform(Clock())


async def test_asking_again_returns_the_live_token_with_what_is_left(platform):
    async with served(platform) as http:
        caller = Caller(platform, http)
        first = await caller.ask_token()
        assert first["status"] == 0
        assert first["data"]["expire"] == 7200
        platform.clock.now += 7000
        again = await caller.ask_token()
        assert again["data"] == {"accessToken": first["data"]["accessToken"], "expire": 200}
        platform.clock.now += 200
        fresh = (await caller.ask_token())["data"]
        assert fresh["expire"] == 7200
        assert fresh["accessToken"] != first["data"]["accessToken"]


async def test_refreshing_gives_a_new_token_and_the_old_one_lives_a_minute_longer(platform):
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.sign_in()
        old = caller.token
        new = await caller.ask_token("refresh", accessToken=old)
        assert new["data"]["expire"] == 7200
        assert new["data"]["accessToken"] != old
        platform.clock.now += 59
        assert await caller.data("flows", "getMyFlow")
        platform.clock.now += 2
        assert (await caller.send("flows", "getMyFlow")).status == 401
        caller.token = new["data"]["accessToken"]
        assert await caller.data("flows", "getMyFlow")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"appKey": ""}, 1202),
        ({"timestamp": None}, 1202),
        ({"encryption": ""}, 1202),
        ({"appKey": "nobody"}, 1002),
        ({"encryption": "0" * 64}, 1003),
        ({"timestamp": "soon"}, 1004),
        ({"timestamp": int(NOON * 1000) - 900_001}, 1004),
    ],
)
async def test_bad_token_requests(platform, change, status):
    async with served(platform) as http:
        answer = await http.post("/apim-token-service/v2.0/token/get", json=Caller(platform, http).proof() | change)
        told = await answer.json()
        assert (answer.status, told["status"], told["data"]) == (200, status, None)


async def test_a_token_request_that_is_no_json_or_no_object(platform):
    async with served(platform) as http:
        for body in (b"{", b"[]", b""):
            answer = await http.post("/apim-token-service/v2.0/token/get", data=body)
            assert (await answer.json())["status"] == 1202


async def test_a_proof_works_once(platform):
    async with served(platform) as http:
        proof = Caller(platform, http).proof()
        path = "/apim-token-service/v2.0/token/get"
        assert (await (await http.post(path, json=proof)).json())["status"] == 0
        assert (await (await http.post(path, json=proof)).json())["status"] == 1001


async def test_refreshing_needs_a_live_token_of_ones_own(platform):
    other = "11111111-2222-4333-8444-555555555555"
    platform.gateway.keys[other] = "secret"
    stamp = int(NOON * 1000)
    digest = hashlib.sha256(f"{other}{stamp}secret".encode()).hexdigest()
    foreign = platform.gateway.get({"appKey": other, "timestamp": stamp, "encryption": digest}, NOON)["accessToken"]
    async with served(platform) as http:
        caller = Caller(platform, http)
        assert (await caller.ask_token("refresh"))["status"] == 1202
        assert (await caller.ask_token("refresh", accessToken="dead"))["status"] == 1203
        assert (await caller.ask_token("refresh", accessToken=foreign))["status"] == 1204


async def test_the_other_spelling_of_status(platform):
    platform.switch("token_status", "stauts")
    async with served(platform) as http:
        answer = await Caller(platform, http).ask_token()
        assert answer["stauts"] == 0
        assert "status" not in answer


@pytest.mark.parametrize("missing", ["apim-accesstoken", "apim-timestamp", "apim-signature"])
async def test_all_three_headers_are_needed(platform, missing):
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.sign_in()
        query = {"action": "getTimeZone"}
        headers = caller.headers(query, b"")
        del headers[missing]
        answer = await http.get("/batch-processing-service/v2.1/time", params=query, headers=headers)
        assert (answer.status, (await answer.json())["status"]) == (401, 1202)


async def test_a_call_must_be_fresh_by_the_platforms_own_clock(platform):
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.sign_in()
        platform.switch("skew_ms", 15 * 60 * 1000 + 2000)
        answer = await caller.call("time", "getCurrentTime", user="")
        assert answer["status"] == 1004
        platform.switch("skew_ms", 60_000)
        assert await caller.data("time", "getCurrentTime", user="") == int(NOON * 1000) + 60_000


@pytest.mark.parametrize(
    ("style", "http_status", "body"),
    [
        ("401", 401, {"status": 1203, "msg": "The access token has expired", "business": "apim-gateway"}),
        ("apim", 200, {"apim_status": 4011, "apim_refreshtoken": "sim"}),
        ("code", 200, {"code": 1203, "msg": "The access token has expired", "data": None}),
    ],
)
async def test_how_a_dead_token_is_refused(platform, style, http_status, body):
    platform.switch("auth_failure", style)
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.sign_in()
        platform.clock.now += 7201
        answer = await caller.send("flows", "getMyFlow", user=MAYA)
        assert (answer.status, await answer.json()) == (http_status, body)
        assert platform.calls[-1].outcome == "1203"


async def test_a_wrong_signature_keeps_its_own_number_in_the_apim_style(platform):
    platform.switch("auth_failure", "apim")
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.sign_in()
        headers = caller.headers({"action": "getTimeZone"}, b"") | {"apim-signature": "é"}
        answer = await http.get("/batch-processing-service/v2.1/time?action=getTimeZone", headers=headers)
        assert (answer.status, (await answer.json())["status"]) == (200, 1003)


def test_the_vendors_own_example():
    # Invoking API with Access Token: the published signature, which fits the body of the Chinese page
    now = 1572574909697 / 1000
    made = gate("key", "xxxappSecretxxx", "xxxxaaaxxxx", now)
    headers = {
        "apim-accesstoken": "xxxxaaaxxxx",
        "apim-timestamp": "1572574909697",
        "apim-signature": "59828328f6c1f9771015dc74e4929ae30f518a35a3d2353972c2ea46556fc981",
    }
    assert made.check(headers, {"k3": "v3", "k1": "v1", "k2": "v2"}, VENDOR_BODY, now) == "key"
