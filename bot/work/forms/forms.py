"""Forms: opened at once, filled when what they show is known, and turned into the words of a command.

    asked ─► loading view ─► who is it ─► fill ─► update, unless somebody closed or changed it

Opening waits for nothing but Slack's own answer. What a submission says goes the way of every command: the same
parser, rights and audit.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from bot.core.errors import DatabaseUnavailable, Failure, Refusal, internal_error
from bot.core.forms.model import (
    Act,
    Errors,
    FormAsked,
    FormChanged,
    FormClosed,
    FormEvent,
    FormSubmitted,
    HomeOpened,
    OpenView,
    OptionsAsked,
    Reply,
    View,
)
from bot.core.forms.rendering import offered, rendered
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.core.text.message import Text, plain
from bot.core.values import dataclass
from bot.messages.cards import forms as cards
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.refusing import SlackSilent
from bot.work.forms.form import Form

log = logging.getLogger(__name__)

MOST_KEPT = 500  # views whose newest change is known, and submissions

Kept = TypeVar("Kept")

OnHomeOpened = Callable[[HomeOpened], Awaitable[None]]


async def _no_home(_opened: HomeOpened) -> None:
    """Nobody draws a home."""


@dataclass(slots=True)
class _Shown:
    """What is known of an open view: how often it was changed, and the hash of what it shows."""

    changes: int = 0
    hash: str = ""


class Forms:
    """Answers everything that people do in forms. ``on_home_opened`` draws the home."""

    def __init__(self, services: Services, dispatcher: Dispatcher, forms: Mapping[str, Form] | None = None) -> None:
        self._services, self._dispatcher = services, dispatcher
        self._forms = forms
        self._shown: dict[str, _Shown] = {}
        self._said: dict[str, IncomingMessage] = {}  # by the key of the submission
        self.on_home_opened: OnHomeOpened = _no_home

    async def asked(self, asked: FormAsked) -> None:
        """Open a form at once and fill it. Raises Refusal where Slack does not open it."""
        form, services = self._form(asked.name), self._services
        command, language = services.answer_settings.command, services.slack.known_language(asked.by.user)
        loading = replace(cards.loading(form.name, form.title), origin=asked.origin)
        try:
            shown = await services.views.open(asked.trigger, loading, language)
        except SLACK_FAILURES as error:
            word = error.error if isinstance(error, SlackRefused) else "no answer"
            raise cards.not_opened(form.name, command, word) from None

        async def filled() -> tuple[View, str]:
            words = await self._dispatcher.words_of(asked.words)
            context = await self._introduced(asked.key, words, asked.by, asked.origin, asked.post)
            return await form.open(services, context, replace(asked, words=words)), _language(context)

        view, language = await self._made(form, filled, language)
        if not await self._update(shown, _complete(form, view or loading, asked.origin), language):
            raise Refusal("form_closed", cards.closed_meanwhile(form.name, command))

    async def submitted(self, submitted: FormSubmitted) -> Reply:
        """What a submission leads to: words that are said, errors at fields, or another view."""
        form, services = self._form(submitted.name), self._services
        if (said := self._said.get(submitted.key)) is not None:  # twice: what it changed is no news
            return Reply(message=said)
        language = services.slack.known_language(submitted.by.user)
        outcome = await form.submit(services, submitted)
        if isinstance(outcome, Act):
            origin = replace(submitted.origin, surface=Surface.FORM)
            said = IncomingMessage(submitted.key, outcome.words, submitted.by, origin, submitted.at)
            _keep(self._said, submitted.key, said)
            return Reply(message=said)
        if await self._was_said(submitted.key):  # at another replica
            return Reply(message=IncomingMessage(submitted.key, "", submitted.by, submitted.origin, submitted.at))
        if isinstance(outcome, Errors):
            return Reply(errors=_at_fields(submitted, outcome.at, language))
        self._shown.pop(submitted.view.id, None)  # Slack does not say which hash the answer gets
        shown = rendered(_complete(form, outcome.view, submitted.origin), language)
        follows = outcome.then
        return Reply(view=shown, then=partial(self._follow, form, submitted, follows, language) if follows else None)

    async def changed(self, changed: FormChanged) -> None:
        """Show what follows from a change, unless there has been another one since."""
        form, services = self._form(changed.name), self._services
        shown = self._known(changed.view)
        shown.changes += 1
        number = shown.changes

        async def refreshed() -> tuple[View | None, str]:
            context = await self._introduced("", "", changed.by, changed.origin)
            return await form.refresh(services, context, changed), _language(context)

        view, language = await self._made(form, refreshed, services.slack.known_language(changed.by.user))
        if view is not None and number == shown.changes:
            now = OpenView(changed.view.id, shown.hash)
            await self._update(now, _complete(form, view, changed.origin), language, changed.view.hash)

    async def closed(self, closed: FormClosed) -> None:
        """Forget a form that was closed."""
        self._shown.pop(closed.view.id, None)

    async def options(self, asked: OptionsAsked) -> list[dict[str, Any]]:
        """The choices of a field that fit what was typed."""
        found = await self._form(asked.name).options(self._services, asked)
        return offered(found, self._services.slack.known_language(asked.by.user))

    async def home_opened(self, opened: HomeOpened) -> None:
        """Show somebody their home."""
        await self.on_home_opened(opened)

    # ── what they share ──

    async def _was_said(self, key: str) -> bool:
        """Whether a submission has said its command already."""
        try:
            return await self._services.store.was_delivered(key)
        except DatabaseUnavailable:
            return False

    async def _follow(
        self, form: Form, submitted: FormSubmitted, follows: Callable[[Any], Awaitable[View | None]], language: str
    ) -> None:
        """Show what takes longer than Slack waits for the answer to a submission."""

        async def followed() -> tuple[View | None, str]:
            context = await self._introduced("", "", submitted.by, submitted.origin)
            return await follows(context), _language(context)

        view, language = await self._made(form, followed, language)
        if view is not None:
            await self._update(OpenView(submitted.view.id), _complete(form, view, submitted.origin), language)

    def _form(self, name: str) -> Form:
        if self._forms is None:  # not before somebody uses a form
            from bot.work.forms.registry import FORMS

            self._forms = FORMS
        return self._forms[name]

    async def _introduced(self, key: str, words: str, by: Person, origin: Origin, post: str = "") -> CommandContext:
        said = IncomingMessage(key, words, by, origin, self._services.clock(), post)
        return await self._dispatcher.introduce(said)

    async def _made(
        self, form: Form, make: Callable[[], Awaitable[tuple[View | None, str]]], language: str
    ) -> tuple[View | None, str]:
        """What ``make`` makes, with its language; one sentence where it fails."""
        sentence: Text
        try:
            return await make()
        except Failure as failure:
            sentence = failure.message
        except SLACK_FAILURES as error:
            log.warning("Slack did not answer what a form asked: %s", error)
            sentence = SlackSilent().message
        except Exception:
            reference = self._services.new_id()[:8]
            log.exception("A form hit a bug, reference %s", reference)
            sentence = internal_error(reference)
        return cards.told(form.name, form.title, sentence), language

    async def _update(self, shown: OpenView, view: View, language: str, seen: str = "") -> bool:
        """Show a view, unless somebody has updated it meanwhile. False where it was closed.

        ``seen`` is the hash of what the person saw, which another replica may have shown.
        """
        try:
            updated = await self._services.views.update(shown, view, language)
        except SlackRefused as refused:
            if refused.error == "hash_conflict" and seen not in {"", shown.hash}:
                return await self._update(replace(shown, hash=seen), view, language)
            if refused.error not in {"hash_conflict", "not_found"}:
                log.warning("Slack did not update a form: %s", refused)
            return refused.error != "not_found"
        except SLACK_FAILURES as error:
            log.warning("Slack did not update a form: %s", error)
            return True
        self._known(updated).hash = updated.hash
        return True

    def _known(self, view: OpenView) -> _Shown:
        known = self._shown.get(view.id)
        if known is None:
            known = _Shown(hash=view.hash)
            _keep(self._shown, view.id, known)
        return known


def _keep(kept: dict[str, Kept], key: str, value: Kept) -> None:
    """Remember something; the oldest is dropped where there are too many."""
    kept[key] = value
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]


def _complete(form: Form, view: View, origin: Origin) -> View:
    return replace(view, name=form.name, origin=view.origin or origin)


def _language(context: CommandContext) -> str:
    return context.caller.profile.language


def _at_fields(submitted: FormEvent, errors: Mapping[str, Text], language: str) -> dict[str, str]:
    """Sentences by block id, without the marks of code; one for a field that is not there is at the first that is."""
    first = next(iter(submitted.fields.values()), "")
    at = submitted.fields
    return {at.get(name, first): plain(text, language).replace("`", "") for name, text in errors.items()}
