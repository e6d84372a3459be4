"""Links, the audit, followed runs, deliveries and stashed words."""

from dataclasses import replace

import pytest
from new_database import new_store
from store_makers import INTEGRITY_ERRORS, JONAS, MAYA, NOW, attempt, in_transaction, later, link, message, run
from thorough import spread

from bot.core.errors import Refusal
from bot.core.flow.model import InstanceId
from bot.core.flow.run import RunState
from bot.core.people.model import DONE, AttemptResult, Entry, Outcome, Person
from bot.store import imports
from bot.store.store import Store


async def test_links_are_kept_changed_proven_and_removed(store):
    await store.put_links([link(), link(JONAS, "u2", "jonas.weber")], posts=[message()])
    await store.put_links([link(name="maya.chen2")])
    assert await store.mark_proven(link(name="maya.chen2"))
    assert await store.link(MAYA) == link(name="maya.chen2", verified=True)
    assert [each.person for each in await store.links()] == [JONAS, MAYA]
    assert await store.remove_link(MAYA, posts=[message("p2")]) == link(name="maya.chen2", verified=True)
    assert await store.remove_link(MAYA) is None
    assert await store.link(MAYA) is None
    assert await store.post("p1")
    assert await store.post("p2")


async def test_two_people_may_swap_their_users(store):
    await store.put_links([link(), link(JONAS, "u2", "jonas.weber")])
    await store.put_links([link(JONAS), link(MAYA, "u2", "jonas.weber")])
    assert (await store.link(JONAS)).user_name == "maya.chen"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (link(JONAS, "u1", "other"), "already linked to <@UMAYA>"),
        (link(JONAS, "other", "maya.chen"), "already linked to <@UMAYA>"),
    ],
)
async def test_one_enos_user_has_one_person_and_a_refused_import_changes_nothing(store, new, sentence):
    await store.put_links([link()])
    third = link(Person("T1", "UPRIYA"), "u3", "priya.nair")
    with pytest.raises(Refusal, match=sentence) as refused:
        await store.put_links([third, new], posts=[message()])
    assert refused.value.reason == "taken"
    assert "unlink <@UMAYA> first" in str(refused.value)
    assert await store.links() == (link(),)
    assert await store.post("p1") is None


async def test_a_person_named_twice_in_one_import_is_refused(store):
    with pytest.raises(Refusal, match="named twice"):
        await store.put_links([link(), link(user_id="u2", name="maya.two")])
    assert await store.links() == ()


async def test_an_attempt_is_made_once_per_key(store):
    first = await store.begin_attempt(attempt("k1"))
    assert first is not None
    assert await store.begin_attempt(attempt("k1", JONAS)) is None
    assert await store.begin_attempt(attempt("k2")) > first


async def test_an_attempt_ends_once_and_the_first_end_stands(store):
    id_ = await store.begin_attempt(attempt())
    await store.set_attempt_detail(id_, '{"at": 1}')
    assert await store.unfinished_attempts() == (Entry(id_, attempt(), detail='{"at": 1}'),)
    done = AttemptResult(id_, DONE, later(seconds=3), "triggerFromTask", "u1", "1-20261121143000")
    await store.queue([], attempt_result=done)
    await store.queue([], attempt_result=AttemptResult(id_, Outcome.read("outage:late"), later(seconds=9)))
    await store.set_attempt_detail(id_, "late")
    ended = Entry(id_, attempt(), DONE, "triggerFromTask", "u1", "1-20261121143000", later(seconds=3), '{"at": 1}')
    assert await store.audit_entries(NOW, later(minutes=1)) == (ended,)
    assert await store.unfinished_attempts() == ()


