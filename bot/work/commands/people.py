"""People: link, unlink, people and whoami. The person and the admins get a message about every changed link."""

from bot.core.command.parse import say
from bot.core.command.requests import LinkPerson, People, Unlink, Whoami
from bot.core.command.rights import VERIFY_FLOWS, Caller, Denial, may_use_bot, verifies
from bot.core.errors import Failure, as_text
from bot.core.flow.model import UserId, UserName
from bot.core.outbox.conversations import SlackRefused
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Link, Person
from bot.core.text.escape import code, mention, ticked
from bot.core.text.message import rendered
from bot.messages import blocks
from bot.messages.cards import answers
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import listed
from bot.work.delivery.reachability import reachable


async def link(services: Services, context: CommandContext, request: LinkPerson) -> Answer:
    """Link a Slack person to an EnOS user, and try to prove it."""
    person = Person(context.incoming.by.team, request.person)
    await _refuse_others(services, person)
    verified, why = await proof(services, Link(person, request.user_id, request.user_name))
    before = await services.store.link(person)  # read after EnOS, which may have taken long
    same = before is not None and (before.user_id, before.user_name) == (request.user_id, request.user_name)
    if same and before is not None and before.verified and not verified:
        verified, why = True, "It was proven before, and stays so."
    new = Link(person, request.user_id, request.user_name, verified=verified)
    await _refuse_taken(services, new)
    done = "confirmed the link of" if same else "linked" if before is None else "changed the link of"
    text = (
        f"{mention(context.incoming.by.user)} {done} {mention(person.user)} to EnOS user {code(new.user_name)} "
        f"({code(new.user_id)}). {why}"
    )
    if before is not None and not same:
        text += f" Before, it was {code(before.user_name)} ({code(before.user_id)})."
    await services.store.put_links([new], posts=await notices(services, context, person, text))
    body = answers.told(context.words, text, post=context.post, offers=[("Unlink", f"unlink <@{person.user}>")])
    return Answer(body, private=True, result=f"{person} {new.user_id} {new.user_name}")


async def unlink(services: Services, context: CommandContext, request: Unlink) -> Answer:
    """Remove a person's link."""
    person = Person(context.incoming.by.team, request.person)
    before = await services.store.link(person)
    if before is None:
        raise targets.FormattedRefusal(
            "not_linked",
            f"{mention(person.user)} is not linked, so nothing was changed. {code('people')} lists who is.",
        )
    text = (
        f"{mention(context.incoming.by.user)} removed the link of {mention(person.user)} to EnOS user "
        f"{code(before.user_name)} ({code(before.user_id)})."
    )
    await services.store.remove_link(person, posts=await notices(services, context, person, text))
    again = say(LinkPerson(person.user, before.user_id, before.user_name))
    body = answers.told(context.words, text, post=context.post, offers=[("Link again", again)])
    return Answer(body, private=True, result=str(person))


async def _refuse_others(services: Services, person: Person) -> None:
    """Refuse to link anybody but an active person of this workspace."""
    try:
        profile = await services.slack.profile(person.user, team=person.team)
    except SlackRefused as refused:
        raise targets.FormattedRefusal(
            "unknown_person", f"Slack knows no such person here ({code(refused.error)}). Check whom you mentioned."
        ) from refused
    reason = may_use_bot(Caller(profile, Link(person, UserId(""), UserName(""))))
    if reason is not Denial.NONE:
        raise targets.FormattedRefusal(
            "not_a_colleague",
            f"Only active people of this workspace can be linked, and {mention(person.user)} is none. "
            "Check whom you mentioned.",
        )


async def _refuse_taken(services: Services, new: Link) -> None:
    """Refuse where the EnOS user is linked to another person. The store would refuse too, but names nobody."""
    for held in await services.store.links():
        if held.person != new.person and (held.user_id == new.user_id or held.user_name == new.user_name):
            offer = ("Unlink them", f"unlink <@{held.person.user}>")
            raise targets.FormattedRefusal(
                "taken",
                f"EnOS user {code(held.user_name)} ({code(held.user_id)}) is linked to {mention(held.person.user)} "
                "already, and one EnOS user has one person, so nothing was changed. "
                "Unlink them first if that is wrong.",
                [offer],
            )


