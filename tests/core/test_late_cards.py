"""What people read of runs that are missing, late or too long, and of promises: golden pictures in each language."""

import json
from dataclasses import replace
from datetime import time, timedelta

import pytest
from incident_makers import JONAS, MAYA, NOW, OWNER, ZONE, failure, incident
from incident_picture import picture
from languages import ALL, speak_all

from bot.core.bridges import pagerduty
from bot.core.bridges.facts import facts
from bot.core.bridges.pagerduty import Action
from bot.core.flow.model import FlowId
from bot.core.flow.status import OwnStatus, Status, name_of
from bot.core.history.background import NOTHING_KNOWN, FlowRef, Lateness
from bot.core.history.expectations import EVERY_DAY, WORKING_DAYS, Expectation, Promised
from bot.core.history.lateness import Due, Reason, Verdict
from bot.core.history.promise import CannotSay, Estimate
from bot.core.history.usual import Kind, UsualTime
from bot.core.incident import lifecycle
from bot.core.incident.bulk import to_rerun
from bot.core.outbox import blocks
from bot.core.text.message import plain
from bot.messages.cards import board, escalation, expectations, handover, incident_words, lateness, snoozes
from bot.messages.cards import incident as cards
from bot.messages.cards import incident_replies as replies

_IN = [f"in-{language}" for language in ALL]
pytestmark = pytest.mark.usefixtures("_every_language")
LOOK = cards.RenderContext({OWNER: MAYA}, "https://enos.example/flow/{flow}/runs/{instance}", ZONE)
RUN = "3377-2026112108"
BY = NOW - timedelta(minutes=30)
USUALLY = Lateness(fire=NOW, by=BY, clock="08:30 UTC", is_missing=True, done=28, runs=30, kind=Kind.WORKING_DAYS.value)
PROMISED = Lateness(fire=NOW, by=BY, clock="08:30 UTC", promised=True, started_at=NOW - timedelta(hours=1))
IMPORT = FlowRef(FlowId(2107), "meter-import")
FORESEEN = replace(PROMISED, expected=NOW, behind=IMPORT, behind_by=timedelta(minutes=40), started_at=None)


def late(found, status=OwnStatus.LATE, *more):
    first = failure(RUN, status=status, end="", trigger="")
    return incident(first, *more, background=replace(NOTHING_KNOWN, late=found))


LONG = late(
    Lateness(clock="05:00 UTC", started_at=NOW - timedelta(hours=4), longest=timedelta(minutes=70), runs=57),
    OwnStatus.LONG,
)
CASES = {
    "missing": late(USUALLY),
    "under way, but late": late(replace(USUALLY, is_missing=False, started_at=NOW)),
    "promised, and late": late(PROMISED),
    "a promise that cannot be kept": late(FORESEEN),
    "a promise that cannot be kept, without a flow that is why": late(replace(FORESEEN, behind=None)),
    "a promise that was not kept": late(replace(FORESEEN, is_past=True)),
    "long": LONG,
    "late, then failed": late(USUALLY, OwnStatus.LATE, failure("3377-2026112109")),
    "acknowledged": lifecycle.acknowledge(late(USUALLY), MAYA, NOW)[0],
    "recovered by a later run, the missing one is still missing": lifecycle.recovered(late(USUALLY), RUN, NOW)[0],
    "closed": lifecycle.close(late(USUALLY), JONAS, NOW)[0],
}


@pytest.fixture
def _every_language(monkeypatch):
    speak_all(monkeypatch)


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("case", CASES)
def test_the_card(case, language, snapshot):
    assert picture(cards.card(CASES[case], "p1", LOOK), language) == snapshot


