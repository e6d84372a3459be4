"""Targets: the flow, instance or owner that somebody means, read with the asker's own EnOS rights."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.core.command import buttons, wanted
from bot.core.command.parse import in_words, say
from bot.core.command.requests import FlowRef, OwnerRef, Request
from bot.core.command.rights import Denial, may_change, verifies
from bot.core.command.shown import in_code
from bot.core.errors import Failure, Offer, Refusal, TemporaryFailure
from bot.core.flow.model import (
    Flow,
    FlowId,
    FlowName,
    Instance,
    InstanceId,
    UserName,
)
from bot.core.outbox.conversations import SlackRefused
from bot.core.people.model import Person, Profile
from bot.core.text.escape import EMPTY, code, mention
from bot.core.text.likeness import begun, likeness, nearest_names, unmarked
from bot.core.text.message import Message, Value, layout, msg, plural, sentences
from bot.core.values import dataclass
from bot.messages.cards import answers, flows
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.flow_access import GONE_REASONS, HIDDEN_REASONS, refusal_reason

CHOICES = 10  # flows offered where a name is not clear
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")  # a name of these is printed as it is
_IN_A_THREAD = msg("In an incident's thread you can leave it out.")


def _behind_verb(context: CommandContext, example: str) -> dict[str, Value]:
    """The data of a sentence that says what is missing behind the verb."""
    word = context.row.word_in
    return {"after": in_code(word), "example": in_code(lambda language: f"{word(language)} {example}")}


async def flow_id(services: Services, context: CommandContext, ref: FlowRef | None, *, exact: bool) -> FlowId:
    """The id of the flow that is meant: of the thread's incident where none is named.

    Changing verbs take an id or the whole name (``exact``), reading verbs also a unique prefix.
    """
    if ref is None:
        if context.incident is None:
            raise Refusal(
                "no_target",
                Message(wanted.FLOW.missing.text, _behind_verb(context, "3377")),
                _IN_A_THREAD,
            )
        return context.incident.flow_id
    if ref.id is not None:
        return ref.id
    found, close = await _found_by_name(services, context, ref, exact=exact)
    if len(close) == 1:
        return close[0].id
    if close or found:
        raise _ambiguous(context.request, ref.name, close or found, alike=bool(close))
    raise Refusal(
        "unknown_flow",
        msg("EnOS shows you no flow named {name}.", name=flows.bold(ref.name)),
        msg("Check the spelling, or use its ID. `failed` and `runs` list IDs."),
    )


async def _found_by_name(
    services: Services, context: CommandContext, ref: FlowRef, *, exact: bool
) -> tuple[Sequence[FlowName], Sequence[FlowName]]:
    """The flows whose names are near to a name, and those of them that it means.

    EnOS searches for the text as it is. A name that was copied from an answer, typed in another width, or mistyped is
    searched among all flows.
    """
    found: dict[FlowId, FlowName] = {}
    for text in dict.fromkeys(filter(None, (ref.typed, ref.name))):
        found |= {each.id: each for each in await services.enos.all_flows(text, as_user=context.as_user)}
    # Where a copied name holds unusual characters, EnOS may find only flows that begin with it and miss the one that
    # looks like it: so a match by its beginning does not count yet.
    close = _closest(list(found.values()), ref, exact=exact or not _PLAIN.fullmatch(ref.typed or ref.name))
    if close:
        return list(found.values()), close
    everything = await services.enos.all_flows(as_user=context.as_user)
    # Ten thousand names take a moment to compare, so it is done in a thread.
    close = await asyncio.to_thread(_closest, everything, ref, exact=exact)
    if close or found:
        return list(found.values()), close
    names = await asyncio.to_thread(nearest_names, ref.name, [each.name for each in everything])
    return sorted((each for each in everything if each.name in names), key=lambda each: names.index(each.name)), close


def _closest(found: Sequence[FlowName], ref: FlowRef, *, exact: bool) -> Sequence[FlowName]:
    """The flows that match best: by the same name, by the name in other capitals, by its looks, or by its beginning.

    Marks around the typed name, or punctuation after it, may be part of the name or not.
    """
    folded, alike = ref.name.casefold(), {likeness(ref.name), unmarked(ref.name)}
    kinds: list[Callable[[FlowName], bool]] = [
        lambda each: each.name == ref.typed,
        lambda each: each.name == ref.name,
        lambda each: each.name.casefold() == folded,
        lambda each: likeness(each.name) in alike,
    ]
    if not exact:
        head = begun(ref.name) or likeness(ref.name)
        kinds += [
            lambda each: unmarked(each.name) in alike,
            lambda each: bool(head) and likeness(each.name).startswith(head),
        ]
    for kind in kinds:
        if matching := [each for each in found if kind(each)]:
            return matching
    return []


def _ambiguous(request: Request, name: str, matches: Sequence[FlowName], *, alike: bool) -> Refusal:
    """The question which flow is meant; each choice repeats the asker's command with a flow's id."""
    offers = [
        (
            layout("{name} ({id})", name=flows.short(each.name), id=str(each.id)),
            say(_with_flow(request, FlowRef(each.id))),
        )
        for each in matches[:CHOICES]
    ]
    named, count = flows.bold(name), len(matches)
    looks = {likeness(name), unmarked(name)}
    if not alike:
        text = plural(
            "No flow is named {name}. Did you mean this one?",
            "No flow is named {name}. Did you mean one of these?",
            count,
            name=named,
        )
    elif all(likeness(each.name) in looks for each in matches):
        text = plural("{n} flow is named {name}.", "{n} flows are named {name}.", count, name=named)
    else:
        text = plural(
            "The name of {n} flow begins with {name}.", "The names of {n} flows begin with {name}.", count, name=named
        )
    more = msg("These are the first {n}.", n=CHOICES) if count > CHOICES else None
    return Refusal("ambiguous", sentences(text, more, msg("Choose one, or use its ID.")), offers=offers)


def _with_flow(request: Request, flow: FlowRef) -> Request:
    """The request about this flow. Only for requests that name a flow."""
    changed: Request = replace(request, flow=flow)  # type: ignore[arg-type]  # not all requests have one
    return changed


async def owned_flow(services: Services, context: CommandContext, which: FlowId) -> Flow:
    """The flow as the asker sees it now. Raises ``Refusal`` unless they may change it.

    They may as one of its owners, where EnOS has locked neither the flow nor the user. A link that is not verified yet
    is marked as verified here if this flow verifies it.
    """
    flow = await services.enos.flow(which, as_user=context.link.user_id)
    reason = may_change(context.link, flow)
    if reason is Denial.NONE and not await verified(services, context, flow):
        reason = Denial.NOT_VERIFIED
    if reason is not Denial.NONE:
        raise await denial(services, context, reason, flow.owners, FlowName(flow.id, flow.name))
    return flow


async def verified(services: Services, context: CommandContext, flow: Flow) -> bool:
    """Whether the asker's link is verified now: this flow may be the one that verifies it."""
    if context.link.verified:
        return True
    mine = await services.enos.my_flows(str(flow.id), as_user=context.link.user_id)
    editable = any(each.id == flow.id and each.editable for each in mine)
    if not verifies(context.link, flow, editable=editable):
        return False
    if not await services.store.mark_proven(context.link):
        raise link_changed()
    return True


