"""Reading: failed, runs and show, with the asker's EnOS user, so that they see what EnOS lets them see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.core.command.periods import TimeSpan, window
from bot.core.command.requests import Failed, FlowRef, OwnerRef, Runs, Show
from bot.core.errors import Offer, Refused
from bot.core.flow.graph import BROKEN, ended, in_order
from bot.core.flow.ids import instance_moment, milliseconds
from bot.core.flow.model import KINDS, FlowId, Instance, InstanceId, Search
from bot.core.flow.status import name_of
from bot.core.flow.times import printed_moment
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.text.escape import code, escape
from bot.core.text.message import as_printed, rendered
from bot.core.text.shown_times import slack_date
from bot.messages import blocks
from bot.messages.cards import answers, flows
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import left_out, listed

RunListing = TypeVar("RunListing", Failed, Runs)

MOST_ROWS = 1000  # rows of one scheduling type that are read for a list
CHANGED_SINCE = "EnOS shows it otherwise now"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Filters:
    """What a list is restricted to."""

    span: TimeSpan
    flow: FlowId | None
    owner: str

    @property
    def names(self) -> unmatched.NameFilter:
        """The names in the command."""
        return unmatched.NameFilter(self.flow, self.owner)

    def with_flow_id(self, request: RunListing) -> RunListing:
        """The request with its flow by id, so that the other pages are of the same flow."""
        return request if self.flow is None else replace(request, flow=FlowRef(self.flow))


async def failed(services: Services, context: CommandContext, request: Failed) -> Answer:
    """List the failures that EnOS shows for the period; then, with a note, those triggered before or changed since."""
    filters = await _filters(services, context, request)
    rows, all_read = await _search(services, context, filters, services.answer_settings.alert_statuses)
    incidents = await services.store.incidents(live=False, flow=filters.flow, since=filters.span.since)
    since = _endings(incidents)
    zone = services.platform_zone()
    lines = [flows.row(row, since.get(row.id, ""), zone=zone) for row in rows]
    shown = {row.id for row in rows}
    missed = [each for each in incidents if any(_is_of(each, failure, filters, shown) for failure in each.occurrences)]
    seen, unchecked = await services.flow_access.visible_incidents(
        services.enos, context.link, missed, context.now, services.answer_settings.alert_statuses
    )
    lines += _marked(seen, filters, shown, zone, all_read=all_read)
    title = "*Failed*" + _filter_text(filters, request.owner)
    checked = " that I could check" if unchecked else ""
    nothing = f"No failures{_filter_text(filters, request.owner)} {rendered(filters.span.words)}{checked}."
    heads = f"{title} {rendered(filters.span.words)}", nothing
    return await _answered(
        services, context, request, filters, lines, heads, [*_truncation_note(all_read), *left_out(unchecked)]
    )


async def runs(services: Services, context: CommandContext, request: Runs) -> Answer:
    """List instances of any status, by trigger time."""
    filters = await _filters(services, context, request)
    rows, all_read = await _search(services, context, filters, request.statuses)
    wanted = f" with {' or '.join(name_of(each) for each in request.statuses)}" if request.statuses else ""
    rest = f"{wanted}{_filter_text(filters, request.owner)} {rendered(filters.span.words)}"
    lines = [flows.row(row, zone=services.platform_zone()) for row in rows]
    head, none = f"*Runs*{rest}", f"EnOS shows you no runs{rest}."
    return await _answered(services, context, request, filters, lines, (head, none), _truncation_note(all_read))


async def _answered(
    services: Services,
    context: CommandContext,
    request: RunListing,
    filters: _Filters,
    lines: Sequence[str],
    heads: tuple[str, str],
    notes: Sequence[str],
) -> Answer:
    """The page under the first of ``heads``; the second where it has no rows and the names in the command are right."""
    title, nothing = heads
    if not lines:
        nothing = await unmatched.check_names(services, context, request, filters.names, nothing)
    return Answer(listed(context, filters.with_flow_id(request), lines, title, nothing, notes=notes))


async def show(services: Services, context: CommandContext, request: Show) -> Answer:
    """Show one flow, or one instance; in an incident's thread the failed run."""
    if request.instance is not None or (request.flow is None and context.incident is not None):
        return await _show_instance(services, context, request.instance)
    return await _show_flow(services, context, request)


