"""Reading: failed, runs and show. Reads carry the asker's EnOS user, so they see what EnOS lets them see."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from bot.core.cards import answers, blocks, flows
from bot.core.escape import escape
from bot.core.flows import KINDS, FlowId, Instance, InstanceId, Search
from bot.core.graphs import in_order
from bot.core.incidents import Incident, Occurrence, Phase
from bot.core.instance_ids import instance_moment
from bot.core.parse import say
from bot.core.periods import Window, window
from bot.core.posts import Body
from bot.core.requests import Audit, Failed, FlowRef, Incidents, People, Request, Runs, Show
from bot.core.status import TERMINAL, Status, name_of
from bot.work import finding
from bot.work.asking import Answer, Ask, Rooms

PAGE = 10  # rows of a list
Listing = Failed | Runs | Incidents | People | Audit
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def failed(rooms: Rooms, ask: Ask, request: Failed) -> Answer:
    """List what alerts now, as EnOS says; then, marked, what failed though triggered before, and what recovered."""
    span = window(request.period, ask.now, ask.zone)
    flow = await _flow_filter(rooms, ask, request.flow)
    owner = await finding.owner_name(rooms, ask, request.owner)
    now_failed = await _search(rooms, ask, span, rooms.manners.alert_statuses, flow, owner)
    shown = {row.id for row in now_failed}
    lines = [flows.row(row) for row in now_failed]
    incidents = await rooms.store.incidents(live=False, flow=flow, since=None)
    for incident, occurrence in _seen(incidents, span, owner):
        if occurrence.instance not in shown:
            shown.add(occurrence.instance)
            lines.append(flows.row(_as_instance(incident, occurrence), _note(incident, occurrence, span)))
    nothing = "Nothing failed" + (f" of flow {flow}" if flow else "") + f" {_spelled(span)}."
    return Answer(listed(ask, request, lines, f"*Failed* {_spelled(span)}", nothing))


async def runs(rooms: Rooms, ask: Ask, request: Runs) -> Answer:
    """List instances of any status, by trigger time."""
    span = window(request.period, ask.now, ask.zone)
    flow = await _flow_filter(rooms, ask, request.flow)
    owner = await finding.owner_name(rooms, ask, request.owner)
    rows = await _search(rooms, ask, span, request.statuses, flow, owner)
    wanted = f" with {', '.join(name_of(each) for each in request.statuses)}" if request.statuses else ""
    nothing = f"No runs{wanted} {_spelled(span)}."
    lines = [flows.row(row) for row in rows]
    return Answer(listed(ask, request, lines, f"*Runs*{wanted} {_spelled(span)}", nothing))


async def show(rooms: Rooms, ask: Ask, request: Show) -> Answer:
    """Show one flow, or one instance."""
    if request.instance is not None or (request.flow is None and ask.incident is not None):
        return await _show_instance(rooms, ask, request.instance)
    return await _show_flow(rooms, ask, request.flow)


async def _show_flow(rooms: Rooms, ask: Ask, ref: FlowRef | None) -> Answer:
    which = await finding.flow_id(rooms, ask, ref, exact=False)
    flow = await rooms.enos.flow(which, as_user=ask.as_user)
    people = await finding.people_of(rooms, flow.owners)
    masked = {each.key: rooms.manners.mask.parameter(each).value for each in flow.parameters}
    state = "🟢 scheduling is on" if flow.active else "⏸️ scheduling is off"
    locks = " · 🔒 locked" if flow.locked else ""
    text = f"{flows.flow_name(flow.id, flow.name)} — {state}{locks}"
    every = f"every {flows.CYCLES[flow.cycle]}" if flow.cycle in flows.CYCLES else ""
    schedule = rooms.schedule_words(flow.freq) if flow.freq else ""
    fields = [
        f"*Owners*\n{flows.owners(flow.owners, people)}",
        f"*Schedule*\n{escape(schedule) or every or 'none'}",
    ]
    extra = [
        blocks.section(f"*Tasks*, {len(flow.graph.tasks)}", fields),
        flows.task_list(in_order(flow.graph)),
    ]
    if flow.parameters:
        extra.append(blocks.section("*Parameters*\n" + flows.parameter_lines(flow, masked)))
    if flow.description:
        extra.append(blocks.context(escape(rooms.manners.mask(flow.description))))
    offers = [
        ("Runs today", f"runs of {flow.id}"),
        ("Trigger", f"trigger {flow.id}"),
        ("Disable", f"disable {flow.id}") if flow.active else ("Enable", f"enable {flow.id}"),
    ]
    return Answer(answers.told(ask.words, text, post=ask.post, offers=offers, extra=extra))


async def _show_instance(rooms: Rooms, ask: Ask, which: InstanceId | None) -> Answer:
    instance = await finding.instance(rooms, ask, which)
    at = instance_moment(instance.id)
    text = f"{flows.row(instance)}"
    fields = [
        f"*Trigger time*\n{flows.moment(at) if at else escape(instance.trigger_time) or '–'}",
        f"*Data date*\n{escape(flows.data_date(instance)) or '–'}",
        f"*Started*\n{escape(instance.start_time) or 'not yet'} (as EnOS prints it)",
        f"*Ended*\n{escape(instance.end_time) or 'not yet'} (as EnOS prints it)",
    ]
    extra = [blocks.section("*Tasks*", fields), flows.task_list(in_order(instance.graph))]
    offers = [("Log", f"log {instance.id}")]
    if instance.status in TERMINAL and instance.status != Status.SUCCESS:
        offers.append(("Rerun", f"rerun {instance.id}"))
    elif instance.status not in TERMINAL:
        offers.append(("Cancel", f"cancel {instance.id}"))
    return Answer(answers.told(ask.words, text, post=ask.post, offers=offers, extra=extra))


async def _flow_filter(rooms: Rooms, ask: Ask, ref: FlowRef | None) -> FlowId | None:
    return None if ref is None else await finding.flow_id(rooms, ask, ref, exact=False)


async def _search(
    rooms: Rooms, ask: Ask, span: Window, statuses: Sequence[int], flow: FlowId | None, owner: str
) -> list[Instance]:
    """Return the rows of all three scheduling types, newest trigger time first."""
    rows: list[Instance] = []
    for kind in KINDS:
        terms = Search(
            kind=kind,
            since=int(span.since.timestamp() * 1000),
            until=int(span.until.timestamp() * 1000),
            statuses=tuple(statuses),
            owner=owner,
            expression=str(flow) if flow is not None else "",
        )
        async for page in rooms.enos.search(terms, newest="trigger_time", as_user=ask.as_user):
            rows.extend(row for row in page.rows if flow is None or row.flow_id == flow)
    return sorted(rows, key=lambda row: instance_moment(row.id) or _LONG_AGO, reverse=True)


def _seen(incidents: Sequence[Incident], span: Window, owner: str) -> list[tuple[Incident, Occurrence]]:
    return [
        (incident, occurrence)
        for incident in incidents
        for occurrence in reversed(incident.occurrences)
        if span.since <= occurrence.seen_at < span.until and (not owner or owner in incident.owners)
    ]


def _as_instance(incident: Incident, occurrence: Occurrence) -> Instance:
    return Instance(
        id=occurrence.instance,
        flow_id=incident.flow_id,
        flow_name=incident.flow_name,
        status=occurrence.status,
        trigger_time=occurrence.trigger_time,
    )


def _note(incident: Incident, occurrence: Occurrence, span: Window) -> str:
    """Return why a row stands here though EnOS does not list it for this period."""
    match incident.phase:
        case Phase.RECOVERED:
            return "seen failing then; the flow has recovered since"
        case Phase.CLOSED:
            return "seen failing then; closed since"
        case Phase.OPEN | Phase.ACKNOWLEDGED:
            at = instance_moment(occurrence.instance)
            before = at is not None and at < span.since
            return "failed then, though triggered before" if before else "seen failing then; EnOS shows it changed"
        case _:
            assert_never(incident.phase)


def _spelled(span: Window) -> str:
    return escape(span.words)


def listed(ask: Ask, request: Listing, lines: Sequence[str], title: str, nothing: str) -> Body:
    """Return one page of a list with buttons to the next and the previous."""
    pages = max(1, -(-len(lines) // PAGE))
    page = min(request.page, pages)
    if not lines:
        return answers.told(ask.words, nothing, post=ask.post)
    shown = lines[(page - 1) * PAGE : page * PAGE]
    head = f"{title}: {len(lines)}" + (f", page {page} of {pages}" if pages > 1 else "")
    offers = []
    if page > 1:
        offers.append(("← Newer", say(_turned(request, page - 1))))
    if page < pages:
        offers.append(("Older →", say(_turned(request, page + 1))))
    extra = [blocks.section("\n".join(shown[:5]))]
    if len(shown) > 5:
        extra.append(blocks.section("\n".join(shown[5:])))
    return answers.told(ask.words, head, post=ask.post, offers=offers, extra=extra)


def _turned(request: Listing, page: int) -> Request:
    return replace(request, page=page)
