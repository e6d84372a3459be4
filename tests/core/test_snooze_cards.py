"""What people see of snoozes, in each language."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, OWNER, failure, incident
from languages import ALL as LANGUAGES

from bot.core.flow.model import FlowId
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.text.message import rendered
from bot.messages.cards import incident as incident_cards
from bot.messages.cards import incident_replies as replies
from bot.messages.cards import snoozes as cards
from bot.messages.cards.answers import told
from bot.messages.cards.incident import RenderContext

LINKED = RenderContext({OWNER: MAYA}, zone=timedelta(hours=8))
OWN = Snooze(
    SnoozeId("s1"),
    FlowId(3377),
    "daily-energy-report",
    JONAS,
    NOW,
    NOW + timedelta(hours=2),
    "source is down until Monday",
)
UNTIL_SUCCESS = replace(OWN, until_success=True, until=NOW + timedelta(days=30))
ALL = replace(OWN, flow_id=None, flow_name="")
TWICE = (failure("3377-2026112000", **KNOWN), failure(**KNOWN))
ACKED = {"phase": Phase.ACKNOWLEDGED, "acked_by": MAYA, "acked_at": NOW, "ack_until": NOW + timedelta(hours=4)}

CARDS = {
    "the card of a snoozed incident": incident_cards.card(incident(*TWICE, snooze=OWN), "p1", LINKED),
    "until success": incident_cards.card(incident(snooze=UNTIL_SUCCESS), "p1", LINKED),
    "all flows": incident_cards.card(incident(snooze=ALL), "p1", LINKED),
    "acknowledged": incident_cards.card(incident(snooze=OWN, **ACKED), "p1", LINKED),
    "it begins": cards.begins(incident(snooze=OWN), OWN),
    "it begins, until success": cards.begins(incident(snooze=UNTIL_SUCCESS), UNTIL_SUCCESS),
    "a person ends it": cards.ended_by_person(incident(), MAYA),
    "a person ends it, and somebody is on it": cards.ended_by_person(incident(**ACKED), MAYA),
    "it is over": cards.over(incident(), LINKED, "p2"),
    "it is over, nobody is linked": cards.over(incident(), RenderContext(), "p2"),
    "it is over, and somebody is on it": cards.over(incident(**ACKED), LINKED, "p2"),
    "it is over, and somebody is on it without an end": cards.over(incident(**ACKED | {"ack_until": None}), LINKED, ""),
    "it ends with the success": replies.recovered(
        incident(phase=Phase.RECOVERED, ended_at=NOW, recovered_by="3377-2026112200"), was_snoozed=True
    ),
    "all begins": cards.all_begins(ALL, "p3"),
    "all is over": cards.all_over(0, None),
    "a person ends all": cards.all_over(3, MAYA),
    "over, and the flow is fine": cards.over_and_fine(OWN),
    "all flows in the list": told("", cards.in_list(ALL)),
    "a flow in the list": told("", cards.in_list(OWN)),
    "a flow until success in the list": told("", cards.in_list(UNTIL_SUCCESS)),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_snoozes_are_said(name, language, golden):
    golden(CARDS[name], language)


@pytest.mark.parametrize("phase", [{}, ACKED])
def test_a_snoozed_card_mentions_no_owner(phase):
    first = incident_cards.card(incident(snooze=OWN, **phase), "p1", LINKED).head[0]["text"].text
    assert "maya.chen" in rendered(first)
    assert MAYA.user not in rendered(first)
    assert MAYA.user in rendered(incident_cards.card(incident(**phase), "p1", LINKED).head[0]["text"].text)


def test_only_the_snooze_of_the_flow_ends_from_its_card():
    def menu(held, **more):
        card = incident_cards.card(incident(failure(**KNOWN), snooze=held, **more), "p1", LINKED)
        (actions,) = (each for each in card.blocks if each["type"] == "actions")
        return [option["value"] for option in actions["elements"][-1]["options"]]

    assert "1|p1|unsnooze 3377" in menu(OWN)
    assert "1|p1|form snooze 3377" in menu(ALL)
    assert "1|p1|form snooze 3377" in menu(None)
    assert "1|p1|unsnooze 3377" in menu(OWN, **ACKED)
    assert len(menu(OWN, **ACKED)) == 5  # all that Slack shows
