"""Help: what this person does most, the verbs of a family, and one verb in full.

Each line fits a phone. Commands are shown with the words of the language that the message is in.
"""

from collections.abc import Callable, Mapping, Sequence

from bot.core.command.examples import examples
from bot.core.command.rights import Caller, Denial, Who, may
from bot.core.command.row import Family, Row
from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB, SHOWN
from bot.core.errors import Offer
from bot.core.flow.model import FlowId
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.text.message import Message, Text, layout, lines, listed, msg
from bot.messages.cards import answers

# What people do most, the most frequent first.
_OWNERS_VERBS = ("failed", "incidents", "rerun", "trigger", "ack")
_ON_CALL_VERBS = ("incidents", "ack", "log", "failed", "rerun", "trigger")
_UNLINKED_VERBS = ("ack", "whoami", "status")
_UNAVAILABLE = 6  # verbs in one line
_SHORT: Mapping[str, Message] = {
    "failed": msg("Today's failures"),
    "incidents": msg("Open incidents"),
    "rerun": msg("Rerun a failed run"),
    "trigger": msg("Start a run"),
    "ack": msg("Acknowledge an incident"),
    "log": msg("The end of a run's log"),
    "whoami": msg("Your EnOS user and permissions"),
    "status": msg("Whether flowbot works"),
}
_FAMILIES: Mapping[Family, Message] = {
    Family.RUNS: msg("Runs"),
    Family.INCIDENTS: msg("Incidents"),
    Family.FLOWS: msg("Flows"),
    Family.ROUTING: msg("Where failures go"),
    Family.PEOPLE: msg("People"),
    Family.ME: msg("About me"),
}
WHO: Mapping[Who, Message] = {
    Who.ANYONE: msg("Everybody can use this."),
    Who.LINKED: msg("Everybody who is linked to an EnOS user can use this."),
    Who.OWNER: msg("Owners of the flow can use this."),
    Who.RESPONDER: msg("Owners of the flow and people on call can use this."),
    Who.ADMIN: msg("Only flowbot admins can use this."),
}


def overview(words: str, post: str, command: str, caller: Caller, way_out: Text | None) -> Card:
    """What this person does most; ``way_out`` says how they get linked."""
    verbs: tuple[str, ...]
    if caller.link is None:
        verbs = _UNLINKED_VERBS if caller.on_call else _UNLINKED_VERBS[1:]
    else:
        verbs = _ON_CALL_VERBS if caller.on_call else _OWNERS_VERBS
    shown = lines(*(_line(command, BY_VERB[verb], _SHORT[verb]) for verb in verbs))
    allowed = {row.family for row in _allowed(caller)}
    offers: list[Offer] = [(label, f"help {family.value}") for family, label in _FAMILIES.items() if family in allowed]
    heading = msg("Here's what you can do.") if way_out is None else way_out
    example = _typed(
        command, lambda language: " ".join(BY_VERB[each].word_in(language) for each in ("help", "trigger"))
    )
    notes = (
        msg("{command} shows one command with examples.", command=example),
        msg("The same commands work after `@flowbot`, and in a direct message to me."),
    )
    extra = [blocks.section(shown), *_unavailable(SHOWN, caller), blocks.context(lines(*notes))]
    return answers.told(words, heading, post=post, offers=offers, extra=extra)


def family(
    words: str, post: str, command: str, caller: Caller, topic: Family, row: Row | None, own: FlowId | None = None
) -> Card:
    """The verbs of a family; ``row`` is the verb of the same name, which is shown in full below."""
    rows = [each for each in SHOWN if each.family is topic]
    allowed = [each for each in rows if each in _allowed(caller)]
    shown = lines(*(_line(command, each, each.summary) for each in allowed))
    extra = [blocks.section(shown)] if allowed else []
    extra += _unavailable(rows, caller)
    if row is not None:
        extra += [blocks.section(_described(command, row)), *_examples(command, row, own)]
    offers = [(msg("Back to help"), "help")]
    return answers.told(words, _FAMILIES[topic], post=post, offers=offers, extra=extra)


def verb(words: str, post: str, command: str, row: Row, own: FlowId | None = None) -> Card:
    """One verb: how it is written, what it does, examples, and who may use it; ``own`` is a flow of the reader."""
    headline = _typed(command, row.word_in)
    return answers.told(
        words, _described(command, row), headline=headline, post=post, extra=_examples(command, row, own)
    )


def _allowed(caller: Caller) -> list[Row]:
    return [row for row in SHOWN if may(row.who, caller) is Denial.NONE]


def _line(command: str, row: Row, what: Text) -> Text:
    return layout("{command} · {what}", command=_typed(command, row.brief_in), what=what)


def _described(command: str, row: Row) -> Text:
    return lines(_typed(command, row.syntax_in), row.summary, WHO[row.who])


def _examples(command: str, row: Row, own: FlowId | None) -> Sequence[Block]:
    shown = (_typed(command, each) for each in examples(row, own))
    return [blocks.section(lines(msg("*For example*"), *shown))]


def _unavailable(rows: Sequence[Row], caller: Caller) -> list[Block]:
    """One line with the verbs that this person may not use, if any."""
    allowed = _allowed(caller)
    verbs = [layout("`{verb}`", verb=row.word_in) for row in rows if row not in allowed]
    if not verbs:
        return []
    shown = listed(verbs[:_UNAVAILABLE], len(verbs))
    return [
        blocks.context(
            msg(
                "Not available to you: {verbs}. {whoami} says why.",
                verbs=shown,
                whoami=in_code(BY_VERB["whoami"].word_in),
            )
        )
    ]


def _typed(command: str, words: Callable[[str], str]) -> Text:
    """A command with words of the reader's language."""
    return layout("`{command} {words}`", command=command, words=words)
