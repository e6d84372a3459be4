"""Answers: cards that reply to a command. Each repeats it, says what happened, why, and what to do next."""

from collections.abc import Sequence

from bot.core.cards import blocks
from bot.core.cards.blocks import Block, Element
from bot.core.escape import code, escape, mention, one_line
from bot.core.people import Link, Person
from bot.core.posts import Body
from bot.core.rights import Reason

OFFER = tuple[str, str]  # a button's label and its command


def told(
    words: str,
    text: str,
    *,
    post: str = "",
    offers: Sequence[OFFER] = (),
    extra: Sequence[Block] = (),
    notes: Sequence[str] = (),
) -> Body:
    """Return an answer: the text (mrkdwn, escaped), more blocks, buttons, and the command it answers.

    An offer whose words do not fit into a button stands as words.
    """
    row, rest = buttons(offers, post)
    parts: list[Block] = [blocks.section(text), *extra]
    if rest:
        lines = [f"{escape(label)}: {code(command)}" for label, command in rest]
        parts.append(blocks.section("\n".join(lines)))
    if row:
        parts.append(blocks.actions(*row))
    footer = [f"↳ {code(words)}" if words else "", *notes]
    shown = [note for note in footer if note]
    if shown:
        parts.append(blocks.context(*shown))
    return blocks.body(one_line(text), parts)


def buttons(offers: Sequence[OFFER], post: str) -> tuple[list[Element], list[OFFER]]:
    """Return buttons, and those offers that do not fit into one."""
    row: list[Element] = []
    rest: list[OFFER] = []
    for index, (label, command) in enumerate(offers):
        if post and len(blocks.value(command, post)) <= blocks.VALUE_LIMIT:
            row.append(blocks.button(label, command, post, index=index))
        else:
            rest.append((label, command))
    return row, rest


def refused(words: str, sentence: str, *, post: str = "", offers: Sequence[OFFER] = ()) -> Body:
    """Return a refusal or an outage: the sentence is plain text; its code ticks are kept as ticks."""
    return told(words, ticked(sentence), post=post, offers=offers)


def ticked(sentence: str) -> str:
    """Return a sentence of ours escaped, with its `commands` still in code ticks."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return escape(sentence.replace("`", "ˋ"))
    return "".join(code(part) if place % 2 else escape(part) for place, part in enumerate(parts))


def unexpected(words: str, reference: str) -> Body:
    """Return what is said when something is broken on our side."""
    return told(
        words,
        "Something broke on my side while I worked on this. Look at the state before you ask again, and "
        f"show an admin this reference, under which the log holds the details: {code(reference)}.",
    )


def see_direct_messages(words: str) -> Body:
    """Return the private line where the bot is no member of the channel."""
    return told(
        words,
        "Done. I am no member of this channel, so the answer stands in our direct messages. "
        "Invite me with `/invite @flowbot` to have answers here.",
    )


def already_done(words: str) -> Body:
    """Return the answer to a second press or a redelivery of something that acts once."""
    return told(words, "This was asked for already and is done once; its answer stands where it was asked.")


def busy(words: str) -> Body:
    """Return the answer when more commands wait than can be worked on."""
    return told(words, "Many commands are waiting at this moment. Please ask again in a minute.")


def old_button() -> Body:
    """Return the answer to a button of another version."""
    return told("", "This button is from an older version of me. Please type the command; `help` lists them all.")


_WHY = {
    Reason.BOT: "I answer people only, not apps.",
    Reason.DEACTIVATED: "This account is deactivated, so I cannot act for it.",
    Reason.STRANGER: "I work for people of my own workspace only. Ask a colleague there to do this.",
    Reason.GUEST: "Guests need a link to an EnOS user before I answer. Ask an admin of the bot for one.",
    Reason.USER_LOCKED: "EnOS has locked your user: nothing was changed. Ask your EnOS administrator to unlock it.",
}


def denial(
    reason: Reason,
    *,
    person: Person,
    admins: Sequence[str] = (),
    owners: str = "",
    flow: str = "",
    link: Link | None = None,
) -> str:
    """Return, as mrkdwn, why somebody may not, who may, and the way out.

    ``owners`` and ``flow`` are mrkdwn, escaped by the caller.
    """
    asks = " or ".join(mention(admin) for admin in admins[:3])
    asks = asks or "the operator of the bot (`FLOWBOT_ADMINS` is empty)"
    match reason:
        case Reason.NOT_LINKED:
            return (
                "I do not know yet who you are in EnOS, so I cannot do this for you. "
                f"Ask {asks} to say {code(f'link <@{person.user}> USERID NAME')}."
            )
        case Reason.NOT_ADMIN:
            return f"Only an admin of the bot may do this. Ask {asks}."
        case Reason.NOT_OWNER:
            name = f" ({code(link.user_name)})" if link else ""
            return (
                f"You{name} are not an owner of {flow}, so nothing was changed. "
                f"Its owners are {owners}: ask one of them."
            )
        case Reason.NOT_RESPONDER:
            return f"Only owners of {flow} and people on call may do this. Its owners are {owners}."
        case Reason.FLOW_LOCKED:
            return f"{flow} is locked in EnOS: nothing was changed. Unlock it in the EnOS console, then ask again."
        case Reason.NOT_PROVEN:
            return (
                "Your link to EnOS is not proven yet, so you may read but not change. It is proven by a flow that "
                f"your EnOS user may edit and that names you as an owner. Ask {asks} to check the link."
            )
        case Reason.NO_TASKS:
            return f"{flow} has no task, so there is nothing to run. Add one in the EnOS console, then ask again."
        case _:
            return _WHY.get(reason, "You may not do this.")
