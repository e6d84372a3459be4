"""Empty lists: a list that is empty because a name in the command matches nothing must not read as "all is well".

Checked only where a list has no rows, because a row proves that the names exist. The answer for what the asker may not
see is the same as for what does not exist. Where EnOS does not answer, the answer says that it could not be checked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.command.parse import say
from bot.core.command.requests import (
    Audit,
    Failed,
    FlowRef,
    Incidents,
    OwnerRef,
    Runs,
    Show,
    ShowGraph,
    Stats,
    Watch,
)
from bot.core.command.shown import in_code
from bot.core.command.word_forms import STATUSES
from bot.core.errors import Offer, Refusal, TemporaryFailure
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import KINDS, FlowId, Search, UserName
from bot.core.flow.status import Status
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.text.escape import code
from bot.core.text.likeness import nearest_ids, nearest_names
from bot.core.text.message import Text, layout, lines, listed, msg, sentences
from bot.core.values import dataclass
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.flow_access import HIDDEN_REASONS

ListRequest = Failed | Runs | Incidents
OWNER_LOOKBACK = timedelta(days=30)  # how far back a run of an owner proves that the name exists
AHEAD = timedelta(days=7)
SAMPLE = 200  # runs of a scheduling type whose owners are offered as what may have been meant
_ONE_OF_THESE = msg("Did you mean one of these?")
NO_FLOW = HIDDEN_REASONS | {"invalid"}  # how EnOS refuses a flow that it does not show


@dataclass(frozen=True, slots=True)
class NameFilter:
    """The names in a list command, as they were understood."""

    flow: FlowId | None = None
    owner: str = ""


async def check_names(
    services: Services, context: CommandContext, request: ListRequest | Stats, names: NameFilter, nothing: Text
) -> Text:
    """The sentence of an empty list, ``nothing``, after what could not be checked about its names.

    Raises ``Refusal`` where a name in the command matches nothing.
    """
    notes: list[Text] = []
    if isinstance(request, Runs):
        _check_statuses(request)
    if names.flow is not None:
        notes += await _check_flow(services, context, request, names.flow)
    if not isinstance(request, Stats) and request.owner is not None and request.owner.name is not None:
        notes += await check_owner(services, context, request, names.owner)
    return lines(*notes, nothing)


async def check_person(services: Services, context: CommandContext, request: Audit, nothing: Text) -> Text:
    """The sentence of an empty list, and whether its person is linked at all.

    Raises ``Refusal`` where Slack does not know that person.
    """
    if not request.person:
        return nothing
    try:
        profile = await services.slack.profile(request.person)
    except SlackRefused as refused:
        raise Refusal(
            "unknown_person",
            msg("Slack shows me nobody with the ID {id}.", id=code(request.person)),
            msg("Type @ and choose the person from Slack's list."),
        ) from refused
    except SLACK_FAILURES:
        unchecked = msg(
            "Slack did not answer, so I could not check that this person exists. "
            "Check the name before you trust this empty list."
        )
        return lines(unchecked, nothing)
    if await services.store.link(replace(profile.person, team=context.incoming.by.team)) is None:
        return sentences(nothing, msg("This person is not linked to an EnOS user."))
    return nothing


def _check_statuses(request: Runs) -> None:
    unknown = [each for each in request.statuses if each not in set(Status)]
    if not unknown:
        return
    offers: list[Offer] = []
    if request.flow is None and len(unknown) == 1 and unknown[0] > 0:  # may be a flow's id, written without ``of``
        kept = tuple(each for each in request.statuses if each not in unknown)
        instead = replace(request, statuses=kept, flow=FlowRef(FlowId(unknown[0])))
        offers.append((msg("View runs of {flow}", flow=str(unknown[0])), say(instead)))
    raise Refusal(
        "unknown_status",
        msg("EnOS has no status {status}.", status=code(str(unknown[0]))),
        msg("Use one of these: {statuses}.", statuses=listed(map(_in_words, Status))),
        offers,
    )


async def _check_flow(
    services: Services, context: CommandContext, request: ListRequest | Stats, flow: FlowId
) -> list[Text]:
    try:
        await services.enos.flow(flow, as_user=context.as_user)
    except TemporaryFailure:
        return [
            msg(
                "EnOS did not answer, so I could not check that flow {flow} exists. "
                "Check the ID before you trust this empty list.",
                flow=code(str(flow)),
            )
        ]
    except Refusal as refused:
        if refused.reason not in NO_FLOW:
            raise
        unknown = msg("EnOS shows you no flow {flow}.", flow=code(str(flow)))
        raise await no_flow(services, context, request, flow, unknown) from refused
    return []


async def no_flow(
    services: Services,
    context: CommandContext,
    request: ListRequest | Stats | Show | ShowGraph | Watch,
    flow: FlowId,
    unknown: Text,
) -> Refusal:
    """The refusal of a flow that EnOS does not show, with flows of similar ids; ``unknown`` says that."""
    near = await _flows_near(services, context, flow)
    offers = [(msg("Flow {flow}", flow=str(each)), say(replace(request, flow=FlowRef(each)))) for each in near]
    way_out = _ONE_OF_THESE if offers else msg("Check the ID, or find the flow by its name with `show NAME`.")
    return Refusal("unknown_flow", unknown, way_out, offers)


async def _flows_near(services: Services, context: CommandContext, flow: FlowId) -> list[FlowId]:
    """The flows with similar ids, of those that EnOS shows the asker; none where it does not answer."""
    try:
        ids = [int(each.id) for each in await services.enos.all_flows(as_user=context.as_user) if each.id != flow]
    except (TemporaryFailure, Refusal):
        return []
    return [FlowId(each) for each in await asyncio.to_thread(nearest_ids, flow, ids)]


async def check_owner(
    services: Services, context: CommandContext, request: ListRequest | Watch, owner: str
) -> list[Text]:
    """What could not be checked about an owner. Raises ``Refusal`` with the nearest where the name is nobody's."""
    linked = [link.user_name for link in await services.store.links()]
    if owner in linked:
        return []
    try:
        if owner in await _owners(services, context, owner):
            return []
        names = await _owners(services, context, "")
    except TemporaryFailure:
        return [
            msg(
                "EnOS did not answer, so I could not check that owner {owner} exists. "
                "Check the name before you trust this empty list.",
                owner=code(owner),
            )
        ]
    near = await asyncio.to_thread(nearest_names, owner, [*dict.fromkeys((*linked, *names))])
    offers = [(layout("{owner}", owner=each), say(replace(request, owner=OwnerRef(UserName(each))))) for each in near]
    unknown = msg(
        "I found no owner {owner}. Nobody is linked with this name, and EnOS shows you no run of theirs in the last "
        "{days} days.",
        owner=code(owner),
        days=OWNER_LOOKBACK.days,
    )
    way_out = _ONE_OF_THESE if offers else msg("Check the name, or see the owners of a flow with `show FLOW`.")
    raise Refusal("unknown_owner", unknown, way_out, offers)


async def _owners(services: Services, context: CommandContext, owner: str) -> Sequence[str]:
    """The owners of the runs that EnOS shows the asker: runs of ``owner``, or of anybody where that is empty."""
    found: dict[str, None] = {}
    for kind in KINDS:
        terms = Search(
            kind=kind,
            since=milliseconds(context.now - OWNER_LOOKBACK),
            until=milliseconds(context.now + AHEAD),
            owner=owner,
        )
        count = 0
        async for page in services.enos.search(terms, newest="trigger_time", as_user=context.as_user):
            found.update((name, None) for row in page.rows for name in row.owners)
            count += len(page.rows)
            if owner in found or count >= SAMPLE:
                break
        if owner in found:
            break
    return list(found)


def _in_words(status: Status) -> Text:
    """The word of commands for a status, in the reader's language."""
    word = in_code(lambda language: STATUSES.say_in((int(status),), language))
    return layout("{word}", word=word)
