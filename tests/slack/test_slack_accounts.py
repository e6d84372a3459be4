"""Who is deactivated, for mentions: asked seldom, waited for a moment at most, known for minutes."""

import asyncio

import pytest
from fake_slack import PATIENCE, Fault, refusal

from bot.slack.accounts import AT_MOST, Accounts

MAYA, JONAS = "U0MAYA00001", "U0JONAS0001"


@pytest.fixture
def gone():
    return {JONAS}


@pytest.fixture
def accounts(slack, poster, time, gone):
    slack.answers["users.info"] = lambda asked: {"user": {"id": asked["user"], "deleted": asked["user"] in gone}}
    return Accounts(poster, time)


def asked(slack):
    return [each["user"] for each in slack.called("users.info")]


async def until(holds):
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  nobody tells when an answer has come back
            await asyncio.sleep(0)


async def test_an_owner_who_is_waited_for_is_known(accounts):
    assert await accounts.deactivated([MAYA, JONAS], PATIENCE) == {JONAS}


async def test_an_owner_who_is_not_waited_for_is_known_the_next_time(accounts, slack, poster):
    assert await accounts.deactivated([MAYA, JONAS]) == frozenset()
    await until(lambda: poster.known(JONAS) and poster.known(MAYA))
    assert await accounts.deactivated([MAYA, JONAS]) == {JONAS}
    assert sorted(asked(slack)) == [JONAS, MAYA]


async def test_each_is_asked_for_once_at_a_time_and_known_for_a_quarter_of_an_hour(accounts, slack, time, gone):
    both = await asyncio.gather(*(accounts.deactivated([JONAS], PATIENCE) for _ in range(5)))
    assert set(both) == {frozenset({JONAS})}
    gone.clear()
    time.seconds += 15 * 60 - 1
    assert await accounts.deactivated([JONAS], PATIENCE) == {JONAS}
    assert asked(slack) == [JONAS]
    time.seconds += 2
    assert await accounts.deactivated([JONAS], PATIENCE) == frozenset()
    assert asked(slack) == [JONAS, JONAS]


async def test_patience_ends_and_what_comes_later_counts_the_next_time(accounts, slack, poster):
    slack.fail("users.info", Fault(hang=True))
    assert await accounts.deactivated([JONAS], 0.01) == frozenset()
    await until(lambda: poster.known(JONAS))  # the read is tried again by itself
    assert await accounts.deactivated([JONAS]) == {JONAS}


async def test_an_owner_slack_does_not_answer_about_counts_as_active_and_is_not_asked_for_again_at_once(
    accounts, slack, time
):
    slack.fail("users.info", refusal("user_not_found"))
    assert await accounts.deactivated([JONAS], PATIENCE) == frozenset()
    assert await accounts.deactivated([JONAS], PATIENCE) == frozenset()
    assert asked(slack) == [JONAS]
    time.seconds += 60
    assert await accounts.deactivated([JONAS], PATIENCE) == {JONAS}


async def test_a_storm_of_owners_leaves_slack_room_for_those_who_ask_the_bot(accounts, slack, time):
    crowd = [f"U{number:010}" for number in range(100)]
    await accounts.deactivated(crowd, PATIENCE)
    assert asked(slack) == crowd[:AT_MOST]
    await accounts.deactivated(crowd, PATIENCE)
    assert len(asked(slack)) == AT_MOST
    time.seconds += 60
    await accounts.deactivated(crowd, PATIENCE)
    assert sorted(asked(slack)) == crowd[: 2 * AT_MOST]
