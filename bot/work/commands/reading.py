"""Reading: failed, runs and show. Reads carry the asker's EnOS user, so they see what EnOS lets them see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.core.command.periods import Window, window
from bot.core.command.requests import Failed, FlowRef, OwnerRef, Runs, Show
from bot.core.errors import Refused
from bot.core.flow.graph import BROKEN, ended, in_order
from bot.core.flow.ids import instance_moment
from bot.core.flow.model import KINDS, FlowId, Instance, InstanceId, Search
from bot.core.flow.status import name_of
from bot.core.flow.times import milliseconds, printed_moment
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.text.escape import code, escape
from bot.core.text.shown_times import as_printed
from bot.messages import blocks
from bot.messages.cards import answers, flows
from bot.messages.cards.answers import Offer
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, Ask, Rooms
from bot.work.commands.listing import left_out, listed

Listing = TypeVar("Listing", Failed, Runs)

MOST = 1000  # rows of one scheduling type that are read for a list
OTHERWISE = "EnOS shows it otherwise now"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a list is of."""

    span: Window
    flow: FlowId | None
    owner: str

    @property
    def names(self) -> unmatched.Names:
        """The names of the question."""
        return unmatched.Names(self.flow, self.owner)

    def settled(self, request: Listing) -> Listing:
        """Return the question with its flow by id, so that its other pages are of the same flow."""
        return request if self.flow is None else replace(request, flow=FlowRef(self.flow))


async def failed(rooms: Rooms, ask: Ask, request: Failed) -> Answer:
    """List what alerts now, as EnOS says; then, marked, what failed though triggered before, and what recovered."""
    terms = await _terms(rooms, ask, request)
    rows, all_read = await _search(rooms, ask, terms, rooms.manners.alert_statuses)
    incidents = await rooms.store.incidents(live=False, flow=terms.flow, since=terms.span.since)
    since = _since(incidents)
    zone = rooms.platform_zone()
    lines = [flows.row(row, since.get(row.id, ""), zone=zone) for row in rows]
    shown = {row.id for row in rows}
    missed = [each for each in incidents if any(_is_of(each, failure, terms, shown) for failure in each.occurrences)]
    seen, unchecked = await rooms.sight.of(rooms.enos, ask.link, missed, ask.now, rooms.manners.alert_statuses)
    lines += _marked(seen, terms, shown, zone, all_read=all_read)
    title = "*Failed*" + _of(terms, request.owner)
    nothing = (
        f"No failures{_of(terms, request.owner)} {escape(terms.span.words)}{' that I could check' * bool(unchecked)}."
    )
    heads = f"{title} {escape(terms.span.words)}", nothing
    return await _answered(rooms, ask, request, terms, lines, heads, [*_cut(all_read), *left_out(unchecked)])


async def runs(rooms: Rooms, ask: Ask, request: Runs) -> Answer:
    """List instances of any status, by trigger time."""
    terms = await _terms(rooms, ask, request)
    rows, all_read = await _search(rooms, ask, terms, request.statuses)
    wanted = f" with {' or '.join(name_of(each) for each in request.statuses)}" if request.statuses else ""
    rest = f"{wanted}{_of(terms, request.owner)} {escape(terms.span.words)}"
    lines = [flows.row(row, zone=rooms.platform_zone()) for row in rows]
    head, none = f"*Runs*{rest}", f"EnOS shows you no runs{rest}."
    return await _answered(rooms, ask, request, terms, lines, (head, none), _cut(all_read))


async def _answered(
    rooms: Rooms,
    ask: Ask,
    request: Listing,
    terms: _Terms,
    lines: Sequence[str],
    heads: tuple[str, str],
    notes: Sequence[str],
) -> Answer:
    """Return the page under the first of its heads; under the second where it has no rows and its names are right."""
    title, nothing = heads
    if not lines:
        nothing = await unmatched.checked(rooms, ask, request, terms.names, nothing)
    return Answer(listed(ask, terms.settled(request), lines, title, nothing, notes=notes))


async def show(rooms: Rooms, ask: Ask, request: Show) -> Answer:
    """Show one flow, or one instance; in an incident's thread the failed run."""
    if request.instance is not None or (request.flow is None and ask.incident is not None):
        return await _show_instance(rooms, ask, request.instance)
    return await _show_flow(rooms, ask, request)


async def _show_flow(rooms: Rooms, ask: Ask, request: Show) -> Answer:
    which = await targets.flow_id(rooms, ask, request.flow, exact=False)
    try:
        flow = await rooms.enos.flow(which, as_user=ask.as_user)
    except Refused as refused:
        if refused.reason != "unknown_flow":
            raise
        raise await unmatched.no_flow(rooms, ask, request, which, escape(refused.sentence)) from refused
    people = await targets.people_of(rooms, flow.owners)
    mask = rooms.manners.mask
    state = "🟢 scheduling is on" if flow.active else "⏸️ scheduling is off"
    locks = (" · 🔒 locked" if flow.locked else "") + (" · 🔒 your EnOS user is locked" if flow.user_locked else "")
    text = f"{flows.flow_name(flow.id, flow.name)} — {state}{locks}"
    schedule = flows.schedule(flow, rooms.schedule_words(flow.freq) if flow.freq else "")
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
    return Answer(answers.told(ask.words, text, post=ask.post, offers=offers, extra=extra))


