"""Every envelope is acked once, whatever is in it and whatever becomes of it."""

import pytest
from fake_slack import event_of, slash
from slack_bolt.response import BoltResponse

from bot.slack.gateway import ConnectionSettings


@pytest.mark.parametrize("payload", [event_of({}), {"type": "event_callback"}, {"type": "block_actions"}], ids=str)
async def test_what_bolt_cannot_read_is_acked(stage, slack, payload):
    await stage.connected()
    assert set(await slack.deliver("events_api", payload)) == {"envelope_id"}


@pytest.mark.parametrize("payload", [None, [], [{}], 7, True], ids=repr)
async def test_an_envelope_without_a_payload_to_read_is_acked_and_counted(stage, slack, payload):
    gateway = await stage.connected()
    assert set(await slack.deliver("interactive", payload)) == {"envelope_id"}
    await slack.send({"type": "events_api", "envelope_id": "no-payload"})
    await slack.send({"envelope_id": "no-type", "payload": {}})
    await slack.until(lambda: {"no-payload", "no-type"} <= {ack["envelope_id"] for ack in slack.acks})
    assert stage.receiver.said == []
    assert gateway.listeners.counts.unknown == 3
    assert len(slack.acks) == 3


async def test_a_payload_of_words_alone_is_acked_once(stage, slack):
    await stage.connected()
    assert set(await slack.deliver("interactive", "words")) == {"envelope_id"}
    assert len(slack.acks) == 1


async def test_what_bolt_answers_otherwise_is_acked_too(stage, slack, caplog):
    gateway = await stage.connected()

    async def refuses(_):
        return BoltResponse(status=404, body="no")

    for socket in gateway._sockets.sockets:
        socket.app.async_dispatch = refuses
    assert set(await slack.deliver("slash_commands", slash("status"))) == {"envelope_id"}
    assert "bolt answered an envelope of type slash_commands with 404" in caplog.text


async def test_an_ack_that_cannot_be_sent_is_logged_and_the_command_is_still_answered(stage, slack, caplog):
    gateway = await stage.connected(ConnectionSettings(app_token="xapp-demo", connections=1))
    (socket,) = gateway._sockets.sockets

    async def lost(_):
        raise ConnectionResetError("gone")

    socket.client.send_message = lost
    await slack.send({"type": "slash_commands", "envelope_id": "e1", "payload": slash("status")})
    await slack.until(lambda: stage.receiver.words == ["status"])
    assert "An envelope could not be acknowledged: ConnectionResetError: gone" in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_ack_that_meets_a_bug_is_logged_with_its_traceback(stage, slack, caplog):
    gateway = await stage.connected(ConnectionSettings(app_token="xapp-demo", connections=1))
    (socket,) = gateway._sockets.sockets

    async def broken(_):
        raise LookupError("a bug")

    socket.client.send_message = broken
    await slack.send({"type": "slash_commands", "envelope_id": "e1", "payload": slash("status")})
    await slack.until(lambda: stage.receiver.words == ["status"])
    assert "A connection to Slack hit a bug\nTraceback" in caplog.text
