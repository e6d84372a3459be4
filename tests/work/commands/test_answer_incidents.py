"""Incidents as people list and act on them: who may, which one is meant, and what works without EnOS."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED, HOME, OPS
from incident_cards import changed

from bot.core.errors import DatabaseUnavailable
from bot.core.incident.facts import ChangeSet
from bot.core.outbox.conversations import SlackUnclear
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Person
from bot.core.text.message import msg
from bot.enos.errors import Unreachable


async def test_incidents_are_listed_by_scope_owner_and_flow(world, maya, jonas):
    await world.breaks()
    await world.breaks("2809-202611211000", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    world.later(minutes=5)
    await jonas.says("ack 2809")

    async def listed(words):
        (seen,) = await maya.says(words)
        return [name for name in ("daily-energy-report", "turbine-10min") if name in seen.text]

    assert await listed("incidents") == ["daily-energy-report", "turbine-10min"]
    assert await listed("incidents open") == ["daily-energy-report", "turbine-10min"]
    assert await listed("incidents unacked") == ["daily-energy-report"]
    assert await listed("incidents mine") == ["daily-energy-report"]
    assert await listed("incidents by jonas.weber") == ["turbine-10min"]
    assert await listed("incidents of 2809") == ["turbine-10min"]
    (seen,) = await jonas.says("incidents mine")
    assert "open for 5 min · acknowledged by <@U0JONAS0001> until" in seen.text


async def test_an_incident_whose_card_is_not_posted_yet_has_no_link(world, maya):
    await world.breaks()
    incident = await world.incident()
    new = changed(incident, post=PostId("not yet"))
    await world.store.change(incident.id, lambda _old: ChangeSet(incidents=(new,)))
    (seen,) = await maya.says("incidents")
    assert "daily-energy-report" in seen.text
    assert "|Open thread>" not in seen.text


async def test_a_link_that_slack_does_not_give_is_left_out(world, maya):
    await world.breaks()
    world.slack.broken["permalink"] = SlackUnclear()
    (seen,) = await maya.says("incidents")
    assert "|Open thread>" not in seen.text
    (_, _, pointer) = await maya.says("ack 3377")
    assert f"thread in <#{OPS}>." in pointer.text


async def with_a_card(world, incident, state):
    """The incident's card is not in Slack yet, or never will be."""
    card = PostId("card")
    new = NewPost(card, PostKind.MESSAGE, Lane.ALERT, OPS, {"text": "card"}, world.now + timedelta(hours=1))
    changes = ChangeSet(incidents=(changed(incident, post=card),), posts=(new,))
    await world.store.change(incident.id, lambda _old: changes)
    if state == "given up":
        await world.store.give_up(card, "channel_not_found", world.now)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("queued", f"The incident has no message in Slack yet. The change will be in its thread in <#{OPS}>."),
        ("given up", f"has no message in Slack, so the change is in <#{OPS}>."),
    ],
)
@pytest.mark.parametrize("verb", ["ack", "close"])
async def test_where_there_is_no_thread_nothing_points_to_one(world, maya, state, says, verb):
    await world.breaks()
    await with_a_card(world, await world.incident(), state)
    seen = [each for each in await maya.says(f"{verb} 3377") if each.place == "only maya sees"]
    assert len(seen) == 1
    assert says in seen[0].text
    assert "its thread." not in seen[0].text.lower()


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("queued", "has no message in Slack yet. I'll answer in its thread"),
        ("given up", f"has no message in Slack, so I answered in <#{OPS}>."),
    ],
)
async def test_an_answer_to_an_incident_without_a_card_names_no_thread(world, maya, state, says):
    shown = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", log="ERROR")
    (private,) = await maya.mentions("log", thread=shown.ts)
    incident = await world.incident()
    await with_a_card(world, incident, state)
    private.channel = f"D{maya.person.user[1:]}"
    pointer = (await maya.presses(private, "Show in thread"))[-1]
    assert says in pointer.text


# ── acting on incidents ──


