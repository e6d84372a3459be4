"""What people do with incidents that an alert storm lists: find their own, acknowledge them, open a thread."""

from datetime import timedelta

import pytest
from answer_world import OPS, START
from storm_kit import STORM, listed

from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import IncidentId, Phase
from bot.core.outbox.posts import Lane, NewPost, PostKind
from bot.work.monitor.reminders import ReminderChecks, Reminders


@pytest.fixture
async def storm(world):
    """A storm of 45 flows: Maya's 3377 and 44 of Jonas."""
    incidents = (listed(3377), *(listed(number, "jonas.weber") for number in range(4001, 4045)))
    group = IncidentGroup(STORM, OPS, Occasion.STORM, START, START, joined=45)
    message = NewPost(STORM, PostKind.MESSAGE, Lane.ALERT, OPS, {"text": "STORM"}, START)
    for number in range(4001, 4045):
        world.enos.add(number, f"flow-{number}", "jonas.weber")
        world.enos.run(f"{number}-2026112102")
    changes = ChangeSet(incidents=incidents, incident_groups=(group,), posts=(message,))
    await world.store.observe([], [], lambda _: changes)
    await world.delivered()
    (seen,) = world.seen
    return seen


async def test_people_find_their_own_flow_in_a_storm(world, maya, storm):
    (answer,) = await maya.says("incidents mine")
    assert "Your open incidents: 1" in answer.text
    assert "flow-3377" in answer.text
    assert "flow-4001" not in answer.text
    assert "`thread 3377` opens a thread" in answer.text
    assert "|Open list>" in answer.text


async def test_a_storms_incidents_are_listed_by_owner_and_page(world, maya, storm):
    (answer,) = await maya.says("incidents by jonas.weber")
    assert "Open incidents: 44\nFilter: owner `jonas.weber`\nPage 1 of 5" in answer.text
    assert "flow-4001" in answer.text
    (last,) = await maya.says("incidents by jonas.weber page 5")
    assert "flow-4044" in last.text
    (beyond,) = await maya.says("incidents open page 99")
    assert "Open incidents: 45\nPage 5 of 5" in beyond.text


async def test_an_incident_is_acknowledged_from_the_list(world, maya, storm):
    reply, pointer = await maya.carries(storm, f"1|{STORM}|ack 3377")
    assert reply.place == "thread in #data-ops"
    assert "<@U0MAYA00001>" in reply.text
    assert pointer.place == "only maya sees"
    assert (await world.store.incident(IncidentId("s3377"))).phase is Phase.ACKNOWLEDGED


async def test_a_thread_is_opened_once_with_the_card_and_who_opened_it(world, maya, storm):
    card, answer, reply = await maya.carries(storm, f"1|{STORM}|thread 3377")
    assert card.place == "#data-ops"
    assert "Acknowledge" in card.buttons
    assert reply.place == "thread in #data-ops"
    # by the name in the answer of Get Flow, which was called for the owners
    assert "*daily-energy-report*" in reply.text
    assert answer.place == "only maya sees"
    assert "↳ `thread 3377`" in answer.text
    incident = await world.store.incident(IncidentId("s3377"))
    assert (incident.home.grouped, incident.home.listed_in) == (False, STORM)
    await maya.says("thread 3377")
    assert (await world.audited())[-1][2] == "refused:has_thread"
    (inside, _) = await maya.mentions("ack", thread=card.ts)
    assert inside.place == "thread in #data-ops"
    assert (await world.store.incident(IncidentId("s3377"))).phase is Phase.ACKNOWLEDGED


async def test_others_open_no_thread(world, jonas, storm):
    (answer,) = await jonas.says("thread 3377")
    assert answer.place == "only jonas sees"
    assert "and people on call can do this" in answer.text


async def test_people_on_call_open_a_thread_without_a_link(world, storm):
    card, _, _ = await world.actors["sam"].says("thread 3377")
    assert card.place == "#data-ops"


async def test_show_says_that_its_storm_is_escalated_as_a_whole(world, maya, storm):
    world.later(minutes=31)
    services = world.services
    checks = ReminderChecks(services.on_call.read, world.slack.members)
    await Reminders(world.store, services.owners, world.new_id, timedelta(minutes=30), checks).tick(world.now)
    await world.delivered()
    (answer,) = await maya.says("show 3377")
    assert "called `S0ONCALL01`" in answer.text
    assert "): <@U0MAYA00001>, unless somebody acknowledges it." in answer.text
