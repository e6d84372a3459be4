"""Many at once, from the message of an alert storm or typed: acknowledge all, all mine; rerun all mine; its pages.

Each is done by itself: its right is asked at that moment, its attempt is on record before and ended after, and its
change is one transaction. So a crash in the middle leaves nothing half done, and the same command continues. What was
done and what was not is one message.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import field, replace
from datetime import timedelta

from bot.core.command.parse import say
from bot.core.command.requests import Ack, Board, Bulk, FlowRef, Rerun
from bot.core.command.rights import Denial
from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.model import FlowId, UserName
from bot.core.incident import bulk
from bot.core.incident.bulk import BulkResult, Chosen, LeftOut
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.lifecycle import ACK_DURATION, is_live
from bot.core.incident.model import Incident, Phase
from bot.core.outbox.blocks import Card
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, is_direct
from bot.core.people.model import ASKED, DONE, Attempt, Ending, Outcome, part_key
from bot.core.text.mask import without_secrets
from bot.core.text.message import msg, sentences
from bot.core.values import dataclass
from bot.messages.cards import answers
from bot.messages.cards import board as board_cards
from bot.messages.cards import bulk as cards
from bot.work.commands import incidents, starting, targets
from bot.work.commands.context import Answer, CommandContext, Services, fit_into_buttons, outcome_of
from bot.work.commands.responders import authorize

log = logging.getLogger(__name__)

_AT_ONCE = 8  # calls to EnOS
_SHOW_EVERY = timedelta(seconds=3)  # how often a storm's message shows how far it is
_PARTLY = Outcome(Ending.OUTAGE, "partly")  # the button may be pressed again, for the others

Act = Callable[[CommandContext, Incident], Awaitable[Incident]]  # returns the incident as it is then


async def ack(services: Services, context: CommandContext, request: Ack) -> Answer:
    """Acknowledge an incident for a while, or many."""
    if request.bulk is None:
        return await incidents.ack(services, context, request)
    storm = await _storm(services, context)
    owner = await _owner(services, context) if request.bulk is Bulk.MINE else None
    chosen = bulk.to_acknowledge(await _concerned(services, context, storm, request.bulk), owner)
    until = context.now + (request.duration or ACK_DURATION)
    note = without_secrets(request.because, services.answer_settings.mask)
    owners = _OwnersNow()

    async def acknowledge(part: CommandContext, incident: Incident) -> Incident:
        linked = await authorize(services, part, incident, read_owners=owners.read)
        result = part.attempt_result(services.clock(), linked=linked)
        acts = services.incident_actions
        return await acts.acknowledge_quietly(incident.id, part.incoming.by, context.now, until, note, result)

    def words(incident: Incident) -> str:
        return say(replace(request, bulk=None, flow=FlowRef(incident.flow_id)))

    result = await _each(services, context, chosen, words, acknowledge)
    if not result.done:
        raise Refusal(_reason(result), cards.none_acknowledged(result))
    return await _told(
        services, context, storm, result, cards.acknowledged(result, context.incoming.by, until, context.words)
    )


async def rerun(services: Services, context: CommandContext, request: Rerun) -> Answer:
    """Start a run again, or every broken run of the asker's own flows, which is asked once."""
    if request.bulk is None:
        return await starting.rerun(services, context, request)
    storm = await _storm(services, context, request.storm)
    concerned = await _concerned(services, context, storm, Bulk.MINE)
    since = min((each.opened_at for each in concerned), default=context.now)
    owner = await _owner(services, context)
    if request.confirmed:
        concerned = await _as_asked(services, context, concerned)
    chosen = bulk.to_rerun(concerned, owner, await services.store.newest_runs(since))
    if not chosen.incidents:
        result = BulkResult((), chosen.left_out)
        raise Refusal(_reason(result), cards.none_started(result))
    if not request.confirmed:
        confirmed = say(replace(request, confirmed=True, storm=storm.post if storm else ""))
        (offer,) = await fit_into_buttons(services, context, [(msg("Rerun all"), confirmed)])
        known = BulkResult((), chosen.left_out)
        card = cards.question(chosen.incidents, known, context.words, context.post, offer[1])
        return Answer(card, private=True, outcome=ASKED)

    async def start(part: CommandContext, incident: Incident) -> Incident:
        now = await services.store.incident(incident.id)
        if now is None or not is_live(now):
            raise Refusal(
                "recovered" if now is not None and now.phase is Phase.RECOVERED else "closed", msg("It ended.")
            )
        shown = storm is not None and any(card.listed_in == storm.post for card in now.cards)
        part = replace(part, incident=now, quiet=shown, request=Rerun(now.occurrences[-1].instance))
        answer = await starting.rerun(services, part, Rerun(now.occurrences[-1].instance))
        if answer.outcome == starting.UNCONFIRMED:
            raise _Unconfirmed
        return now

    def words(incident: Incident) -> str:
        return say(Rerun(incident.occurrences[-1].instance))

    result = await _each(services, context, chosen, words, start)
    if not (result.done or LeftOut.UNCONFIRMED in result.reasons):
        raise Refusal(_reason(result), cards.none_started(result))
    return await _told(services, context, storm, result, cards.started(result, context.incoming.by, context.words))


