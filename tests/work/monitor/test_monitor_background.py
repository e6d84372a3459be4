"""What is known around failures: filled in from the store, and drawn on the cards of causes and consequences."""

import contextlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from monitor_world import JONAS, MAYA, People, World, members, on_call
from watched_store import Killed

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.history import causes
from bot.core.history.background import FlowRef
from bot.core.history.runbook import Runbook
from bot.core.history.runs import Dependencies, PastRun
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase
from bot.core.outbox import blocks
from bot.core.people.model import Link
from bot.work.monitor.reminders import ReminderChecks, Reminders

CHANNEL = "C0DATAOPS1"
HALF_AN_HOUR = timedelta(minutes=30)
CAUSE, ONE, TWO, THREE = (FlowId(each) for each in (2107, 3301, 3302, 3303))
NAMES = {CAUSE: "meter-import", ONE: "site-energy", TWO: "billing", THREE: "kpi"}
LOG = "2026-11-{day} 02:0{day} ERROR [main] load.py:3{day} ORA-00942: table meters_{day} does not exist\n"


async def linked(message):
    return f"https://slack.test/{message.ts}" if message and message.ts else ""


@pytest.fixture
async def world():
    return await begun(World(link=linked))


async def begun(world):
    await world.begin()
    world.reminders = Reminders(world.store, People(), world.new_id, HALF_AN_HOUR, ReminderChecks(on_call, members))
    for flow in (ONE, TWO, THREE):
        await wait_for(world, flow, CAUSE)
    return world


async def wait_for(world, flow, *upstream):
    own, *refs = (FlowRef(each, NAMES.get(each, f"flow-{each}")) for each in (flow, *upstream))
    await world.store.put_dependencies([Dependencies(own, tuple(refs), world.now)])


async def fails(world, *flows, day=21, **more):
    for flow in flows:
        name = NAMES.get(flow, f"flow-{flow}")
        world.enos.put(f"{flow}-202611{day}00", name=name, end=f"2026-11-{day} 02:00:00", **more)
    return await world.poll()


async def succeeds(world, *flows):
    for flow in flows:
        world.enos.put(f"{flow}-2026112200", name=NAMES[flow], status=Status.SUCCESS, end="2026-11-22 02:00:00")
    await world.follow(60)


async def tick(world, minutes=0.0):
    """What the scheduler does every half minute; then the posts are sent."""
    world.now += timedelta(minutes=minutes)
    await world.monitor.background.tick(world.now)
    await world.reminders.tick(world.now)
    return world.store.deliver(world.now + timedelta(seconds=3))


def of(world, flow):
    return [each for each in world.store.kept.values() if each.flow_id == flow][-1]


def words(body):
    """A message without markup; times are in UTC."""
    return re.sub(r"[*`]", "", re.sub(r"<!date\^[^|]*\|([^>]*)>", r"\1", blocks.as_words(body, 9_000)))


def shown(world, flow):
    """The text of a card as it is after all edits."""
    return words(world.store.shown(of(world, flow).home.post))


async def change(world, flow, step):
    def decide(old):
        new = step(old)[0]
        return ChangeSet(incidents=(new,))

    await world.store.change(of(world, flow).id, decide)


async def acknowledge(world, flow):
    await world.incident_actions.acknowledge(of(world, flow).id, JONAS, world.now, words="ack")
    world.store.deliver(world.now)


# ── what is filled in ──


async def test_a_card_says_what_is_known_of_its_flow(world):
    sixes = [datetime(2026, 11, day, 6, tzinfo=UTC) for day in range(9, 21)]
    await world.store.add_past_runs(
        [
            PastRun(
                InstanceId(f"2107-{at:%Y%m%d%H%M}"),
                CAUSE,
                at,
                int(Status.SUCCESS),
                at,
                at + HALF_AN_HOUR,
                freq="0 0 6 * * ?",
            )
            for at in sixes
        ]
    )
    await world.store.change_runbook(
        CAUSE, lambda _: ChangeSet(runbooks=(Runbook(CAUSE, "meter-import", "call the grid team", MAYA, world.now),))
    )
    world.now = datetime(2026, 11, 21, 5, 59, tzinfo=UTC)
    sent = await fails(world, CAUSE)
    (card,) = [each for each in sent if each.target is None]
    said = words(card.body)
    assert "Usually takes 30 min (12 runs)." in said
    assert "The schedule starts it again 2026-11-21 06:00 UTC." in said
    assert "3 flows wait for it: site-energy, billing and 1 more." in said
    assert "Runbook: call the grid team" in said
    assert "Last successful run\n2107-202611200600" in said, "without asking EnOS for it"