async def _show_flow(services: Services, context: CommandContext, request: Show) -> Answer:
    which = await targets.flow_id(services, context, request.flow, exact=False)
    try:
        flow = await services.enos.flow(which, as_user=context.as_user)
    except Refused as refused:
        if refused.reason != "unknown_flow":
            raise
        raise await unmatched.no_flow(services, context, request, which, rendered(refused.sentence)) from refused
    people = await services.owners.people_of(flow.owners)
    mask = services.answer_settings.mask
    state = "🟢 scheduling is on" if flow.active else "⏸️ scheduling is off"
    locks = (" · 🔒 locked" if flow.locked else "") + (" · 🔒 your EnOS user is locked" if flow.user_locked else "")
    text = f"{flows.flow_name(flow.id, flow.name)} — {state}{locks}"
    schedule = flows.schedule(flow, services.schedule_words(flow.freq) if flow.freq else "")
    fields = [f"*Owners*\n{flows.owners(flow.owners, people)}", f"*Schedule*\n{schedule}"]
    extra = [
        blocks.section(f"*Tasks*: {len(flow.graph.tasks)}", fields),
        flows.task_list(in_order(flow.graph)),
    ]
    if flow.parameters:
        masked = [mask.parameter(each) for each in flow.parameters]
        extra.append(blocks.section("*Parameters*\n" + flows.parameter_list(masked)))
    if flow.description.strip():
        extra.append(blocks.context(escape(mask(flow.description.strip()))))
    offers: list[Offer] = [
        ("Runs today", f"runs of {flow.id}"),
        ("Trigger", f"trigger {flow.id}"),
        ("Disable", f"disable {flow.id}") if flow.active else ("Enable", f"enable {flow.id}"),
    ]
    return Answer(answers.told(context.words, text, post=context.post, offers=offers, extra=extra))


async def _show_instance(services: Services, context: CommandContext, which: InstanceId | None) -> Answer:
    instance = await targets.instance(services, context, which)
    zone = services.platform_zone()
    fields = [
        f"*Trigger time*\n{flows.triggered(instance.id, instance.trigger_time, zone) or 'not known'}",
        f"*Data date*\n{escape(flows.short(flows.data_date(instance, zone))) or 'not known'}",
        f"*Started*\n{_printed(instance, instance.start_time, zone)}",
        f"*Ended*\n{_printed(instance, instance.end_time, zone)}",
    ]
    extra = [blocks.section(f"*Tasks*: {len(instance.graph.tasks)}", fields), flows.task_list(in_order(instance.graph))]
    offers: list[Offer] = [("Log", f"log {instance.id}"), ("Flow", f"show {instance.flow_id}")]
    if instance.status in BROKEN:
        offers.append(("Rerun", f"rerun {instance.id}"))
    if not ended(instance):
        offers.append(("Cancel", f"cancel {instance.id}"))
    return Answer(
        answers.told(context.words, flows.row(instance, zone=zone), post=context.post, offers=offers, extra=extra)
    )


def _printed(instance: Instance, time: str, zone: timedelta | None) -> str:
    """A start or end time in each reader's zone; where its own zone is not certain, as EnOS prints it."""
    at = printed_moment(instance, time, zone)
    if at is not None:
        return slack_date(at)
    if time.strip():
        return escape(as_printed(flows.short(time), None))
    return "not known" if ended(instance) else "not yet"


async def _filters(services: Services, context: CommandContext, request: Failed | Runs) -> _Filters:
    return _Filters(
        window(request.period, context.now, context.zone),
        None if request.flow is None else await targets.flow_id(services, context, request.flow, exact=False),
        await targets.owner_name(services, context, request.owner),
    )


