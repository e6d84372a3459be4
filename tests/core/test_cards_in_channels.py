"""One incident, several cards: the same state in each channel, a thread in each, and each channel's own storm."""

import itertools
from dataclasses import replace
from datetime import timedelta

from incident_makers import MAYA, NOW, OTHER, OWNER, incident, row, seen
from incident_picture import as_sent

from bot.core.flow.status import Status
from bot.core.incident.facts import StoredState
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import IncidentCard
from bot.core.outbox.posts import PostKind
from bot.core.routing.prefs import Prefs
from bot.core.routing.rules import RoutingRules
from bot.messages import incident_posts
from bot.messages.cards.incident import RenderContext
from bot.work.monitor import page_facts

AT = NOW + timedelta(minutes=1)
ALERTS, GRID = "C0DATAOPS1", "C0GRIDOPS1"
TWO = incident().with_card(IncidentCard(GRID, "g1", told_at=NOW))


def terms(**more):
    ids = itertools.count(1)
    return incident_posts.Terms(
        now=AT, alerting=frozenset({-1, 7}), new_id=lambda: f"n{next(ids)}", channel=ALERTS, kind=1, **more
    )


def decide(rows, known, **more):
    return page_facts.decide(rows, terms(**more), known)


def places(posts, kind):
    return [(post.channel, post.thread_of or post.target) for post in posts if post.kind is kind]


AGAIN = row("3377-2026112200", end="2026-11-22 02:00:00")


def test_a_further_failure_is_a_reply_and_an_edit_in_each_channel():
    changes = decide([AGAIN], StoredState(incidents=(TWO,)))
    assert places(changes.posts, PostKind.MESSAGE) == [(ALERTS, "p1"), (GRID, "g1")]
    assert places(changes.posts, PostKind.EDIT) == [(ALERTS, "p1"), (GRID, "g1")]
    assert set(changes.tells) == {post.id for post in changes.posts if post.kind is PostKind.MESSAGE}


def test_the_buttons_of_each_reply_name_their_own_post():
    for post in decide([AGAIN], StoredState(incidents=(TWO,))).posts:
        assert f"|{post.id}|" in str(post.body)


def test_a_recovery_is_told_in_each_thread():
    failed = TWO.occurrences[0]
    good = row(failed.instance, Status.SUCCESS, end="2026-11-21 05:00:00")
    changes = decide([good], StoredState(seen={failed.instance: seen()}, incidents=(TWO,)))
    assert places(changes.posts, PostKind.MESSAGE) == [(ALERTS, "p1"), (GRID, "g1")]


def test_where_nobody_is_to_be_mentioned_the_card_names_the_owners_only():
    shown = terms(render_context=RenderContext({OWNER: MAYA}), rules=RoutingRules(prefs={GRID: Prefs(mentions=False)}))
    posts = incident_posts.redrawn(TWO, replace(TWO, owners=(OWNER, OTHER), flow_name="new"), shown)
    alert, grid = (str(as_sent(post.body)) for post in posts)
    assert ("<@U0MAYA00001>" in alert, "<@U0MAYA00001>" in grid, str(OWNER) in grid) == (True, False, True)


def test_a_card_that_is_posted_now_gets_no_edit():
    changed = replace(TWO, flow_name="new")
    assert [post.target for post in incident_posts.redrawn(TWO, changed, terms(), unposted={"g1"})] == ["p1"]


def test_a_storm_in_one_channel_takes_its_card_and_leaves_the_other_its_thread():
    storm = IncidentGroup("s1", GRID, Occasion.STORM, NOW, NOW, joined=12)
    grouped = TWO.with_card(IncidentCard(GRID, "s1", grouped=True, listed_in="s1", told_at=NOW))
    changes = decide([AGAIN], StoredState(incidents=(grouped,), incident_groups=(storm,)))
    assert places(changes.posts, PostKind.MESSAGE) == [(ALERTS, "p1")]
    assert places(changes.posts, PostKind.EDIT) == [(ALERTS, "p1")]
    (new,) = changes.incidents
    assert new.card_in(GRID) == grouped.card_in(GRID)


def test_after_the_storm_the_next_failure_begins_a_thread_in_its_channel_alone():
    grouped = TWO.with_card(IncidentCard(GRID, "s1", grouped=True, listed_in="s1", told_at=NOW))
    changes = decide([AGAIN], StoredState(incidents=(grouped,)))
    (new,) = changes.incidents
    first = new.card_in(GRID)
    assert (first.grouped, first.listed_in) == (False, "s1")
    assert [(post.channel, post.id) for post in changes.posts if post.thread_of is None and post.target is None] == [
        (GRID, first.post)
    ]
    assert places(changes.posts, PostKind.EDIT) == [(ALERTS, "p1")]


def test_a_card_takes_the_place_of_that_in_the_same_channel():
    other = IncidentCard(GRID, "g2")
    assert [card.post for card in TWO.with_card(other).cards] == ["p1", "g2"]
    assert TWO.home.channel == ALERTS
    assert TWO.card_in("C0NONE") is None