async def test_the_audit_is_read_by_time_and_person_newest_first(store):
    for key, by, at in [("a", MAYA, NOW), ("b", JONAS, later(hours=1)), ("c", MAYA, later(hours=2))]:
        await store.begin_attempt(attempt(key, by, at))
    keys = lambda entries: [entry.attempt.key for entry in entries]  # noqa: E731  three uses
    assert keys(await store.audit_entries(NOW, later(hours=2))) == ["b", "a"]
    assert keys(await store.audit_entries(NOW, later(hours=3), MAYA)) == ["c", "a"]
    assert keys(await store.audit_entries(NOW, later(hours=3), limit=1)) == ["c"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM attempts",
        "UPDATE attempts SET words = 'nothing'",
        "UPDATE attempts SET person = 'T1:UELSE' WHERE ended_at IS NULL",
        "UPDATE attempts SET outcome = 'done' WHERE ended_at IS NOT NULL",
        "UPDATE attempts SET ended_at = NULL",
        "INSERT OR REPLACE INTO attempts SELECT * FROM attempts WHERE id = 1",
    ],
)
async def test_the_database_itself_refuses_to_rewrite_the_audit(store, statement):
    await store.begin_attempt(attempt("open"))
    await store.queue([], attempt_result=AttemptResult(await store.begin_attempt(attempt("done")), DONE, NOW))
    before = await store.audit_entries(NOW, later(hours=1))
    with pytest.raises(INTEGRITY_ERRORS, match="only added to"):
        await in_transaction(store, lambda db: db.execute(statement))
    assert await store.audit_entries(NOW, later(hours=1)) == before


async def test_posts_and_the_end_of_the_attempt_they_answer_are_one(store):
    id_ = await store.begin_attempt(attempt())
    await store.queue([message()], attempt_result=AttemptResult(id_, DONE, NOW))
    assert await store.unfinished_attempts() == ()
    other = await store.begin_attempt(attempt("k2"))
    await store.put_run(run(), posts=[message("p2", "C2")], attempt_result=AttemptResult(other, DONE, NOW))
    assert await store.unfinished_attempts() == ()
    assert [post.new.id for post in await store.due(NOW)] == ["p1", "p2"]


async def test_runs_are_followed_until_they_end(store):
    old = run("1-1", started_at=later(hours=-1), state=RunState.RUNNING, parameters='[{"k":"v"}]', task=7, trigger_ms=9)
    new, other = run("1-2"), run("2-1", 2, started_at=later(hours=1), incident="i1", user_id="u1", thread="1.0")
    for each in (old, new, other):
        await store.put_run(each)
    assert await store.runs() == (other, new, old)
    ended = run("1-2", state=RunState.ENDED)
    await store.put_run(ended)
    assert await store.runs(flow=1) == (old,)
    assert await store.runs(live=False, flow=1) == (ended, old)
    assert await store.runs(live=False, limit=1) == (other,)
    assert await store.run(InstanceId("1-2")) == ended
    assert await store.run(InstanceId("9-9")) is None


async def test_of_two_starts_in_a_minute_the_first_has_it(store):
    proven = link(verified=True)
    await store.put_links([proven])
    first, second = run("1-1"), run("1-2", started_at=later(seconds=59))
    assert await store.put_run(first, begins=NOW, linked=proven) is None
    assert await store.put_run(replace(first, by="T1:U2"), begins=later(hours=1), linked=proven) == first, (
        "the same minute"
    )
    assert await store.put_run(second, begins=later(seconds=59), linked=proven) == first
    assert await store.runs() == (first,)
    assert await store.put_run(second, begins=later(seconds=60), linked=proven) is None
    assert await store.put_run(run("2-1", 2), begins=NOW, linked=proven) is None
    with pytest.raises(Refusal, match="changed"):
        await store.put_run(run("3-1", 3), begins=NOW, linked=link(MAYA, "u2", verified=True))
    assert await store.run(InstanceId("3-1")) is None


async def test_the_run_of_an_instance_comes_before_the_newest_of_its_flow(store):
    runs = [run(f"1-{number}", started_at=later(hours=number)) for number in range(8)]
    for each in (*runs, run("2-1", 2)):
        await store.put_run(each)
    assert await store.runs_of(1, InstanceId("1-0")) == (runs[0], *runs[:2:-1])
    assert await store.runs_of(1, InstanceId("1-7")) == tuple(runs[:2:-1])
    assert await store.runs_of(1, InstanceId("1-9")) == tuple(runs[:2:-1])
    assert await store.runs_of(3, InstanceId("3-9")) == ()


