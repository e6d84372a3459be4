"""Meta: help, status and audit."""

from collections.abc import Mapping

from bot.core.command import table
from bot.core.command.parse import in_words
from bot.core.command.periods import window
from bot.core.command.requests import Audit, Help, Status
from bot.core.command.rights import Denial
from bot.core.errors import Refusal
from bot.core.outbox import blocks
from bot.core.people.model import Entry, Person, Surface
from bot.core.text.escape import code, mention
from bot.core.text.message import Text, dots, layout, lines, msg, plural, sentences, verbatim
from bot.messages.cards import answers, flows, snoozes
from bot.messages.cards import help as help_cards
from bot.work.commands import backfilling, unmatched
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import filter_line, listed

_BY: Mapping[str, Text] = {
    Surface.RULE.value: msg("by a retry rule"),
    Surface.BACKFILL.value: msg("by a backfill"),
    Surface.SHELL.value: msg("from a shell"),
}
MOST_ENTRIES = 500  # entries of the audit that are read for a list


async def help_(services: Services, context: CommandContext, request: Help) -> Answer:
    """Show what this person does most, the verbs of a family, or one verb with examples."""
    settings, caller, words, post = services.answer_settings, context.caller, context.words, context.post
    if not request.topic:
        admins, way_out = sorted(settings.admins), None
        if caller.link is None:
            way_out = answers.denial(
                Denial.NOT_LINKED, person=context.incoming.by, command=settings.command, admins=admins
            )
        return Answer(help_cards.overview(words, post, settings.command, caller, way_out))
    topic = request.topic.casefold()
    row, family = table.BY_VERB.get(topic), table.FAMILIES.get(topic)
    listed_flows = services.flow_lists.flows(services, caller.link).flows if caller.link else ()
    own = next((each.id for each in listed_flows if each.editable), None)
    if family is not None:
        return Answer(help_cards.family(words, post, settings.command, caller, family, row, own))
    if row is None:
        raise _unknown_topic(request.topic)
    return Answer(help_cards.verb(words, post, settings.command, row, own))


def _unknown_topic(topic: str) -> Refusal:
    near = table.nearest(topic)
    return Refusal(
        "unknown_topic",
        msg("There is no command {topic}.", topic=code(flows.short(topic))),
        msg("Did you mean {command}?", command=in_words(f"help {near}")) if near else msg("`help` lists all commands."),
    )


async def status(services: Services, context: CommandContext, _request: Status) -> Answer:
    """Show how flowbot is."""
    bot = services.status()
    counts = await services.store.post_counts()
    live = await services.store.incidents(live=True, limit=5000)
    waiting = sum(counts.get(state, 0) for state in ("queued", "sending", "unclear"))
    rows = (
        (msg("Watching"), bot.watching),
        (msg("EnOS checked"), bot.last_read),
        (msg("Run history"), bot.history),
        (verbatim("Slack"), bot.slack),
        (msg("Version"), bot.version),
        (msg("Replicas"), await _replicas(services)),
        (msg("Clock"), bot.clock),
    )
    fields = [layout("*{label}*\n{text}", label=label, text=text) for label, text in rows if text]
    ask = msg("If this lasts, ask a flowbot admin.") if bot.judgement.broken and not context.caller.admin else None
    problems = sentences(*bot.judgement.broken, *bot.judgement.remarks, ask)
    text = msg("🟢 All good.") if bot.judgement.well else layout("⚠️ {problems}", problems=problems)
    counted = lines(
        plural("{n} incident is open.", "{n} incidents are open.", len(live)) if live else msg("No open incidents."),
        plural("{n} message waits to be sent.", "{n} messages wait to be sent.", waiting) if waiting else None,
        await backfilling.counted(services),
        *(snoozes.status(each) for each in await services.store.snoozes() if each.flow_id is None),
    )
    return Answer(answers.told(context.words, text, post=context.post, extra=[blocks.section(counted, fields)]))


async def _replicas(services: Services) -> Text | None:
    if not services.store.replica:
        return None
    from bot.messages.cards import replicas  # not where there is but one

    return replicas.status(await services.store.members(), services.store.replica)


async def audit(services: Services, context: CommandContext, request: Audit) -> Answer:
    """Show who did what."""
    span = window(request.period, context.now, context.zone)
    person = Person(context.incoming.by.team, request.person) if request.person else None
    entries = await services.store.audit_entries(span.since, span.until, person, limit=MOST_ENTRIES)
    filters, nothing = filter_line(None, "", span.words), msg("Nobody requested a change in this period.")
    if person is not None:
        whose = mention(person.user)
        filters = filter_line(None, "", span.words, whose)
        nothing = msg("{person} did not request a change in this period.", person=whose)
    notes = (
        [msg("These are the newest {n} entries. To see the others, use a shorter period.", n=MOST_ENTRIES)]
        if len(entries) == MOST_ENTRIES
        else []
    )
    checked = nothing if entries else await unmatched.check_person(services, context, request, nothing)
    title = msg("Audit: {n}", n=len(entries))
    rows = [_row(entry) for entry in entries]
    return Answer(listed(context, request, rows, title, checked, filters=filters, notes=notes), private=True)


def _row(entry: Entry) -> Text:
    """One attempt: who, when, what, and how it ended. The outcome is shown as the audit keeps it."""
    attempt = entry.attempt
    ended = layout("{outcome}", outcome=str(entry.outcome)) if entry.outcome else msg("not ended")
    result = layout("{ended} → {answer}", ended=ended, answer=code(entry.answer)) if entry.answer else ended
    return dots(
        layout(
            "{at} {person} {command}: {result}",
            at=attempt.at,
            person=mention(attempt.by.user),
            command=blocks.typed(attempt.words),
            result=result,
        ),
        msg("asked by {person}", person=mention(attempt.asker.user)) if attempt.asker is not None else None,
        _BY.get(attempt.surface),
        msg("{call} as {user}", call=code(entry.request), user=code(entry.user_id)) if entry.request else None,
        _took(entry),
    )


def _took(entry: Entry) -> Text | None:
    if entry.ended_at is None:
        return None
    seconds = max(0.0, (entry.ended_at - entry.attempt.at).total_seconds())
    return msg("{seconds} s", seconds=str(round(seconds, 1)))
