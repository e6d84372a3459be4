"""Runbooks: what the cards of a flow tell people to do. A change is drawn onto live cards at once."""

from dataclasses import replace

from bot.core.command.requests import Runbook as RunbookRequest
from bot.core.errors import Refusal
from bot.core.history.runbook import Runbook, checked
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Incident
from bot.core.routing.prefs import OFF
from bot.core.text.escape import mention
from bot.core.text.mask import without_secrets
from bot.core.text.message import msg
from bot.messages.cards import answers, flows
from bot.messages.cards import runbooks as cards
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services, posts_for


async def runbook(services: Services, context: CommandContext, request: RunbookRequest) -> Answer:
    """Give a flow a runbook, another one, or none any more."""
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    named = flows.flow_name(flow.id, flow.name)
    ends = request.text == OFF
    text = "" if ends else checked(without_secrets(request.text, services.answer_settings.mask))
    if ends and await services.store.runbook(flow.id) is None:
        raise Refusal("no_runbook", msg("{flow} has no runbook. Nothing was changed.", flow=named))
    new = Runbook(flow.id, flow.name, text, context.incoming.by, context.now)
    person = mention(context.incoming.by.user)
    said = (
        msg("{person} removed the runbook of {flow}.", person=person, flow=named) if ends else cards.given(new, named)
    )
    answer = Answer(
        answers.told(context.words, said, post=context.post), public=True, in_incident=context.about(flow.id)
    )
    posts = await posts_for(services, context, answer)
    redrawn = await services.incident_actions.redrawing(flow.id, context.now)

    def decide(live: tuple[Incident, ...]) -> ChangeSet:
        changed = [replace(old, background=replace(old.background, runbook=text)) for old in live]
        edits = [post for old, new in zip(live, changed, strict=True) for post in redrawn(old, new)]
        return ChangeSet(incidents=tuple(changed), posts=(*posts, *edits), runbooks=(new,))

    await services.store.change_runbook(
        flow.id, decide, attempt_result=context.attempt_result(services.clock(), linked=context.link)
    )
    services.wake()
    return Answer(None, queued=True)