@pytest.mark.parametrize("language", ALL, ids=_IN)
def test_replies(language, snapshot):
    joined = CASES["late, then failed"]
    green = replace(lifecycle.recovered(late(USUALLY), RUN, NOW)[0], ended_at=NOW + timedelta(minutes=50))
    shown = [
        replies.failed_again(joined, joined.occurrences[-1], "p2"),
        replies.recovered(green, ZONE),
        replies.late(CASES["a promise that was not kept"], "p3"),
        replies.still_open(late(USUALLY), "p4", []),
    ]
    assert [picture(card, language) for card in shown] == snapshot


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("kind", Kind)
def test_the_evidence(kind, language, snapshot):
    assert plain(lateness.usually(replace(USUALLY, kind=kind.value)), language) == snapshot


def test_a_phone_shows_what_is_late():
    heads = {case: plain(cards.headline(each)) for case, each in CASES.items()}
    assert heads["missing"] == "LATE · daily-energy-report · usually done by 08:30 UTC"
    assert heads["promised, and late"] == "LATE · daily-energy-report · promised by 08:30 UTC"
    assert heads["a promise that cannot be kept"] == "LATE · daily-energy-report · 08:30 UTC can't be kept"
    assert heads["a promise that was not kept"] == "LATE · daily-energy-report · promised by 08:30 UTC"
    assert heads["long"] == "LONG · daily-energy-report · running since 05:00 UTC"
    assert heads["late, then failed"] == "FAILED · daily-energy-report"


def test_what_little_is_known_is_said_anyway():
    bare = late(Lateness())
    assert plain(cards.headline(bare)) == "LATE · daily-energy-report"
    assert plain(lateness.happened(bare, bare.occurrences[0])) == f"Run `{RUN}` is not done yet."
    long = late(Lateness(), OwnStatus.LONG)
    assert plain(lateness.happened(long, long.occurrences[0])) == f"Run `{RUN}` is not done yet."
    lost = replace(bare, background=NOTHING_KNOWN)
    assert plain(lateness.happened(lost, lost.occurrences[0])) == f"Run `{RUN}` is not done yet."


def test_a_run_that_does_not_exist_is_triggered_and_not_rerun():
    def offers(each):
        return [said for _, said in incident_words.run_buttons(each, each.occurrences[-1], *_VERBS)]

    assert offers(CASES["missing"]) == ["trigger 3377 at 2026-11-21T09:00Z"]
    assert offers(late(replace(USUALLY, fire=None))) == ["trigger 3377 at 2026-11-21T08:00Z"]
    assert offers(LONG) == [f"log {RUN}"]
    assert offers(CASES["late, then failed"]) == ["rerun 3377-2026112109", "log 3377-2026112109"]
    missing = CASES["missing"]
    assert incident_words.run_buttons(missing, missing.occurrences[0], incident_words.VIEW_RUN) == []
    odd = replace(missing.occurrences[0], instance="3377-99999999")
    unread = replace(late(replace(USUALLY, fire=None)), occurrences=(odd,))
    assert offers(unread) == ["trigger 3377"]


def test_statuses_of_our_own_have_names_symbols_and_colours():
    assert [name_of(status) for status in OwnStatus] == ["LATE", "LONG"]
    assert cards.mark(CASES["missing"]) == cards.mark(LONG) == "🟤"
    assert cards.color(CASES["missing"]) not in {cards.color(incident()), cards.color(CASES["acknowledged"])}
    assert not set(OwnStatus) & set(Status)


@pytest.mark.parametrize("language", ALL, ids=_IN)
def test_a_row_of_a_list(language, snapshot):
    assert [picture_of_row(each, language) for each in CASES.values()] == snapshot


_VERBS = incident_words.RERUN, incident_words.VIEW_LOG


def picture_of_row(each, language):
    return picture(blocks.Card(cards.headline(each), board.rows([each], "p1", ZONE)), language)


# ── promises ──

SAID = Expectation(FlowId(3377), "daily-energy-report", MAYA, NOW, time(6, 0), EVERY_DAY, "Europe/Berlin")
NEXT = Promised(NOW + timedelta(hours=20))
DUE = Due(NOW, BY, NOW, UsualTime(timedelta(minutes=30), timedelta(minutes=45), 28, 30))


