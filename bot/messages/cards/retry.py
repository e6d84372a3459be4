"""Retries: what the card and the threads of an incident say of them, and the sentences about their rules.

The maker of a rule is shown by their EnOS user name: nobody is notified because of a rule.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.core.command.parse import in_words
from bot.core.history.background import PlannedRetry
from bot.core.incident.model import Incident, Phase
from bot.core.incident.retries import Retry, RetryReason, RetryRule, RuleEnd
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.people.model import Person
from bot.core.text.escape import Markup, code, mention
from bot.core.text.message import Message, Text, dots, lines, msg, sentences
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words

STOP = msg("Stop")
_INDEX = 20  # of its button on the card, behind those of the card itself


# ── on the card ──


def on_card(incident: Incident, post: str) -> list[Block]:
    """When the newest failure is retried and why, with the button that stops it; nothing where it is not."""
    planned = waiting(incident)
    if planned is None:
        return []
    said = _planned(planned.due, planned.text, planned.user_name)
    return [blocks.section(said, accessory=blocks.button(STOP, _stop(incident), post, index=_INDEX))]


def waiting(incident: Incident) -> PlannedRetry | None:
    """The retry that the newest failure waits for; None where there is none, or somebody has acted."""
    planned = incident.background.retry
    if planned is None or incident.phase is not Phase.OPEN or incident.snooze is not None:
        return None
    return planned if planned.instance == incident.occurrences[-1].instance else None


def in_menu(incident: Incident) -> list[tuple[Text, str]]:
    """What stops it from a menu, while it waits."""
    return [] if waiting(incident) is None else [(msg("Stop retry"), _stop(incident))]


def _stop(incident: Incident) -> str:
    return f"unretry {incident.flow_id}"


def _planned(due: datetime, text: str, user_name: str) -> Message:
    return msg(
        "🕓 Retries at {time}, because the error contains {text} (rule of {person}).",
        time=due,
        text=_quoted(text),
        person=_named(user_name),
    )


# ── in the threads of an incident ──


def waits(incident: Incident, retry: Retry) -> Card:
    """The reply that a failure is going to be retried."""
    said = _planned(retry.due, retry.text, retry.user_name)
    then = msg(
        "It is not retried if somebody acknowledges it, snoozes it or starts a run first. To stop it, use {command}.",
        command=in_words(f"unretry {incident.flow_id}"),
    )
    return _reply(msg("RETRY PLANNED"), incident, said, then)


def not_retried(incident: Incident, retry: Retry, why: Text | None = None) -> Card:
    """The reply that a failure is not retried. ``why`` is a sentence, where the reason has none of its own."""
    sentence = _WHY.get(retry.reason)
    if sentence is None:
        said: Text = sentences(msg("{flow} was not retried.", flow=words.bold(incident)), why)
    else:
        values = {"flow": words.bold(incident), "run": code(retry.instance), "person": _named(retry.user_name)}
        said = replace(sentence, values=values)
    return _reply(msg("NOT RETRIED"), incident, said)


_WHY: Mapping[RetryReason, Message] = {
    RetryReason.ENDED: msg("{flow} was not retried, because the incident has ended."),
    RetryReason.OTHER_FAILURE: msg("{flow} was not retried, because it has failed again since."),
    RetryReason.ACKNOWLEDGED: msg("{flow} was not retried, because somebody is on it."),
    RetryReason.SNOOZED: msg("{flow} was not retried, because it is snoozed."),
    RetryReason.STARTED: msg("{flow} was not retried, because a run was started since."),
    RetryReason.IS_RERUN: msg("{flow} was not retried again: run {run} is a rerun, and a failed run gets one retry."),
    RetryReason.RULE_ENDED: msg("{flow} was not retried, because the retry rule has ended."),
    RetryReason.NOT_LINKED: msg(
        "{flow} was not retried, because the person behind {person} is no longer linked to it or no longer active in "
        "Slack."
    ),
    RetryReason.TOO_LATE: msg("{flow} was not retried, because its time passed more than an hour ago."),
    RetryReason.NOT_FAILED: msg("{flow} was not retried, because EnOS no longer shows run {run} as failed."),
    RetryReason.NOT_OWNER: msg("{flow} was not retried, because {person} no longer owns it."),
    RetryReason.USER_LOCKED: msg("{flow} was not retried, because the EnOS user of {person} is locked."),
    RetryReason.HIDDEN: msg("{flow} was not retried, because EnOS no longer shows it to {person}."),
    RetryReason.NOT_STARTED: msg(
        "{flow} was not retried: I was interrupted, and EnOS shows no new run. I will not start it a second time."
    ),
}


def stopped(incident: Incident, by: Person) -> Card:
    """The reply when a person stops a retry that waits."""
    said = msg("{person} stopped the retry of {flow}.", person=mention(by.user), flow=words.bold(incident))
    return _reply(msg("RETRY STOPPED"), incident, said)


def _reply(state: Text, incident: Incident, *texts: Text) -> Card:
    return blocks.Card(dots(state, words.name(incident)), [blocks.section(lines(*texts))])


# ── about rules ──


def rule_made(rule: RetryRule) -> Text:
    """What a person set."""
    person, flow = mention(rule.by.user), flows.flow_name(rule.flow_id, rule.flow_name)
    return lines(
        msg("{person} set a retry rule for {flow}.", person=person, flow=flow),
        msg(
            "When its first error line contains {text}, I rerun it once from the failed task, as {name}. I wait "
            "{duration} before that.",
            text=_quoted(rule.text),
            name=_named(rule.user_name),
            duration=rule.wait,
        ),
    )


def rule_ended(rule: RetryRule, by: Person) -> Text:
    """What a person ended."""
    return msg(
        "{person} ended the retry rule of {flow}. It was about errors that contain {text}.",
        person=mention(by.user),
        flow=flows.flow_name(rule.flow_id, rule.flow_name),
        text=_quoted(rule.text),
    )


def rule_over(rule: RetryRule, end: RuleEnd) -> Card:
    """The message in the alert channel about a rule whose maker is not there any more."""
    values = {"flow": flows.flow_name(rule.flow_id, rule.flow_name), "person": _named(rule.user_name)}
    if end is RuleEnd.DEACTIVATED:
        said = msg("⚠️ The retry rule of {flow} has ended: {person} is no longer active in Slack.", **values)
    else:
        said = msg(
            "⚠️ The retry rule of {flow} has ended: the person who set it is no longer linked to {person}.", **values
        )
    then = msg(
        "Its failures are not retried now. An owner can set a new rule with {command}.",
        command=in_words(f'retry {rule.flow_id} on "TEXT"'),
    )
    return blocks.Card(msg("A retry rule has ended"), [blocks.section(lines(said, then))])


def rule_shown(rule: RetryRule) -> Text:
    """The rule as ``show`` shows it."""
    return msg(
        "*Retry rule:* an error that contains {text} is retried once after {duration}. Set by {person} on {time}.",
        text=_quoted(rule.text),
        duration=rule.wait,
        person=_named(rule.user_name),
        time=rule.at,
    )


def _quoted(text: str) -> Markup:
    return code(flows.short(text))


def _named(user_name: str) -> Markup:
    return code(flows.short(user_name))
