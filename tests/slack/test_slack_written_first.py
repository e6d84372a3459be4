"""With several replicas Slack is told that something came once it is written down: from then on, others can answer."""

import asyncio

import pytest
from fake_slack import event_of, mention, pressed, slash

from bot.core.errors import DatabaseUnavailable
from bot.slack import listeners

DELIVERIES = {
    "a command": ("slash_commands", slash("ack 3377")),
    "a press": ("interactive", pressed("1|p3f9|ack 3377")),
    "a mention": ("events_api", event_of(mention("ack 3377"))),
    "a shortcut": (
        "interactive",
        {"type": "shortcut", "callback_id": "old", "user": {"id": "U1"}, "team": {"id": "T1"}},
    ),
}


class Writing:
    """Writing something down, which takes until ``done`` is set."""

    def __init__(self):
        self.began, self.done = asyncio.Event(), asyncio.Event()
        self.failure = None

    async def __call__(self, _said):
        self.began.set()
        await self.done.wait()
        if self.failure:
            raise self.failure
        return True


@pytest.fixture
async def writing(stage):
    gateway = await stage.connected()
    gateway.listeners.record_arrival = found = Writing()
    found.listeners = gateway.listeners
    return found


@pytest.mark.parametrize(("kind", "payload"), DELIVERIES.values(), ids=DELIVERIES)
async def test_it_is_acked_once_it_is_written(writing, slack, monkeypatch, kind, payload):
    monkeypatch.setattr(listeners, "WRITE_SECONDS", 60)
    writing.listeners.writes_first = True
    acked = asyncio.ensure_future(slack.deliver(kind, payload))
    await writing.began.wait()
    other = await slack.deliver("interactive", pressed(None, actions=[{"type": "button", "action_id": "open:0"}]))
    assert set(other) == {"envelope_id"}  # the way is free, and yet
    assert not acked.done()
    writing.done.set()
    assert set(await acked) == {"envelope_id"}


@pytest.mark.parametrize(("kind", "payload"), DELIVERIES.values(), ids=DELIVERIES)
async def test_alone_it_is_acked_at_once(writing, slack, kind, payload):
    assert set(await slack.deliver(kind, payload)) == {"envelope_id"}
    assert not writing.done.is_set()


@pytest.mark.parametrize(("kind", "payload"), DELIVERIES.values(), ids=DELIVERIES)
async def test_slack_does_not_wait_for_a_database_that_hangs(writing, slack, monkeypatch, kind, payload):
    monkeypatch.setattr(listeners, "WRITE_SECONDS", 0.01)
    writing.listeners.writes_first = True
    assert set(await slack.deliver(kind, payload)) == {"envelope_id"}
    assert not writing.done.is_set()


async def test_what_cannot_be_written_is_acked_and_its_person_is_told(writing, slack):
    writing.listeners.writes_first = True
    writing.failure = DatabaseUnavailable("gone")
    writing.done.set()
    assert set(await slack.deliver("slash_commands", slash("ack 3377", response_url=slack.response_url)))
    await slack.until(lambda: slack.ephemerals)
    assert "Nothing was changed" in slack.ephemerals[0]["text"]
