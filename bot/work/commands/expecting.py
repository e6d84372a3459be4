"""What people expect of a flow: by when it is done, or that flowbot never says that it is late."""

from dataclasses import replace
from datetime import time, timedelta

from bot.core.command.parse import in_words
from bot.core.command.requests import Expect
from bot.core.errors import Refusal
from bot.core.flow.model import Flow
from bot.core.history.background import FlowRef
from bot.core.history.expectations import EVERY_DAY, Expectation, promises
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.text.message import layout, lines, msg
from bot.messages.cards import answers
from bot.messages.cards import expectations as cards
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services, posts_for

_AUTO = "auto"
_NEXT_WITHIN = timedelta(days=8)


async def expect(services: Services, context: CommandContext, request: Expect) -> Answer:
    """Promise by when a flow is done, or say that it is never late, or take either back."""
    if bool(request.by) == bool(request.mode) or (request.days and not request.by):
        raise _unclear()
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    new = None if request.mode == _AUTO else _expectation(context, flow, request)
    answer = _answer(context, flow, new)
    await services.store.expect(
        flow.id,
        new,
        await posts_for(services, context, answer),
        attempt_result=context.attempt_result(services.clock(), linked=replace(context.link, verified=True)),
    )
    services.wake()
    return replace(answer, queued=True)


async def of_flow(services: Services, context: CommandContext, flow: Flow) -> list[Block]:
    """What ``show`` says of when a flow is done, and whether it is late."""
    outlook = await services.outlook(FlowRef(flow.id, flow.name), context.now)
    if outlook is None:
        return []
    expected = outlook.expected
    coming = next(promises(expected, context.now, context.now + _NEXT_WITHIN), None) if expected else None
    said = cards.on_time(outlook.verdict, expected, coming, outlook.estimate)
    return [blocks.section(lines(layout("*{label}*", label=msg("On time")), said))] if said else []


def _expectation(context: CommandContext, flow: Flow, request: Expect) -> Expectation:
    return Expectation(
        flow.id,
        flow.name,
        context.incoming.by,
        context.now,
        time.fromisoformat(request.by) if request.by else None,
        request.days or EVERY_DAY,
        str(context.zone),
    )


def _answer(context: CommandContext, flow: Flow, new: Expectation | None) -> Answer:
    if new is None:
        text = cards.learned_again(context.incoming.by.user, flow.id, flow.name)
    elif new.by is None:
        text = cards.switched_off(new)
    else:
        text = cards.promised(new, next(promises(new, context.now, context.now + _NEXT_WITHIN), None))
    body = answers.told(context.words, text, post=context.post, offers=[cards.reverse(new, flow.id)])
    return Answer(body, public=True, in_incident=context.about(flow.id))


def _unclear() -> Refusal:
    return Refusal(
        "no_time",
        msg(
            "Write a time or one of the words, for example {promise}, {off} or {auto}. Nothing was changed.",
            promise=in_words("expect 3377 by 06:00"),
            off=in_words("expect 3377 off"),
            auto=in_words("expect 3377 auto"),
        ),
    )
