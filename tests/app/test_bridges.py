"""The whole bot and its bridges over real sockets: every step reaches the webhook, a page reaches PagerDuty."""

import asyncio

import pytest
from app_kit import MAYA, configured, hears, running_bot, served
from doctor_kit import MAYAS, bad, linked, named
from receivers import receiving

from bot import app
from bot.core.bridges.model import Bridge
from bot.core.checks.check import CheckState
from bot.core.incident.facts import ChangeSet
from bot.core.text.message import verbatim
from bot.ops.bridges import bridge_settings
from bot.work.delivery.alarms import Alarm

FLOW = 3377


async def test_a_failure_is_told_taken_paged_and_closed_while_each_receiver_fails_at_times(tmp_path):
    async with served() as running, receiving() as (receiver, pagerduty, environ):
        receiver.answers, pagerduty.answers, pagerduty.lost = [(503, {}), (503, {})], [503, 0], 1
        world, slack = running.world, running.world.workspace
        await linked(tmp_path, MAYAS)
        async with running_bot(running, tmp_path, **environ) as bot:
            await hears(bot, running)
            world.platform.fail(FLOW)
            world.platform.start_scheduled(FLOW, app.now())
            await receiver.until("opened", "updated")
            (incident,) = await bot.store.incidents(flow=FLOW)
            await bot.store.change(incident.id, lambda each: ChangeSet(pages=(each.id,)))
            async with asyncio.timeout(60):
                while not pagerduty.alerts or await bot.store.next_event(Bridge.PAGERDUTY):
                    await receiver_moves(bot)
            alert = pagerduty.alerts[incident.id]
            assert (alert.status, alert.calls, len(pagerduty.events)) == ("triggered", 1, 2)  # its answer was lost once
            assert alert.payload["summary"].startswith("FAIL · daily-energy-report")
            assert alert.payload["custom_details"]["links"]["slack"].endswith(
                place(await bot.store.post(incident.home.post))
            )
            slack.say(MAYA, "C0DATAOPS1", f"/flow ack {FLOW}")
            await receiver.until("acknowledged")
            slack.say(MAYA, "C0DATAOPS1", f'/flow close {FLOW} because "planned"')
            await receiver.until("closed")
            async with asyncio.timeout(60):
                while alert.status != "resolved":
                    await receiver_moves(bot)
    mine = [event for event in receiver.events if event["subject"] == incident.id]
    kinds = list(dict.fromkeys(event["type"] for event in mine))
    assert [kind.split(".")[-2] for kind in kinds] == ["opened", "updated", "acknowledged", "closed"]
    assert mine[0]["source"].startswith("urn:flowbot:o")
    updated = next(event for event in reversed(mine) if event["type"] == "io.flowbot.incident.updated.v1")
    assert updated["data"]["run"]["error_line"]
    assert mine[-1]["data"]["closed_by"]["slack_user"] == MAYA
    assert [each["event_action"] for each in pagerduty.events[1:]] == ["trigger", "acknowledge", "resolve"]
    assert pagerduty.refused == []


async def receiver_moves(bot):
    """Let the deliveries work, without waiting for anything in particular."""
    await bot.store.event_counts()


def place(post):
    return f"/archives/{post.channel}/p{post.ts.replace('.', '')}"


async def test_without_an_address_there_are_no_links(tmp_path):
    async with served() as running, receiving() as (_, _, environ):
        read = configured(running, tmp_path, **environ)
        made = bridge_settings(read, lambda _channel, _ts: "")

        class Bare:
            occurrences, flow_id = (), 1

        assert dict(made.links(Bare, ("", ""))) == {}
        assert made.configured == set(Bridge)


# ── the doctor ──


async def test_the_doctor_pings_the_webhook_asks_pagerduty_and_pages_nobody(tmp_path, doctor):
    async with receiving() as (receiver, pagerduty, environ):
        found = await doctor(**environ)
        assert bad(found) == {}
        assert "accepted a signed ping" in named(found, "webhook").says
        assert "Only a real page can prove the key" in named(found, "pagerduty").says
        assert [event["type"] for event in receiver.events] == ["io.flowbot.ping.v1"]
        assert (pagerduty.events, pagerduty.alerts) == ([], {})


async def test_the_doctor_names_what_does_not_accept_events(tmp_path, doctor):
    async with receiving() as (receiver, pagerduty, environ):
        receiver.answers, pagerduty.answers = [(410, {})], [503]
        found = await doctor(**environ)
        assert {name: check.state for name, check in bad(found).items()} == {
            "webhook": CheckState.FAILED,
            "pagerduty": CheckState.WARNING,
        }


async def test_the_doctor_is_silent_about_what_is_not_configured(doctor):
    assert not {"webhook", "pagerduty"} & {check.name for check in await doctor()}


@pytest.mark.parametrize("kind", ["webhook", "pagerduty"])
async def test_a_dead_receiver_is_an_alarm_that_leaves_flowbot_ready(tmp_path, kind):
    async with served() as running, running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        bot.bot_health.note_alarm(Alarm(kind, verbatim("It does not accept events.")))
        assert not bot.bot_health.judgement().broken
