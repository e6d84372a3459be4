"""The first start's message, and the replies in the thread of an alert storm. The storm's own: ``board.py``."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.command.parse import in_words
from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB
from bot.core.flow.model import UserName
from bot.core.incident import groups as storms
from bot.core.incident.model import Incident
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.people.model import Person
from bot.core.text.escape import mention
from bot.core.text.message import Text, lines, listed, msg, plural, sentences
from bot.messages.cards import board

_ACK = BY_VERB["ack"]

# ── a storm ──


def more_owners(names: Sequence[UserName], people: Mapping[UserName, Person], *, command: str) -> Card:
    """The reply that mentions owners of a storm's flows whom its message has not mentioned."""
    text = msg(  # the storm's message may be gone: this does not refer to it
        "The alert storm also affects flows of {owners}. List yours with {command}.",
        owners=listed(mention(people[name].user) for name in names),
        command=in_words("incidents mine", command),
    )
    return blocks.Card(msg("ALERT STORM · more owners"), [blocks.section(text)])


def storm_reminder(waiting: Sequence[Incident], post: str, texts: Sequence[Text | None], *, command: str) -> Card:
    """The reminder of a storm's unacknowledged incidents; ``texts`` say who is called."""
    count = len(waiting)
    text = lines(
        plural(
            "⏰ {n} incident of the alert storm is still open and nobody is on it.",
            "⏰ {n} incidents of the alert storm are still open and nobody is on them.",
            count,
        ),
        *texts,
        msg(
            "List them with {list}. Acknowledge one with {ack}.",
            list=in_words("incidents unacked", command),
            ack=in_code(_ACK.brief_in, command),
        ),
    )
    row = board.lists(post, (msg("All unacknowledged"), "incidents unacked"), (msg("Mine"), "incidents mine"))
    head = plural(
        "STILL OPEN · {n} incident of the alert storm", "STILL OPEN · {n} incidents of the alert storm", count
    )
    return blocks.Card(head, [blocks.section(text), row])


# ── the first start ──


def first_start(
    grouped: Sequence[Incident], post: str, *, command: str, since: datetime, zone: timedelta | None = None
) -> Card:
    """The message of a newly created database: what it watches, and what is broken now, a row for each.

    ``grouped`` are its incidents, newest first, in their present state.
    """
    broken = storms.count_phases(grouped).live
    if broken:
        head = plural(
            "flowbot is watching · {n} flow is broken now", "flowbot is watching · {n} flows are broken now", broken
        )
        state = plural("{n} flow is broken now.", "{n} flows are broken now.", broken)
    else:
        head, state = msg("flowbot is watching · no flow is broken now"), msg("No flow is broken now.")
    text = lines(
        msg("*flowbot is watching.* From now on, every flow that fails gets a message and a thread of its own here."),
        sentences(msg("I checked the runs triggered since {time}.", time=since), state),
    )
    hints: list[Text | None] = [
        board.more(grouped, "incidents", command),
        msg("What you can ask me: {command}", command=in_words("help", command)),
    ]
    return blocks.Card(
        head,
        [
            blocks.section(text),
            *board.rows(grouped, post, zone),
            blocks.context(*(hint for hint in hints if hint is not None)),
        ],
    )
