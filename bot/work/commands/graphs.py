"""Task graphs: a picture for the asker's direct messages, and the same in words."""

from bot.core.command.requests import ShowGraph
from bot.core.errors import Offer, Refusal
from bot.core.flow.model import Graph
from bot.core.outbox import blocks
from bot.core.text.message import Text, msg
from bot.core.values import dataclass
from bot.messages.cards import answers, flows, graphs
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import paragraphs
from bot.work.commands.pictures import drawn


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is drawn: a flow, or a run of it."""

    graph: Graph
    head: Text
    title: str
    subtitle: Text
    name: str  # of the file
    view: Offer


async def graph(services: Services, context: CommandContext, request: ShowGraph) -> Answer:
    """Draw one flow, or one run; in an incident's thread the failed run."""
    if request.instance is not None or (request.flow is None and context.incident is not None):
        subject = await _run(services, context, request)
    else:
        subject = await _flow(services, context, request)
    extra = [blocks.section(each) for each in paragraphs(graphs.rows(subject.graph))]
    if not extra:
        nothing = [blocks.section(msg("EnOS shows no tasks."))]
        body = answers.told(context.words, subject.head, post=context.post, offers=[subject.view], extra=nothing)
        return Answer(body, private=True)
    drawing = graphs.drawing(subject.title, subject.subtitle, subject.graph, context.caller.profile.language)
    file, note = await drawn(services, context, drawing, subject.name, graphs.summary(subject.graph))
    extra.append(blocks.section(note))
    body = answers.told(context.words, subject.head, post=context.post, offers=[subject.view], extra=extra)
    return Answer(body, private=True, file=file)


async def _run(services: Services, context: CommandContext, request: ShowGraph) -> _Subject:
    run = await targets.instance(services, context, request.instance)
    return _Subject(
        run.graph,
        flows.row(run, zone=services.platform_zone()),
        f"{run.flow_id} {run.flow_name}",
        graphs.run_status(run),
        run.id,
        (msg("View run"), f"show {run.id}"),
    )


async def _flow(services: Services, context: CommandContext, request: ShowGraph) -> _Subject:
    which = await targets.flow_id(services, context, request.flow, exact=False)
    try:
        flow = await services.enos.flow(which, as_user=context.as_user)
    except Refusal as refused:
        if refused.reason != "unknown_flow":
            raise
        raise await unmatched.no_flow(services, context, request, which, refused.sentence) from refused
    return _Subject(
        flow.graph,
        flows.flow_name(flow.id, flow.name),
        f"{flow.id} {flow.name}",
        msg("Task graph"),
        str(flow.id),
        (msg("View flow"), f"show {flow.id}"),
    )
