"""Why a run cannot be rerun: another run has the one minute that it would need."""

from datetime import datetime

from bot.core.command.parse import in_words
from bot.core.flow.graph import ended as is_over
from bot.core.flow.model import Instance, InstanceId
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.people.model import Person
from bot.core.text.escape import code
from bot.core.text.message import Message, Text, ago, lines, msg, sentences
from bot.core.values import dataclass
from bot.messages.cards import flows
from bot.messages.cards.runs import who_and_what


@dataclass(frozen=True, slots=True)
class MinuteHolder:
    """The run that has the minute which a rerun would need."""

    id: InstanceId
    at: datetime  # the minute, UTC
    run: Run | None  # as flowbot started it; None where it did not
    instance: Instance | None  # as EnOS shows it to the asker
    asker: Person
    repeats: bool  # it is the run itself that was to be rerun


def no_minute(held: MinuteHolder, old: InstanceId, again: str, now: datetime) -> Text:
    """Why a run cannot be rerun: whose run has its minute, its state, and what to do.

    ``again`` is a command for the next free minute, which belongs to other data; empty where there is none.
    """
    other = None
    if again and (held.instance is None or is_over(held.instance)):
        other = msg("To run it in the next free minute, with other data, use {command}.", command=in_words(again))
    return lines(
        sentences(
            msg("Run {run} has trigger time {time}.", run=code(held.id), time=held.at),
            None if held.repeats else _starter(held, now),
        ),
        msg(
            "EnOS allows one run a minute for each flow, and the same data date has no later free minute. "
            "Nothing was started."
        ),
        sentences(_state_of_holder(held, old), other),
    )


def _starter(held: MinuteHolder, now: datetime) -> Message:
    run = held.run
    if run is None:
        return msg("EnOS does not say who started it.")
    when, own = ago(now - run.started_at), run.by == str(held.asker)
    if run.state is RunState.ASKED:
        if own:
            return msg("You triggered it {ago}, and EnOS has not confirmed it yet.", ago=when)
        return msg("{person} triggered it {ago}, and EnOS has not confirmed it yet.", ago=when, **who_and_what(run))
    if own:
        return msg("You started it {ago}.", ago=when)
    return msg("{person} started it {ago}.", ago=when, **who_and_what(run))


def _state_of_holder(held: MinuteHolder, old: InstanceId) -> Message:
    instance = held.instance
    if instance is None:
        return msg(
            "EnOS does not show you its status now. Try again in a minute, or rerun {run} in the EnOS console.",
            run=code(old),
        )
    status = flows.status_word(instance.status)
    if not is_over(instance):
        return msg("It is for the same data date and has not ended ({status}). Wait until it ends.", status=status)
    if instance.status == Status.SUCCESS:
        return msg("It is for the same data date and succeeded. You may not need another rerun.")
    return msg("It has ended ({status}). Rerun {run} in the EnOS console.", status=status, run=code(held.id))
