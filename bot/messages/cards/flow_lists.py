"""Lists of flows: one line for each, with how its last run ended; and how old the list is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.errors import Offer
from bot.core.flow.model import FlowId
from bot.core.home import HomeFlow
from bot.core.incident.model import Incident, Phase
from bot.core.text.escape import code, mention
from bot.core.text.message import Text, ago, dots, layout, msg, plural, sentences
from bot.messages.cards import flows
from bot.messages.symbols import mark

VIEW, TRIGGER = msg("View flow"), msg("Trigger")


def row(flow: FlowId, name: str, status: int | None, at: datetime | None, notes: Sequence[Text | None] = ()) -> Text:
    """One flow in a list, with its last run that is known."""
    state = (
        msg("no run known")
        if status is None
        else layout("{mark} {status}", mark=mark(status), status=flows.status_code(status))
    )
    return dots(state, flows.flow_name(flow, name), None if at is None else layout("{time}", time=at), *notes)


def own_row(own: HomeFlow, *notes: Text | None) -> Text:
    """One flow in the list of its owner."""
    flow = own.flow
    why = (broken(own.incident), *notes, None if flow.editable else msg("read-only for you"))
    return row(flow.id, flow.name, own.status, own.at, why)


def broken(incident: Incident | None) -> Text | None:
    """What a list says of the open incident of a flow; None where it has none."""
    if incident is None:
        return None
    if incident.phase is not Phase.ACKNOWLEDGED or incident.acked_by is None:
        return msg("not acknowledged")
    person = mention(incident.acked_by.user)
    if incident.ack_until is None:
        return msg("acknowledged by {person}", person=person)
    return msg("acknowledged by {person} until {time}", person=person, time=incident.ack_until)


def next_run(at: datetime | None) -> Text | None:
    """When a flow runs again."""
    return None if at is None else msg("next run {time}", time=at)


def of_task(task: str) -> Text:
    """Why a flow was found: a task that failed."""
    return msg("task {task}", task=code(flows.short(task)))


def of_owner(owner: str) -> Text:
    """Why a flow was found: its owner."""
    return msg("owner {owner}", owner=code(flows.short(owner)))


def searched(days: int) -> Text:
    """Where a search looks."""
    return msg(
        "I looked in names and IDs, in owners of runs of the last {days} days, and in tasks that have failed.",
        days=days,
    )


def offers(flow: FlowId, *, editable: bool) -> Sequence[Offer]:
    """What can be done with a flow in a list."""
    view = (VIEW, f"show {flow}")
    return (view, (TRIGGER, f"trigger {flow}")) if editable else (view,)


def age(old: timedelta, *, failed: bool, left_out: int) -> Text:
    """How old a list is that flowbot keeps, and what is missing in it."""
    return sentences(
        msg("Read from EnOS {ago}.", ago=ago(old)),
        msg("EnOS did not answer when I read it again.") if failed else None,
        plural("{n} more flow is left out.", "{n} more flows are left out.", left_out) if left_out else None,
    )
