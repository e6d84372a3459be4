"""Socket Mode as it is on a bad day: redelivery, disconnects, dropped and mute connections, refused handshakes."""

import asyncio
import contextlib

import aiohttp
import pytest
from workspace_kit import bolt_app, connected, slack

from bot.sim.slack.seed import DATA_OPS, MAYA


@contextlib.asynccontextmanager
async def raw_socket(world):
    url = (await world.client.apps_connections_open(app_token="xapp-demo"))["url"]
    async with world.session.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


async def test_an_event_without_an_answer_comes_again_with_the_same_event_id():
    async with slack() as world, raw_socket(world) as socket:
        world.workspace.deliveries.ack_seconds = 0.02
        deed = world.workspace.say(MAYA, DATA_OPS, "@flowbot hello")
        frames = [await socket.receive_json() for _ in range(4)]
        assert (await deed).acked is False
        assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
        assert [frame["retry_reason"] for frame in frames] == ["", "timeout", "timeout", "timeout"]
        assert len({frame["payload"]["event_id"] for frame in frames}) == 1
        assert len({frame["envelope_id"] for frame in frames}) == 4


async def test_commands_and_clicks_do_not_come_again():
    async with slack() as world, raw_socket(world) as socket:
        world.workspace.deliveries.ack_seconds = 0.02
        assert (await world.workspace.say(MAYA, DATA_OPS, "/flow help")).why == "timeout"
        frame = await socket.receive_json()
        assert (frame["type"], frame["accepts_response_payload"]) == ("slash_commands", True)
        assert len(world.workspace.sockets.log) == 1
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.05)


async def test_duplicates_and_claimed_retries_on_demand():
    async with slack() as world, raw_socket(world) as socket:
        await world.workspace.fault("duplicate", times=1)
        await world.workspace.fault("redelivered", times=1)
        deed = world.workspace.say(MAYA, DATA_OPS, "@flowbot hello")
        first, second = await socket.receive_json(), await socket.receive_json()
        assert first["envelope_id"] == second["envelope_id"]
        assert first["retry_attempt"] == 1
        await socket.send_json({"envelope_id": first["envelope_id"]})
        await socket.send_json({"envelope_id": first["envelope_id"]})
        await socket.send_str("no json")
        await socket.send_json({"envelope_id": "unknown"})
        assert (await deed).acked


async def test_a_delivery_goes_over_the_socket_that_is_chosen_and_its_duplicate_over_another():
    async with slack() as world, raw_socket(world) as one, raw_socket(world) as other:
        sockets = world.workspace.sockets
        turns = iter([1, 0, 1])
        sockets.choose = lambda connections: connections[next(turns)]
        await world.workspace.fault("duplicate", times=1)
        deeds = [world.workspace.say(MAYA, DATA_OPS, "/flow help")]
        frames = [await socket.receive_json() for socket in (other, one)]
        deeds.append(world.workspace.say(MAYA, DATA_OPS, "/flow whoami"))
        frames.append(await other.receive_json())
        assert frames[0] == frames[1]
        assert frames[2]["envelope_id"] != frames[0]["envelope_id"]
        for each in frames[1:]:
            await one.send_json({"envelope_id": each["envelope_id"]})
        assert [(await deed).acked for deed in deeds] == [True, True]


async def test_an_answer_on_another_socket_counts_unless_switched_off():
    async with slack() as world, raw_socket(world) as one, raw_socket(world) as other:
        sockets = world.workspace.sockets
        for anywhere in (True, False):
            sockets.acks_anywhere = anywhere
            world.workspace.deliveries.ack_seconds = 3 if anywhere else 0.1
            deed = world.workspace.say(MAYA, DATA_OPS, "/flow help")
            receiving = {asyncio.create_task(socket.receive_json()): socket for socket in (one, other)}
            done, waiting = await asyncio.wait(receiving, return_when=asyncio.FIRST_COMPLETED)
            (task,) = done
            wrong = other if receiving[task] is one else one
            await wrong_receive_cancelled(waiting)
            await wrong.send_json({"envelope_id": task.result()["envelope_id"], "payload": {"text": "hi"}})
            assert (await deed).acked is anywhere


async def wrong_receive_cancelled(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("how", ["close", "drop", "refresh_requested", "link_disabled"])
async def test_a_bolt_app_comes_back_after_its_connection_ends(how):
    async with slack() as world:
        workspace = world.workspace
        async with connected(world, bolt_app(world), ping=0.1):
            before = workspace.sockets.handshakes
            if how in {"close", "drop"}:
                await workspace.fault(how)
            else:
                await workspace.fault("disconnect", reason=how)
            await workspace.until(lambda: workspace.sockets.handshakes > before and workspace.sockets.connections)


async def test_a_mute_connection_is_noticed_by_the_client():
    async with slack() as world:
        workspace = world.workspace
        async with connected(world, bolt_app(world), ping=0.1):
            (before,) = workspace.sockets.connections
            await workspace.fault("mute")
            await workspace.until(lambda: any(one is not before for one in workspace.sockets.connections))


async def test_a_warning_leaves_the_connection_and_the_eleventh_is_sent_away():
    async with slack() as world, contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(raw_socket(world)) for _ in range(10)]
        await world.workspace.fault("disconnect", reason="warning")
        assert (await sockets[0].receive_json())["reason"] == "warning"
        assert len(world.workspace.sockets.connections) == 10
        url = (await world.client.apps_connections_open(app_token="xapp-demo"))["url"]
        async with world.session.ws_connect(url) as extra:
            assert (await extra.receive_json())["reason"] == "too_many_websockets"


async def test_handshakes_are_refused_a_number_of_times():
    async with slack() as world:
        await world.workspace.fault("refuse", times=2)
        for _ in range(2):
            url = (await world.client.apps_connections_open(app_token="xapp-demo"))["url"]
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await world.session.ws_connect(url)
            assert caught.value.status == 503
        async with raw_socket(world):
            assert len(world.workspace.sockets.connections) == 1
        await world.workspace.until(lambda: not world.workspace.sockets.connections)


async def test_envelopes_spread_over_the_connections():
    async with slack() as world, raw_socket(world) as one, raw_socket(world) as other:
        heard = {one: 0, other: 0}

        async def answer(socket):
            async for frame in socket:
                heard[socket] += 1
                await socket.send_json({"envelope_id": frame.json()["envelope_id"]})

        readers = [asyncio.create_task(answer(socket)) for socket in heard]
        for _ in range(20):
            assert (await world.workspace.say(MAYA, DATA_OPS, "/flow help")).acked
        assert sum(heard.values()) == 20
        assert min(heard.values()) > 0
        await world.workspace.fault("close")
        await asyncio.gather(*readers)


async def test_a_slack_that_is_gone_takes_no_call_and_no_socket():
    async with slack() as world, raw_socket(world) as before:
        url = (await world.client.apps_connections_open(app_token="xapp-demo"))["url"]
        await world.workspace.fault("gone")
        assert (await before.receive()).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        with pytest.raises(aiohttp.ClientError):
            await world.client.auth_test()
        with pytest.raises(aiohttp.ClientError):
            await world.session.ws_connect(url)
        await world.workspace.fault("none")
        async with raw_socket(world):
            assert (await world.client.auth_test())["ok"]
