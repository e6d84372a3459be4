"""What people see when a command is asked for, run, declined, or not answered."""

from dataclasses import replace

import pytest
from languages import ALL
from test_asking import ASK, JONAS, LINK, MAYA, NOW

from bot.core.incident import handover
from bot.core.incident.asking import Askable
from bot.core.incident.handover import OfferState
from bot.core.outbox import blocks
from bot.core.people.model import Link
from bot.messages.cards import asking as cards

BEFORE = Link(JONAS, "u1", "jonas.old")
DATA = ("jonas", "weber", "old", "trigger", "u1", "run", "bob")
WHY = cards.why_owner(ASK, "jonas.weber")


def after(offer, state):
    ended = handover.ended(offer, state, NOW)
    return replace(ended, answered_by=MAYA) if state in {OfferState.ACCEPTED, OfferState.DECLINED} else ended


def said(text):
    return blocks.Card(text, [blocks.section(text)])


ENDS = (OfferState.ACCEPTED, OfferState.DECLINED, OfferState.WITHDRAWN, OfferState.EXPIRED)
PICTURES = {
    "asked in a thread": lambda: cards.asked(ASK, WHY, "p1"),
    "asked directly, of an incident": lambda: cards.asked(ASK, cards.why_responder(ASK), "p1", direct=True),
    "a link is asked for": lambda: cards.link_asked(LINK, None, "p1", guest=False),
    "a guest asks for another link": lambda: cards.link_asked(LINK, BEFORE, "p1", guest=True),
    **{f"request, {each.value}": lambda each=each: cards.ended(after(ASK, each)) for each in ENDS},
    "request, not known": lambda: cards.ended(after(ASK, OfferState.ACCEPTED), is_sure=False),
    **{
        f"link request, {each.value}": lambda each=each: cards.ended(after(LINK, each))
        for each in (*ENDS, OfferState.REPLACED)
    },
    "told, run": lambda: cards.told(after(ASK, OfferState.ACCEPTED), run="3377-2026112110", post="p2"),
    "told, not known": lambda: cards.told(after(ASK, OfferState.ACCEPTED), is_sure=False),
    "told, declined": lambda: cards.told(after(ASK, OfferState.DECLINED)),
    "told, not linked": lambda: cards.told(after(LINK, OfferState.DECLINED)),
    "told, not answered": lambda: cards.told(after(ASK, OfferState.EXPIRED)),
    "sent": lambda: said(cards.sent(ASK)),
    "sent, not to all": lambda: said(cards.sent(ASK, unreached=["U0ALEX00001"], unlinked=["bob"])),
    "link request, sent": lambda: said(cards.link_sent(LINK, is_newer=False)),
    "link request, sent again": lambda: said(cards.link_sent(LINK, is_newer=True)),
    **{
        f"cannot ask, {each.value}": lambda each=each: said(cards.cannot_ask(each))
        for each in (Askable.HIDDEN, Askable.TOO_LONG, Askable.NO_OWNER)
    },
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("title", PICTURES)
def test_what_people_see(golden, title, language):
    golden(PICTURES[title](), language, DATA)


@pytest.mark.parametrize("reason", [Askable.YES, Askable.NEVER])
def test_where_there_is_nothing_to_say(reason):
    assert cards.cannot_ask(reason) is None


def test_a_command_that_cannot_be_read_any_more_is_shown_as_it_is():
    assert "link somebody" in str(
        cards.ended(after(replace(LINK, command="link somebody"), OfferState.DECLINED)).blocks
    )
