"""The small forms of incidents: acknowledge, close, snooze and assign. Each says one command.

A form about a card remembers its incident and what that looked like. Where it looks different at submission, the form
says so and asks again; the second submission acts.
"""

from functools import partial

from bot.core.command.lacking import said
from bot.core.errors import DatabaseUnavailable
from bot.core.forms.model import Act, Errors, FormAsked, FormChanged, FormSubmitted, Show, Submission, View
from bot.core.forms.saying import TARGET, TARGETS, command_of, filled
from bot.core.incident.lifecycle import reference
from bot.core.incident.model import Incident, IncidentId
from bot.messages.cards import incident_forms as cards
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.incident_targets import is_about
from bot.work.forms.form import Form

_INCIDENT, _SEEN, _TARGET = "incident", "seen", "target"


async def _open(verb: str, _services: Services, context: CommandContext, asked: FormAsked) -> View:
    incident = _of_card(context, asked.words)
    if incident is None:
        return cards.view(verb, filled(verb, asked.words), None, {})
    target = str(incident.flow_id) if verb == "snooze" else reference(incident)
    state = {_INCIDENT: incident.id, _SEEN: _look(incident), _TARGET: target}
    return cards.view(verb, filled(verb, asked.words, target), incident, state)


def _of_card(context: CommandContext, words: str) -> Incident | None:
    """The incident of the card or thread, unless the words name something else."""
    incident, known = context.incident, said(words)
    if incident is None or known is None or not known.part(*TARGETS):
        return incident
    return incident if is_about(incident, known.values.get("flow"), known.values.get("instance")) else None


async def _refresh(verb: str, services: Services, _context: CommandContext, changed: FormChanged) -> View:
    """The same form with the command that it sends now."""
    incident = await _incident(services, changed.state.get(_INCIDENT, ""))
    return cards.view(verb, _values(changed), incident, changed.state)


async def _submit(verb: str, services: Services, submitted: FormSubmitted) -> Submission:
    values = _values(submitted)
    words = command_of(verb, values)
    if isinstance(words, Errors):
        return words
    try:
        incident = await _incident(services, submitted.state.get(_INCIDENT, ""))
    except DatabaseUnavailable:  # the command says so
        incident = None
    if incident is not None and _look(incident) != submitted.state.get(_SEEN):
        state = {**submitted.state, _SEEN: _look(incident)}
        return Show(cards.view(verb, values, incident, state, cards.has_changed(incident)))
    return Act(words)


def _values(event: FormChanged | FormSubmitted) -> dict[str, str]:
    """What the fields hold; of a form about a card, with its incident."""
    known = event.state.get(_TARGET)
    return {**event.values, **({TARGET: known} if known else {})}


async def _incident(services: Services, id_: str) -> Incident | None:
    return await services.store.incident(IncidentId(id_)) if id_ else None


def _look(incident: Incident) -> str:
    """What people decide by: its phase, who has it, whether it is snoozed, who is asked. Not its further failures."""
    snooze, ask = incident.snooze, incident.ask
    has = incident.acked_by.user if incident.acked_by else ""
    return ":".join((incident.phase.value, has, snooze.id if snooze else "", ask.offer if ask else ""))


def _form(verb: str) -> Form:
    open_, submit, refresh = partial(_open, verb), partial(_submit, verb), partial(_refresh, verb)
    return Form(verb, cards.TITLES[verb], open_, submit, refresh)


FORMS = tuple(_form(verb) for verb in cards.TITLES)
