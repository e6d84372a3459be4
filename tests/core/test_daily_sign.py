"""The day in numbers, and the notices about reading, as golden pictures."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, MAYA, NOW, ZONE, failure, incident
from incident_picture import foreign_pings
from languages import ALL

from bot.core.health import daily
from bot.core.health.daily import Day
from bot.core.incident import lifecycle
from bot.core.text.message import msg
from bot.messages.cards import monitoring

AT = NOW + timedelta(hours=1)
OPEN = incident(failure(), failure("3377-2026112101"))
TAKEN = replace(
    lifecycle.acknowledge(incident(failure("2809-2026112100")), JONAS, NOW)[0], flow_id=2809, flow_name="turbine"
)
LEFT = replace(
    lifecycle.recovered(incident(failure("4102-2026112100")), "x", NOW)[0], flow_id=4102, flow_name="<!here>"
)
GREEN = lifecycle.recovered(incident(failure(backfilled=True)), "x", NOW)[0]
CLOSED = lifecycle.close(incident(failure()), MAYA, NOW)[0]


@pytest.mark.parametrize(
    ("case", "incidents", "day"),
    [
        ("a quiet day", [], Day(0, 0, 0, 0, ())),
        ("each failure and each flow", [OPEN, TAKEN], Day(3, 2, 1, 1, (OPEN, TAKEN))),
        ("what recovered without a good run is missing one", [LEFT], Day(1, 1, 0, 0, (LEFT,))),
        ("what is healed or closed misses none", [GREEN, CLOSED], Day(2, 1, 0, 0, ())),
    ],
)
def test_the_day(case, incidents, day):
    assert daily.summary(incidents, AT) == day, case


def test_what_failed_a_day_ago_is_of_the_day_before():
    assert daily.summary([OPEN], NOW + daily.A_DAY).failures == 0
    assert daily.summary([OPEN], NOW + daily.A_DAY - timedelta(seconds=1)).failures == 2
    assert daily.summary([OPEN], NOW - timedelta(seconds=1)).failures == 0


def sign(incidents, watched=(212, 240), troubles=()):
    return monitoring.sign_of_life(daily.summary(incidents, AT), watched, troubles, command="/flow", zone=ZONE)


LATE = msg("A failure was seen {duration} ago and is not posted yet.", duration=timedelta(minutes=2))
NOTICES = {
    "a quiet day": sign([]),
    "a day with everything": sign([OPEN, TAKEN, LEFT, GREEN, CLOSED]),
    "one of each": sign([OPEN]),
    "not compared yet": sign([], None),
    "not well": sign([TAKEN], troubles=[LATE]),
    "many miss a good run": sign([replace(LEFT, flow_name=f"turbine {n}") for n in range(14)]),
    "one more than are named": sign([replace(LEFT, flow_name=f"turbine {n}") for n in range(11)]),
    "reading takes too long": monitoring.late(NOW),
    "the promise is broken": monitoring.promise_broken([LATE]),
    "the promise is kept again": monitoring.promise_kept(),
    "reading is in time again": monitoring.in_time_again(timedelta(minutes=12)),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", NOTICES)
def test_the_notices(name, language, golden):
    assert foreign_pings(NOTICES[name]) == []
    golden(NOTICES[name], language)


def test_the_operator_hears_what_to_look_at():
    assert "how fast EnOS answers" in str(monitoring.LATE)
