"""How the bot stays connected."""

import asyncio

import pytest
from fake_slack import Fault, refusal, slash

from bot.slack.calls import TIMEOUT
from bot.slack.gateway import ConnectionSettings
from bot.slack.sockets import FreshUrlClient, Timing

ONE = ConnectionSettings(app_token="xapp-demo", connections=1)


async def received(stage, slack, words):
    await slack.deliver("slash_commands", slash(words))
    await slack.until(lambda: words in stage.receiver.words)


async def command_before_the_start(stage, slack):
    """Connect, and let a command come that nobody answers yet."""
    gateway = stage.gateway(ONE)
    await gateway.preflight()
    gateway.connect()
    await slack.until(lambda: slack.live)
    delivery = asyncio.create_task(slack.deliver("slash_commands", slash("status")))
    async with asyncio.timeout(10):
        while (await gateway.health()).last_envelope_age is None:  # noqa: ASYNC110  the library tells nobody
            await asyncio.sleep(0)
    return gateway, delivery


async def test_two_connections_are_open_and_health_says_so(stage, slack):
    gateway = await stage.connected()
    assert (await gateway.health()).last_envelope_age is None
    await received(stage, slack, "status")
    stage.time.seconds += 42
    health = await gateway.health()
    assert (health.wanted, health.connected, health.reconnects, health.ready) == (2, 2, 0, True)
    assert health.last_envelope_age == 42
    assert health.counts.received == 1


async def test_what_comes_before_the_start_waits_for_it_and_so_does_its_ack(stage, slack):
    gateway, delivery = await command_before_the_start(stage, slack)
    for _ in range(5):  # Slack is asked and answers: as long as an ack needs, and more
        await gateway.preflight()
    assert not delivery.done()
    assert stage.receiver.words == []
    await gateway.start()
    await delivery
    await slack.until(lambda: stage.receiver.words == ["status"])
    assert len(slack.sockets) == 1


async def test_a_gateway_that_never_started_stops_with_something_waiting(stage, slack):
    gateway, delivery = await command_before_the_start(stage, slack)
    async with asyncio.timeout(10):
        assert await gateway.stop(5) == 0
    assert stage.receiver.words == []
    delivery.cancel()


async def test_a_socket_that_never_says_hello_counts_once_it_brings_something(stage, slack):
    slack.says_hello = False
    gateway = stage.gateway(ONE)
    await gateway.start()
    await slack.until(lambda: slack.live)
    assert not (await gateway.health()).ready
    await received(stage, slack, "status")
    assert (await gateway.health()).ready


async def test_refused_handshakes_recover_each_with_a_fresh_address(stage, slack):
    slack.refused_handshakes = 4
    gateway = await stage.connected(ONE)
    assert len(slack.handshakes) == len(set(slack.handshakes)) == 5
    await received(stage, slack, "status")
    assert (await gateway.health()).connected == 1


async def test_an_attempt_that_meets_a_bug_is_logged_with_its_traceback_and_the_next_one_connects(
    stage, slack, caplog, monkeypatch
):
    bugs, attempt = [LookupError("a bug")], FreshUrlClient._attempt

    async def breaks_once(self):
        if bugs:
            raise bugs.pop()
        await attempt(self)

    monkeypatch.setattr(FreshUrlClient, "_attempt", breaks_once)
    slack.refused_handshakes = 1
    await stage.connected(ONE)
    await received(stage, slack, "status")
    assert caplog.text.count("No connection to Slack") == 2
    assert caplog.text.count("Traceback") == 1, "a refused handshake needs none"
    assert "A connection to Slack hit a bug\nTraceback" in caplog.text


async def test_pauses_between_attempts_grow_to_a_limit(stage, slack):
    slack.refused_handshakes = 5
    await stage.connected(ONE, timing=Timing(pause=1.0, longest_pause=5.0, close=0.2))
    assert [wait for wait in stage.time.waits if wait != 30] == [1, 2, 4, 5, 5]


async def test_a_limited_address_is_waited_for_as_slack_asks(stage, slack):
    gateway = stage.gateway(ONE)
    await gateway.preflight()
    slack.fail(
        "apps.connections.open",
        Fault(status=429, json={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "17"}),
    )
    await gateway.start()
    await slack.until(lambda: slack.live)
    assert 17 in stage.time.waits


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets", "link_disabled"])
async def test_a_disconnect_frame_brings_a_new_connection(stage, slack, reason, caplog):
    slack.refused_handshakes = 0
    gateway = await stage.connected(ONE)
    slack.refused_handshakes = 2
    await slack.send({"type": "disconnect", "reason": reason, "debug_info": {}})
    await slack.until(lambda: len(slack.sockets) == 2 and len(slack.live) == 1)
    await received(stage, slack, "status")
    health = await gateway.health()
    assert (health.connected, health.reconnects) == (1, 1)
    assert ("Switch it on in the app's settings" in caplog.text) == (reason == "link_disabled")


async def test_while_one_socket_is_renewed_the_other_receives(stage, slack):
    await stage.connected()
    slack.refused_handshakes = 10**6  # the renewed one does not come back
    await slack.send({"type": "disconnect", "reason": "refresh_requested"})
    await slack.until(lambda: len(slack.live) == 1)
    await received(stage, slack, "status")
    slack.refused_handshakes = 0


async def test_a_closed_connection_comes_back(stage, slack):
    await stage.connected(ONE)
    slack.refused_handshakes = 1
    await slack.live[0].close(code=1001)
    await slack.until(lambda: len(slack.sockets) == 2 and len(slack.live) == 1)
    await received(stage, slack, "status")


