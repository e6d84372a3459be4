"""Reading: failed, runs and show, with the asker's EnOS user, so that they see what EnOS lets them see."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.core.command import buttons
from bot.core.command.periods import TimeSpan, window
from bot.core.command.requests import Failed, FlowRef, Runs, Show
from bot.core.errors import Offer, Refusal
from bot.core.flow.graph import BROKEN, ended, in_order
from bot.core.flow.ids import instance_moment, milliseconds
from bot.core.flow.model import KINDS, FlowId, Instance, InstanceId, Search
from bot.core.flow.times import printed_moment
from bot.core.incident.lifecycle import failures
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.outbox import blocks
from bot.core.shell import rows as data
from bot.core.text.message import LIST, Joined, Text, as_printed, dots, layout, lines, msg, slack_date
from bot.core.values import dataclass
from bot.messages.cards import answers, flows, graphs
from bot.messages.cards.incident_words import how_closed
from bot.work.commands import backfilling, background, escalation, expecting, retrying, targets, unmatched, where
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import filter_line, left_out, listed

RunListing = TypeVar("RunListing", Failed, Runs)

MOST_ROWS = 1000  # rows of one scheduling type that are read for a list
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

    def line(self, *statuses: Text, with_period: bool) -> Text | None:
        """What the list is restricted to, for people."""
        return filter_line(
            self.flow,
            self.owner,
            layout("{period}", period=self.span.words) if with_period else None,
            msg("status {statuses}", statuses=Joined(statuses, LIST)) if statuses else None,
        )

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
    found = [(row, since.get(row.id)) for row in rows]
    shown = {row.id for row in rows}
    missed = [each for each in incidents if any(_is_of(each, failure, filters, shown) for failure in failures(each))]
    seen, unchecked = await services.flow_access.visible_incidents(
        services.enos, context.link, missed, context.now, services.answer_settings.alert_statuses
    )
    found += _marked(seen, filters, shown, all_read=all_read)
    listed_rows = [flows.row(row, note, zone=zone) for row, note in found]
    if _is_today(request):
        title = msg("Failed today ({date}, {zone}): {n}", **_today(context), n=len(listed_rows))
        nothing = msg("No failures today that I could check.") if unchecked else msg("No failures today.")
    else:
        title = msg("Failed runs: {n}", n=len(listed_rows))
        nothing = (
            msg("No failures in this period that I could check.") if unchecked else msg("No failures in this period.")
        )
    notes = [*_truncation_note(all_read), *left_out(unchecked)]
    answer = await _answered(services, context, request, filters, listed_rows, (title, nothing), notes)
    return replace(answer, rows=[data.of_run(row, note) for row, note in found])


async def runs(services: Services, context: CommandContext, request: Runs) -> Answer:
    """List instances of any status, by trigger time."""
    filters = await _filters(services, context, request)
    rows, all_read = await _search(services, context, filters, request.statuses)
    listed_rows = [flows.row(row, zone=services.platform_zone()) for row in rows]
    if _is_today(request):
        title = msg("Runs today ({date}, {zone}): {n}", **_today(context), n=len(rows))
        nothing = msg("EnOS shows you no runs today.")
    else:
        title, nothing = msg("Runs: {n}", n=len(rows)), msg("EnOS shows you no runs in this period.")
    answer = await _answered(
        services,
        context,
        request,
        filters,
        listed_rows,
        (title, nothing),
        _truncation_note(all_read),
        statuses=[flows.status_code(each) for each in request.statuses],
    )
    return replace(answer, rows=[data.of_run(row) for row in rows])


def _is_today(request: Failed | Runs) -> bool:
    return request.period.words == "today"


def _today(context: CommandContext) -> dict[str, str]:
    """The asker's day and its zone."""
    return {"date": str(context.now.astimezone(context.zone).date()), "zone": str(context.zone)}


async def _answered(
    services: Services,
    context: CommandContext,
    request: RunListing,
    filters: _Filters,
    rows: Sequence[Text],
    heads: tuple[Text, Text],
    notes: Sequence[Text],
    *,
    statuses: Sequence[Text] = (),
) -> Answer:
    """The page under the first of ``heads``; the second where it has no rows and the names in the command are right."""
    title, nothing = heads
    if not rows:
        nothing = await unmatched.check_names(services, context, request, filters.names, nothing)
    in_title = _is_today(request) and bool(rows)
    shown = filters.line(*statuses, with_period=not in_title)
    return Answer(listed(context, filters.with_flow_id(request), rows, title, nothing, filters=shown, notes=notes))


