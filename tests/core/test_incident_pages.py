"""What one page makes us write and say."""

import itertools
from dataclasses import replace
from datetime import timedelta

from incident_makers import JONAS, NOW, failure, incident, row, seen
from incident_picture import as_sent

from bot.core.flow.status import Status
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet, StoredState
from bot.core.incident.model import Phase
from bot.core.outbox.posts import Lane, PostKind
from bot.messages import incident_posts
from bot.messages.cards import incident_replies as replies
from bot.work.monitor import page_facts

T1, T2 = "2026-11-21 02:00:00", "2026-11-21 02:10:00"


def terms(**more):
    ids = itertools.count(1)
    return incident_posts.Terms(
        now=more.pop("now", NOW + timedelta(minutes=1)),
        alerting=frozenset({-1, 7}),
        channel="C0DATAOPS1",
        new_id=lambda: f"n{next(ids)}",
        kind=1,
        **more,
    )


def known(*incidents, **seen_as):
    return StoredState({each.instance: each for each in seen_as.get("seen", ())}, incidents)


def kinds(changes):
    return [(post.kind, as_sent(post.body)["text"]) for post in changes.posts]


def test_known_rows_make_nothing():
    changes = page_facts.decide([row()], terms(), known(incident(), seen=[seen()]))
    assert changes == page_facts.PageFacts()


def test_a_failure_opens_an_incident_whose_card_waits_for_a_closer_look():
    changes = page_facts.decide([row()], terms(), known())
    (new,), (card,) = changes.incidents, changes.posts
    assert (card.id, card.incident, card.due) == (new.home.post, new.id, NOW + timedelta(minutes=1, seconds=1.5))
    assert as_sent(card.body)["text"] == "FAILED · daily-energy-report"
    assert f"1|{card.id}|ack 3377" in str(card.body)


def test_two_failures_on_one_page_are_a_card_of_the_newest_and_a_reply_of_the_other():
    changes = page_facts.decide([row("3377-2026112200", end="2026-11-22 02:00:00"), row()], terms(), known())
    assert [(post.kind, post.thread_of is None) for post in changes.posts] == [
        (PostKind.MESSAGE, True),
        (PostKind.MESSAGE, False),
    ]
    assert "2" in str(as_sent(changes.posts[0].body)["attachments"][0]["blocks"][0]["fields"][2])
    card, reply = (str(post.body) for post in changes.posts)
    assert ("log 3377-2026112200" in card, "log 3377-2026112200" in reply) == (True, False)
    assert ("log 3377-2026112100" in card, "log 3377-2026112100" in reply) == (False, True)
    assert dict(changes.tells) == {changes.posts[1].id: "3377-2026112100"}


def test_of_three_on_one_page_each_is_told_once():
    runs = ["3377-2026112300", "3377-2026112200", "3377-2026112100"]
    rows = [row(run, end=f"2026-11-{run[-4:-2]} 02:00:00") for run in runs]
    changes = page_facts.decide(rows, terms(), known())
    told = [str(post.body) for post in changes.posts]
    assert [[run for run in runs if f"log {run}" in body] for body in told] == [[runs[0]], [runs[2]], [runs[1]]]


def test_the_same_row_twice_on_one_page_is_one_failure():
    changes = page_facts.decide([row(), row()], terms(), known())
    assert len(changes.incidents[0].occurrences) == 1


def test_a_further_failure_is_a_reply_and_the_card_again():
    changes = page_facts.decide([row("3377-2026112200", end="2026-11-22 02:00:00")], terms(), known(incident()))
    assert [post.kind for post in changes.posts] == [PostKind.MESSAGE, PostKind.EDIT]
    assert changes.posts[1].target == "p1"


def test_what_the_end_completes_is_said_nowhere():
    changes = page_facts.decide([row()], terms(), known(incident(failure(end="")), seen=[seen(end="")]))
    assert changes.incidents[0].occurrences[0].end_time == T1
    assert changes.posts == ()


def test_a_correction_without_its_incident_is_remembered_only():
    changes = page_facts.decide([row()], terms(), known(seen=[seen(end="")]))
    assert (len(changes.seen), changes.incidents) == (1, ())


def test_a_correction_of_what_the_incident_does_not_tell_is_remembered_only():
    changes = page_facts.decide([row()], terms(), known(incident(failure("3377-2026112000")), seen=[seen(end="")]))
    assert (len(changes.seen), changes.incidents) == (1, ())


def test_a_failure_that_a_stale_read_hid_is_not_told_again():
    running = seen(Status.RUNNING, "")
    assert page_facts.decide([row()], terms(), known(incident(), seen=[running])).posts == ()
    closed, _ = lifecycle.close(incident(), JONAS, NOW)
    assert page_facts.decide([row()], terms(), known(closed, seen=[running])).incidents == ()


