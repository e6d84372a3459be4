"""Answers: cards that reply to a command. Each repeats it, says what happened, why, and what to do next."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from bot.core.command import buttons
from bot.core.command.forms import PERSON_OR_ME, USER_ID, USER_NAME
from bot.core.command.parse import in_words
from bot.core.command.requests import ME
from bot.core.command.rights import Denial
from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB
from bot.core.errors import Offer
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card, Element
from bot.core.outbox.pointers import PostPresence
from bot.core.people.model import ASKED, DONE, EDITED, FREEING, Entry, Person
from bot.core.text.escape import EMPTY, Markup, code, mention, mention_channel
from bot.core.text.message import Text, ago, layout, lines, link, msg, sentences

NOTHING_CHANGED = msg("Nothing was changed.")
ASK_TO_BE_LINKED = msg("Ask to be linked")
_INCIDENT_THREAD = msg("incident thread")


def told(
    words: str,
    text: Text,
    *,
    headline: Text | None = None,
    post: str = "",
    offers: Sequence[Offer] = (),
    extra: Sequence[Block] = (),
    notes: Sequence[Text] = (),
) -> Card:
    """An answer: the text, more blocks, buttons, and the command it answers.

    On a phone it is ``headline``, else the beginning of the text, or the command where that mentions people.

    An offer whose command does not fit into a button becomes a line of text.
    """
    row, rest = offered(offers, post)
    parts: list[Block] = [blocks.section(text), *extra]
    if rest:
        parts.append(blocks.section(lines(*(_typed(label, command) for label, command in rest))))
    if row:
        parts.append(blocks.actions(*row))
    answered = blocks.typed(words)
    about = _answered(answered) if answered else None
    if about is not None:
        notes = (about, *notes)
    if notes:
        parts.append(blocks.context(*notes))
    return blocks.Card(lines(headline or text, about), parts)


def repeating(card: Card, words: str) -> Card:
    """A reply in an incident's thread, with the command that it answers."""
    answered = blocks.typed(words)
    return card.with_block(blocks.context(_answered(answered))) if answered else card


def _answered(command: Markup) -> Text:
    return layout("↳ {command}", command=command)


def _typed(label: Text, command: str) -> Text:
    return msg("{label}: {command}", label=label, command=blocks.typed(command))


def offered(offers: Sequence[Offer], post: str) -> tuple[list[Element], list[Offer]]:
    """Buttons, and those offers that do not fit into one."""
    row: list[Element] = []
    rest: list[Offer] = []
    for index, (label, command) in enumerate(offers):
        if post and len(buttons.value(command, post)) <= buttons.VALUE_LIMIT:
            row.append(blocks.button(label, command, post, index=index))
        else:
            rest.append((label, command))
    return row, rest


def see_direct_messages(words: str) -> Card:
    """The ephemeral line where flowbot is not a member of the channel."""
    return told(
        words,
        msg(
            "I can't post in this channel, so I answered in our DMs. Invite me with {command}.",
            command=code("/invite @flowbot"),
        ),
    )


def see_thread(words: str, flow: Markup, first: PostPresence, channel: str) -> Card:
    """The ephemeral line where the answer goes to an incident's thread elsewhere.

    ``first`` says whether the incident's own message is in ``channel``.
    """
    place = mention_channel(channel)
    match first:
        case PostPresence.POSTED:
            text = msg("I answered in the thread of the incident of {flow}.", flow=flow)
        case PostPresence.PENDING:
            text = msg(
                "The incident of {flow} has no message in Slack yet. I'll answer in its thread in {channel}.",
                flow=flow,
                channel=place,
            )
        case PostPresence.MISSING:
            text = msg(
                "The incident of {flow} has no message in Slack, so I answered in {channel}.", flow=flow, channel=place
            )
        case _:
            assert_never(first)
    return told(words, text)


def says_so(first: PostPresence, channel: str, link_to_it: str) -> Text:
    """Where a change to an incident is shown; ``link_to_it`` is empty where not known."""
    place = mention_channel(channel)
    match first:
        case PostPresence.POSTED if link_to_it:
            return msg("The change is in the {thread}.", thread=link(link_to_it, _INCIDENT_THREAD))
        case PostPresence.POSTED:
            return msg("The change is in the incident thread in {channel}.", channel=place)
        case PostPresence.PENDING:
            return msg(
                "The incident has no message in Slack yet. The change will be in its thread in {channel}.",
                channel=place,
            )
        case PostPresence.MISSING:
            return msg("The incident has no message in Slack, so the change is in {channel}.", channel=place)
        case _:
            assert_never(first)


