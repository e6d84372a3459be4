"""An incident with one card, as most tests need it: the card's fields are given next to the incident's."""

from dataclasses import fields, replace

from bot.core.incident.model import Incident, IncidentCard

_OF_CARD = {each.name for each in fields(IncidentCard)}


def on_one_card(**values) -> Incident:
    """An incident; ``channel``, ``post``, ``grouped``, ``listed_in`` and ``told_at`` are those of its only card."""
    card = {name: values.pop(name) for name in _OF_CARD & values.keys()}
    return Incident(**{"cards": (IncidentCard(**card),), **values})


def changed(incident, **values) -> Incident:
    """The incident with other values, those of its first card among them."""
    card = {name: values.pop(name) for name in _OF_CARD & values.keys()}
    first = replace(incident.home, **card)
    return replace(incident, **{"cards": (first, *incident.cards[1:]), **values})