@pytest.mark.parametrize("language", ALL, ids=_IN)
def test_answers(language, snapshot):
    shown = [
        expectations.promised(SAID, NEXT),
        expectations.promised(replace(SAID, days=WORKING_DAYS), replace(NEXT, is_moved=True)),
        expectations.promised(replace(SAID, days=(0, 2)), None),
        expectations.switched_off(replace(SAID, by=None)),
        expectations.learned_again(MAYA.user, FlowId(3377), "daily-energy-report"),
    ]
    assert [plain(each, language) for each in shown] == snapshot
    assert expectations.reverse(None, FlowId(3377))[1] == "expect 3377 off"
    assert expectations.reverse(SAID, FlowId(3377))[1] == "expect 3377 auto"


@pytest.mark.parametrize("language", ALL, ids=_IN)
def test_what_show_says(language, snapshot):
    on_time = expectations.on_time
    shown = [
        on_time(Verdict(Reason.DONE, DUE), None, None, None),
        *(on_time(Verdict(reason, DUE), None, None, None) for reason in Reason if reason in expectations._WHY),
        on_time(Verdict(Reason.HISTORY_TOO_SHORT), None, None, None),
        on_time(Verdict(Reason.SWITCHED_OFF), replace(SAID, by=None), None, None),
        on_time(Verdict(Reason.NOT_DUE), SAID, NEXT, Estimate(NOW, NOW)),
        on_time(Verdict(Reason.DONE), SAID, NEXT, Estimate(NOW, NOW, is_over=True)),
        *(on_time(Verdict(Reason.NOT_DUE), SAID, None, Estimate(why=why, about=IMPORT)) for why in CannotSay),
    ]
    assert [plain(each, language) for each in shown] == snapshot
    assert on_time(Verdict(Reason.NOT_DUE), None, None, None) is None
    assert plain(on_time(Verdict(Reason.NOT_DUE), SAID, None, None)).endswith("(Europe/Berlin).")
    assert plain(on_time(Verdict(Reason.NOT_DUE), SAID, None, Estimate(why=CannotSay.CYCLE)))


def test_other_programs_are_told_too():
    paged = json.loads(pagerduty.body(Action.TRIGGER, CASES["missing"], {}, source="s"))["payload"]
    assert paged["summary"] == "LATE · daily-energy-report · 08:30 UTC"
    assert paged["custom_details"]["run"]["status"] == "LATE"
    assert paged["custom_details"]["incident"]["failures"] == 0
    assert paged["custom_details"]["late"] == {
        "by": "2026-11-21T08:30:00.000Z",
        "promised": False,
        "run_exists": False,
        "expected": None,
        "because_of_flow": None,
    }
    foreseen = facts(CASES["a promise that cannot be kept"], None, {})["late"]
    assert (foreseen["expected"], foreseen["because_of_flow"]) == ("2026-11-21T09:00:00.000Z", 2107)
    joined = json.loads(pagerduty.body(Action.TRIGGER, CASES["late, then failed"], {}, source="s"))["payload"]
    assert joined["summary"] == "FAIL · daily-energy-report"


def test_what_is_only_late_is_not_rerun_with_all_others():
    chosen = to_rerun([CASES["missing"], CASES["late, then failed"]], OWNER, {})
    assert chosen.incidents == (CASES["late, then failed"],)


def test_reminders_and_hand_overs_call_it_late():
    assert "has been late for" in plain(escalation._failing(CASES["missing"], NOW))
    assert "has been failing for" in plain(escalation._failing(CASES["late, then failed"], NOW))
    assert "late since" in plain(handover._rows([CASES["missing"]]))
    shown = snoozes.over(CASES["missing"], cards.RenderContext(), "p1")
    assert "The flow is still late" in picture(shown)