async def test_a_cut_connection_comes_back(stage, slack):
    await stage.connected(ONE)
    slack.live[0]._req.transport.abort()
    await slack.until(lambda: len(slack.sockets) == 2 and len(slack.live) == 1)
    await received(stage, slack, "status")


async def test_a_dead_peer_is_noticed(stage, slack):
    slack.mute = True
    await stage.connected(ONE)
    await slack.until(lambda: len(slack.sockets) == 2)
    slack.mute = False
    await slack.until(lambda: len(slack.live) == 1)


async def test_a_socket_that_is_alive_but_silent_is_renewed_one_at_a_time(stage, slack):
    gateway = await stage.connected()
    stage.time.seconds += 599
    await gateway._sockets.check()
    assert len(slack.sockets) == 2
    stage.time.seconds += 1
    await gateway._sockets.check()
    await slack.until(lambda: len(slack.sockets) == 3 and len(slack.live) == 2)
    await gateway._sockets.check()
    await slack.until(lambda: len(slack.sockets) == 4 and len(slack.live) == 2)
    await gateway._sockets.check()
    assert len(slack.sockets) == 4
    assert (await gateway.health()).reconnects == 2


async def test_frames_keep_a_socket_from_being_renewed(stage, slack):
    gateway = await stage.connected(ONE)
    stage.time.seconds += 599
    await received(stage, slack, "status")
    stage.time.seconds += 599
    await gateway._sockets.check()
    assert len(slack.sockets) == 1


async def test_the_watchdog_starts_what_nobody_starts(stage, slack):
    gateway = await stage.connected(ONE)
    client = gateway._sockets.sockets[0].client
    client.auto_reconnect_enabled = False  # the library has given up
    client.current_session_monitor.cancel()
    await client.current_session.close()
    await gateway._sockets.check()
    stage.time.seconds += 59
    await gateway._sockets.check()
    assert len(slack.sockets) == 1
    stage.time.seconds += 1
    await gateway._sockets.check()
    await slack.until(lambda: len(slack.live) == 1)
    await gateway._sockets.check()
    await received(stage, slack, "status")


async def test_a_renewal_that_takes_too_long_is_left_to_the_next_check(stage, slack, caplog):
    gateway = await stage.connected(
        ONE, timing=Timing(attempt=0.1, pause=0.0, longest_pause=0.0, ping=60.0, close=0.05)
    )
    slack.fail("apps.connections.open", Fault(hang=True), Fault(hang=True), Fault(hang=True))
    stage.time.seconds += 600
    await gateway._sockets.check()
    assert "could not be renewed yet" in caplog.text
    await gateway._sockets.check()
    stage.time.seconds += 60
    await gateway._sockets.check()
    await slack.until(lambda: len(slack.live) == 1)


async def test_the_watchdog_checks_by_itself(stage, slack):
    gateway = await stage.connected(ONE, timing=Timing(watch=30.0, close=0.2))
    checks, twice = [], asyncio.Event()

    async def check():
        checks.append(stage.time.waits.count(30))
        if len(checks) == 2:
            twice.set()
            await asyncio.Event().wait()

    gateway._sockets.check = check
    await twice.wait()
    assert checks[1] > checks[0] > 0


async def test_a_closed_session_of_the_library_is_replaced(stage, slack):
    gateway = await stage.connected(ONE)
    await gateway._sockets.sockets[0].client.aiohttp_client_session.close()
    await slack.until(lambda: len(slack.live) == 1 and len(slack.sockets) == 2)
    await received(stage, slack, "status")


async def test_the_poll_needs_no_socket_to_start(stage, slack):
    gateway = stage.gateway(ONE)
    await gateway.preflight()
    slack.refused_handshakes = 10**6
    await gateway.start()  # does not wait
    health = await gateway.health()
    assert (health.connected, health.ready) == (0, False)


async def test_an_address_that_is_refused_later_is_asked_for_again(stage, slack):
    gateway = stage.gateway(ONE)
    await gateway.preflight()
    slack.fail("apps.connections.open", refusal("internal_error"), refusal("invalid_auth"))
    await gateway.start()
    await slack.until(lambda: len(slack.live) == 1)


async def test_stopping_while_connecting_ends(stage, slack):
    slack.refused_handshakes = 10**6
    gateway = stage.gateway()
    await gateway.start()
    await slack.until(lambda: len(slack.handshakes) > 2)
    assert await gateway.stop(1.0) == 0
    assert slack.live == []


async def test_stopping_while_reconnecting_ends(stage, slack):
    gateway = await stage.connected(ONE)
    slack.refused_handshakes = 10**6
    await slack.send({"type": "disconnect", "reason": "refresh_requested"})
    await slack.until(lambda: len(slack.handshakes) > 2)
    client = gateway._sockets.sockets[0].client
    assert await gateway.stop(1.0) == 0
    while client.connecting:  # noqa: ASYNC110  the loop that connects ends by itself
        await asyncio.sleep(0)
    assert slack.live == []


async def test_frames_that_are_not_json_are_ignored(stage, slack):
    await stage.connected(ONE)
    await slack.live[0].send_str("link_disabled")
    await slack.live[0].send_str('["link_disabled"]')
    await slack.live[0].send_str('{"type": "link_disabled"}')
    await received(stage, slack, "status")


async def test_sessions_have_time_outs(stage):
    assert stage.gateway()._session.timeout == TIMEOUT


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(stage, slack, monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        stage.environment[name] = "http://127.0.0.1:9"
    gateway = await stage.connected()
    await received(stage, slack, "status")
    assert await gateway.poster.post("C1", {"text": "hello"}, id="p1")