async def board(services: Services, context: CommandContext, request: Board) -> Answer:
    """Show one page of a storm's list to the asker."""
    storm = await _storm(services, context, request.storm, newest=True)
    if storm is None:
        raise Refusal("no_storm", msg("This channel has had no alert storm in the last week."))
    listed = await services.store.grouped(storm.post)
    since = min((each.opened_at for each in listed), default=context.now)
    card = board_cards.page(
        storm,
        listed,
        request.page,
        context.post,
        said=context.words,
        zone=services.platform_zone(),
        runs=await services.store.newest_runs(since),
    )
    return Answer(card, private=True)


# ── which ones ──


async def _storm(
    services: Services, context: CommandContext, named: str = "", *, newest: bool = False
) -> IncidentGroup | None:
    """The alert storm whose message was pressed, in whose thread it was said, or that is named; else None.

    With ``newest`` the newest of the channel where there is none.
    """
    origin = context.incoming.origin
    known = [each for each in await services.store.incident_groups() if each.occasion is Occasion.STORM]
    if named:
        found = next((each for each in known if each.post == named), None)
        if found is None:
            gone = msg("This alert storm ended too long ago, so I don't have it any more.")
            raise Refusal("no_storm", sentences(gone, answers.NOTHING_CHANGED))
        return found
    here = [each for each in reversed(known) if each.channel == origin.channel]
    for each in here:
        message = await services.store.post(each.post)
        if message is not None and {origin.message, origin.thread} & {message.ts, *message.lost} - {""}:
            return each
    return here[0] if newest and here else None


async def _concerned(
    services: Services, context: CommandContext, storm: IncidentGroup | None, which: Bulk
) -> Sequence[Incident]:
    """A storm's incidents; outside of one, those of the channel, or all where only the asker's own are meant."""
    if storm is not None:
        return await services.store.grouped(storm.post)
    live = await services.store.incidents(live=True, limit=incidents.MOST_INCIDENTS)
    if which is Bulk.MINE:
        return live
    origin = context.incoming.origin
    place = context.incoming.by.user if is_direct(origin.channel) else origin.channel
    return [each for each in live if each.card_in(place) is not None]


async def _as_asked(services: Services, context: CommandContext, those: Sequence[Incident]) -> Sequence[Incident]:
    """Those that the question named on which a button was pressed: what has failed since is left out."""
    question = await services.store.post(PostId(context.incoming.post)) if context.incoming.post else None
    return those if question is None else [each for each in those if each.occurrences[-1].seen_at <= question.new.due]


async def _owner(services: Services, context: CommandContext) -> UserName:
    """The asker's user name in EnOS; people without a link have no flows of their own."""
    if context.caller.link is None:
        raise await targets.denial(services, context, Denial.NOT_LINKED)
    return context.caller.link.user_name


@dataclass(slots=True)
class _OwnersNow:
    """The owners of flows as EnOS has them now, read once for each flow.

    Where EnOS does not answer it is not asked for the others: those known before count, as for a single incident.
    """

    _known: dict[FlowId, targets.FlowOwners] = field(default_factory=dict)
    _silence: TemporaryFailure | None = None

    async def read(
        self, services: Services, context: CommandContext, flow: FlowId, known: Sequence[UserName]
    ) -> targets.FlowOwners:
        """As ``targets.current_owners``."""
        if flow in self._known:
            return self._known[flow]
        if self._silence is not None:
            return targets.FlowOwners(tuple(known), unread=self._silence, now=False)
        found = await targets.current_owners(services, context, flow, known)
        if isinstance(found.unread, TemporaryFailure):
            self._silence = found.unread
        else:
            self._known[flow] = found
        return found


