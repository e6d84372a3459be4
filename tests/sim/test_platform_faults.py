"""What goes wrong between a client and the platform, as the client meets it."""

import asyncio

import aiohttp
import pytest
from platform_kit import DAILY, NOON, Caller, Clock, served, small_platform

TRIGGER = {"flowId": DAILY, "triggerTime": int(NOON * 1000)}


@pytest.fixture
def platform():
    return small_platform(Clock())


@pytest.fixture
async def api(platform):
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.sign_in()
        yield caller


def took_effect(platform):
    return bool(platform.instances(DAILY))


@pytest.mark.parametrize(
    ("name", "options", "status", "kind"),
    [
        ("error", {}, 503, "text/html"),
        ("error", {"status": 500}, 500, "text/html"),
        ("html", {}, 200, "text/html"),
        ("garbage", {}, 200, "application/json"),
        ("throttled", {"seconds": 7}, 429, "application/json"),
        ("throttled", {"style": "code"}, 200, "application/json"),
        ("internal", {}, 200, "application/json"),
    ],
)
async def test_faults_under_which_nothing_happens(api, platform, name, options, status, kind):
    platform.faults.arm(name, calls=1, **options)
    answer = await api.send("flows", "trigger", TRIGGER)
    assert (answer.status, answer.content_type) == (status, kind)
    assert not took_effect(platform)
    assert platform.calls[-1].outcome == name
    assert platform.calls[-1].status == status
    assert (await api.call("flows", "trigger", TRIGGER))["code"] == 0


async def test_what_throttling_says(api, platform):
    platform.faults.arm("throttled", calls=1, seconds=7)
    assert (await api.send("flows", "getMyFlow")).headers["Retry-After"] == "7"
    platform.faults.arm("throttled", calls=1, style="code")
    assert (await api.call("flows", "getMyFlow"))["code"] == 430


async def test_garbage_is_no_json(api, platform):
    platform.faults.arm("garbage")
    with pytest.raises(ValueError):  # noqa: PT011  it cannot be read, that is all
        await api.call("flows", "getMyFlow")


async def test_the_platforms_own_error(api, platform):
    platform.faults.arm("internal", action="getMyFlow")
    assert await api.refusal("flows", "getMyFlow") == (62109, "Internal server exception")


@pytest.mark.parametrize(("name", "effect"), [("gone", False), ("lost", True), ("half", True)])
async def test_answers_that_never_come_whole(api, platform, name, effect):
    platform.faults.arm(name, action="trigger", calls=1)
    with pytest.raises(aiohttp.ClientError):
        await api.send("flows", "trigger", TRIGGER)
    assert took_effect(platform) is effect
    assert (platform.calls[-1].status, platform.calls[-1].outcome) == (0, name)
    assert (await api.call("flows", "getMyFlow"))["code"] == 0


async def test_an_answer_lost_behind_a_gateway_time_out(api, platform):
    platform.faults.arm("lost", style="504", calls=1)
    answer = await api.send("flows", "trigger", TRIGGER)
    assert answer.status == platform.calls[-1].status == 504
    assert took_effect(platform)


async def test_an_expired_token_helps_to_be_renewed(api, platform):
    platform.faults.arm("expired", calls=1)
    assert (await api.send("flows", "trigger", TRIGGER)).status == 401
    assert not took_effect(platform)
    await api.sign_in()
    assert (await api.call("flows", "trigger", TRIGGER))["code"] == 0


async def test_tokens_that_keep_expiring(api, platform):
    platform.faults.arm("expired", calls=2)
    statuses = []
    for _ in range(3):
        await api.sign_in()
        statuses.append((await api.send("flows", "getMyFlow")).status)
    assert statuses == [401, 401, 200]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_slow_call_waits_before_or_after_its_effect(api, platform, when):
    platform.faults.arm("slow", seconds=600, when=when, calls=1)
    call = asyncio.create_task(api.call("flows", "trigger", TRIGGER))
    async with asyncio.timeout(60):
        while not (platform.called("trigger") and not platform.faults.armed):  # noqa: ASYNC110  the platform tells nobody
            await asyncio.sleep(0)
    assert took_effect(platform) is (when == "after")
    assert not call.done()
    platform.faults.clear()
    assert (await call)["code"] == 0
    assert took_effect(platform)


async def test_a_slow_call_that_is_waited_for(api, platform):
    platform.faults.arm("slow", seconds=0.01)
    assert (await api.call("flows", "getMyFlow"))["code"] == 0


async def test_a_fault_strikes_only_its_action(api, platform):
    platform.faults.arm("error", action="flows/search")
    assert (await api.call("flows", "getMyFlow"))["code"] == 0
    assert (await api.search())["code"] == 0  # that of flowInstances
    body = {"pagination": {"pageNo": 1, "pageSize": 1}}
    assert (await api.send("flows", "search", body)).status == 503


async def test_a_fault_for_the_token_service(api, platform):
    platform.faults.arm("error", action="token", calls=1)
    assert (await api.call("flows", "getMyFlow"))["code"] == 0
    answer = await api.http.post("/apim-token-service/v2.0/token/get", json=api.proof())
    assert answer.status == 503
    assert (await api.ask_token())["status"] == 0


async def test_faults_hold_until_cleared_and_in_order(api, platform):
    platform.faults.arm("error", status=502, calls=2)
    platform.faults.arm("error", status=500)
    statuses = [(await api.send("flows", "getMyFlow")).status for _ in range(4)]
    assert statuses == [502, 502, 500, 500]
    platform.faults.arm("html")
    platform.faults.clear("error")
    assert [fault.name for fault in platform.faults.armed] == ["html"]
    platform.faults.arm("none")
    assert (await api.call("flows", "getMyFlow"))["code"] == 0


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("fire", {}, "There is no fault 'fire'"),
        ("slow", {"speed": 3}, "A fault has no speed"),
        ("slow", {"calls": "many"}, "does not describe a fault"),
    ],
)
def test_bad_faults_are_refused_in_a_sentence(platform, name, options, says):
    with pytest.raises(ValueError, match=says):
        platform.faults.arm(name, **options)
    assert platform.faults.armed == []


async def test_a_struck_call_that_takes_no_effect_may_repeat_after_a_cut(api, platform):
    platform.faults.arm("gone", calls=3)
    for _ in range(3):
        with pytest.raises(aiohttp.ClientError):
            await api.send("flows", "trigger", TRIGGER)
    assert (await api.call("flows", "trigger", TRIGGER))["code"] == 0
    assert len(platform.instances(DAILY)) == 1
