"""People: link, unlink, people and whoami. The person and the admins get a message about every changed link."""

from bot.core.command.parse import say
from bot.core.command.requests import ME, LinkPerson, People, Unlink, Whoami
from bot.core.command.rights import VERIFY_FLOWS, Caller, Denial, may_use_bot, verifies
from bot.core.errors import Failure, Refusal
from bot.core.flow.model import UserId, UserName
from bot.core.outbox import blocks
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Link, Person
from bot.core.text.escape import Markup, code, mention
from bot.core.text.message import Text, dots, layout, lines, msg, sentences
from bot.messages.cards import answers
from bot.work.commands import asking, targets
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import listed
from bot.work.delivery.reachability import reachable


async def link(services: Services, context: CommandContext, request: LinkPerson) -> Answer:
    """Link a Slack person to an EnOS user, and try to prove it; or ask for that, for oneself."""
    if request.person == ME:
        return await asking.ask_for_link(services, context, request)
    person = Person(context.incoming.by.team, request.person)
    await _refuse_others(services, person)
    verified, why = await proof(services, Link(person, request.user_id, request.user_name))
    before = await services.store.link(person)  # read after EnOS, which may have taken long
    same = before is not None and (before.user_id, before.user_name) == (request.user_id, request.user_name)
    if same and before is not None and before.verified and not verified:
        verified, why = True, msg("It was verified before, and stays verified.")
    new = Link(person, request.user_id, request.user_name, verified=verified)
    await _refuse_taken(services, new)
    text = sentences(_linked(context.incoming.by, new, before), why)
    headline = msg("Linked to EnOS user {name}", name=code(new.user_name))
    await services.store.put_links([new], posts=await notices(services, context, person, text, headline))
    offers = [(msg("Unlink"), f"unlink <@{person.user}>")]
    body = answers.told(context.words, text, headline=headline, post=context.post, offers=offers)
    return Answer(body, private=True, result=f"{person} {new.user_id} {new.user_name}")


def _linked(by: Person, new: Link, before: Link | None) -> Text:
    about: dict[str, Markup] = {
        "admin": mention(by.user),
        "person": mention(new.person.user),
        "name": code(new.user_name),
        "id": code(new.user_id),
    }
    if before is None:
        return msg("{admin} linked {person} to EnOS user {name} ({id}).", **about)
    if (before.user_id, before.user_name) == (new.user_id, new.user_name):
        return msg("{admin} confirmed the link of {person} to EnOS user {name} ({id}).", **about)
    return msg(
        "{admin} changed the link of {person} to EnOS user {name} ({id}). Before, it was {old_name} ({old_id}).",
        old_name=code(before.user_name),
        old_id=code(before.user_id),
        **about,
    )


async def unlink(services: Services, context: CommandContext, request: Unlink) -> Answer:
    """Remove a person's link."""
    person = Person(context.incoming.by.team, request.person)
    before = await services.store.link(person)
    if before is None:
        raise Refusal(
            "not_linked",
            msg(
                "{person} is not linked to an EnOS user. Nothing was changed. `people` lists who is linked.",
                person=mention(person.user),
            ),
        )
    text = msg(
        "{admin} unlinked {person} from EnOS user {name} ({id}).",
        admin=mention(context.incoming.by.user),
        person=mention(person.user),
        name=code(before.user_name),
        id=code(before.user_id),
    )
    headline = msg("Unlinked from EnOS user {name}", name=code(before.user_name))
    await services.store.remove_link(person, posts=await notices(services, context, person, text, headline))
    again = say(LinkPerson(person.user, before.user_id, before.user_name))
    offers = [(msg("Link again"), again)]
    body = answers.told(context.words, text, headline=headline, post=context.post, offers=offers)
    return Answer(body, private=True, result=str(person))


async def _refuse_others(services: Services, person: Person) -> None:
    """Refuse to link anybody but an active person of this workspace."""
    profile = await targets.mentioned_person(services, person)
    reason = may_use_bot(Caller(profile, Link(person, UserId(""), UserName(""))))
    if reason is not Denial.NONE:
        raise Refusal(
            "not_a_colleague",
            msg(
                "I can link active people of this workspace only, and {person} is not one. Nothing was changed. "
                "Check whom you mentioned.",
                person=mention(person.user),
            ),
        )


async def _refuse_taken(services: Services, new: Link) -> None:
    """Refuse where the EnOS user is linked to another person. The store would refuse too, but names nobody."""
    for held in await services.store.links():
        if held.person != new.person and (held.user_id == new.user_id or held.user_name == new.user_name):
            raise Refusal(
                "taken",
                msg(
                    "EnOS user {name} ({id}) is already linked to {person}. An EnOS user can have only one person. "
                    "Nothing was changed. If that link is wrong, unlink it first.",
                    name=code(held.user_name),
                    id=code(held.user_id),
                    person=mention(held.person.user),
                ),
                offers=[(msg("Unlink"), f"unlink <@{held.person.user}>")],
            )