def second_press(entry: Entry | None, now: datetime, *, asker: Person) -> Text:
    """The answer to a second press: who pressed before, and the result; ``entry`` is None where not known."""
    if entry is None:
        return msg("This was pressed a moment ago. If you still need it, press again.")
    outcome, own, person = entry.outcome, entry.attempt.by == asker, mention(entry.attempt.by.user)
    when = ago(now - entry.attempt.at)
    if own:
        if outcome is None:
            return msg("I'm still working on it: you pressed this {ago}. I'll answer where you pressed.", ago=when)
        if outcome == ASKED:
            return msg("You pressed this {ago}, and I asked you a question. Nothing was changed yet.", ago=when)
        if outcome.ending in FREEING:
            return msg(
                "You pressed this {ago}. Nothing was changed. My answer at that time says why. If you still need it, "
                "press again.",
                ago=when,
            )
        if outcome == DONE:
            return msg("Already done: you pressed this {ago}. To do it again, type the command.", ago=when)
        return msg(
            "You pressed this {ago}, and I don't know whether it was done. Check the state. If you still need it, "
            "type the command.",
            ago=when,
        )
    if outcome is None:
        return msg("I'm still working on it: {person} pressed this {ago}.", person=person, ago=when)
    if outcome.ending in FREEING:
        return msg("Somebody else pressed this a moment ago. If you still need it, press again.")
    if outcome == DONE:
        return msg(
            "Already done: {person} pressed this {ago}. To do it again, type the command.", person=person, ago=when
        )
    return msg(
        "{person} pressed this {ago}, and I don't know whether it was done. Check the state. If you still need it, "
        "type the command.",
        person=person,
        ago=when,
    )


def interrupted(words: str, who: Markup, what: Text) -> Card:
    """The answer to a command that was in progress when flowbot stopped."""
    return told(
        words,
        sentences(msg("{person}, I was restarted while I worked on this.", person=who), what),
        headline=msg("I was restarted while I worked on this."),
    )


def old_button(command: str) -> Text:
    """The answer to a button whose command this version cannot read."""
    return msg(
        "This button is too old, and I can't read it. Nothing was changed. Type the command instead: {help} lists "
        "what you can do.",
        help=in_words("help", command),
    )


def hint(kind: str, *, direct: bool) -> Text:
    """How to write a command, after a message that is not one (``EDITED`` or ``TALK``)."""
    example = in_words("show 3377", "" if direct else "@flowbot")
    if kind == EDITED:
        return msg(
            "I don't act on edited messages. Nothing was changed. Send it as a new message, for example {example}.",
            example=example,
        )
    return msg(
        "You mentioned me, but not with a command. Nothing was changed. Start with my name, for example {example}. "
        "{help} lists what you can do.",
        example=example,
        help=in_words("help", "@flowbot"),
    )


def not_about_an_incident() -> Text:
    """The answer to a shortcut on a message that is no card of an incident, and in no thread of one."""
    return msg("This message is not about an incident. Nothing was changed. Use the shortcut on an incident's message.")


def unsupported(kind: str, command: str) -> Text:
    """The answer to a ``shortcut``, ``form`` or ``command`` that this version does not have."""
    words = in_words("help", command)
    if kind == "shortcut":
        return msg("I don't have this shortcut. Nothing was changed. {help} lists what you can do.", help=words)
    if kind == "form":
        return msg("I don't have this form. Nothing was changed. {help} lists what you can do.", help=words)
    return msg("I don't have this command. Nothing was changed. {help} lists what you can do.", help=words)


_WHY = {
    Denial.BOT: msg("I answer people only, not apps. Ask a person to do this."),
    Denial.DEACTIVATED: msg("This account is deactivated. Use an active account."),
    Denial.STRANGER: msg("I answer people of my own workspace only. Ask a colleague of that workspace to do this."),
    Denial.GUEST: msg("I answer guests only after they are linked to an EnOS user."),
    Denial.NOT_LINKED: msg("You're not linked to an EnOS user yet."),
}


def please_link(person: Person, admins: Sequence[str], command: str) -> Text:
    """How somebody gets linked: by a request, or by a command that an admin can copy."""
    words = _linking(person, command)
    if person.user in admins:
        return msg("Link yourself with {command} (your EnOS user ID and user name).", command=words)
    if not admins:
        return msg(
            "No flowbot admin is set. Ask the person who operates flowbot to set one. The admin then runs: {command} "
            "(your EnOS user ID and user name).",
            command=words,
        )
    return msg(
        "Ask for it with {command} (your EnOS user ID and user name). {admins} can approve it.",
        command=in_code(_linking_oneself, command),
        admins=_any_of(admins),
    )


