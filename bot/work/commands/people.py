"""People: link, unlink, people and whoami. The person and the admins are told of every new or changed link."""

from bot.core.command.parse import say
from bot.core.command.requests import LinkPerson, People, Unlink, Whoami
from bot.core.command.rights import PROOFS, Reason, Standing, heard, proves
from bot.core.errors import Failure
from bot.core.flow.model import UserId, UserName
from bot.core.outbox.conversations import SlackRefused
from bot.core.outbox.posts import Kind, Lane, NewPost, PostId
from bot.core.people.model import Link, Person
from bot.core.text.escape import code, mention
from bot.messages import blocks
from bot.messages.cards import answers
from bot.work.commands import targets
from bot.work.commands.context import Answer, Ask, Rooms
from bot.work.commands.listing import listed
from bot.work.delivery.reach import reachable


async def link(rooms: Rooms, ask: Ask, request: LinkPerson) -> Answer:
    """Tie a Slack person to an EnOS user, and try to prove it."""
    person = Person(ask.person.team, request.person)
    await _refuse_others(rooms, person)
    proven, why = await proof(rooms, Link(person, request.user_id, request.user_name))
    before = await rooms.store.link(person)  # as it is now: EnOS may have taken its time
    same = before is not None and (before.user_id, before.user_name) == (request.user_id, request.user_name)
    if same and before is not None and before.proven and not proven:
        proven, why = True, "It was proven before, and stays so."
    new = Link(person, request.user_id, request.user_name, proven=proven)
    await _refuse_taken(rooms, new)
    done = "confirmed the link of" if same else "linked" if before is None else "changed the link of"
    text = (
        f"{mention(ask.person.user)} {done} {mention(person.user)} to EnOS user {code(new.user_name)} "
        f"({code(new.user_id)}). {why}"
    )
    if before is not None and not same:
        text += f" Before, it was {code(before.user_name)} ({code(before.user_id)})."
    await rooms.store.put_links([new], posts=await notices(rooms, ask, person, text))
    body = answers.told(ask.words, text, post=ask.post, offers=[("Unlink", f"unlink <@{person.user}>")])
    return Answer(body, private=True, result=f"{person} {new.user_id} {new.user_name}")


async def unlink(rooms: Rooms, ask: Ask, request: Unlink) -> Answer:
    """Untie."""
    person = Person(ask.person.team, request.person)
    before = await rooms.store.link(person)
    if before is None:
        raise targets.Shown(
            "not_linked",
            f"{mention(person.user)} is not linked, so nothing was changed. {code('people')} lists who is.",
        )
    text = (
        f"{mention(ask.person.user)} removed the link of {mention(person.user)} to EnOS user "
        f"{code(before.user_name)} ({code(before.user_id)})."
    )
    await rooms.store.remove_link(person, posts=await notices(rooms, ask, person, text))
    again = say(LinkPerson(person.user, before.user_id, before.user_name))
    body = answers.told(ask.words, text, post=ask.post, offers=[("Link again", again)])
    return Answer(body, private=True, result=str(person))


async def _refuse_others(rooms: Rooms, person: Person) -> None:
    """Refuse to link who is no active person of this workspace."""
    try:
        profile = await rooms.slack.profile(person.user, team=person.team)
    except SlackRefused as refused:
        raise targets.Shown(
            "unknown_person", f"Slack knows no such person here ({code(refused.error)}). Check whom you mentioned."
        ) from refused
    reason = heard(Standing(profile, Link(person, UserId(""), UserName(""))))
    if reason is not Reason.MAY:
        raise targets.Shown(
            "not_a_colleague",
            f"Only active people of this workspace can be linked, and {mention(person.user)} is none. "
            "Check whom you mentioned.",
        )


async def _refuse_taken(rooms: Rooms, new: Link) -> None:
    """Refuse where the EnOS user has another person; the store would, but names nobody."""
    for held in await rooms.store.links():
        if held.person != new.person and (held.user_id == new.user_id or held.user_name == new.user_name):
            offer = ("Unlink them", f"unlink <@{held.person.user}>")
            raise targets.Shown(
                "taken",
                f"EnOS user {code(held.user_name)} ({code(held.user_id)}) is linked to {mention(held.person.user)} "
                "already, and one EnOS user has one person, so nothing was changed. "
                "Unlink them first if that is wrong.",
                [offer],
            )


