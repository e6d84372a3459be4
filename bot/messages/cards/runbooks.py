"""Runbooks: on cards, in ``show``, and when one is given to a flow."""

from bot.core.history.runbook import Runbook, address
from bot.core.text.escape import mention
from bot.core.text.message import Text, layout, link, msg

_MOST = 120  # characters of an address that are shown


def line(text: str) -> Text | None:
    """What a card says of its flow's runbook, if it has one."""
    if not text:
        return None
    return link(address(text), msg("Open the runbook")) if address(text) else msg("Runbook: {text}", text=text)


def given(runbook: Runbook, flow: Text) -> Text:
    """Who gave which runbook to a flow."""
    person = mention(runbook.by.user)
    if not address(runbook.text):
        return msg("{person} gave {flow} a runbook: {text}", person=person, flow=flow, text=runbook.text)
    return msg("{person} gave {flow} a runbook: {link}", person=person, flow=flow, link=_link(runbook.text))


def told(runbook: Runbook) -> Text:
    """What ``show`` says of a flow's runbook: all of it, by whom and since when."""
    person = mention(runbook.by.user)
    if not address(runbook.text):
        return msg("Runbook: {text} (by {person}, {time})", text=runbook.text, person=person, time=runbook.at)
    return msg("Runbook: {link} (by {person}, {time})", link=_link(runbook.text), person=person, time=runbook.at)


def _link(address: str) -> Text:
    shown = address.partition("://")[2]
    return link(address, layout("{address}", address=shown if len(shown) <= _MOST else f"{shown[: _MOST - 1]}…"))