async def people(services: Services, context: CommandContext, request: People) -> Answer:
    """List who is linked."""
    lines = [
        f"{mention(each.person.user)} — {code(each.user_name)} {code(each.user_id)}, "
        f"{'proven' if each.verified else 'not proven: reads only'}"
        for each in sorted(await services.store.links(), key=lambda each: each.user_name)
    ]
    nothing = "Nobody is linked yet. An admin links people: `link @person USERID NAME`."
    return Answer(listed(context, request, lines, "*Linked people*", nothing), private=True)


async def whoami(services: Services, context: CommandContext, _request: Whoami) -> Answer:
    """Show the asker's link and rights."""
    profile, own = context.caller.profile, context.caller.link
    parts = [f"You are {mention(context.incoming.by.user)} ({code(str(context.incoming.by))})."]
    if own is None:
        way_out = answers.please_link(
            context.incoming.by, sorted(services.answer_settings.admins), services.answer_settings.command
        )
        parts.append(
            "You are not linked to an EnOS user yet, so I can neither read nor change anything in EnOS for you. "
            + way_out
        )
    else:
        parts.append(f"In EnOS you are {code(own.user_name)} ({code(own.user_id)}).")
        parts.append(
            "The link is proven."
            if own.verified
            else "The link is not proven yet, so you may read but not change; it is proven by the first flow of yours "
            "that you change."
        )
    if context.caller.admin:
        parts.append("You are an admin of the bot.")
    if context.caller.on_call:
        parts.append("You are on call, so you may acknowledge every incident.")
    if context.caller.unread:
        parts.append(rendered(as_text(context.caller.unread)))
    zone = f"Your times are in {code(str(context.zone))}, from your Slack profile."
    if str(context.zone) != profile.timezone:
        zone = f"Your times are in {code(str(context.zone))}, since your Slack profile names no time zone that I know."
    return Answer(
        answers.told(context.words, " ".join(parts), post=context.post, extra=[blocks.context(zone)]), private=True
    )


async def proof(services: Services, link: Link) -> tuple[bool, str]:
    """Whether a flow proves the link, and the sentence that says so, as mrkdwn.

    A link is proven by a flow that its user id may edit (Get My Flow) and that names its user name among the owners.
    """
    user: UserId = link.user_id
    try:
        mine = [each for each in await services.enos.my_flows(as_user=user) if each.editable]
        for each in mine[:VERIFY_FLOWS]:
            flow = await services.enos.flow(each.id, as_user=user)
            if verifies(link, flow, editable=True):
                return (
                    True,
                    f"Flow {code(str(flow.id))} proves it: this user may edit it and is named as an owner.",
                )
    except Failure as failure:
        return (
            False,
            f"It is not proven yet, so it may only read. {ticked(str(failure))}",
        )
    if not mine:
        return False, "It is not proven: this user may edit no flow. Until one proves it, it may only read."
    looked = f", of the first {VERIFY_FLOWS} I looked at," if len(mine) > VERIFY_FLOWS else ""
    return False, (
        f"It is not proven: no flow that this user may edit{looked} names {code(link.user_name)} as an owner. "
        "Check the name; until it is proven it may only read."
    )


async def notices(services: Services, context: CommandContext, person: Person, text: str) -> tuple[NewPost, ...]:
    """The direct messages to the person and to the other admins, except those whom no direct message reaches."""
    text += " If that is wrong, tell an admin of the bot."
    whom = {person.user, *services.answer_settings.admins} - {context.incoming.by.user}
    return tuple(
        NewPost(
            id=PostId(services.new_id()),
            kind=PostKind.MESSAGE,
            lane=Lane.HOUSEKEEPING,
            channel=user,
            body=answers.told("", text),
            due=context.now,
        )
        for user in reachable(sorted(whom), await services.store.notes(), context.now)
    )
