"""Answers: cards that reply to a command. Each repeats it, says what happened, why, and what to do next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.core.command import buttons
from bot.core.command.rights import Denial
from bot.core.errors import Offer, as_text
from bot.core.flow.ids import is_instance
from bot.core.outbox.card import Block, Card, Element
from bot.core.outbox.pointers import PostPresence
from bot.core.people.model import ASKED, DONE, EDITED, Entry, Link, Person
from bot.core.text.escape import code, escape, mention
from bot.core.text.message import Text, ago, lines, msg, rendered
from bot.messages import blocks


def told(
    words: str,
    text: Text | str,
    *,
    post: str = "",
    offers: Sequence[Offer] = (),
    extra: Sequence[Block] = (),
    notes: Sequence[Text | str] = (),
) -> Card:
    """An answer: the text (mrkdwn, escaped), more blocks, buttons, and the command it answers.

    An offer whose command does not fit into a button becomes a line of text.
    """
    row, rest = offered(offers, post)
    parts: list[Block] = [blocks.section(text), *extra]
    if rest:
        parts.append(
            blocks.section(
                lines(
                    *(msg("{label}: {command}", label=label, command=blocks.typed(command)) for label, command in rest)
                )
            )
        )
    if row:
        parts.append(blocks.actions(*row))
    answered = blocks.typed(words)
    shown = [note for note in (f"↳ {answered}" if answered else "", *notes) if note]
    if shown:
        parts.append(blocks.context(*shown))
    return blocks.body(text, parts)


def repeating(card: Card, words: str) -> Card:
    """A reply in an incident's thread, with the command that it answers."""
    answered = blocks.typed(words)
    return replace(card, blocks=(*card.blocks, blocks.context(f"↳ {answered}"))) if answered else card


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


def unexpected(words: str, reference: str) -> Card:
    """The answer where something is broken on our side."""
    return told(
        words,
        "Something broke on my side while I worked on this, and I cannot say how much of it was done. "
        "Look before you ask again, and show an admin of the bot this reference, under which my log holds "
        f"the details: {code(reference)}.",
    )


def see_direct_messages(words: str) -> Card:
    """The private line where flowbot is not a member of the channel."""
    return told(
        words,
        "I cannot write in this channel, so my answer stands in our direct messages. "
        "Where I am no member, `/invite @flowbot` brings me in, and the next one stands here.",
    )


def see_thread(words: str, flow: str, first: PostPresence, channel: str) -> Card:
    """The private line where the answer goes to an incident's thread elsewhere; ``flow`` is mrkdwn.

    ``first`` says whether the incident's own message is in ``channel``.
    """
    match first:
        case PostPresence.POSTED:
            text = f"My answer stands in the thread of the incident of {flow}."
        case PostPresence.PENDING:
            text = (
                f"The message of the incident of {flow} is not in Slack yet. "
                f"My answer follows it in its thread in <#{channel}>."
            )
        case PostPresence.MISSING:
            text = f"The incident of {flow} has no message in Slack, so my answer is in <#{channel}> itself."
        case _:
            assert_never(first)
    return told(words, text)


def says_so(first: PostPresence, channel: str, link_to_it: str) -> str:
    """Where a change to an incident is shown, as mrkdwn; ``link_to_it`` is empty where not known."""
    match first:
        case PostPresence.POSTED:
            return (
                f"The change is in its <{link_to_it}|thread>."
                if link_to_it
                else f"The change is in its thread in <#{channel}>."
            )
        case PostPresence.PENDING:
            return f"Its message is not in Slack yet. The change will be in its thread in <#{channel}>."
        case PostPresence.MISSING:
            return f"It has no message in Slack, so the change is in <#{channel}> itself."
        case _:
            assert_never(first)


def already(words: str, entry: Entry | None, now: datetime, state: str, *, post: str, asker: Person) -> Card:
    """The answer to a second press: who pressed before, the result, and the present state.

    ``state`` is mrkdwn; ``entry`` is None where it is not known who pressed.
    """
    own = entry is not None and entry.attempt.by == asker
    if entry is None or (entry.outcome is not None and entry.outcome.frees and not own):
        who = "Somebody else pressed this" if entry else "This was pressed"
        return told(words, f"{who} a moment ago. Please press it again if it is still needed.")
    when = ago(now - entry.attempt.at)
    who = f"You have pressed this already, {when}" if own else f"{mention(entry.attempt.by.user)} asked for this {when}"
    if entry.outcome is None:
        text = f"{who}, and I am still at it. A button acts once; the answer will stand where it was asked."
    elif entry.outcome == ASKED:
        text = f"{who}. Nothing has been done yet: answer the question that I asked you then."
    elif entry.outcome.frees:
        text = f"{who}, and nothing was done: my answer to that says why. Press again if it is still needed."
    elif entry.outcome == DONE:
        text = f"{who}, and it is done. A button acts once; type the command if you want it again."
    else:
        text = f"{who}, and how it ended is not certain. Look at the state, and type the command if it is needed."
    offers = [("Show", f"show {entry.answer}")] if is_instance(entry.answer) else []
    return told(words, f"{text}\n{state}" if state else text, post=post, offers=offers)


