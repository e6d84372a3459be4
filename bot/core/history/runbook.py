"""Runbooks: what the owners of a flow want people to do when it breaks. One line, or the address of a page."""

import re
from datetime import datetime

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.people.model import Person
from bot.core.text.escape import one_line
from bot.core.text.message import msg
from bot.core.values import dataclass

LONGEST = 300  # characters: a card is read on a phone
_ADDRESS = re.compile(r"https?://[^\s<>|]+")


@dataclass(frozen=True, slots=True)
class Runbook:
    """The runbook of a flow; without text it has none any more."""

    flow_id: FlowId
    flow_name: str
    text: str  # masked, on one line
    by: Person
    at: datetime


def checked(text: str) -> str:
    """A runbook's text on one line. Raises Refusal where nothing is left of it, or it is too long for a card."""
    shown = one_line(text).strip()
    nothing = msg("Nothing was changed.")
    if not shown:
        raise Refusal("no_text", msg("There is nothing to read in that. Write a sentence or an address."), nothing)
    if len(shown) > LONGEST:
        what = msg(
            "A runbook has {most} characters at most, and this has {n}. Put it on a page, and give me its address.",
            most=LONGEST,
            n=len(shown),
        )
        raise Refusal("too_long", what, nothing)
    return shown


def address(text: str) -> str:
    """The text where it is nothing but the address of a page; else empty."""
    return text if _ADDRESS.fullmatch(text) else ""
