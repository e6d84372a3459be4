"""The messages of a storm, as golden pictures; and no text from outside can ping or break one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incident_cards import changed
from incident_makers import JONAS, KNOWN, MAYA, NOW, OWNER, ZONE, failure, incident
from incident_picture import as_sent, foreign_pings, picture, refused
from languages import ALL
from thorough import examples

from bot.core.flow.model import UserName
from bot.core.flow.status import OwnStatus
from bot.core.history.background import Background, Lateness
from bot.core.incident import lifecycle
from bot.core.incident.groups import MAX_MENTIONED, STORM_WINDOW, IncidentGroup, Occasion, ended_storm
from bot.core.people.model import Person
from bot.messages.cards import board
from bot.messages.cards import incident_groups as cards

LATER = NOW + timedelta(minutes=7)
PEOPLE = {OWNER: MAYA}
STORM = IncidentGroup("storm", "C0DATAOPS1", Occasion.STORM, NOW, LATER, mentioned=(OWNER,))


def in_storm(number, **more):
    return incident(
        failure(f"{number}-2026112100", **KNOWN),
        id=f"i{number}",
        flow_id=number,
        flow_name=f"turbine-{number}",
        post="storm",
        grouped=True,
        listed_in="storm",
        opened_at=NOW + timedelta(seconds=number - 4000),
        **more,
    )


OPEN = in_storm(4001)
TAKEN = lifecycle.acknowledge(in_storm(4002), JONAS, NOW, note="looking")[0]
GREEN = lifecycle.recovered(in_storm(4003), "4003-2026112200", LATER)[0]
CLOSED = lifecycle.close(in_storm(4004), JONAS, LATER, "not needed")[0]
THREAD = changed(in_storm(4005), grouped=False, post="p5")
TWICE = replace(in_storm(4006, owners=()), occurrences=(failure("4006-2026112100"), failure("4006-2026112101")))
BY_EIGHT = Lateness(fire=NOW, by=NOW, clock="08:00 UTC", done=28, runs=30)
LATE_ONE = replace(
    in_storm(4007, background=Background(late=BY_EIGHT)),
    occurrences=(failure("4007-2026112100", status=OwnStatus.LATE, end=""),),
)
MISSING_ONE = replace(
    in_storm(4008, background=Background(late=replace(BY_EIGHT, is_missing=True))),
    occurrences=(failure("4008-2026112100", status=OwnStatus.LATE, end=""),),
)
LATE_THEN_FAILED = replace(LATE_ONE, id="i4009", occurrences=(*LATE_ONE.occurrences, failure("4007-2026112100")))
MIXED = [OPEN, TAKEN, GREEN, CLOSED, THREAD, TWICE]


def drawn(group, incidents, people=PEOPLE, **more):
    group = replace(group, joined=more.pop("joined", len(incidents)), **more)
    return board.storm(group, incidents, people, "p9", command="/flow", zone=ZONE)


THOUSAND = [in_storm(4001 + n, owners=(UserName(f"owner.{n}"),)) for n in range(1000)]
MANY_PEOPLE = {UserName(f"owner.{n}"): Person("T1", f"U{n:06}") for n in range(40)}
PICTURES = {
    "one of each": drawn(STORM, MIXED),
    "over": drawn(ended_storm(STORM), MIXED),
    "over, some in a later storm": drawn(ended_storm(STORM), [OPEN], joined=3),
    "over, one in a later storm": drawn(ended_storm(STORM), MIXED, joined=7),
    "over, all in a later storm": drawn(ended_storm(STORM), [], joined=12),
    "nobody is linked": drawn(STORM, [OPEN], {}, mentioned=()),
    "one owner, who is not linked": drawn(STORM, [in_storm(4001, owners=(OWNER,))], {}, mentioned=()),
    "one owner": drawn(STORM, [in_storm(4001, owners=(OWNER,))]),
    "owners whom another storm mentions": drawn(STORM, [OPEN], mentioned=()),
    "some late, some failed, one late before it failed": drawn(STORM, [OPEN, LATE_ONE, MISSING_ONE, LATE_THEN_FAILED]),
    "a failure each": drawn(STORM, [OPEN, TAKEN]),
    "more owners": cards.more_owners(
        (OWNER, UserName("jonas.weber")), {OWNER: MAYA, UserName("jonas.weber"): JONAS}, command="/flow"
    ),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", PICTURES)
def test_the_storms_message(name, language, golden):
    golden(PICTURES[name], language)


def test_a_thousand_stay_readable():
    body = drawn(STORM, THOUSAND, MANY_PEOPLE, mentioned=tuple(MANY_PEOPLE)[:MAX_MENTIONED])
    assert refused(body) == []
    assert as_sent(body)["text"] == "ALERT STORM · 1,000 incidents · 1,000 open, 0 acknowledged, 0 recovered"
    shown = picture(as_sent(body)["fallback"])
    assert shown.count("[…:") == board.LISTED
    assert "… and 970 more open incidents. List all with `/flow incidents open`." in shown
    assert "and 980 more\n" in shown, "twenty of a thousand owners are mentioned"
    assert shown.count("<@U") == MAX_MENTIONED
    assert "[All open: 1|p9|incidents open]" in shown


def test_incidents_that_have_ended_are_not_counted_among_those_that_a_list_of_open_ones_has():
    ended = [replace(GREEN, id=f"green {n}") for n in range(board.LISTED)]
    live = [replace(OPEN, id=f"open {n}") for n in range(board.LISTED)]
    assert "… and" not in picture(drawn(STORM, [*live, *ended]))
    assert "… and 1 more open incident. List all with `/flow incidents open`." in picture(
        drawn(STORM, [*live, TAKEN, *ended])
    )
    assert "……另有 1 条未关闭的告警。" in picture(drawn(STORM, [*live, TAKEN, *ended]), "zh")
    began = cards.first_start([*ended, *live, *ended], "p9", command="/flow", since=NOW)
    assert "… and 30 more open incidents. List all with `/flow incidents`." in picture(began)
    began = cards.first_start([*live, *ended], "p9", command="/flow", since=NOW)
    assert "… and" not in picture(began)


def test_the_end_is_told():
    storm = ended_storm(STORM)
    assert storm.ended_at == LATER + STORM_WINDOW
    assert (
        as_sent(drawn(storm, [GREEN]))["text"] == "ALERT STORM OVER · 1 incident · 0 open, 0 acknowledged, 1 recovered"
    )


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["<!channel>", "<@U0MAYA00002>", "<https://evil|x>", "```", "a\n<!here>", "\u202e<", "*bold*"]),
    st.integers(1, 4000).map(lambda length: "&" * length),
)


@given(name=HOSTILE, task=HOSTILE, owner=HOSTILE)
@settings(max_examples=examples(15), deadline=None)
def test_no_text_from_outside_can_ping_or_break_it(name, task, owner):
    bad = failure(failed_tasks=(1,), failed_task_name=task)
    hurt = changed(incident(bad), flow_name=name, owners=(UserName(owner), OWNER) * 6, grouped=True)
    for storm in (STORM, ended_storm(STORM)):
        body = as_sent(drawn(storm, [hurt] * 35))  # more than it lists
        assert foreign_pings(body) == []
        assert refused(body) == []