def interrupted(words: str, who: str, what: str) -> Card:
    """The answer to a command that was in progress when flowbot stopped; ``who`` and ``what`` are mrkdwn."""
    return told(words, f"{who}, I was stopped while I worked on this. {what}")


def old_button(command: str) -> Card:
    """The answer to a button whose command this version cannot read."""
    return told(
        "",
        "This button is too old for me to read, so nothing was done. Please type what you want; "
        f"{code(f'{command} help')} lists what I know.",
    )


def hint(kind: str, words: str, *, direct: bool) -> Card:
    """How to write a command, after a message that is not one (``EDITED`` or ``TALK``)."""
    example = code("show 3377" if direct else "@flowbot show 3377")
    if kind == EDITED:
        text = f"I don't act on edited messages. Nothing was done. Send it as a new message, for example {example}."
    else:
        text = (
            f"You mentioned me, but not with a command. Nothing was done. Start with my name, for example {example}; "
            f"{code('@flowbot help')} lists what I know."
        )
    return told(words, text)


def unsupported(kind: str, command: str) -> Card:
    """The answer to a shortcut, form or command that this version does not have."""
    return told(
        "",
        f"I have no such {escape(kind)} (any more), so nothing was done. {code(f'{command} help')} lists what I know.",
    )


_WHY = {
    Denial.BOT: "I answer people only, not apps, so nothing was done. Let a person ask me.",
    Denial.DEACTIVATED: "This account is deactivated, so nothing was done. Ask from an active account.",
    Denial.STRANGER: (
        "I work for people of my own workspace only, so nothing was done. Ask a colleague of that workspace to do it."
    ),
}


def please_link(person: Person, admins: Sequence[str], command: str) -> str:
    """How somebody gets linked, as mrkdwn: a command that an admin can copy."""
    words = f"{_linking(person, command)}, with your EnOS user id and user name in the last two places."
    if person.user in admins:
        return f"Link yourself: {words}"
    if not admins:
        return f"Ask the operator of the bot to name an admin in `FLOWBOT_ADMINS`, who then says: {words}"
    return f"Ask {_any_of(admins)} to say: {words}"


def _linking(person: Person, command: str) -> str:
    """The command that links a person; the mention is outside of the code ticks, where Slack would show its id."""
    return f"{code(f'{command} link')} {mention(person.user)} {code('USERID NAME')}"


def _check_link(person: Person, admins: Sequence[str], command: str) -> str:
    if person.user in admins:
        return f"You are an admin of the bot: {code('people')} shows the link, {_linking(person, command)} corrects it."
    return f"Ask {_any_of(admins)} to check the link."


def _any_of(admins: Sequence[str]) -> str:
    named = " or ".join(mention(admin) for admin in admins[:3])
    return named or "the operator of the bot (no admin is named in `FLOWBOT_ADMINS`)"


def denial(
    reason: Denial,
    *,
    person: Person,
    command: str,
    admins: Sequence[str] = (),
    owners: str = "",
    flow: str = "",
    link: Link | None = None,
    unread: Text | str = "",
) -> str:
    """Why somebody may not, who may, and what to do; as mrkdwn.

    ``owners`` and ``flow`` are mrkdwn, escaped by the caller; ``unread`` is a sentence of ours.
    """
    link_me = please_link(person, admins, command)
    match reason:
        case Denial.NOT_LINKED:
            return f"I do not know yet who you are in EnOS, so I cannot do this for you. {link_me}"
        case Denial.GUEST:
            return f"You are a guest here, and I answer guests only once they are linked to an EnOS user. {link_me}"
        case Denial.NOT_ADMIN:
            return f"Only an admin of the bot may do this, so nothing was done. Ask {_any_of(admins)}."
        case Denial.NOT_OWNER:
            name = f" ({code(link.user_name)} in EnOS)" if link else ""
            return (
                f"You{name} are not an owner of {flow}, so nothing was changed. "
                f"Its owners are {owners}: ask one of them."
            )
        case Denial.NOT_RESPONDER:
            return (
                f"Only owners of {flow} and people on call may do this, so nothing was changed. "
                f"Its owners are {owners}: ask one of them, or somebody on call."
            )
        case Denial.ON_CALL_UNREAD:
            return (
                f"{rendered(as_text(unread))} Nothing was changed. Ask an owner of the flow to do it meanwhile.".strip()
            )
        case Denial.FLOW_LOCKED:
            return f"{flow} is locked in EnOS, so nothing was changed. Unlock it in the EnOS console, then ask again."
        case Denial.USER_LOCKED:
            return (
                f"EnOS has locked your user for {flow}, so nothing was changed. "
                "Ask your EnOS administrator to unlock it, then ask again."
            )
        case Denial.NOT_VERIFIED:
            return (
                "Your link to EnOS is not proven yet, so you may read but not change, and nothing was changed. "
                "It is proven by a flow that your EnOS user may edit and that names you as an owner. "
                f"{_check_link(person, admins, command)}"
            )
        case _:
            return _WHY[reason]
