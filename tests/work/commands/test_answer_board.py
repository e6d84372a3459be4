"""Many at once, from a storm's message: each within the rights of who presses, and one message about all."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FINANCE, HOME, OPS, START, Lost
from storm_kit import STORM, listed
from watched_store import Killed

from bot.core.errors import TemporaryFailure
from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import IncidentCard, IncidentId, Phase
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Attempt, Person
from bot.work.runs import crash_recovery

MINE = range(5001, 5004)  # Maya's
THEIRS = range(4001, 4041)  # Jonas's


@pytest.fixture
async def storm(world):
    """A storm of 43 flows: three of Maya and 40 of Jonas. The fixture is its message."""
    incidents = [
        *(listed(number, "maya.chen") for number in MINE),
        *(listed(number, "jonas.weber") for number in THEIRS),
    ]
    for each in incidents:
        world.enos.add(each.flow_id, each.flow_name, *each.owners)
        world.enos.run(each.occurrences[0].instance, trigger_time="2026-11-21 10:00:00")
    group = IncidentGroup(STORM, OPS, Occasion.STORM, START, START, joined=len(incidents))
    message = NewPost(STORM, PostKind.MESSAGE, Lane.ALERT, OPS, {"text": "STORM"}, START)
    changes = ChangeSet(incidents=tuple(incidents), incident_groups=(group,), posts=(message,))
    await world.store.observe([], [], lambda _: changes)
    (seen,) = await world.delivered()
    return seen


async def press(actor, storm, words):
    return await actor.carries(storm, f"1|{STORM}|{words}")


async def phases(world, numbers):
    return [(await world.store.incident(IncidentId(f"s{number}"))).phase for number in numbers]


async def changes(world, number, **fields):
    await world.store.change(IncidentId(f"s{number}"), lambda old: ChangeSet(incidents=(replace(old, **fields),)))


async def test_all_mine_are_acknowledged_with_one_message_in_the_storms_thread(world, maya, storm):
    (told,) = await press(maya, storm, "ack all mine")
    assert told.place == "thread in #data-ops"
    assert "<@U0MAYA00001> acknowledged 3 incidents until" in told.text
    assert "*flow-5001*" in told.text
    assert await phases(world, MINE) == [Phase.ACKNOWLEDGED] * 3
    assert await phases(world, THEIRS) == [Phase.OPEN] * 40


async def test_each_has_a_row_of_its_own_in_the_audit(world, maya, storm):
    await press(maya, storm, "ack all mine for 2h because known")
    whole, *parts = await world.audited()
    assert whole[:3] == ("maya", "ack all mine for 2h because known", "done")
    assert sorted(part[1] for part in parts) == [f"ack {number} for 2h because known" for number in MINE]
    assert {part[2] for part in parts} == {"done"}


async def test_all_acts_within_the_rights_of_who_presses_and_says_what_is_left_and_why(world, maya, storm):
    (told,) = await press(maya, storm, "ack all")
    assert "acknowledged 3 incidents" in told.text
    assert "• 40 are not yours: " in told.text
    assert await phases(world, THEIRS) == [Phase.OPEN] * 40


async def test_people_on_call_acknowledge_all_without_a_link(world, storm):
    (told,) = await press(world.actors["sam"], storm, "ack all")
    assert "<@U0SAMLEE001> acknowledged 43 incidents" in told.text
    assert world.enos.calls == []


async def test_who_may_acknowledge_none_of_them_gets_one_refusal(world, storm):
    (answer,) = await press(world.actors["alex"], storm, "ack all")
    assert answer.place == "only alex sees"
    assert "Only owners of their flows and people on call can acknowledge these 43 incidents." in answer.text
    assert "Nothing was changed." in answer.text
    assert await phases(world, MINE) == [Phase.OPEN] * 3


async def test_without_a_link_nothing_is_mine(world, storm):
    (answer,) = await press(world.actors["sam"], storm, "ack all mine")
    assert "You're not linked to an EnOS user yet" in answer.text


async def test_the_second_who_presses_is_told_who_has_them(world, maya, jonas, storm):
    await press(maya, storm, "ack all")
    (told,) = await press(jonas, storm, "ack all")
    assert "<@U0JONAS0001> acknowledged 40 incidents" in told.text
    assert "• 3 were already acknowledged by <@U0MAYA00001>: " in told.text


async def test_mine_on_the_same_message_is_another_persons_own(world, maya, jonas, storm):
    await press(maya, storm, "ack all mine")
    (told,) = await press(jonas, storm, "ack all mine")
    assert "<@U0JONAS0001> acknowledged 40 incidents" in told.text
    assert "already" not in told.text


async def test_what_ends_between_the_drawing_and_the_act_is_left_out(world, maya, storm):
    async def ends():
        await changes(world, 5001, phase=Phase.CLOSED)
        await changes(world, 5002, phase=Phase.RECOVERED)

    original = world.enos.flow

    async def flow(*args, **more):
        if (await world.store.incident(IncidentId("s5001"))).phase is Phase.OPEN:
            await ends()
        return await original(*args, **more)

    world.enos.flow = flow
    (told,) = await press(maya, storm, "ack all mine")
    assert "acknowledged 1 incident until" in told.text
    assert "• 1 recovered meanwhile: *flow-5002*." in told.text
    assert "• 1 was closed meanwhile: *flow-5001*." in told.text


async def test_where_enos_does_not_answer_it_is_asked_no_more_and_known_owners_may(world, maya, storm):
    world.enos.faults["flow"] = [TemporaryFailure() for _ in range(100)]
    (told,) = await press(maya, storm, "ack all")
    assert "acknowledged 3 incidents" in told.text
    assert "• 40 could not be checked, because EnOS did not answer: " in told.text
    assert len([call for call in world.enos.calls if call[0] == "flow"]) <= 16
    assert (await world.audited())[0][2] == "outage:partly"
    world.enos.faults.clear()
    (told,) = await press(world.actors["sam"], storm, "ack all")
    assert "acknowledged 40 incidents" in told.text


async def test_a_press_on_a_message_of_the_storm_that_was_replaced_changes_nothing(world, maya, storm):
    edit = NewPost(PostId("e1"), PostKind.EDIT, Lane.ALERT, OPS, {"text": "STORM"}, world.now, target=STORM)
    await world.store.queue([edit])
    await world.store.start_sending(edit.id, world.now)
    await world.store.mark_lost(edit.id, storm.channel, storm.ts, world.now, still_visible=True)
    new, *_ = await world.delivered()
    (answer,) = await press(maya, storm, "ack all mine")
    assert "This message was replaced." in answer.text
    assert await phases(world, MINE) == [Phase.OPEN] * 3
    storm.ts = new.ts
    (told,) = await maya.carries(storm, "1|e2|ack all mine")
    assert "acknowledged 3 incidents" in told.text


async def test_in_the_storms_thread_all_are_the_storms(world, maya, storm):
    await world.breaks("2809-2026112102", flow=2809, name="turbine-10min", owners=("maya.chen",))
    (told,) = await maya.mentions("ack all mine", thread=storm.ts)
    assert "acknowledged 3 incidents" in told.text
    assert told.place == "thread in #data-ops"


async def test_a_storm_that_is_over_is_still_acknowledged(world, maya, storm):
    over = IncidentGroup(STORM, OPS, Occasion.STORM, START, START, ended_at=START, joined=43)
    await world.store.observe([], [], lambda _: ChangeSet(incident_groups=(over,)))
    (told,) = await press(maya, storm, "ack all mine")
    assert "acknowledged 3 incidents" in told.text


async def test_outside_of_a_storm_all_are_those_of_the_channel(world, maya, storm):
    await world.breaks("2809-2026112102", flow=2809, name="turbine-10min", owners=("maya.chen",), channel=FINANCE)
    told, *_ = await world.actors["sam"].says("ack all")
    assert told.place == "#data-ops"
    assert "acknowledged 43 incidents" in told.text
    assert (await world.incident("2809-2026112102")).phase is Phase.OPEN


async def test_outside_of_a_storm_mine_are_mine_in_every_channel(world, maya, storm):
    world.enos.change(2809, owners=("maya.chen",))
    await world.breaks("2809-2026112102", flow=2809, name="turbine-10min", owners=("maya.chen",), channel=FINANCE)
    told, *_ = await maya.writes("ack all mine")
    assert told.place == "dm maya"
    assert "acknowledged 4 incidents" in told.text


async def test_an_incident_in_two_storms_is_acknowledged_in_both(world, maya, storm):
    other = IncidentGroup(PostId("storm2"), FINANCE, Occasion.STORM, START, START, joined=1)
    card = IncidentCard(FINANCE, PostId("storm2"), grouped=True, listed_in="storm2", told_at=START)
    found = await world.store.incident(IncidentId("s5001"))
    both = ChangeSet(incidents=(found.with_card(card),), incident_groups=(other,))
    await world.store.observe([], [], lambda _: both)
    await press(maya, storm, "ack all mine")
    (elsewhere,) = await world.store.grouped(PostId("storm2"))
    assert elsewhere.phase is Phase.ACKNOWLEDGED


async def test_a_flow_named_all_is_reached_in_quotes(world, maya, storm):
    world.enos.add(6001, "all", "maya.chen")
    await world.breaks("6001-2026112102", flow=6001, name="all")
    await maya.says('ack "all"')
    assert (await world.incident("6001-2026112102")).phase is Phase.ACKNOWLEDGED
    assert await phases(world, MINE) == [Phase.OPEN] * 3


# ── reruns ──


async def test_rerun_all_mine_asks_once_and_names_them(world, maya, storm):
    (question,) = await press(maya, storm, "rerun all mine")
    assert question.place == "only maya sees"
    assert "Rerun 3 runs, each from its failed task, for the same data date?" in question.text
    assert "*flow-5001*" in question.text
    assert world.enos.done() == []


async def test_each_is_rerun_once_and_the_storms_message_shows_how_it_stands(world, maya, storm):
    (question,) = await press(maya, storm, "rerun all mine")
    (told,) = await maya.presses(question, "Rerun all")
    assert told.place == "thread in #data-ops"
    assert "<@U0MAYA00001> started 3 reruns" in told.text
    assert sorted(call[2] for call in world.enos.done()) == list(MINE)
    (again,) = await maya.presses(question, "Rerun all")
    assert "Already done" in again.text
    (more,) = await press(maya, storm, "rerun all mine")
    assert "• 3 already have a rerun under way" in more.text
    assert len(world.enos.done()) == 3
    assert await world.tick(seconds=4) == [], "no message of their own"


async def test_what_fails_after_the_question_is_not_rerun_by_its_button(world, maya, storm):
    (question,) = await press(maya, storm, "rerun all mine")
    failure = (await world.store.incident(IncidentId("s5001"))).occurrences[0]
    await changes(world, 5001, occurrences=(failure, replace(failure, seen_at=START + timedelta(seconds=30))))
    world.later(seconds=40)
    (told,) = await maya.presses(question, "Rerun all")
    assert "started 2 reruns" in told.text


async def test_a_lost_answer_is_not_repeated_and_is_said(world, maya, storm):
    world.enos.faults["triggerFromTask"] = [Lost(effect=True)]
    (question,) = await press(maya, storm, "rerun all mine")
    (told,) = await maya.presses(question, "Rerun all")
    assert "started 2 reruns" in told.text
    assert "• 1 was not confirmed by EnOS: " in told.text
    await world.tick(seconds=100)
    assert len(world.enos.done()) == 3


async def test_flows_that_are_not_mine_are_never_rerun(world, storm):
    (answer,) = await press(world.actors["alex"], storm, "rerun all mine")
    assert "None of your flows is broken here. Nothing was started." in answer.text


# ── pages ──


async def test_a_page_is_shown_to_who_turned_it(world, maya, storm):
    (page,) = await press(maya, storm, f"board page 2 storm {STORM}")
    assert page.place == "only maya sees"
    assert "Page 2 of 2" in page.text
    (first,) = await maya.presses(page, "‹")
    assert "Page 1 of 2" in first.text
    (answer,) = await maya.says("board page 9")
    assert "Page 2 of 2" in answer.text
    (none,) = await maya.says("board", channel=FINANCE)
    assert "This channel has had no alert storm in the last week." in none.text


# ── a crash in the middle ──


async def test_what_was_done_before_a_crash_is_done_and_pressing_again_continues(world, maya, storm):
    original = world.services.incident_actions.acknowledge_quietly
    calls, first_is_done = [], asyncio.Event()

    async def dies(incident, *args, **more):
        calls.append(incident)
        if len(calls) > 1:
            await first_is_done.wait()
            raise Killed
        await original(incident, *args, **more)
        first_is_done.set()

    world.services.incident_actions.acknowledge_quietly = dies
    with pytest.raises(BaseException):  # noqa: B017, PT011  the process ends
        await press(maya, storm, "ack all mine")
    world.restart()
    left = await crash_recovery.open_attempts(world.services)
    await crash_recovery.close_attempts(world.services, left)
    (told,) = await world.delivered()
    assert "1 incident was acknowledged before that. What is left was not done. Press again to continue." in told.text
    (told,) = await press(maya, storm, "ack all mine")
    assert "acknowledged 2 incidents" in told.text
    assert await phases(world, MINE) == [Phase.ACKNOWLEDGED] * 3


async def test_a_part_that_a_crash_left_open_is_told_with_the_others(world, maya, storm):
    by = Person(HOME, "U0MAYA00001")
    number = await world.store.begin_attempt(Attempt("part:7:s1", by, OPS, "", "button", "ack 1", "ack", world.now))
    await crash_recovery.close_attempts(world.services, await crash_recovery.open_attempts(world.services))
    assert await world.delivered() == []
    assert number is not None
    assert (await world.audited())[-1][2] == "outage:interrupted"