def test_after_the_end_a_new_failure_is_a_new_incident():
    closed, _ = lifecycle.close(incident(), JONAS, NOW)
    changes = page_facts.decide([row(end=T2)], terms(), known(closed, seen=[seen()]))
    assert [each.phase for each in changes.incidents] == [Phase.OPEN]
    assert changes.incidents[0].id != closed.id


def test_the_newest_incident_of_a_flow_counts():
    old = replace(incident(), id="old", opened_at=NOW - timedelta(days=1), phase=Phase.CLOSED)
    changes = page_facts.decide([row(end=T2)], terms(), known(incident(), old, seen=[seen()]))
    assert [each.id for each in changes.incidents] == ["i1"]


def test_a_success_of_the_failed_instance_ends_the_alarm():
    good = row(status=Status.SUCCESS, end=T2)
    changes = page_facts.decide([good], terms(), known(incident(), seen=[seen()]))
    assert changes.incidents[0].phase is Phase.RECOVERED
    assert [post.kind for post in changes.posts] == [PostKind.MESSAGE, PostKind.EDIT]
    assert changes.posts[0].lane is Lane.HOUSEKEEPING, "what fails in its channel goes first"


def test_a_failure_goes_before_good_news():
    changes = page_facts.decide([row("3377-2026112200")], terms(), known(incident(), seen=[seen()]))
    assert [post.lane for post in changes.posts] == [Lane.ALERT, Lane.ALERT]


def test_a_success_that_changes_nothing_says_nothing():
    good = row(status=Status.SUCCESS, end=T2)
    backfilled = incident(failure(backfilled=True), phase=Phase.RECOVERED)
    assert page_facts.decide([good], terms(), known(backfilled, seen=[seen()])).posts == ()
    assert page_facts.decide([good], terms(), known(seen=[seen()])).posts == ()


def test_each_instance_has_its_incident_where_that_is_wanted():
    changes = page_facts.decide([row("3377-2026112200"), row()], terms(by_instance=True), known())
    assert [each.group for each in changes.incidents] == ["3377-2026112100", "3377-2026112200"]


def test_gathered_incidents_have_no_card():
    changes = page_facts.decide([row("3377-2026112200"), row()], terms(group_under="p0"), known())
    assert (changes.posts, changes.incidents[0].home.post, changes.incidents[0].home.grouped) == ((), "p0", True)


def test_a_gathered_incident_that_fails_again_moves_to_a_thread_of_its_own():
    grouped = incident(grouped=True, post="p0")
    rows = [row("3377-2026112300", end="2026-11-23 02:00:00"), row("3377-2026112200", end="2026-11-22 02:00:00")]
    changes = page_facts.decide(rows, terms(), known(grouped))
    (card, reply) = changes.posts
    assert (card.thread_of, reply.thread_of) == (None, card.id)
    assert changes.incidents[0].home.post == card.id


def test_many_failures_are_counted_and_only_some_told():
    rows = [row(f"3377-202611{day:02}00", end=f"2026-11-21 02:{day:02}:00") for day in range(20, 0, -1)]
    changes = page_facts.decide(rows, terms(), known())
    assert len(changes.incidents[0].occurrences) == 20
    assert len(changes.posts) == 1 + page_facts.TOLD_ONE_BY_ONE + 1
    assert changes.posts[-1].body == replies.more_failures_counted(changes.incidents[-1])


def test_a_change_of_nothing_is_nothing():
    assert incident_posts.changed(incident(), incident(), lifecycle.Transition.NOTHING, terms()) == ChangeSet()


def test_a_change_that_looks_the_same_is_no_edit():
    looks_same = replace(incident(), acked_at=NOW)
    changes = incident_posts.changed(incident(), looks_same, lifecycle.Transition.ENRICHED, terms())
    assert (changes.incidents, changes.posts) == ((looks_same,), ())


def test_a_change_that_shows_is_an_edit_two_seconds_later():
    new, reason = lifecycle.enriched(incident(failure()), "3377-2026112100", tasks=[1], task_name="transform")
    (edit,) = incident_posts.changed(incident(failure()), new, reason, terms()).posts
    assert (edit.kind, edit.due) == (PostKind.EDIT, NOW + timedelta(minutes=1, seconds=2))


def test_a_change_may_be_told_in_the_thread():
    changes = incident_posts.changed(
        incident(), incident(), lifecycle.Transition.BACKFILLED, terms(), reply={"text": "good"}
    )
    assert kinds(changes) == [(PostKind.MESSAGE, "good")]
    assert changes.posts[0].thread_of == "p1"
