"""Escalation: who is on call, and what ``show`` says about who was called for an incident and who comes next."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.command.requests import OnCall
from bot.core.incident import escalation
from bot.core.incident.escalation import CallReason, Plan
from bot.core.incident.model import Incident
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.people import on_call
from bot.core.text.message import msg
from bot.messages.cards import answers
from bot.messages.cards import escalation as cards
from bot.messages.cards.escalation import LISTED, Member
from bot.work.commands.context import Answer, CommandContext, Services

_PATIENCE = 2.0  # seconds to wait for Slack to tell who is active


async def oncall(services: Services, context: CommandContext, _request: OnCall) -> Answer:
    """Show who is on call. Only the asker sees it: it mentions people."""
    groups = await services.on_call.read()
    if not groups:
        text = msg(
            "No on-call group is set. Every linked member of an incident's channel can acknowledge it, "
            "and reminders mention the owners."
        )
        return Answer(answers.told(context.words, text, post=context.post), private=True)
    shown = dict.fromkeys(user for group in groups for user in sorted(group.active)[:LISTED])
    members = {each.user: each for each in await _members(services, list(shown), context.now)}
    told = [
        blocks.section(
            cards.on_call_group(group, [members[user] for user in sorted(group.active)[:LISTED]]),
        )
        for group in groups
    ]
    return Answer(answers.told(context.words, msg("Who is on call:"), post=context.post, extra=told), private=True)


async def _members(services: Services, users: list[str], now: datetime) -> list[Member]:
    """What Slack says of people, all at once; who is active it has to say in time."""

    async def ask(user: str) -> bool | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await services.slack.presence(user)
        except (*SLACK_FAILURES, TimeoutError):
            return None

    active = await asyncio.gather(*map(ask, users))
    return [await _member(services, user, is_active, now) for user, is_active in zip(users, active, strict=True)]


async def _member(services: Services, user: str, is_active: bool | None, now: datetime) -> Member:  # noqa: FBT001  a fact
    try:
        zone = ZoneInfo((await services.slack.profile(user)).timezone)
    except (*SLACK_FAILURES, OSError, ValueError, KeyError):  # also where Slack names no zone that is known
        return Member(user, is_active=is_active)
    return Member(user, now.astimezone(zone), zone, is_active)


async def outlook(services: Services, context: CommandContext, incident: Incident) -> Block:
    """Who was called for a live incident, and who comes next."""
    rules = await services.store.routing_rules()
    permits = [(card, rules.permit(incident, card.channel, context.now)) for card in incident.threads or incident.cards]
    if not incident.threads:
        permits = [(card, permit) for card, permit in permits if card == escalation.calling(permits)]
    of = incident.id if incident.threads else permits[0][0].post
    history = (await services.store.escalation_steps([of])).get(of, ())
    people = await services.owners.people_of(incident.owners)
    settings = services.answer_settings
    plan = Plan(
        settings.remind_every,
        tuple(await services.on_call.read()),
        settings.pagerduty,
        tuple(dict.fromkeys(person.user for person in people.values())),
    )
    course = escalation.course_of(incident, history)
    if course.halted is CallReason.LISTED:
        storms = [each for each in await services.store.incident_groups() if each.post == of]
        course = next((escalation.course_of_storm(storm, history, [incident]) for storm in storms), course)
    decision = escalation.decide(course, plan, permits, context.now)
    return blocks.section(cards.outlook(incident, history, decision, on_call.names(plan.groups)))
