"""Escalation at work: whom each step calls, in which thread and in whose direct messages, and what is kept of it."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from monitor_world import LEE, MAYA, SAM, People, World, members, on_call
from permits import allowing
from watched_store import Killed

from bot.core.incident.escalation import CallReason
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard
from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.outbox.posts import PostId, PostState
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.mentions import Permission, Permit
from bot.work.monitor.reminders import ReminderChecks, Reminders

OPS, FINANCE = "C0DATAOPS1", "C0FINANCE1"


class Night:
    """An incident that nobody acknowledges, with a card in each of two channels."""

    def __init__(self, world):
        self.world = world
        self.id = next(iter(world.store.kept))
        self.began_at = world.now
        self.checks = ReminderChecks(on_call, members, pagerduty=True)
        self.pages = []

    async def second_card(self, channel=FINANCE):
        card = IncidentCard(channel, PostId("finance"), told_at=self.began_at)
        await self.world.store.change(self.id, lambda old: ChangeSet(incidents=(old.with_card(card),)))

    async def at(self, minutes):
        """Look at so many minutes after the failure; return what was queued: (place, text)."""
        world = self.world
        world.now = self.began_at + timedelta(minutes=minutes)
        before = set(world.store.posts)
        change = world.store.change

        async def noted(*given, **more):
            changes = await change(*given, **more)
            self.pages += changes.pages
            return changes

        world.store.change = noted
        await Reminders(world.store, People(), world.new_id, timedelta(minutes=30), self.checks).tick(world.now)
        world.store.change = change
        new = [post.new for id_, post in world.store.posts.items() if id_ not in before]
        return [(each.channel, each.body["blocks"][0]["text"]["text"].partition("\n")[2]) for each in new]

    async def steps(self, of=""):
        of = of or self.id
        return (await self.world.store.escalation_steps([of])).get(of, ())


@pytest.fixture
async def night():
    world = await World().begin()
    world.enos.put("3377-2026112100", name="report", end="2026-11-21 02:00:00")
    await world.poll()
    return Night(world)


CALLED_SAM = "You are on call in <!subteam^S0ONCALL01>. Can you take it?\nIts thread is in <#C0DATAOPS1>."


async def test_a_night_calls_one_group_after_the_other_then_pagerduty_then_the_owner(night):
    assert await night.at(29) == []
    assert await night.at(30) == [
        (OPS, "<!subteam^S0ONCALL01>, <@U0MAYA00001>, who can take it?"),
        (SAM, CALLED_SAM),
    ]
    assert await night.at(31) == []
    second = await night.at(60)
    assert [place for place, _ in second] == [OPS, LEE]
    assert second[0][1] == (
        "<!subteam^S0SECOND01>, who can take it?\nI skipped the on-call group `S0EMPTY001`: nobody in it is active."
    )
    assert await night.at(90) == [(OPS, "PagerDuty is called now.")]
    assert night.pages == [night.id]
    assert await night.at(149) == []
    assert await night.at(150) == [(OPS, "<@U0MAYA00001>, who can take it?")]
    assert await night.at(270) == [(OPS, "<@U0MAYA00001>, who can take it?")]
    assert await night.at(510) == [(OPS, "<@U0MAYA00001>, who can take it?")]
    assert await night.at(99_999) == []
    steps = await night.steps()
    assert [(each.number, each.reason, each.group, each.owners) for each in steps[:3]] == [
        (1, CallReason.GROUP, "S0ONCALL01", (MAYA.user,)),
        (2, CallReason.GROUP, "S0SECOND01", ()),
        (3, CallReason.PAGERDUTY, "", ()),
    ]
    assert steps[1].passed_over == (("S0EMPTY001", "empty"),)
    assert len(steps) == 6


async def test_seven_groups_are_all_called_and_pagerduty_after_them(night):
    async def groups():
        return [OnCallGroup(f"S0GROUP{number}", frozenset({SAM})) for number in range(1, 8)]

    night.checks = replace(night.checks, groups=groups)
    told = [await night.at(30 * step) for step in range(1, 9)]
    assert all(told)
    assert [step.group for step in await night.steps()] == [*(f"S0GROUP{number}" for number in range(1, 8)), ""]
    assert night.pages == [night.id]
    assert await night.at(99_999) == []


async def test_a_step_that_could_not_be_written_is_taken_whole_at_the_next_look(night):
    night.world.store.die_after = 0
    with pytest.raises(Killed):
        await night.at(30)
    night.world.store.die_after = None
    assert await night.steps() == ()
    assert len(await night.at(30)) == 2
    assert len(await night.steps()) == 1


async def test_two_processes_in_a_row_call_nobody_twice(night):
    assert len(await night.at(30)) == 2
    assert await night.at(30) == []  # each look of this night is by another process


async def test_each_thread_shows_the_step_and_only_the_first_mentions(night):
    await night.second_card()
    assert await night.at(30) == [
        (OPS, "<!subteam^S0ONCALL01>, <@U0MAYA00001>, who can take it?"),
        (FINANCE, "Called: `S0ONCALL01`, `maya.chen`"),
        (SAM, CALLED_SAM),
    ]
    waiting = [post for post in night.world.store.posts.values() if post.state is PostState.QUEUED]
    assert [post.new.channel for post in waiting] == [OPS, FINANCE, SAM]  # none has taken another's place


def where(**permissions):
    """What channels allow, by their id."""
    return lambda channel, _now: permissions.get(channel)


async def test_where_the_first_channel_is_quiet_the_next_mentions_and_the_quiet_one_reads_nothing(night):
    await night.second_card()
    end = night.began_at + timedelta(minutes=400)
    night.world.store.routing_rules = allowing(where(**{OPS: Permit(Permission.QUIET_HOURS, end)}))
    assert [place for place, _ in await night.at(30)] == [FINANCE, SAM]


async def test_where_all_channels_are_quiet_the_step_waits_and_then_calls(night, caplog):
    caplog.set_level(logging.INFO)
    end = night.began_at + timedelta(minutes=400)

    def quiet(_channel, now):
        return Permit(Permission.QUIET_HOURS, end) if now < end else Permit()

    night.world.store.routing_rules = allowing(quiet)
    for minutes in (30, 31, 399):
        assert await night.at(minutes) == []
    assert "quiet hours" in caplog.text
    assert [place for place, _ in await night.at(400)] == [OPS, SAM]
    assert [place for place, _ in await night.at(430)] == [OPS, LEE]


async def test_where_no_channel_mentions_everybody_called_hears_by_direct_message(night):
    night.world.store.routing_rules = allowing(where(**{OPS: Permit(Permission.MENTIONS_OFF)}))
    assert await night.at(30) == [
        (OPS, "Called: `S0ONCALL01`, `maya.chen`"),
        (MAYA.user, "You own this flow. Can you take it?\nIts thread is in <#C0DATAOPS1>."),
        (SAM, CALLED_SAM),
    ]


async def test_who_watches_in_direct_messages_hears_of_a_step_once(night):
    await night.second_card(MAYA.user)
    direct = where(**{OPS: Permit(Permission.MENTIONS_OFF), MAYA.user: Permit(Permission.DIRECT_MESSAGE)})
    night.world.store.routing_rules = allowing(direct)
    called = "Called: `S0ONCALL01`, `maya.chen`"
    assert await night.at(30) == [(OPS, called), (MAYA.user, called), (SAM, CALLED_SAM)]


@pytest.mark.parametrize("failure", [SlackUnclear("too slow"), SlackRefused("missing_scope")])
async def test_where_slack_does_not_list_the_members_nobody_gets_a_direct_message_and_the_log_says_so(
    night, caplog, failure
):
    async def unknown(_channel):
        raise failure

    night.checks = replace(night.checks, members=unknown)
    assert [place for place, _ in await night.at(30)] == [OPS]
    assert "Slack did not list the members of C0DATAOPS1" in caplog.text
    assert len(await night.steps()) == 1


async def test_at_most_twenty_people_hear_by_direct_message_each_once(night):
    async def crowd():
        return (OnCallGroup("S0ONCALL01", frozenset(f"U0CROWD{number:03}" for number in range(50))),)

    night.checks = replace(night.checks, groups=crowd)
    places = [place for place, _ in await night.at(30)]
    assert len(places) == len(set(places)) == 21


async def test_acknowledging_withdraws_the_calls_that_have_not_gone(night):
    await night.at(30)
    await night.world.incident_actions.acknowledge(night.id, MAYA, night.world.now)
    calls = [post for id_, post in night.world.store.posts.items() if id_.startswith("call")]
    assert {post.state for post in calls} == {PostState.GIVEN_UP}
    assert len(calls) == 2


async def test_after_handing_back_the_first_group_is_called_again(night):
    await night.at(30)
    await night.world.incident_actions.acknowledge(night.id, MAYA, night.world.now)
    await night.world.incident_actions.unack(night.id, MAYA, night.world.now)
    assert await night.at(59) == []
    assert [place for place, _ in await night.at(60)] == [OPS, SAM]
    assert [each.number for each in await night.steps()] == [1, 1]


async def test_a_card_that_came_while_the_step_was_prepared_is_shown_the_step_too(night):
    async def then_a_card(_channel):
        await night.second_card()
        return frozenset()

    night.checks = replace(night.checks, members=then_a_card)
    assert await night.at(30) == []
    assert [place for place, _ in await night.at(30)][:2] == [OPS, FINANCE]


async def test_slack_is_asked_for_the_groups_when_a_step_is_due_and_once_for_all(night):
    world, asked = night.world, []
    for number in (4000, 4001):
        world.enos.put(f"{number}-2026112100", name=f"flow-{number}", end="2026-11-21 02:00:00")
    await world.poll()

    async def counted():
        asked.append(world.now)
        return await on_call()

    checks = replace(night.checks, groups=counted)
    reminders = Reminders(world.store, People(), world.new_id, timedelta(minutes=30), checks)
    for minutes in (*range(31, 40), *range(62, 70)):
        world.now = night.began_at + timedelta(minutes=minutes)
        await reminders.tick(world.now)
    assert asked == [night.began_at + timedelta(minutes=minutes) for minutes in (31, 62)]


# ── storms ──


@pytest.fixture
async def storm():
    world = await World(storm=3).begin()
    for number in range(4000, 4012):
        world.enos.put(f"{number}-2026112100", name=f"flow-{number}", end="2026-11-21 02:00:00")
    await world.poll()
    return Night(world)


async def test_a_storm_is_escalated_as_a_whole(storm):
    (group,) = await storm.world.store.incident_groups()
    (_, thread), (person, direct) = await storm.at(30)
    assert thread.startswith("<!subteam^S0ONCALL01>, <@U0MAYA00001>, who can take them?")
    assert (person, direct.partition("\n")[0]) == (SAM, "You are on call in <!subteam^S0ONCALL01>. Can you take them?")
    assert await storm.at(31) == []
    assert [place for place, _ in await storm.at(60)] == [OPS, LEE]
    (page,) = await storm.at(90)
    assert page[1].startswith("PagerDuty is called now.")
    assert len(storm.pages) == 1
    assert [each.reason for each in await storm.steps(group.post)][2] is CallReason.PAGERDUTY


async def test_a_storm_without_mentions_calls_its_people_directly(storm):
    storm.world.store.routing_rules = allowing(where(**{OPS: Permit(Permission.MENTIONS_OFF)}))
    (_, thread), (owner, direct), (person, _) = await storm.at(30)
    assert thread.startswith("Called: `S0ONCALL01`, `maya.chen`")
    assert (owner, direct.partition("\n")[0]) == (MAYA.user, "You own some of these flows. Can you take them?")
    assert person == SAM


async def test_a_storm_that_is_quiet_waits(storm):
    storm.world.store.routing_rules = allowing(where(**{OPS: Permit(Permission.REMINDERS_OFF)}))
    assert await storm.at(30) == []


async def test_what_expires_in_a_storm_that_all_had_acknowledged_waits_as_long_as_any(storm):
    for each in list(storm.world.store.kept):
        await storm.world.incident_actions.acknowledge(
            each, MAYA, storm.world.now, storm.world.now + timedelta(minutes=200)
        )
    assert await storm.at(100) == []
    await storm.at(200)
    assert [place for place, _ in await storm.at(229)] == []
    assert len(await storm.at(230)) == 2