async def test_a_card_asks_enos_no_more_than_before(world):
    await fails(world, CAUSE, log=LOG.format(day=1))
    calls = len(world.enos.calls)
    for _ in range(3):
        await tick(world, 1)
    assert len(world.enos.calls) == calls


async def test_the_next_run_is_read_again_when_it_has_come(world):
    await test_a_card_says_what_is_known_of_its_flow(world)
    at = datetime(2026, 11, 21, 6, tzinfo=UTC)
    run = PastRun(InstanceId(f"2107-{at:%Y%m%d%H%M}"), CAUSE, at, int(Status.RUNNING), freq="0 0 6 * * ?")
    await world.store.add_past_runs([run])
    await tick(world, 2)
    assert "The schedule starts it again 2026-11-22 06:00 UTC." in shown(world, CAUSE)


async def test_the_same_error_met_again_after_a_rerun_by_a_person(world):
    await world.store.put_links([Link(MAYA, "u15432100000000011", "maya.chen", verified=True)])
    await fails(world, CAUSE, day=20, log=LOG.format(day=1))
    rerun = InstanceId("2107-20261120003000")
    await world.store.put_run(
        Run(rerun, CAUSE, "meter-import", str(MAYA), "", world.now, CHANNEL, verb="rerun", state=RunState.ENDED)
    )
    world.now += timedelta(minutes=20)
    await change(world, CAUSE, lambda old: lifecycle.recovered(old, rerun, world.now))
    sent = await fails(world, CAUSE, day=21, log=LOG.format(day=2))
    first, *edits = [each for each in sent if each.incident == of(world, CAUSE).id]
    assert "after 20 min, a rerun by maya.chen helped." in shown(world, CAUSE)
    for each in (first, *edits):
        assert MAYA.user not in str(each.body).partition("The same error")[2]  # the name, and no mention
    await fails(world, ONE, log=LOG.format(day=3))
    assert "The same error" not in shown(world, ONE)  # that is another flow


async def test_another_error_was_not_met_before(world):
    await fails(world, CAUSE, day=20, log=LOG.format(day=1))
    await change(world, CAUSE, lambda old: lifecycle.recovered(old, InstanceId("2107-2026112010"), world.now))
    await fails(world, CAUSE, day=21, log="ERROR ORA-01017: table meters_1 does not exist\n")
    assert of(world, CAUSE).background.met_before is None


async def test_how_long_the_failed_run_took_is_of_that_run(world):
    await fails(world, CAUSE)
    await change(world, CAUSE, lambda old: (replace(old, background=replace(old.background, took=HALF_AN_HOUR)), None))
    await tick(world)
    assert of(world, CAUSE).background.took == HALF_AN_HOUR
    await fails(world, CAUSE, day=22)
    assert of(world, CAUSE).background.took is None


# ── cause and consequence ──


async def test_a_cause_with_three_consequences_that_recover_with_it(world):
    await fails(world, CAUSE)
    await fails(world, ONE, TWO, THREE)
    await tick(world)
    for flow in (ONE, TWO, THREE):
        assert "Probably because 2107 meter-import failed" in shown(world, flow)
        assert f"https://slack.test/1.{of(world, CAUSE).home.post}" in str(world.store.shown(of(world, flow).home.post))
    assert "Because of it: 🔴" in shown(world, CAUSE)
    assert "and 1 more" in shown(world, CAUSE)
    await succeeds(world, CAUSE)
    await tick(world)
    assert "That has ended." in shown(world, ONE)
    await succeeds(world, ONE, TWO, THREE)
    await tick(world)
    assert "Because of it: 🟢" in shown(world, CAUSE)
    assert "🔴" not in shown(world, CAUSE)
    assert await tick(world) == []