def _linking(person: Person, command: str) -> Text:
    """The command that links a person; the mention is outside of the code ticks, where Slack would show its ID."""
    return layout(
        "{link} {person} {who}",
        link=in_code(BY_VERB["link"].word_in, command),
        person=mention(person.user),
        who=in_code(_user),
    )


def _linking_oneself(language: str) -> str:
    """The command with which somebody asks to be linked."""
    return f"{BY_VERB['link'].word_in(language)} {PERSON_OR_ME.say_in(ME, language)} {_user(language)}"


def _user(language: str) -> str:
    """What the command that links a person needs to know of their EnOS user."""
    return f"{USER_ID.placeholder_in(language)} {USER_NAME.placeholder_in(language)}"


def _check_link(person: Person, admins: Sequence[str], command: str) -> Text:
    if person.user in admins:
        return msg(
            "Check your link with {people}, and correct it with {command}.",
            people=in_words("people"),
            command=_linking(person, command),
        )
    if not admins:
        return msg("Ask the person who operates flowbot to check your link.")
    return msg("Ask {admins} to check your link.", admins=_any_of(admins))


def _any_of(admins: Sequence[str]) -> Text:
    """One of at most three people."""
    first, *others = map(mention, admins[:3])
    if not others:
        return first
    if len(others) == 1:
        return msg("{first} or {second}", first=first, second=others[0])
    return msg("{first}, {second} or {third}", first=first, second=others[0], third=others[1])


def denial(
    reason: Denial,
    *,
    person: Person,
    command: str,
    admins: Sequence[str] = (),
    owners: Text | None = None,
    flow: Markup = EMPTY,
    user_name: str = "",
    unread: Text = EMPTY,
) -> Text:
    """Why somebody may not, who may, and what to do.

    ``owners`` is None where EnOS names none; ``user_name`` is the asker's in EnOS; ``unread`` says why it is not known
    who is on call.
    """
    match reason:
        case Denial.GUEST | Denial.NOT_LINKED:
            return sentences(_WHY[reason], please_link(person, admins, command))
        case Denial.NOT_VERIFIED:
            return sentences(
                msg("Your link to EnOS is not verified yet, so it is read-only."),
                NOTHING_CHANGED,
                msg("It becomes verified when your EnOS user can edit a flow that names you as an owner."),
                _check_link(person, admins, command),
            )
        case Denial.ON_CALL_UNREAD:
            return sentences(unread, NOTHING_CHANGED, msg("Ask an owner of the flow to do it."))
        case Denial.NOT_ADMIN:
            text = (
                msg("Only flowbot admins can do this. Ask {admins}.", admins=_any_of(admins))
                if admins
                else msg("Only flowbot admins can do this, and there is none. Ask the person who operates flowbot.")
            )
        case Denial.NOT_OWNER | Denial.NOT_RESPONDER:
            return _not_theirs(reason, flow, owners, code(user_name))
        case Denial.FLOW_LOCKED:
            text = msg("{flow} is locked in EnOS. Unlock it in the EnOS console, then try again.", flow=flow)
        case Denial.USER_LOCKED:
            text = msg(
                "EnOS has locked your user for {flow}. Ask your EnOS administrator to unlock it, then try again.",
                flow=flow,
            )
        case _:
            text = _WHY[reason]
    return sentences(text, NOTHING_CHANGED)


def _not_theirs(reason: Denial, flow: Markup, owners: Text | None, user: Markup) -> Text:
    if reason is Denial.NOT_OWNER:
        if owners is None:
            return msg(
                "Only owners can change {flow}, and EnOS names none. Ask your EnOS administrator. Nothing was changed.",
                flow=flow,
            )
        return msg(
            "Only owners can change {flow}, and you ({user} in EnOS) are not one. Ask {owners}. Nothing was changed.",
            flow=flow,
            user=user,
            owners=owners,
        )
    if owners is None:
        return msg(
            "Only owners of {flow} and people on call can do this. Ask somebody on call. Nothing was changed.",
            flow=flow,
        )
    return msg(
        "Only owners of {flow} and people on call can do this. Ask {owners}, or somebody on call. Nothing was changed.",
        flow=flow,
        owners=owners,
    )