def link_changed() -> Refusal:
    """The refusal where the asker's link changed since it was read."""
    return Refusal(
        "link_changed",
        msg("Your link to EnOS changed while I worked on this. Nothing was changed."),
        msg("Check your link with `whoami`, then try again."),
    )


async def still_linked(services: Services, context: CommandContext) -> None:
    """Raise ``Refusal`` where the asker's link changed or was removed, so that what was read by it is not shown."""
    now = await services.store.link(context.incoming.by)
    was = context.caller.link
    if was is not None and (now is None or (now.user_id, now.user_name) != (was.user_id, was.user_name)):
        raise link_changed()


async def denial(
    services: Services,
    context: CommandContext,
    reason: Denial,
    names: Sequence[UserName] = (),
    flow: FlowName | None = None,
) -> Refusal:
    """The refusal, which names owners and admins, and offers to ask the owners."""
    people = await services.owners.people_of(names)
    link = context.caller.link
    sentence = answers.denial(
        reason,
        person=context.incoming.by,
        command=services.answer_settings.command,
        admins=sorted(services.answer_settings.admins),
        owners=flows.owners(names, people) if names else None,
        flow=flows.flow_name(flow.id, flow.name) if flow is not None else EMPTY,
        user_name=link.user_name if link is not None else "",
        unread=context.caller.unread,
    )
    refusal = Refusal(reason.value, sentence, offers=link_offers(services, context))
    if flow is None or reason not in {Denial.NOT_OWNER, Denial.NOT_RESPONDER}:
        return refusal
    from bot.work.commands import ask_offers  # not before somebody may not

    return ask_offers.with_ask(services, context, refusal, flow.id, people.values())


