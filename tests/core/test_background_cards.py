"""What people see of what is known around a failure, in each language."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, OWNER, failure, incident
from languages import ALL as LANGUAGES

from bot.core.flow.model import FlowId
from bot.core.history.background import Background, Cause, Consequence, FlowRef, MetBefore, UsualDuration
from bot.core.history.causes import CauseReason
from bot.core.history.met_before import Ending
from bot.core.history.runbook import Runbook
from bot.core.incident.model import Phase
from bot.core.outbox import blocks
from bot.core.text.message import lines, plain, rendered
from bot.messages.cards import background as cards
from bot.messages.cards import incident as incident_cards
from bot.messages.cards import runbooks
from bot.messages.cards.answers import told
from bot.messages.cards.incident import RenderContext

LINKED = RenderContext({OWNER: MAYA}, zone=timedelta(hours=8))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FLOWS = tuple(
    FlowRef(FlowId(each), name) for each, name in ((11, "site-energy"), (12, "billing"), (13, ""), (14, "kpi"))
)
CAUSE = Cause(FlowRef(FlowId(2107), "meter-import"), "failed", NOW - HOUR, "i9", "https://slack.test/archives/C1/p1")
MET = MetBefore(NOW - timedelta(days=9), "rerun", "maya.chen", 20 * MINUTE, 3)
FULL = Background(
    usual=UsualDuration(20 * MINUTE, 45 * MINUTE, 28),
    took=3 * HOUR,
    next_run=NOW + 21 * HOUR,
    waiting=FLOWS,
    waiting_count=5,
    met_before=MET,
    runbook="https://wiki.test/7",
    cause=CAUSE,
)
CONSEQUENCES = tuple(
    Consequence(flow, f"i{at}", phase)
    for at, (flow, phase) in enumerate(zip(FLOWS, ("open", "acknowledged", "recovered", "closed"), strict=True))
)
TOP = Background(waiting=FLOWS[:1], waiting_count=1, consequences=CONSEQUENCES, consequence_count=1_004)
ACKED = {"phase": Phase.ACKNOWLEDGED, "acked_by": MAYA, "acked_at": NOW, "ack_until": NOW + 4 * HOUR}
OVER = {"phase": Phase.RECOVERED, "ended_at": NOW, "recovered_by": "3377-2026112200"}
BOOK = Runbook(FlowId(3377), "daily-energy-report", "call the grid team first", JONAS, NOW)
PAGE = replace(BOOK, text="https://wiki.test/" + "1" * 150)


def around(known, **more):
    return incident_cards.card(incident(failure(**KNOWN), background=known, **more), "p1", LINKED)


def said(*texts):
    return told("", lines(*texts))


CARDS = {
    "all that a card says": around(FULL),
    "acknowledged": around(FULL, **ACKED),
    "of the cause": around(TOP),
    "of the cause, when it has recovered": around(replace(TOP, runbook="x", met_before=MET), **OVER),
    "the cause is acknowledged": around(Background(cause=replace(CAUSE, is_acknowledged=True))),
    "the cause has ended": around(Background(cause=replace(CAUSE, has_ended=True))),
    "causes": said(
        *(
            cards.cause(replace(CAUSE, what=what, has_ended=ended, at=at, link=""))
            for what in ("failed", "timed out", "late", "unheard of")
            for ended in (False, True)
            for at in (NOW, None)
        )
    ),
    "met before": said(*(cards.same_error(replace(MET, ended_by=each.value)) for each in Ending)),
    "met before, little is known": said(
        cards.same_error(replace(MET, after=None)),
        cards.same_error(replace(MET, person="")),
        cards.same_error(replace(MET, ended_by="unheard of")),
    ),
    "durations": said(
        cards.took(Background(took=HOUR)),
        cards.took(Background(usual=UsualDuration(HOUR, HOUR, 10))),
        cards.took(Background(usual=UsualDuration(HOUR, HOUR, 1), took=HOUR)),
    ),
    "in full": said(*cards.in_full(FULL, BOOK, CauseReason.UPSTREAM_BROKEN)),
    "in full, of the cause": said(*cards.in_full(TOP, PAGE, CauseReason.UPSTREAM_FINE)),
    "in full, of flows that the asker may not see": said(
        *cards.in_full(Background(waiting_count=5, consequence_count=2), None, None)
    ),
    "reasons": said(*(text for each in CauseReason for text in cards.in_full(Background(), None, each))),
    "a runbook": said(runbooks.line(BOOK.text), runbooks.given(BOOK, cards.name(FLOWS[0])), runbooks.told(BOOK)),
    "a page": said(runbooks.line(PAGE.text), runbooks.given(PAGE, cards.name(FLOWS[0])), runbooks.told(PAGE)),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_what_is_known_is_said(name, language, golden):
    golden(CARDS[name], language, data=("meter-import", "site-energy", "billing", "kpi", BOOK.text, "wiki"))


def test_nothing_is_said_of_what_is_not_known():
    assert around(Background()) == incident_cards.card(incident(failure(**KNOWN)), "p1", LINKED)
    assert cards.in_full(Background(), None, None) == []
    assert cards.in_full(Background(), None, CauseReason.GRAPH_UNKNOWN) == []


@pytest.mark.parametrize(
    ("phase", "on_cause", "on_nobody"),
    [({}, True, False), (ACKED, False, False)],
    ids=["nobody is on it: its cause says that nobody is notified", "somebody is on it: nothing is said of notifying"],
)
def test_a_card_does_not_ask_for_somebody_and_say_that_nobody_is_notified(phase, on_cause, on_nobody):
    shown = str(blocks.rendered(around(Background(cause=replace(CAUSE, is_acknowledged=True)), **phase), "en"))
    assert ("nobody is notified about this" in shown) is on_cause
    assert ("Nobody has acknowledged it yet" in shown) is on_nobody


def test_a_cause_that_has_ended_is_not_reasoned_about():
    ended = Background(cause=replace(CAUSE, has_ended=True))
    assert len(cards.in_full(ended, None, CauseReason.UPSTREAM_FINE)) == 1


def test_nobody_is_mentioned():
    shown = rendered(lines(*cards.on_card(incident(background=FULL))))
    assert "maya.chen" in shown
    assert "<@" not in shown


def test_a_card_stays_short():
    """On a phone at night: all that is known takes at most seven lines."""
    longest = replace(FULL, consequences=CONSEQUENCES, consequence_count=4)
    shown = [line for line in cards.on_card(incident(background=longest)) if line is not None]
    assert len(shown) == 7
    assert all(len(plain(line)) < 120 for line in shown)


def test_text_from_outside_stays_text():
    hostile = replace(
        FULL,
        runbook="<!channel> <@U0EVIL00001> *x*",
        cause=replace(CAUSE, flow=FlowRef(FlowId(1), "<!here> `x`"), link="https://a.test|<!here>"),
        waiting=(FlowRef(FlowId(2), "<!channel>" * 40),),
        met_before=replace(MET, person="<@U0EVIL00001>"),
    )
    shown = rendered(lines(*cards.on_card(incident(background=hostile))))
    assert "<!" not in shown.replace("<!date^", "")
    assert "<@" not in shown


def test_an_error_line_of_ten_thousand_characters_fits():
    body = blocks.rendered(around(FULL, occurrences=(failure(**KNOWN | {"error_line": "x<" * 5_000}),)), "en")
    assert all(len(text) <= 3_000 for text in blocks.texts(body["attachments"][0]["blocks"]))
