"""The form that triggers a flow.

    flow chosen ─► its fields ─► Preview pressed ─► what would start ─► Trigger pressed ─► the words of ``trigger``
                       ▲                                  │ Change
                       └──────────────────────────────────┘

What a view knows of its flow is in the database, under an id in its state: any process may go on with it. Where the
flow is gone, locked or EnOS silent, the form says so above the fields, which keep what was entered.
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bot.core.command import buttons
from bot.core.command.lacking import said
from bot.core.command.parse import parse, trigger_time
from bot.core.command.requests import FlowRef, Trigger
from bot.core.command.rights import Denial, may
from bot.core.command.table import BY_REQUEST
from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.known import search
from bot.core.flow.model import Flow
from bot.core.flow.preview import Preview, Seen, parts, seen
from bot.core.forms import starting as fields
from bot.core.forms.model import (
    Act,
    Errors,
    FormAsked,
    FormChanged,
    FormSubmitted,
    Option,
    OptionsAsked,
    Show,
    Submission,
    View,
)
from bot.core.forms.starting import FLOW, TASK, Opened
from bot.core.text.mask import STARS, without_secrets
from bot.messages.cards import previews
from bot.messages.cards import trigger_form as cards
from bot.work.commands import previewing, targets
from bot.work.commands.context import CommandContext, Services, fit_into_buttons
from bot.work.commands.flow_list import FlowList
from bot.work.forms.form import Form

PATIENCE = 10  # seconds for EnOS, while somebody looks at the form
LIST_SECONDS, TYPING_SECONDS = 1.5, 0.15  # for the first list of flows, when the form opens and while somebody types
_CARRIED, _SHOWN = 900, 300  # characters of a command that a view carries, and that it shows
_OPENED, _WORDS, _SAID, _VERSION = "opened", "words", "said", "version"  # in a view's state

_LABELLED = re.compile(r"\(([0-9]+)\)\s*$")

Result = TypeVar("Result")


async def _open(services: Services, context: CommandContext, asked: FormAsked) -> View:
    await _permitted(services, context)
    given = said(asked.words)
    values = given.values if given is not None else {}
    if not isinstance(values.get("flow"), FlowRef):
        await services.flow_lists.read(services, context.link, LIST_SECONDS)
        return cards.view(None, None, {}, _listed(services.flow_lists.flows(services, context.link)), {_VERSION: "1"})
    return await _of_flow(services, context, asked.words, "1")


async def _permitted(services: Services, context: CommandContext) -> None:
    reason = may(BY_REQUEST[Trigger].who, context.caller)
    if reason is not Denial.NONE:
        raise await targets.denial(services, context, reason)


async def _of_flow(services: Services, context: CommandContext, words: str, version: str) -> View:
    """The fields of a flow, with what was said already; without fields where the flow cannot be read."""
    known = said(words)
    given = known.values if known is not None else {}
    ref: FlowRef = given["flow"]
    context = replace(context, request=Trigger(ref), row=BY_REQUEST[Trigger])
    state = {_VERSION: version}
    try:
        flow = await soon(_owned(services, context, ref))
    except Failure as failure:
        own = services.flow_lists.flows(services, context.link)
        name = next((each.name for each in own.flows if each.id == ref.id), "")
        shown = cards.option(str(ref.id), name) if ref.id is not None else None
        state[_SAID] = await _carried(services, context, words)
        return cards.view(shown, None, {}, _listed(own), state, failure.message)
    fingerprint = previewing.fingerprint(services)
    runs, _ = parts(flow, None)
    of = _about(seen(flow, Preview(flow.id, flow.name, runs), fingerprint)).kept()
    named = [each for each in given.get("parameters", ()) if STARS not in each.value]
    zone = fields.zone_name(context.zone, context.now)
    form, values = fields.opened(flow, named, zone, of, fingerprint)
    notice = None
    if given.get("task") is not None:
        values[TASK] = str(given["task"])
    if given.get("when") is not None:
        try:
            at = trigger_time(Trigger(ref), given["when"], context.now, context.zone).astimezone(context.zone)
            values |= {fields.DAY: at.date().isoformat(), fields.CLOCK: at.time().isoformat("minutes")}
        except Refusal as refused:
            notice = refused.sentence
    state[_OPENED] = await services.store.stash(form.kept(), context.now)
    listed = _listed(services.flow_lists.flows(services, context.link))
    return cards.view(cards.option(str(flow.id), flow.name), form, values, listed, state, notice)


async def _owned(services: Services, context: CommandContext, ref: FlowRef) -> Flow:
    which = await targets.flow_id(services, context, ref, exact=True)
    return await targets.owned_flow(services, context, which)


async def soon(reading: Awaitable[Result], seconds: float = PATIENCE) -> Result:
    """What EnOS answers while somebody waits for it. Raises ``TemporaryFailure`` where that takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await reading
    except TimeoutError:
        raise TemporaryFailure(cards.no_answer(PATIENCE)) from None


def _about(of: Seen) -> Seen:
    """What a flow is like, whatever is started of it."""
    return replace(of, runs=(), at="", data_date="", status=None)


