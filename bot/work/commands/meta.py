"""Meta: help, status and audit."""

from bot.core.command import table
from bot.core.command.periods import window
from bot.core.command.requests import Audit, Help, Status
from bot.core.command.rights import Denial, may
from bot.core.errors import Refused, as_text
from bot.core.outbox.card import Card
from bot.core.people.model import Entry, Person
from bot.core.text.escape import Markup, code, escape, mention
from bot.core.text.message import Text, lines, sentences
from bot.core.text.shown_times import slack_date
from bot.messages import blocks
from bot.messages.cards import answers, flows
from bot.work.commands import unmatched
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.listing import listed, paragraphs

MOST_ENTRIES = 500  # entries of the audit that are read for a list


async def help_(services: Services, context: CommandContext, request: Help) -> Answer:
    """Show what this person may do, or one verb with examples."""
    if request.topic:
        return Answer(_one(services, context, request.topic))
    allowed = [row for row in table.ROWS if may(row.who, context.caller) is Denial.NONE]
    others = [row for row in table.ROWS if row not in allowed]
    name = services.answer_settings.command
    lines = [f"{code(f'{name} {row.syntax}')}\n{escape(row.summary)}" for row in allowed]
    parts = [blocks.section(paragraph) for paragraph in paragraphs(lines)]
    if others:
        words = ", ".join(code(row.verb) for row in others)
        parts.append(blocks.context(f"Not for you now: {words}. {code('whoami')} says why."))
    parts.append(
        blocks.context(
            f"The same words work as {code(f'{name} …')}, as {code('@flowbot …')} in a channel or thread, and in a "
            f"direct message. {code('help VERB')} shows examples."
        )
    )
    offers = [("What failed today", "failed today"), ("Who am I", "whoami"), ("Status", "status")]
    return Answer(
        answers.told(context.words, "This is what you can ask of me.", post=context.post, offers=offers, extra=parts)
    )


def _one(services: Services, context: CommandContext, topic: str) -> Card:
    row = table.BY_VERB.get(topic.casefold())
    if row is None:
        near = table.nearest(topic)
        raise Refused(
            "unknown_topic",
            f"I know no command “{flows.short(topic)}”.",
            f"Did you mean `help {near}`?" if near else "`help` lists all that I know.",
        )
    name = services.answer_settings.command
    examples = "\n".join(code(f"{name} {example}") for example in row.examples)
    text = f"{code(f'{name} {row.syntax}')}\n{escape(row.summary)}"
    extra = [blocks.section(f"*For example*\n{examples}")] if examples else []
    return answers.told(context.words, text, post=context.post, extra=extra, notes=[f"For: {escape(row.who.value)}"])


async def status(services: Services, context: CommandContext, _request: Status) -> Answer:
    """Show the bot's own state."""
    bot = services.status()
    counts = await services.store.post_counts()
    live = await services.store.incidents(live=True, limit=5000)
    rows: dict[str, Text | str] = {
        "Watching": bot.watching,
        "Last read": bot.last_read,
        "Slack": bot.slack,
        "Version": bot.version,
        "Clock": bot.clock,
        "Waiting to be sent": str(sum(counts.get(state, 0) for state in ("queued", "sending", "unclear"))),
        "Open incidents": str(len(live)),
    }
    fields = [lines(Markup(f"*{name}*"), as_text(text)) for name, text in rows.items() if text]
    judgement = bot.judgement
    text = sentences(Markup("🟢 I am well." if judgement.well else "🟠 Not all is well:"), *judgement.told)
    return Answer(
        answers.told(context.words, text, post=context.post, extra=[blocks.section("*flowbot*", fields[:10])])
    )


async def audit(services: Services, context: CommandContext, request: Audit) -> Answer:
    """Show who did what."""
    span = window(request.period, context.now, context.zone)
    person = Person(context.incoming.by.team, request.person) if request.person else None
    entries = await services.store.audit_entries(span.since, span.until, person, limit=MOST_ENTRIES)
    lines = [_line(entry) for entry in entries]
    by = f" by {mention(request.person)}" if request.person else ""
    nothing = f"Nothing was asked for{by} {escape(span.words)}."
    notes = (
        [f"These are the newest {MOST_ENTRIES}; a shorter period shows the rest."]
        if len(entries) == MOST_ENTRIES
        else []
    )
    if not entries:
        nothing = await unmatched.check_person(services, context, request, nothing)
    body = listed(context, request, lines, f"*Audit*{by} {escape(span.words)}", nothing, notes=notes)
    return Answer(body, private=True)


def _line(entry: Entry) -> str:
    attempt = entry.attempt
    took = ""
    if entry.ended_at is not None:
        took = f" · {max(0.0, (entry.ended_at - attempt.at).total_seconds()):.1f} s"
    request = f" · {code(entry.request)} as {code(entry.user_id)}" if entry.request else ""
    answer = f" → {code(entry.answer)}" if entry.answer else ""
    return (
        f"{slack_date(attempt.at)} {mention(attempt.by.user)} {blocks.typed(attempt.words)}: "
        f"{escape(str(entry.outcome or 'not ended'))}{answer}{request}{took}"
    )
