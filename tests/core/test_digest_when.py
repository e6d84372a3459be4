"""The digest: when it is due, and what time it covers."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from incident_makers import MAYA, NOW

from bot.core import digest
from bot.core.digest import DigestPlan, LastDigest, Timing
from bot.core.routing.prefs import Prefs

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
OPS, OTHER_CHANNEL = "C0DATAOPS1", "C0GENERAL1"

DAY = timedelta(days=1)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SLOTS = [
    ("before the hour it is yesterday's", "09:00", UTC_ZONE, "2026-11-22 08:59", "2026-11-21 09:00"),
    ("from the hour on it is today's", "09:00", UTC_ZONE, "2026-11-22 09:00", "2026-11-22 09:00"),
    ("the day is that of the plan's zone", "09:00", ZoneInfo("Asia/Shanghai"), "2026-11-22 01:00", "2026-11-22 01:00"),
    ("an hour that the clock skips is as much later", "02:30", BERLIN, "2027-03-28 12:00", "2027-03-28 01:30"),
    ("before it, that of the day before holds", "02:30", BERLIN, "2027-03-28 01:29", "2027-03-27 01:30"),
    ("an hour that comes twice is the first", "02:30", BERLIN, "2026-10-25 00:30", "2026-10-25 00:30"),
    ("at its second time it is still the first", "02:30", BERLIN, "2026-10-25 01:30", "2026-10-25 00:30"),
    ("after the clock change nine is nine", "09:00", BERLIN, "2026-10-25 09:00", "2026-10-25 08:00"),
]


ELSEWHERE = DigestPlan(OTHER_CHANNEL, time(8, 30), BERLIN)
# (a sentence, the preferences of each channel and person, the plans)
PLANS = [
    ("The alert channel has one at nine by itself.", {}, [DigestPlan(OPS)]),
    ("Others have none by themselves.", {OTHER_CHANNEL: Prefs(mentions=False)}, [DigestPlan(OPS)]),
    ("Other preferences leave it as it is.", {OPS: Prefs(language="zh")}, [DigestPlan(OPS)]),
    ("Others have one where they say so.", {OTHER_CHANNEL: Prefs(digest="08:30", digest_zone="Europe/Berlin")},
     [DigestPlan(OPS), ELSEWHERE]),
    ("So has a person, also where Slack names no zone.", {MAYA.user: Prefs(digest="08:30", digest_zone="UTC+08:00")},
     [DigestPlan(OPS), DigestPlan(MAYA.user, time(8, 30), timezone(timedelta(hours=8)))]),
    ("The alert channel may have another hour.", {OPS: Prefs(digest="17:00", digest_zone="UTC")},
     [DigestPlan(OPS, time(17), UTC_ZONE)]),
    ("Or none.", {OPS: Prefs(digest="off", digest_zone="UTC")}, []),
]  # fmt: skip


@pytest.mark.parametrize(("case", "prefs", "wanted"), PLANS)
def test_who_gets_a_digest_and_when(case, prefs, wanted):
    assert list(digest.plans(prefs, OPS)) == wanted, case


@pytest.mark.parametrize(("case", "at", "zone", "now", "slot"), SLOTS)
def test_the_moment_of_a_plan(case, at, zone, now, slot):
    assert digest.latest_slot(time.fromisoformat(at), zone, utc(now)) == utc(slot), case


NINE_TODAY, LATER_TODAY, THEN = utc("2026-11-22 09:00"), utc("2026-11-22 17:00"), utc("2026-11-18 09:00")
# (a sentence, when the last digest was planned for, the plan's hour now, the time, whether it is due)
TIMINGS = [
    ("A channel that has just got a plan waits for its hour.", None, "09:00", "2026-11-22 09:30", Timing.FIRST),
    ("At its hour it is due.", "2026-11-21 09:00", "09:00", "2026-11-22 09:00", Timing.DUE),
    ("Before its hour it is not.", "2026-11-21 09:00", "09:00", "2026-11-22 08:59", Timing.TOLD),
    ("It comes once.", "2026-11-22 09:00", "09:00", "2026-11-22 09:01", Timing.TOLD),
    ("After a stop at nine it comes late.", "2026-11-21 09:00", "09:00", "2026-11-22 14:00", Timing.DUE),
    ("After a stop of a week one comes.", "2026-11-15 09:00", "09:00", "2026-11-22 14:00", Timing.DUE),
    ("Changed to a later hour it comes again today.", "2026-11-22 09:00", "17:00", "2026-11-22 17:00", Timing.DUE),
    ("It does not come before that hour.", "2026-11-22 09:00", "17:00", "2026-11-22 16:59", Timing.TOLD),
    ("Changed to an earlier one it does not.", "2026-11-22 09:00", "08:00", "2026-11-22 10:00", Timing.TOLD),
    ("It has one tomorrow.", "2026-11-22 09:00", "08:00", "2026-11-23 08:00", Timing.DUE),
    ("Changed to an hour that has passed, it comes now.", "2026-11-21 09:00", "08:00", "2026-11-22 08:30", Timing.DUE),
    ("A clock that steps back repeats none.", "2026-11-22 09:00", "09:00", "2026-11-22 08:00", Timing.TOLD),
    ("Not at nine again either.", "2026-11-22 09:00", "09:00", "2026-11-22 09:00", Timing.TOLD),
    ("A clock that was ahead delays none.", "2026-12-22 09:00", "09:00", "2026-11-22 09:00", Timing.CLOCK_WAS_AHEAD),
]  # fmt: skip


@pytest.mark.parametrize(("case", "last", "at", "now", "timing"), TIMINGS)
def test_whether_it_is_due(case, last, at, now, timing):
    now, held = utc(now), LastDigest(utc(last), None) if last else None
    assert digest.when(held, digest.latest_slot(time.fromisoformat(at), UTC_ZONE, now), now, now) is timing, case


@pytest.mark.parametrize(
    ("case", "planned_at", "timing"),
    [
        ("A plan made before its hour is due when that has passed.", "2026-11-22 08:59", Timing.DUE),
        ("One made at its hour waits for tomorrow.", "2026-11-22 09:00", Timing.FIRST),
        ("One made later, too.", "2026-11-22 09:01", Timing.FIRST),
    ],
)
def test_whether_the_first_of_a_channel_is_due(case, planned_at, timing):
    slot, now = utc("2026-11-22 09:00"), utc("2026-11-22 09:02")
    assert digest.when(None, slot, now, utc(planned_at)) is timing, case


@pytest.mark.parametrize(
    ("case", "last", "planned"),
    [
        ("Its first waits for the hour.", None, LastDigest(NINE_TODAY)),
        ("After a while without, the next one tells all of it.", LastDigest(THEN, THEN), LastDigest(NINE_TODAY, THEN)),
        ("Also where there was none before that.", LastDigest(THEN), LastDigest(NINE_TODAY, THEN)),
        ("Today's was posted.", LastDigest(NINE_TODAY, THEN), LastDigest(NINE_TODAY, THEN)),
        ("One was posted later today.", LastDigest(LATER_TODAY, THEN), LastDigest(LATER_TODAY, THEN)),
    ],
)
def test_from_when_on_an_hour_that_was_said_counts(case, last, planned):
    assert digest.planned(last, NINE_TODAY) == planned, case


def test_what_the_daily_line_told_is_not_told_again():
    nine = utc("2026-11-22 01:00")
    last = LastDigest.of_daily_line("2026-11-22", ZoneInfo("Asia/Shanghai"))
    assert (last.slot, digest.covered(last, nine + timedelta(hours=24))[0]) == (nine, nine)
    assert digest.covered(None, nine)[0] == nine - digest.A_DAY


@pytest.mark.parametrize("day", ["2026-10-24", "2026-10-25", "2026-10-26", "2027-03-27", "2027-03-28"])
@pytest.mark.parametrize("at", ["02:00", "02:30", "03:00", "09:00"])
def test_each_local_day_has_one_whatever_the_clock_does(day, at):
    begin = datetime.fromisoformat(day).replace(tzinfo=BERLIN).astimezone(UTC)
    last, days = LastDigest(digest.latest_slot(time.fromisoformat(at), BERLIN, begin)), []
    for minutes in range(0, 47 * 60, 10):
        now = begin + timedelta(minutes=minutes)
        slot = digest.latest_slot(time.fromisoformat(at), BERLIN, now)
        if digest.when(last, slot, now, now) is Timing.DUE:
            last = LastDigest(slot)
            days.append(now.astimezone(BERLIN).date())
    first = datetime.fromisoformat(day).date()
    assert days == [first, first + digest.A_DAY]


def test_each_channel_has_a_note():
    assert digest.note_of("C1") == "digest C1"  # what the store corrects where the clock was set back


def test_a_note_is_read_as_it_was_written():
    for last in (LastDigest(NOW), LastDigest(NOW, NOW + timedelta(seconds=1.5))):
        assert LastDigest.read(last.written()) == last
    assert LastDigest.read("") is None


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("case", "last", "window"),
    [
        ("The first digest of a channel covers a day.", None, (NOW - 24 * HOUR, NOW)),
        ("Each follows the one before.", NOW - 30 * HOUR, (NOW - 30 * HOUR, NOW)),
        ("Where the clock was set back no time is covered twice.", NOW + HOUR, (NOW + HOUR, NOW + HOUR)),
    ],
)  # fmt: skip
def test_what_it_covers(case, last, window):
    assert digest.covered(LastDigest(NOW, last), NOW) == window, case


def test_the_first_one_that_comes_late_covers_all_since_its_hour_was_set():
    planned = LastDigest(NOW - 40 * HOUR)  # and flowbot was stopped a day later
    assert digest.covered(planned, NOW) == (NOW - 40 * HOUR, NOW)
