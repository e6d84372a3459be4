"""The end: nothing more comes in, and what has come is acked and answered as long as there is time."""

import asyncio

from fake_slack import slash

from bot.slack.gateway import ConnectionSettings
from bot.slack.listeners import Capacity


async def test_stopping_acks_what_is_being_answered(stage, slack):
    gateway = await stage.connected(ConnectionSettings(app_token="xapp-demo", connections=1))
    (socket,) = gateway._sockets.sockets
    dispatch, gate, begun = socket.app.async_dispatch, asyncio.Event(), asyncio.Event()

    async def slow(request):
        begun.set()
        await gate.wait()
        return await dispatch(request)

    socket.app.async_dispatch = slow
    await slack.send({"type": "slash_commands", "envelope_id": "e1", "payload": slash("status")})
    await begun.wait()
    stopping = asyncio.ensure_future(gateway.stop_receiving(5.0))
    await asyncio.sleep(0)
    gate.set()
    assert await stopping == 0
    assert slack.acks == [{"envelope_id": "e1"}]
    assert stage.receiver.words == ["status"]
    assert await gateway.poster.post("C1", {"text": "the poster still works"}, id="p1")


async def test_stopping_lets_received_messages_be_answered(stage, slack):
    stage.receiver.hold.clear()
    gateway = await stage.connected()
    await slack.deliver("slash_commands", slash("trigger 3377"))
    await slack.until(lambda: stage.receiver.said)
    stopping = asyncio.ensure_future(gateway.stop(5.0))
    await slack.until(lambda: not slack.live)  # nothing comes in any more
    assert not stopping.done()
    stage.receiver.hold.set()
    assert await stopping == 0


async def test_stopping_ends_in_time_whatever_hangs(stage, slack):
    stage.receiver.hold.clear()
    gateway = await stage.connected(capacity=Capacity(running=1, waiting=5))
    for number in range(3):
        await slack.deliver("slash_commands", slash(f"runs {number}"))
    assert await gateway.stop(0.01) == 3
    assert stage.receiver.recorded == [f"runs {number}" for number in range(3)]  # so the next process knows of them