async def show(services: Services, context: CommandContext, request: Show) -> Answer:
    """Show one flow, or one instance; in an incident's thread the failed run."""
    if request.instance is not None or (request.flow is None and context.incident is not None):
        return await _show_instance(services, context, request.instance)
    return await _show_flow(services, context, request)


async def _show_flow(services: Services, context: CommandContext, request: Show) -> Answer:
    which = await targets.flow_id(services, context, request.flow, exact=False)
    try:
        flow = await services.enos.flow(which, as_user=context.as_user)
    except Refusal as refused:
        if refused.reason != "unknown_flow":
            raise
        raise await unmatched.no_flow(services, context, request, which, refused.sentence) from refused
    people = await services.owners.people_of(flow.owners)
    mask = services.answer_settings.mask
    text = dots(
        flows.flow_name(flow.id, flow.name),
        msg("schedule is on") if flow.active else msg("⏸️ schedule is off"),
        msg("locked in EnOS") if flow.locked else None,
        msg("your EnOS user is locked") if flow.user_locked else None,
    )
    schedule = flows.schedule(flow, services.schedule_words(flow.freq) if flow.freq else None)
    fields = [_field(msg("Owners"), flows.owners(flow.owners, people)), _field(msg("Schedule"), schedule)]
    incident = await _live_incident(services, flow.id)
    extra = [
        blocks.section(msg("*Tasks:* {n}", n=len(flow.graph.tasks)), fields),
        flows.task_list(in_order(flow.graph)),
        *await expecting.of_flow(services, context, flow),
        *await (
            where.of_flow(services, context, flow)
            if incident is None
            else where.of_incident(services, context, incident)
        ),
        *await background.known(services, context, flow.id, incident),
    ]
    if flow.parameters:
        masked = [mask.parameter(each) for each in flow.parameters]
        extra.append(blocks.section(_field(msg("Parameters"), flows.parameter_list(masked))))
    if flow.description.strip():
        extra.append(blocks.context(layout("{description}", description=mask(flow.description.strip()))))
    extra += [*await backfilling.shown(services, flow.id), *await retrying.shown(services, flow.id)]
    if incident is not None:
        extra.append(await escalation.outlook(services, context, incident))
    offers: list[Offer] = [
        (msg("View runs"), f"runs of {flow.id}"),
        *graphs.offer(flow.graph, f"graph {flow.id}"),
        (msg("Trigger"), f"trigger {flow.id}"),
        (msg("Trigger with options"), buttons.form(f"trigger {flow.id}")),
        (msg("Disable schedule"), f"disable {flow.id}")
        if flow.active
        else (msg("Enable schedule"), f"enable {flow.id}"),
    ]
    return Answer(answers.told(context.words, text, post=context.post, offers=offers, extra=extra))


async def _show_instance(services: Services, context: CommandContext, which: InstanceId | None) -> Answer:
    instance = await targets.instance(services, context, which)
    zone = services.platform_zone()
    date = flows.short(flows.data_date(instance, zone))
    fields = [
        _field(msg("Trigger time"), flows.triggered(instance.id, instance.trigger_time, zone) or msg("Unknown")),
        _field(msg("Data date"), layout("{date}", date=date) if date else msg("Unknown")),
        _field(msg("Start time"), _printed(instance, instance.start_time, zone)),
        _field(msg("End time"), _printed(instance, instance.end_time, zone)),
    ]
    incident = await _live_incident(services, instance.flow_id, instance.id)
    extra = [
        blocks.section(msg("*Tasks:* {n}", n=len(instance.graph.tasks)), fields),
        flows.task_list(in_order(instance.graph)),
        *(await where.of_incident(services, context, incident) if incident is not None else ()),
        *await background.known(services, context, instance.flow_id, incident, instance.id),
    ]
    if incident is not None:
        extra.append(await escalation.outlook(services, context, incident))
    offers: list[Offer] = [
        (msg("View log"), f"log {instance.id}"),
        (msg("View flow"), f"show {instance.flow_id}"),
        *graphs.offer(instance.graph, f"graph {instance.id}"),
    ]
    if instance.status in BROKEN:
        offers.append((msg("Rerun"), f"rerun {instance.id}"))
    if not ended(instance):
        offers.append((msg("Cancel run"), f"cancel {instance.id}"))
    text, headline = flows.row(instance, zone=zone), flows.headline(instance)
    return Answer(answers.told(context.words, text, headline=headline, post=context.post, offers=offers, extra=extra))


