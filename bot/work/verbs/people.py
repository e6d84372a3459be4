"""People: link, unlink, people and whoami. The person and the admins are told of every new or changed link."""

from bot.core.cards import answers, blocks
from bot.core.errors import Failure, Refused
from bot.core.escape import code, mention
from bot.core.flows import UserId
from bot.core.people import Link, Person
from bot.core.posts import Kind, Lane, NewPost, PostId
from bot.core.requests import LinkPerson, People, Unlink, Whoami
from bot.core.rights import proves
from bot.work.asking import Answer, Ask, Rooms
from bot.work.verbs.reading import listed

PROOFS = 10  # editable flows that are looked at to prove a link


async def link(rooms: Rooms, ask: Ask, request: LinkPerson) -> Answer:
    """Tie a Slack person to an EnOS user, and try to prove it."""
    profile = await rooms.slack.profile(request.person, team=ask.person.team)
    if profile.bot or profile.stranger or profile.deleted:
        raise Refused(
            "not_a_colleague",
            "Only active people of this workspace can be linked.",
            "Check whom you mentioned.",
        )
    person = Person(ask.person.team, request.person)
    before = await rooms.store.link(person)
    new = Link(person, request.user_id, request.user_name)
    proven, why = await proof(rooms, new)
    new = Link(person, request.user_id, request.user_name, proven=proven)
    verb = "changed the link of" if before else "linked"
    text = (
        f"{mention(ask.person.user)} {verb} {mention(person.user)} to EnOS user {code(new.user_name)} "
        f"({code(new.user_id)}). {why}"
    )
    if before is not None:
        text += f" Before, it was {code(before.user_name)} ({code(before.user_id)})."
    posts = notices(rooms, ask, person, text)
    await rooms.store.put_links([new], posts=posts)
    rooms.wake()
    offers = [("Unlink", f"unlink <@{person.user}>")]
    body = answers.told(ask.words, text, post=ask.post, offers=offers)
    return Answer(body, private=True, settlement=ask.settled(answer=f"{new.user_id} {new.user_name}"))


async def unlink(rooms: Rooms, ask: Ask, request: Unlink) -> Answer:
    """Untie."""
    person = Person(ask.person.team, request.person)
    before = await rooms.store.link(person)
    if before is None:
        raise Refused("not_linked", "That person is not linked.", "`people` lists who is.")
    text = (
        f"{mention(ask.person.user)} removed the link of {mention(person.user)} to EnOS user "
        f"{code(before.user_name)} ({code(before.user_id)})."
    )
    await rooms.store.remove_link(person, posts=notices(rooms, ask, person, text))
    rooms.wake()
    undo = [("Link again", f"link <@{person.user}> {before.user_id} {before.user_name}")]
    body = answers.told(ask.words, text, post=ask.post, offers=undo)
    return Answer(body, private=True, settlement=ask.settled(answer=str(person)))


async def people(rooms: Rooms, ask: Ask, request: People) -> Answer:
    """List who is linked."""
    lines = [
        f"{mention(each.person.user)} — {code(each.user_name)} {code(each.user_id)}, "
        f"{'proven' if each.proven else 'not proven: reads only'}"
        for each in sorted(await rooms.store.links(), key=lambda each: each.user_name)
    ]
    nothing = "Nobody is linked yet. An admin says `link @person USERID NAME`."
    return Answer(listed(ask, request, lines, "*Linked people*", nothing), private=True)


async def whoami(rooms: Rooms, ask: Ask, _request: Whoami) -> Answer:
    """Tell the asker who they are to the bot."""
    profile, own = ask.standing.profile, ask.standing.link
    if own is None:
        enos = "You are not linked to an EnOS user yet: you can read nothing and change nothing in EnOS."
    else:
        state = "proven" if own.proven else "not proven yet, so you may read but not change"
        enos = f"In EnOS you are {code(own.user_name)} ({code(own.user_id)}); the link is {state}."
    roles = [
        "an admin of the bot" if ask.standing.admin else "",
        "allowed to acknowledge incidents here" if ask.standing.on_call else "",
    ]
    said = " You are " + " and ".join(role for role in roles if role) + "." if any(roles) else ""
    ask_whom = ""
    if own is None:
        admins = " or ".join(mention(each) for each in sorted(rooms.manners.admins)[:3])
        ask_whom = f" Ask {admins or 'the operator'} to say {code(f'link <@{ask.person.user}> USERID NAME')}."
    text = f"You are {mention(ask.person.user)} ({code(str(ask.person))}). {enos}{said}{ask_whom}"
    zone = blocks.context(
        f"Your times are in {code(str(ask.zone))}, from your Slack profile ({code(profile.timezone)})."
    )
    return Answer(answers.told(ask.words, text, post=ask.post, extra=[zone]), private=True)


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
            f"It could not be proven now ({answers.ticked(str(failure))}), so it may only read until it is.",
        )
    if not mine:
        return False, "It is not proven: this user may edit no flow. Until one proves it, it may only read."
    return False, (
        f"It is not proven: none of the {min(len(mine), PROOFS)} flows looked at that this user may edit names "
        f"{code(link.user_name)} as an owner. Check the name; until it is proven it may only read."
    )


def notices(rooms: Rooms, ask: Ask, person: Person, text: str) -> tuple[NewPost, ...]:
    """Return the direct messages to the person and to the other admins."""
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
        for user in sorted(whom)
    )
