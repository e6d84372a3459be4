import asyncio
import json

import pytest

from bot.core.errors import Refusal, TemporaryFailure
from bot.enos.errors import BadResponse, NoResponse, TimestampReused
from bot.enos.responses import Reply
from bot.enos.session import TokenManager, token_of


class Service:
    """A token service with a memory, without sockets: answers what it is told, else a token."""

    def __init__(self, clock, life=7200):
        self.clock, self.life = clock, life
        self.asked, self.script, self.gate = [], [], None
        self.current, self.ends, self.made = "", 0.0, 0

    async def send(self, call, headers):
        what, body = call.path.rsplit("/", 1)[1], json.loads(call.body)
        self.asked.append((what, body))
        assert headers == {}
        if self.gate is not None:
            await self.gate.wait()
        if self.script:
            answer = self.script.pop(0)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return Reply(200, json.dumps(answer).encode())
        now = self.clock().timestamp()
        if what == "refresh" or self.ends <= now:
            self.made += 1
            self.current, self.ends = f"T{self.made}", now + self.life
        data = {"accessToken": self.current, "expire": int(self.ends - now)}
        return Reply(200, json.dumps({"status": 0, "data": data}).encode())

    def did(self):
        return [what for what, _ in self.asked]


@pytest.fixture
def service(clock):
    return Service(clock)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def tokens(service, clock, pauses):
    async def pause(seconds):
        pauses.append(seconds)

    return TokenManager(service.send, "key", "secret", clock, pause=pause)


async def test_one_token_serves_until_80_percent_of_its_life(tokens, service, clock):
    assert await tokens.token() == "T1"
    clock.forward(5759)
    assert await tokens.token() == "T1"
    assert service.did() == ["get"]
    clock.forward(1)
    assert await tokens.token() == "T2"
    assert service.did() == ["get", "refresh"]
    assert service.asked[1][1]["accessToken"] == "T1"


@pytest.mark.parametrize(
    ("life", "refreshed", "due"),
    [
        (7200, False, 5760),  # 80 %
        (2000, False, 1400),  # 10 minutes before its end
        (600, False, 0),  # handed out near its end: at once
        (60, False, 0),
        (60, True, 48),  # but a fresh one is used for 80 %
        (0, True, 0),
        (-5, False, 0),
        (None, False, 5760),
        ("7200", False, 5760),
    ],
)
def test_when_a_token_is_due_for_refresh(life, refreshed, due):
    data = json.dumps({"accessToken": "T", "expire": life}).encode()
    token = token_of(data, 1000.0, refreshed=refreshed)
    assert token.refresh_at == 1000 + due
    assert "T'" not in repr(token)


async def test_many_callers_cause_one_sign_in(tokens, service):
    service.gate = asyncio.Event()
    callers = [asyncio.create_task(tokens.token()) for _ in range(20)]
    await asyncio.sleep(0)
    service.gate.set()
    assert set(await asyncio.gather(*callers)) == {"T1"}
    assert service.did() == ["get"]


