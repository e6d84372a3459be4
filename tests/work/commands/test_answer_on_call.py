"""On call: what people read where a group cannot be read, whom reminders mention, which messages the admins get."""

from datetime import timedelta

import pytest
from answer_world import ONCALL

from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.people import on_call
from bot.core.people.model import Person
from bot.core.people.on_call import SILENT
from bot.core.text.message import rendered
from bot.work.monitor.on_call import OnCallMonitor
from bot.work.monitor.reminders import ReminderChecks, Reminders

SECOND = "S0SECOND01"


@pytest.fixture
def two(world):
    """Two groups are on call."""
    from dataclasses import replace

    world.answer_settings = replace(world.answer_settings, oncall=(ONCALL, SECOND))
    world.slack.groups[SECOND] = {"U0JONAS0001"}
    world.restart()
    return world


def broken(world, group, error):
    """Reading one group fails."""
    original = type(world.slack).group

    async def read(which):
        if which == group:
            raise error
        return await original(world.slack, which)

    world.slack.group = read


def unread(group, word):
    """What somebody reads where this group could not be read."""
    return rendered(on_call.unread([on_call.OnCallGroup(group, word=word)]))


async def test_a_member_of_a_group_that_cannot_be_read_is_not_told_that_they_may_not(two):
    await two.breaks()
    broken(two, ONCALL, SlackRefused("no_such_subteam"))
    for who, words in ((two.sam, "ack 3377"), (two.alex, "ack 3377"), (two.sam, "unack 3377")):
        (seen,) = await who.says(words)
        assert unread(ONCALL, "no_such_subteam") in seen.text
        assert "may do this" not in seen.text
        assert "You're not linked" not in seen.text
    seen = await two.jonas.says("ack 3377")  # in the group that can be read
    assert any("> acknowledged" in each.text for each in seen)


async def test_show_names_a_group_as_people_know_it_and_keeps_the_name_while_slack_is_down(two):
    await two.breaks()
    two.slack.group_handles = {ONCALL: "@grid-oncall"}
    (seen,) = await two.maya.says("show 3377")
    assert "`@grid-oncall`" in seen.text
    two.slack.broken["group_names"] = SlackUnclear("too slow")
    (seen,) = await two.maya.says("show 3377")
    assert "`@grid-oncall`" in seen.text
    two.restart()
    (seen,) = await two.maya.says("show 3377")
    assert f"`{ONCALL}`" in seen.text


async def test_people_outside_of_all_readable_groups_may_not(two):
    await two.breaks()
    (seen,) = await two.alex.says("ack 3377")
    assert "people on call can do this" in seen.text


async def test_whoami_says_what_could_not_be_read(world):
    world.slack.broken["group"] = SlackRefused("missing_scope")
    (seen,) = await world.sam.says("whoami")
    assert unread(ONCALL, "missing_scope") in seen.text


@pytest.mark.parametrize(("minutes", "counts"), [(14, True), (16, False)])
async def test_while_slack_does_not_answer_the_last_members_count_for_15_minutes(world, minutes, counts):
    await world.breaks()
    await world.sam.says("whoami")
    world.slack.broken["group"] = SlackUnclear("too slow")
    world.later(minutes=minutes)
    seen = await world.sam.says("ack 3377")
    assert any("> acknowledged" in each.text for each in seen) is counts
    assert any(unread(ONCALL, SILENT) in each.text for each in seen) is not counts


async def test_after_a_refusal_the_last_members_do_not_count(world):
    await world.breaks()
    await world.sam.says("whoami")
    world.slack.broken["group"] = SlackRefused("no_such_subteam")
    (seen,) = await world.sam.says("ack 3377")
    assert unread(ONCALL, "no_such_subteam") in seen.text


# ── whom reminders mention ──


async def reminded(world):
    world.later(minutes=31)
    people = world.services.owners
    before = ReminderChecks(world.services.on_call.read, world.slack.members)
    await Reminders(world.store, people, world.new_id, timedelta(minutes=30), before).tick(world.now)
    (said,) = [each.text for each in await world.delivered() if "has been failing" in each.text and each.thread]
    return said