async def _live_incident(services: Services, flow: FlowId, instance: InstanceId | None = None) -> Incident | None:
    """The live incident of a flow, or the one that a run belongs to."""
    live = await services.store.incidents(live=True, flow=flow)
    return next((each for each in live if not each.group or instance in {None, each.group}), None)


def _field(label: Text, value: Text) -> Text:
    return lines(layout("*{label}*", label=label), value)


def _printed(instance: Instance, time: str, zone: timedelta | None) -> Text:
    """A start or end time in each reader's zone; where its own zone is not certain, as EnOS prints it."""
    at = printed_moment(instance, time, zone)
    if at is not None:
        return slack_date(at)
    if time.strip():
        return as_printed(flows.short(time), None)
    return msg("Unknown") if ended(instance) else msg("Not yet")


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


def _endings(incidents: Sequence[Incident]) -> dict[InstanceId, Text | None]:
    """What has happened since to failures that EnOS still lists, by instance; the newest incident of each counts.

    In EnOS a failure stays: a rerun is another instance, and the first one stays FAIL.
    """
    oldest_first = sorted(incidents, key=lambda each: each.opened_at)
    return {failure.instance: _ended(each, failure) for each in oldest_first for failure in failures(each)}


def _is_of(incident: Incident, failure: Occurrence, filters: _Filters, shown: Collection[InstanceId]) -> bool:
    """Whether a failure belongs in the list though EnOS does not list it for this period."""
    theirs = not filters.owner or filters.owner in incident.owners
    return theirs and failure.instance not in shown and filters.span.since <= failure.seen_at < filters.span.until


def _marked(
    incidents: Sequence[Incident], filters: _Filters, shown: set[InstanceId], *, all_read: bool
) -> list[tuple[Instance, Text | None]]:
    """The runs that EnOS does not list for this period, each with why it is in the list."""
    rows: list[tuple[Instance, Text | None]] = []
    for incident in incidents:
        for failure in reversed(failures(incident)):
            if _is_of(incident, failure, filters, shown):
                shown.add(failure.instance)
                note = _note(incident, failure, filters.span, all_read=all_read)
                rows.append((_as_instance(incident, failure), note))
    return rows


def _as_instance(incident: Incident, occurrence: Occurrence) -> Instance:
    return Instance(
        id=occurrence.instance,
        flow_id=incident.flow_id,
        flow_name=incident.flow_name,
        status=occurrence.status,
        trigger_time=occurrence.trigger_time,
    )


def _note(incident: Incident, failure: Occurrence, span: TimeSpan, *, all_read: bool) -> Text | None:
    """Why a row is in the list though EnOS does not list it for this period.

    That EnOS shows it with another status now is known only where all of EnOS's list was read.
    """
    at = instance_moment(failure.instance)
    before = at is not None and at < span.since
    changed = msg("its status in EnOS has changed") if all_read and not before else None
    note = dots(msg("triggered before this period") if before else None, _ended(incident, failure) or changed)
    return note if any(note.parts) else None


def _ended(incident: Incident, failure: Occurrence) -> Text | None:
    """What ended a failure; None while its incident is live."""
    if failure.backfilled:
        return msg("a rerun succeeded")
    if incident.phase is Phase.RECOVERED:
        return msg("the flow has recovered")
    return how_closed(incident) if incident.phase is Phase.CLOSED else None


def _truncation_note(all_read: bool) -> list[Text]:  # noqa: FBT001  the one thing it is about
    if all_read:
        return []
    return [
        msg(
            "I read only the newest {n} runs of each scheduling type. "
            "To see the rest, use a shorter period or add `of FLOW`.",
            n=MOST_ROWS,
        )
    ]