async def people(rooms: Rooms, ask: Ask, request: People) -> Answer:
    """List who is linked."""
    lines = [
        f"{mention(each.person.user)} — {code(each.user_name)} {code(each.user_id)}, "
        f"{'proven' if each.proven else 'not proven: reads only'}"
        for each in sorted(await rooms.store.links(), key=lambda each: each.user_name)
    ]
    nothing = "Nobody is linked yet. An admin links people: `link @person USERID NAME`."
    return Answer(listed(ask, request, lines, "*Linked people*", nothing), private=True)


async def whoami(rooms: Rooms, ask: Ask, _request: Whoami) -> Answer:
    """Tell the asker who they are to the bot."""
    profile, own = ask.standing.profile, ask.standing.link
    parts = [f"You are {mention(ask.person.user)} ({code(str(ask.person))})."]
    if own is None:
        way_out = answers.please_link(ask.person, sorted(rooms.manners.admins), rooms.manners.command)
        parts.append(
            "You are not linked to an EnOS user yet, so I can neither read nor change anything in EnOS for you. "
            + way_out
        )
    else:
        parts.append(f"In EnOS you are {code(own.user_name)} ({code(own.user_id)}).")
        parts.append(
            "The link is proven."
            if own.proven
            else "The link is not proven yet, so you may read but not change; it is proven by the first flow of yours "
            "that you change."
        )
    if ask.standing.admin:
        parts.append("You are an admin of the bot.")
    if ask.standing.on_call:
        parts.append("You are on call, so you may acknowledge every incident.")
    if ask.standing.unread:
        parts.append(answers.ticked(ask.standing.unread))
    zone = f"Your times are in {code(str(ask.zone))}, from your Slack profile."
    if str(ask.zone) != profile.timezone:
        zone = f"Your times are in {code(str(ask.zone))}, since your Slack profile names no time zone that I know."
    return Answer(answers.told(ask.words, " ".join(parts), post=ask.post, extra=[blocks.context(zone)]), private=True)


async def proof(rooms: Rooms, link: Link) -> tuple[bool, str]:
    """Return whether a flow proves the link, and the sentence that says so.

    A link is proven once a flow that its user id may edit (Get My Flow) names its user name among the owners.
    """
    user: UserId = link.user_id
    try:
        mine = [each for each in await rooms.enos.my_flows(as_user=user) if each.editable]
        for each in mine[:PROOFS]:
            flow = await rooms.enos.flow(each.id, as_user=user)
            if proves(link, flow, editable=True):
                return (
                    True,
                    f"Flow {code(str(flow.id))} proves it: this user may edit it and is named as an owner.",
                )
    except Failure as failure:
        return (
            False,
            f"It is not proven yet, so it may only read. {answers.ticked(str(failure))}",
        )
    if not mine:
        return False, "It is not proven: this user may edit no flow. Until one proves it, it may only read."
    looked = f", of the first {PROOFS} I looked at," if len(mine) > PROOFS else ""
    return False, (
        f"It is not proven: no flow that this user may edit{looked} names {code(link.user_name)} as an owner. "
        "Check the name; until it is proven it may only read."
    )


async def notices(rooms: Rooms, ask: Ask, person: Person, text: str) -> tuple[NewPost, ...]:
    """Return the direct messages to the person and to the other admins, those whom one may reach."""
    text += " If that is wrong, tell an admin of the bot."
    whom = {person.user, *rooms.manners.admins} - {ask.person.user}
    return tuple(
        NewPost(
            id=PostId(rooms.new_id()),
            kind=Kind.MESSAGE,
            lane=Lane.HOUSEKEEPING,
            channel=user,
            body=answers.told("", text),
            due=ask.now,
        )
        for user in reachable(sorted(whom), await rooms.store.notes(), ask.now)
    )
