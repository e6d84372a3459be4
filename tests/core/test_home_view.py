"""The home: what is in it, how it looks in each language, and that Slack takes it."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, OTHER, OWNER, failure, incident
from languages import ALL, PSEUDO, english_words, speak_all

from bot.core.flow.known import known_flow
from bot.core.flow.status import OwnStatus
from bot.core.forms.rendering import rendered
from bot.core.history.runs import PastRun
from bot.core.home import FLOWS, INCIDENTS, FlowsRead, Home, HomeFlow, Some, last_state, own_flows, own_incidents, some
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.people.model import Link
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.watch import Filters, Watch
from bot.core.text.message import msg
from bot.messages import home as cards
from bot.sim.slack.limits import check_view

sys.path.append(str(Path(__file__).parents[1] / "work"))
from answer_views import text_of

HOUR = timedelta(hours=1)
LINK = Link(MAYA, "u15432100000000011", OWNER, verified=True)
UNVERIFIED = replace(LINK, verified=False)


def acked(by, **more):
    return incident(phase=Phase.ACKNOWLEDGED, acked_by=by, **{"ack_until": NOW + HOUR, **more})


@pytest.mark.parametrize(
    ("one", "link", "listed", "is_shown"),
    [
        (incident(), LINK, {3377}, True),
        (incident(), LINK, {2809}, False),  # EnOS does not list the flow as theirs any more
        (incident(owners=(OTHER,)), LINK, {3377}, False),  # somebody else's, which they may see
        (incident(), None, set(), False),
        (acked(MAYA), None, set(), True),
        (acked(MAYA, owners=()), LINK, set(), True),
        (acked(JONAS), LINK, {3377}, True),
        (acked(JONAS, owners=()), LINK, {3377}, False),
        (incident(gone=True), LINK, set(), True),  # so that they can close it
        (incident(gone=True), UNVERIFIED, set(), False),
        (incident(gone=True, owners=(OTHER,)), LINK, set(), False),
    ],
)
def test_whose_home_an_incident_is_in(one, link, listed, is_shown):
    assert own_incidents([one], MAYA, link, listed) == ([one] if is_shown else [])


def test_what_nobody_has_acknowledged_comes_first_then_the_newest():
    old, new, theirs = incident(opened_at=NOW - HOUR), incident(), acked(MAYA, opened_at=NOW + HOUR)
    assert own_incidents([theirs, old, new], MAYA, LINK, {3377}) == [new, old, theirs]


def run(flow, status):
    return PastRun(f"{flow}-2026112102", flow, NOW, status)


def test_broken_flows_come_first_and_those_that_are_only_read_last_of_their_kind():
    known = [known_flow(n, f"flow-{n}", editable=n != 4) for n in range(1, 7)]
    live = {5: incident()}
    runs = {2: run(2, -1), 3: run(3, 1), 5: run(5, 2), 6: run(6, -1)}
    flows = own_flows(known, runs, live, (-1, 7))
    assert [each.flow.id for each in flows] == [5, 2, 6, 1, 3, 4]
    assert flows[0] == HomeFlow(known[4], 2, NOW, live[5])
    assert flows[3] == HomeFlow(known[0])


def test_a_failure_that_history_has_not_read_yet_is_the_last_state():
    failed = incident(failure("3377-2026112102"))  # triggered at two
    then = NOW.replace(hour=2)
    before, same, later = (replace(run(3377, 1), triggered_at=then + n * HOUR) for n in (-1, 0, 1))
    assert last_state(None, failed) == last_state(before, failed) == last_state(same, failed) == (-1, then)
    assert last_state(later, failed) == (1, then + HOUR)
    assert last_state(before, None) == last_state(before, incident(failure("3377-x"))) == (1, then - HOUR)
    assert last_state(None, replace(failed, occurrences=())) == (None, None)


def test_some_says_how_many_more_there_are():
    assert some([1, 2, 3], 2) == Some((1, 2), 1)
    assert (bool(some([1], 2)), some([1], 2).more, bool(some([], 2))) == (True, 0, False)


# ── how it looks ──


def flow(id_, name, status=None, *, editable=True, **more):
    at = None if status is None else NOW - HOUR
    return HomeFlow(known_flow(id_, name, editable=editable), status, at, **more)


SNOOZE = Snooze(SnoozeId("s1"), 3377, "daily-energy-report", MAYA, NOW, NOW + HOUR, "the source is being repaired")
WATCHES = (
    Watch(1, MAYA.user, Filters(flow=2809), MAYA, NOW, "turbine-10min"),
    Watch(2, "C0DATAOPS1", Filters(owner="maya.chen", after=3), MAYA, NOW),
)
FULL = Home(
    MAYA,
    LINK,
    incidents=some(
        [
            incident(),
            incident(failure("2809-2026112102", 7), id="i2", flow_id=2809, flow_name="turbine-10min", snooze=SNOOZE),
            acked(MAYA, id="i3", flow_name=""),
            acked(JONAS, id="i4"),
        ],
        INCIDENTS,
    ),
    links={"i1": "https://slack.test/archives/C0DATAOPS1/p1"},
    flows=some(
        [
            flow(3377, "daily-energy-report", -1, incident=incident()),
            flow(2809, "turbine-10min", 2),
            flow(4400, "能源日报"),
            flow(3318, "reduce_entity", 1, editable=False),
            *(flow(7000 + n, f"meter-{n}", 1) for n in range(8)),
        ],
        FLOWS,
    ),
    read=FlowsRead(NOW),
    snoozes=some([SNOOZE], 5),
    watches=some(WATCHES, 5),
    groups=some(
        [OnCallGroup("S0ONCALL01", frozenset({JONAS.user})), OnCallGroup("S0ONCALL02", word="no_such_subteam")], 5
    ),
)
LATE = failure("3377-2026112102", OwnStatus.LATE)
OUTAGE = msg("EnOS did not answer within {n} s. Try again in a minute.", n=30)
HOMES = {
    "all there is": FULL,
    "nothing": Home(MAYA, LINK, read=FlowsRead(NOW)),
    "not read yet": Home(MAYA, UNVERIFIED),
    "could not be read": Home(MAYA, LINK, read=FlowsRead(None, OUTAGE)),
    "could not be read again": Home(MAYA, LINK, flows=some([flow(1, "a", 1)], 1), read=FlowsRead(NOW, OUTAGE)),
    "not linked": Home(JONAS, groups=FULL.groups),
    "not linked, and on it": Home(MAYA, incidents=some([acked(MAYA, ack_until=None)], 5)),
    "only late": Home(
        MAYA, LINK, incidents=some([incident(failure("3377-2026112102", OwnStatus.LATE))], 5), read=FlowsRead(NOW)
    ),
}
DATA = (
    *("daily-energy-report", "turbine-10min", "reduce_entity", "meter", "maya.chen", "the source is being repaired"),
    *("能源日报", "Data", "a"),
)


def seen(home, language="en"):
    view = rendered(cards.view(home, "p1", command="/flow", admins=["U0ALEX00001"]), language)
    check_view(view, kinds=("home",))
    return view


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("title", HOMES)
def test_homes(snapshot, monkeypatch, title, language):
    speak_all(monkeypatch)
    view = seen(HOMES[title], language)
    if language == PSEUDO:
        assert english_words(view, DATA) == []
    assert text_of(view) == snapshot


@pytest.mark.parametrize("language", ALL)
def test_what_is_shown_instead(snapshot, monkeypatch, language):
    speak_all(monkeypatch)
    views = [rendered(each, language) for each in (cards.loading(), cards.told(OUTAGE))]
    for each in views:
        check_view(each, kinds=("home",))
    assert "\n".join(map(text_of, views)) == snapshot


HOSTILE = "<!channel> *x* `y` &amp; <https://evil.test|z>" * 40


def test_the_longest_home_fits_and_nothing_in_it_acts():
    one = incident(failure(**{**KNOWN, "failed_task_name": HOSTILE}), flow_name=HOSTILE)
    full = Home(
        MAYA,
        LINK,
        incidents=some([one] * 20, INCIDENTS),
        flows=some([flow(10**18 - 1, HOSTILE, -1, incident=one)] * 20, FLOWS),
        read=FlowsRead(NOW, OUTAGE),
        snoozes=some([replace(SNOOZE, flow_name=HOSTILE, because=HOSTILE)] * 9, 5),
        watches=some([replace(WATCHES[0], flow_name=HOSTILE, filters=Filters(flow=1, glob=HOSTILE))] * 9, 5),
        groups=some([OnCallGroup("S0ONCALL01", frozenset(f"U0MEMBER{n:03}" for n in range(50)))] * 9, 5),
    )
    view = seen(full)
    assert len(view["blocks"]) < 80
    assert "<!channel>" not in str(view)
    assert "<https://evil.test" not in str(view)


def test_every_button_of_a_home_has_an_id_of_its_own():
    elements = [
        each
        for block in seen(FULL)["blocks"]
        for each in [*block.get("elements", ()), block.get("accessory", {})]
        if "action_id" in each
    ]
    assert len({each["action_id"] for each in elements}) == len(elements) > 20
