"""Which incident somebody means: by its flow, by a run, or that of the thread they write in."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import cast

from bot.core.command.parse import in_words
from bot.core.command.requests import Ack, Assign, Close, FlowRef, Reopen, Take, Thread, Unack
from bot.core.command.shown import in_code
from bot.core.errors import Refusal
from bot.core.flow.ids import flow_of
from bot.core.flow.model import InstanceId
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Incident
from bot.core.text.escape import Markup, code, visible
from bot.core.text.likeness import likeness, unmarked
from bot.core.text.message import msg, sentences
from bot.messages.cards import flows
from bot.work.commands import targets
from bot.work.commands.context import CommandContext, Services

IncidentRequest = Ack | Unack | Take | Assign | Close | Reopen | Thread
RECENT = timedelta(days=14)  # how far back an ended incident is found by its flow


def named(incident: Incident) -> Markup:
    """Its flow, by id and name."""
    return flows.flow_name(incident.flow_id, incident.flow_name)


async def named_incident(
    services: Services, context: CommandContext, flow: FlowRef | None, instance: InstanceId | None
) -> Incident:
    """The incident that is meant: by flow, by instance, or that of the thread; live ones first.

    EnOS is asked only where the incidents do not know the name: so they can be acknowledged while EnOS is down, and by
    people on call without a link.
    """
    if flow is None and instance is None:
        if context.incident is None:
            raise Refusal(
                "no_target",
                msg(
                    "Which incident? Name its flow, for example {command}.",
                    command=_example(context),
                ),
                msg("See the open ones with {command}.", command=in_words("incidents")),
            )
        return context.incident
    if context.incident is not None and is_about(context.incident, flow, instance):
        return context.incident
    which = flow.id if flow is not None else flow_of(instance) if instance else None
    recent = await services.store.incidents(live=False, flow=which, since=context.now - RECENT)
    matching = [each for each in recent if is_about(each, flow, instance)] or _alike(recent, flow)
    if not matching and flow is not None and flow.id is None and context.as_user is not None:
        flow = FlowRef(await targets.flow_id(services, context, flow, exact=True))
        matching = list(await services.store.incidents(live=False, flow=flow.id, since=context.now - RECENT))
    live = [each for each in matching if is_live(each)]
    if live or matching:
        return (live or matching)[0]
    raise _no_incident(flow, instance)


def _example(context: CommandContext) -> Callable[[str], str]:
    row = context.row
    return in_code(row.example_in) if isinstance(context.request, Assign) else in_words(f"{row.verb} 2809")


async def not_there(services: Services, context: CommandContext) -> Refusal:
    """The refusal where no such incident exists; it names only what the asker named. May raise another refusal."""
    request = cast("IncidentRequest", context.request)
    flow = request.flow
    if flow is not None and flow.id is None:
        flow = FlowRef(await targets.flow_id(services, context, flow, exact=True))
    return _no_incident(flow, getattr(request, "instance", None))


def _no_incident(flow: FlowRef | None, instance: InstanceId | None) -> Refusal:
    days = RECENT.days
    if flow is None:
        unknown = msg("I found no incident of run {run} in the last {days} days.", run=code(str(instance)), days=days)
    else:
        named = code(str(flow.id or visible(flow.name)))
        unknown = msg("I found no incident of flow {flow} in the last {days} days.", flow=named, days=days)
    return Refusal(
        "no_incident",
        sentences(unknown, msg("Nothing was changed.")),
        msg("See the open ones with {command}.", command=in_words("incidents")),
    )


def is_about(incident: Incident, flow: FlowRef | None, instance: InstanceId | None) -> bool:
    """Whether an incident is of that flow, else of that run."""
    if flow is not None:
        return flow.id == incident.flow_id or (flow.id is None and incident.flow_name in (flow.typed, flow.name))
    return any(each.instance == instance for each in incident.occurrences)


def _alike(incidents: Sequence[Incident], flow: FlowRef | None) -> list[Incident]:
    """The incidents of the one flow whose name looks like this; none where several flows' names do."""
    if flow is None or flow.id is not None:
        return []
    found = [each for each in incidents if likeness(each.flow_name) in {likeness(flow.name), unmarked(flow.name)}]
    return found if len({each.flow_id for each in found}) == 1 else []