async def people(services: Services, context: CommandContext, request: People) -> Answer:
    """List who is linked."""
    links = sorted(await services.store.links(), key=lambda each: each.user_name)
    title = msg("Linked people: {n}", n=len(links))
    nothing = msg("Nobody is linked yet. A flowbot admin links people with `link @person USERID NAME`.")
    return Answer(listed(context, request, [_row(each) for each in links], title, nothing), private=True)


def _row(link: Link) -> Text:
    who = layout(
        "{person} · {name} {id}", person=mention(link.person.user), name=code(link.user_name), id=code(link.user_id)
    )
    return dots(who, msg("verified") if link.verified else msg("not verified: read-only"))


async def whoami(services: Services, context: CommandContext, _request: Whoami) -> Answer:
    """Show the asker's link and rights."""
    caller, person = context.caller, context.incoming.by
    text = lines(
        *_identity(services, context),
        msg("You are a flowbot admin: you can link people and see the audit.") if caller.admin else None,
        msg("You are on call: you can acknowledge every incident.") if caller.on_call else None,
        caller.unread,
    )
    zone = code(str(context.zone))
    note = (
        msg("Your times are in {zone}, the time zone of your Slack profile.", zone=zone)
        if str(context.zone) == caller.profile.timezone
        else msg("Your times are in {zone}: your Slack profile has no time zone that I know.", zone=zone)
    )
    extra = [blocks.context(note, msg("Your Slack ID is {id}.", id=code(str(person))))]
    offers = targets.link_offers(services, context)
    return Answer(answers.told(context.words, text, post=context.post, extra=extra, offers=offers), private=True)


def _identity(services: Services, context: CommandContext) -> tuple[Text, ...]:
    """Who the asker is in EnOS, and what that allows."""
    link, settings, person = context.caller.link, services.answer_settings, context.incoming.by
    if link is None:
        way = answers.please_link(person, sorted(settings.admins), settings.command)
        return (
            sentences(msg("You're not linked to an EnOS user yet."), way),
            msg("Until then, I can't read or change anything in EnOS for you."),
        )
    who = msg("You are {name} ({id}) in EnOS.", name=code(link.user_name), id=code(link.user_id))
    if link.verified:
        return who, msg("Your link is verified: you can change the flows that you own.")
    return (
        who,
        msg(
            "Your link is not verified yet, so it is read-only. It is verified the first time that you change a flow "
            "that you own."
        ),
    )


async def proof(services: Services, link: Link) -> tuple[bool, Text]:
    """Whether a flow verifies the link, and the sentence that says so.

    A link is verified by a flow that its user ID may edit (Get My Flow) and that names its user name among the owners.
    """
    user: UserId = link.user_id
    try:
        mine = [each for each in await services.enos.my_flows(as_user=user) if each.editable]
        for each in mine[:VERIFY_FLOWS]:
            flow = await services.enos.flow(each.id, as_user=user)
            if verifies(link, flow, editable=True):
                return True, msg(
                    "Flow {flow} verifies it: this user can edit it and is one of its owners.", flow=code(str(flow.id))
                )
    except Failure as failure:
        return False, sentences(msg("It is not verified yet, so it is read-only."), failure.message)
    if not mine:
        return False, msg("It is not verified yet, so it is read-only: this user can edit no flow in EnOS.")
    if len(mine) > VERIFY_FLOWS:
        return False, msg(
            "It is not verified, so it is read-only: none of the first {n} flows that this user can edit names {name} "
            "as an owner. Check the name.",
            n=VERIFY_FLOWS,
            name=code(link.user_name),
        )
    return False, msg(
        "It is not verified, so it is read-only: no flow that this user can edit names {name} as an owner. "
        "Check the name.",
        name=code(link.user_name),
    )


async def notices(
    services: Services, context: CommandContext, person: Person, text: Text, headline: Text
) -> tuple[NewPost, ...]:
    """The direct messages to the person and to the other admins, except those whom no direct message reaches."""
    told = sentences(text, msg("If this is wrong, tell a flowbot admin."))
    whom = {person.user, *services.answer_settings.admins} - {context.incoming.by.user}
    return tuple(
        NewPost(
            id=PostId(services.new_id()),
            kind=PostKind.MESSAGE,
            lane=Lane.HOUSEKEEPING,
            channel=user,
            body=answers.told("", told, headline=headline),
            due=context.now,
        )
        for user in reachable(sorted(whom), await services.store.notes(), context.now)
    )
