"""Refusing: what the asker is told where a command is not carried out: refused, failed, late, or done already."""

import logging
from datetime import timedelta

from bot.core.command import buttons
from bot.core.command.lacking import said
from bot.core.errors import Failure, Offer, Refusal, TemporaryFailure
from bot.core.errors import internal_error as broken
from bot.core.flow.ids import is_instance
from bot.core.forms.names import FORMS
from bot.core.outbox.posts import Post
from bot.core.people.model import Ending, IncomingMessage, Outcome, Surface
from bot.core.text.escape import legible
from bot.core.text.mask import STARS, without_secrets
from bot.core.text.message import Text, lines, link, msg, sentences, with_data
from bot.messages.cards import answers
from bot.messages.cards.incident import headline
from bot.work.commands.context import (
    REPEATED,
    Answer,
    CommandContext,
    Services,
    fit_into_buttons,
    link_to,
    outcome_of,
)

log = logging.getLogger(__name__)

_AROUND = timedelta(minutes=2)  # in which the first of two presses is searched
_RECENT = 100  # attempts among which it is searched
_MASKED = 4000  # characters that are searched for secrets before they are shortened
_LACKING = frozenset({"expected", "no_target", "no_reason", "one_end"})  # reasons to offer the command's form


class SlackSilent(TemporaryFailure):
    """Slack did not answer what the bot had to know."""

    def __init__(self) -> None:
        super().__init__(
            msg("Slack did not answer, so I can't do this now. Nothing was changed. Try again in a minute.")
        )


async def refused(services: Services, context: CommandContext, failure: Failure) -> Answer:
    """The answer to a refusal or an outage, for the asker only."""
    offered = failure.offers if isinstance(failure, Refusal) else ()
    if isinstance(failure, Refusal) and failure.reason in _LACKING:
        offered = (*offered, *_form_offer(context.incoming.text, services.answer_settings.command))
    offers = await fit_into_buttons(services, context, offered)
    text = with_data(failure.message, services.answer_settings.mask)
    words = context.words or _own_words(services, context.incoming)
    body = answers.told(words, text, post=context.post, offers=offers)
    return Answer(body, private=True, outcome=outcome_of(failure))


def internal_error(services: Services, context: CommandContext, bug: Exception) -> Answer:
    """The answer to a bug, which is logged under the reference that it shows."""
    reference = services.new_id()[:8]
    words = context.words or _own_words(services, context.incoming)
    log.error("A command hit a bug, reference %s: %r", reference, words, exc_info=bug)
    body = answers.told(words, broken(reference))
    return Answer(body, private=True, outcome=Outcome(Ending.BUG, reference))


async def moved(services: Services, context: CommandContext, message: Post) -> Refusal:
    """The refusal of a press on a message that another one replaced."""
    url = await link_to(services, message)
    if url:
        label = msg("new message")
        place = msg("This message was replaced. Press in the {new} instead.", new=link(url, label))
    else:
        place = msg("This message is out of date. Type the command instead.")
    return Refusal("moved", lines(sentences(place, answers.NOTHING_CHANGED), _state(context)))


async def already(services: Services, context: CommandContext, key: str) -> Refusal:
    """The answer to a second press, with the present state."""
    store, now = services.store, services.clock()
    entry = await store.attempt_by_key(key)
    if entry is None:  # it has ended meanwhile and done nothing: find the newest with this key
        recent = await store.audit_entries(now - _AROUND, now + _AROUND, None, limit=_RECENT)
        entry = next((each for each in recent if each.attempt.key == key), None)
    text = answers.second_press(entry, now, asker=context.incoming.by)
    started = entry.answer if entry is not None and is_instance(entry.answer) else ""
    offers = [(msg("View run"), f"show {started}")] if started else []
    return Refusal("already_done", lines(text, _state(context)), offers=offers)


def late(text: str) -> Refusal:
    """The refusal of what was said too long ago to be done without asking: flowbot was away in between."""
    cannot_repeat = text == buttons.OLD_BUTTON or STARS in text
    return Refusal(
        "late",
        msg(
            "I couldn't get to this in time: I was restarted, or very busy. Nothing was changed. If you still want it, "
            "send it again."
        ),
        offers=() if cannot_repeat else ((msg("Do it now"), text),),
    )


def _form_offer(text: str, command: str) -> tuple[Offer, ...]:
    """A button that opens the form of a command that lacks words: the press may open what words may not."""
    found = said(text, command)
    if found is None or not found.lacks or found.verb not in FORMS:
        return ()
    return ((msg("Open the form"), buttons.form(found.words)),)


def _own_words(services: Services, incoming: IncomingMessage) -> str:
    """The asker's words that were not understood; empty where they are flowbot's: of an old button, or a form."""
    text = incoming.text.strip()[:_MASKED]
    is_button = incoming.origin.surface is Surface.BUTTON
    if incoming.origin.surface is Surface.UNSUPPORTED or (
        is_button and (text == buttons.OLD_BUTTON or buttons.referenced(text))
    ):
        return ""
    return legible(without_secrets(text, services.answer_settings.mask), REPEATED)


def _state(context: CommandContext) -> Text | None:
    """The present state of the incident that a command was said to."""
    return None if context.incident is None else msg("Now: {state}.", state=headline(context.incident))
