"""Stats: figures of a period from flowbot's own incidents, in words and as a picture."""

from datetime import timedelta

from bot.core.command.periods import window
from bot.core.command.requests import Stats
from bot.core.errors import Refusal
from bot.core.history.stats import figures
from bot.core.outbox import blocks
from bot.core.text.message import Text, layout, msg
from bot.messages.cards import answers
from bot.messages.cards import stats as cards
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import filter_line, left_out
from bot.work.commands.pictures import drawn

KEPT = timedelta(days=400)  # how long an incident is kept after its end
MOST_INCIDENTS = 5000  # that are read
_DAY = timedelta(days=1)


async def stats(services: Services, context: CommandContext, request: Stats) -> Answer:
    """Count what failed in a period, of the flows that EnOS shows the asker."""
    span = window(request.period, context.now, context.zone)
    oldest = context.now - KEPT
    if span.until <= oldest:
        raise Refusal("not_kept", msg("I keep incidents for {n} days only.", n=KEPT.days), _LATER)
    flow = None if request.flow is None else await targets.flow_id(services, context, request.flow, exact=False)
    since = max(span.since, oldest)
    until = max(min(span.until, context.now), since + _DAY)
    read = await services.store.incidents(live=False, flow=flow, since=since, limit=MOST_INCIDENTS)
    wanted = [each for each in read if each.opened_at < until]
    seen, unchecked = await services.flow_access.visible_incidents(
        services.enos, context.link, wanted, context.now, services.answer_settings.alert_statuses
    )
    found = figures(seen, since, until, context.zone)
    notes: list[Text] = left_out(unchecked)
    if since > span.since:
        notes.append(msg("I keep incidents for {n} days only.", n=KEPT.days))
    if len(read) == MOST_INCIDENTS:
        notes.append(msg("Only the newest {n} incidents are counted. Use a shorter period.", n=MOST_INCIDENTS))
    head = cards.title(f"{flow}" if flow is not None else "")
    about = filter_line(flow, "", layout("{period}", period=span.words))
    extra = [] if about is None else [blocks.context(about)]
    if not (found.failures or found.incidents):
        nothing = (
            msg("No failures in this period that I could check.") if unchecked else msg("No failures in this period.")
        )
        text = await unmatched.check_names(services, context, request, unmatched.NameFilter(flow), nothing)
        return Answer(answers.told(context.words, text, post=context.post, extra=extra, notes=notes))
    drawing = cards.drawing(found, head, span.words, context.caller.profile.language)
    file, where = await drawn(services, context, drawing, "stats", cards.summary(found))
    extra += [*cards.card_parts(found), blocks.section(where)]
    return Answer(answers.told(context.words, head, post=context.post, extra=extra, notes=notes), file=file)


_LATER = msg("Choose a later period.")
