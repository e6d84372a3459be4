"""When a storm begins and ends, what it takes in, and what it mentions."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_makers import MAYA, NOW, OWNER, incident

from bot.core.incident import groups
from bot.core.incident.groups import MAX_MENTIONED, STORM_WINDOW, IncidentGroup, Occasion, StormUpdate
from bot.core.incident.model import Phase

CHANNEL = "C0DATAOPS1"
STORM = IncidentGroup("storm", CHANNEL, Occasion.STORM, NOW, NOW, joined=5)
SECOND = timedelta(seconds=1)


def many(count, first=0, **more):
    return [
        incident(
            id=f"i{n}",
            post=f"p{n}",
            told_at=more.get("told_at", NOW),
            **{k: v for k, v in more.items() if k != "told_at"},
        )
        for n in range(first, first + count)
    ]


def storm_update(new, recent=(), incident_groups=(), *, limit=10, now=NOW):
    ids = itertools.count(1)
    return groups.storm_update(
        new, recent, incident_groups, channel=CHANNEL, limit=limit, now=now, new_id=lambda: f"n{next(ids)}"
    )


@pytest.mark.parametrize(
    ("case", "new", "recent", "begins"),
    [
        ("ten at once are no storm", many(10), [], False),
        ("eleven at once are one", many(11), [], True),
        ("the eleventh within ten minutes begins it", many(1), many(10, 20, told_at=NOW - STORM_WINDOW + SECOND), True),
        ("after ten minutes they no longer count", many(1), many(10, 20, told_at=NOW - STORM_WINDOW), False),
        ("those of another channel do not count", many(1), many(10, 20, channel="C0FINANCE1"), False),
        ("those of a first start do not count", many(1), many(10, 20, told_at=None), False),
        ("nothing new begins nothing", [], many(40, 20), False),
    ],
)
def test_a_storm_begins_when_more_than_ten_are_told_within_ten_minutes(case, new, recent, begins):
    found = storm_update(new, recent)
    assert (found is not None) is begins, case
    if found is not None:
        assert found.begins, case
        assert found.storm.joined == len(found.incidents) == len(new) + len(recent), case


@pytest.mark.parametrize(
    ("case", "group", "joins"),
    [
        ("a storm that goes on takes in even one", STORM, True),
        ("until ten minutes are quiet", replace(STORM, last_at=NOW - STORM_WINDOW + SECOND), True),
        ("then it takes in none", replace(STORM, last_at=NOW - STORM_WINDOW), False),
        ("nor does one that is over", replace(STORM, ended_at=NOW - SECOND), False),
        ("nor that of another channel", replace(STORM, channel="C0FINANCE1"), False),
        ("nor a first start", replace(STORM, occasion=Occasion.FIRST_START), False),
    ],
)
def test_what_goes_on_takes_in_each_further_incident(case, group, joins):
    found = storm_update(many(1), incident_groups=[group])
    assert (found is not None) is joins, case
    if found is not None:
        assert (found.begins, found.storm.post, found.storm.joined) == (False, "storm", 6)


def test_what_it_lists_already_joins_no_second_time():
    """Such an incident counts as told recently while another channel's card of it is in no group."""
    listed = [each.with_card(replace(each.home, listed_in=STORM.post)) for each in many(5, 20)]
    found = storm_update(many(1), listed, [STORM])
    assert (len(found.incidents), found.storm.joined) == (1, 6)


def test_the_last_to_join_keeps_it_from_ending():
    assert storm_update(many(1), incident_groups=[STORM], now=NOW + SECOND).storm.last_at == NOW + SECOND
    late = replace(STORM, last_at=NOW + 2 * SECOND)
    assert storm_update(many(1), incident_groups=[late]).storm.last_at == late.last_at


def test_those_who_were_told_before_keep_their_threads_and_are_counted():
    found = storm_update(many(2), many(9, 20))
    assert [each.home.grouped for each in found.incidents] == [True] * 2 + [False] * 9
    assert {each.home.listed_in for each in found.incidents} == {found.storm.post}
    assert {each.home.post for each in found.incidents if not each.threads} == {found.storm.post}
    assert [each.home.post for each in found.incidents[2:]] == [f"p{n}" for n in range(20, 29)]


def test_a_limit_of_nothing_means_no_storms_ever():
    assert storm_update(many(500), limit=0) is None
    assert storm_update(many(1), incident_groups=[STORM], limit=0) is None


def test_what_one_transaction_lets_join_is_bounded():
    found = storm_update(many(1), many(900, 20), limit=800)
    assert len(found.incidents) == 1 + groups.MAX_JOINED


