"""Finding: the flow, instance or owner that somebody means, read with the asker's own EnOS rights."""

from collections.abc import Mapping, Sequence

from bot.core.cards import answers, flows
from bot.core.errors import Refused
from bot.core.escape import code
from bot.core.flows import Flow, FlowId, FlowName, Instance, InstanceId, UserName
from bot.core.people import Person
from bot.core.requests import FlowRef, OwnerRef
from bot.core.rights import Reason, owns, proves
from bot.work.asking import Ask, Rooms


class Several(Refused):
    """A name that several flows have: the asker chooses."""

    def __init__(self, name: str, matches: Sequence[FlowName]) -> None:
        super().__init__("ambiguous", f"{len(matches)} flows match “{name}”.", "Choose one, or say its id.")
        self.matches = tuple(matches)


class Denied(Refused):
    """Somebody may not. ``shown`` is the sentence as mrkdwn."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason.value, text)
        self.shown = text


async def flow_id(rooms: Rooms, ask: Ask, ref: FlowRef | None, *, exact: bool) -> FlowId:
    """Return the id of the flow that is meant: of the thread's incident where none is named.

    Changing verbs take an id or the whole name (``exact``), reading verbs also a unique prefix.
    """
    if ref is None:
        if ask.incident is None:
            raise Refused(
                "no_target",
                "I do not know which flow you mean: none is named, and this is not the thread of an incident.",
                f"Say its id: `{ask.row.verb} 3377`",
            )
        return ask.incident.flow_id
    if ref.id is not None:
        return ref.id
    found = await rooms.enos.all_flows(ref.name, as_user=ask.as_user)
    same = [each for each in found if each.name == ref.name]
    close = same or [each for each in found if each.name.casefold() == ref.name.casefold()]
    if not close and not exact:
        close = [each for each in found if each.name.casefold().startswith(ref.name.casefold())]
    if len(close) == 1:
        return close[0].id
    if close or found:
        raise Several(ref.name, (close or found)[:5])
    raise Refused(
        "unknown_flow",
        f"EnOS shows you no flow named “{ref.name}”.",
        "Check the spelling, or say its id; `failed` and `runs` list ids.",
    )


async def owned_flow(rooms: Rooms, ask: Ask, ref: FlowRef | FlowId | None) -> Flow:
    """Return the flow as the asker sees it now, or raise Denied: an owner, neither flow nor user locked.

    A link that was not proven is proven here, where the flow proves it.
    """
    which = ref if isinstance(ref, int) else await flow_id(rooms, ask, ref, exact=True)
    flow = await rooms.enos.flow(which, as_user=ask.link.user_id)
    reason = owns(ask.link, flow)
    if reason is Reason.MAY and not ask.link.proven:
        mine = await rooms.enos.my_flows(str(flow.id), as_user=ask.link.user_id)
        editable = any(each.id == flow.id and each.editable for each in mine)
        if not proves(ask.link, flow, editable=editable):
            reason = Reason.NOT_PROVEN
        else:
            await rooms.store.prove(ask.person)
    if reason is not Reason.MAY:
        raise Denied(reason, await denial(rooms, ask, reason, flow.owners, flows.flow_name(flow.id, flow.name)))
    return flow


async def denial(rooms: Rooms, ask: Ask, reason: Reason, names: Sequence[UserName] = (), flow: str = "") -> str:
    """Return the sentence of a refusal, with owners and admins named."""
    people = await people_of(rooms, names) if names else {}
    return answers.denial(
        reason,
        person=ask.person,
        admins=sorted(rooms.manners.admins),
        owners=flows.owners(names, people),
        flow=flow,
        link=ask.standing.link,
    )


async def people_of(rooms: Rooms, names: Sequence[UserName]) -> Mapping[UserName, Person]:
    """Return those owners who are linked."""
    wanted = set(names)
    return {link.user_name: link.person for link in await rooms.store.links() if link.user_name in wanted}


async def instance(rooms: Rooms, ask: Ask, which: InstanceId | None) -> Instance:
    """Return the instance that is meant: the newest failure of the thread's incident where none is named."""
    if which is None:
        if ask.incident is None or not ask.incident.occurrences:
            raise Refused(
                "no_target",
                "I do not know which run you mean: none is named, and this is not the thread of an incident.",
                f"Say its id: `{ask.row.verb} 2809-20190812080700`",
            )
        which = ask.incident.occurrences[-1].instance
    found = await rooms.enos.instance(which, as_user=ask.as_user)
    if found is None:
        raise Refused(
            "unknown_instance",
            f"EnOS shows you no run {which}.",
            f"`runs of {which.partition('-')[0]}` lists the runs of that flow.",
        )
    return found


async def owner_name(rooms: Rooms, ask: Ask, ref: OwnerRef | None) -> str:
    """Return the user name to filter by; empty for none."""
    if ref is None:
        return ""
    if ref.name is not None:
        return ref.name
    if ref.me:
        return ask.link.user_name
    link = await rooms.store.link(Person(ask.person.team, ref.person))
    if link is None:
        raise Refused(
            "person_not_linked",
            "That person is not linked to an EnOS user, so I cannot tell their flows.",
            "Say their EnOS user name: `by jane.doe`",
        )
    return link.user_name


def in_words(flow: Flow) -> str:
    """Return the flow's id and name as mrkdwn."""
    return flows.flow_name(flow.id, flow.name) or code(str(flow.id))
