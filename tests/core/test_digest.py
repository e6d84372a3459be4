"""The digest: what it tells, and its golden pictures."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from incident_makers import JONAS, MAYA, NOW, ZONE, failure, incident
from incident_picture import as_sent, foreign_pings
from languages import ALL

from bot.core import digest
from bot.core.digest import Known, Recovery, WatchState
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.run import Run
from bot.core.flow.status import OwnStatus
from bot.core.history.background import Lateness
from bot.core.history.runs import SlowRun
from bot.core.incident import lifecycle
from bot.core.incident.model import IncidentCard, IncidentId, Snooze, SnoozeId
from bot.core.incident.resolution import Resolution
from bot.core.outbox.posts import PostId
from bot.core.text.message import msg
from bot.messages.cards import digest as cards

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
OPS, OTHER_CHANNEL = "C0DATAOPS1", "C0GENERAL1"

DAY = timedelta(days=1)

HOUR = timedelta(hours=1)

# ── what ──

UNTIL = NOW + HOUR


def named(id_, flow, name, *failures, **more):
    return incident(
        *(failures or (failure(f"{flow}-2026112100"),)),
        id=IncidentId(id_), flow_id=FlowId(flow), flow_name=name, **more,
    )  # fmt: skip


OPEN = named("i1", 3377, "daily-energy-report", failure(), failure("3377-2026112101"))
TAKEN = lifecycle.acknowledge(named("i2", 2809, "turbine"), JONAS, NOW)[0]
LEFT = lifecycle.recovered(named("i3", 4102, "<!here>"), InstanceId("4102-2026112101"), NOW + HOUR / 2)[0]
GREEN = lifecycle.recovered(
    named("i4", 4103, "wind", failure("4103-2026112100", backfilled=True)), InstanceId("4103-20261121000000"), NOW
)[0]
CLOSED = lifecycle.close(named("i5", 4104, "weather"), MAYA, NOW, "source is down until Monday")[0]


def told(incidents, *, channel=OPS, since=NOW - HOUR, until=UNTIL, snoozes=(), is_alert_channel=True):
    return digest.contents(incidents, snoozes, channel, since, until, is_alert_channel=is_alert_channel)


def sections(shown):
    ids = {name: [each.id for each in getattr(shown, name)] for name in ("open", "recovered", "closed", "missing")} | {
        "snoozed": [each.flow_name for each, _ in shown.snoozed]
    }
    return {name: found for name, found in ids.items() if found}


SNOOZED = Snooze(SnoozeId("s1"), FlowId(3377), "daily-energy-report", MAYA, NOW, NOW + 5 * HOUR, "JIRA-12")
QUIET = Snooze(SnoozeId("s2"), FlowId(9), "forecast north", MAYA, NOW, NOW + 700 * HOUR, "owner.", until_success=True)
ALL_FLOWS = Snooze(SnoozeId("s3"), None, "", MAYA, NOW, NOW + HOUR, "EnOS")

CONTENTS = [
    ("A day without anything is quiet.", [], {}, {}),
    ("What is open comes before what is acknowledged.", [TAKEN, OPEN], {}, {"open": ["i1", "i2"]}),
    ("What recovered without its run is in two places.", [LEFT], {}, {"recovered": ["i3"], "missing": ["i3"]}),
    ("What recovered with it is in one.", [GREEN], {}, {"recovered": ["i4"]}),
    ("What a person closed misses no run.", [CLOSED], {}, {"closed": ["i5"]}),
    ("What ended before is of the last digest.", [GREEN, CLOSED], {"since": NOW + timedelta(seconds=1)}, {}),
    ("What ends now is of the next one.", [GREEN, CLOSED], {"until": NOW}, {}),
    ("A run is missed for a week.", [LEFT], {"since": NOW + HOUR, "until": NOW + 7 * 24 * HOUR}, {"missing": ["i3"]}),
    ("Then nobody waits for it.", [LEFT], {"since": NOW + HOUR, "until": NOW + 7 * 24 * HOUR + HOUR}, {}),
    ("Where its end is not known, it is missed.", [replace(LEFT, ended_at=None)], {}, {"missing": ["i3"]}),
    ("Another channel hears nothing of it.", [OPEN, CLOSED], {"channel": OTHER_CHANNEL}, {}),
    ("A snoozed flow is told as that.", [OPEN], {"snoozes": [SNOOZED]}, {"snoozed": ["daily-energy-report"]}),
    ("The alert channel hears of each snooze.", [], {"snoozes": [QUIET]}, {"snoozed": ["forecast north"]}),
    ("Another channel only of what is open there.", [], {"snoozes": [QUIET], "is_alert_channel": False}, {}),
    ("A snooze of all flows is told everywhere, and what is open all the same.", [OPEN],
     {"snoozes": [ALL_FLOWS], "is_alert_channel": False}, {"open": ["i1"], "snoozed": [""]}),
]  # fmt: skip


@pytest.mark.parametrize(("case", "incidents", "how", "found"), CONTENTS)
def test_what_it_tells(case, incidents, how, found):
    assert sections(told(incidents, **how)) == found, case


def test_an_incident_is_told_in_each_of_its_channels():
    both = OPEN.with_card(IncidentCard(OTHER_CHANNEL, PostId("p9")))
    assert sections(told([both], channel=OTHER_CHANNEL)) == sections(told([both])) == {"open": ["i1"]}


def test_each_failure_is_in_exactly_one():
    failed = named("i1", 3377, "f", *(failure(f"3377-202611210{n}", at=NOW + n * HOUR) for n in range(6)))
    ends = [NOW - HOUR, NOW, NOW + HOUR, NOW + 3.5 * HOUR, NOW + 9 * HOUR]
    counted = [told([failed], since=since, until=until).failures for since, until in pairwise(ends)]
    assert counted == [0, 1, 3, 2]


def test_the_numbers_are_of_the_day_and_of_now():
    shown = told([OPEN, TAKEN, GREEN])
    assert (shown.failures, shown.flows, shown.live, shown.acknowledged) == (4, 3, 2, 1)
    assert not shown.all_quiet
    assert told([]).all_quiet
    assert not told([OPEN], channel=OPS, since=UNTIL, until=UNTIL).all_quiet


def test_it_has_thirty_rows_and_says_how_many_more_there_are():
    many = [replace(OPEN, id=IncidentId(f"o{n}")) for n in range(28)] + [
        replace(CLOSED, id=IncidentId(f"c{n}")) for n in range(5)
    ]
    shown, more = told(many).cut()
    assert (len(shown.open), len(shown.closed), more) == (28, 2, 3)
    assert len(shown.incidents) == 30
    assert told([OPEN]).cut()[1] == 0


def test_a_snooze_has_the_flows_open_incident():
    assert told([OPEN], snoozes=[SNOOZED, QUIET]).incidents == (OPEN,)


def started(verb):
    return Run(InstanceId("4103-20261121000000"), FlowId(4103), "wind", str(MAYA), "p", NOW, OPS, verb=verb)


@pytest.mark.parametrize(
    ("case", "incident", "run", "how"),
    [
        ("The schedule's next run succeeded.", LEFT, None, Recovery.BY_ITSELF),
        ("A person reran it from chat.", GREEN, started("rerun"), Recovery.RERUN_BY_PERSON),
        ("A retry rule reran it.", GREEN, started("retry"), Recovery.RETRIED),
        ("A person started it from chat.", GREEN, started("trigger"), Recovery.RUN_BY_PERSON),
        ("Somebody started a run in EnOS.", GREEN, None, Recovery.IN_ENOS),
        ("Somebody reran the same run in EnOS.", replace(LEFT, recovered_by="4102-2026112100"), None, Recovery.IN_ENOS),
        ("It is not known by which run.", replace(LEFT, recovered_by=None), None, Recovery.BY_ITSELF),
    ],
)
def test_how_it_recovered(case, incident, run, how):
    assert digest.how_recovered(incident, run) is how, case


@pytest.mark.parametrize(
    ("case", "state", "well"),
    [
        ("All flows are watched.", WatchState((240, 240)), True),
        ("They were not compared yet.", WatchState(), True),
        ("Some cannot be seen.", WatchState((212, 240)), False),
        ("EnOS cannot be reached.", WatchState(is_reachable=False), False),
        ("Something is late.", WatchState(troubles=(msg("late"),)), False),
    ],
)
def test_silence_is_not_taken_for_health(case, state, well):
    assert state.well is well, case


# ── its pictures ──


ALL_WATCHED = WatchState((240, 240))


def picture_of(*incidents, state=ALL_WATCHED, snoozes=(), known=None):
    shown, more = told(incidents, snoozes=snoozes).cut()
    return cards.digest(shown, state, known or Known(), more=more, command="/flow", zone=ZONE)


LATE = msg("A failure was seen {duration} ago and is not posted yet.", duration=timedelta(minutes=2))
LINK = "https://example.slack.com/archives/C0DATAOPS1/p1"


def ended_as(resolution):
    return picture_of(replace(CLOSED, resolution=resolution))


AT_SIX = Lateness(fire=NOW - 3 * HOUR, by=NOW - HOUR, clock="08:00 UTC", done=28, runs=30)
LATE_RUN = replace(
    OPEN,
    id=IncidentId("late"),
    occurrences=(failure("4102-2026112106", status=OwnStatus.LATE, end=""),),
    background=replace(OPEN.background, late=AT_SIX),
)
MISSING_RUN = replace(
    LATE_RUN, id=IncidentId("missing"), background=replace(OPEN.background, late=replace(AT_SIX, is_missing=True))
)
LATE_AND_OVER = lifecycle.recovered(
    replace(LATE_RUN, id=IncidentId("late and over")), InstanceId("4102-2026112106"), NOW + HOUR / 2
)[0]
MISSED_FOR_GOOD = lifecycle.recovered(
    replace(MISSING_RUN, id=IncidentId("missed")), InstanceId("4102-2026112107"), NOW + HOUR / 2
)[0]
LATE_AND_FAILED = replace(LATE_RUN, occurrences=(*LATE_RUN.occurrences, failure("4102-2026112106", at=NOW + HOUR / 4)))

PICTURES = {
    "all quiet": picture_of(),
    "a day with everything": picture_of(
        OPEN, TAKEN, LEFT, GREEN, replace(CLOSED, resolution=Resolution.EXPECTED),
        snoozes=[QUIET],
        known=Known({each.id: LINK for each in (OPEN, LEFT)}, {GREEN.id: started("rerun")}),
    ),
    "one open": picture_of(OPEN),
    "late, missing, and late before it recovered": picture_of(
        LATE_RUN, MISSING_RUN, LATE_AND_OVER, MISSED_FOR_GOOD
    ),
    "late, then failed": picture_of(LATE_AND_FAILED),
    "one acknowledged": picture_of(TAKEN),
    "acknowledged, not until when": picture_of(replace(TAKEN, ack_until=None)),
    "not compared yet": picture_of(state=WatchState()),
    "quiet, but not all is watched": picture_of(state=WatchState((212, 240))),
    "one flow is not watched": picture_of(state=WatchState((239, 240))),
    "EnOS is out of reach": picture_of(TAKEN, state=WatchState((240, 240), is_reachable=False)),
    "not well": picture_of(TAKEN, state=WatchState((240, 240), [LATE])),
    "a run of a person, and one of EnOS": picture_of(
        GREEN,
        replace(GREEN, id=IncidentId("i9"), ended_at=NOW + HOUR / 4),
        known=Known(runs={GREEN.id: started("trigger")}),
    ),
    "snoozed": picture_of(OPEN, snoozes=[SNOOZED, ALL_FLOWS], known=Known({OPEN.id: LINK})),
    "fixed": ended_as(Resolution.FIXED),
    "a duplicate": ended_as(Resolution.DUPLICATE),
    "not needed": ended_as(Resolution.UNNEEDED),
    "closed": ended_as(None),
    "no command can name its run": picture_of(
        replace(LEFT, occurrences=(failure("odd"), failure("4102-2026112100", trigger="", at=NOW), failure("zz")))
    ),
    "many": picture_of(*(replace(OPEN, id=IncidentId(f"o{n}")) for n in range(31))),
}  # fmt: skip


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", PICTURES)
def test_the_digest(name, language, golden):
    assert set(foreign_pings(PICTURES[name])) <= {f"<{LINK}|Open thread>"}
    golden(PICTURES[name], language, data=("JIRA", "odd", "zz"))


def test_it_notifies_nobody():
    everything = as_sent(PICTURES["a day with everything"])
    assert "<@" in str(everything["attachments"])
    assert "<@" not in str(everything["blocks"]), "Slack notifies of a mention above the bar only"


def test_thirty_long_rows_fit_into_a_message():
    long = "energy report of the north " * 4
    rows = [replace(OPEN, id=IncidentId(f"o{n}"), flow_name=long) for n in range(30)]
    body = as_sent(picture_of(*rows, known=Known({each.id: LINK for each in rows})))
    assert str(body).count(long.strip()) == 30


def test_slower_than_usual_is_told_in_the_alert_channel():
    slow = [SlowRun(FlowId(3377), "daily-energy-report", timedelta(minutes=80), timedelta(minutes=30))]
    here, elsewhere = (
        digest.contents([], [], OPS, NOW - DAY, NOW, is_alert_channel=alert, slow=slow) for alert in (True, False)
    )
    assert elsewhere.slower == ()
    card = as_sent(cards.digest(here, WatchState((1, 1)), Known(), more=0, command="/flow"))
    assert "*Slower than usual:*" in str(card)
    assert "• `3377` *daily-energy-report* · 1 h 20 min, usually 30 min" in str(card)


def test_a_late_run_that_succeeds_recovers_by_itself():
    late = incident(failure("3377-2026112102", status=OwnStatus.LATE, end=""))
    over = lifecycle.recovered(late, InstanceId("3377-2026112102"), NOW)[0]
    assert digest.how_recovered(over, None) is Recovery.BY_ITSELF
    assert digest.contents([late], [], OPS, NOW, NOW + DAY, is_alert_channel=True).failures == 0