async def test_a_consequence_of_an_acknowledged_cause_mentions_nobody_from_its_first_message_on(world):
    await fails(world, CAUSE)
    await acknowledge(world, CAUSE)
    sent = await fails(world, ONE)
    assert all(MAYA.user not in str(each.body) for each in sent if each.incident == of(world, ONE).id)
    assert of(world, ONE).background.cause.is_acknowledged
    assert of(world, ONE).phase is Phase.OPEN


async def test_nobody_is_called_about_it_until_the_cause_is_handed_back(world):
    await fails(world, CAUSE)
    await acknowledge(world, CAUSE)
    await fails(world, ONE)
    await tick(world)  # the card of the cause shows it
    for _ in range(5):
        assert await tick(world, 30) == []
    await world.incident_actions.unack(of(world, CAUSE).id, JONAS, world.now, words="unack")
    world.store.deliver(world.now)
    (edited,) = await tick(world)  # it is drawn with its owners
    assert edited.target == of(world, ONE).home.post
    assert MAYA.user in str(edited.body)
    called = [each for each in await tick(world, 29) if each.incident == of(world, ONE).id]
    assert called == []
    called = [each for each in await tick(world, 1) if each.incident == of(world, ONE).id]
    assert any("who can take it?" in str(each.body) for each in called)


async def test_nobody_is_called_about_it_until_the_cause_has_ended(world):
    await fails(world, CAUSE)
    await acknowledge(world, CAUSE)
    await fails(world, ONE)
    await succeeds(world, CAUSE)
    await tick(world)
    assert of(world, ONE).background.cause.has_ended
    assert not of(world, ONE).is_cause_acknowledged
    called = [each for each in await tick(world, 30) if each.incident == of(world, ONE).id]
    assert any("who can take it?" in str(each.body) for each in called)


@pytest.mark.parametrize("broken", [ONE, TWO])
async def test_a_bug_with_one_incident_does_not_hold_up_the_others(world, monkeypatch, broken):
    await fails(world, ONE, TWO)
    await fails(world, CAUSE)
    found = causes.cause_of

    def cause_of(incident, flows):
        if incident.flow_id == broken:
            raise RuntimeError("bug")
        return found(incident, flows)

    monkeypatch.setattr(causes, "cause_of", cause_of)
    await tick(world)
    other = TWO if broken == ONE else ONE
    assert "Probably because 2107 meter-import failed" in shown(world, other)
    assert "Because of it:" in shown(world, CAUSE)


async def test_history_that_was_not_read_since_the_recovery_is_no_cause(world):
    await fails(world, CAUSE)
    await fails(world, ONE)
    failed = PastRun(InstanceId("2107-2026112100"), CAUSE, datetime(2026, 11, 21, tzinfo=UTC), int(Status.FAIL))
    await world.store.add_past_runs([failed])
    await succeeds(world, CAUSE)
    await tick(world)
    cause = of(world, ONE).background.cause
    assert (cause.incident, cause.has_ended) == (of(world, CAUSE).id, True)


async def test_a_consequence_keeps_its_own_acknowledgement(world):
    await fails(world, CAUSE)
    await fails(world, ONE)
    await acknowledge(world, ONE)
    await acknowledge(world, CAUSE)
    await tick(world)
    assert of(world, ONE).acked_by == JONAS
    assert of(world, ONE).is_cause_acknowledged


async def test_the_cause_is_the_flow_farthest_upstream(world):
    await wait_for(world, THREE, TWO)
    await wait_for(world, TWO, ONE)
    await wait_for(world, ONE, CAUSE)
    await fails(world, CAUSE, ONE, TWO, THREE)
    await tick(world)
    assert {of(world, flow).background.cause.flow.id for flow in (ONE, TWO, THREE)} == {CAUSE}
    assert of(world, CAUSE).background.consequence_count == 3


async def test_flows_that_wait_for_each_other_have_no_cause(world):
    await wait_for(world, CAUSE, ONE)
    await fails(world, CAUSE, ONE)
    await tick(world)
    assert of(world, CAUSE).background.cause is of(world, ONE).background.cause is None