def only_a_deactivated_one(world):
    world.slack.groups[ONCALL] = {"U0GONE00001"}


def only_an_app(world):
    world.slack.groups[ONCALL] = {"U0ROBOT0001"}


def only_somebody_slack_does_not_know(world):
    world.slack.groups[ONCALL] = {"U0NOBODY001"}


def nobody(world):
    world.slack.groups[ONCALL] = set()


def deleted(world):
    broken(world, ONCALL, SlackRefused("no_such_subteam"))


def no_scope(world):
    broken(world, ONCALL, SlackRefused("missing_scope"))


DEAD = [only_a_deactivated_one, only_an_app, only_somebody_slack_does_not_know, nobody, deleted, no_scope]


@pytest.mark.parametrize("trouble", DEAD, ids=lambda each: each.__name__)
async def test_a_reminder_skips_a_group_that_mentions_nobody(two, trouble):
    await two.breaks()
    trouble(two)
    said = await reminded(two)
    assert "<!subteam^S0ONCALL01>" not in said
    assert "<!subteam^S0SECOND01>" in said
    assert "<@U0MAYA00001>" in said


async def test_a_group_is_called_while_slack_does_not_answer(two):
    await two.breaks()
    broken(two, ONCALL, SlackUnclear("too slow"))
    assert "<!subteam^S0ONCALL01>, <@U0MAYA00001>, who" in await reminded(two)


async def test_people_count_as_active_while_slack_does_not_answer(two):
    await two.breaks()
    two.slack.broken["profile"] = SlackUnclear("too slow")
    assert "<!subteam^S0ONCALL01>, <@U0MAYA00001>, who" in await reminded(two)


# ── messages to the admins ──


def monitor(world):
    return OnCallMonitor(world.store, world.services.on_call, ["U0ALEX00001"], world.new_id)


async def admin_messages(world, watching=None):
    watching = watching or monitor(world)
    await watching.tick(world.now)
    return [(each.place, each.text) for each in await world.delivered()]


@pytest.mark.parametrize("trouble", DEAD, ids=lambda each: each.__name__)
async def test_the_admins_get_one_message_when_it_begins_and_one_when_it_ends(two, trouble):
    assert await admin_messages(two) == []
    trouble(two)
    ((place, said),) = await admin_messages(two)
    assert place == "dm alex"
    assert "S0ONCALL01" in said
    assert "Escalation skips it" in said
    two.restart()
    assert await admin_messages(two) == []
    two.slack.groups[ONCALL] = {"U0SAMLEE001"}
    two.slack.__dict__.pop("group", None)
    ((_, said),) = await admin_messages(two)
    assert "The on-call group `S0ONCALL01` works again." in said
    assert await admin_messages(two) == []


async def test_on_call_trouble_is_what_is_wrong_now(two):
    watching = monitor(two)
    await admin_messages(two, watching)
    assert watching.troubles == ()
    deleted(two)
    await admin_messages(two, watching)
    (trouble,) = watching.troubles
    assert rendered(trouble).startswith("I can't read the on-call group `S0ONCALL01`.")


async def test_a_short_silence_of_slack_is_not_reported(two):
    await admin_messages(two)
    two.slack.broken["group"] = SlackUnclear("too slow")
    two.later(minutes=10)
    assert await admin_messages(two) == []
    two.later(minutes=10)
    assert len(await admin_messages(two)) == 2  # both groups, now that nobody knows who is in them


async def test_deactivated_people_and_apps_do_not_count_as_members(two):
    two.slack.groups[ONCALL] = {"U0SAMLEE001", "U0GONE00001", "U0ROBOT0001", "U0STRANGE01"}
    first, _ = await two.services.on_call.read()
    assert first.active == {"U0SAMLEE001"}
    assert Person("T0DEMO0001", "U0SAMLEE001") == two.sam.person
