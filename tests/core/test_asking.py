"""Commands that somebody asks others to run: which ones, how many, who may answer, and what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from incident_makers import JONAS, MAYA, NOW

from bot.core.command.lacking import is_about_own_link
from bot.core.command.parse import parse, say
from bot.core.command.requests import FlowRef, LinkPerson, Trigger
from bot.core.errors import Refusal
from bot.core.flow.model import InstanceId
from bot.core.incident import asking, handover
from bot.core.incident.asking import Askable
from bot.core.incident.handover import Offer, OfferKind, OfferState
from bot.core.incident.model import OfferId
from bot.core.people.model import DONE, Ending, Outcome, Person
from bot.core.text.message import rendered

ALEX = Person("T1", "U0ALEX00001")
LINA = Person("T1", "U0LINA00001")
RUN = InstanceId("3377-2026112102")
ASK = Offer(
    OfferId("0a5c"),
    OfferKind.ASK,
    (),
    JONAS,
    MAYA,
    NOW,
    NOW + asking.ASK_LASTS,
    command="trigger 3377",
    flow_id=3377,
    flow_name="daily-energy-report",
    others=(LINA.user,),
)
LINK = replace(ASK, id=OfferId("0117"), kind=OfferKind.LINK, command="link <@U0JONAS0001> u1 jonas.weber", others=())


def refused(act, *values, **named):
    with pytest.raises(Refusal) as caught:
        act(*values, **named)
    return caught.value


@pytest.mark.parametrize(
    ("command", "owners", "hides", "reason"),
    [
        ("", 2, False, Askable.NEVER),
        ("trigger 3377", 2, True, Askable.HIDDEN),
        ("trigger 3377 with a=" + asking.LONGEST * "x", 2, False, Askable.TOO_LONG),
        ("trigger 3377", 0, False, Askable.NO_OWNER),
        ("trigger 3377", 1, False, Askable.YES),
    ],
)
def test_whether_owners_can_be_asked(command, owners, hides, reason):
    assert asking.askable(command, owners, holds_secret=hides) is reason


@pytest.mark.parametrize(
    ("words", "exact"),
    [
        ("trigger daily-energy-report", "trigger 3377"),
        ("trigger 3377 from 5 confirmed", "trigger 3377 from 5"),
        ("trigger 3377 at 2026-11-22 02:00", "trigger 3377 at 2026-11-21T18:00Z"),
        ("rerun", f"rerun {RUN}"),
        ("rerun 3377-2026112101 from 7", "rerun 3377-2026112101 from 7"),
        ("cancel", f"cancel {RUN}"),
        ("disable confirmed", "disable 3377"),
        ("runbook 3377 call us", "runbook 3377 call us"),
        ("close because known", "close 3377 because known"),
        ("close 3377-2026112101 because known", "close 3377-2026112101 because known"),
        ("snooze for 2h because known", "snooze 3377 for 2h because known"),
        ("snooze until 2026-11-22 02:00 because known", "snooze 3377 until 2026-11-21T18:00Z because known"),
        ("snooze until success because known", "snooze 3377 until success because known"),
        ("backfill from yesterday to today", "backfill 3377 from 2026-11-20 to 2026-11-21"),
        ("backfill 3377 from 11-18 to 11-20 every hour", "backfill 3377 from 2026-11-18 to 2026-11-20 every hour"),
        ("backfill 3377 again 12", "backfill 3377 again 12"),
        ("backfills pause 12", None),
        ("rerun all mine", None),
        ("snooze all because known", None),
        ("ack", None),
        ("incidents", None),
        ("status", None),
    ],
)
def test_what_is_asked_for_says_its_place_and_its_time(words, exact):
    found = asking.exact(parse(words), 3377, RUN, NOW, ZoneInfo("Asia/Shanghai"))
    assert (None if found is None else say(found)) == exact
    if found is not None:
        assert asking.flow_meant(found) == 3377
        assert asking.exact(found, 3377, None, NOW, UTC) == found, "once exact it stays so"


def test_a_run_that_nobody_named_cannot_be_asked_for():
    assert asking.exact(parse("rerun"), 3377, None, NOW, UTC) is None
    assert asking.flow_meant(parse("rerun")) is None
    assert asking.flow_meant(parse("status")) is None
    assert asking.flow_meant(parse("enable daily-energy-report")) is None


def test_a_time_that_is_none_is_refused():
    request = parse("trigger 3377 at 2026-03-08 02:30")
    assert refused(asking.exact, request, 3377, None, NOW, ZoneInfo("America/New_York")).reason == "no_such_time"


def test_who_presses_has_confirmed_it():
    assert asking.as_run(ASK) == Trigger(FlowRef(3377), confirmed=True)
    assert isinstance(asking.as_run(LINK), LinkPerson)


@pytest.mark.parametrize(
    ("zone", "hours"), [("", 3), ("UTC", 0), ("Asia/Shanghai", 8), (str(timezone(timedelta(hours=-2))), -2)]
)
def test_times_are_meant_in_the_zone_of_the_asker(zone, hours):
    meant = asking.meant_in(replace(ASK, zone=zone), timezone(timedelta(hours=3)))
    assert meant.utcoffset(datetime(2026, 11, 21)) == timedelta(hours=hours)  # noqa: DTZ001


def test_which_enos_user_is_meant():
    assert asking.user_meant(LINK) == LinkPerson("U0JONAS0001", "u1", "jonas.weber")
    assert asking.user_meant(ASK) is None
    assert asking.user_meant(replace(LINK, command="link somebody")) is None


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("link me", True),
        ("link me u1 jane.doe", True),
        ("绑定 我 u1 jane.doe", True),
        ("withdraw 0123456789abcdef", True),
        ("link <@U0JONAS0001> u1 jane.doe", False),
        ("link", False),
        ("show 3377", False),
        ("hello there", False),
    ],
)
def test_what_a_guest_without_a_link_may_say(text, may):
    assert is_about_own_link(text) is may


# ── how often ──


def other(number, **more):
    return replace(ASK, id=OfferId(f"0a5{number}"), command=f"trigger {number}", **more)


def test_three_may_be_open():
    two = [other(1), other(2, state=OfferState.RUNNING, until=NOW)]
    over = [other(3, until=NOW), other(4, state=OfferState.DECLINED), replace(LINK, state=OfferState.OPEN)]
    asking.refuse_more(ASK, [*two, *over])
    refusal = refused(asking.refuse_more, ASK, [*two, other(5), *over])
    assert refusal.reason == "too_many_asks"
    assert "2. `trigger 2`" in rendered(refusal.message)
    assert [command for _, command in refusal.offers] == ["withdraw 0a51", "withdraw 0a52", "withdraw 0a55"]


def test_the_same_is_asked_for_once():
    refusal = refused(asking.refuse_more, replace(ASK, id=OfferId("new")), [ASK])
    assert (refusal.reason, refusal.offers[0][1]) == ("asked_already", "withdraw 0a5c")
    asking.refuse_more(ASK, [replace(ASK, state=OfferState.EXPIRED)])


def at(hours, state=OfferState.DECLINED):
    return replace(LINK, id=OfferId(f"at{hours}"), asked_at=NOW - timedelta(hours=hours), state=state)


def test_a_newer_link_request_replaces_the_open_one():
    (gone,) = asking.replaced(LINK, [at(2, OfferState.OPEN), at(3), replace(ASK, asked_at=NOW)])
    assert (gone.id, gone.state, gone.ended_at) == ("at2", OfferState.REPLACED, NOW)
    assert asking.replaced(LINK, []) == ()


def test_five_link_requests_a_day():
    ahead = at(-1)  # the clock was set back: it does not count
    assert asking.replaced(LINK, [at(1), at(2), at(3), at(4), at(24), ahead]) == ()
    refusal = refused(asking.replaced, LINK, [at(each) for each in (1, 2, 3, 4, 5)])
    assert refusal.reason == "too_many_link_requests"


# ── who answers ──


def test_anybody_but_the_asker_may_try_to_run_it_while_it_is_open():
    asking.refuse_run(ASK, ALEX, NOW)
    refusal = refused(asking.refuse_run, ASK, JONAS, NOW)
    assert (refusal.reason, refusal.offers[0][1]) == ("own_request", "withdraw 0a5c")
    refusal = refused(asking.refuse_run, ASK, JONAS, NOW, owns=True)
    assert (refusal.reason, refusal.offers[0][1]) == ("own_request", "trigger 3377")
    assert "You may do it yourself now." in str(refusal)
    assert refused(asking.refuse_run, ASK, MAYA, ASK.until).reason == "offer_expired"


@pytest.mark.parametrize(
    ("offer", "by", "admin", "reason"),
    [
        (ASK, MAYA, False, ""),
        (ASK, LINA, False, ""),
        (ASK, ALEX, True, "not_asked"),
        (ASK, JONAS, False, "own_request"),
        (LINK, ALEX, True, ""),
        (LINK, MAYA, False, "not_asked"),
        (LINK, JONAS, True, "own_request"),
    ],
)
def test_who_was_asked_declines(offer, by, admin, reason):
    if reason:
        assert refused(asking.refuse_decline, offer, by, NOW, admin=admin).reason == reason
    else:
        asking.refuse_decline(offer, by, NOW, admin=admin)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (OfferState.RUNNING, "<@U0LINA00001> is running this now."),
        (OfferState.ACCEPTED, "<@U0LINA00001> already did this"),
        (OfferState.DECLINED, "<@U0LINA00001> already declined this"),
        (OfferState.WITHDRAWN, "<@U0JONAS0001> withdrew this request"),
        (OfferState.EXPIRED, "This request expired"),
        (OfferState.REPLACED, "A newer request of <@U0JONAS0001> replaced this one"),
    ],
)
def test_who_comes_second_reads_who_was_first(state, why):
    offer = replace(handover.ended(ASK, state, NOW), answered_by=LINA)
    refusal = refused(asking.refuse_run, offer, MAYA, NOW)
    assert refusal.reason == f"offer_{state.value}"
    assert why in rendered(refusal.message)
    assert "take 2809" not in str(refusal)


# ── how it goes on ──


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (DONE, OfferState.ACCEPTED),
        (Outcome(Ending.UNCLEAR, "interrupted"), OfferState.ACCEPTED),
        (Outcome(Ending.BUG, "x"), OfferState.ACCEPTED),
        (Outcome(Ending.REFUSED, "not_owner"), OfferState.OPEN),
        (Outcome(Ending.OUTAGE, "interrupted"), OfferState.OPEN),
        (Outcome(Ending.ASKED), OfferState.OPEN),
    ],
)
def test_where_nothing_was_done_it_is_open_again(outcome, state):
    running = replace(ASK, state=OfferState.RUNNING, answered_by=MAYA, attempt=7)
    new = asking.settled(running, outcome, NOW)
    assert new.state is state
    if state is OfferState.OPEN:
        assert new == ASK
    else:
        assert (new.answered_by, new.attempt, new.ended_at) == (MAYA, 7, NOW)


def test_only_what_is_open_expires():
    assert not asking.is_due(ASK, ASK.until - timedelta(seconds=1))
    assert asking.is_due(ASK, ASK.until)
    assert not asking.is_due(replace(ASK, state=OfferState.RUNNING), ASK.until)
