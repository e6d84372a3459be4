"""Retry rules: set, end and show them, and stop a retry that waits. ``work/runs/retrier.py`` does the rest."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.command.parse import in_words
from bot.core.command.requests import Retry, Unretry
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.incident import retries
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident
from bot.core.incident.retries import RetryReason, RetryRule, RetryState, RuleEnd, RuleId
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.text.escape import code
from bot.core.text.mask import without_secrets
from bot.core.text.message import Text, msg
from bot.messages import incident_posts
from bot.messages.cards import answers, flows
from bot.messages.cards import retry as cards
from bot.work.commands import incidents, targets
from bot.work.commands.context import Answer, CommandContext, Services, posts_for
from bot.work.commands.responders import authorize


async def retry(services: Services, context: CommandContext, request: Retry) -> Answer:
    """Set the retry rule of a flow, which replaces the one it has, or end it."""
    if request.off == bool(request.text) or (request.off and request.wait is not None):
        raise Refusal(
            "one_of_two",
            msg("Which error is retried? Name a text of its first line, or end the rule. Nothing was changed."),
            msg(
                "For example: {example} or {off}.",
                example=in_words(f'retry {_about(context, request)} on "Connection reset"'),
                off=in_words(f"retry {_about(context, request)} off"),
            ),
        )
    which = await targets.flow_id(services, context, request.flow, exact=True)
    return await (_end(services, context, which) if request.off else _set(services, context, which, request))


def _about(context: CommandContext, request: Retry) -> str:
    """The flow in an example."""
    if request.flow is not None and request.flow.id is not None:
        return str(request.flow.id)
    return str(context.incident.flow_id) if context.incident is not None else "3377"


async def _set(services: Services, context: CommandContext, which: FlowId, request: Retry) -> Answer:
    text = retries.checked_text(without_secrets(request.text, services.answer_settings.mask))
    wait = retries.checked_wait(request.wait)
    flow = await targets.owned_flow(services, context, which)
    rule = RetryRule(
        id=RuleId(services.new_id()),
        flow_id=flow.id,
        flow_name=flow.name,
        text=text,
        wait=wait,
        by=context.incoming.by,
        user_name=context.link.user_name,
        at=context.now,
    )
    return await _written(services, context, rule, cards.rule_made(rule), RuleEnd.REPLACED, new=(rule,))


async def _end(services: Services, context: CommandContext, which: FlowId) -> Answer:
    """End the rule: its maker may, also where EnOS does not show them the flow any more, and every owner."""
    rule = await _rule_of(services, which)
    if rule is None or rule.by != context.incoming.by:
        await targets.owned_flow(services, context, which)
    if rule is None:
        raise Refusal(
            "no_retry_rule",
            msg("Flow {flow} has no retry rule. Nothing was changed.", flow=code(str(which))),
            msg("Set one with {command}.", command=in_words(f'retry {which} on "Connection reset"')),
        )
    return await _written(services, context, rule, cards.rule_ended(rule, context.incoming.by), RuleEnd.PERSON)


async def _written(
    services: Services,
    context: CommandContext,
    rule: RetryRule,
    said: Text,
    end: RuleEnd,
    *,
    new: tuple[RetryRule, ...] = (),
) -> Answer:
    """End the rule that the flow has now, and write the new one: with the answer, in one transaction."""
    body = answers.told(context.words, said, post=context.post)
    answer = Answer(body, public=True, in_incident=context.about(rule.flow_id))
    posts = await posts_for(services, context, answer)
    now = services.clock()
    linked = replace(context.link, verified=bool(new))

    def decide(rules: Sequence[RetryRule], _: object, __: object) -> ChangeSet:
        ended = tuple(retries.ended_rule(each, end, now) for each in rules)
        return ChangeSet(retry_rules=(*ended, *new), posts=posts)

    result = context.attempt_result(now, linked=linked)
    await services.store.change_retries(rule.flow_id, decide, attempt_result=result)
    services.wake()
    return replace(answer, queued=True)


async def unretry(services: Services, context: CommandContext, request: Unretry) -> Answer:
    """Stop a retry that waits. Its rule stays, for the next failure."""
    which = await targets.flow_id(services, context, request.flow, exact=True)
    incident = await _retried(services, context, which)
    linked = await authorize(services, context, incident)
    by = context.incoming.by
    terms = await services.incident_actions.terms(incident.owners, services.clock())

    def decide(_: object, known: Sequence[retries.Retry], found: Sequence[Incident]) -> ChangeSet:
        waiting = next((each for each in known if each.state is RetryState.WAITING), None)
        if waiting is None or not found:
            raise _nothing_waits(which)
        row = waiting.ended(RetryState.STOPPED, RetryReason.STOPPED)
        new = retries.shown(found[0], row)
        body = answers.repeating(cards.stopped(new, by), context.words)
        posts = incident_posts.answered(new, body, terms, by.user)
        return ChangeSet(incidents=(new,), retries=(row,), posts=posts)

    result = context.attempt_result(services.clock(), linked=linked)
    await services.store.change_retries(which, decide, incident=incident.id, attempt_result=result)
    services.incident_actions.changed()
    services.wake()
    done = msg("You stopped the retry of {flow}.", flow=flows.flow_name(which, incident.flow_name))
    return await incidents.answer(services, context, incident, done)


async def _retried(services: Services, context: CommandContext, which: FlowId) -> Incident:
    """The incident whose failure is to be retried. What nobody may see is not told: EnOS is asked first."""
    waiting = [each for each in await services.store.retries_of(which) if each.state is RetryState.WAITING]
    incident = await services.store.incident(waiting[0].incident) if waiting else None
    if incident is None:
        await services.enos.flow(which, as_user=context.as_user)
        raise _nothing_waits(which)
    return incident


def _nothing_waits(flow: FlowId) -> Refusal:
    return Refusal(
        "no_retry",
        msg("No retry of flow {flow} waits now. Nothing was changed.", flow=code(str(flow))),
        msg("{command} shows its retry rule.", command=in_words(f"show {flow}")),
    )


async def shown(services: Services, flow: FlowId) -> list[Block]:
    """The rule of a flow, as ``show`` shows it; nothing where it has none."""
    rule = await _rule_of(services, flow)
    return [blocks.section(cards.rule_shown(rule))] if rule is not None else []


async def _rule_of(services: Services, flow: FlowId) -> RetryRule | None:
    return next((each for each in await services.store.retry_rules() if each.flow_id == flow), None)
