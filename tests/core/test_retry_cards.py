"""What people see of retries, in each language."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, OWNER, failure, incident
from languages import ALL as LANGUAGES

from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.flow.run import Run, StartDetails
from bot.core.incident import retries
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.incident.retries import RetryId, RetryReason, RetryRule, RetryState, RuleEnd, RuleId
from bot.core.outbox import blocks
from bot.core.outbox.posts import PostId
from bot.core.text.message import msg, rendered
from bot.messages.cards import board, runs
from bot.messages.cards import incident as incident_cards
from bot.messages.cards import retry as cards
from bot.messages.cards.answers import told
from bot.messages.cards.incident import RenderContext

LINKED = RenderContext({OWNER: MAYA}, zone=timedelta(hours=8))
RULE = RetryRule(
    RuleId("r1"),
    FlowId(3377),
    "daily-energy-report",
    "Connection reset",
    timedelta(minutes=10),
    MAYA,
    UserName("maya.chen"),
    NOW,
)
FAILED = failure(**KNOWN | {"error_line": "java.net.SocketException: Connection reset"})
BROKEN = incident(FAILED)
RETRY = retries.planned(RULE, BROKEN, RetryId("t1"), RetryReason.RETRY, NOW)
WAITING = retries.shown(BROKEN, RETRY)
RUN = Run(
    InstanceId("3377-202611210001"),
    FlowId(3377),
    "daily-energy-report",
    str(MAYA),
    "p1",
    NOW,
    "C0DATAOPS1",
    verb="retry",
    task=108580,
    notes=StartDetails(skips=("extract",), rule_of="maya.chen", rule_text="Connection reset").kept(),
)
REFUSED = [each for each in RetryReason if each in cards._WHY]


def in_a_storm(shown):
    grouped = replace(shown, cards=tuple(replace(each, grouped=True, listed_in="p2") for each in shown.cards))
    storm = IncidentGroup(PostId("p2"), "C0DATAOPS1", Occasion.STORM, NOW, NOW, joined=1)
    return board.storm(storm, [grouped], {}, "p2", command="/flow")


CARDS = {
    "the card of an incident that is retried": incident_cards.card(WAITING, "p1", LINKED),
    "in a storm": in_a_storm(WAITING),
    "it waits": cards.waits(WAITING, RETRY),
    "stopped": cards.stopped(BROKEN, JONAS),
    "refused by EnOS": cards.not_retried(BROKEN, replace(RETRY, reason=RetryReason.REFUSED), msg("Nothing was done.")),
    "its run": runs.started(RUN, "transform"),
    "a rule is set": told("", cards.rule_made(RULE)),
    "a rule is ended": told("", cards.rule_ended(RULE, JONAS)),
    "a rule is shown": told("", cards.rule_shown(RULE)),
    "its maker is not linked": cards.rule_over(RULE, RuleEnd.UNLINKED),
    "its maker is not active": cards.rule_over(RULE, RuleEnd.DEACTIVATED),
    **{f"not retried: {each.value}": cards.not_retried(BROKEN, replace(RETRY, reason=each)) for each in REFUSED},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_retries_are_said(name, language, golden):
    golden(CARDS[name], language, ["Connection reset", "extract"])


def stops(shown):
    return [
        block["accessory"]["value"] for block in incident_cards.card(shown, "p1", LINKED).blocks if "accessory" in block
    ]


def test_the_card_has_a_button_that_stops_it_while_it_waits():
    snooze = Snooze(SnoozeId("s1"), None, "", JONAS, NOW, NOW + timedelta(hours=1), "known")
    newer = failure("3377-2026112101", **KNOWN)
    assert stops(WAITING) == ["1|p1|unretry 3377"]
    assert stops(BROKEN) == []
    assert stops(replace(WAITING, phase=Phase.ACKNOWLEDGED, acked_by=MAYA)) == []
    assert stops(replace(WAITING, snooze=snooze)) == []
    assert stops(replace(WAITING, occurrences=(FAILED, newer))) == []
    assert stops(retries.shown(WAITING, RETRY.ended(RetryState.STOPPED))) == []


def test_in_a_storm_its_row_says_when_it_reruns_and_its_menu_stops_it():
    for shown, waits in ((WAITING, True), (BROKEN, False), (replace(WAITING, phase=Phase.ACKNOWLEDGED), False)):
        body = blocks.rendered(in_a_storm(shown), "en")
        for form in (body["blocks"], body["fallback"]):
            assert ("reruns by itself at" in str(form)) is waits
            assert ("1|p2|unretry 3377" in str(form)) is waits


def test_nobody_is_mentioned_because_of_a_rule():
    for name, card in CARDS.items():
        said = rendered(card.text) + "".join(
            rendered(b["text"].text) for b in (*card.head, *card.blocks) if "text" in b
        )
        assert MAYA.user not in said or name in {"the card of an incident that is retried", "a rule is set"}


def test_every_reason_that_ends_a_retry_has_its_sentence_or_is_given_one():
    given = {RetryReason.REFUSED, RetryReason.BUG}
    silent = {RetryReason.RETRY, RetryReason.NOT_YET, RetryReason.NO_MATCH, RetryReason.KNOWN, RetryReason.STOPPED}
    assert set(RetryReason) == {*REFUSED, *given, *silent}
