"""Replicas whose PostgreSQL does not answer for a while: they say so, answer people, and come back by themselves."""

import asyncio

import postgres
import pytest
from app_kit import ALEX, DATA_OPS, MAYA, served
from replica_apps import get, two_bots


@pytest.fixture
async def bots(tmp_path):
    async with served() as running, two_bots(running, tmp_path, FLOWBOT_ADMINS=ALEX) as both:
        both.world = running.world
        yield both


def shut(bots):
    """The database takes no connections, and ends those that there are."""
    name = postgres.name(bots.address.url)
    postgres._act(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    postgres._act(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def opened(bots):
    postgres._act(f'ALTER DATABASE "{postgres.name(bots.address.url)}" ALLOW_CONNECTIONS true')


def broken(bot):
    return [str(each) for each in bot.bot_health.judgement().broken]


async def test_it_is_said_and_over_by_itself(bots):
    slack, both = bots.world.workspace, (bots.leader, bots.follower)
    shut(bots)
    slack.say(MAYA, DATA_OPS, "/flow whoami")
    sentence = "I can't reach flowbot's database right now. Nothing was changed."
    await slack.until(lambda: any(sentence in slack.shown(each) for each in slack.ephemerals(MAYA, DATA_OPS)), 20)
    await slack.until(lambda: all(any("has not answered since" in each for each in broken(bot)) for bot in both), 20)
    status, said = await get(bots.follower, "/readyz")
    assert status == 503
    assert "UTC" in said
    assert "PostgreSQL" in said
    assert "disk" not in said
    await slack.until(lambda: all(bot.store.out_of_reach is not None for bot in both), 20)
    opened(bots)
    await slack.until(lambda: not any(broken(bot) for bot in both), 20)
    assert [bot.store.out_of_reach for bot in both] == [None, None]
    assert bots.leader.replica.leads
    assert not bots.follower.replica.lost.is_set()
    await asyncio.gather(*(bot.store.probe() for bot in both))
