"""Empty lists: a list that is empty because a name in the command matches nothing must not read as "all is well".

Checked only where a list has no rows, because a row proves that the names exist. The answer for what the asker may not
see is the same as for what does not exist. Where EnOS does not answer, the answer says that it could not be checked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
)
from bot.core.errors import Offer, Refused, TemporaryFailure
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import KINDS, FlowId, Search, UserName
from bot.core.flow.status import Status
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.text.escape import code
from bot.core.text.likeness import nearest_ids, nearest_names
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.flow_access import HIDDEN_REASONS
from bot.work.commands.targets import FormattedRefusal

ListRequest = Failed | Runs | Incidents
OWNER_LOOKBACK = timedelta(days=30)  # how far back a run of an owner proves that the name exists
AHEAD = timedelta(days=7)
SAMPLE = 200  # runs of a scheduling type whose owners are offered as what may have been meant
_NO_FLOW = HIDDEN_REASONS | {"invalid"}  # how EnOS refuses a flow that it does not show


@dataclass(frozen=True, slots=True)
class NameFilter:
    """The names in a list command, as they were understood."""

    flow: FlowId | None = None
    owner: str = ""


async def check_names(
    services: Services, context: CommandContext, request: ListRequest, names: NameFilter, nothing: str
) -> str:
    """The sentence of an empty list, ``nothing``, after what could not be checked about its names.

    Raises ``FormattedRefusal`` where a name in the command matches nothing.
    """
    notes: list[str] = []
    if isinstance(request, Runs):
        _check_statuses(request)
    if names.flow is not None:
        notes += await _check_flow(services, context, request, names.flow)
    if request.owner is not None and request.owner.name is not None:
        notes += await _check_owner(services, context, request, names.owner)
    return _with_notes(notes, nothing)


def _with_notes(notes: Sequence[str], nothing: str) -> str:
    return " ".join((*notes, f"If the name is right: {nothing}")) if notes else nothing


async def check_person(services: Services, context: CommandContext, request: Audit, nothing: str) -> str:
    """The sentence of an empty list, and whether its person is linked at all.

    Raises ``FormattedRefusal`` where Slack does not know that person.
    """
    if not request.person:
        return nothing
    try:
        profile = await services.slack.profile(request.person)
    except SlackRefused as refused:
        raise FormattedRefusal(
            "unknown_person",
            f"Slack shows me nobody with the id {code(request.person)}. "
            "Write @ and choose the person from the list that Slack shows.",
        ) from refused
    except SLACK_FAILURES:
        return _with_notes(["I could not check that this person exists: Slack did not answer."], nothing)
    if await services.store.link(replace(profile.person, team=context.incoming.by.team)) is None:
        return f"{nothing} They are not linked to an EnOS user."
    return nothing


def _check_statuses(request: Runs) -> None:
    unknown = [each for each in request.statuses if each not in set(Status)]
    if not unknown:
        return
    names = ", ".join(each.name.casefold() for each in Status)
    offers: list[Offer] = []
    if request.flow is None and len(unknown) == 1 and unknown[0] > 0:  # may be a flow's id, written without ``of``
        kept = tuple(each for each in request.statuses if each not in unknown)
        instead = replace(request, statuses=kept, flow=FlowRef(FlowId(unknown[0])))
        offers.append((f"Runs of flow {unknown[0]}", say(instead)))
    raise FormattedRefusal(
        "unknown_status",
        f"{code(str(unknown[0]))} is not a status that EnOS documents, and no run has it. The statuses are: {names}.",
        offers,
    )


async def _check_flow(services: Services, context: CommandContext, request: ListRequest, flow: FlowId) -> list[str]:
    try:
        await services.enos.flow(flow, as_user=context.as_user)
    except TemporaryFailure:
        return [f"I could not check that flow {code(str(flow))} exists: EnOS did not answer."]
    except Refused as refused:
        if refused.reason not in _NO_FLOW:
            raise
        raise await no_flow(services, context, request, flow, f"EnOS shows you no flow {code(str(flow))}.") from refused
    return []


async def no_flow(
    services: Services, context: CommandContext, request: ListRequest | Show, flow: FlowId, text: str
) -> FormattedRefusal:
    """The refusal of a flow that EnOS does not show, with flows of similar ids; ``text`` is mrkdwn."""
    near = await _flows_near(services, context, flow)
    offers = [(f"Flow {each}", say(replace(request, flow=FlowRef(each)))) for each in near]
    way_out = "Did you mean one of these?" if offers else f"Check the id; {code('show NAME')} finds flows by name."
    return FormattedRefusal("unknown_flow", f"{text} {way_out}", offers)


async def _flows_near(services: Services, context: CommandContext, flow: FlowId) -> list[FlowId]:
    """The flows with similar ids, of those that EnOS shows the asker; none where it does not answer."""
    try:
        ids = [int(each.id) for each in await services.enos.all_flows(as_user=context.as_user) if each.id != flow]
    except (TemporaryFailure, Refused):
        return []
    return [FlowId(each) for each in await asyncio.to_thread(nearest_ids, flow, ids)]


async def _check_owner(services: Services, context: CommandContext, request: ListRequest, owner: str) -> list[str]:
    linked = [link.user_name for link in await services.store.links()]
    if owner in linked:
        return []
    try:
        if owner in await _owners(services, context, owner):
            return []
        names = await _owners(services, context, "")
    except TemporaryFailure:
        return [f"I could not check that there is an owner {code(owner)}: EnOS did not answer."]
    near = await asyncio.to_thread(nearest_names, owner, [*dict.fromkeys((*linked, *names))])
    offers = [(each, say(replace(request, owner=OwnerRef(UserName(each))))) for each in near]
    text = (
        f"I find no owner {code(owner)}: EnOS shows you no run of theirs in the last {OWNER_LOOKBACK.days} days, "
        "and nobody is linked by that name."
    )
    way_out = (
        "Did you mean one of these?" if offers else f"Check the spelling; {code('show FLOW')} names a flow's owners."
    )
    raise FormattedRefusal("unknown_owner", f"{text} {way_out}", offers)


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
