"""Laws of routes: whatever is watched, no failure goes nowhere, and none goes to a channel twice."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.model import FlowId, UserName
from bot.core.people.model import Person
from bot.core.routing.routes import RouteReason, routes
from bot.core.routing.watch import Failure, Filters, Watch, matches

ALERTS = "C0ALERTS"
PLACES = [ALERTS, "C0OPS", "C0FIN", "G0PRIVATE", "U0MAYA", "W0LEE"]
OWNERS = ["maya.chen", "jonas.weber"]
MAYA, NOON = Person("T1", "U0MAYA"), datetime(2026, 11, 21, 12, tzinfo=UTC)

FILTERS = st.builds(
    Filters,
    flow=st.sampled_from([None, None, None, FlowId(1)]),
    owner=st.sampled_from(["", "", "", *OWNERS]),
    glob=st.sampled_from(["", "*", "*-*", "*-HOURLY", "x*"]),
    after=st.sampled_from([1, 1, 1, 2, 3]),
)
WATCHES = st.lists(st.tuples(st.sampled_from(PLACES), FILTERS), max_size=6).map(
    lambda made: [Watch(id_, channel, filters, MAYA, NOON) for id_, (channel, filters) in enumerate(made, 1)]
)
FAILURE = st.builds(
    Failure,
    flow_id=st.sampled_from([FlowId(1), FlowId(2)]),
    flow_name=st.sampled_from(["meter-hourly", "turbine-daily"]),
    owners=st.lists(st.sampled_from([UserName(name) for name in OWNERS]), unique=True).map(tuple),
    in_a_row=st.integers(1, 4),
)


@given(WATCHES, FAILURE, st.sets(st.sampled_from(PLACES)))
def test_every_failure_goes_to_each_place_that_watches_it_and_to_a_channel_in_any_case(watches, failure, lost):
    found = routes(failure, watches, ALERTS, lost=lost)
    told = [each.channel for each in found]
    assert len(told) == len(set(told)), "one card in a channel, however many of its watches match"
    assert any(not place.startswith(("U", "W")) for place in told), "people's own watches keep it from no channel"
    asked = [each for each in watches if matches(each, failure)]
    for each in asked:
        if each.channel not in lost - {ALERTS}:
            assert each.channel in told
        elif not each.is_personal:
            assert ALERTS in told, "the alert channel stands in for a lost one"
    assert not lost.intersection(told) - {ALERTS}


@given(WATCHES, FAILURE, st.sets(st.sampled_from(PLACES)))
def test_each_route_names_the_watches_that_ask_for_it(watches, failure, lost):
    by_id = {each.id: each for each in watches}
    for route in routes(failure, watches, ALERTS, lost=lost):
        asked = [by_id[id_] for id_ in route.watches]
        assert all(matches(each, failure) for each in asked)
        match route.reason:
            case RouteReason.WATCHED:
                assert {each.channel for each in asked} == {route.channel}
            case RouteReason.CHANNEL_LOST:
                assert {each.channel for each in asked} <= lost
            case RouteReason.NO_WATCH_MATCHES:
                assert not asked
