"""Escalation: the replies and direct messages of its steps, what ``show`` says of it, and who is on call.

Only the reply that calls people mentions them: ``mentions``. Where a channel may read it, groups are shown by name
elsewhere, since a mention of a group calls all of it: ``groups`` are the names that are known, by id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from bot.core.flow.model import UserName
from bot.core.incident.escalation import MAX_STEPS, CallReason, Decision, EscalationStep
from bot.core.incident.lifecycle import failures
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import is_direct
from bot.core.people import on_call
from bot.core.people.model import Person
from bot.core.people.on_call import EMPTY, SILENT, OnCallGroup
from bot.core.text.escape import Markup, code, mention, mention_channel, mention_group
from bot.core.text.message import Text, dots, layout, lines, listed, msg, plural, sentences
from bot.core.text.shown_times import told_apart
from bot.core.values import dataclass
from bot.messages.cards import incident_replies as replies
from bot.messages.cards import incident_words as words

LISTED = 20  # members of a group that are listed


def step_taken(
    incident: Incident,
    step: EscalationStep,
    people: Mapping[UserName, Person],
    post: str,
    groups: Mapping[str, str],
    *,
    mentions: bool,
) -> Card:
    """The reply in the thread of an incident: for how long it has failed, and whom this step calls."""
    whom = asked(step) if mentions else called(step, people, groups)
    return replies.still_open(incident, post, (_failing(incident, step.at), whom, *notes(step, groups)))


def call(incident: Incident, step: EscalationStep, user: str, post: str) -> Card:
    """The direct message to somebody whom a step calls, and who does not read the thread in which it does."""
    channel = next((card.channel for card in incident.threads if not is_direct(card.channel)), "")
    where = msg("Its thread is in {channel}.", channel=mention_channel(channel)) if channel else None
    return replies.still_open(incident, post, (_failing(incident, step.at), why_called(step, user), where))


def asked(step: EscalationStep, count: int = 1) -> Text | None:
    """The question to those whom a step mentions, about so many incidents."""
    people = _mentioned(step)
    if not people:
        return None
    return plural("{people}, who can take it?", "{people}, who can take them?", count, people=listed(people))


def _mentioned(step: EscalationStep) -> list[Markup]:
    return [*([mention_group(step.group)] if step.group else ()), *map(mention, step.owners)]


def called(step: EscalationStep, people: Mapping[UserName, Person], groups: Mapping[str, str]) -> Text | None:
    """Whom a step calls, without a mention: owners by their names in EnOS."""
    names = {person.user: name for name, person in people.items()}
    shown = [_named(step.group, groups)] if step.group else []
    shown += [code(names.get(user, user)) for user in step.owners]
    return msg("Called: {people}", people=listed(shown)) if shown else None


def _named(group: str, groups: Mapping[str, str]) -> Markup:
    return code(groups.get(group, group))


def notes(step: EscalationStep, groups: Mapping[str, str]) -> tuple[Text, ...]:
    """What else a step did: PagerDuty, and the groups that it passed over."""
    pagerduty = (msg("PagerDuty is called now."),) if step.reason is CallReason.PAGERDUTY else ()
    return (*pagerduty, *(_passed_over(_named(group, groups), word) for group, word in step.passed_over))


def _passed_over(group: Markup, word: str) -> Text:
    if word == EMPTY:
        return msg("I skipped the on-call group {group}: nobody in it is active.", group=group)
    return msg("I skipped the on-call group {group}: Slack does not show it to me.", group=group)


def why_called(step: EscalationStep, user: str) -> Text:
    """What somebody reads who is called by direct message."""
    if user in step.owners:
        return msg("You own this flow. Can you take it?")
    return msg("You are on call in {group}. Can you take it?", group=mention_group(step.group))


def why_called_about_storm(step: EscalationStep, user: str) -> Text:
    """What somebody reads who is called by direct message about a storm."""
    if user in step.owners:
        return msg("You own some of these flows. Can you take them?")
    return msg("You are on call in {group}. Can you take them?", group=mention_group(step.group))


def _failing(incident: Incident, at: datetime) -> Text:
    flow, lasts = words.bold(incident), at - incident.opened_at
    if not failures(incident):
        return msg("⏰ {flow} has been late for {duration} and nobody is on it.", flow=flow, duration=lasts)
    return msg("⏰ {flow} has been failing for {duration} and nobody is on it.", flow=flow, duration=lasts)


# ── what ``show`` says ──


def outlook(incident: Incident, steps: Sequence[EscalationStep], decision: Decision, groups: Mapping[str, str]) -> Text:
    """Who was called at which step and when, and who comes next, or why nobody does."""
    upcoming = _upcoming(decision, groups)
    return lines(
        layout("*{label}*", label=msg("Escalation")),
        *(_taken(step, groups) for step in steps[-max(MAX_STEPS, steps[-1].number if steps else 0) :]),
        msg("Nobody has been called so far.") if upcoming is not None and not steps else None,
        _why_nobody(incident, decision) if upcoming is None else upcoming,
    )


def _taken(step: EscalationStep, groups: Mapping[str, str]) -> Text:
    what = _people(step, groups)
    if what is None:
        done: Text = msg("reminded in the thread")
    elif step.reason is CallReason.OWNERS and step.number > 1:
        done = msg("reminded {people}", people=what)
    else:
        done = msg("called {people}", people=what)
    skipped = listed([_named(group, groups) for group, _ in step.passed_over])
    passed_over = msg("skipped {groups}", groups=skipped) if step.passed_over else None
    return dots(
        layout("{number}. {at}", number=step.number, at=step.at),
        done,
        passed_over,
    )


def _people(step: EscalationStep, groups: Mapping[str, str]) -> Text | None:
    """Whom a step calls; None where it is only shown in the thread."""
    people: list[Text] = [_named(step.group, groups)] if step.group else []
    people += [Markup("PagerDuty")] if step.reason is CallReason.PAGERDUTY else []
    people += map(mention, step.owners)
    return listed(people) if people else None


def _upcoming(decision: Decision, groups: Mapping[str, str]) -> Text | None:
    if (
        decision.step is None
        or decision.until is None
        or not (decision.is_due or decision.reason is CallReason.NOT_DUE)
    ):
        return None
    people = _people(decision.step, groups)
    if people is None:
        return msg("Next ({time}): a reminder in the thread, unless somebody acknowledges it.", time=decision.until)
    return msg("Next ({time}): {people}, unless somebody acknowledges it.", people=people, time=decision.until)


def _why_nobody(incident: Incident, decision: Decision) -> Text:
    until = decision.until
    match decision.reason:
        case CallReason.ACKNOWLEDGED if until is not None:
            return msg("Nobody is called: {person} is on it until {time}.", person=_holder(incident), time=until)
        case CallReason.ACKNOWLEDGED:
            return msg("Nobody is called: {person} is on it.", person=_holder(incident))
        case CallReason.QUIET_HOURS if until is not None:
            return msg("Nobody is called before {time}: these are the channel's quiet hours.", time=until)
        case CallReason.SNOOZED if until is not None:
            return msg("Nobody is called before {time}: it is snoozed.", time=until)
        case reason:
            return _NOBODY[reason]


def _holder(incident: Incident) -> Text:
    return words.who(incident.acked_by)


_NOBODY: Mapping[CallReason, Text] = {
    CallReason.QUIET_HOURS: msg("Nobody is called now: these are the channel's quiet hours."),
    CallReason.REMINDERS_OFF: msg("Nobody is called: reminders are off in its channel."),
    CallReason.SNOOZED: msg("Nobody is called: it is snoozed."),
    CallReason.CAUSE_ACKNOWLEDGED: msg("Nobody is called: somebody is on the flow that causes it."),
    CallReason.LISTED: msg("Nobody is called: it has no thread of its own."),
    CallReason.ALL_CALLED: msg("Nobody else is called: all reminders were sent, and nobody acknowledged it."),
    CallReason.GONE: msg("Nobody is called: EnOS no longer shows the flow."),
    CallReason.ENDED: msg("Nobody is called: the incident has ended."),
}


# ── who is on call ──


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in an on-call group."""

    user: str
    local_time: datetime | None = None  # None: Slack does not say in which zone they are
    zone: tzinfo | None = None
    is_active: bool | None = None  # None: Slack does not say


def on_call_group(group: OnCallGroup, members: Sequence[Member]) -> Text:
    """A group with its members, or why they are not known."""
    if group.word:
        silent = msg("Reminders still mention it.") if group.word == SILENT else None
        return sentences(layout("⚠️ {why}", why=on_call.sentence(group)), silent)
    shown = [_member(each) for each in members[:LISTED]]
    more = len(group.active) - len(shown)
    return lines(
        layout("*{group}*", group=mention_group(group.id)),
        *shown,
        plural("and {n} more", "and {n} more", more) if more > 0 else None,
    )


def _member(member: Member) -> Text:
    at = member.local_time
    return dots(
        layout("• {person}", person=mention(member.user)),
        layout("{time} {zone}", time=told_apart(at), zone=str(member.zone)) if at is not None else None,
        None if member.is_active is None else msg("active in Slack") if member.is_active else msg("away"),
    )