async def test_a_cause_with_a_thousand_dependants_is_told_in_a_few_words():
    world = await begun(World(link=linked, storm=10))
    many = [FlowId(each) for each in range(10_000, 11_000)]
    for flow in many:
        await wait_for(world, flow, CAUSE)
    await fails(world, CAUSE)
    await acknowledge(world, CAUSE)
    await fails(world, *many[:300], failed=())
    for _ in range(3):
        await tick(world)
    known = of(world, CAUSE).background
    assert known.waiting_count == 1_003
    assert known.consequence_count == 300
    assert (len(known.waiting), len(known.consequences)) == (10, 10)
    assert all(of(world, flow).is_cause_acknowledged for flow in many[:300])
    assert await tick(world) == []
    assert world.store.biggest < 500


async def test_a_card_takes_up_a_cause_that_breaks_later(world):
    await fails(world, ONE)
    await tick(world)
    assert "Probably" not in shown(world, ONE)
    world.now += HALF_AN_HOUR
    await fails(world, CAUSE)
    await tick(world)
    assert "Probably because 2107 meter-import failed" in shown(world, ONE)
    assert "Because of it: 🔴 site-energy" in shown(world, CAUSE)


async def test_a_storm_mentions_nobody_because_of_consequences_of_an_acknowledged_cause():
    world = await begun(World(link=linked, storm=2))
    await fails(world, CAUSE, owners=("jonas.weber",))
    await acknowledge(world, CAUSE)
    await fails(world, ONE, TWO, THREE)
    (storm,) = [each for each in await world.store.incident_groups() if each.joined]
    assert len(await world.store.grouped(storm.post)) == 4
    for _ in range(3):
        await tick(world, 1)
        await world.follow()
    posts = [post.body for post in world.store.posts.values() if post.channel == CHANNEL]
    assert not any(f"Owners: <@{MAYA.user}>" in str(each) for each in posts[1:])
    assert "more owners" not in str(posts)
    await world.incident_actions.unack(of(world, CAUSE).id, JONAS, world.now, words="unack")
    await tick(world, 1)
    await world.follow()
    assert f"flows of <@{MAYA.user}>" in str([post.body for post in world.store.posts.values()])


async def test_a_storm_mentions_owners_whose_flows_have_a_cause_that_nobody_is_on():
    world = await begun(World(link=linked, storm=2))
    await fails(world, CAUSE, ONE, TWO, THREE)
    (board,) = world.store.cards()
    assert f"Owners: <@{MAYA.user}>" in str(board)


async def test_a_link_is_added_when_the_card_of_the_cause_is_there(world):
    await fails(world, CAUSE)
    post = of(world, CAUSE).home.post

    def is_at(ts):
        change = "UPDATE posts SET ts = ? WHERE id = ?"
        world.store._now(lambda db: db.execute(change, [ts, post]), "BEGIN IMMEDIATE")

    is_at("")
    await fails(world, ONE)
    assert of(world, ONE).background.cause.link == ""
    is_at("1.9")
    await tick(world)
    assert of(world, ONE).background.cause.link == "https://slack.test/1.9"


# ── crashes ──


@pytest.mark.parametrize("transactions", range(12))
async def test_a_crash_anywhere_loses_nothing_and_says_nothing_twice(world, transactions):
    await fails(world, CAUSE)
    await acknowledge(world, CAUSE)
    world.store.die_after = transactions
    with contextlib.suppress(Killed):
        await fails(world, ONE, TWO, log=LOG.format(day=1))
        await tick(world)
    world.store.die_after = None
    world.start()
    world.now += timedelta(seconds=30)
    for _ in range(2):
        await world.poll()
        await tick(world)
        await world.follow(60)
    for flow in (ONE, TWO):
        assert "Probably because 2107 meter-import failed" in shown(world, flow)
        assert of(world, flow).is_cause_acknowledged
        assert MAYA.user not in str(world.store.shown(of(world, flow).home.post))
    assert of(world, CAUSE).background.consequence_count == 2
    assert len(world.store.cards()) == 3
    assert await tick(world) == []
