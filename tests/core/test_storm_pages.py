"""What one page makes us write and say in a storm."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from incident_cards import changed
from incident_makers import MAYA, NOW, OWNER, failure, incident, row, seen
from incident_picture import as_sent, picture

from bot.core.errors import Refusal
from bot.core.flow.status import Status
from bot.core.incident import lifecycle
from bot.core.incident.facts import StoredState
from bot.core.incident.groups import STORM_WINDOW, IncidentGroup, Occasion
from bot.core.incident.model import Phase
from bot.core.outbox.posts import Lane, PostKind
from bot.messages import incident_posts
from bot.messages.cards.incident import RenderContext
from bot.work.monitor import page_facts

AT = NOW + timedelta(minutes=1)
STORM = IncidentGroup("storm", "C0DATAOPS1", Occasion.STORM, NOW, NOW, joined=12)


def terms(**more):
    ids = itertools.count(1)
    return incident_posts.Terms(
        now=more.pop("now", AT),
        alerting=frozenset({-1, 7}),
        channel="C0DATAOPS1",
        new_id=lambda: f"n{next(ids)}",
        kind=1,
        render_context=RenderContext({OWNER: MAYA}),
        storm=more.pop("storm", 3),
        **more,
    )


def rows(count, first=4000, day="21", **more):
    return [row(f"{first + n}-202611{day}00", name=f"flow-{first + n}", **more) for n in range(count)]


def told(count, **more):
    return [incident(id=f"r{n}", flow_id=9000 + n, post=f"p{n}", told_at=NOW, **more) for n in range(count)]


def listed(flow=4000, **more):
    more = {"told_at": NOW, "listed_in": "storm", "post": "storm", **more}
    return incident(failure(f"{flow}-2026112100"), id=f"i{flow}", flow_id=flow, grouped=True, **more)


def test_few_have_a_thread_each():
    changes = page_facts.decide(rows(3), terms(), StoredState())
    assert [post.kind for post in changes.posts] == [PostKind.MESSAGE] * 3
    assert changes.incident_groups == ()
    assert {each.home.told_at for each in changes.incidents} == {AT}


def test_many_have_one_message_that_counts_them_all():
    changes = page_facts.decide(rows(50), terms(), StoredState())
    (post,), (storm,) = changes.posts, changes.incident_groups
    assert (post.id, post.kind, post.channel) == (storm.post, PostKind.MESSAGE, "C0DATAOPS1")
    assert as_sent(post.body)["text"] == "ALERT STORM · 50 incidents · 50 open, 0 acknowledged, 0 recovered"
    assert post.due == AT + incident_posts.HOLD
    assert "<@" not in str(as_sent(post.body)["blocks"]), "not before the causes of its incidents are known"
    assert storm.mentioned == ()
    assert {(each.home.post, each.home.listed_in, each.home.grouped) for each in changes.incidents} == {
        (storm.post, storm.post, True)
    }
    assert len(changes.seen) == len(changes.incidents) == 50


def test_its_message_goes_before_the_cards_that_the_same_reading_brought_before():
    late = terms(stored_at=AT + timedelta(seconds=1))
    cards = page_facts.decide(rows(3), late, StoredState())
    storm = page_facts.decide(rows(40, 5000), late, StoredState())
    assert storm.posts[0].due < min(post.due for post in cards.posts)


def test_those_told_before_keep_their_threads():
    changes = page_facts.decide(rows(2), terms(), StoredState(recent=tuple(told(2))))
    assert [post.id for post in changes.posts] == [changes.incident_groups[0].post]
    assert [(each.id, each.home.post, each.home.grouped) for each in changes.incidents[-2:]] == [
        ("r0", "p0", False),
        ("r1", "p1", False),
    ]
    assert changes.incident_groups[0].joined == 4


def test_one_that_was_told_before_and_failed_again_on_this_page_is_both():
    recent = told(3)
    again = row("9000-2026112200", end="2026-11-22 02:00:00")
    changes = page_facts.decide([again, *rows(2)], terms(), StoredState(incidents=(recent[0],), recent=tuple(recent)))
    (first,) = (each for each in changes.incidents if each.id == "r0")
    assert len(first.occurrences) == 2
    assert first.home.listed_in == changes.incident_groups[0].post
    assert [(post.kind, post.thread_of, post.target) for post in changes.posts[1:]] == [
        (PostKind.MESSAGE, "p0", None),
        (PostKind.EDIT, None, "p0"),
    ]


def test_further_failures_of_the_same_page_are_counted_and_not_told():
    twice = [*rows(4, day="22", end="2026-11-22 02:00:00"), *rows(4)]
    changes = page_facts.decide(twice, terms(), StoredState())
    assert len(changes.posts) == 1
    assert [len(each.occurrences) for each in changes.incidents] == [2] * 4
    assert "8 failures in all." in picture(changes.posts[0].body)
    assert changes.tells == {}


def test_a_storm_that_goes_on_takes_in_what_comes_and_says_nothing():
    changes = page_facts.decide(rows(1), terms(), StoredState(incident_groups=(STORM,)))
    assert changes.posts == ()
    assert changes.incidents[0].home.post == "storm"
    assert changes.incident_groups == (replace(STORM, last_at=AT, joined=13),)


def test_a_further_failure_in_a_storm_is_counted_and_begins_nothing():
    again = row("4000-2026112200", end="2026-11-22 02:00:00")
    changes = page_facts.decide([again], terms(), StoredState(incidents=(listed(),), incident_groups=(STORM,)))
    assert changes.posts == ()
    assert changes.incident_groups == ()
    assert len(changes.incidents[0].occurrences) == 2


def test_after_the_storm_a_further_failure_begins_a_thread():
    again = row("4000-2026112200", end="2026-11-22 02:00:00")
    later = terms(now=NOW + STORM_WINDOW)
    changes = page_facts.decide([again], later, StoredState(incidents=(listed(),), incident_groups=(STORM,)))
    (card,), (new,) = changes.posts, changes.incidents
    assert (card.id, card.thread_of) == (new.home.post, None)
    assert (new.home.grouped, new.home.listed_in, new.home.told_at) == (False, "storm", NOW + STORM_WINDOW)


def test_many_that_fail_again_after_it_are_another_storm():
    again = rows(5, day="22", end="2026-11-22 02:00:00")
    known = StoredState(incidents=tuple(listed(4000 + n) for n in range(5)), incident_groups=(STORM,))
    changes = page_facts.decide(again, terms(now=NOW + STORM_WINDOW), known)
    (storm,) = changes.incident_groups
    assert storm.post != "storm"
    assert [post.id for post in changes.posts] == [storm.post]
    assert {(each.home.post, each.home.listed_in, each.home.grouped) for each in changes.incidents} == {
        (storm.post, storm.post, True)
    }


def test_what_a_first_start_listed_joins_a_storm_when_it_fails_again():
    first = IncidentGroup("first", "C0DATAOPS1", Occasion.FIRST_START, NOW, NOW, NOW)
    old = listed(post="first", listed_in="first", told_at=None)
    again = row("4000-2026112200", end="2026-11-22 02:00:00")
    changes = page_facts.decide([again], terms(), StoredState(incidents=(old,), incident_groups=(first, STORM)))
    assert [(each.home.post, each.home.listed_in) for each in changes.incidents] == [("storm", "storm")]


def test_a_first_start_is_no_storm():
    changes = page_facts.decide(rows(50), terms(group_under="first"), StoredState(incident_groups=(STORM,)))
    assert changes.posts == changes.incident_groups == ()
    assert {(each.home.listed_in, each.home.told_at) for each in changes.incidents} == {("first", None)}


def test_a_recovery_in_a_storm_is_shown_and_not_told():
    good = row("4000-2026112100", Status.SUCCESS, "2026-11-21 03:00:00")
    known = StoredState({good.id: seen(id_="4000-2026112100")}, (listed(),), (STORM,))
    changes = page_facts.decide([good], terms(), known)
    assert changes.incidents[0].phase is Phase.RECOVERED
    assert changes.posts == ()


def test_without_a_limit_there_are_no_storms():
    assert len(page_facts.decide(rows(50), terms(storm=0), StoredState()).posts) == 50


def test_a_thread_is_opened_once():
    opened, reason = lifecycle.open_thread(listed(), "p7")
    assert reason is lifecycle.Transition.THREADED
    assert (opened.home.post, opened.home.grouped, opened.home.listed_in, opened.home.told_at) == (
        "p7",
        False,
        "storm",
        NOW,
    )
    with pytest.raises(Refusal, match="already has a thread"):
        lifecycle.open_thread(opened, "p8")


def test_its_first_message_is_its_card():
    opened = changed(listed(), post="p7", grouped=False)
    post = incident_posts.first(opened, opened.home, terms(), lane=Lane.ANSWER, due=AT)
    assert (post.id, post.kind, post.due, post.incident) == ("p7", PostKind.MESSAGE, AT, "i4000")
    assert "1|p7|ack 4000" in picture(post.body)


def test_those_of_ten_minutes_count_when_the_page_is_written():
    assert terms(stored_at=AT + timedelta(seconds=5)).recent_since == AT + timedelta(seconds=5) - STORM_WINDOW
    assert terms(storm=0).recent_since is None
