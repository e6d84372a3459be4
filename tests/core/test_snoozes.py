"""What a snooze is, when it ends, and what that makes of an incident."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from incident_makers import JONAS, MAYA, NOW, incident

from bot.core.command.parse import parse, say
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId
from bot.core.incident import escalation, lifecycle, reminders, snoozes
from bot.core.incident.escalation import CallReason, EscalationStep, Plan
from bot.core.incident.groups import owners
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Phase, Snooze, SnoozeEnd, SnoozeId
from bot.core.incident.snoozes import SnoozeReason
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.mentions import Permission, Permit
from bot.core.routing.prefs import Prefs
from bot.core.routing.rules import RoutingRules

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
FLOW = FlowId(3377)


def snooze(id_="s1", flow=FLOW, **more):
    base = Snooze(SnoozeId(id_), flow, "daily-energy-report", MAYA, NOW, NOW + 2 * HOUR, "the source is repaired")
    return replace(base, **more)


OWN, ALL = snooze(), snooze("s2", None, by=JONAS)
OVER = snoozes.ended(OWN, SnoozeEnd.PERSON, NOW)


@pytest.mark.parametrize(
    ("sentence", "held", "at", "reason", "by"),
    [
        ("nothing is snoozed", [], NOW, SnoozeReason.NOT_SNOOZED, None),
        ("the flow is snoozed", [OWN], NOW, SnoozeReason.FLOW_SNOOZED, OWN),
        ("another flow is snoozed", [snooze(flow=FlowId(1))], NOW, SnoozeReason.NOT_SNOOZED, None),
        ("all flows are snoozed", [ALL], NOW, SnoozeReason.ALL_SNOOZED, ALL),
        ("its own snooze holds before that of all", [ALL, OWN], NOW, SnoozeReason.FLOW_SNOOZED, OWN),
        ("the end of that of all leaves its own", [OWN], NOW, SnoozeReason.FLOW_SNOOZED, OWN),
        ("its time has come, and nobody has noted it yet", [OWN], OWN.until, SnoozeReason.NOT_SNOOZED, None),
        ("its time has come, and all are still snoozed", [OWN, replace(ALL, until=NOW + 5 * HOUR)],
         OWN.until, SnoozeReason.ALL_SNOOZED, replace(ALL, until=NOW + 5 * HOUR)),
        ("a moment before its time", [OWN], OWN.until - timedelta(seconds=1), SnoozeReason.FLOW_SNOOZED, OWN),
        ("somebody ended it", [OVER], NOW, SnoozeReason.NOT_SNOOZED, None),
        ("the clock was set back to before it began", [OWN], NOW - HOUR, SnoozeReason.FLOW_SNOOZED, OWN),
    ],
)  # fmt: skip
def test_whether_a_flow_is_snoozed(sentence, held, at, reason, by):
    assert snoozes.is_snoozed(FLOW, at, held) is reason, sentence
    assert snoozes.snooze_of(FLOW, at, held) == by, sentence


# ── how long ──


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("snooze 3377 for 2h because x", NOW + 2 * HOUR),
        ("snooze 3377 for 30d because x", NOW + timedelta(days=30)),
        ("snooze 3377 until 14:30 because x", datetime(2026, 11, 21, 14, 30, tzinfo=BERLIN)),
        ("snooze 3377 until tomorrow 08:00 because x", datetime(2026, 11, 22, 8, tzinfo=BERLIN)),
        ("snooze all until 2026-11-22T08:00Z because x", NOW + 23 * HOUR),
        ("snooze 3377 until success because x", NOW + snoozes.LONGEST),
    ],
)
def test_a_snooze_ends_when_it_says(words, until):
    assert snoozes.ends_at(parse(words), NOW, BERLIN) == until


@pytest.mark.parametrize(
    ("sentence", "words", "now", "reason", "offers"),
    [
        ("no end", "snooze 3377 because x", NOW, "one_end", []),
        ("two ends", "snooze 3377 for 2h until 14:30 because x", NOW, "one_end", []),
        ("no success ends a snooze of all", "snooze all until success because x", NOW, "all_until_success", []),
        ("more than 30 days", "snooze 3377 for 31d because x", NOW, "too_long", []),
        ("a year too far", "snooze 3377 until 2027-11-22T08:00Z because x", NOW, "too_long", []),
        ("at once", "snooze 3377 until now because x", NOW, "passed", []),
        ("yesterday", "snooze 3377 until yesterday 09:00 because x", NOW, "passed", []),
        ("this morning", "snooze 3377 until 08:00 because x", NOW, "passed",
         ["snooze 3377 until 2026-11-22 08:00 because x"]),
        ("a time that does not exist", "snooze 3377 until 02:30 because x",
         datetime(2026, 3, 29, 0, 10, tzinfo=BERLIN), "no_such_time", []),
        ("a time that comes twice", "snooze 3377 until 02:30 because x",
         datetime(2026, 10, 25, 0, 10, tzinfo=BERLIN), "repeated_time",
         ["snooze 3377 until 2026-10-25T02:30+02:00 because x", "snooze 3377 until 2026-10-25T02:30+01:00 because x"]),
    ],
)  # fmt: skip
def test_an_end_that_cannot_be(sentence, words, now, reason, offers):
    with pytest.raises(Refusal) as refused:
        snoozes.ends_at(parse(words), now, BERLIN)
    assert refused.value.reason == reason, sentence
    assert [command for _, command in refused.value.offers] == offers, sentence


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("snooze 3377", "snooze 3377 for 2h because …"),
        ("snooze 3377 for 3d", "snooze 3377 for 3d because …"),
        ("snooze all until 14:30", "snooze all until 14:30 because …"),
        ("snooze 3377 for 2h because …", "snooze 3377 for 2h because …"),
    ],
)
def test_without_a_reason_the_command_is_offered_with_a_place_for_it(words, offered):
    with pytest.raises(Refusal) as refused:
        snoozes.needs_reason(parse(words))
    assert refused.value.reason == "no_reason"
    assert f"`{offered}`" in str(refused.value)


def test_a_tickets_link_is_a_reason():
    assert snoozes.needs_reason(parse("snooze 3377 for 2h because <https://jira.test/T-17>")) is None


# ── what becomes of it ──


def test_those_whose_time_has_come_are_over():
    later = snooze("s3", FlowId(1), until=NOW + 3 * HOUR)
    (over,) = snoozes.over([OWN, later, OVER], NOW + 2 * HOUR)
    assert over == replace(OWN, end=SnoozeEnd.TIME, ended_at=NOW + 2 * HOUR)


UNTIL_SUCCESS = replace(OWN, until_success=True, until=NOW + snoozes.LONGEST)


@pytest.mark.parametrize(
    ("sentence", "held", "step", "ends"),
    [
        ("it recovers, and the snooze was until then", UNTIL_SUCCESS, Transition.RECOVERED, True),
        ("it fails again", UNTIL_SUCCESS, Transition.FAILED_AGAIN, False),
        ("an old run gets its success, and it still fails", UNTIL_SUCCESS, Transition.BACKFILLED, False),
        ("it recovers, and the snooze goes on to its time", OWN, Transition.RECOVERED, False),
        ("it recovers and was not snoozed", None, Transition.RECOVERED, False),
    ],
)
def test_what_a_step_of_the_incident_ends(sentence, held, step, ends):
    ended = snoozes.ended_by(incident(snooze=held), step, NOW)
    assert [(each.id, each.end) for each in ended] == ([("s1", SnoozeEnd.SUCCESS)] if ends else []), sentence


ACKED = {"phase": Phase.ACKNOWLEDGED, "acked_by": MAYA, "acked_at": NOW, "note": "on it"}
LATER = NOW + 3 * HOUR


@pytest.mark.parametrize(
    ("sentence", "before", "held", "step", "after"),
    [
        ("nothing was snoozed, nothing is", {}, [], Transition.NOTHING, {}),
        ("it is snoozed as before", {"snooze": ALL}, [replace(ALL, until=LATER + HOUR)], Transition.NOTHING, {}),
        ("all flows are snoozed since", {}, [replace(ALL, until=LATER + HOUR)], Transition.SNOOZED,
         {"snooze": replace(ALL, until=LATER + HOUR)}),
        ("its own is over, all are still snoozed", {"snooze": OWN}, [replace(ALL, until=LATER + HOUR)],
         Transition.SNOOZED, {"snooze": replace(ALL, until=LATER + HOUR)}),
        ("it is over: open again, reminders start again", {"snooze": OWN, "reminder_count": 3}, [OWN],
         Transition.SNOOZE_ENDED, {"snooze": None, "reminder_count": 0, "reminded_at": LATER}),
        ("it is over, and the acknowledgement lasts", {"snooze": OWN, **ACKED, "ack_until": LATER + HOUR}, [],
         Transition.SNOOZE_ENDED, {"snooze": None, "reminded_at": LATER}),
        ("it is over, and so is the acknowledgement", {"snooze": OWN, **ACKED, "ack_until": LATER}, [],
         Transition.SNOOZE_ENDED, {"snooze": None, "reminded_at": LATER, "phase": Phase.OPEN, "acked_by": None,
                                   "acked_at": None, "ack_until": None, "note": ""}),
        ("it has ended meanwhile", {"phase": Phase.CLOSED}, [replace(ALL, until=LATER + HOUR)], Transition.NOTHING, {}),
    ],
)  # fmt: skip
def test_an_incident_under_what_holds_now(sentence, before, held, step, after):
    old = incident(**before)
    assert snoozes.compared(old, held, LATER) == (replace(old, **after), step), sentence


@pytest.mark.parametrize(
    "ends", [lambda old: lifecycle.close(old, MAYA, NOW), lambda old: lifecycle.recovered(old, InstanceId("x"), NOW)]
)
def test_an_incident_that_ended_is_not_snoozed(ends):
    assert ends(incident(snooze=OWN))[0].snooze is None


def test_nobody_is_called_about_a_snoozed_incident():
    grouped = incident(snooze=OWN, grouped=True)
    assert reminders.next_reminder(incident(snooze=OWN)) is None
    assert reminders.next_reminder(incident(snooze=OWN, **ACKED, ack_until=LATER)) is None
    assert reminders.unacknowledged([grouped]) == ()
    assert reminders.unacknowledged([replace(grouped, snooze=None)]) != ()
    assert owners([grouped]) == ()


def test_a_reminder_that_waits_is_withdrawn_when_its_incident_is_snoozed():
    assert not reminders.same_acknowledgement(incident(), incident(snooze=OWN))
    assert reminders.same_acknowledgement(incident(snooze=OWN), incident(snooze=ALL))


def test_nobody_is_called_while_it_is_snoozed_and_it_says_until_when():
    for held in (incident(snooze=OWN), incident(snooze=OWN, **ACKED, ack_until=LATER)):
        course = escalation.course_of(held, ())
        decision = escalation.decide(course, Plan(HOUR), [(held.home, Permit())], NOW + HOUR)
        assert (decision.reason, decision.until) == (CallReason.SNOOZED, OWN.until)
        assert not escalation.may_be_due(held, HOUR, NOW + HOUR)


def test_after_its_end_escalation_begins_with_step_one():
    taken = tuple(EscalationStep("i1", n, NOW, CallReason.GROUP, group=f"S{n}") for n in (1, 2))
    held = incident(snooze=OWN, reminded_at=NOW, reminder_count=2)
    back, step = snoozes.compared(held, [], OWN.until)
    course = escalation.course_of(back, taken)
    assert step is Transition.SNOOZE_ENDED
    assert (course.taken, course.steps, course.since) == (0, (), OWN.until)
    groups = (OnCallGroup("S1", frozenset({"U0A"})), OnCallGroup("S2", frozenset({"U0B"})))
    decision = escalation.decide(course, Plan(HOUR, groups), [(back.home, Permit())], OWN.until + HOUR)
    assert (decision.step.number, decision.step.group) == (1, "S1")


@pytest.mark.parametrize(
    ("sentence", "channel", "prefs", "permit"),
    [
        ("a channel waits for its end", "C0DATAOPS1", Prefs(), Permit(Permission.SNOOZED, OWN.until)),
        ("one without mentions, too", "C0DATAOPS1", Prefs(mentions=False), Permit(Permission.SNOOZED, OWN.until)),
        ("and somebody's own watch", "U0MAYA00001", Prefs(), Permit(Permission.SNOOZED, OWN.until)),
        ("reminders that are off stay off", "C0DATAOPS1", Prefs(reminders=False), Permit(Permission.REMINDERS_OFF)),
    ],
)  # fmt: skip
def test_what_a_channel_allows_while_it_is_snoozed(sentence, channel, prefs, permit):
    rules = RoutingRules(prefs={channel: prefs})
    assert rules.permit(incident(snooze=OWN), channel, NOW) == permit, sentence


def test_nobody_is_mentioned_while_it_is_snoozed():
    assert RoutingRules().mention(incident(snooze=OWN), "C0DATAOPS1", NOW) is Permission.SNOOZED


@pytest.mark.parametrize(
    ("words", "chinese"), [("snooze all for 30m", "暂缓提醒 全部"), ("snooze 3377 for 30m", "暂缓提醒 3377")]
)
def test_a_snooze_in_chinese(words, chinese):
    assert say(parse(words), "zh").startswith(chinese)
