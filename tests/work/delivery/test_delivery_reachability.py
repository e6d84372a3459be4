"""Notices to people whom direct messages do not reach: said once, and the other admins hear."""

import json
import logging
from datetime import timedelta

import pytest
from delivery_fakes import DEFAULT, Always, SlackRefused, message

from bot.core.outbox.posts import Lane

ADMINS = ("UADMIN1", "UADMIN2")
WORDS = ["user_disabled", "account_inactive", "user_not_found", "cannot_dm_bot", "messages_tab_disabled"]


@pytest.fixture
def world(world):
    restart(world)
    return world


def restart(world):
    world.restart(admins=ADMINS)


def standing(world):
    return [alarm.name for alarm in world.active_alarms()]


async def trouble(world):
    """Let the default channel die and live once: there is something to tell the admins."""
    world.slack.closed[DEFAULT] = "is_archived"
    id_ = f"a{world.clock().timestamp()}"
    await world.queue(message(id_, DEFAULT, due=world.clock()))
    await world.pass_time(60)
    del world.slack.closed[DEFAULT]
    await world.pass_time(400, step=5)


@pytest.mark.parametrize("word", WORDS)
async def test_who_has_left_is_logged_once_and_gets_no_further_notices(world, caplog, word):
    caplog.set_level(logging.INFO)
    world.slack.closed["UADMIN1"] = word
    for _ in range(3):
        restart(world)
        await trouble(world)
    warnings = [each for each in caplog.records if "UADMIN1" in each.getMessage()]
    assert [each.levelname for each in warnings] == ["WARNING"]
    assert "Take them out of FLOWBOT_ADMINS if they have left" in warnings[0].getMessage()
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
    assert len(world.slack.texts("DADMIN2")) == 6
    tried = sum(call == "post UADMIN1" for call in world.slack.calls)
    assert tried <= 3
    assert standing(world) == []


async def test_where_no_admin_is_reached_that_is_an_alarm_until_one_is(world):
    world.slack.closed |= {"UADMIN1": "user_disabled", "UADMIN2": "messages_tab_disabled"}
    await trouble(world)
    assert standing(world) == ["admins"]
    (told,) = [str(alarm.sentence) for alarm in world.alarms if alarm.name == "admins"]
    assert "No flowbot admin can be reached by direct message" in told
    assert "Set FLOWBOT_ADMINS to active people" in told
    restart(world)
    await world.tick()
    assert standing(world) == ["admins"]
    world.slack.closed.clear()
    await world.queue(message("answer", "UADMIN2", lane=Lane.ANSWER, due=world.clock(), user="UADMIN2"))
    await world.pass_time(2)
    assert standing(world) == []
    await trouble(world)
    assert len(world.slack.texts("DADMIN2")) == 3
    assert world.slack.texts("DADMIN1") == []


async def test_after_a_week_somebody_may_be_back(world, caplog):
    world.slack.closed["UADMIN1"] = "user_disabled"
    await trouble(world)
    world.clock.now += timedelta(days=8)
    await trouble(world)
    assert sum(call == "post UADMIN1" for call in world.slack.calls) == 2, "the first, and one after a week"
    assert caplog.text.count("do not reach UADMIN1") == 1
    world.slack.closed.clear()
    world.clock.now += timedelta(days=8)
    await trouble(world)
    assert len(world.slack.texts("DADMIN1")) == 2
    assert not (await world.store.notes()).get("unreached UADMIN1")


async def test_one_who_is_linked_and_has_left_is_warned_of_with_another_way_out(world, caplog):
    world.slack.closed["U7"] = "user_disabled"
    await world.queue(message("notice", "U7", lane=Lane.HOUSEKEEPING))
    await world.pass_time(2)
    assert "Direct messages do not reach U7: That person has left the workspace. Unlink them" in caplog.text
    assert json.loads((await world.store.notes())["unreached U7"])[0] == "user_disabled"


async def test_a_message_that_is_refused_for_another_reason_is_an_error_as_ever(world, caplog):
    world.slack.faults["post"] = Always(lambda: SlackRefused("no_text"))
    await world.queue(message("notice", "U7", lane=Lane.HOUSEKEEPING))
    await world.pass_time(2)
    assert "was given up: no_text" in caplog.text
    assert "do not reach" not in caplog.text