def link_offers(services: Services, context: CommandContext) -> list[Offer]:
    """The button to ask for a link, for somebody without one whom an admin can link."""
    by, admins = context.incoming.by.user, services.answer_settings.admins
    profile = context.caller.profile
    is_other = profile.bot or profile.stranger or profile.deleted
    if context.caller.link is not None or by in admins or not admins or is_other:
        return []
    return [(answers.ASK_TO_BE_LINKED, buttons.form("link me"))]


@dataclass(frozen=True, slots=True)
class FlowOwners:
    """Who owns a flow, as far as it could be read at this moment."""

    names: tuple[UserName, ...]
    unread: Failure | None = (
        None  # why the asker could not read it; ``names`` are as the bot's own user sees them, or old
    )
    hidden: bool = False  # EnOS does not show it to the asker
    gone: bool = False  # nor to the bot's own user
    now: bool = True  # the names are as EnOS has them now; else they are those known before


async def current_owners(
    services: Services, context: CommandContext, flow: FlowId, known: Sequence[UserName]
) -> FlowOwners:
    """A flow's owners as EnOS shows them now to the asker, else to the bot's own user; else those ``known`` before."""
    try:
        return FlowOwners((await services.enos.flow(flow, as_user=context.as_user)).owners)
    except TemporaryFailure as outage:
        return FlowOwners(tuple(known), unread=outage, now=False)
    except Refusal as refusal:
        unread = refusal
    hidden = refusal_reason(unread) in HIDDEN_REASONS
    try:
        return FlowOwners((await services.enos.flow(flow)).owners, unread, hidden)
    except TemporaryFailure as outage:
        return FlowOwners(tuple(known), outage, hidden, now=False)
    except Refusal as refusal:
        return FlowOwners(tuple(known), unread, hidden, gone=refusal_reason(refusal) in GONE_REASONS, now=False)


async def instance(services: Services, context: CommandContext, which: InstanceId | None) -> Instance:
    """The instance that is meant: the newest failure of the thread's incident where none is named."""
    if which is None:
        if context.incident is None or not context.incident.occurrences:
            raise Refusal(
                "no_target",
                msg(
                    "Which run? {after} needs a run ID, for example {example}.",
                    **_behind_verb(context, "2809-20190812080700"),
                ),
                _IN_A_THREAD,
            )
        which = context.incident.occurrences[-1].instance
    found = await services.enos.instance(which, as_user=context.as_user)
    if found is None:
        raise Refusal(
            "unknown_instance",
            msg("EnOS shows you no run {run}.", run=code(which)),
            msg("{command} lists the runs of that flow.", command=in_words(f"runs of {which.partition('-')[0]}")),
        )
    return found


async def owner_name(services: Services, context: CommandContext, ref: OwnerRef | None) -> str:
    """The EnOS user name to filter by; empty for none."""
    if ref is None:
        return ""
    if ref.name is not None:
        linked = [link.user_name for link in await services.store.links()]
        if ref.typed in linked:
            return UserName(ref.typed)
        alike = [name for name in linked if likeness(name) == likeness(ref.name)]
        return alike[0] if len(alike) == 1 and ref.name not in linked else ref.name
    if ref.me:
        return context.link.user_name
    link = await services.store.link(Person(context.incoming.by.team, ref.person))
    if link is None:
        raise Refusal(
            "person_not_linked",
            msg(
                "{person} is not linked to an EnOS user, so I don't know which flows they own.",
                person=mention(ref.person),
            ),
            msg("Use their EnOS user name, for example `by jane.doe`."),
        )
    return link.user_name


async def mentioned_person(services: Services, person: Person) -> Profile:
    """The account of somebody whom a command mentions. Raises ``Refusal`` where Slack does not show it."""
    try:
        return await services.slack.profile(person.user, team=person.team)
    except SlackRefused as refused:
        raise Refusal(
            "unknown_person",
            msg(
                "Slack doesn't show me this person ({error}). Nothing was changed. Check whom you mentioned.",
                error=code(refused.error),
            ),
        ) from refused