def _listed(flows: FlowList) -> cards.Listed:
    return cards.Listed(flows.age, flows.trouble is not None, flows.left_out)


# ── while it is filled in ──


async def _refresh(services: Services, context: CommandContext, changed: FormChanged) -> View | None:
    """The fields of the flow that was chosen; or, back from the preview, with what was entered."""
    await _permitted(services, context)
    if changed.field == cards.BACK:
        words = await _words(services, changed.state.get(_WORDS, ""))
        return await _of_flow(services, context, words, _next(changed.state))
    if changed.field != FLOW or not changed.chosen.isdigit():
        return None
    return await _of_flow(services, context, _trigger(changed.chosen), changed.state.get(_VERSION, "1"))


def _trigger(chosen: str) -> str:
    return f"trigger {chosen}"


async def _words(services: Services, kept: str) -> str:
    """The command that a view carries, or that is kept elsewhere for it; after a restart without its secrets."""
    if (ids := buttons.referenced(kept)) is None:
        return kept
    return services.secret_commands.get(ids[1]) or await services.store.stashed(ids[0]) or ""


def _next(state: Mapping[str, str]) -> str:
    version = state.get(_VERSION, "1")
    return str(int(version) + 1) if version.isdigit() else "1"


async def _options(services: Services, asked: OptionsAsked) -> Sequence[Option]:
    """The flows of this person, or the tasks of the flow that was chosen."""
    if asked.field == TASK:
        form = Opened.read(await services.store.stashed(asked.state.get(_OPENED, "")))
        return cards.tasks(form, asked.typed) if form is not None else ()
    link = await services.store.link(asked.by)
    if link is None:
        return ()
    known = await services.flow_lists.read(services, link, TYPING_SECONDS)
    own = (each for each in known.flows if each.editable)
    labelled = _LABELLED.search(asked.typed)  # as a choice is shown
    typed = labelled[1] if labelled else asked.typed.strip()
    found = [cards.option(str(each.id), each.name) for each in search(own, typed, 100)]
    if typed.isascii() and typed.isdigit() and len(typed) <= 18 and typed not in (value for _, value in found):
        found = [*found[:99], cards.option(typed, "")]  # the list may be old; whether it is theirs is asked when chosen
    return found


# ── pressed ──


async def _submit(services: Services, submitted: FormSubmitted) -> Submission:
    if carried := submitted.state.get(_WORDS):
        return Act(carried)
    chosen = submitted.values.get(FLOW, "")
    try:
        form = Opened.read(await services.store.stashed(submitted.state.get(_OPENED, "")))
    except Failure as failure:
        return Errors({FLOW: failure.message})
    if form is None or str(form.flow) != chosen:  # the fields are not those of this flow
        if not chosen.isdigit():
            return Errors({FLOW: cards.CHOOSE})
        return Show(cards.checking(), partial(_chosen, services, chosen, submitted.state))
    words = fields.command_of(form, submitted.values, previewing.fingerprint(services), submitted.at)
    if isinstance(words, Errors):
        return words
    return Show(cards.checking(), partial(_previewed, services, submitted, form, words))


async def _chosen(services: Services, chosen: str, state: Mapping[str, str], context: CommandContext) -> View:
    """The fields of a flow that could not be read when it was chosen, with what was said of it then."""
    await _permitted(services, context)
    words = await _words(services, state.get(_SAID, ""))
    known = said(words)
    is_same = known is not None and known.part("flow") == chosen
    return await _of_flow(services, context, words if is_same else _trigger(chosen), _next(state))


async def _previewed(
    services: Services, submitted: FormSubmitted, form: Opened, words: str, context: CommandContext
) -> View:
    """What would start; or the form again, with what was entered, and why there is no preview."""
    request = parse(words)
    shown = without_secrets(words, services.answer_settings.mask)[:_SHOWN]
    if not isinstance(request, Trigger):
        raise TypeError("the form said another command")
    context = replace(context, request=request, row=BY_REQUEST[Trigger], words=shown)
    version = _next(submitted.state)
    try:
        await _permitted(services, context)
        found = await soon(previewing.look(services, context, request))
    except Failure as failure:
        listed = _listed(services.flow_lists.flows(services, context.link))
        state = {_VERSION: version, _OPENED: submitted.state[_OPENED]}
        notice = cards.kept(failure.message)
        return cards.view(cards.option(str(form.flow), form.name), form, submitted.values, listed, state, notice)
    before = Seen.read(form.seen)
    changed = previews.since(before, _about(found.seen)) if before is not None and found.seen is not None else []
    state = {_WORDS: await _carried(services, context, found.command), _VERSION: version}
    return cards.preview(found.preview, shown, changed, state, context.now)


async def _carried(services: Services, context: CommandContext, command: str) -> str:
    """The command as a view carries it: short and without a secret."""
    ((_, words),) = await fit_into_buttons(services, context, [(previews.TRIGGER, command)])
    if buttons.referenced(words) is None and len(words) > _CARRIED:
        return buttons.reference(await services.store.stash(command, context.now))
    return words


FORM = Form(cards.NAME, cards.TITLE, _open, _submit, _refresh, _options)