async def test_a_caller_that_gives_up_does_not_cancel_the_others(tokens, service):
    service.gate = asyncio.Event()
    first, second = (asyncio.create_task(tokens.token()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    service.gate.set()
    assert await second == "T1"
    assert service.did() == ["get"]


async def test_twenty_calls_turned_away_cause_one_renewal(tokens, service):
    await tokens.token()
    service.ends = 0
    assert set(await asyncio.gather(*(tokens.renew("T1") for _ in range(20)))) == {"T2"}
    assert await tokens.renew("T1") == "T2"  # one that comes late
    assert service.did() == ["get", "get"]


async def test_a_token_the_gateway_does_not_take_though_it_lives_is_refreshed(tokens, service):
    await tokens.token()
    assert await tokens.renew("T1") == "T2"
    assert service.did() == ["get", "get", "refresh"]


async def test_where_refresh_does_not_help_the_same_token_is_tried_again(tokens, service):
    await tokens.token()
    service.script = [None, {"status": 1204, "msg": "no"}]
    assert await tokens.renew("T1") == "T1"


async def test_a_token_handed_out_near_its_end_is_refreshed_at_once(tokens, service, clock):
    service.current, service.ends = "OLD", clock().timestamp() + 300
    assert await tokens.token() == "T1"
    assert service.did() == ["get", "refresh"]


async def test_if_that_fails_the_old_one_is_still_used(tokens, service, clock):
    service.current, service.ends = "OLD", clock().timestamp() + 300
    service.script = [None, NoResponse()]
    assert await tokens.token() == "OLD"
    clock.forward(200)
    assert await tokens.token() == "OLD"
    assert service.did() == ["get", "refresh"]


@pytest.mark.parametrize("code", [1203, 1204, 1004])
async def test_a_refused_refresh_gets_a_new_token(tokens, service, clock, code):
    await tokens.token()
    clock.forward(6000)
    service.ends = 0
    service.script = [{"status": code, "msg": "no"}]
    assert await tokens.token() == "T2"
    assert service.did() == ["get", "refresh", "get"]


async def test_while_the_service_is_down_a_valid_token_is_still_used(tokens, service, clock):
    await tokens.token()
    clock.forward(6000)
    service.script = [NoResponse()]
    assert await tokens.token() == "T1"
    assert await tokens.token() == "T1"
    assert service.did() == ["get", "refresh"]
    clock.forward(31)
    assert await tokens.token() == "T2"


async def test_an_expired_token_is_not_refreshed_but_replaced(tokens, service, clock):
    await tokens.token()
    clock.forward(7300)
    assert await tokens.token() == "T2"
    assert service.did() == ["get", "get"]


async def test_a_timestamp_that_was_used_is_changed_and_tried_once_more(tokens, service, pauses):
    service.script = [{"status": 1001, "msg": "used"}]
    assert await tokens.token() == "T1"
    first, second = (body["timestamp"] for _, body in service.asked)
    assert second > first
    assert len(pauses) == 1
    assert 0 < pauses[0] < 0.05


async def test_a_timestamp_that_was_used_twice_is_told(tokens, service):
    service.script = [{"status": 1001}] * 2
    with pytest.raises(TimestampReused):
        await tokens.token()


async def test_no_two_token_calls_carry_one_timestamp(tokens, service):
    for _ in range(5):
        await tokens.renew("any")
    stamps = [body["timestamp"] for _, body in service.asked]
    assert len(set(stamps)) == len(stamps)
    assert all(len({body["encryption"] for _, body in service.asked}) == len(stamps) for _ in [0])


@pytest.mark.parametrize(
    ("code", "reason"), [(1002, "unknown_key"), (1003, "wrong_secret"), (1004, "bad_sign_in"), (1202, "bad_sign_in")]
)
async def test_wrong_keys_are_a_refusal_that_says_what_to_check(tokens, service, code, reason):
    service.script = [{"status": code, "msg": "no"}]
    with pytest.raises(Refusal) as raised:
        await tokens.token()
    assert raised.value.reason == reason
    assert "ENOS_" in str(raised.value)
    assert await tokens.token() == "T1", "the next call asks again"


@pytest.mark.parametrize("answer", [{"status": 1005}, NoResponse(), {"status": 0, "data": {"accessToken": ""}}])
async def test_a_service_in_trouble_is_an_outage(tokens, service, answer):
    service.script = [answer]
    with pytest.raises(TemporaryFailure) as raised:
        await tokens.token()
    assert isinstance(raised.value, BadResponse) == (answer == {"status": 0, "data": {"accessToken": ""}})


async def test_a_clock_that_was_put_back_signs_in_with_its_new_time_and_keeps_its_token(service, clock):
    steady = type(clock)()
    tokens = TokenManager(service.send, "key", "secret", clock, steady=steady)
    held = await tokens.token()
    clock.forward(-3600)
    assert await tokens.token() == held
    steady.forward(3 * 3600)  # it has ended, though the wall clock does not say so
    service.ends = 0.0
    assert await tokens.token() != held
    stamps = [body["timestamp"] for _, body in service.asked]
    assert stamps[1] == clock.ms, "not the old time, which the platform refuses"