async def test_a_delivery_is_new_once(store):
    assert await store.record_delivery("Ev1", NOW)
    assert not await store.record_delivery("Ev1", later(hours=1))
    assert await store.record_delivery("Ev2", NOW)


async def test_stashed_words_come_back_and_the_same_words_have_the_same_id(store):
    words = "trigger 3377 with path=" + "x" * 3000
    id_ = await store.stash(words, NOW)
    assert len(id_) <= 20
    assert await store.stash(words, later(days=1)) == id_
    assert await store.stashed(id_) == words
    assert await store.stashed("nothing") is None


@pytest.mark.parametrize("outcome", ["refused:not_owner", "outage:Silence", "asked"])
async def test_an_attempt_that_has_not_acted_frees_its_key(store, outcome):
    await store.queue(
        [], attempt_result=AttemptResult(await store.begin_attempt(attempt("press")), Outcome.read(outcome), NOW)
    )
    assert await store.attempt_by_key("press") is None
    second = await store.begin_attempt(attempt("press", JONAS))
    assert (await store.attempt_by_key("press")).id == second
    assert await store.begin_attempt(attempt("press")) is None


@pytest.mark.parametrize("outcome", ["done", "unclear:AnswerLost", "bug:a1b2"])
async def test_an_attempt_that_has_or_may_have_acted_keeps_its_key(store, outcome):
    first = await store.begin_attempt(attempt("press"))
    await store.queue([], attempt_result=AttemptResult(first, Outcome.read(outcome), NOW))
    assert await store.begin_attempt(attempt("press", JONAS)) is None
    assert (await store.attempt_by_key("press")).outcome == Outcome.read(outcome)


async def test_a_run_keeps_the_words_it_was_asked_with(store):
    new = run(words="trigger 3377", notes="The flow has no parameter `a`.")
    await store.put_run(new)
    assert await store.run(InstanceId("1-20261121143000")) == new


# ── many at once ──

MANY = [link(Person("T1", f"U{n}"), f"u{n}", f"name{n}") for n in range(700)]
SWAPPED = [link(Person("T1", f"U{n}"), f"u{699 - n}", f"name{699 - n}", verified=True) for n in range(700)]
TOLD = [message(f"p{n}", f"U{n}", user="U1", text=f"linked {n}") for n in range(300)]


async def test_many_links_come_all_in_small_transactions(store, caplog):
    await store.put_links(MANY, posts=TOLD)
    await store.put_links(SWAPPED)
    assert set(await store.links()) == set(SWAPPED)
    assert (await store.post("p299")).new == TOLD[299]
    assert "touched" not in caplog.text


async def test_many_links_of_which_one_is_taken_change_nothing(store):
    await store.put_links([link()])
    with pytest.raises(Refusal, match="already linked to <@UMAYA>"):
        await store.put_links([*MANY, link(JONAS)], posts=TOLD)
    assert await store.links() == (link(),)
    assert await store.post("p0") is None


class Dead(BaseException):
    pass


@pytest.mark.parametrize("after", spread(range(30), 4))
async def test_an_import_that_dies_happened_whole_or_not_at_all(path, after):
    async with new_store(path) as store:
        await store.put_links(MANY)
        left = [after]

        def mortal(transact):
            def dying(unit):
                if left[0] == 0:
                    raise Dead
                left[0] -= 1
                return transact(unit)

            return dying

        died = False
        try:
            await store._run(lambda: imports.put_links(mortal(store._transact), SWAPPED, TOLD))
        except Dead:
            died = True
    async with Store.open(path) as store:
        found = set(await store.links())
        told = await store.post("p299")
        assert (found, told is not None) in ((set(MANY), False), (set(SWAPPED), True))
        assert died or told is not None
        assert await in_transaction(store, lambda db: db.execute("SELECT count(*) FROM import_rows").fetchone()[0]) == 0
        await store.put_links(MANY)
        assert set(await store.links()) == set(MANY)