async def _show_instance(rooms: Rooms, ask: Ask, which: InstanceId | None) -> Answer:
    instance = await targets.instance(rooms, ask, which)
    zone = rooms.platform_zone()
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
    return Answer(answers.told(ask.words, flows.row(instance, zone=zone), post=ask.post, offers=offers, extra=extra))


def _printed(instance: Instance, time: str, zone: timedelta | None) -> str:
    """Return a start or end time for each reader; where its zone is not certain, as EnOS prints it."""
    at = printed_moment(instance, time, zone)
    if at is not None:
        return flows.moment(at)
    if time.strip():
        return escape(as_printed(flows.short(time), None))
    return "not known" if ended(instance) else "not yet"


async def _terms(rooms: Rooms, ask: Ask, request: Failed | Runs) -> _Terms:
    return _Terms(
        window(request.period, ask.now, ask.zone),
        None if request.flow is None else await targets.flow_id(rooms, ask, request.flow, exact=False),
        await targets.owner_name(rooms, ask, request.owner),
    )


async def _search(rooms: Rooms, ask: Ask, terms: _Terms, statuses: Sequence[int]) -> tuple[list[Instance], bool]:
    """Return the rows of all three scheduling types, newest trigger time first, and whether these are all."""
    rows: dict[InstanceId, Instance] = {}
    all_read = True
    for kind in KINDS:
        search = Search(
            kind=kind,
            since=milliseconds(terms.span.since),
            until=milliseconds(terms.span.until),
            statuses=tuple(statuses),
            owner=terms.owner,
            expression=str(terms.flow) if terms.flow is not None else "",
        )
        count = 0
        async for page in rooms.enos.search(search, newest="trigger_time", as_user=ask.as_user):
            count += len(page.rows)
            rows.update((row.id, row) for row in page.rows if terms.flow is None or row.flow_id == terms.flow)
            if count >= MOST:
                all_read = all_read and page.last
                break
    newest_first = sorted(rows.values(), key=lambda row: instance_moment(row.id) or _LONG_AGO, reverse=True)
    return newest_first, all_read


def _since(incidents: Sequence[Incident]) -> dict[InstanceId, str]:
    """Return what has happened since to failures that EnOS still lists; the newest word on each counts.

    EnOS never takes a failure back: a rerun is another instance, and the first one stays FAIL.
    """
    oldest_first = sorted(incidents, key=lambda each: each.opened_at)
    return {failure.instance: _ended(each, failure) for each in oldest_first for failure in each.occurrences}


def _is_of(incident: Incident, failure: Occurrence, terms: _Terms, shown: Collection[InstanceId]) -> bool:
    """Whether a failure belongs into the list though EnOS does not list it for this period."""
    theirs = not terms.owner or terms.owner in incident.owners
    return theirs and failure.instance not in shown and terms.span.since <= failure.seen_at < terms.span.until


def _marked(
    incidents: Sequence[Incident], terms: _Terms, shown: set[InstanceId], zone: timedelta | None, *, all_read: bool
) -> list[str]:
    """Return the rows that EnOS does not list for this period, each with why it stands here."""
    lines: list[str] = []
    for incident in incidents:
        for failure in reversed(incident.occurrences):
            if _is_of(incident, failure, terms, shown):
                shown.add(failure.instance)
                note = _note(incident, failure, terms.span, all_read=all_read)
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


def _note(incident: Incident, failure: Occurrence, span: Window, *, all_read: bool) -> str:
    """Return why a row stands here though EnOS does not list it for this period.

    That EnOS shows it otherwise is known only where all of its list was read.
    """
    at = instance_moment(failure.instance)
    triggered_before = at is not None and at < span.since
    since = _ended(incident, failure) or (OTHERWISE if all_read and not triggered_before else "")
    return ", ".join(part for part in ("triggered before" if triggered_before else "", since) if part)


def _ended(incident: Incident, failure: Occurrence) -> str:
    """Return what ended a failure; empty while its incident is live."""
    if failure.healed:
        return "it has a good run since"
    if incident.phase is Phase.RECOVERED:
        return "the flow has recovered since"
    return "closed by a person since" if incident.phase is Phase.CLOSED else ""


def _of(terms: _Terms, owner: OwnerRef | None) -> str:
    """Return the filters in words."""
    flow = f" of flow {code(str(terms.flow))}" if terms.flow is not None else ""
    return flow + (f" by {code(terms.owner)}" if owner is not None else "")


def _cut(all_read: bool) -> list[str]:  # noqa: FBT001  the one thing it is about
    if all_read:
        return []
    return [f"EnOS has more than the newest {MOST:,} of a kind; a shorter period or {code('of FLOW')} shows the rest."]