# ── one after the other ──


class _Unconfirmed(Exception):  # noqa: N818  nothing is broken: the look-up tells what happened
    """A run's answer was lost; its attempt stays open, and the look-up ends it."""


async def _each(
    services: Services, context: CommandContext, chosen: Chosen, words: Callable[[Incident], str], act: Act
) -> BulkResult:
    """Act on each, a few at a time, and the incidents of one flow one after the other."""
    found: dict[str, Incident | LeftOut] = {}
    gate, shown_at = asyncio.Semaphore(_AT_ONCE), services.steady()
    flows: dict[FlowId, list[Incident]] = {}
    for incident in chosen.incidents:
        flows.setdefault(incident.flow_id, []).append(incident)

    async def in_order(those: Sequence[Incident]) -> None:
        nonlocal shown_at
        for incident in those:
            async with gate:
                found[incident.id] = await _one(services, context, incident, words(incident), act)
            if services.steady() - shown_at >= _SHOW_EVERY:
                shown_at = services.steady()
                services.incident_actions.changed()

    async with asyncio.TaskGroup() as group:
        for those in flows.values():
            group.create_task(in_order(those))
    services.incident_actions.changed()
    outcomes = [(each, found[each.id]) for each in chosen.incidents]
    left = [(each, outcome) for each, outcome in outcomes if isinstance(outcome, LeftOut)]
    return BulkResult(
        tuple(outcome for _, outcome in outcomes if isinstance(outcome, Incident)), (*left, *chosen.left_out)
    )


async def _one(
    services: Services, context: CommandContext, incident: Incident, words: str, act: Act
) -> Incident | LeftOut:
    """The incident as it is when it is done, or why it was left out. Its attempt is on record either way."""
    origin, ended, reason = context.incoming.origin, DONE, LeftOut.BROKEN
    attempt = Attempt(
        key=part_key(context.attempt or 0, incident.id),
        by=context.incoming.by,
        channel=origin.channel,
        thread=origin.thread,
        surface=origin.surface.value,
        words=without_secrets(words, services.answer_settings.mask),
        verb=context.row.verb,
        at=services.clock(),
    )
    part = replace(context, words=attempt.words, incident=incident, post=PostId(services.new_id()), attempt=None)
    try:
        part = replace(part, attempt=await services.store.begin_attempt(attempt), now=services.clock())
        return await act(part, incident)
    except _Unconfirmed:
        return LeftOut.UNCONFIRMED
    except Failure as failure:
        ended, reason = outcome_of(failure), bulk.why_left_out(failure)
    except SLACK_FAILURES as failure:
        log.warning("Slack did not answer what one of many needs: %s", failure)
        ended = Outcome(Ending.OUTAGE, type(failure).__name__)
    except Exception as bug:
        log.exception("One of many hit a bug: %s", attempt.words)
        ended = Outcome(Ending.BUG, type(bug).__name__)
    with suppress(Failure):  # the next start ends it
        await services.store.queue([], attempt_result=part.attempt_result(services.clock(), ended))
    return reason


# ── the one message ──


async def _told(
    services: Services, context: CommandContext, storm: IncidentGroup | None, result: BulkResult, card: Card
) -> Answer:
    """The one message for everybody: in the storm's thread, or where it was said."""
    outcome = DONE if result.is_final else _PARTLY
    if storm is None:
        return Answer(card, public=True, outcome=outcome)
    post = NewPost(
        id=context.post,
        kind=PostKind.MESSAGE,
        lane=Lane.ANSWER,
        channel=storm.channel,
        body=card,
        due=context.now,
        thread_of=storm.post,
        user=context.incoming.by.user,
    )
    ended = context.attempt_result(services.clock(), outcome)
    await services.store.queue([post], attempt_result=ended, delivery=context.incoming.key)
    services.wake()
    return Answer(None, queued=True)


def _reason(result: BulkResult) -> str:
    """The reason for the audit where nothing was done: the only one, or several."""
    names = [reason.name.lower() for reason in result.reasons]
    return names[0] if len(names) == 1 else "nothing_done"