async def test_people_on_call_act_while_enos_is_down_and_by_name_without_a_link(world):
    await world.breaks()
    world.enos.faults = {name: [KeyError("asked")] * 9 for name in ("flow", "all_flows", "my_flows")}
    reply, _, pointer = await world.sam.says("ack daily-energy-report")
    assert reply.place == "thread in #data-ops"
    assert "You acknowledged" in pointer.text
    assert (await world.incident()).acked_by == world.sam.person
    (unknown,) = await world.sam.says("ack something-else")
    assert "I found no incident of flow `something-else` in the last 14 days." in unknown.text
    assert world.enos.calls == []


async def test_an_owner_acts_by_a_name_that_enos_spells_differently(world, maya):
    await world.breaks()
    world.enos.change(3377, name="Renamed")
    reply, *_ = await maya.says("ack renamed")
    assert "*Renamed*" in reply.text
    assert (await world.incident()).acked_by == maya.person
    (unknown,) = await maya.says("ack forecast-wide")
    assert "I found no incident of flow `4500`" in unknown.text


async def test_owners_are_those_that_enos_names_now(world, jonas):
    await world.breaks(owners=("jonas.weber",))
    (refused,) = await jonas.says("ack 3377")
    assert (await world.audited())[-1][2] == "refused:not_responder"
    assert "Ask <@U0MAYA00001>" in refused.text


async def test_while_enos_is_down_the_known_owners_may(world, jonas):
    await world.breaks(owners=("jonas.weber",))
    world.enos.faults["flow"] = [Unreachable(msg("refused"))]
    await jonas.says("ack 3377")
    assert (await world.incident()).acked_by == jonas.person


async def test_without_on_call_groups_linked_members_of_the_channel_may(world, jonas):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    await jonas.says("ack 3377")
    assert (await world.incident()).acked_by == jonas.person
    (refused,) = await world.sam.says("ack 3377")
    assert "You're not linked to an EnOS user yet" in refused.text
    await world.alex.says("ack 3377")
    assert (await world.audited())[-1][2] == "refused:not_responder"


@pytest.mark.parametrize("proves", [True, False])
async def test_an_owner_whose_link_is_not_proven_proves_it_by_acting(world, proves):
    await world.breaks("4501-2026112102", flow=4501, name="forecast-small", owners=("lina.gomez",))
    if not proves:
        world.enos.names.pop("u15432100000000015")
    await world.lina.says("ack 4501")
    incident = await world.incident("4501-2026112102")
    assert (incident.acked_by == world.lina.person) is proves
    assert (await world.store.link(world.lina.person)).verified is proves
    outcome = [row[2] for row in await world.audited()][-1]
    assert outcome == ("done" if proves else "refused:not_proven")


async def test_a_card_that_was_pressed_names_its_incident(world, maya):
    card = await world.breaks()
    assert "ack 3377" in card.buttons["Acknowledge"]
    world.seen.clear()
    seen = await maya.presses(card, "Acknowledge")
    assert [each.place for each in seen] == ["thread in #data-ops", "#data-ops"]
    await maya.says("unack 3377")
    await maya.presses(card, "Acknowledge")  # the card was edited, so it may be pressed again
    assert (await world.incident()).acked_by == Person(HOME, "U0MAYA00001")


async def test_the_newest_live_incident_is_meant(world, maya):
    await world.breaks("3377-2026112002", seen_at=world.now - timedelta(days=1))
    await maya.says("close 3377 because done")
    await world.breaks()
    await maya.says("close daily-energy-report")
    assert (await world.incident()).phase.value == "closed"


async def test_where_the_database_fails_after_a_change_nobody_hears_that_nothing_was_changed(world, maya, monkeypatch):
    await world.breaks()
    read, acknowledge = world.store.post, world.services.incident_actions.acknowledge

    async def locked(_id):
        monkeypatch.setattr(world.store, "post", read)
        raise DatabaseUnavailable("database is locked")

    async def acknowledged(*args, **more):
        await acknowledge(*args, **more)
        monkeypatch.setattr(world.store, "post", locked)

    monkeypatch.setattr(world.services.incident_actions, "acknowledge", acknowledged)
    seen = await maya.says("ack 3377")
    (told,) = [each for each in seen if "database" in each.text]
    assert told.text.startswith(
        "You acknowledged `3377` *daily-energy-report*. Then flowbot's database was not available (database is "
        "locked), so I can't say where it is shown. See the open ones with `incidents`."
    )
    assert "Nothing was changed" not in told.text
