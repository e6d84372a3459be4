"""The workspace joins an organization, or leaves it: whoever was linked stays who they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId, UserId, UserName
from bot.core.flow.run import Run
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident, IncidentCard, IncidentId, Occurrence, Phase
from bot.core.outbox.conversations import SlackUnclear
from bot.core.outbox.posts import PostId
from bot.core.people.model import DONE, Attempt, AttemptResult, IncomingMessage, Link, Origin, Person, Surface
from bot.core.routing.watch import Filters, Watch
from bot.ops import people_file, workspace_keys
from bot.slack.directory import Identity
from bot.store.sqlite import open_database
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange, change_person_keys

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
TEAM, ORG = "T0DEMO0001", "E0DEMO0001"
BEFORE = Identity(TEAM, "U0BOT00001", "B0BOT00001")
INSIDE = replace(BEFORE, enterprise=ORG)
LONG_AGO, FAR = NOW - timedelta(days=9), NOW + timedelta(days=9)


@pytest.fixture
async def store(tmp_path):
    async with Store.open(tmp_path / "flowbot.db") as opened:
        yield opened


def link(team=TEAM, user="U0MAYA00001", user_id="u1", name="maya.chen", *, verified=True):
    return Link(Person(team, user), UserId(user_id), UserName(name), verified)


def incident(name, by, phase=Phase.ACKNOWLEDGED):
    failure = Occurrence(InstanceId(f"3377-{name}"), -1, "", "", NOW)
    ended = {"ended_by": by, "ended_at": NOW} if phase is Phase.CLOSED else {}
    card = IncidentCard("C1", PostId(f"p-{name}"))
    return Incident(IncidentId(name), FlowId(3377), "f", phase, NOW, (card,), (failure,), acked_by=by, **ended)


async def lived(store, by, *, people=(), count=1):
    """Somebody has done all that leaves their key behind."""
    await store.put_links([link(by.team, by.user), *people])
    number = await store.begin_attempt(Attempt("k1", by, "C1", "", "command", "ack 3377", "ack", NOW))
    await store.queue([], attempt_result=AttemptResult(number, DONE, NOW))
    for number in range(count):
        new = (incident(f"i{number}", by), incident(f"c{number}", by, Phase.CLOSED))
        await store.observe([], [], lambda _known, new=new: ChangeSet(incidents=new))
        run = Run(InstanceId(f"3377-20261121{number:04}"), FlowId(3377), "f", str(by), PostId(f"r{number}"), NOW, "C1")
        await store.put_run(run)
    await store.add_watch(Watch(0, "C1", Filters(), by, NOW), lambda _new: [])
    said = IncomingMessage("d1", "ack 3377", by, Origin(Surface.COMMAND, "C1"), NOW)
    assert await store.record_delivery("d1", NOW, said)


async def keys(store):
    """Every key of a person that is read anywhere."""
    incidents = await store.incidents(live=False)
    return {
        *(each.person for each in await store.links()),
        *(each.acked_by for each in incidents),
        *(each.ended_by for each in incidents if each.ended_by),
        *(each.by for each in await store.watches()),
        *(Person(*run.by.split(":")) for run in await store.runs(live=False)),
        *(said.by for said in await store.unanswered()),
        *(entry.attempt.by for entry in await store.audit_entries(LONG_AGO, FAR) if entry.attempt.verb != "home"),
    }


async def moves(store):
    return [
        (each.attempt.by, each.attempt.words, str(each.outcome), each.answer)
        for each in await store.audit_entries(LONG_AGO, FAR)
        if each.attempt.verb == "home"
    ]


@pytest.mark.parametrize("noted", [True, False])
async def test_all_that_people_have_goes_with_them_into_the_organization(store, noted):
    if noted:
        await workspace_keys.migrate(store, BEFORE, NOW)
    await lived(store, Person(TEAM, "U0MAYA00001"))
    await workspace_keys.migrate(store, INSIDE, NOW)
    maya = Person(ORG, "U0MAYA00001")
    assert await keys(store) == {maya}
    assert await store.links() == (link(ORG),)  # proven as it was
    for whose in (maya, None):
        assert any(each.attempt.words == "ack 3377" for each in await store.audit_entries(LONG_AGO, FAR, whose))
    assert await moves(store) == [
        (
            Person(ORG, "U0BOT00001"),
            f"people of {TEAM} are known by {ORG}",
            "done",
            "1 people, 0 with another user id",
        )
    ]


async def test_it_is_done_once(store):
    await workspace_keys.migrate(store, BEFORE, NOW)
    await lived(store, Person(TEAM, "U0MAYA00001"))
    for _ in range(3):
        await workspace_keys.migrate(store, INSIDE, NOW)
    assert len(await moves(store)) == 1


async def test_the_way_back(store):
    await workspace_keys.migrate(store, BEFORE, NOW)
    await lived(store, Person(TEAM, "U0MAYA00001"))
    await workspace_keys.migrate(store, INSIDE, NOW)
    number = await store.begin_attempt(
        Attempt("k2", Person(ORG, "U0MAYA00001"), "C1", "", "command", "unack", "unack", NOW)
    )
    await store.queue([], attempt_result=AttemptResult(number, DONE, NOW))
    await workspace_keys.migrate(store, BEFORE, NOW + timedelta(days=1))
    maya = Person(TEAM, "U0MAYA00001")
    assert await keys(store) == {maya}
    assert len(await store.audit_entries(LONG_AGO, FAR, maya)) == 2  # of both times
    await workspace_keys.migrate(store, INSIDE, NOW + timedelta(days=2))
    assert await keys(store) == {Person(ORG, "U0MAYA00001")}
    assert len(await store.audit_entries(LONG_AGO, FAR, Person(ORG, "U0MAYA00001"))) == 2
    assert len(await moves(store)) == 3


async def test_from_one_organization_into_another(store):
    await workspace_keys.migrate(store, INSIDE, NOW)
    await lived(store, Person(ORG, "U0MAYA00001"))
    await workspace_keys.migrate(store, replace(INSIDE, enterprise="E0OTHER001"), NOW)
    assert await keys(store) == {Person("E0OTHER001", "U0MAYA00001")}


async def test_a_person_linked_again_meanwhile_keeps_the_newer_link(store):
    await workspace_keys.migrate(store, BEFORE, NOW)
    again = link(ORG, user_id="u9", name="maya.c", verified=False)
    await lived(store, Person(TEAM, "U0MAYA00001"), people=[again])
    await workspace_keys.migrate(store, INSIDE, NOW)
    assert await store.links() == (again,)


async def test_another_workspace_gets_no_links(store):
    await workspace_keys.migrate(store, BEFORE, NOW)
    await lived(store, Person(TEAM, "U0MAYA00001"))
    await workspace_keys.migrate(store, Identity("T0OTHER001", "U0BOT00002", "B2", enterprise=ORG), NOW)
    assert await store.links() == (link(TEAM),)
    assert await moves(store) == []


async def test_without_a_word_of_slack_about_who_we_are_nothing_is_changed(store):
    await lived(store, Person(TEAM, "U0MAYA00001"))
    for me in (None, Identity("", "U0BOT00001", "B1")):
        await workspace_keys.migrate(store, me, NOW)
    assert await keys(store) == {Person(TEAM, "U0MAYA00001")}


async def test_a_stranger_among_what_was_said_stays_one(store):
    await workspace_keys.migrate(store, BEFORE, NOW)
    stranger = Person("T0FOREIGN1", "U0STRANGE01")
    await store.record_delivery("d2", NOW, IncomingMessage("d2", "ack", stranger, Origin(Surface.COMMAND, "C1"), NOW))
    await lived(store, Person(TEAM, "U0MAYA00001"))
    await workspace_keys.migrate(store, INSIDE, NOW)
    assert {said.by for said in await store.unanswered()} == {stranger, Person(ORG, "U0MAYA00001")}


async def test_no_transaction_is_large_however_many_there_are(store, caplog):
    await workspace_keys.migrate(store, BEFORE, NOW)
    many = [link(TEAM, f"U{number:010}", f"x{number}", f"n{number}") for number in range(700)]
    await store.put_links(many)
    await lived(store, Person(TEAM, "U0MAYA00001"), count=170)
    await workspace_keys.migrate(store, INSIDE, NOW)
    assert {each.team for each in await keys(store)} == {ORG}
    assert len(await store.links()) == 701
    assert "a transaction touched" not in caplog.text


@pytest.mark.parametrize("after", range(8))
async def test_killed_between_two_steps_the_next_start_goes_through_with_it(tmp_path, after):
    path = tmp_path / "flowbot.db"
    async with Store.open(path) as store:
        await workspace_keys.migrate(store, BEFORE, NOW)
        await lived(store, Person(TEAM, "U0MAYA00001"), people=[link(TEAM, "U2", "u2", "b")])
    db, left = open_database(path), iter(range(after))

    def transact(unit):
        if next(left, None) is None:
            raise KeyboardInterrupt
        with db.conn:
            db.execute("BEGIN IMMEDIATE")
            return unit(db)

    with pytest.raises(KeyboardInterrupt):
        change_person_keys(transact, KeyChange((TEAM,), ORG, {}, Person(ORG, "U0BOT00001"), "{}", NOW))
    db.conn.close()
    async with Store.open(path) as store:
        await workspace_keys.migrate(store, INSIDE, NOW)
        assert await keys(store) == {Person(ORG, "U0MAYA00001"), Person(ORG, "U2")}
        assert len(await moves(store)) == 1


# ── user ids of the organization ──


async def test_who_goes_by_another_user_id_there_is_known_by_it(store):
    async def global_ids(users):
        return {"U0MAYA00001": "W0MAYA00001"} if "U0MAYA00001" in users else {}

    await workspace_keys.migrate(store, BEFORE, NOW)
    await lived(store, Person(TEAM, "U0MAYA00001"), people=[link(TEAM, "U2", "u2", "b")])
    await workspace_keys.migrate(store, INSIDE, NOW, global_ids)
    assert await keys(store) == {Person(ORG, "W0MAYA00001"), Person(ORG, "U2")}
    await workspace_keys.migrate(store, INSIDE, NOW, global_ids)
    assert len(await moves(store)) == 1


async def test_the_app_is_told_other_ids_long_after_the_workspace_has_joined(store):
    async def global_ids(users):
        return {each: f"W{each[1:]}" for each in users if each.startswith("U")}

    await workspace_keys.migrate(store, INSIDE, NOW)
    await lived(store, Person(ORG, "U0MAYA00001"))
    await workspace_keys.migrate(store, INSIDE, NOW, global_ids)
    assert await keys(store) == {Person(ORG, "W0MAYA00001")}


async def test_where_slack_does_not_tell_of_ids_they_stay(store):
    async def silent(_users):
        raise SlackUnclear("too slow")

    await workspace_keys.migrate(store, BEFORE, NOW)
    await lived(store, Person(TEAM, "U0MAYA00001"))
    await workspace_keys.migrate(store, INSIDE, NOW, silent)
    assert await keys(store) == {Person(ORG, "U0MAYA00001")}


# ── people import ──

HEADER = "slack_user,enos_user_id,enos_user_name\n"
LINES = ["T0DEMO0001:U0MAYA00001,u1,maya.chen", "E0DEMO0001:U0MAYA00001,u1,maya.chen", "U0MAYA00001,u1,maya.chen"]


@pytest.mark.parametrize("me", [BEFORE, INSIDE])
@pytest.mark.parametrize("line", LINES)
async def test_a_file_of_either_time_names_the_same_people(store, me, line):
    await workspace_keys.migrate(store, BEFORE, NOW)
    await store.put_links([link(TEAM)])
    await workspace_keys.migrate(store, INSIDE, NOW)
    await workspace_keys.migrate(store, me, NOW)
    assert await people_file.import_links(store, (), {"text": HEADER + line}, me) == (
        "Added: 0. Changed: 0. Unchanged: 1. flowbot verifies each link when it is first used.\n"
    )
    assert await people_file.import_links(store, (), {"text": HEADER + line}) == (
        "Added: 0. Changed: 0. Unchanged: 1. flowbot verifies each link when it is first used.\n"
    )
    assert await store.links() == (link(me.workspace_key),)


async def test_an_import_before_the_first_start_inside_moves_people_first(store):
    await workspace_keys.migrate(store, BEFORE, NOW)
    await store.put_links([link(TEAM)])
    await people_file.import_links(store, (), {"text": f"{HEADER}{LINES[1]}"}, INSIDE)
    assert await store.links() == (link(ORG),)


async def test_a_person_named_by_both_is_named_twice(store):
    await workspace_keys.migrate(store, INSIDE, NOW)
    with pytest.raises(Refusal, match="named twice"):
        await people_file.import_links(
            store, (), {"text": HEADER + LINES[0] + "\nE0DEMO0001:U0MAYA00001,u2,m.c\n"}, INSIDE
        )
