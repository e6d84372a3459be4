"""What people see when an incident moves, or when somebody is asked to take it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, failure
from languages import ALL
from test_handover import ALEX, ASKED, HELD, OFFER, OPEN

from bot.core.incident import handover, lifecycle
from bot.core.incident.handover import OfferKind, OfferState
from bot.core.incident.model import IncidentId
from bot.core.incident.resolution import Resolution
from bot.core.text.message import msg
from bot.messages.cards import handover as cards
from bot.messages.cards import incident as incident_cards
from bot.messages.cards import incident_replies as replies
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import RenderContext

MOVED = handover.accept(ASKED, OFFER, NOW)[0]
HANDOVER = replace(OFFER, kind=OfferKind.HANDOVER)
MANY = [replace(HELD, id=IncidentId(f"i{n}"), occurrences=(failure(**(KNOWN if n % 2 else {})),)) for n in range(25)]
CLOSED = {
    each: lifecycle.close(HELD, MAYA, NOW + timedelta(minutes=5), "known bug", each)[0] for each in (None, *Resolution)
}
ENDS = (OfferState.DECLINED, OfferState.WITHDRAWN, OfferState.EXPIRED, OfferState.UNREACHABLE)
DATA = ("known bug",)
PICTURES = {
    "card, acknowledged, somebody is asked": lambda: drawn(ASKED),
    "card, nobody has it, somebody is asked": lambda: drawn(handover.ask(OPEN, OFFER)[0]),
    "card, moved": lambda: drawn(MOVED),
    "card, closed": lambda: drawn(CLOSED[None]),
    **{f"card, closed as {each.value}": lambda each=each: drawn(CLOSED[each]) for each in Resolution},
    **{f"reply, closed as {each.value}": lambda each=each: replies.closed(CLOSED[each]) for each in Resolution},
    **{
        f"reply, marked as {each.value}": lambda each=each: replies.resolved(CLOSED[each], JONAS) for each in Resolution
    },
    "reply, taken over": lambda: cards.taken_over(MOVED),
    "reply, taken over without an end": lambda: cards.taken_over(replace(MOVED, ack_until=None)),
    "question": lambda: cards.asked(ASKED, OFFER, None, "p1"),
    "question in another thread": lambda: cards.asked_elsewhere(ASKED, OFFER, "p1"),
    "question that replaces another, nobody has it": lambda: cards.asked(
        OPEN, OFFER, replace(ASKED.ask, to=MAYA), "p1"
    ),
    "question in direct messages": lambda: cards.asked(ASKED, OFFER, None, "p1", direct=True),
    **{f"stays, {each.value}": lambda each=each: cards.stays(HELD, OFFER, each) for each in ENDS},
    "stays with nobody": lambda: cards.stays(OPEN, OFFER, OfferState.DECLINED),
    "hand-over, question": lambda: cards.handover_asked(HANDOVER, MANY[:1], "p1"),
    "hand-over, question of many": lambda: cards.handover_asked(HANDOVER, MANY, "p1"),
    "hand-over, moved": lambda: cards.handed_over(HANDOVER, MANY[:1], []),
    "hand-over, some did not move": lambda: cards.handed_over(
        HANDOVER, MANY[:3], [(each, lifecycle.ended(CLOSED[None])) for each in MANY[3:]]
    ),
    "hand-over, one did not move": lambda: cards.handed_over(
        HANDOVER, MANY[:3], [(MANY[4], handover.why_left_out(handover.take(ASKED, ALEX, NOW, seen=MAYA.user)[0]))]
    ),
    "hand-over, a group": lambda: cards.moved_together(HANDOVER, MANY[:5]),
    **{f"hand-over, {each.value}": lambda each=each: cards.handover_stays(HANDOVER, each) for each in ENDS},
}


def drawn(about):
    return incident_cards.card(about, "p2", RenderContext())


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("title", PICTURES)
def test_what_people_see(golden, title, language):
    golden(PICTURES[title](), language, ("<@U0ALEX00001>", *DATA))


@pytest.mark.parametrize("resolution", [None, *Resolution])
def test_a_list_says_as_what_it_was_closed(resolution):
    shown = {
        None: msg("closed by a person"),
        Resolution.FIXED: msg("closed as fixed"),
        Resolution.EXPECTED: msg("closed as expected"),
        Resolution.DUPLICATE: msg("closed as a duplicate"),
        Resolution.UNNEEDED: msg("closed as not needed"),
    }
    assert words.how_closed(CLOSED[resolution]) == shown[resolution]


def test_what_came_from_another_is_said_only_while_it_is_held():
    assert words.taken_from(lifecycle.unack(MOVED)[0]) is None
    assert words.taken_from(HELD) is None
    assert words.closed_as(replace(CLOSED[Resolution.FIXED], phase=OPEN.phase)) is None