@given(st.integers(1, 60), st.integers(0, 30), st.integers(1, 20))
def test_nobody_is_lost_and_nobody_counted_twice(new, recent, limit):
    found = storm_update(many(new), many(recent, 100), limit=limit)
    if new + recent <= limit:
        assert found is None
    else:
        assert isinstance(found, StormUpdate)
        assert sorted(each.id for each in found.incidents) == sorted(each.id for each in many(new) + many(recent, 100))


def test_a_quiet_storm_ends_ten_minutes_after_its_last():
    assert not groups.is_quiet(STORM, NOW + STORM_WINDOW - SECOND)
    assert groups.is_quiet(STORM, NOW + STORM_WINDOW)
    assert groups.ended_storm(STORM).ended_at == NOW + STORM_WINDOW


def test_the_numbers_count_by_where_each_stands():
    each = [Phase.OPEN, Phase.OPEN, Phase.ACKNOWLEDGED, Phase.RECOVERED, Phase.CLOSED]
    count = groups.count_phases(incident(phase=phase) for phase in each)
    assert (count.open, count.acknowledged, count.recovered, count.closed) == (2, 1, 1, 1)
    assert (count.all, count.live) == (5, 3)


def test_a_list_begins_with_what_is_open_and_new():
    def made(name, phase, minute):
        return incident(id=name, phase=phase, opened_at=NOW + timedelta(minutes=minute))

    mixed = [
        made("closed", Phase.CLOSED, 9),
        made("old", Phase.OPEN, 1),
        made("taken", Phase.ACKNOWLEDGED, 8),
        made("new", Phase.OPEN, 2),
        made("green", Phase.RECOVERED, 10),
    ]
    assert [each.id for each in groups.worst_first(mixed)] == ["new", "old", "taken", "green", "closed"]


def test_owners_are_named_once():
    assert groups.owners([incident(owners=("a", "b")), incident(owners=("b", "c"))]) == ("a", "b", "c")


def test_linked_owners_are_mentioned_once_and_at_most_twenty_of_them():
    names = [f"n{number}" for number in range(40)]
    people = dict.fromkeys(names[5:], MAYA)
    first = groups.owners_to_mention(STORM, names, people, ())
    assert first == tuple(names[5:25])
    assert len(first) == MAX_MENTIONED
    assert groups.owners_to_mention(replace(STORM, mentioned=first), names, people, ()) == ()
    assert groups.owners_to_mention(replace(STORM, mentioned=first[:19]), names, people, ()) == (names[24],)
    assert groups.owners_to_mention(replace(STORM, mentioned=(OWNER,) * 25), names, people, ()) == ()


NEXT = replace(STORM, post="next", channel="C0GRIDOPS1", mentioned=(OWNER,))
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sentence", "storm", "linked", "known", "reason"),
    [
        ("An owner is mentioned.", STORM, {OWNER}, [STORM], "mentioned"),
        ("Not again by the same storm.", replace(STORM, mentioned=(OWNER,)), {OWNER}, [], "mentioned before"),
        ("Nor by another storm of the moment.", STORM, {OWNER}, [NEXT], "other storm"),
        ("By whichever begins first.", STORM, {OWNER}, [replace(NEXT, began_at=NOW + SECOND)], "other storm"),
        ("A later storm mentions them.", STORM, {OWNER}, [replace(NEXT, began_at=NOW - MINUTE)], "mentioned"),
        ("Where the other has not, this one does.", STORM, {OWNER}, [replace(NEXT, mentioned=())], "mentioned"),
        ("Who is not linked cannot be mentioned.", STORM, set(), [], "not linked"),
        ("Twenty are enough.", replace(STORM, mentioned=("a",) * MAX_MENTIONED), {OWNER}, [], "enough"),
    ],
)
def test_why_a_storm_mentions_an_owner_or_not(sentence, storm, linked, known, reason):
    assert groups.mention_reasons(storm, [OWNER], linked, known)[OWNER].value == reason, sentence


@pytest.mark.parametrize(
    ("case", "group", "shown"),
    [
        ("a storm that goes on", STORM, True),
        ("a storm that ended a week ago", replace(STORM, ended_at=NOW - groups.SHOWN_FOR), True),
        ("one that ended before", replace(STORM, ended_at=NOW - groups.SHOWN_FOR - SECOND), False),
        ("a first start that is still gathered", replace(STORM, occasion=Occasion.FIRST_START), False),
        ("one that was told", replace(STORM, occasion=Occasion.FIRST_START, ended_at=NOW), True),
    ],
)
def test_a_message_shows_how_its_incidents_stand_for_a_week(case, group, shown):
    assert groups.is_shown(group, NOW) is shown, case