async def _search(
    services: Services, context: CommandContext, filters: _Filters, statuses: Sequence[int]
) -> tuple[list[Instance], bool]:
    """The rows of all three scheduling types, newest trigger time first, and whether these are all."""
    rows: dict[InstanceId, Instance] = {}
    all_read = True
    for kind in KINDS:
        search = Search(
            kind=kind,
            since=milliseconds(filters.span.since),
            until=milliseconds(filters.span.until),
            statuses=tuple(statuses),
            owner=filters.owner,
            expression=str(filters.flow) if filters.flow is not None else "",
        )
        count = 0
        async for page in services.enos.search(search, newest="trigger_time", as_user=context.as_user):
            count += len(page.rows)
            rows.update((row.id, row) for row in page.rows if filters.flow is None or row.flow_id == filters.flow)
            if count >= MOST_ROWS:
                all_read = all_read and page.last
                break
    newest_first = sorted(rows.values(), key=lambda row: instance_moment(row.id) or _LONG_AGO, reverse=True)
    return newest_first, all_read


def _endings(incidents: Sequence[Incident]) -> dict[InstanceId, str]:
    """What has happened since to failures that EnOS still lists, by instance; the newest incident of each counts.

    In EnOS a failure stays: a rerun is another instance, and the first one stays FAIL.
    """
    oldest_first = sorted(incidents, key=lambda each: each.opened_at)
    return {failure.instance: _ended(each, failure) for each in oldest_first for failure in each.occurrences}


def _is_of(incident: Incident, failure: Occurrence, filters: _Filters, shown: Collection[InstanceId]) -> bool:
    """Whether a failure belongs in the list though EnOS does not list it for this period."""
    theirs = not filters.owner or filters.owner in incident.owners
    return theirs and failure.instance not in shown and filters.span.since <= failure.seen_at < filters.span.until


def _marked(
    incidents: Sequence[Incident], filters: _Filters, shown: set[InstanceId], zone: timedelta | None, *, all_read: bool
) -> list[str]:
    """The rows that EnOS does not list for this period, each with why it is in the list."""
    lines: list[str] = []
    for incident in incidents:
        for failure in reversed(incident.occurrences):
            if _is_of(incident, failure, filters, shown):
                shown.add(failure.instance)
                note = _note(incident, failure, filters.span, all_read=all_read)
                lines.append(flows.row(_as_instance(incident, failure), note, zone=zone))
    return lines


def _as_instance(incident: Incident, occurrence: Occurrence) -> Instance:
    return Instance(
        id=occurrence.instance,
        flow_id=incident.flow_id,
        flow_name=incident.flow_name,
        status=occurrence.status,
        trigger_time=occurrence.trigger_time,
    )


def _note(incident: Incident, failure: Occurrence, span: TimeSpan, *, all_read: bool) -> str:
    """Why a row is in the list though EnOS does not list it for this period.

    That EnOS shows it with another status now is known only where all of EnOS's list was read.
    """
    at = instance_moment(failure.instance)
    triggered_before = at is not None and at < span.since
    since = _ended(incident, failure) or (CHANGED_SINCE if all_read and not triggered_before else "")
    return ", ".join(part for part in ("triggered before" if triggered_before else "", since) if part)


def _ended(incident: Incident, failure: Occurrence) -> str:
    """What ended a failure; empty while its incident is live."""
    if failure.backfilled:
        return "it has a good run since"
    if incident.phase is Phase.RECOVERED:
        return "the flow has recovered since"
    return "closed by a person since" if incident.phase is Phase.CLOSED else ""


def _filter_text(filters: _Filters, owner: OwnerRef | None) -> str:
    """The filters in words, mrkdwn."""
    flow = f" of flow {code(str(filters.flow))}" if filters.flow is not None else ""
    return flow + (f" by {code(filters.owner)}" if owner is not None else "")


def _truncation_note(all_read: bool) -> list[str]:  # noqa: FBT001  the one thing it is about
    if all_read:
        return []
    return [
        f"EnOS has more than the newest {MOST_ROWS:,} of a kind; a shorter period or {code('of FLOW')} shows the rest."
    ]
