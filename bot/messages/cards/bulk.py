"""What became of many incidents at once: what was done, what was not and why, grouped by reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from bot.core.errors import Offer
from bot.core.incident.bulk import LIMIT, BulkResult, LeftOut
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card
from bot.core.people.model import Person
from bot.core.text.escape import mention
from bot.core.text.message import Message, Text, layout, lines, listed, msg, plural, sentences
from bot.messages.cards import answers
from bot.messages.cards import incident_words as words

_NAMED = 5  # flows of one reason
_ASKED = 20  # flows that a question names
# What is said of each reason but ``TAKEN``, which names who has them.
_WHY: Mapping[LeftOut, Message] = {
    LeftOut.NOT_YOURS: plural(
        "{n} is not yours: {flows}.",
        "{n} are not yours: {flows}.",
        1,
    ),
    LeftOut.RECOVERED: plural(
        "{n} recovered meanwhile: {flows}.",
        "{n} recovered meanwhile: {flows}.",
        1,
    ),
    LeftOut.CLOSED: plural(
        "{n} was closed meanwhile: {flows}.",
        "{n} were closed meanwhile: {flows}.",
        1,
    ),
    LeftOut.RUNS_ALREADY: plural(
        "{n} already has a rerun under way: {flows}.",
        "{n} already have a rerun under way: {flows}.",
        1,
    ),
    LeftOut.TOO_SOON: plural(
        "{n} was already started in that minute: {flows}. EnOS allows one start a minute for each flow. "
        "Try again in a minute.",
        "{n} were already started in that minute: {flows}. EnOS allows one start a minute for each flow. "
        "Try again in a minute.",
        1,
    ),
    LeftOut.LOCKED: plural(
        "{n} is locked in EnOS: {flows}.",
        "{n} are locked in EnOS: {flows}.",
        1,
    ),
    LeftOut.NO_SAFE_RERUN: plural(
        "{n} needs a decision: {flows}. Rerun it by itself to see why.",
        "{n} need a decision: {flows}. Rerun each by itself to see why.",
        1,
    ),
    LeftOut.NO_ANSWER: plural(
        "{n} could not be checked, because EnOS did not answer: {flows}. Press again in a minute.",
        "{n} could not be checked, because EnOS did not answer: {flows}. Press again in a minute.",
        1,
    ),
    LeftOut.UNCONFIRMED: plural(
        "{n} was not confirmed by EnOS: {flows}. I'm checking whether it started, and do not repeat it.",
        "{n} were not confirmed by EnOS: {flows}. I'm checking whether they started, and do not repeat it.",
        1,
    ),
    LeftOut.BROKEN: plural(
        "{n} was not done, because something broke on my side: {flows}. Press again in a minute.",
        "{n} were not done, because something broke on my side: {flows}. Press again in a minute.",
        1,
    ),
    LeftOut.BEYOND: plural(
        "{n} more was not done: I do at most {limit} at once. Press again.",
        "{n} more were not done: I do at most {limit} at once. Press again.",
        1,
    ),
}


def acknowledged(result: BulkResult, person: Person, until: datetime, said: str) -> Card:
    """The one message about many that were acknowledged."""
    count = len(result.done)
    text = lines(
        plural(
            "{person} acknowledged {n} incident until {time}: {flows}.",
            "{person} acknowledged {n} incidents until {time}: {flows}.",
            count,
            person=mention(person.user),
            time=until,
            flows=_flows(result.done),
        ),
        words.note(result.done[0]),
        *left_out(result),
    )
    head = plural("ACKNOWLEDGED · {n} incident", "ACKNOWLEDGED · {n} incidents", count)
    return answers.told(said, text, headline=head)


def started(result: BulkResult, person: Person, said: str) -> Card:
    """The one message about many reruns that were started."""
    count = len(result.done)
    text = lines(
        plural(
            "{person} started {n} rerun: {flows}.",
            "{person} started {n} reruns: {flows}.",
            count,
            person=mention(person.user),
            flows=_flows(result.done),
        )
        if count
        else msg("{person} asked for reruns. None is confirmed yet.", person=mention(person.user)),
        *left_out(result),
    )
    return answers.told(said, text, headline=plural("RERUN · {n} flow", "RERUN · {n} flows", count))


def question(incidents: Sequence[Incident], result: BulkResult, said: str, post: str, offer: str) -> Card:
    """The question before many are rerun."""
    text = lines(
        plural(
            "Rerun {n} run from its failed task, for the same data date?",
            "Rerun {n} runs, each from its failed task, for the same data date?",
            len(incidents),
        ),
        listed(map(words.bold, incidents[:_ASKED]), len(incidents)),
        *left_out(result),
    )
    offers: list[Offer] = [(msg("Rerun all"), offer)]
    return answers.told(said, text, post=post, offers=offers)


def none_acknowledged(result: BulkResult) -> Text:
    """The refusal where not one was acknowledged."""
    if not result.left_out:
        return sentences(msg("There is nothing here for you to acknowledge."), answers.NOTHING_CHANGED)
    if result.reasons.keys() == {LeftOut.NOT_YOURS}:
        return sentences(
            plural(
                "Only owners of its flow and people on call can acknowledge this {n} incident.",
                "Only owners of their flows and people on call can acknowledge these {n} incidents.",
                len(result.left_out),
            ),
            answers.NOTHING_CHANGED,
        )
    return lines(msg("No incident was acknowledged."), *left_out(result))


def none_started(result: BulkResult) -> Text:
    """The refusal where not one rerun was started."""
    if not result.left_out:
        return sentences(msg("None of your flows is broken here."), msg("Nothing was started."))
    return lines(msg("No rerun was started."), *left_out(result))


def left_out(result: BulkResult) -> list[Text]:
    """What was not done, a line for each reason."""
    shown: list[Text] = []
    for reason, incidents in result.reasons.items():
        if reason is LeftOut.TAKEN:
            shown += _taken(incidents)
        else:
            count = len(incidents)
            line = replace(_WHY[reason], number=count, values={"n": count, "flows": _flows(incidents), "limit": LIMIT})
            shown.append(layout("• {line}", line=line))
    return shown


def _taken(incidents: Iterable[Incident]) -> list[Text]:
    """Those that somebody has acknowledged, a line for each person."""
    by_person = sorted(incidents, key=lambda each: str(each.acked_by))
    shown: list[Text] = []
    for person, group in groupby(by_person, key=lambda each: each.acked_by):
        theirs = tuple(group)
        line = plural(
            "{n} was already acknowledged by {person}: {flows}.",
            "{n} were already acknowledged by {person}: {flows}.",
            len(theirs),
            person=words.who(person),
            flows=_flows(theirs),
        )
        shown.append(layout("• {line}", line=line))
    return shown


def _flows(incidents: Sequence[Incident]) -> Text:
    return listed(map(words.bold, incidents[:_NAMED]), len(incidents))
